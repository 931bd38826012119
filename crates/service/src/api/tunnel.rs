//! The two WebSockets of a session: the agent's tunnel, and the operator's way through it to the desktop.
//!
//! Bytes are passed on and not looked at. What is allowed is decided elsewhere (`tunnels`), and when it is over, whatever is
//! relayed stops at that point.

use super::{
    auth::{Bearer, FromOperator, SameOrigin},
    body::Named,
    live,
    problem::{Answer, Refusal},
};
use crate::{
    clock::remaining_secs,
    credentials::SignedIn,
    error::Error,
    hub::{Listener, Live},
    service::{Service, Work},
    tunnels::{self, Place},
};
use axum::{
    extract::{
        FromRequestParts, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::request::Parts,
    response::Response,
};
use protocol::{SessionId, agent::SessionPath, problem::Problem};
use std::{
    io::ErrorKind,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader, copy_buf, split},
    time::timeout,
};
use tunnel::{Close, Kind, MAX_MESSAGE, SENT_MESSAGE, SUBPROTOCOL, Stream};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What noVNC and others ask for; nothing else was ever spoken here.
const BINARY: &str = "binary";
/// How long an operator waits for the agent's tunnel: an access process starts, or comes back, in far less.
pub(super) const TUNNEL_WAIT: Duration = Duration::from_secs(10);
/// What takes the tunnel down may be about to end this too: a user's *End* does so before the service hears of it, and the
/// operator is to be told that it was one.
pub(super) const LAST_WORD: Duration = Duration::from_millis(500);

pub(super) fn agent_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(tunnel))
}

pub(super) fn operator_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(desktop))
}

/// A request that wants to become a WebSocket.
pub(super) struct Upgrade(WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        let upgrade =
            upgrade.map_err(|_| Refusal::not_a_websocket("Open a WebSocket here, over HTTP/1.1."))?;
        Ok(Self(
            upgrade
                .read_buffer_size(SENT_MESSAGE)
                .write_buffer_size(0)
                .max_message_size(MAX_MESSAGE)
                .max_frame_size(MAX_MESSAGE),
        ))
    }
}

type Socket = tunnel::Socket<WebSocket, Message>;

/// The agent's tunnel.
///
/// A WebSocket with the subprotocol `ondemand-tunnel.v1`, through which the service opens streams; see *Tunnel*. A newer one
/// takes the place of an older. It is closed when the session ends, and when nothing that needs it is granted any more.
#[utoipa::path(
    get, path = "/agent/v1/sessions/{session_id}/tunnel", tag = "agent",
    params(SessionPath),
    responses(
        (status = 101, description = "The tunnel stands.", headers(("Sec-WebSocket-Protocol", description = "`ondemand-tunnel.v1`"))),
        (status = 426, description = "`invalid`: the request is not one for a WebSocket with this subprotocol.",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("tunnel_ticket" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "session_ended", "not_granted"]))),
)]
async fn tunnel(
    State(service): State<Arc<Service>>,
    Bearer(ticket): Bearer,
    Named(id): Named<SessionId>,
    Upgrade(upgrade): Upgrade,
) -> Answer<Response> {
    service.credentials.take(crypto::hash(ticket.as_bytes()), Instant::now())?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    let place = service.run(move |work| tunnels::enter_with_ticket(work, &ticket, &id)).await?;
    if upgrade.selected_protocol().is_none() {
        return Err(Refusal::not_a_websocket("Ask for the subprotocol ondemand-tunnel.v1."));
    }
    Ok(upgrade.on_upgrade(|socket| carry(service, place, socket)))
}

/// Carries an agent's tunnel until it is over.
async fn carry(service: Arc<Service>, mut place: Place, socket: WebSocket) {
    let mut socket: Socket = tunnel::bytes(socket);
    let (opener, driving) = tunnel::open(&mut socket);
    place.attach(opener);
    tracing::info!(session = %place.session(), "a tunnel stands");
    let close = tokio::select! {
        biased;
        close = place.revoked() => Some(close),
        () = service.hub.stopped() => Some(Close::SHUTTING_DOWN),
        ended = driving => {
            ended.err().and_then(|error| {
                tracing::debug!(session = %place.session(), error = &error as &dyn std::error::Error, "a tunnel broke");
                matches!(error, tunnel::Error::Protocol(_)).then_some(Close::PROTOCOL_ERROR)
            })
        }
    };
    // From here on operators wait for another one.
    place.detach();
    let close = socket.complaint().cloned().or(close).unwrap_or(Close::FINISHED);
    tracing::info!(session = %place.session(), %close, "a tunnel is over");
    socket.close(&close).await;
}

