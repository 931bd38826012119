//! The listener: connections, TLS, time limits, and an orderly end.

use crate::{
    Clock, ConnectionLimits, Limits, api,
    connections::{ConnectionPlace, Connections},
    error,
    hub::Hub,
    service::Service,
    store::sqlite::Sqlite,
    sweep,
};
use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use ipnet::IpNet;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use socket2::{SockRef, TcpKeepalive};
use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// How long a TLS handshake may take.
const MAX_HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the lines before a body may take.
const MAX_HEADER: Duration = Duration::from_secs(30);
/// How long a connection may stay on which nothing is asked. Longer than agents and browsers keep one to ask again, so that
/// none is closed just when it is used.
const MAX_IDLE: Duration = Duration::from_secs(6 * 60);
/// How much is read ahead of what was understood, the lines before a body included: strangers can have it kept.
const MAX_BUFFER: usize = 64 * 1024;
/// How many requests a connection over HTTP/2 can have under way: more than a page of the console ever has.
const MAX_STREAMS: u32 = 64;
/// A peer that is gone without a word is noticed by the system's probes: they carry no payload and wake no agent.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The pause between probes that go unanswered, and how many do before the connection counts as broken.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
/// How long answers that are being written may take when the service stops.
const MAX_FAREWELL: Duration = Duration::from_secs(5);
/// How long to wait when the system has no file descriptor to spare.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the service is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database file; made if need be.
    pub database: PathBuf,
    /// Where agents and browsers reach the service, if not at `listen`: `https://support.example`.
    pub public_url: Option<String>,
    /// Certificate chain and key, both PEM. Without them the service speaks plain HTTP, which agents take from loopback
    /// addresses only.
    pub tls: Option<TlsFiles>,
    /// The proxies that are believed when they say for whom they speak.
    pub trusted_proxies: Vec<IpNet>,
    /// The DNS server to ask for organisations' domains, if not the system's.
    pub dns_server: Option<SocketAddr>,
    /// The folder with the agents that users can download from an invitation's page.
    pub downloads: Option<PathBuf>,
    /// How many failures are borne.
    pub limits: Limits,
    /// How many connections are kept.
    pub connections: ConnectionLimits,
    /// The clock to go by.
    pub clock: Clock,
}

impl Config {
    /// A free port on the loopback address, plain HTTP, usual limits, the system's clock.
    pub fn local(database: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: database.into(),
            public_url: None,
            tls: None,
            trusted_proxies: Vec::new(),
            dns_server: None,
            downloads: None,
            limits: Limits::default(),
            connections: ConnectionLimits::default(),
            clock: Clock::system(),
        }
    }
}

/// Files for TLS.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate chain, PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error("failed to use the database")]
    Store(#[from] crate::store::Error),
    /// The address is taken or not this computer's.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate file cannot be read.
    #[error("failed to read the certificate {}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The key file cannot be read.
    #[error("failed to read the private key {}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not go together.
    #[error("the certificate and the private key cannot be used together")]
    Tls(#[source] rustls::Error),
    /// Not the address of a server.
    #[error("`{0}` is not a server's address like https://support.example, without a path")]
    PublicUrl(String),
    /// Something that cannot happen did.
    #[error("failed to start")]
    Broken,
}

/// A service that runs until [`Running::shutdown`].
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where agents and browsers reach it, without a slash at the end.
    pub url: String,
    scheme: &'static str,
    hub: Hub,
    accepting: JoinHandle<()>,
    sweeping: JoinHandle<()>,
}

impl Running {
    /// The listening address as a URL; [`Running::url`] unless a public one was given.
    pub fn listening_url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Stops: no new connections, open polls and live connections are answered, tunnels closed, what is being
    /// written is finished. Takes
    /// a few seconds at most.
    pub async fn shutdown(self) {
        self.hub.stop();
        for task in [self.accepting, self.sweeping] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the service failed");
            }
        }
    }
}

