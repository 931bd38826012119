//! Two ends and what lies between them.

use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use tunnel::{Error, Incoming, Opener, Socket, Stream, websocket_config};

/// Nothing takes longer, unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type WebSocket = WebSocketStream<DuplexStream>;

pub(crate) async fn websocket(io: DuplexStream, role: Role) -> WebSocket {
    WebSocketStream::from_raw_socket(io, role, Some(websocket_config())).await
}

/// A WebSocket's two ends, the service's first; `room` bytes fit in between.
pub(crate) async fn websockets(room: usize) -> (WebSocket, WebSocket) {
    let (service, agent) = duplex(room);
    (websocket(service, Role::Server).await, websocket(agent, Role::Client).await)
}

/// A tunnel whose ends are being driven.
pub(crate) struct Ends {
    pub(crate) opener: Opener,
    pub(crate) incoming: Incoming,
    pub(crate) service: JoinHandle<Result<(), Error>>,
    pub(crate) agent: JoinHandle<Result<(), Error>>,
}

impl Ends {
    pub(crate) async fn new() -> Self {
        let (service, agent) = websockets(64 * 1024).await;
        Self::over(service, agent)
    }

    pub(crate) fn over(service: WebSocket, agent: WebSocket) -> Self {
        let service: Socket<_, Message> = tunnel::bytes(service);
        let agent: Socket<_, Message> = tunnel::bytes(agent);
        let (opener, service) = tunnel::open(service);
        let (incoming, agent) = tunnel::accept(agent);
        Self { opener, incoming, service: tokio::spawn(service), agent: tokio::spawn(agent) }
    }

    /// A stream's two ends, the service's first.
    pub(crate) async fn stream(&mut self) -> (Stream, Stream) {
        let near = self.opener.open(tunnel::Kind::Desktop).await.unwrap();
        let (_, far) = within(self.incoming.next()).await.unwrap();
        (near, far)
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// A network between two sockets that can stop carrying anything, without telling anybody.
pub(crate) fn network(room: usize) -> (DuplexStream, DuplexStream, watch::Sender<bool>) {
    let (near, near_inside) = duplex(room);
    let (far, far_inside) = duplex(room);
    let (works, working) = watch::channel(true);
    let (near_reader, near_writer) = tokio::io::split(near_inside);
    let (far_reader, far_writer) = tokio::io::split(far_inside);
    tokio::spawn(carry(near_reader, far_writer, working.clone()));
    tokio::spawn(carry(far_reader, near_writer, working));
    (near, far, works)
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut working: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if working.wait_for(|working| *working).await.is_err() {
            // The test is over.
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Bytes that repeat late, so that none can be left out or doubled unnoticed.
pub(crate) fn pattern(from: u64, count: usize) -> Vec<u8> {
    (from..).take(count).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Sends back whatever comes.
pub(crate) async fn echo(stream: Stream) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
    let _ = writer.shutdown().await;
}