/// The desktop.
///
/// A WebSocket on which the agent's computer speaks RFB (RFC 6143) in binary messages, as noVNC and other VNC clients for
/// browsers expect; for the session's own operator, while `view` is granted. The header `Origin` must be there and be this
/// service's. Where the agent is not there yet, the service waits for it for 10 seconds. The close code says why it ended; see
/// *Tunnel*. A session can have four at a time: the newest take the places of the oldest. While one is open the operator
/// counts as being there.
#[utoipa::path(
    get, path = "/operator/v1/sessions/{session_id}/desktop", tag = "operator",
    params(SessionPath),
    responses(
        (status = 101, description = "The agent's computer is about to speak.",
            headers(("Sec-WebSocket-Protocol", description = "`binary`, where that was asked for."))),
        (status = 426, description = "`invalid`: the request is not one for a WebSocket.",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "forbidden", "not_found", "session_ended", "not_granted"]))),
)]
async fn desktop(
    State(service): State<Arc<Service>>,
    _: SameOrigin,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
    Upgrade(upgrade): Upgrade,
) -> Answer<Response> {
    // From before it is decided, so that no end of the sign-in is missed.
    let listener = live::arrive(&service, &who).await?;
    let entering =
        move |work: &mut Work<'_>, who: &SignedIn| tunnels::enter_desktop(work, &who.operator, &id);
    let place = service.run_for(who.clone(), entering).await?;
    let desktop = Desktop { service, who, listener, place };
    Ok(upgrade.protocols([BINARY]).on_upgrade(|socket| desktop.serve(socket)))
}

/// An operator's connection to a desktop.
struct Desktop {
    service: Arc<Service>,
    who: SignedIn,
    /// Also keeps the operator present.
    listener: Listener,
    place: Place,
}

impl Desktop {
    async fn serve(mut self, socket: WebSocket) {
        let mut socket: Socket = tunnel::bytes(socket);
        let way = self.place.way();
        let mut close = tokio::select! {
            biased;
            close = self.over() => close,
            close = pass_on(&mut socket, way) => close,
        };
        if close == Close::AGENT_UNREACHABLE
            && let Ok(last_word) = timeout(LAST_WORD, self.over()).await
        {
            close = last_word;
        }
        tracing::info!(session = %self.place.session(), %close, "a connection to the desktop is over");
        socket.close(&close).await;
    }

    /// Waits until it is not allowed any more, and says why. Not to be called again after that.
    async fn over(&mut self) -> Close {
        tokio::select! {
            biased;
            close = self.place.revoked() => close,
            close = sign_in_over(&self.service, &self.who, &mut self.listener) => close,
        }
    }
}

/// Waits until the operator is no longer signed in, or the service stops.
pub(super) async fn sign_in_over(service: &Arc<Service>, who: &SignedIn, listener: &mut Listener) -> Close {
    let left = remaining_secs(who.expires_at, service.clock.now());
    let mut expires = Box::pin(tokio::time::sleep(Duration::from_secs(left.into())));
    loop {
        let live = tokio::select! {
            live = listener.next() => live,
            () = &mut expires => return Close::SIGNED_OUT,
            () = service.hub.stopped() => return Close::SHUTTING_DOWN,
        };
        match live {
            Some(Live::SignedOut { token_hash }) if token_hash == who.token_hash => return Close::SIGNED_OUT,
            Some(_) => {}
            // Some were missed.
            None => {
                let still = service.run_for(who.clone(), |_, _| Ok(())).await;
                if matches!(still, Err(Error::Unauthenticated)) {
                    return Close::SIGNED_OUT;
                }
            }
        }
    }
}

/// Waits for the agent, and passes bytes on until one end has enough or is lost.
async fn pass_on(socket: &mut Socket, way: tunnels::Way) -> Close {
    let Some(stream) = way.open(Kind::Desktop, TUNNEL_WAIT).await else {
        return Close::AGENT_UNREACHABLE;
    };
    let close = relay(&mut *socket, stream).await;
    socket.complaint().cloned().unwrap_or(close)
}

/// Neither end can close one direction only: RFB has no use for the other one then. The stream is reset unless the agent
/// ended it, so that an agent which is still sending stops.
async fn relay(socket: impl AsyncRead + AsyncWrite, stream: Stream) -> Close {
    let (from_operator, mut to_operator) = split(socket);
    let (from_agent, mut to_agent) = split(stream);
    let mut from_operator = BufReader::with_capacity(SENT_MESSAGE, from_operator);
    let mut from_agent = BufReader::with_capacity(SENT_MESSAGE, from_agent);
    tokio::select! {
        biased;
        ended = copy_buf(&mut from_agent, &mut to_operator) => match ended {
            Ok(_) => Close::FINISHED,
            // Where it was the operator's end, nobody reads this.
            Err(_) => Close::AGENT_UNREACHABLE,
        },
        ended = copy_buf(&mut from_operator, &mut to_agent) => match ended {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Close::AGENT_UNREACHABLE,
            _ => Close::FINISHED,
        },
    }
}
