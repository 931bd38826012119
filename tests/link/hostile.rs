//! A service that means harm: it contradicts itself, repeats itself, invents approvals and sends more than anybody reads.

use crate::{
    NO_DISPLAY,
    between::{Between, Fault},
    faults::{json, peak_bytes},
    operator::{Service, until},
    stage::Disturbed,
    user::User,
};
use flate2::{Compression, write::GzEncoder};
use protocol::{Permissions, operator::Target};
use serde_json::{Value, json as value};
use std::io::Write as _;

const EVENTS: &str = "/agent/v1/events";

fn events(events: &[Value]) -> Fault {
    let answer = value!({ "cursor": "e0", "service_time": "2026-11-22T10:00:00Z", "events": events });
    json(&answer.to_string())
}

/// Lets the agent have these answers instead of the service's, each once, and then goes on as if nothing had been.
fn given(between: &Between, user: &User, answers: Vec<Fault>) {
    between.disturb_once(EVENTS, answers);
    until("all of it was answered", || (between.faults_left() == 0).then_some(()));
    user.until_tray("ready");
}

#[test]
fn a_service_that_contradicts_and_repeats_itself_starts_nothing_and_shows_nothing() {
    let stage = Disturbed::start();
    let Disturbed { service, between, user, agent } = &stage;
    let operator = service.operator();
    let device = operator.present_device();
    // A true request, to be sent again later and with parts of it changed.
    let request = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    let signed = until("the request is in the journal", || {
        user.journal().iter().find_map(|line| Some(line["signed_request"].as_str()?.to_owned()))
    });
    let told = |id: &str, signed: &str| {
        value!({
            "type": "request", "request_id": id, "signed_request": signed, "answer_within_secs": 120,
            "operator": { "id": "op1", "name": "Olivia Example" },
            "permissions": ["view", "control", "files_read", "files_write"],
        })
    };
    let (head, rest) = signed.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let session = "s-invented";
    given(
        between,
        user,
        vec![
            // Again, in another's name, without and with a signature that fits something else.
            events(&[told(request.id.as_str(), &signed), told(request.id.as_str(), &signed)]),
            events(&[told("r-invented", &signed)]),
            events(&[told("r-invented", &format!("{head}.{body}."))]),
            events(&[told("r-invented", &format!("{head}.{}.{signature}", body.to_uppercase()))]),
            // Approvals are nothing that a service can say.
            events(&[
                value!({ "type": "approved", "request_id": "r-invented", "session_id": session, "tunnel_ticket": "t" }),
                value!({ "type": "session_started", "session_id": session, "granted": ["view", "control"] }),
            ]),
            // Ends before beginnings, twice, and of what never was.
            events(&[
                value!({ "type": "session_ended", "session_id": session, "reason": "operator" }),
                value!({ "type": "request_withdrawn", "request_id": request.id }),
                value!({ "type": "request_withdrawn", "request_id": "r-invented" }),
                value!({ "type": "session_ended", "session_id": session, "reason": "organisation_suspended" }),
                value!({ "type": "operator_presence", "session_id": session, "present": true }),
                value!({ "type": "help_taken", "help_id": "h1", "operator": { "id": "op1", "name": "Olivia Example" } }),
                value!({
                    "type": "message", "session_id": session, "message_id": "m1", "kind": "note",
                    "text": "Press Approve", "sent_at": "2026-11-22T10:00:00Z",
                }),
            ]),
        ],
    );
    let journal = user.journal();
    let entries = |name: &str| journal.iter().filter(|line| line["entry"] == name).count();
    assert_eq!((entries("request_received"), entries("outcome")), (1, 1), "{journal:#?}");
    assert_eq!(entries("session_started"), 0);
    assert_eq!(children_of(agent.0.id()), Vec::<String>::new());
    assert!(!user.status()["view"].to_string().contains("Press Approve"));
    stage.works();
}

#[test]
fn deep_wide_and_compressed_answers_are_no_answers_and_cost_no_memory() {
    let stage = Disturbed::start();
    let Disturbed { between, user, agent, .. } = &stage;
    let deep = "[".repeat(1_000_000);
    let unknown = vec![value!({ "type": "later", "n": 1 }); 100_000];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let kibibytes = [b' '; 1024];
    for _ in 0..100 * 1024 {
        bomb.write_all(&kibibytes).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\nconnection: close\r\n";
    let head = format!("{head}content-length: {}\r\n\r\n", bomb.len());
    given(
        between,
        user,
        vec![
            json(&deep),
            json(&format!(r#"{{"cursor":"e0","service_time":"2026-11-22T10:00:00Z","events":{deep}"#)),
            events(&unknown),
            Fault::Bytes([head.as_bytes(), &bomb].concat()),
        ],
    );
    assert!(peak_bytes(agent.0.id()) < 64 * 1024 * 1024);
    stage.works();
}

/// Cut at every step, with the same request twice, and late: each exchange comes to the same end, once.
#[test]
fn whatever_happens_to_an_answer_on_its_way_everything_is_done_once() {
    let service = Service::start();
    let between = Between::start(service.address());
    between.disturb_once("/agent/v1/enrol", [Fault::Lost, Fault::Cut, Fault::Twice]);
    let user = User::through(&service, &between.url());
    let _agent = user.start();
    let operator = service.operator();
    let device = operator.present_device();
    for (path, faults) in [
        (EVENTS, vec![Fault::Lost, Fault::Cut]),
        (EVENTS, vec![Fault::Twice]),
        (EVENTS, vec![Fault::Late]),
        ("/shown", vec![Fault::Lost, Fault::Cut]),
        ("/shown", vec![Fault::Twice]),
        ("/outcome", vec![Fault::Lost, Fault::Cut]),
        ("/outcome", vec![Fault::Twice]),
        ("/outcome", vec![Fault::Late]),
    ] {
        between.disturb_once(path, faults.clone());
        user.until_tray("ready");
        let request = operator.ask(Target::Device(device.id.clone()), Permissions::all());
        assert_eq!(operator.outcome(&request), NO_DISPLAY, "{path} {faults:?}");
        let lines = || {
            let journal = user.journal();
            let of = |entry: &str| {
                let is = |line: &&Value| line["entry"] == entry && line["request_id"] == request.id.as_str();
                journal.iter().filter(is).count()
            };
            (of("request_received"), of("outcome"))
        };
        until("it is written down once", || (lines() == (1, 1)).then_some(()));
    }
    assert_eq!(operator.present_device().id, device.id, "enrolled once");
    let verified = user.say(&["receipt", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// The agent's child processes, by their command lines.
fn children_of(pid: u32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let line = |child: &str| std::fs::read_to_string(format!("/proc/{child}/cmdline")).ok();
    text.split_whitespace().filter_map(line).map(|line| line.replace('\0', " ")).collect()
}
