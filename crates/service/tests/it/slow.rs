//! Requests whose bodies arrive when their sender may no longer do what they ask.

use crate::support::{Agent, Operator, PASSWORD, PATIENCE, Stage, VIEW_AND_CHAT};
use protocol::{
    EndReason,
    agent::CancelRequest,
    operator::{CreateInvitation, InvitationView, RequestState, Target},
};
use reqwest::header;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A request of which the service has read all but the second half of the body.
struct HalfSent {
    stream: BufReader<TcpStream>,
    rest: Vec<u8>,
}

impl HalfSent {
    async fn new(
        stage: &Stage,
        method: &str,
        path: &str,
        credentials: &str,
        body: &impl serde::Serialize,
    ) -> Self {
        let body = serde_json::to_vec(body).unwrap();
        let (half, rest) = body.split_at(body.len() / 2);
        let stream = TcpStream::connect(stage.running.address).await.unwrap();
        let mut stream = BufReader::new(stream);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\nConnection: close\r\n{credentials}\r\n",
            stage.running.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // This is said when the body is wanted, and so after everything else was looked at.
        let mut line = String::new();
        tokio::time::timeout(PATIENCE, stream.read_line(&mut line)).await.unwrap().unwrap();
        assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
        stream.write_all(half).await.unwrap();
        stream.flush().await.unwrap();
        Self { stream, rest: rest.to_vec() }
    }

    /// Sends the rest, and gives the status of the answer.
    async fn finish(mut self) -> u16 {
        self.stream.write_all(&self.rest).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(PATIENCE, self.stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        let status = answer.trim_start().strip_prefix("HTTP/1.1 ").unwrap();
        status[..3].parse().unwrap()
    }
}

/// Signs in, and gives what goes with every request.
async fn credentials(stage: &Stage, login: &str) -> String {
    let client = reqwest::Client::new();
    let body = json!({ "login": login, "password": PASSWORD });
    let request = client.post(format!("{}/operator/v1/sign-in", stage.running.url)).json(&body);
    let response = request.send().await.unwrap();
    let cookie =
        response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me: protocol::operator::Me = response.json().await.unwrap();
    format!("Cookie: {cookie}\r\nX-CSRF-Token: {}\r\n", me.csrf_token.expose())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_is_disabled_meanwhile_is_refused() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let known = credentials(&stage, "oscar").await;
    let body = CreateInvitation { label: Some("too late".into()), ..CreateInvitation::default() };
    let begun = HalfSent::new(&stage, "POST", "/operator/v1/invitations", &known, &body).await;
    let in_time = HalfSent::new(&stage, "POST", "/operator/v1/invitations", &known, &body).await;
    assert_eq!(in_time.finish().await, 201);
    let path = format!("operators/{}", oscar.me.operator.id);
    olivia.patch::<serde_json::Value>(&path, &json!({ "disabled": true })).await.unwrap();
    assert_eq!(begun.finish().await, 401);
    let invitations: Vec<InvitationView> = olivia.get("invitations").await.unwrap();
    assert_eq!(invitations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_is_one_no_longer_is_refused() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let path = format!("operators/{}", oscar.me.operator.id);
    olivia.patch::<serde_json::Value>(&path, &json!({ "role": "administrator" })).await.unwrap();
    let known = credentials(&stage, "oscar").await;
    let wanted = json!({ "login": "friend", "name": "A Friend", "role": "administrator" });
    let adding = HalfSent::new(&stage, "POST", "/operator/v1/operators", &known, &wanted).await;
    let own = format!("/operator/v1/operators/{}", olivia.me.operator.id);
    let disabling = HalfSent::new(&stage, "PATCH", &own, &known, &json!({ "disabled": true })).await;
    olivia.patch::<serde_json::Value>(&path, &json!({ "role": "operator" })).await.unwrap();
    assert_eq!(adding.finish().await, 401);
    assert_eq!(disabling.finish().await, 401);
    let accounts: Vec<serde_json::Value> = olivia.get("operators").await.unwrap();
    assert_eq!(accounts.len(), 2);
    assert!(accounts.iter().all(|account| account["disabled"] == false));
    Operator::sign_in(&stage.running.url, "oscar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_token_was_replaced_meanwhile_is_refused() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let invitation = olivia.invite().await;
    let session_code = invitation.session_code.unwrap();
    let mut agent = Agent::new(&stage.running.url);
    agent.join(&session_code).await.unwrap();
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let known = format!("Authorization: Bearer {}\r\n", agent.token);
    let path = format!("/agent/v1/requests/{}/cancel", request.id);
    let body = CancelRequest { reason: EndReason::User };
    let begun = HalfSent::new(&stage, "POST", &path, &known, &body).await;
    agent.join(&session_code).await.unwrap();
    assert_eq!(begun.finish().await, 401);
    assert_eq!(olivia.request(&request.id).await.state, RequestState::Sent);
    let known = format!("Authorization: Bearer {}\r\n", agent.token);
    assert_eq!(HalfSent::new(&stage, "POST", &path, &known, &body).await.finish().await, 204);
}
