//! Starting, stopping, starting again; TLS.

use crate::support::{Agent, Operator, PATIENCE, Stage, VIEW_AND_CHAT, approved, outcome};
use protocol::{
    agent::EventsResponse,
    operator::{LiveEvent, SessionView, Target},
};
use reqwest::{Certificate, Client, header};
use service::{Config, StartError, TlsFiles};
use std::{sync::Arc, time::Instant};

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_open_polls_and_live_connections_at_once() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    let (agent, _) = stage.joined(&olivia).await;
    let agent = Arc::new(agent);
    let cursor = agent.snapshot().await.cursor;
    let open = || {
        let (agent, cursor) = (Arc::clone(&agent), cursor.clone());
        tokio::spawn(async move { agent.poll(Some(&cursor), 300).await.unwrap() })
    };
    // The newest poll wins, so once one of the two is answered the other is known to be held.
    let (mut one, mut other) = (open(), open());
    let held = tokio::select! {
        _ = &mut one => other,
        _ = &mut other => one,
        () = tokio::time::sleep(PATIENCE) => panic!("both polls are held"),
    };
    let before = Instant::now();
    stage.running.shutdown().await;
    assert!(before.elapsed().as_secs() < 5);
    let answer: EventsResponse = held.await.unwrap();
    assert!(answer.events.is_empty());
    assert_eq!(answer.cursor, cursor);
    while let Some(event) = live.next().await {
        assert!(matches!(event, LiveEvent::Invitation(_)), "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_nothing() {
    let stage = Stage::new().await;
    let mut olivia = stage.olivia().await;
    let (mut agent, invitation) = stage.joined(&olivia).await;
    let mut cursor = agent.snapshot().await.cursor;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();

    let stage = stage.restart().await;
    agent.url.clone_from(&stage.running.url);
    // Cookies are bound to the host, not to the port, so the sign-in goes on too.
    olivia.url.clone_from(&stage.running.url);
    let event = agent
        .until(&mut cursor, |event| match event {
            protocol::event::Event::Request(request) => Some(request),
            _ => None,
        })
        .await;
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    let answer = agent.report(&request.id, &receipt).await.unwrap();

    let stage = stage.restart().await;
    agent.url.clone_from(&stage.running.url);
    olivia.url.clone_from(&stage.running.url);
    assert_eq!(agent.report(&request.id, &receipt).await.unwrap(), answer, "the same answer, ticket and all");
    let sessions: Vec<SessionView> = olivia.get("sessions").await.unwrap();
    assert_eq!(sessions[0].id, answer.session.unwrap().session_id);
    assert_eq!(sessions[0].ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_is_secure() {
    let stage = Stage::new().await;
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let database = stage.database();
    let config = Config { tls: Some(files.clone()), ..Config::local(database.clone()) };
    let running = service::start(config).await.unwrap();
    assert!(running.url.starts_with("https://127.0.0.1:"));
    let authority = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([authority]).build().unwrap();
    let body = serde_json::json!({ "login": "olivia", "password": crate::support::PASSWORD });
    let sign_in = client.post(format!("{}/operator/v1/sign-in", running.url)).json(&body);
    let response = sign_in.send().await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["__Host-ondemand-operator=", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{part}");
    }
    assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    running.shutdown().await;

    std::fs::write(&files.key, "not a key").unwrap();
    let refused = service::start(Config { tls: Some(files), ..Config::local(database) }).await;
    assert!(matches!(refused.err(), Some(StartError::Key { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_plainly() {
    let stage = Stage::new().await;
    let config = Config { listen: stage.running.address, ..Config::local(stage.database()) };
    let error = service::start(config).await.err().unwrap();
    assert_eq!(error.to_string(), format!("failed to listen on {}", stage.running.address));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_health_are_served_with_a_strict_policy() {
    let stage = Stage::new().await;
    let client = Client::new();
    for path in ["/", "/join", "/somewhere/in/the/console", "/healthz", "/openapi.json"] {
        let response = client.get(format!("{}{path}", stage.running.url)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
    }
    let missing = client.get(format!("{}/assets/missing.js", stage.running.url)).send().await.unwrap();
    assert_eq!(
        outcome::<()>(missing).await.unwrap_err().status,
        404,
        "a script is never answered with a page"
    );
}

/// Forty agents wait at once, and each gets its own request.
#[tokio::test(flavor = "multi_thread")]
async fn many_agents_wait_side_by_side() {
    let stage = Stage::new().await;
    let olivia = Arc::new(stage.olivia().await);
    let mut stories = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (olivia, url) = (Arc::clone(&olivia), stage.running.url.clone());
        stories.spawn(async move { one_request(&olivia, &url).await });
    }
    tokio::time::timeout(PATIENCE, stories.join_all()).await.unwrap();
}

async fn one_request(olivia: &Operator, url: &str) {
    let invitation = olivia.invite().await;
    let mut agent = Agent::new(url);
    agent.join(&invitation.session_code.unwrap()).await.unwrap();
    let mut cursor = agent.snapshot().await.cursor;
    let target = Target::Invitation(invitation.id);
    let (asked, event) = tokio::join!(
        olivia.ask(target, VIEW_AND_CHAT),
        agent.until(&mut cursor, |event| match event {
            protocol::event::Event::Request(request) => Some(request),
            _ => None,
        })
    );
    assert_eq!(asked.unwrap().id, event.request_id);
}