/// Starts the service; when this returns, it is ready.
///
/// # Errors
///
/// [`StartError`] says what is in the way.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let tls = config.tls.as_ref().map(acceptor).transpose()?;
    let store = Sqlite::open(&config.database)?;
    let listening = TcpListener::bind(config.listen).await;
    let listen_error = |source| StartError::Listen { address: config.listen, source };
    let listener = listening.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = match &config.public_url {
        Some(url) => checked_url(url)?,
        None => format!("{scheme}://{address}"),
    };
    let service = Service::new(Box::new(store), config.clock, config.limits, config.dns_server, url.clone());
    let service = Arc::new(service.map_err(|error| match error {
        error::Error::Store(error) => StartError::Store(error),
        _ => StartError::Broken,
    })?);
    let expecting = service.run(crate::sessions::expect_operators).await;
    expecting.map_err(|_| StartError::Broken)?;
    let hub = service.hub.clone();
    let sweeping = tokio::spawn(sweep::run(Arc::clone(&service)));
    let router = api::router(Arc::clone(&service), config.downloads);
    let door = Arc::new(Door {
        proxies: api::Proxies::new(config.trusted_proxies),
        connections: Arc::new(Connections::new(config.connections)),
    });
    let accepting = tokio::spawn(serve(listener, tls, router, door, service));
    Ok(Running { address, url, scheme, hub, accepting, sweeping })
}

fn checked_url(url: &str) -> Result<String, StartError> {
    let trimmed = url.trim_end_matches('/');
    let uri: Option<axum::http::Uri> = trimmed.parse().ok();
    let fits = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            && uri.path() == "/"
            && uri.query().is_none()
    });
    if fits { Ok(trimmed.to_owned()) } else { Err(StartError::PublicUrl(url.to_owned())) }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, StartError> {
    let unreadable = |source| StartError::Certificate { path: files.certificate.clone(), source };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .map_err(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| StartError::Key { path: files.key.clone(), source })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StartError::Tls)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(StartError::Tls)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    door: Arc<Door>,
    service: Arc<Service>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = service.hub.stopped() => break,
        };
        let router = router.clone();
        let sender = (peer.ip(), Arc::clone(&door));
        let watcher = connections.watcher();
        let tls = tls.clone();
        tokio::spawn(async move {
            if let Err(error) = connection(stream, sender, tls, router, watcher).await {
                // Peers vanish all the time.
                tracing::debug!(error = error.as_ref(), "a connection broke");
            }
        });
    }
    drop(listener);
    let farewells = async { tokio::join!(connections.shutdown(), service.tunnels.empty()) };
    if timeout(MAX_FAREWELL, farewells).await.is_err() {
        tracing::warn!("some answers were not fetched in time");
    }
    let now = service.clock.now();
    let seen = service.hub.everyone(now);
    let noted = service.run(move |work| {
        for (agent, last_seen) in seen {
            work.tx.set_last_seen(agent, last_seen)?;
        }
        Ok(())
    });
    if let Err(error) = noted.await {
        tracing::error!(error = &error as &dyn std::error::Error, "who was last seen when was not noted");
    }
}

type ConnectionError = Box<dyn std::error::Error + Send + Sync>;

/// Who is let in, and as whom.
#[derive(Default)]
struct Door {
    proxies: api::Proxies,
    connections: Arc<Connections>,
}

async fn connection(
    stream: TcpStream,
    (peer, door): (IpAddr, Arc<Door>),
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
) -> Result<(), ConnectionError> {
    if door.proxies.trusts(peer) {
        return converse(stream, (peer, door), None, tls, router, watcher).await;
    }
    let (place, displaced) = door.connections.enter(peer);
    tokio::select! {
        over = converse(stream, (peer, door), Some(Arc::new(place)), tls, router, watcher) => over,
        _ = displaced => Err("its place is another's now".into()),
    }
}

