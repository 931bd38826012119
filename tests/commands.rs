//! The agent's one-shot commands, with and without a running agent: history, settings, doctor.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

#[path = "link/operator.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod operator;
#[path = "commands/receipts.rs"]
mod receipts;
#[path = "link/user.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod user;

use operator::{Service, until};
use protocol::{
    Permissions, UnansweredCause,
    operator::{RequestState, Target},
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use user::User;

const NO_DISPLAY: RequestState = RequestState::Unanswered { cause: UnansweredCause::NoDisplay };

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a check of `doctor --json` says: each finding's severity and words.
fn findings(report: &Value, check: &str) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| (text(&finding["severity"]), text(&finding["what"]))).collect()
}

/// Asks the doctor; its exit code and report.
fn doctor(user: &User) -> (i32, Value) {
    let output = user.say(&["doctor", "--json", "--service-url", &user.service_url]);
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_history_is_told_and_checked_without_a_running_agent() {
    let service = Service::start();
    let user = User::of(&service);
    assert!(stdout(&user.say(&["history"])).contains("No operator has asked"));
    assert!(user.say(&["history", "verify"]).status.success());

    fs::create_dir_all(user.data("")).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journal-version-2");
    for file in fs::read_dir(sample).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), user.data(&file.file_name().to_string_lossy())).unwrap();
    }
    let table = stdout(&user.say(&["history"]));
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("Olivia Example") && table.contains("you ended it"), "{table}");
    let json: Value = serde_json::from_slice(&user.say(&["history", "--json"]).stdout).unwrap();
    assert_eq!(json["entries"][3]["lasted_secs"], 720);
    let checked = user.say(&["history", "verify"]);
    assert!(checked.status.success() && stdout(&checked).contains("20 lines in 2 files"));

    let file = user.data("journal-0001-2026-10.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"control\"", "\"view\"", 1)).unwrap();
    let checked = user.say(&["history", "verify"]);
    assert_eq!(checked.status.code(), Some(5));
    assert!(stdout(&checked).starts_with("journal-0001-2026-10.jsonl, line 3: "), "{}", stdout(&checked));
    assert!(stdout(&user.say(&["history"])).contains("the journal is damaged"));
}

#[test]
fn what_happens_is_in_the_history_of_an_agent_that_runs() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let _agent = user.start();
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    until("the history has it", || stdout(&user.say(&["history"])).contains("no display").then_some(()));
    assert!(user.say(&["history", "verify"]).status.success());
}

#[test]
fn a_journal_that_is_damaged_or_cannot_be_written_keeps_no_answer_back() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let ask = || operator.ask(Target::Device(device.id.clone()), Permissions::all());
    assert_eq!(operator.outcome(&ask()), NO_DISPLAY);
    until("it is written", || (user.journal().len() > 2).then_some(()));
    drop(agent);

    // Damaged: found at the next start, and the journal goes on.
    let damaged = fs::read_dir(user.data("")).unwrap().map(|entry| entry.unwrap().path());
    let damaged =
        damaged.into_iter().find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
    let bytes = fs::read(&damaged).unwrap();
    fs::write(&damaged, &bytes[..bytes.len() - 10]).unwrap();
    let _agent = user.start();
    operator.present_device();
    assert_eq!(fs::read(&damaged).unwrap(), &bytes[..bytes.len() - 10]);
    until("it is said", || (user.say(&["history", "verify"]).status.code() == Some(5)).then_some(()));

    // Not to be written at all: as after the disk was taken away.
    fs::rename(user.data(""), user.path("taken-away")).unwrap();
    fs::write(user.path(".local/share/ondemand-agent"), "").unwrap();
    assert_eq!(operator.outcome(&ask()), NO_DISPLAY);
    assert!(user.say(&["end"]).status.success());
}

