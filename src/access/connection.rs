//! The tunnel to the service: made again whenever it is lost, for as long as the process lives.

use super::{Served, allowance::Allowance, desktop};
use crate::{resident::link::Backoff, settings::ServiceUrl, transport};
use anyhow::Context as _;
use line::Transport;
use protocol::{Secret, SessionId};
use reqwest::{
    Client, StatusCode, Upgraded, Url,
    header::{
        CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
};
use screen::Display;
use session::AccessFact;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::{client::generate_key, derive_accept_key},
        protocol::Role,
    },
};
use tunnel::{Kind, Stream};

/// How long one attempt may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// The longest pause between two attempts: the session ends after a minute without a tunnel.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How many views there can be at a time: a page that is loaded again, and a window of its own, for some moments.
const MOST_VIEWS: usize = 4;

/// The way to the service, and the ticket that opens the tunnel.
#[derive(Clone)]
pub(super) struct Way {
    http: Client,
    url: ServiceUrl,
    ticket: Secret,
}

impl Way {
    /// Prepares for it; nothing is sent.
    pub(super) fn new(transport: &Transport, ticket: Secret) -> anyhow::Result<Self> {
        let url: ServiceUrl = transport.service_url.parse()?;
        // A WebSocket begins as an HTTP/1.1 request.
        let http =
            transport::client(transport, &url)?.http1_only().build().context("failed to prepare for TLS")?;
        Ok(Self { http, url, ticket })
    }

    async fn connect(&self, session_id: &SessionId) -> anyhow::Result<WebSocketStream<Upgraded>> {
        let url: Url = self.url.join(&format!("agent/v1/sessions/{session_id}/tunnel"))?;
        let key = generate_key();
        let request = self
            .http
            .get(url)
            .bearer_auth(self.ticket.expose())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_PROTOCOL, tunnel::SUBPROTOCOL)
            .header(SEC_WEBSOCKET_KEY, &key);
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        anyhow::ensure!(
            status == StatusCode::SWITCHING_PROTOCOLS,
            "the service answered with status {status}"
        );
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
        let expected = derive_accept_key(key.as_bytes());
        anyhow::ensure!(
            accepted.is_some_and(|accepted| accepted.as_bytes() == expected.as_bytes()),
            "something that is no WebSocket answered"
        );
        let upgraded = response.upgrade().await?;
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(tunnel::websocket_config())).await)
    }
}

/// Keeps the session's tunnel up, and serves what comes through it.
pub(super) async fn keep(way: Way, session_id: SessionId, served: Served) {
    let mut backoff = Backoff::default();
    let views = Arc::new(());
    let mut opened = Allowance::new();
    loop {
        match timeout(CONNECT_LIMIT, way.connect(&session_id)).await {
            Ok(Ok(socket)) => {
                backoff.reset();
                served.control.set_connected(true);
                served.reporter.fact(AccessFact::TunnelStands);
                let (mut incoming, driving) = tunnel::accept(tunnel::bytes(socket));
                let serving = async {
                    while let Some((kind, stream)) = incoming.next().await {
                        serve(kind, stream, &served, &session_id, &views, &mut opened);
                    }
                };
                let ended = tokio::select! {
                    ended = driving => ended,
                    () = serving => Ok(()),
                };
                if let Err(error) = ended {
                    tracing::warn!(%error, "the tunnel is lost");
                }
                served.control.set_connected(false);
                served.reporter.fact(AccessFact::TunnelLost);
            }
            Ok(Err(error)) => tracing::warn!("the tunnel is not made: {error:#}"),
            Err(_) => tracing::warn!("the tunnel is not made in time"),
        }
        tokio::time::sleep(backoff.next(Duration::ZERO).min(LONGEST_PAUSE)).await;
    }
}

/// Each stream asks for what is granted now; what is not is closed without an answer.
fn serve(
    kind: Kind,
    stream: Stream,
    served: &Served,
    session_id: &SessionId,
    views: &Arc<()>,
    opened: &mut Allowance,
) {
    match kind {
        Kind::Desktop if Arc::strong_count(views) > MOST_VIEWS => {
            tracing::warn!("the operator wants more views than anybody can look at");
        }
        Kind::Desktop if !opened.take() => {
            tracing::warn!("the service opens more views than anybody can look at");
        }
        Kind::Desktop => desktop::start(stream, Display::current(), served.clone(), views.clone()),
        // A stream a request; how fast they may be made is looked at where it is known what they ask for.
        Kind::Files => served.files.start(stream, session_id, served),
    }
}
