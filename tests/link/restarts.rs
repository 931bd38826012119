//! What is left, and what is taken up again, when either end is stopped, killed, or put back to an earlier state.

use crate::{
    NO_DISPLAY,
    between::{Between, Fault},
    operator::{Service, until},
    stage::works,
    user::User,
};
use protocol::{Permissions, agent::AskForHelp, operator::Target, signed::ReceiptTerms};
use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn an_agent_that_was_killed_is_the_same_device_and_hears_nothing_twice() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let first = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    operator.outcome(&first);
    let lines_of = |id: &str| user.journal().iter().filter(|line| line["request_id"] == id).count();
    until("the first request is in the journal", || (lines_of(first.id.as_str()) == 2).then_some(()));
    drop(agent);

    let _agent = user.start();
    assert_eq!(operator.present_device().id, device.id);
    let second = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&second), NO_DISPLAY);
    until("both requests are in the journal", || (lines_of(second.id.as_str()) == 2).then_some(()));
    assert_eq!(lines_of(first.id.as_str()), 2, "{:#?}", user.journal());
}

#[test]
fn an_agent_whose_service_is_restarted_says_so_and_comes_back() {
    let mut service = Service::start();
    let user = User::of(&service);
    let _agent = user.start();
    let device = service.operator().present_device();
    let address = service.address();
    service.stop();
    user.until_tray("offline");
    service.listen(address);
    user.until_tray("ready");
    let operator = service.operator();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
}

#[test]
fn a_service_that_was_restored_from_a_backup_is_caught_up_with() {
    let mut service = Service::start();
    let user = User::of(&service);
    let _agent = user.start();
    let device = service.operator().present_device();
    let (address, backup) = (service.address(), tempfile::tempdir().unwrap());
    service.stop();
    service.back_up(backup.path());
    service.listen(address);
    // An event that the backup knows nothing of: the agent's cursor is ahead of it.
    user.until_tray("ready");
    service.as_agent(&user.agent_token(), "help", &AskForHelp { text: "the printer".into() });
    service.operator().take_help();
    service.stop();
    user.until_tray("offline");
    service.restore(backup.path());
    service.listen(address);

    user.until_tray("ready");
    let operator = service.operator();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
}

#[test]
fn a_request_for_help_is_shown_again_after_a_restart() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    // The agent has taken events in, so that it would have something to go on after.
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    operator.outcome(&request);
    let help = || user.status()["view"]["screen"]["help"]["help"].clone();
    assert!(help().is_null());
    drop(agent);
    // No window to ask from here: said with the agent's token, as its window would have let it say.
    service.as_agent(&user.agent_token(), "help", &AskForHelp { text: "the printer".into() });

    let agent = user.start();
    until("the request for help is shown again", || (help() == "queued").then_some(()));
    operator.take_help();
    until("it is taken up", || (help() == "taken").then_some(()));
    drop(agent);
    let _agent = user.start();
    until("who took it up is shown again", || {
        let screen = user.status()["view"]["screen"].clone();
        (screen["help"]["operator_name"] == "Olivia Example").then_some(())
    });
}

#[test]
fn a_device_on_a_copied_disk_gets_a_key_of_its_own_and_is_a_device_again() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let asked = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    operator.outcome(&asked);
    until("the receipt is in the journal", || {
        user.journal().iter().any(|line| line["receipt"].is_string()).then_some(())
    });
    drop(agent);
    let key = fs::read(user.data("key.pk8")).unwrap();

    // Two computers with its token take turns.
    let token = user.agent_token();
    for run in ["one", "two", "one", "two", "one"] {
        service.poll_as_agent(&token, run);
    }
    let agent = user.start();
    until("it is not the device any more", || (!user.data("credential.json").exists()).then_some(()));
    until("the user is told", || (idle_problem(&user)?["problem"] == "device_retired").then_some(()));
    drop(agent);

    let _agent = user.start();
    let again = operator.present_device();
    assert_ne!(again.id, device.id);
    assert_ne!(fs::read(user.data("key.pk8")).unwrap(), key);
    let request = operator.ask(Target::Device(again.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY, "the receipt is one of the new key");
    let receipt = until("the receipt is in the journal", || {
        let line = user
            .journal()
            .into_iter()
            .find(|line| line["entry"] == "outcome" && line["request_id"] == request.id.as_str())?;
        Some(line["receipt"].as_str()?.to_owned())
    });
    let terms: ReceiptTerms = crypto::peek(&receipt).unwrap();
    assert_eq!(
        (terms.number, terms.follows.unwrap().end.number),
        (1, 1),
        "it goes on from the old key's chain"
    );
}

/// What the agent says of why it is idle.
fn idle_problem(user: &User) -> Option<Value> {
    let status: Value = serde_json::from_slice(&user.say(&["status", "--json"]).stdout).ok()?;
    Some(status["view"]["screen"]["problem"].clone()).filter(|problem| !problem.is_null())
}

#[test]
fn a_computer_whose_enrolment_token_is_no_good_says_so() {
    let service = Service::start();
    let user = User::of(&service);
    fs::write(user.path("token"), "A".repeat(43)).unwrap();
    let _agent = user.start();
    let problem = until("the user is told", || idle_problem(&user));
    assert_eq!(problem["problem"], "not_enrolled");
    assert!(problem["detail"].as_str().unwrap().contains("token"), "{problem}");
}

