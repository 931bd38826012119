//! Tunnels, and what operators reach through them.

use crate::{
    files::{Arrived, ask},
    support::{Agent, Operator, PATIENCE, Stage, code, outcome},
};
use futures_util::{SinkExt, StreamExt};
use protocol::{
    EndReason, Permission, Permissions, Secret, SessionId,
    agent::{SessionStart, TakeBack},
    event::Event,
    operator::SessionView,
    problem::{Problem, ProblemCode},
};
use reqwest::{RequestBuilder, StatusCode, Upgraded, header};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::client::generate_key, protocol::Role},
};
use tunnel::{Close, Error, Incoming, Kind, SUBPROTOCOL, Stream};

const FILES_AND_VIEW: [Permission; 2] = [Permission::View, Permission::FilesRead];

type WebSocket = WebSocketStream<Upgraded>;

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Makes a WebSocket of a request, or says why the service would not.
async fn upgraded(request: RequestBuilder) -> Result<WebSocket, Problem> {
    let request = request
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key());
    let response = within(request.send()).await.unwrap();
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(outcome::<()>(response).await.unwrap_err());
    }
    let socket = response.upgrade().await.unwrap();
    Ok(WebSocketStream::from_raw_socket(socket, Role::Client, Some(tunnel::websocket_config())).await)
}

fn tunnel_request(agent: &Agent, session: &SessionId) -> RequestBuilder {
    agent.client.get(format!("{}/agent/v1/sessions/{session}/tunnel", agent.url))
}

fn desktop_request(operator: &Operator, session: &SessionId) -> RequestBuilder {
    operator.client.get(format!("{}/operator/v1/sessions/{session}/desktop", operator.url))
}

async fn knock(agent: &Agent, session: &SessionId, ticket: &Secret) -> Result<WebSocket, Problem> {
    let request = tunnel_request(agent, session).bearer_auth(ticket.expose());
    upgraded(request.header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)).await
}

/// An agent's side of a tunnel.
pub(crate) struct Tunnel {
    pub(crate) incoming: Incoming,
    driving: JoinHandle<Result<(), Error>>,
}

impl Tunnel {
    pub(crate) async fn open(agent: &Agent, start: &SessionStart) -> Self {
        let socket = knock(agent, &start.session_id, &start.tunnel_ticket).await.unwrap();
        let (incoming, driving) = tunnel::accept(tunnel::bytes(socket));
        Self { incoming, driving: tokio::spawn(driving) }
    }

    async fn desktop(&mut self) -> Stream {
        let (kind, stream) = within(self.incoming.next()).await.expect("the tunnel is over");
        assert_eq!(kind, Kind::Desktop);
        stream
    }

    /// Why the service closed it.
    async fn closed(self) -> Close {
        match within(self.driving).await.unwrap() {
            Err(Error::Closed(close)) => close,
            other => panic!("{other:?}"),
        }
    }
}

async fn desktop(operator: &Operator, session: &SessionId) -> Result<WebSocket, Problem> {
    let request = desktop_request(operator, session).header(header::ORIGIN, &operator.url);
    upgraded(request.header(header::SEC_WEBSOCKET_PROTOCOL, "binary")).await
}

