//! Authorisation, route by route: the table must have every route of the interface's description, and each is tried with every
//! credential that must not open it.

use crate::support::{Agent, Operator, PASSWORD, PATIENCE, Stage, VIEW_AND_CHAT, outcome};
use Foreign::{Hidden, Own};
use protocol::{
    DeviceId, HelpId, Permission, Permissions, Secret,
    agent::{AskForHelp, HelpAsked},
    operator::{ChangeOperator, EnrolmentTokenAdded, Target},
    problem::ProblemCode,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// What somebody else's good credential finds at a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Foreign {
    /// What is their own: nothing in the call names a thing.
    Own,
    /// Nothing: the thing that is named is not theirs.
    Hidden,
}

/// Every route with what it is sent. Names in braces stand for things of the organisation Example Support.
const AGENT: &[(&str, Foreign, &str)] = &[
    ("get /agent/v1/branding/logo", Own, ""),
    ("get /agent/v1/events", Own, ""),
    ("post /agent/v1/help", Own, r#"{"text": "It is broken"}"#),
    ("delete /agent/v1/help", Own, ""),
    ("post /agent/v1/leave", Own, ""),
    ("post /agent/v1/requests/{request_id}/cancel", Hidden, r#"{"reason": "user"}"#),
    ("post /agent/v1/requests/{request_id}/outcome", Hidden, r#"{"receipt": "x"}"#),
    ("post /agent/v1/requests/{request_id}/shown", Hidden, ""),
    ("post /agent/v1/sessions/{session_id}/actions", Hidden, r#"{"actions": [], "remaining_secs": 60}"#),
    ("post /agent/v1/sessions/{session_id}/end", Hidden, r#"{"reason": "user"}"#),
    ("post /agent/v1/sessions/{session_id}/messages", Hidden, r#"{"number": 1, "text": "Hello"}"#),
    ("post /agent/v1/sessions/{session_id}/permissions", Hidden, r#"{"granted": []}"#),
];

/// Those that take no agent token and no sign-in: a code, a password, a ticket, a token of IT's.
const OTHERS: &[&str] = &[
    "post /agent/v1/enrol",
    "post /agent/v1/join",
    "post /agent/v1/lookup",
    "get /agent/v1/sessions/{session_id}/tunnel",
    "post /operator/v1/sign-in",
    "post /operator/v1/sign-in/passkey",
    "post /operator/v1/sign-in/passkey/confirm",
];

const OPERATOR: &[(&str, Foreign, &str)] = &[
    ("get /operator/v1/audit", Own, ""),
    ("get /operator/v1/device-groups", Own, ""),
    ("post /operator/v1/device-groups", Own, r#"{"name": "Lab", "permissions": ["view"]}"#),
    ("patch /operator/v1/device-groups/{group_id}", Hidden, r#"{"name": "Mine"}"#),
    ("post /operator/v1/device-groups/{group_id}/enrolment-tokens", Hidden, "{}"),
    ("get /operator/v1/devices", Own, ""),
    ("delete /operator/v1/devices/{device_id}", Hidden, ""),
    ("post /operator/v1/devices/{device_id}/accept", Hidden, ""),
    ("get /operator/v1/enrolment", Own, ""),
    ("delete /operator/v1/enrolment-tokens/{token_id}", Hidden, ""),
    ("get /operator/v1/help", Own, ""),
    ("delete /operator/v1/help/{help_id}", Hidden, ""),
    ("post /operator/v1/help/{help_id}/take", Hidden, ""),
    ("get /operator/v1/invitations", Own, ""),
    ("post /operator/v1/invitations", Own, "{}"),
    ("delete /operator/v1/invitations/{invitation_id}", Hidden, ""),
    ("get /operator/v1/live", Own, ""),
    ("get /operator/v1/me", Own, ""),
    ("post /operator/v1/me/passkeys", Own, r#"{"current_password": "x"}"#),
    ("post /operator/v1/me/passkeys/confirm", Own, r#"{"challenge": "x", "name": "x", "credential": {}}"#),
    ("post /operator/v1/me/passkeys/{passkey_id}/remove", Own, r#"{"current_password": "x"}"#),
    (
        "post /operator/v1/me/password",
        Own,
        r#"{"current_password": "x", "new_password": "one two three four"}"#,
    ),
    ("get /operator/v1/me/second-factor", Own, ""),
    ("post /operator/v1/me/second-factor", Own, r#"{"current_password": "x"}"#),
    ("post /operator/v1/me/second-factor/confirm", Own, r#"{"code": "x"}"#),
    ("post /operator/v1/me/second-factor/recovery-codes", Own, r#"{"current_password": "x", "code": "x"}"#),
    ("post /operator/v1/me/second-factor/remove", Own, r#"{"current_password": "x", "code": "x"}"#),
    ("get /operator/v1/operators", Own, ""),
    ("post /operator/v1/operators", Own, r#"{"login": "x", "name": "X", "role": "operator"}"#),
    ("patch /operator/v1/operators/{operator_id}", Hidden, r#"{"disabled": true}"#),
    ("post /operator/v1/operators/{operator_id}/one-time-password", Hidden, ""),
    ("delete /operator/v1/operators/{operator_id}/second-factor", Hidden, ""),
    ("get /operator/v1/organisation", Own, ""),
    ("put /operator/v1/organisation/branding", Own, "{}"),
    ("post /operator/v1/organisation/domain", Own, r#"{"domain": "x"}"#),
    ("post /operator/v1/organisation/domain-record", Own, r#"{"domain": "x"}"#),
    ("get /operator/v1/organisation/logo", Own, ""),
    ("put /operator/v1/organisation/logo", Own, ""),
    ("delete /operator/v1/organisation/logo", Own, ""),
    ("put /operator/v1/organisation/policy", Own, r#"{"second_factor_required": false}"#),
    (
        "post /operator/v1/requests",
        Hidden,
        r#"{"target": {"device": "{device_id}"}, "permissions": ["view"]}"#,
    ),
    ("get /operator/v1/requests/{request_id}", Hidden, ""),
    ("delete /operator/v1/requests/{request_id}", Hidden, ""),
    ("get /operator/v1/session-history", Own, ""),
    ("get /operator/v1/sessions", Own, ""),
    ("get /operator/v1/sessions/{session_id}", Hidden, ""),
    ("get /operator/v1/sessions/{session_id}/desktop", Hidden, ""),
    ("post /operator/v1/sessions/{session_id}/end", Hidden, ""),
    ("post /operator/v1/sessions/{session_id}/files-credential", Hidden, ""),
    ("get /operator/v1/sessions/{session_id}/files/{path}", Hidden, ""),
    ("get /operator/v1/sessions/{session_id}/messages", Hidden, ""),
    ("post /operator/v1/sessions/{session_id}/messages", Hidden, r#"{"kind": "chat", "text": "Hello"}"#),
    ("get /operator/v1/sessions/{session_id}/receipts", Hidden, ""),
    // Last, since it works.
    ("post /operator/v1/sign-out", Own, ""),
];

/// A thing of each kind, all of Example Support, by the names that paths have for them.
struct Things {
    by_name: BTreeMap<&'static str, String>,
    ticket: String,
    device: DeviceId,
    device_agent: Agent,
}

impl Things {
    async fn make(stage: &Stage, olivia: &Operator) -> Self {
        let admin = stage.admin();
        let most = Permissions::from([Permission::View, Permission::Chat]);
        let group = admin.add_group(&stage.organisation.id, "Office", most, false).unwrap();
        let path = format!("device-groups/{group}/enrolment-tokens");
        let token: EnrolmentTokenAdded = olivia.post(&path, &serde_json::json!({})).await.unwrap();
        let mut device_agent = Agent::new(&stage.running.url);
        let device = device_agent.enrol(&token.enrolment_token).await.unwrap().device.device_id;
        let help: HelpAsked =
            device_agent.post("help", &AskForHelp { text: "It is broken".into() }).await.unwrap();
        let help: HelpId = help.help_id;
        let request = olivia.ask(Target::Device(device.clone()), VIEW_AND_CHAT).await.unwrap();
        let (_, start) = stage.started(olivia, VIEW_AND_CHAT).await;
        let by_name = BTreeMap::from([
            ("{group_id}", group.to_string()),
            ("{token_id}", token.token.id.to_string()),
            ("{device_id}", device.to_string()),
            ("{help_id}", help.to_string()),
            ("{invitation_id}", olivia.invite().await.id.to_string()),
            ("{operator_id}", olivia.me.operator.id.to_string()),
            ("{request_id}", request.id.to_string()),
            ("{session_id}", start.session_id.to_string()),
            ("{path}", "notes.txt".to_owned()),
        ]);
        Self { by_name, ticket: start.tunnel_ticket.expose().to_owned(), device, device_agent }
    }

    fn fill(&self, text: &str) -> String {
        self.by_name.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    fn call(&self, client: &Client, url: &str, route: &str, body: &str) -> RequestBuilder {
        let (method, path) = route.split_once(' ').unwrap();
        let method: Method = method.to_uppercase().parse().unwrap();
        let mut request = client.request(method, format!("{url}{}", self.fill(path))).header("Origin", url);
        if path.ends_with("/desktop") || path.ends_with("/tunnel") {
            request = request
                .header("Connection", "upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("Sec-WebSocket-Protocol", "binary, ondemand-tunnel.v1");
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json").body(self.fill(body));
        }
        request
    }
}

/// The code of a refusal; nothing where the call was let through.
async fn refusal(request: RequestBuilder) -> Option<ProblemCode> {
    let answer = tokio::time::timeout(PATIENCE, request.send()).await.unwrap().unwrap();
    if answer.status().is_success() || answer.status().is_informational() {
        return None;
    }
    Some(outcome::<Value>(answer).await.unwrap_err().code)
}

fn with_csrf(request: RequestBuilder, operator: &Operator) -> RequestBuilder {
    request.header("X-CSRF-Token", operator.me.csrf_token.expose())
}

#[test]
fn the_table_has_every_route_and_no_other() {
    let document: Value = serde_json::from_str(&service::openapi().unwrap()).unwrap();
    let mut documented = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented.extend(item.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    let with_credentials = AGENT.iter().chain(OPERATOR).map(|(route, ..)| *route);
    let mut listed: Vec<_> = with_credentials.chain(OTHERS.iter().copied()).map(str::to_owned).collect();
    documented.sort();
    listed.sort();
    assert_eq!(listed, documented, "each route is in the table, with what a foreign credential finds there");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_reach_what_is_theirs_with_a_token_that_is_good() {
    let stage = Stage::new().await;
    let url = &stage.running.url;
    let olivia = stage.olivia().await;
    let things = Things::make(&stage, &olivia).await;
    let client = Client::new();
    let (another, _) = stage.joined(&olivia).await;
    for (route, foreign, body) in AGENT {
        let call = || things.call(&client, url, route, body);
        assert_eq!(refusal(call()).await, Some(ProblemCode::Unauthenticated), "{route}: no token");
        for wrong in ["x", "", things.ticket.as_str()] {
            let answer = refusal(call().bearer_auth(wrong)).await;
            assert_eq!(answer, Some(ProblemCode::Unauthenticated), "{route}: {wrong:?}");
        }
        if *foreign == Hidden {
            let answer = refusal(call().bearer_auth(&another.token)).await;
            assert_eq!(answer, Some(ProblemCode::NotFound), "{route}: another agent's token");
        }
    }
    let tunnel = || things.call(&client, url, "get /agent/v1/sessions/{session_id}/tunnel", "");
    assert_eq!(refusal(tunnel()).await, Some(ProblemCode::Unauthenticated));
    let answer = refusal(tunnel().bearer_auth(&things.device_agent.token)).await;
    assert_eq!(answer, Some(ProblemCode::Unauthenticated), "an agent's token is no ticket");

    // A retired device's token fetches what is pending for a quarter of an hour, and opens nothing after it.
    let path = format!("devices/{}", things.device);
    olivia.delete(&path).await.unwrap();
    let token = &things.device_agent.token;
    let help = things.call(&client, url, "post /agent/v1/help", r#"{"text": "Again"}"#);
    assert_eq!(refusal(help.bearer_auth(token)).await, Some(ProblemCode::Unauthenticated), "retired");
    stage.clock.advance(Duration::from_secs(15 * 60 + 1));
    for (route, _, body) in AGENT {
        let answer = refusal(things.call(&client, url, route, body).bearer_auth(token)).await;
        assert_eq!(answer, Some(ProblemCode::Unauthenticated), "{route}: retired for long");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_waits_to_be_accepted_is_asked_nothing_and_asks_nothing() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Careful", VIEW_AND_CHAT.into(), true).unwrap();
    let token = admin.create_enrolment_token(&group, None, None).unwrap();
    let mut agent = Agent::new(&stage.running.url);
    let device = agent.enrol(&token).await.unwrap().device;
    assert!(!device.accepted);
    let help = agent.post::<HelpAsked>("help", &AskForHelp { text: "It is broken".into() }).await;
    assert_eq!(help.unwrap_err().code, ProblemCode::DevicePending);
    let target = Target::Device(device.device_id.clone());
    let asked = olivia.ask(target.clone(), VIEW_AND_CHAT).await;
    assert_eq!(asked.unwrap_err().code, ProblemCode::DevicePending);
    olivia.post::<()>(&format!("devices/{}/accept", device.device_id), &()).await.unwrap();
    olivia.ask(target, VIEW_AND_CHAT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_reach_what_is_their_organisations_while_signed_in() {
    let stage = Stage::new().await;
    let url = &stage.running.url;
    let olivia = stage.olivia().await;
    let things = Things::make(&stage, &olivia).await;
    let admin = stage.admin();
    let other = admin.add_organisation("Sample Care", None).unwrap();
    admin.add_operator(&other.id, "otto", "Otto Example", &Secret::new(PASSWORD)).unwrap();
    let otto = Operator::sign_in(url, "otto").await;
    let nobody = Client::new();
    let revoked = stage.oscar().await;
    let disabled = ChangeOperator { disabled: Some(true), ..ChangeOperator::default() };
    let path = format!("operators/{}", revoked.me.operator.id);
    olivia.patch::<Value>(&path, &disabled).await.unwrap();

    for (route, foreign, body) in OPERATOR {
        let answer = refusal(with_csrf(things.call(&nobody, url, route, body), &olivia)).await;
        assert_eq!(answer, Some(ProblemCode::Unauthenticated), "{route}: no cookie");
        let as_agent = things.call(&nobody, url, route, body).bearer_auth(&things.device_agent.token);
        assert_eq!(refusal(as_agent).await, Some(ProblemCode::Unauthenticated), "{route}: an agent's token");
        let answer = refusal(with_csrf(things.call(&revoked.client, url, route, body), &revoked)).await;
        assert_eq!(answer, Some(ProblemCode::Unauthenticated), "{route}: disabled");
        if !route.starts_with("get ") {
            let answer = refusal(things.call(&otto.client, url, route, body)).await;
            assert_eq!(answer, Some(ProblemCode::Forbidden), "{route}: no CSRF token");
        }
        if *foreign == Hidden {
            let answer = refusal(with_csrf(things.call(&otto.client, url, route, body), &otto)).await;
            assert_eq!(answer, Some(ProblemCode::NotFound), "{route}: another organisation's administrator");
        }
    }
    stage.clock.advance(Duration::from_secs(12 * 60 * 60 + 1));
    for (route, _, body) in OPERATOR {
        let answer = refusal(with_csrf(things.call(&olivia.client, url, route, body), &olivia)).await;
        assert_eq!(answer, Some(ProblemCode::Unauthenticated), "{route}: the sign-in is over");
    }
}
