//! Files: what of a request reaches the agent, and what of its answer the operator.

use crate::{
    files::{Arrived, FILES, ask, folder, sent},
    support::{Operator, Stage, outcome},
    tunnels::{PIECE, Tunnel, pattern, within},
};
use protocol::{SessionId, problem::ProblemCode};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A session with a tunnel whose other end does what the test says.
struct Passing {
    stage: Stage,
    olivia: Operator,
    session: SessionId,
    tunnel: Tunnel,
}

impl Passing {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let olivia = stage.olivia().await;
        let (agent, start) = stage.started(&olivia, FILES).await;
        let tunnel = Tunnel::open(&agent, &start).await;
        Self { stage, olivia, session: start.session_id, tunnel }
    }

    fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        ask(&self.olivia, method, &self.session, path)
    }

    /// What arrives of a request, and what comes back of the answer.
    async fn pass(&mut self, request: RequestBuilder, answer: &str) -> (String, Response) {
        let asking = tokio::spawn(sent(request));
        let mut arrived = Arrived::at(&mut self.tunnel).await;
        arrived.answer(answer).await;
        let response = within(asking).await.unwrap();
        (arrived.head, response)
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.stage.running.address).await.unwrap()
    }

    /// The head of a request that is written by hand, without its last line.
    async fn by_hand(&self, line: &str) -> String {
        let known: protocol::operator::FilesCredential =
            self.olivia.post(&format!("sessions/{}/files-credential", self.session), &()).await.unwrap();
        let made = self.olivia.client.get("http://x.example");
        let made = made.basic_auth(&known.user_name, Some(known.password.expose())).build().unwrap();
        let authorization = made.headers()[header::AUTHORIZATION].to_str().unwrap();
        format!("{line}\r\nHost: {}\r\nAuthorization: {authorization}\r\n", self.stage.running.address)
    }
}

