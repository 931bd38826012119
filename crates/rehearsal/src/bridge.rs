//! Lets any VNC viewer see what the operator's console would: a listener on this computer whose connections become the
//! operator's WebSockets.

use anyhow::{Context, Result};
use reqwest::{
    Client, StatusCode,
    header::{
        CONNECTION, COOKIE, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use std::{net::SocketAddr, sync::mpsc, thread};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::client::generate_key, protocol::Role},
};

/// The operator's side of a session's desktop, as the address of a VNC server. Dropping it closes every connection.
#[derive(Debug)]
pub struct Bridge {
    /// Where a VNC viewer connects to.
    pub address: SocketAddr,
    _ends: oneshot::Sender<()>,
}

/// What it takes to open the operator's WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) http: Client,
    /// The service's origin, as in `https://127.0.0.1:8470`.
    pub(crate) origin: String,
    /// The WebSocket's path.
    pub(crate) path: String,
    pub(crate) cookie: String,
}

impl Bridge {
    pub(crate) fn start(door: Door) -> Result<Self> {
        let (ends, mut ended) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        thread::Builder::new().name("bridge".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let _ = tell.send(listener.local_addr()?);
                loop {
                    tokio::select! {
                        accepted = listener.accept() => {
                            let (viewer, door) = (accepted?.0, door.clone());
                            tokio::spawn(async move {
                                if let Err(error) = door.carry(viewer).await {
                                    eprintln!("bridge: {error:#}");
                                }
                            });
                        }
                        _ = &mut ended => return anyhow::Ok(()),
                    }
                }
            })
        })?;
        let address = told.recv().context("the bridge could not listen")?;
        Ok(Self { address, _ends: ends })
    }

    /// The number that VNC viewers call a display: ports are counted from 5900.
    pub fn display(&self) -> i32 {
        i32::from(self.address.port()) - 5900
    }
}

impl Door {
    async fn carry(&self, mut viewer: TcpStream) -> Result<()> {
        viewer.set_nodelay(true)?;
        let request = self
            .http
            .get(format!("{}{}", self.origin, self.path))
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key())
            .header(SEC_WEBSOCKET_PROTOCOL, "binary")
            .header(ORIGIN, &self.origin)
            .header(COOKIE, &self.cookie);
        let response = request.send().await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::SWITCHING_PROTOCOLS, "the service answered {status}");
        let socket = WebSocketStream::from_raw_socket(response.upgrade().await?, Role::Client, None).await;
        let mut desktop = tunnel::bytes(socket);
        copy_bidirectional(&mut viewer, &mut desktop).await?;
        Ok(())
    }
}
