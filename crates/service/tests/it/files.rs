//! Files: who reaches them, with what, and until when.

use crate::{
    support::{Agent, Operator, PASSWORD, Stage, code, outcome},
    tunnels::{Tunnel, within},
};
use protocol::{
    EndReason, Permission, Permissions, Secret, SessionId,
    agent::{SessionStart, TakeBack},
    operator::FilesCredential,
    problem::{Problem, ProblemCode},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::watch,
};
use tunnel::{Kind, Stream};

pub(crate) const FILES: [Permission; 2] = [Permission::FilesRead, Permission::FilesWrite];

pub(crate) fn folder(session: &SessionId) -> String {
    format!("/operator/v1/sessions/{session}/files")
}

/// A request with the cookie, and with what makes it one of the console's.
pub(crate) fn ask(operator: &Operator, method: &str, session: &SessionId, path: &str) -> RequestBuilder {
    let url = format!("{}{}{path}", operator.url, folder(session));
    let request = operator.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    request.header("X-CSRF-Token", operator.me.csrf_token.expose())
}

pub(crate) async fn sent(request: RequestBuilder) -> Response {
    within(request.send()).await.unwrap()
}

async fn refused(request: RequestBuilder) -> ProblemCode {
    code(outcome::<()>(sent(request).await).await)
}

async fn credential(operator: &Operator, session: &SessionId) -> Result<FilesCredential, Problem> {
    operator.post(&format!("sessions/{session}/files-credential"), &()).await
}

fn with_password(method: &str, known: &FilesCredential, path: &str) -> RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Client::new().request(method, format!("{}{path}", known.url));
    request.basic_auth(&known.user_name, Some(known.password.expose()))
}

/// A request as it arrives at the access process.
pub(crate) struct Arrived {
    pub(crate) head: String,
    pub(crate) stream: Stream,
}

impl Arrived {
    pub(crate) async fn at(tunnel: &mut Tunnel) -> Self {
        let (kind, mut stream) = within(tunnel.incoming.next()).await.expect("the tunnel is over");
        assert_eq!(kind, Kind::Files);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within(stream.read_u8()).await.unwrap());
        }
        Self { head: String::from_utf8(head).unwrap(), stream }
    }

    pub(crate) async fn answer(&mut self, text: &str) {
        within(self.stream.write_all(text.as_bytes())).await.unwrap();
        within(self.stream.flush()).await.unwrap();
    }

    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }
}

