//! A forward proxy on loopback, as companies put between their computers and the rest of the world: `CONNECT` and nothing
//! else. Every name leads to one address, so that tests can use made-up names.

use crate::between::read_request;
use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Listens at `at`; asks for this `Proxy-Authorization` where there is one.
    pub(crate) fn start(at: SocketAddr, leads_to: SocketAddr, authorization: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), log: Arc::default() };
        let log = Arc::clone(&proxy.log);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                // An error is an end of the line, and that happens.
                thread::spawn(move || drop(serve(line, leads_to, authorization, &log)));
            }
        });
        proxy
    }

    /// Where it was asked to connect, and whether it did: `support.example:443 200`.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    mut agent: TcpStream,
    leads_to: SocketAddr,
    authorization: Option<&str>,
    log: &Mutex<Vec<String>>,
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
    log.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{target} {status}"));
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
    let (mut from_service, mut to_agent) = (service, agent);
    io::copy(&mut from_service, &mut to_agent)?;
    to_agent.shutdown(Shutdown::Both)
}
