//! Answers that are late, broken, endless or somebody else's.

use crate::{
    between::Fault,
    operator::{until, until_within},
    stage::Disturbed,
};
use std::{io::ErrorKind, net::TcpListener, time::Duration};

const EVENTS: &str = "/agent/v1/events";
const OUTCOME: &str = "/outcome";

/// An answer of something that is not the service, or not itself.
fn answer(status: &str, headers: &str, body: &str) -> Fault {
    let length = body.len();
    Fault::Instead(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

pub(crate) fn json(body: &str) -> Fault {
    answer("200 OK", "content-type: application/json\r\n", body)
}

/// How much memory the agent has had at most.
pub(crate) fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn an_answer_that_is_no_answer_is_asked_for_again() {
    let stage = Disturbed::start();
    let Disturbed { between, user, agent, .. } = &stage;
    let faults = [
        Fault::Cut,
        Fault::Endless,
        json(""),
        json("null"),
        json("[]"),
        json(r#"{"cursor":7,"service_time":"2026-11-22T10:00:00Z","events":[]}"#),
        json(r#"{"cursor":"e1","service_time":"yesterday","events":[]}"#),
        json(r#"{"cursor":"e1","service_time":"2026-11-22T10:00:00Z","events":{"type":"request"}}"#),
        json(r#"{"cursor":"e1","service_time":"2026-11-22T10:00:00Z","events":[{"type":"request"}]}"#),
        answer("200 OK", "content-type: text/html\r\n", "<h1>Welcome to the guests' network</h1>"),
        answer("500 Broken", "", "not a problem document"),
        answer("502 Bad Gateway", "content-type: application/problem+json\r\n", r#"{"code":12}"#),
    ];
    for fault in faults {
        let disturbed = || between.seen(EVENTS).iter().filter(|seen| seen.disturbed).count();
        let before = disturbed();
        between.disturb(EVENTS, fault);
        // The second is asked for because the first was no answer.
        until("it is asked for again", || (disturbed() >= before + 2).then_some(()));
        user.until_tray("offline");
        between.lift();
        user.until_tray("ready");
    }
    // What never ends is not collected.
    assert!(peak_bytes(agent.0.id()) < 64 * 1024 * 1024);
    stage.works();
}

#[test]
fn an_answer_that_stops_in_the_middle_or_drips_for_ever_is_given_up() {
    // At once, because each of them takes the whole time.
    let stuck = [Fault::Stall, Fault::Drip].map(|fault| {
        let stage = Disturbed::start();
        stage.between.disturb_once(EVENTS, [fault]);
        until("an answer is begun", || (stage.between.faults_left() == 0).then_some(()));
        let asked = stage.between.seen(EVENTS).len();
        (stage, asked)
    });
    let patience = Duration::from_secs(40);
    for (stage, asked) in &stuck {
        let again = || (stage.between.seen(EVENTS).len() > *asked).then_some(());
        until_within(patience, "the agent asks again", again);
        stage.user.until_tray("ready");
        stage.works();
    }
}

#[test]
fn a_pause_that_is_asked_for_is_kept() {
    let stage = Disturbed::start();
    let Disturbed { between, user, .. } = &stage;
    let pause = Duration::from_secs(3);
    let waited = |path| {
        let gap = until("it is tried again", || {
            let seen = between.seen(path);
            let at = seen.iter().position(|seen| seen.disturbed)?;
            Some(seen.get(at + 1)?.at - seen[at].at)
        });
        assert!(gap >= pause, "{path} again after {gap:?}");
    };

    // What the service itself says, and what something before it says.
    let problem = r#"{"code":"rate_limited","title":"Too many requests","status":429,"retry_after_secs":3}"#;
    between.disturb_once(EVENTS, [answer("429 Wait", "content-type: application/problem+json\r\n", problem)]);
    waited(EVENTS);
    user.until_tray("ready");

    between.disturb_once(OUTCOME, [answer("429 Wait", "retry-after: 3\r\n", "slow down")]);
    user.until_tray("ready");
    stage.works();
    waited(OUTCOME);
}

#[test]
fn an_answer_in_the_services_place_does_not_silence_a_no() {
    let stage = Disturbed::start();
    let Disturbed { between, user, .. } = &stage;
    let sign_in = || answer("403 Forbidden", "content-type: text/html\r\n", "<h1>Please sign in</h1>");
    between.disturb_once(OUTCOME, [sign_in(), answer("404 Not Found", "", ""), sign_in()]);
    user.until_tray("ready");
    stage.works();
    assert_eq!(between.faults_left(), 0);
}

#[test]
fn a_redirect_to_another_host_is_not_followed() {
    let stage = Disturbed::start();
    let Disturbed { between, user, .. } = &stage;
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("location: http://{address}{EVENTS}\r\n");
        let before = between.seen(EVENTS).len();
        between.disturb(EVENTS, answer(status, &location, ""));
        user.until_tray("offline");
        until("it was tried twice", || (between.seen(EVENTS).len() >= before + 2).then_some(()));
        between.lift();
        user.until_tray("ready");
    }
    let location = format!("location: http://{address}/\r\n");
    between.disturb_once(OUTCOME, [answer("307 Temporary Redirect", &location, "")]);
    user.until_tray("ready");
    stage.works();
    assert_eq!(between.faults_left(), 0);
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the other host was called");
}
