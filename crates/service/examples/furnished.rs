//! A running service with something of everything in it, for programs that try its whole interface:
//! `cargo run -p service --example furnished`.
//!
//! The first line says, as JSON, where it listens, with which credentials it can be called, and what there is to ask for.
//! It ends with standard input. Guesses are counted and never too many, so that what is tried is not refused unseen.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails whoever started it")]

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;

use protocol::{
    DeviceId, GroupId, Permission, Permissions, Secret,
    agent::{AskForHelp, HelpAsked, SendMessage, SessionStart},
    event::MessageKind,
    operator::{
        AddEnrolmentToken, AddGroup, EnrolmentTokenAdded, EnrolmentView, PostMessage, RequestView, Target,
    },
};
use serde_json::{Map, Value, json};
use service::Limits;
use std::io;
use support::{Agent, Operator, PASSWORD, Stage, VIEW_AND_CHAT, approved};

/// So many agents have a session each, and so many are asked; as many again are there to be lost.
const EACH: usize = 3;

#[tokio::main]
async fn main() {
    let limits = Limits {
        codes_per_key: u32::MAX,
        codes_per_address: u32::MAX,
        codes_budget: u32::MAX,
        passwords_per_login_and_address: u32::MAX,
        passwords_per_login: u32::MAX,
        passwords_per_address: u32::MAX,
        ..Limits::default()
    };
    let stage = Stage::with_limits(limits).await;
    println!("{}", furnish(&stage).await);
    let _end = tokio::task::spawn_blocking(|| io::stdin().lines().last()).await;
    stage.running.shutdown().await;
}

/// Puts something of everything in, and tells what.
async fn furnish(stage: &Stage) -> Value {
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    // What shuts operators out is tried where nobody else works.
    let admin = stage.admin();
    let other = admin.add_organisation("Sample Care", None).unwrap();
    admin.add_operator(&other.id, "otto", "Otto Example", &Secret::new(PASSWORD)).unwrap();

    let (office, workshop) = (group(&olivia, "Office").await, group(&olivia, "Workshop").await);
    let tokens = format!("device-groups/{office}/enrolment-tokens");
    let token: EnrolmentTokenAdded = olivia.post(&tokens, &AddEnrolmentToken::default()).await.unwrap();
    let enrolled = async || {
        let mut agent = Agent::new(&stage.running.url);
        let device = agent.enrol(&token.enrolment_token).await.unwrap().device.device_id;
        (agent, device)
    };
    let mut agents = Vec::new();
    let (mut owners, mut tickets) = (Map::new(), Map::new());
    let mut things = async || {
        let (mut sessions, mut requests, mut help) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..EACH {
            let (agent, device) = enrolled().await;
            let start = session(&olivia, &agent, device).await;
            owners.insert(start.session_id.to_string(), agent.token.clone().into());
            tickets.insert(start.session_id.to_string(), start.tunnel_ticket.expose().into());
            sessions.push(start.session_id);
            agents.push(agent.token);

            let (agent, device) = enrolled().await;
            let request = olivia.ask(Target::Device(device), VIEW_AND_CHAT).await.unwrap();
            owners.insert(request.id.to_string(), agent.token.clone().into());
            requests.push(request.id);
            let text = "The printer hums.".into();
            help.push(agent.post::<HelpAsked>("help", &AskForHelp { text }).await.unwrap().help_id);
            agents.push(agent.token);
        }
        let (_, device) = enrolled().await;
        let invitation = olivia.invite().await;
        let token: EnrolmentTokenAdded = olivia.post(&tokens, &AddEnrolmentToken::default()).await.unwrap();
        json!({
            "device_id": [device],
            "help_id": help,
            "invitation_id": [invitation.id],
            "request_id": requests,
            "session_id": sessions,
            "token_id": [token.token.id],
        })
    };
    let (mut lasting, mut to_lose) = (things().await, things().await);
    (lasting["group_id"], to_lose["group_id"]) = (json!([office]), json!([workshop]));
    (lasting["operator_id"], to_lose["operator_id"]) =
        (json!([olivia.me.operator.id]), json!([oscar.me.operator.id]));
    let mut leaving = Vec::new();
    for _ in 0..EACH {
        leaving.push(stage.joined(&olivia).await.0.token);
    }
    let cursor = Agent { token: agents[0].clone(), ..Agent::new(&stage.running.url) }.snapshot().await.cursor;
    json!({
        "url": stage.running.url,
        "password": PASSWORD,
        "logins": { "administrator": "olivia", "elsewhere": "otto" },
        "agents": agents,
        "leaving": leaving,
        "owners": owners,
        "tickets": tickets,
        "cursor": cursor,
        "codes": [olivia.invite().await.session_code.unwrap().digits()],
        "lasting": lasting,
        "to_lose": to_lose,
    })
}

async fn group(olivia: &Operator, name: &str) -> GroupId {
    let group = AddGroup {
        name: name.into(),
        permissions: Permissions::from([Permission::View, Permission::Control, Permission::Chat]),
        requires_acceptance: false,
    };
    olivia.post::<EnrolmentView>("device-groups", &group).await.unwrap().group.id
}

/// A session in which something was said.
async fn session(olivia: &Operator, agent: &Agent, device: DeviceId) -> SessionStart {
    let request: RequestView = olivia.ask(Target::Device(device), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    let start = agent.report(&request.id, &receipt).await.unwrap().session.unwrap();
    let path = format!("sessions/{}/messages", start.session_id);
    let said = SendMessage { number: 1, text: "It hums.".into() };
    agent.post::<()>(&path, &said).await.unwrap();
    let said = PostMessage { kind: MessageKind::Chat, text: "Since when?".into() };
    olivia.post::<Value>(&path, &said).await.unwrap();
    start
}