#[test]
fn a_service_that_calls_every_key_a_copy_is_believed_once() {
    let service = Service::start();
    let between = Between::start(service.address());
    let problem = r#"{"code":"key_cloned","title":"Key found on two computers","status":403}"#;
    let length = problem.len();
    let cloned = format!(
        "HTTP/1.1 403 No\r\ncontent-type: application/problem+json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{problem}"
    );
    let user = User::through(&service, &between.url());
    between.disturb("/enrol", Fault::Instead(cloned));
    let mut agent = user.start();
    let log = || fs::read_to_string(user.path("stderr")).unwrap();
    until("the second refusal is said", || log().contains("this computer is no device").then_some(()));
    let renewed = fs::read(user.data("key.pk8")).unwrap();
    assert_eq!(log().matches("made a key").count(), 1);
    assert_eq!(between.seen("/enrol").len(), 2, "one try with each key");
    assert!(user.say(&["status"]).status.success() && agent.0.try_wait().unwrap().is_none());
    drop(agent);

    between.lift();
    let _agent = user.start();
    works(&service);
    assert_eq!(fs::read(user.data("key.pk8")).unwrap(), renewed);
}

#[test]
fn there_is_one_agent_a_user_and_it_ends_when_told() {
    let service = Service::start();
    let user = User::of(&service);
    assert_eq!(user.say(&["status"]).status.code(), Some(4));
    let mut agent = user.start();
    let second = user.say(&["run", "--service-url", &user.service_url]);
    assert!(second.status.success());
    assert!(String::from_utf8_lossy(&second.stdout).contains("running already"));
    assert!(user.say(&["quit"]).status.success());
    let ended = until("the agent ends", || agent.0.try_wait().unwrap());
    assert!(ended.success());
}

#[test]
fn a_signal_ends_the_agent_and_the_operator_sees_it_go() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let service = Service::start();
        let user = User::of(&service);
        let mut agent = user.start();
        service.operator().present_device();
        Command::new("kill").args([signal, &agent.0.id().to_string()]).status().unwrap();
        let ended = until("the agent ends", || agent.0.try_wait().unwrap());
        assert_eq!(ended.code(), Some(0), "{signal}");
        assert_eq!(user.say(&["status"]).status.code(), Some(4), "{signal}");
    }
}

/// The kernel refuses to let any file grow, as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_no_that_could_not_be_written_reaches_the_operator_and_leaves_no_gap_in_the_receipts() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let ask = || {
        let request = operator.ask(Target::Device(device.id.clone()), Permissions::all());
        assert_eq!(operator.outcome(&request), NO_DISPLAY);
        request.id
    };
    let written = |id: &protocol::RequestId| {
        let line = user
            .journal()
            .into_iter()
            .find(|line| line["entry"] == "outcome" && line["request_id"] == id.as_str())?;
        let terms: ReceiptTerms = crypto::peek(line["receipt"].as_str()?).unwrap();
        Some((terms.number, terms.previous, crypto::hash(line["receipt"].as_str()?.as_bytes())))
    };
    let first = ask();
    let (number, _, hash) = until("the first is written", || written(&first));
    drop(agent);

    // What is ignored stays ignored in the program that a shell becomes; the default for this signal is death.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh", env!("CARGO_BIN_EXE_ondemand-agent")]);
    let agent = user.start_by(shell);
    operator.present_device();
    let limit = |bytes: &str| {
        let pid = agent.0.id().to_string();
        let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}")]).status();
        assert!(limited.unwrap().success());
    };
    limit("1:unlimited");
    let lost = ask();
    limit("unlimited:unlimited");
    let next = ask();
    let (next_number, previous, _) = until("the next is written", || written(&next));
    assert_eq!(written(&lost), None);
    assert_eq!((next_number, previous), (number + 1, Some(hash)));
}

#[test]
fn of_many_requests_that_nobody_saw_some_are_told_and_the_receipts_of_all_go_on_after_a_restart() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let ask = || {
        let request = operator.ask(Target::Device(device.id.clone()), Permissions::all());
        assert_eq!(operator.outcome(&request), NO_DISPLAY);
        request.id
    };
    for _ in 0..14 {
        ask();
    }
    let entries =
        |name: &str| user.journal().into_iter().filter(|line| line["entry"] == name).collect::<Vec<_>>();
    until("the others are counted", || (entries("more_unseen").last()?["requests"] == 4).then_some(()));
    assert_eq!((entries("request_received").len(), entries("outcome").len()), (10, 10));
    drop(agent);

    let _agent = user.start();
    let last = ask();
    let receipt = until("the next is told again", || {
        let line = entries("outcome").into_iter().find(|line| line["request_id"] == last.as_str())?;
        Some(line["receipt"].as_str()?.to_owned())
    });
    let terms: ReceiptTerms = crypto::peek(&receipt).unwrap();
    let counted = entries("more_unseen").pop().unwrap();
    assert_eq!((terms.number, terms.previous.as_deref()), (15, counted["newest_receipt"]["hash"].as_str()));
}