async fn converse(
    stream: TcpStream,
    (peer, door): (IpAddr, Arc<Door>),
    place: Option<Arc<ConnectionPlace>>,
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
) -> Result<(), ConnectionError> {
    stream.set_nodelay(true)?;
    let keep_alive =
        TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(PROBE_INTERVAL).with_retries(PROBES);
    SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
    let (under_way, watched) = watch::channel(0);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let sender = door.proxies.sender(peer, request.headers());
        let place = place.clone().or_else(|| door.connections.enter_through_proxy(sender).map(Arc::new));
        request.extensions_mut().insert(api::Peer(sender));
        request.extensions_mut().insert(api::Admission(place.clone()));
        let this_one = UnderWay::new(&under_way, place);
        let answering = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answering.await?.map(|body| Answering { body, _this_one: this_one })) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(MAX_HEADER).max_buf_size(MAX_BUFFER);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS);
    let silent = silent(watched);
    match tls {
        Some(tls) => {
            let stream = timeout(MAX_HANDSHAKE, tls.accept(stream)).await??;
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            tokio::select! { served = watcher.watch(served) => served, late = silent => late }
        }
        None => {
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            tokio::select! { served = watcher.watch(served) => served, late = silent => late }
        }
    }
}

/// Waits until nothing was asked for too long. Until hyper knows the protocol, and between the requests of HTTP/2, it waits for
/// ever, and whoever sends nothing would hold a descriptor for nothing.
async fn silent(mut under_way: watch::Receiver<usize>) -> Result<(), ConnectionError> {
    let mut patience = MAX_HEADER;
    loop {
        let Ok(begun) = timeout(patience, under_way.wait_for(|count| *count > 0)).await? else {
            // Nothing can be asked any more; whoever serves the connection says how it ended.
            return std::future::pending().await;
        };
        drop(begun);
        if under_way.wait_for(|count| *count == 0).await.is_err() {
            return std::future::pending().await;
        }
        patience = MAX_IDLE;
    }
}

/// A request whose answer was not fetched to its end yet.
struct UnderWay {
    all: watch::Sender<usize>,
    _place: Option<Arc<ConnectionPlace>>,
}

impl UnderWay {
    fn new(all: &watch::Sender<usize>, place: Option<Arc<ConnectionPlace>>) -> Self {
        all.send_modify(|count| *count += 1);
        Self { all: all.clone(), _place: place }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.send_modify(|count| *count -= 1);
    }
}

/// An answer's body.
struct Answering {
    body: Body,
    _this_one: UnderWay,
}

impl hyper::body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_no_request_comes_is_closed() {
        for sent in [&b""[..], b"PRI * HTTP/2", b"GET / HTTP/1.1\r\nHost"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, peer) = listener.accept().await.unwrap();
            let shutdown = GracefulShutdown::new();
            let from = (peer.ip(), Arc::default());
            tokio::spawn(connection(stream, from, None, Router::new(), shutdown.watcher()));
            client.write_all(sent).await.unwrap();
            let read = timeout(2 * MAX_HEADER, client.read_to_end(&mut Vec::new())).await;
            read.expect("the connection stays open").unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_over_which_nothing_more_is_asked_is_closed_whatever_it_speaks() {
        // The preface, empty settings, and a request for `/` of the authority `a`.
        let mut http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        http2.extend(b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a");
        for sent in [http2, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, peer) = listener.accept().await.unwrap();
            let shutdown = GracefulShutdown::new();
            let (asked, seen) = tokio::sync::oneshot::channel();
            let asked = Arc::new(std::sync::Mutex::new(Some(asked)));
            let router = Router::new().fallback(move || async move {
                asked.lock().unwrap().take().unwrap().send(tokio::time::Instant::now()).unwrap();
            });
            let from = (peer.ip(), Arc::default());
            tokio::spawn(connection(stream, from, None, router, shutdown.watcher()));
            client.write_all(&sent).await.unwrap();
            let asked = timeout(MAX_HEADER, seen).await.unwrap().unwrap();
            let read = timeout(2 * MAX_IDLE, client.read_to_end(&mut Vec::new())).await;
            read.expect("the connection stays open").unwrap();
            assert!(asked.elapsed() <= MAX_IDLE + Duration::from_secs(1), "{:?}", asked.elapsed());
        }
    }

    #[test]
    fn a_public_url_is_a_server_and_nothing_more() {
        assert_eq!(checked_url("https://support.example/").unwrap(), "https://support.example");
        for url in
            ["support.example", "ftp://a.example", "https://a.example/x", "https://u@a.example", "https://"]
        {
            assert!(checked_url(url).is_err(), "{url}");
        }
    }
}
