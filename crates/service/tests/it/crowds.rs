//! One address that opens as many connections as it can, and everybody else meanwhile.

use crate::support::{Operator, PATIENCE, Stage, VIEW_AND_CHAT};
use protocol::problem::{Problem, ProblemCode};
use serde_json::json;
use service::ConnectionLimits;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

const LIMITS: ConnectionLimits =
    ConnectionLimits { strangers_per_address: 20, strangers: 40, per_credential: 8 };

async fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

/// Waits until the service keeps no more than `most` of these, and gives what is left.
async fn thin_out(crowd: Vec<TcpStream>, most: usize) -> Vec<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    let mut open = crowd;
    loop {
        open.retain(|stream| match stream.try_read(&mut [0; 4096]) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        });
        if open.len() <= most {
            return open;
        }
        assert!(Instant::now() < deadline, "{} connections are kept", open.len());
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_connections_from_one_address_keep_nobody_else_out() {
    let stage = Stage::configured(|config| config.connections = LIMITS).await;
    // Known before, and at the same address: these are not displaced.
    let olivia = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    let (agent, _) = stage.joined(&olivia).await;
    let cursor = agent.snapshot().await.cursor;

    let mut crowd = Vec::new();
    for number in 0..2000 {
        let mut stream = connect_from([127, 0, 0, 1], stage.running.address).await;
        // Says nothing, stops within the lines before the body, or within the body.
        let sent: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET / HTTP/1.1\r\nHost: a",
            _ => b"POST /operator/v1/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        };
        // It may have been displaced already.
        let _ = stream.write_all(sent).await;
        crowd.push(stream);
        if number % 100 == 99 {
            crowd = thin_out(crowd, LIMITS.strangers_per_address).await;
        }
    }
    // Elsewhere a page comes while they are still there; the live connection and the agent's are as they were.
    let mut visitor = connect_from([127, 0, 0, 2], stage.running.address).await;
    visitor.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, visitor.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Whoever asks at once is served at the crowd's own address too.
    Operator::sign_in(&stage.running.url, "olivia").await.invite().await;
    live.next().await.expect("the live connection ended");
    agent.poll(Some(&cursor), 0).await.unwrap();
    assert!(!crowd.is_empty(), "nothing was attacked");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_agents_behind_one_address_all_wait_at_once() {
    let stage = Stage::configured(|config| config.connections = LIMITS).await;
    let olivia = stage.olivia().await;
    let mut polls = Vec::new();
    for _ in 0..2 * LIMITS.strangers_per_address {
        let (agent, invitation) = stage.joined(&olivia).await;
        let cursor = agent.snapshot().await.cursor;
        polls.push((tokio::spawn(async move { agent.poll(Some(&cursor), 30).await }), invitation));
    }
    for (_, invitation) in &polls {
        olivia.delete(&format!("invitations/{}", invitation.id)).await.unwrap();
    }
    for (poll, _) in polls {
        assert!(!timeout(PATIENCE, poll).await.unwrap().unwrap().unwrap().events.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_holds_no_more_connections_than_one_agent_needs() {
    let stage = Stage::configured(|config| config.connections = LIMITS).await;
    let olivia = stage.olivia().await;
    let (agent, _) = stage.joined(&olivia).await;
    let mut crowd = Vec::new();
    for _ in 0..3 * LIMITS.per_credential {
        let mut stream = connect_from([127, 0, 0, 1], stage.running.address).await;
        let token = &agent.token;
        let sent = format!(
            "GET /agent/v1/events?wait_secs=0 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        crowd.push(stream);
    }
    let left = thin_out(crowd, LIMITS.per_credential).await;
    assert!(!left.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_messages_does_not_fill_the_disk_nor_silence_the_other_side() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let say = async |number: u64| {
        let body = json!({ "number": number, "text": "again" });
        agent.post::<()>(&format!("sessions/{session}/messages"), &body).await
    };
    let mut said = 0;
    let refused = loop {
        match say(said + 1).await {
            Ok(()) => said += 1,
            Err(problem) => break problem.code,
        }
        assert!(said < 1000, "nothing stops it");
    };
    assert_eq!(refused, ProblemCode::RateLimited);
    assert!(said >= 60, "{said}");
    let answer = json!({ "kind": "chat", "text": "Please stop." });
    olivia.post::<serde_json::Value>(&format!("sessions/{session}/messages"), &answer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_not_taken_for_one_visitor_and_its_visitors_are_counted_each() {
    let stage = Stage::configured(|config| {
        config.connections = LIMITS;
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let from = |visitor: &str| format!("Host: a\r\nX-Forwarded-For: {visitor}\r\n");
    let mut crowd = Vec::new();
    // More connections than one address may have, each for somebody else, and then one visitor with as many slow bodies.
    for number in 0..2 * LIMITS.strangers {
        let mut stream = connect_from([127, 0, 0, 1], stage.running.address).await;
        let head = from(&format!("192.0.2.{number}"));
        stream.write_all(format!("GET /healthz HTTP/1.1\r\n{head}\r\n").as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        crowd.push(stream);
    }
    let slow = format!(
        "POST /operator/v1/sign-in HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n",
        from("198.51.100.7")
    );
    for _ in 0..LIMITS.strangers_per_address {
        let mut stream = connect_from([127, 0, 0, 1], stage.running.address).await;
        stream.write_all(slow.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 100");
        crowd.push(stream);
    }
    let client = reqwest::Client::new();
    let ask = async |visitor: &str| {
        let request = client.get(format!("{}/healthz", stage.running.url)).header("x-forwarded-for", visitor);
        request.send().await.unwrap()
    };
    let refused = ask("198.51.100.7").await;
    assert!(refused.headers().contains_key("content-security-policy"), "as every answer");
    assert_eq!(refused.json::<Problem>().await.unwrap().code, ProblemCode::RateLimited);
    assert_eq!(ask("198.51.100.8").await.status(), 200);
    drop(crowd);
    // What broke off is not counted any more.
    let deadline = Instant::now() + PATIENCE;
    while ask("198.51.100.7").await.status() != 200 {
        assert!(Instant::now() < deadline, "still refused");
    }
}