/// No file can grow any more, as on a full disk; only that much is left of it that the agent has a key.
#[test]
fn a_full_disk_keeps_no_answer_back() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    drop(user.start());
    let mut full = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_ondemand-agent");
    full.args(["-c", &format!("trap '' XFSZ; ulimit -f 0; exec {program} \"$@\""), "sh"]);
    let _agent = user.start_by(full);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    assert!(user.journal().is_empty());
    assert!(user.say(&["end"]).status.success());
}

#[test]
fn settings_say_where_each_comes_from_and_what_is_wrong() {
    let service = Service::start();
    let user = User::of(&service).with_settings("language = 'de'\npermissions = ['view', 'veiw']\n");
    let output = user.say(&["settings"]);
    assert!(output.status.success());
    let table = stdout(&output);
    assert!(table.contains("user (") && table.contains("there is no permission \"veiw\""), "{table}");
    let json: Value = serde_json::from_slice(&user.say(&["settings", "--json"]).stdout).unwrap();
    let language = json["settings"].as_array().unwrap().iter().find(|row| row["name"] == "language").unwrap();
    assert_eq!(language["value"], "de");
    assert_eq!(json["mistakes"].as_array().unwrap().len(), 1);
    let (_, report) = doctor(&user);
    assert_eq!(findings(&report, "settings")[0].0, "warning");
}

#[test]
fn the_doctor_finds_service_agent_clock_and_files_in_order() {
    let service = Service::start();
    let user = User::of(&service);
    let _agent = user.start();
    let (_, report) = doctor(&user);
    for check in ["settings", "files", "journal", "agent", "proxy", "name-lookup", "service", "clock"] {
        let found = findings(&report, check);
        assert!(found.len() == 1 && found[0].0 == "fine", "{check}: {found:?}");
    }
    // There is no desktop here.
    assert_eq!(findings(&report, "display")[0].0, "error");
    assert_eq!(findings(&report, "session-bus")[0].0, "warning");
}

#[test]
fn the_doctor_tells_a_service_that_is_down_from_something_else_that_answers() {
    let mut service = Service::start();
    let mut user = User::of(&service);
    let (_, report) = doctor(&user);
    assert_eq!(findings(&report, "service")[0].0, "fine");
    assert_eq!(findings(&report, "agent")[0].0, "note");

    let url = user.service_url.clone();
    user.service_url = format!("{url}/elsewhere");
    let (code, report) = doctor(&user);
    assert_eq!(code, 17);
    assert!(findings(&report, "service")[0].1.contains("Something else"), "{report}");

    user.service_url = url;
    service.stop();
    let (code, report) = doctor(&user);
    assert_eq!(code, 17);
    assert!(findings(&report, "service")[0].1.contains("does not answer"), "{report}");
}

#[test]
fn the_doctor_says_whose_certificate_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut made = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    made.distinguished_name.push(rcgen::DnType::CommonName, "Inspection Example");
    let pem = made.self_signed(&key).unwrap().pem();
    let tls =
        service::TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    fs::write(&tls.certificate, pem).unwrap();
    fs::write(&tls.key, key.serialize_pem()).unwrap();
    let service = Service::start_with(Some(tls.clone()));

    let user = User::of(&service);
    let (code, report) = doctor(&user);
    assert_eq!(code, 16);
    let (severity, what) = findings(&report, "certificate").remove(0);
    assert_eq!(severity, "error");
    assert!(what.contains("issued to Inspection Example by Inspection Example"), "{what}");
    assert!(what.contains("UnknownIssuer"), "{what}");

    let trusting = User::of(&service).with_settings(&format!("extra_ca = {:?}\n", tls.certificate));
    let (_, report) = doctor(&trusting);
    assert_eq!(findings(&report, "certificate")[0].0, "fine", "{report}");
    assert_eq!(findings(&report, "service")[0].0, "fine");
}

#[test]
fn the_doctor_sees_files_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let service = Service::start();
    let user = User::of(&service);
    drop(user.start());
    fs::set_permissions(user.data("key.pk8"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, report) = doctor(&user);
    assert_eq!(code, 11);
    assert!(findings(&report, "files")[0].1.contains("key.pk8"), "{report}");
}
