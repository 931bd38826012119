//! A forward proxy on loopback, as companies put between their computers and the rest of the world: `CONNECT` and nothing
//! else. Every name leads to one address, so that tests can use made-up names.

use crate::between::read_request;
use std::{
    io::{self, Read as _, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long a byte that drips is waited for.
const DRIP: Duration = Duration::from_millis(200);

/// What can be wrong with a proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// It takes the connection and says nothing.
    Silent,
    /// Its answer to `CONNECT` comes byte by byte and never ends.
    Drips,
    /// It closes the line after so many bytes of the service's.
    DiesAfter(u64),
}

#[derive(Default)]
struct State {
    log: Vec<String>,
    trouble: Option<Trouble>,
    lines: Vec<TcpStream>,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Listens at `at`; asks for this `Proxy-Authorization` where there is one.
    pub(crate) fn start(at: SocketAddr, leads_to: SocketAddr, authorization: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // An error is an end of the line, and that happens.
                thread::spawn(move || drop(serve(line, leads_to, authorization, &state)));
            }
        });
        proxy
    }

    /// Where it was asked to connect, and whether it did: `support.example:443 200`.
    pub(crate) fn log(&self) -> Vec<String> {
        lock(&self.state).log.clone()
    }

    /// What is wrong with it from the next connection on.
    pub(crate) fn trouble(&self, trouble: Option<Trouble>) {
        lock(&self.state).trouble = trouble;
    }

    /// Closes what is open.
    pub(crate) fn cut(&self) {
        for line in lock(&self.state).lines.drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    mut agent: TcpStream,
    leads_to: SocketAddr,
    authorization: Option<&str>,
    state: &Mutex<State>,
) -> io::Result<()> {
    let (head, _) = read_request(&mut agent)?;
    agent.set_read_timeout(None)?;
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let offered = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization").then(|| value.trim())
    });
    let status = match (method, authorization) {
        ("CONNECT", None) => 200,
        ("CONNECT", wanted) if wanted == offered => 200,
        ("CONNECT", _) => 407,
        _ => 405,
    };
    let trouble = {
        let mut state = lock(state);
        state.log.push(format!("{target} {status}"));
        state.lines.push(agent.try_clone()?);
        state.trouble
    };
    match trouble {
        Some(Trouble::Silent) => {
            // Until the agent gives up.
            io::copy(&mut agent, &mut io::sink())?;
            return Ok(());
        }
        Some(Trouble::Drips) => {
            agent.write_all(b"HTTP/1.1 200 Connection established\r\nvia: ")?;
            loop {
                agent.write_all(b"x")?;
                thread::sleep(DRIP);
            }
        }
        Some(Trouble::DiesAfter(_)) | None => {}
    }
    let most = if let Some(Trouble::DiesAfter(bytes)) = trouble { bytes } else { u64::MAX };
    if status != 200 {
        let ask = if status == 407 { "proxy-authenticate: Basic realm=\"proxy\"\r\n" } else { "" };
        return write!(agent, "HTTP/1.1 {status} No\r\n{ask}content-length: 0\r\nconnection: close\r\n\r\n");
    }
    let service = TcpStream::connect(leads_to)?;
    agent.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_agent, mut to_service) = (agent.try_clone()?, service.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_agent, &mut to_service);
        let _ = to_service.shutdown(Shutdown::Write);
    });
    let (from_service, mut to_agent) = (service, agent);
    io::copy(&mut from_service.take(most), &mut to_agent)?;
    to_agent.shutdown(Shutdown::Both)
}
