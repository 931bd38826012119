//! Something between agent and service, on loopback: passes requests on to the real service, one a connection, and does to
//! some answers what networks and proxies do.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What is done to an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This comes instead, and the service learns nothing.
    Instead(String),
    /// The same, and it is no text.
    Bytes(Vec<u8>),
    /// The line is cut in the middle of the body.
    Cut,
    /// Nothing follows the first half of the body, and the line stays.
    Stall,
    /// The body never ends.
    Endless,
    /// The same, byte by byte: something always comes.
    Drip,
    /// The line is cut before the service hears of it.
    Lost,
    /// The service hears it twice, and the second answer is passed on.
    Twice,
    /// The service hears of it, and the agent of that, later than it is used to.
    Late,
}

/// How long a byte that drips is waited for.
const DRIP: Duration = Duration::from_millis(200);

/// How long an answer is held up.
const LATE: Duration = Duration::from_millis(1500);

/// A request that came by.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) at: Instant,
    /// Whether something was done to its answer.
    pub(crate) disturbed: bool,
}

pub(crate) struct Between {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    service: SocketAddr,
    /// For requests whose path holds this.
    faults: VecDeque<(String, Fault)>,
    /// Whether the faults stay until they are lifted, or each happens once.
    for_good: bool,
    seen: Vec<Seen>,
    lines: Vec<TcpStream>,
}

impl Between {
    pub(crate) fn start(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            State { service, faults: VecDeque::new(), for_good: false, seen: Vec::new(), lines: Vec::new() };
        let between = Self { address, state: Arc::new(Mutex::new(state)) };
        let state = Arc::clone(&between.state);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // An error is an end of the line, and that happens.
                thread::spawn(move || drop(pass(line, &state)));
            }
        });
        between
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Does this to every answer to requests whose path holds `path`, and cuts what is under way.
    pub(crate) fn disturb(&self, path: &str, fault: Fault) {
        let mut state = self.state();
        state.faults = VecDeque::from([(path.to_owned(), fault)]);
        state.for_good = true;
        state.cut();
    }

    /// Does these once, one after the other, and cuts what is under way.
    pub(crate) fn disturb_once(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.disturb_each_once(faults.into_iter().map(|fault| (path, fault)));
    }

    /// The same for several paths, whichever is asked for first.
    pub(crate) fn disturb_each_once<'a>(&self, faults: impl IntoIterator<Item = (&'a str, Fault)>) {
        let mut state = self.state();
        state.faults = faults.into_iter().map(|(path, fault)| (path.to_owned(), fault)).collect();
        state.for_good = false;
        state.cut();
    }

    /// Lets everything pass again.
    pub(crate) fn lift(&self) {
        self.state().faults.clear();
    }

    /// Faults that have not happened yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// The requests whose path holds `path`, oldest first.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.path.contains(path)).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn cut(&mut self) {
        for line in self.lines.drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
    }

    fn fault(&mut self, path: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(of, _)| path.contains(of.as_str()))?;
        if self.for_good { Some(self.faults[at].1.clone()) } else { Some(self.faults.remove(at)?.1) }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pass(mut agent: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let (head, body) = read_request(&mut agent)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (fault, service) = {
        let mut state = lock(state);
        let fault = state.fault(&path);
        state.seen.push(Seen { path, at: Instant::now(), disturbed: fault.is_some() });
        state.lines.push(agent.try_clone()?);
        (fault, state.service)
    };
    match fault {
        Some(Fault::Instead(answer)) => {
            agent.write_all(answer.as_bytes())?;
            return agent.shutdown(Shutdown::Both);
        }
        Some(Fault::Bytes(answer)) => {
            agent.write_all(&answer)?;
            return agent.shutdown(Shutdown::Both);
        }
        Some(Fault::Endless) => {
            agent.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
            loop {
                agent.write_all(&[b' '; 64 * 1024])?;
            }
        }
        Some(Fault::Drip) => {
            agent.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
            loop {
                agent.write_all(b" ")?;
                thread::sleep(DRIP);
            }
        }
        Some(Fault::Lost) => return agent.shutdown(Shutdown::Both),
        Some(Fault::Cut | Fault::Stall | Fault::Twice | Fault::Late) | None => {}
    }
    let ask = || {
        let mut upstream = TcpStream::connect(service)?;
        upstream.write_all(head.trim_end().as_bytes())?;
        upstream.write_all(b"\r\nconnection: close\r\n\r\n")?;
        upstream.write_all(&body)?;
        io::Result::Ok(upstream)
    };
    let mut upstream = ask()?;
    if matches!(fault, Some(Fault::Twice)) {
        io::copy(&mut upstream, &mut io::sink())?;
        upstream = ask()?;
    }
    if matches!(fault, Some(Fault::Late)) {
        thread::sleep(LATE);
    }
    if matches!(fault, None | Some(Fault::Twice | Fault::Late)) {
        io::copy(&mut upstream, &mut agent)?;
        return agent.shutdown(Shutdown::Both);
    }
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |at| at + 4);
    agent.write_all(&answer[..body + (answer.len() - body) / 2])?;
    if matches!(fault, Some(Fault::Stall)) {
        // Until the agent gives up.
        let _ = agent.read(&mut [0]);
    }
    agent.shutdown(Shutdown::Both)
}

/// The lines before the body, and the body.
pub(crate) fn read_request(from: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    from.set_read_timeout(Some(Duration::from_secs(60)))?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        from.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body)?;
    Ok((head, body))
}