/// Why the service closed a connection to the desktop.
async fn closed(mut socket: WebSocket) -> (u16, String) {
    let waiting = async {
        loop {
            match socket.next().await.expect("no farewell").expect("no farewell") {
                Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.as_str().to_owned()),
                Message::Ping(_) | Message::Binary(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    within(waiting).await
}

fn said(close: &Close) -> (u16, String) {
    (close.code, close.reason.to_string())
}

async fn says(socket: &mut WebSocket, expected: &[u8]) {
    let mut received = Vec::new();
    while received.len() < expected.len() {
        match within(socket.next()).await.unwrap().unwrap() {
            Message::Binary(bytes) => received.extend_from_slice(&bytes),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(received, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_and_access_process_talk_through_the_service() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, [Permission::View]).await;
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    let mut stream = tunnel.desktop().await;
    stream.write_all(b"RFB 003.008\n").await.unwrap();
    says(&mut socket, b"RFB 003.008\n").await;
    // The first byte looks like a kind, and is none: the operator reaches the desktop and nothing else.
    socket.send(Message::binary(&b"F"[..])).await.unwrap();
    socket.send(Message::binary(&b"GET / HTTP/1.1"[..])).await.unwrap();
    let mut received = [0; 15];
    within(stream.read_exact(&mut received)).await.unwrap();
    assert_eq!(&received, b"FGET / HTTP/1.1");
    assert!(tokio::time::timeout(Duration::from_millis(200), tunnel.incoming.next()).await.is_err());

    stream.write_all(b"bye").await.unwrap();
    stream.shutdown().await.unwrap();
    says(&mut socket, b"bye").await;
    assert_eq!(closed(socket).await, said(&Close::FINISHED));
    drop(stream);

    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    let mut stream = tunnel.desktop().await;
    socket.close(None).await.unwrap();
    assert!(within(stream.read_u8()).await.is_err(), "an operator who left is not waited for");
    let view: SessionView = olivia.get(&format!("sessions/{}", start.session_id)).await.unwrap();
    assert_eq!(view.ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sessions_own_ticket_opens_its_tunnel() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, FILES_AND_VIEW).await;
    let (other, other_start) = stage.started(&olivia, FILES_AND_VIEW).await;
    let session = &start.session_id;
    let never: SessionId = "never".parse().unwrap();
    let ticket = &start.tunnel_ticket;
    for (what, session, ticket) in [
        ("nonsense", session, &Secret::new("x")),
        ("the agent's token", session, &Secret::new(agent.token.clone())),
        ("another session's", session, &other_start.tunnel_ticket),
        ("for another session", &other_start.session_id, ticket),
        ("for no session", &never, ticket),
    ] {
        assert_eq!(code(knock(&agent, session, ticket).await), ProblemCode::Unauthenticated, "{what}");
    }
    assert_eq!(code(upgraded(tunnel_request(&agent, session)).await), ProblemCode::Unauthenticated);

    let request = || tunnel_request(&agent, session).bearer_auth(ticket.expose());
    for request in [request(), request().header(header::SEC_WEBSOCKET_PROTOCOL, "binary")] {
        let problem = upgraded(request).await.unwrap_err();
        assert_eq!((problem.status, problem.code), (426, ProblemCode::Invalid));
    }
    let response = request().send().await.unwrap();
    assert_eq!(response.headers()[header::UPGRADE], "websocket");
    assert_eq!(outcome::<()>(response).await.unwrap_err().status, 426);

    knock(&agent, session, ticket).await.unwrap();
    agent.end(session, EndReason::User).await.unwrap();
    assert_eq!(code(knock(&agent, session, ticket).await), ProblemCode::SessionEnded);
    knock(&other, &other_start.session_id, &other_start.tunnel_ticket).await.unwrap();

    let talk = [Permission::Chat, Permission::Messages];
    let (agent, start) = stage.started(&olivia, talk).await;
    let refused = knock(&agent, &start.session_id, &start.tunnel_ticket).await;
    assert_eq!(code(refused), ProblemCode::NotGranted, "there is nothing to serve");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sessions_own_operator_sees_the_desktop() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let admin = stage.admin();
    let others = admin.add_organisation("Example Rival", None).unwrap();
    admin.add_operator(&others.id, "rita", "Rita Example", &Secret::new(crate::support::PASSWORD)).unwrap();
    let rita = Operator::sign_in(&olivia.url, "rita").await;
    let (agent, start) = stage.started(&olivia, FILES_AND_VIEW).await;
    let session = &start.session_id;

    let stranger =
        reqwest::Client::new().get(format!("{}/operator/v1/sessions/{session}/desktop", olivia.url));
    let refused = upgraded(stranger.header(header::ORIGIN, &olivia.url)).await;
    assert_eq!(code(refused), ProblemCode::Unauthenticated);
    assert_eq!(code(desktop(&oscar, session).await), ProblemCode::Forbidden, "a colleague");
    assert_eq!(code(desktop(&rita, session).await), ProblemCode::NotFound, "another organisation");
    assert_eq!(code(desktop(&olivia, &"never".parse().unwrap()).await), ProblemCode::NotFound);

    assert_eq!(code(upgraded(desktop_request(&olivia, session)).await), ProblemCode::Forbidden, "no Origin");
    for origin in ["https://evil.example", "null", "http://localhost"] {
        let request = desktop_request(&olivia, session).header(header::ORIGIN, origin);
        assert_eq!(code(upgraded(request).await), ProblemCode::Forbidden, "{origin}");
    }
    let request = desktop_request(&olivia, session).header(header::ORIGIN, &olivia.url);
    let plain = outcome::<()>(request.send().await.unwrap()).await.unwrap_err();
    assert_eq!((plain.status, plain.code), (426, ProblemCode::Invalid));

    drop(desktop(&olivia, session).await.unwrap());
    agent.end(session, EndReason::User).await.unwrap();
    assert_eq!(code(desktop(&olivia, session).await), ProblemCode::SessionEnded);

    let (_agent, session) = stage.session(&olivia, [Permission::FilesRead, Permission::Chat]).await;
    assert_eq!(code(desktop(&olivia, &session).await), ProblemCode::NotGranted);
}

/// A session that is being viewed.
async fn viewed(stage: &Stage, olivia: &Operator) -> (Agent, SessionStart, Tunnel, Stream, WebSocket) {
    let (agent, start) = stage.started(olivia, FILES_AND_VIEW).await;
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let mut socket = desktop(olivia, &start.session_id).await.unwrap();
    let mut stream = tunnel.desktop().await;
    stream.write_all(b"hello").await.unwrap();
    says(&mut socket, b"hello").await;
    (agent, start, tunnel, stream, socket)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_session_closes_both_within_a_second_and_says_why() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    for reason in ["user", "operator", "expired"] {
        let (agent, start, tunnel, _stream, socket) = viewed(&stage, &olivia).await;
        let session = &start.session_id;
        let ending = Instant::now();
        match reason {
            "user" => agent.end(session, EndReason::User).await.unwrap(),
            "operator" => olivia.post(&format!("sessions/{session}/end"), &()).await.unwrap(),
            _ => stage.clock.advance(Duration::from_secs(3600 + 61)),
        }
        let word =
            if reason == "expired" { "session_ended:expired" } else { &format!("session_ended:{reason}") };
        assert_eq!(closed(socket).await, (4000, word.to_owned()));
        // What is due is done once a second.
        let limit = if reason == "expired" { 3 } else { 1 };
        assert!(ending.elapsed() < Duration::from_secs(limit), "{:?}", ending.elapsed());
        assert_eq!(said(&tunnel.closed().await), (4000, word.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_process_that_dies_with_its_session_is_told_as_the_end() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start, tunnel, _stream, socket) = viewed(&stage, &olivia).await;
    tunnel.driving.abort();
    agent.end(&start.session_id, EndReason::User).await.unwrap();
    assert_eq!(closed(socket).await, (4000, "session_ended:user".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_view_back_closes_the_desktop_and_taking_the_rest_back_the_tunnel() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start, tunnel, mut stream, socket) = viewed(&stage, &olivia).await;
    let path = format!("sessions/{}/permissions", start.session_id);
    let granted = Permissions::from([Permission::FilesRead]);
    agent.post::<()>(&path, &TakeBack { granted }).await.unwrap();
    assert_eq!(closed(socket).await, said(&Close::NOT_GRANTED));
    assert!(within(stream.read_u8()).await.is_err());
    assert_eq!(code(desktop(&olivia, &start.session_id).await), ProblemCode::NotGranted);
    assert!(!tunnel.driving.is_finished(), "files can still be asked for");

    agent.post::<()>(&path, &TakeBack { granted: Permissions::EMPTY }).await.unwrap();
    assert_eq!(tunnel.closed().await, Close::NOT_GRANTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_signs_out_or_is_disabled_sees_nothing_more() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let (_agent, start, tunnel, _stream, socket) = viewed(&stage, &oscar).await;
    oscar.post::<()>("sign-out", &()).await.unwrap();
    assert_eq!(closed(socket).await, said(&Close::SIGNED_OUT));
    assert_eq!(code(desktop(&oscar, &start.session_id).await), ProblemCode::Unauthenticated);
    assert!(!tunnel.driving.is_finished(), "the session goes on");

    let oscar = Operator::sign_in(&olivia.url, "oscar").await;
    let socket = desktop(&oscar, &start.session_id).await.unwrap();
    let disabled = serde_json::json!({ "disabled": true });
    let path = format!("operators/{}", oscar.me.operator.id);
    olivia.patch::<serde_json::Value>(&path, &disabled).await.unwrap();
    let (code, reason) = closed(socket).await;
    assert!([4000, 4002].contains(&code), "{reason}");
    assert_eq!(tunnel.closed().await.reason, "session_ended:service");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_at_the_command_line_ends_what_is_open() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start, mut tunnel, _stream, socket) = viewed(&stage, &olivia).await;
    let (mut live, _) = olivia.listen().await;
    let asking = tokio::spawn(ask(&olivia, "GET", &start.session_id, "/a").send());
    let mut arrived = Arrived::at(&mut tunnel).await;
    stage.admin().update_operator("olivia", None, None, false, true).unwrap();
    assert_eq!(closed(socket).await, said(&Close::SIGNED_OUT));
    assert_eq!(within(live.next()).await, None);
    assert_eq!(within(asking).await.unwrap().unwrap().status(), 401);
    assert!(within(arrived.stream.read_u8()).await.is_err());
    assert!(!tunnel.driving.is_finished(), "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_tunnel_takes_the_place_of_the_older() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start, tunnel, _stream, socket) = viewed(&stage, &olivia).await;
    let mut newer = Tunnel::open(&agent, &start).await;
    assert_eq!(tunnel.closed().await, Close::REPLACED);
    assert_eq!(closed(socket).await, said(&Close::AGENT_UNREACHABLE));

    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    let mut stream = newer.desktop().await;
    stream.write_all(b"again").await.unwrap();
    says(&mut socket, b"again").await;
    assert!(!newer.driving.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_is_early_waits_for_the_agent() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, [Permission::View]).await;
    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), socket.next()).await.is_err());
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let mut stream = tunnel.desktop().await;
    stream.write_all(b"there").await.unwrap();
    says(&mut socket, b"there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_not_wait_for_ever() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start) = stage.started(&olivia, [Permission::View]).await;
    let begun = Instant::now();
    let socket = desktop(&olivia, &start.session_id).await.unwrap();
    assert_eq!(closed(socket).await, said(&Close::AGENT_UNREACHABLE));
    let waited = begun.elapsed();
    assert!((Duration::from_secs(10)..Duration::from_secs(13)).contains(&waited), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_connection_to_a_desktop_pushes_out_the_first() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start, mut tunnel, _stream, first) = viewed(&stage, &olivia).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        let socket = desktop(&olivia, &start.session_id).await.unwrap();
        others.push((socket, tunnel.desktop().await));
    }
    assert_eq!(closed(first).await, said(&Close::REPLACED));
    for (socket, stream) in &mut others {
        stream.write_all(b"still").await.unwrap();
        says(socket, b"still").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_says_so() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, _start, tunnel, _stream, socket) = viewed(&stage, &olivia).await;
    let stopping = Instant::now();
    let (told, close, ()) = tokio::join!(closed(socket), tunnel.closed(), stage.running.shutdown());
    assert_eq!((told, close), (said(&Close::SHUTTING_DOWN), Close::SHUTTING_DOWN));
    assert!(stopping.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_binary_messages_of_some_size_are_passed_on() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start, mut tunnel, _stream, mut socket) = viewed(&stage, &olivia).await;
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(closed(socket).await, said(&Close::BINARY_ONLY));
    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    let mut stream = tunnel.desktop().await;
    let sending = socket.send(Message::binary(vec![0; tunnel::MAX_MESSAGE + 1]));
    // The service does not read it to its end.
    let _ = tokio::time::timeout(Duration::from_secs(1), sending).await;
    assert!(within(stream.read_u8()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_desktop_counts_as_the_operators_presence() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start, _tunnel, _stream, mut socket) = viewed(&stage, &olivia).await;
    let mut cursor = agent.snapshot().await.cursor;
    let presence = |event| match event {
        Event::OperatorPresence { session_id, present } => {
            assert_eq!(session_id, start.session_id);
            Some(present)
        }
        _ => None,
    };
    let (live, _) = olivia.listen().await;
    drop(live);
    stage.clock.advance(Duration::from_secs(7));
    let quiet = agent.poll(Some(&cursor), 3).await.unwrap();
    assert!(!quiet.events.into_iter().any(|event| presence(event) == Some(false)));
    socket.close(None).await.unwrap();
    drop(socket);
    // It takes a moment until the service has seen the close, and counts from then.
    let advancing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stage.clock.advance(Duration::from_secs(1));
        }
    };
    tokio::select! {
        present = agent.until(&mut cursor, presence) => assert!(!present),
        () = advancing => {}
    }
    let _socket = desktop(&olivia, &start.session_id).await.unwrap();
    assert!(agent.until(&mut cursor, presence).await);
}

/// Bytes that repeat late, so that none can be left out or doubled unnoticed.
pub(crate) fn pattern(at: usize, buffer: &mut [u8]) {
    for (index, word) in buffer.chunks_exact_mut(8).enumerate() {
        let number = (at / 8 + index) as u64;
        word.copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    }
}

pub(crate) const PIECE: usize = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_mebibytes_arrive_as_they_were_sent_both_ways_at_once() {
    const SIZE: usize = 64 << 20;
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, _start, _tunnel, stream, socket) = viewed(&stage, &olivia).await;
    let (mut to_operator, mut from_operator) = socket.split();
    let (mut reader, mut writer) = tokio::io::split(stream);

    let agent_sends = tokio::spawn(async move {
        let mut piece = vec![0; PIECE];
        for at in (0..SIZE).step_by(PIECE) {
            pattern(at, &mut piece);
            writer.write_all(&piece).await.unwrap();
        }
        writer.flush().await.unwrap();
    });
    let operator_sends = tokio::spawn(async move {
        let mut piece = vec![0; PIECE];
        for at in (0..SIZE).step_by(PIECE) {
            pattern(at, &mut piece);
            to_operator.send(Message::binary(piece.clone())).await.unwrap();
        }
    });
    let agent_receives = tokio::spawn(async move {
        let (mut piece, mut expected) = (vec![0; PIECE], vec![0; PIECE]);
        for at in (0..SIZE).step_by(PIECE) {
            reader.read_exact(&mut piece).await.unwrap();
            pattern(at, &mut expected);
            assert!(piece == expected, "at {at}");
        }
    });
    let operator_receives = async {
        let (mut rest, mut expected) = (Vec::new(), vec![0; PIECE]);
        let mut at = 0;
        while at < SIZE {
            match from_operator.next().await.unwrap().unwrap() {
                Message::Binary(bytes) => rest.extend_from_slice(&bytes),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
            while rest.len() >= PIECE {
                pattern(at, &mut expected);
                assert!(rest[..PIECE] == expected, "at {at}");
                rest.drain(..PIECE);
                at += PIECE;
            }
        }
        assert!(rest.is_empty());
    };
    let both = async { tokio::join!(operator_receives, agent_receives, agent_sends, operator_sends) };
    let (_, received, sent, sent_too) =
        tokio::time::timeout(Duration::from_secs(180), both).await.expect("it takes too long");
    received.and(sent).and(sent_too).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_does_not_read_holds_up_the_agent_and_nobody_else() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start, mut tunnel, mut stream, mut slow) = viewed(&stage, &olivia).await;
    let mut taken = 0;
    while let Ok(count) = tokio::time::timeout(Duration::from_secs(1), stream.write(&[7; PIECE])).await {
        taken += count.unwrap();
        // What is not kept by the system's socket buffers must be no more than the windows.
        assert!(taken < 32 << 20, "somebody keeps it all");
    }
    let mut socket = desktop(&olivia, &start.session_id).await.unwrap();
    let mut other = tunnel.desktop().await;
    for _ in 0..20 {
        other.write_all(b"ping").await.unwrap();
        says(&mut socket, b"ping").await;
    }
    let mut received = 0;
    while received < taken {
        if let Message::Binary(bytes) = within(slow.next()).await.unwrap().unwrap() {
            assert!(bytes.iter().all(|byte| *byte == 7));
            received += bytes.len();
        }
    }
    assert_eq!(received, taken);
}