const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_sees_what_files_need_and_no_credentials() {
    let mut passing = Passing::new().await;
    let request = passing
        .ask("PROPFIND", "/a")
        .header("depth", "1")
        .header("if-none-match", "\"x\"")
        .header("user-agent", "somebody/1")
        .header("x-forwarded-for", "192.0.2.1")
        .header("destination", "/somewhere")
        .header("connection", "keep-alive, depth")
        .body("<propfind/>");
    let (head, _) = passing.pass(request, EMPTY).await;
    let mut lines: Vec<_> = head.lines().filter(|line| !line.is_empty()).map(str::to_lowercase).collect();
    lines[1..].sort_unstable();
    let path = folder(&passing.session);
    assert_eq!(lines[0], format!("propfind {path}/a http/1.1").to_lowercase());
    let rest = ["accept: */*", "content-length: 11", "depth: 1", "host: files", "if-none-match: \"x\""];
    assert_eq!(lines[1..], rest);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_computer_says_runs_or_stays_in_the_operators_browser() {
    let mut passing = Passing::new().await;
    let hostile = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\nSet-Cookie: a=b\r\n\
        Content-Disposition: inline\r\nContent-Security-Policy: script-src *\r\nAccess-Control-Allow-Origin: *\r\n\
        Cache-Control: public\r\nClear-Site-Data: \"*\"\r\nRefresh: 0;url=//evil.example\r\nService-Worker-Allowed: /\r\n\
        Location: //evil.example\r\nLink: <x>; rel=preload\r\nWWW-Authenticate: Basic\r\nETag: \"1\"\r\n\
        Last-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n\r\n<script>";
    for method in ["GET", "PROPFIND", "OPTIONS"] {
        let request = passing.ask(method, "/page.html");
        let (_, response) = passing.pass(request, hostile).await;
        let headers = response.headers().clone();
        assert_eq!(response.text().await.unwrap(), "<script>");
        let mut names: Vec<_> = headers.keys().map(header::HeaderName::as_str).collect();
        names.sort_unstable();
        let expected = [
            "cache-control",
            "content-disposition",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "date",
            "etag",
            "last-modified",
            "referrer-policy",
            "x-content-type-options",
        ];
        assert_eq!(names, expected);
        assert_eq!(headers[header::CONTENT_TYPE], "application/octet-stream");
        assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    }
    for (sent, received) in [
        ("application/xml;charset=x", "application/xml; charset=utf-8"),
        ("text/xml", "application/xml; charset=utf-8"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/problem+json", "application/problem+json"),
    ] {
        let request = passing.ask("GET", "/a");
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: {sent}\r\nContent-Length: 0\r\n\r\n");
        let (_, response) = passing.pass(request, &answer).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], received);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_of_a_folder_is_not_passed_on() {
    let mut passing = Passing::new().await;
    for odd in [
        "HTTP/1.1 302 Found\r\nLocation: https://evil.example\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
        "RFB 003.008\n\n\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let request = passing.ask("GET", "/a");
        let (_, response) = passing.pass(request, odd).await;
        let problem = outcome::<()>(response).await.unwrap_err();
        assert_eq!((problem.status, problem.code), (502, ProblemCode::AgentUnreachable), "{odd}");
    }
    // What comes after the answer is nobody's.
    let request = passing.ask("GET", "/a");
    let answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad";
    let (_, response) = passing.pass(request, answer).await;
    assert_eq!(response.text().await.unwrap(), "ok");
    let request = passing.ask("GET", "/b");
    let (head, response) = passing.pass(request, EMPTY).await;
    assert!(head.contains("/files/b "));
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_lies_in_the_same_sessions_folder() {
    let mut passing = Passing::new().await;
    let path = folder(&passing.session);
    let url = passing.olivia.url.clone();
    for destination in [format!("{path}/b%2F..%2f%2e"), format!("{url}{path}/b%2F..%2f%2e")] {
        let request = passing.ask("MOVE", "/a").header("destination", destination);
        let (head, _) = passing.pass(request, EMPTY).await;
        assert!(head.contains(&format!("destination: {path}/b%2F..%2f%2e\r\n")), "{head}");
    }
    for (destination, status) in [
        (format!("https://evil.example{path}/b"), 502),
        (format!("//evil.example{path}/b"), 502),
        (format!("ftp://{}{path}/b", passing.stage.running.address), 502),
        (format!("{url}/operator/v1/sessions/other/files/b"), 502),
        (format!("{path}system/b"), 502),
        ("/b".to_owned(), 502),
        ("b".to_owned(), 502),
        ("http://[".to_owned(), 400),
        (String::new(), 400),
    ] {
        let problem =
            outcome::<()>(sent(passing.ask("COPY", "/a").header("destination", &destination)).await);
        assert_eq!(problem.await.unwrap_err().status, status, "{destination}");
    }
    assert_eq!(sent(passing.ask("COPY", "/a")).await.status(), 400, "none");
    let twice = passing.ask("COPY", "/a").header("destination", format!("{path}/b"));
    assert_eq!(sent(twice.header("destination", format!("{path}/c"))).await.status(), 400, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_passed_on_as_they_came() {
    let mut passing = Passing::new().await;
    let path = folder(&passing.session);
    for rest in ["", "/", "//", "/a%2fb/..%2F%2e%2E//../c/./d", "/%ff%00", "/a?b=c", "/../../x/files/y"] {
        for host in ["", "http://evil.example"] {
            let head = passing.by_hand(&format!("GET {host}{path}{rest} HTTP/1.1")).await;
            let mut stream = passing.connect().await;
            stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
            let mut arrived = Arrived::at(&mut passing.tunnel).await;
            assert_eq!(arrived.line(), format!("GET {path}{rest} HTTP/1.1"));
            assert!(!arrived.head.contains("evil"));
            arrived.answer(EMPTY).await;
            let mut answer = String::new();
            within(stream.read_to_string(&mut answer)).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        }
    }
    // The prefix is taken literally.
    let id = passing.session.as_str();
    let encoded = format!("%{:02x}{}", id.as_bytes()[0], &id[1..]);
    for other in
        [path.replace(id, &encoded), path.replace("/files", "/%66iles"), path.replace("/v1/", "/v1//")]
    {
        let head = passing.by_hand(&format!("PUT {other}/a HTTP/1.1")).await;
        let mut stream = passing.connect().await;
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.unwrap();
        let status: u16 = answer["HTTP/1.1 ".len()..][..3].parse().unwrap();
        assert!([404, 405].contains(&status), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_within_a_request_stays_within_it() {
    let mut passing = Passing::new().await;
    let path = folder(&passing.session);
    let inner = format!("DELETE {path}/b HTTP/1.1\r\nHost: files\r\n\r\n");
    let chunked = format!("{:x}\r\n{inner}\r\n0\r\nX-Trailer: 1\r\n\r\n", inner.len());
    let head = passing.by_hand(&format!("PUT {path}/a HTTP/1.1")).await;
    let lengths = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", chunked.len());
    let twice = format!("Content-Length: 1\r\nContent-Length: {}\r\n", inner.len());
    let obscure = "Transfer-Encoding: chunked, identity\r\n";
    for framing in [&lengths, &twice, obscure] {
        let mut stream = passing.connect().await;
        let text = format!("{head}Connection: close\r\n{framing}\r\n{chunked}");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let serving = async {
            // Refused by the service, or passed on with one reading.
            let mut arrived = Arrived::at(&mut passing.tunnel).await;
            let lower = arrived.head.to_lowercase();
            assert!(
                lower.contains("transfer-encoding: chunked") && !lower.contains("content-length"),
                "{lower}"
            );
            let mut body = vec![0; format!("{:X}\r\n{inner}\r\n0\r\n\r\n", inner.len()).len()];
            within(arrived.stream.read_exact(&mut body)).await.unwrap();
            assert!(String::from_utf8(body).unwrap().ends_with(&format!("{inner}\r\n0\r\n\r\n")));
            arrived.answer(EMPTY).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            read = within(stream.read_to_string(&mut answer)) => { read.unwrap(); }
            () = serving => {}
        }
        assert!(
            answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 204"),
            "{framing}{answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    }
    let waiting = tokio::time::timeout(Duration::from_millis(300), passing.tunnel.incoming.next());
    assert!(waiting.await.is_err(), "nothing else arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_mebibytes_arrive_as_they_were_sent_in_both_directions() {
    const SIZE: usize = 64 << 20;
    let mut passing = Passing::new().await;
    let mut whole = vec![0; SIZE];
    pattern(0, &mut whole);
    let asking = tokio::spawn(passing.ask("PUT", "/a").body(whole.clone()).send());
    let mut arrived = Arrived::at(&mut passing.tunnel).await;
    assert!(arrived.head.to_lowercase().contains(&format!("content-length: {SIZE}\r\n")), "{}", arrived.head);
    let mut piece = vec![0; PIECE];
    for expected in whole.chunks(PIECE) {
        within(arrived.stream.read_exact(&mut piece)).await.unwrap();
        assert!(piece == expected);
    }
    arrived.answer(EMPTY).await;
    assert_eq!(within(asking).await.unwrap().unwrap().status(), StatusCode::NO_CONTENT);

    let asking = tokio::spawn(sent(passing.ask("GET", "/a")));
    let mut arrived = Arrived::at(&mut passing.tunnel).await;
    arrived.answer(&format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n")).await;
    let mut response = within(asking).await.unwrap();
    // While nobody reads, the computer waits.
    let mut taken = 0;
    while let Ok(count) = tokio::time::timeout(
        Duration::from_secs(1),
        arrived.stream.write(&whole[taken..(taken + PIECE).min(SIZE)]),
    )
    .await
    {
        taken += count.unwrap();
        assert!(taken < 32 << 20, "somebody keeps it all");
    }
    let rest = whole[taken..].to_vec();
    let sending = tokio::spawn(async move {
        arrived.stream.write_all(&rest).await.unwrap();
        arrived.stream.flush().await.unwrap();
        arrived
    });
    let mut at = 0;
    while let Some(chunk) = within(response.chunk()).await.unwrap() {
        assert!(whole[at..at + chunk.len()] == chunk[..], "at {at}");
        at += chunk.len();
    }
    assert_eq!(at, SIZE);
    within(sending).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_does_not_read_holds_up_the_upload_and_one_that_refuses_ends_it() {
    let mut passing = Passing::new().await;
    let asking = tokio::spawn(passing.ask("PUT", "/a").body(vec![7; 64 << 20]).send());
    let mut arrived = Arrived::at(&mut passing.tunnel).await;
    let other = passing.ask("GET", "/b");
    let (_, response) = passing.pass(other, EMPTY).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT, "others are not held up");
    assert!(!asking.is_finished());
    arrived.answer("HTTP/1.1 507 Full\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    drop(arrived);
    // Whether the answer is read before the connection breaks off is the client's luck.
    if let Ok(response) = within(asking).await.unwrap() {
        assert_eq!(response.status(), StatusCode::INSUFFICIENT_STORAGE);
    }
}