/// Serves a folder through the tunnel, as an access process does.
fn serve(mut tunnel: Tunnel, session: &SessionId) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("Downloads");
    std::fs::create_dir(&root).unwrap();
    let trash = Some(home.path().join("data/Trash"));
    let origin = "https://support.example/".into();
    let rules = files::Rules { origin, trash, ..files::Rules::default() };
    let shared = Arc::new(files::Folder::open(&root, rules).unwrap());
    let prefix = folder(session);
    tokio::spawn(async move {
        let may = watch::Sender::new(files::May { read: true, write: true });
        while let Some((_, stream)) = tunnel.incoming.next().await {
            let (shared, prefix, may) = (shared.clone(), prefix.clone(), may.subscribe());
            tokio::spawn(async move { files::serve(stream, shared, may, &prefix, |_| ()).await });
        }
    });
    (home, root)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_read_written_and_moved_through_the_service() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, FILES).await;
    let session = &start.session_id;
    let (_home, root) = serve(Tunnel::open(&agent, &start).await, session);
    std::fs::write(root.join("häufig gefragt.txt"), "forty-two").unwrap();

    let listed = sent(ask(&olivia, "PROPFIND", session, "/").header("depth", "1")).await;
    assert_eq!(listed.status(), StatusCode::MULTI_STATUS);
    assert_eq!(listed.headers()[header::CONTENT_TYPE], "application/xml; charset=utf-8");
    let listed = listed.text().await.unwrap();
    assert!(listed.contains(&format!("{}/h%C3%A4ufig%20gefragt.txt", folder(session))), "{listed}");

    let read =
        sent(ask(&olivia, "GET", session, "/h%C3%A4ufig%20gefragt.txt").header("range", "bytes=6-")).await;
    assert_eq!(read.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(read.headers()[header::CONTENT_RANGE], "bytes 6-8/9");
    assert_eq!(read.text().await.unwrap(), "two");
    let looked = sent(ask(&olivia, "HEAD", session, "/h%C3%A4ufig%20gefragt.txt")).await;
    assert_eq!(looked.headers()[header::CONTENT_LENGTH], "9");

    let known = credential(&olivia, session).await.unwrap();
    assert_eq!(known.url, format!("{}{}/", olivia.url, folder(session)));
    assert_eq!(sent(with_password("MKCOL", &known, "new")).await.status(), StatusCode::CREATED);
    let put = with_password("PUT", &known, "new/a.txt").body("for you");
    assert_eq!(sent(put).await.status(), StatusCode::CREATED);
    let moved =
        with_password("MOVE", &known, "new/a.txt").header("destination", format!("{}b.txt", known.url));
    assert_eq!(sent(moved).await.status(), StatusCode::CREATED);
    assert_eq!(std::fs::read_to_string(root.join("b.txt")).unwrap(), "for you");
    let locked = with_password("LOCK", &known, "b.txt").body(
        r#"<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"#,
    );
    let token = sent(locked).await.headers()["lock-token"].to_str().unwrap().to_owned();
    assert_eq!(sent(with_password("DELETE", &known, "b.txt")).await.status(), StatusCode::LOCKED);
    let unlocked = with_password("UNLOCK", &known, "b.txt").header("lock-token", token);
    assert_eq!(sent(unlocked).await.status(), StatusCode::NO_CONTENT);
    let missing = sent(with_password("GET", &known, "missing")).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(sent(with_password("OPTIONS", &known, "")).await.headers()["dav"], "1, 2, 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sessions_own_operator_reaches_files_while_they_are_granted() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let others = stage.admin().add_organisation("Example Rival", None).unwrap();
    stage.admin().add_operator(&others.id, "rita", "Rita Example", &Secret::new(PASSWORD)).unwrap();
    let rita = Operator::sign_in(&olivia.url, "rita").await;
    let (agent, start) = stage.started(&olivia, [Permission::View, Permission::FilesRead]).await;
    let session = &start.session_id;
    let address = format!("{}{}/", olivia.url, folder(session));

    let stranger = sent(Client::new().get(&address)).await;
    assert!(stranger.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "));
    assert_eq!(code(outcome::<()>(stranger).await), ProblemCode::Unauthenticated);
    let browser = sent(Client::new().get(&address).header("sec-fetch-site", "same-origin")).await;
    assert_eq!(browser.headers()[header::WWW_AUTHENTICATE], "Bearer", "no dialog comes up");
    assert_eq!(refused(ask(&oscar, "GET", session, "/")).await, ProblemCode::Forbidden, "a colleague");
    assert_eq!(refused(ask(&rita, "GET", session, "/")).await, ProblemCode::NotFound, "another organisation");
    assert_eq!(refused(ask(&olivia, "GET", &"never".parse().unwrap(), "/")).await, ProblemCode::NotFound);
    assert_eq!(code(credential(&oscar, session).await), ProblemCode::Forbidden);
    assert_eq!(code(credential(&rita, session).await), ProblemCode::NotFound);

    for foreign in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        for method in ["GET", "PROPFIND", "PUT"] {
            let request = ask(&olivia, method, session, "/a").header(foreign.0, foreign.1);
            assert_eq!(refused(request).await, ProblemCode::Forbidden, "{method} {foreign:?}");
        }
    }
    for method in ["PUT", "MKCOL", "COPY", "MOVE", "DELETE", "LOCK", "UNLOCK", "PROPPATCH"] {
        assert_eq!(refused(ask(&olivia, method, session, "/a")).await, ProblemCode::NotGranted, "{method}");
        let bare = olivia.client.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
        assert_eq!(refused(bare).await, ProblemCode::Forbidden, "{method} without X-CSRF-Token");
    }
    for method in ["POST", "PATCH", "TRACE", "SEARCH", "REPORT", "get"] {
        let answer = sent(ask(&olivia, method, session, "/a")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(answer.headers()[header::ALLOW].to_str().unwrap().contains("PROPFIND"));
    }

    let known = credential(&olivia, session).await.unwrap();
    agent.end(session, EndReason::User).await.unwrap();
    assert_eq!(refused(ask(&olivia, "GET", session, "/")).await, ProblemCode::SessionEnded);
    assert_eq!(refused(with_password("GET", &known, "")).await, ProblemCode::Unauthenticated);
    assert_eq!(code(credential(&olivia, session).await), ProblemCode::SessionEnded);
    let (_agent, session) = stage.session(&olivia, [Permission::View]).await;
    assert_eq!(refused(ask(&olivia, "OPTIONS", &session, "/")).await, ProblemCode::NotGranted);
    assert_eq!(code(credential(&olivia, &session).await), ProblemCode::NotGranted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_wrong_whatever_else_comes_with_it() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_agent, start) = stage.started(&olivia, FILES).await;
    let (_other_agent, other) = stage.started(&olivia, FILES).await;
    let session = &start.session_id;
    let known = credential(&olivia, session).await.unwrap();
    let others = credential(&olivia, &other.session_id).await.unwrap();
    assert_eq!(known.password.expose().len(), 43);

    let with_cookie = || ask(&olivia, "GET", session, "/");
    let (name, password) = (known.user_name.as_str(), known.password.expose());
    for (what, request) in [
        ("nothing", with_cookie().basic_auth(name, Some(""))),
        ("nonsense", with_cookie().basic_auth(name, Some("x"))),
        ("another user", with_cookie().basic_auth("olivia", Some(password))),
        ("the operator's password", with_cookie().basic_auth("olivia", Some(PASSWORD))),
        ("another session's", with_cookie().basic_auth(name, Some(others.password.expose()))),
        ("another session's", with_cookie().basic_auth(&others.user_name, Some(others.password.expose()))),
        ("as a token", with_cookie().bearer_auth(password)),
        ("the ticket", with_cookie().basic_auth(name, Some(start.tunnel_ticket.expose()))),
        ("no Base64", with_cookie().header(header::AUTHORIZATION, "Basic ???")),
        ("twice", with_cookie().basic_auth(name, Some(password)).basic_auth(name, Some(password))),
    ] {
        let answer = sent(request).await;
        assert!(answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "), "{what}");
        assert_eq!(code(outcome::<()>(answer).await), ProblemCode::Unauthenticated, "{what}");
    }
    let elsewhere = Client::new().get(format!("{}/operator/v1/me", olivia.url));
    let elsewhere = elsewhere.basic_auth(name, Some(password));
    assert_eq!(refused(elsewhere).await, ProblemCode::Unauthenticated, "it opens nothing else");

    let tries = (0..400).map(|_| Client::new().get(&known.url).basic_auth(name, Some("x")).send());
    let answers = futures_util::future::join_all(tries).await;
    let limited = answers.iter().filter(|answer| answer.as_ref().unwrap().status() == 429).count();
    assert!(limited > 0, "guesses are slowed down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_void_after_another_and_after_the_sign_in() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let (agent, start) = stage.started(&oscar, FILES).await;
    let session = &start.session_id;
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let older = credential(&oscar, session).await.unwrap();
    let running = tokio::spawn(sent(with_password("GET", &older, "a")));
    let mut arrived = Arrived::at(&mut tunnel).await;
    let newer = credential(&oscar, session).await.unwrap();
    assert_eq!(within(running).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert!(within(arrived.stream.read_u8()).await.is_err(), "and at the computer it is over");
    assert_eq!(refused(with_password("GET", &older, "")).await, ProblemCode::Unauthenticated);

    let running = tokio::spawn(sent(with_password("GET", &newer, "a")));
    let _arrived = Arrived::at(&mut tunnel).await;
    oscar.post::<()>("sign-out", &()).await.unwrap();
    assert_eq!(within(running).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused(with_password("GET", &newer, "")).await, ProblemCode::Unauthenticated);

    let oscar = Operator::sign_in(&olivia.url, "oscar").await;
    let known = credential(&oscar, session).await.unwrap();
    let path = format!("operators/{}", oscar.me.operator.id);
    olivia.patch::<serde_json::Value>(&path, &serde_json::json!({ "disabled": true })).await.unwrap();
    assert_eq!(refused(with_password("GET", &known, "")).await, ProblemCode::Unauthenticated);
}

/// A download of which half has arrived.
async fn downloading(olivia: &Operator, agent: &Agent, start: &SessionStart) -> (Tunnel, Arrived, Response) {
    let mut tunnel = Tunnel::open(agent, start).await;
    let asking = tokio::spawn(sent(ask(olivia, "GET", &start.session_id, "/a")));
    let mut arrived = Arrived::at(&mut tunnel).await;
    arrived.answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
    let mut response = within(asking).await.unwrap();
    assert_eq!(within(response.chunk()).await.unwrap().unwrap(), "hello");
    (tunnel, arrived, response)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_cut_at_once() {
    let stage = Stage::new().await;
    for what in ["taken back", "ended", "signed out"] {
        let olivia = stage.olivia().await;
        let (agent, start) = stage.started(&olivia, FILES).await;
        let session = &start.session_id;
        let (_tunnel, mut arrived, mut response) = downloading(&olivia, &agent, &start).await;
        let begun = Instant::now();
        match what {
            "taken back" => {
                let granted = Permissions::from([Permission::FilesWrite]);
                let path = format!("sessions/{session}/permissions");
                agent.post::<()>(&path, &TakeBack { granted }).await.unwrap();
            }
            "ended" => agent.end(session, EndReason::User).await.unwrap(),
            _ => olivia.post::<()>("sign-out", &()).await.unwrap(),
        }
        assert!(within(response.chunk()).await.is_err(), "{what}: half a file is not taken for a whole one");
        assert!(within(arrived.stream.read_u8()).await.is_err(), "{what}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{what}: {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_waits_for_the_agent_and_not_for_ever() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, FILES).await;
    let session = &start.session_id;
    let begun = Instant::now();
    let problem = outcome::<()>(sent(ask(&olivia, "GET", session, "/a")).await).await.unwrap_err();
    assert_eq!((problem.status, problem.code), (503, ProblemCode::AgentUnreachable));
    assert!((10..13).contains(&begun.elapsed().as_secs()));

    let asking = tokio::spawn(sent(ask(&olivia, "GET", session, "/a")));
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let arrived = Arrived::at(&mut tunnel).await;
    drop((arrived, tunnel));
    let problem = outcome::<()>(within(asking).await.unwrap()).await.unwrap_err();
    assert_eq!(
        (problem.status, problem.code),
        (503, ProblemCode::AgentUnreachable),
        "lost before it answered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ninth_request_waits_for_its_turn() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, start) = stage.started(&olivia, FILES).await;
    let mut tunnel = Tunnel::open(&agent, &start).await;
    let known = credential(&olivia, &start.session_id).await.unwrap();
    let asking: Vec<_> = (0..9).map(|_| tokio::spawn(sent(with_password("GET", &known, "a")))).collect();
    let mut arrived = Vec::new();
    for _ in 0..8 {
        arrived.push(Arrived::at(&mut tunnel).await);
    }
    assert!(tokio::time::timeout(Duration::from_millis(300), tunnel.incoming.next()).await.is_err());
    arrived.pop().unwrap().answer("HTTP/1.1 204 No Content\r\n\r\n").await;
    arrived.push(Arrived::at(&mut tunnel).await);
    for mut arrived in arrived {
        arrived.answer("HTTP/1.1 204 No Content\r\n\r\n").await;
    }
    for asking in asking {
        assert_eq!(within(asking).await.unwrap().status(), StatusCode::NO_CONTENT);
    }
}
