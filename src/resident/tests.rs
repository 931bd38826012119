//! The resident against the real service, with a script in the place of the window and access processes: it says on its
//! line what those would say when a user presses the buttons.
#![cfg(unix)]

use super::*;
use operator::{Service, until};
use protocol::{
    EndReason, Permission, Permissions, UnansweredCause,
    operator::{RequestState, Target},
};
use session::{Assurance, Delivery, UserInput, Visibility};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, thread};
use tokio::sync::mpsc;

#[path = "../../tests/link/between.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod between;
mod cut;
mod flood;
#[cfg(target_os = "linux")]
mod held_up;
#[path = "../../tests/link/operator.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod operator;
mod telling;

/// A resident on a thread of its own, with everything it keeps in one folder.
struct Running {
    places: Places,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start(service: &Service, folder: &Path, program: PathBuf, as_device: bool) -> Self {
        Self::start_through(service, &service.url(), folder, program, as_device)
    }

    /// The same, where the service is reached at another address than its own.
    fn start_through(service: &Service, url: &str, folder: &Path, program: PathBuf, as_device: bool) -> Self {
        let places = Places::all_in(folder);
        places.prepare().unwrap();
        let settings = Settings::load(&places, Some(&url.parse().unwrap()), false);
        let enrolment_token = as_device.then(|| service.enrolment_token.clone());
        let options =
            Options { once: false, program, open_window: !as_device, enrolment_token, is_device: as_device };
        let kept = places.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime
                .block_on(run(kept, settings, options, Box::new(drop), mpsc::unbounded_channel()))
                .unwrap();
        });
        let running = Self { places, thread: Some(thread) };
        until("the resident answers", || running.ask(&local::Question::Status));
        running
    }

    fn ask(&self, question: &local::Question) -> Option<local::Answer> {
        local::ask(&self.places, question).ok()
    }

    fn view(&self) -> serde_json::Value {
        match self.ask(&local::Question::Status) {
            Some(local::Answer::Status { status }) => status["view"].clone(),
            other => panic!("no status but {other:?}"),
        }
    }

    fn screen(&self) -> String {
        self.view()["screen"]["screen"].as_str().unwrap().to_owned()
    }

    /// Waits until a press would count, and has been heard if it was said before.
    fn until_approvable(&self) {
        until("a press counts", || (self.view()["prompt"]["approvable"] == true).then_some(()));
        self.ask(&local::Question::Status);
    }

    fn journal(&self) -> String {
        let files = fs::read_dir(self.places.journal()).unwrap().map(|file| file.unwrap().path());
        let segments = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        segments.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask(&local::Question::Quit);
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

fn said(message: &FromWindow) -> String {
    format!("echo '{}'", serde_json::to_string(message).unwrap())
}

/// A program that greets, shows the popup, and then does what `pressed` says; in the session window it joins with `code`.
/// As the access process it greets and then keeps its process id in a file.
fn script(folder: &Path, code: &str, pressed: &str) -> PathBuf {
    let request_id: RequestId = "REQUEST".parse().unwrap();
    let fact = |fact| said(&FromWindow::Prompt { request_id: request_id.clone(), fact });
    let text = format!(
        r#"#!/bin/sh
{hello}
case "$1" in access) echo $$ > {folder}/access; exec cat >/dev/null;; esac
read -r greeting
case "$greeting" in *'"session"'*)
    {start}
    while read -r view; do case "$view" in *'"stage":"confirm"'*) {confirm};; esac; done
    exit;;
esac
read -r view
REQUEST=$(printf %s "$view" | sed 's/.*"request_id":"\([^"]*\)".*/\1/')
say() {{ sed "s/REQUEST/$REQUEST/"; }}
{{ {shown}; {visible}; }} | say
{pressed}
while read -r view; do :; done
"#,
        hello = said(&FromWindow::Hello { version: line::VERSION }),
        folder = folder.display(),
        start = if code.is_empty() {
            ":".into()
        } else {
            said(&FromWindow::User(UserInput::Start { code: code.parse().unwrap() }))
        },
        confirm = said(&FromWindow::User(UserInput::ConfirmJoin)),
        shown = fact(PromptFact::Shown),
        visible = fact(PromptFact::Visibility(Visibility::Visible(Assurance::Proven))),
    );
    let path = folder.join("program");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn approve() -> String {
    said(&FromWindow::User(UserInput::Approve {
        request_id: "REQUEST".parse().unwrap(),
        permissions: Permissions::from([Permission::View]),
        limit: Duration::from_secs(600),
        given_by: None,
        folder: None,
    }))
}

/// Presses *Approve* once that counts.
fn approve_when_it_counts() -> String {
    let approve = approve();
    format!(
        "while read -r view; do case \"$view\" in *'\"approvable\":true'*) {approve} | say; break;; esac; done"
    )
}

#[test]
fn from_a_code_to_an_ended_session() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let (invitation, code) = operator.invite();
    let program = script(folder.path(), code.digits(), &approve_when_it_counts());
    let running = Running::start(&service, folder.path(), program, false);
    assert_eq!(operator.joined(&invitation).operating_system, std::env::consts::OS);

    let request = operator.ask(Target::Invitation(invitation.id), Permissions::all());
    let RequestState::Approved { permissions, session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    assert_eq!(permissions, Permissions::from([Permission::View]));
    let access = until("the access process runs", || fs::read_to_string(folder.path().join("access")).ok());
    until("the session is shown", || (running.screen() == "session").then_some(()));

    running.ask(&local::Question::End).unwrap();
    until("the access process is dead", || (!Path::new("/proc").join(access.trim()).exists()).then_some(()));
    let ended = until("the service knows", || operator.session(&session_id).ended);
    assert_eq!(ended.reason, EndReason::User);
    let ended = r#""entry":"session_ended""#;
    let journal = until("the journal has it", || Some(running.journal()).filter(|text| text.contains(ended)));
    for entry in ["request_received", "outcome", "session_started", "session_ended"] {
        assert_eq!(journal.matches(&format!(r#""entry":"{entry}""#)).count(), 1, "{entry}: {journal}");
    }
    assert!(running.places.credential().exists(), "a session whose summary is open can be reported");
    running.ask(&local::Question::End).unwrap();
    until("the invitation is forgotten", || (!running.places.credential().exists()).then_some(()));
}

#[test]
fn an_approval_that_is_pressed_too_early_is_not_counted() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "", &format!("{} | say", approve()));
    let running = Running::start(&service, folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    running.until_approvable();
    assert_eq!(operator.state(&request), RequestState::Shown);
    operator.withdraw(&request);
}

#[test]
fn an_approval_of_another_request_than_the_one_shown_is_not_heard() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let other = approve_when_it_counts().replace("| say", "| sed s/REQUEST/another/");
    let other = format!("{other}; echo > {}/pressed", folder.path().display());
    let running = Running::start(&service, folder.path(), script(folder.path(), "", &other), true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    until("it is pressed", || folder.path().join("pressed").exists().then_some(()));
    running.until_approvable();
    assert_eq!(operator.state(&request), RequestState::Shown);
    operator.withdraw(&request);
}

#[test]
fn a_popup_that_dies_is_a_no() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&service, folder.path(), script(folder.path(), "", "exit 1"), true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let failed = RequestState::Unanswered { cause: UnansweredCause::PromptFailed };
    assert_eq!(operator.outcome(&request), failed);
    assert_eq!(running.screen(), "ready");
}

#[test]
fn the_operator_ends_and_the_access_process_is_gone() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "", &approve_when_it_counts());
    let running = Running::start(&service, folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    let access = until("the access process runs", || fs::read_to_string(folder.path().join("access")).ok());
    operator.end(&session_id);
    until("the access process is dead", || (!Path::new("/proc").join(access.trim()).exists()).then_some(()));
    until("the summary is shown", || (running.screen() == "ended").then_some(()));
    until("the journal says why", || running.journal().contains(r#""reason":"operator""#).then_some(()));
}

/// A [`script`] that approves, and whose access process says what it did when it is long dead.
fn script_that_is_heard_late(folder: &Path) -> PathBuf {
    let program = script(folder, "", &approve_when_it_counts());
    let name = "letter.odt".to_owned();
    let deleted = session::FilesFact::Changed(session::FileChange::Deleted { name });
    let fact = serde_json::to_string(&FromAccess::Fact(AccessFact::Files(deleted))).unwrap();
    let place = folder.display();
    let says = format!("access) (while [ ! -e {place}/ended ]; do sleep 0.05; done; echo '{fact}') &");
    let text = fs::read_to_string(&program).unwrap().replace("access)", &says);
    fs::write(&program, text).unwrap();
    program
}

#[test]
fn what_an_access_process_did_before_it_was_killed_is_written_down_though_it_is_heard_later() {
    for (asked, is_quit) in [(local::Question::End, false), (local::Question::Quit, true)] {
        let service = Service::start();
        let operator = service.operator();
        let folder = tempfile::tempdir().unwrap();
        let program = script_that_is_heard_late(folder.path());
        let running = Running::start(&service, folder.path(), program, true);
        let device = operator.present_device();
        let request = operator.ask(Target::Device(device.id), Permissions::all());
        let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
            panic!("not approved")
        };
        until("the access process runs", || folder.path().join("access").exists().then_some(()));
        until("the session is shown", || (running.screen() == "session").then_some(()));
        let places = running.places.clone();
        let asked = thread::spawn(move || local::ask(&places, &asked).unwrap());
        // Told after the access process was killed.
        until("the service knows", || operator.session(&session_id).ended);
        fs::write(folder.path().join("ended"), "").unwrap();
        asked.join().unwrap();
        let written = |journal: &String| journal.contains("letter.odt");
        let journal = match is_quit {
            // What is not written at the end never is.
            true => Some(running.journal()).filter(written).expect("it is written down"),
            false => until("it is written down", || Some(running.journal()).filter(written)),
        };
        assert!(journal.contains(r#""entry":"session_ended""#) && journal.contains(r#""entry":"files""#));
    }
}

#[test]
fn an_access_process_that_dies_ends_the_session() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "", &approve_when_it_counts());
    let _running = Running::start(&service, folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    let access = until("the access process runs", || fs::read_to_string(folder.path().join("access")).ok());
    std::process::Command::new("kill").args(["-9", access.trim()]).status().unwrap();
    let ended = until("the service knows", || operator.session(&session_id).ended);
    assert_eq!(ended.reason, EndReason::AccessFailed);
}

/// A [`script`] whose session window says a line as soon as `folder` has a file of its name, and keeps the last view there.
fn script_that_chats(folder: &Path, lines: [&str; 2]) -> PathBuf {
    let approve = approve_when_it_counts().replace(r#""permissions":["view"]"#, r#""permissions":["chat"]"#);
    let path = script(folder, "", &approve);
    let folder = folder.display();
    let says: String = lines
        .iter()
        .map(|line| {
            let said = said(&FromWindow::User(UserInput::Say { text: (*line).into() }));
            format!("until [ -e {folder}/{line} ]; do kill -0 $$ || exit; sleep 0.05; done; {said}; ")
        })
        .collect();
    let keep = format!(
        r#"case "$view" in *'"screen"'*) printf '%s' "$view" > {folder}/next && mv {folder}/next {folder}/view;; esac"#
    );
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace(
        "    :\n    while read -r view; do ",
        &format!("    ( {says}) &\n    while read -r view; do {keep}; "),
    );
    fs::write(&path, text).unwrap();
    path
}

/// The last view that [`script_that_chats`] kept.
fn view_kept(folder: &Path) -> Option<View> {
    let line: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("view")).ok()?).ok()?;
    serde_json::from_value(line.get("view").unwrap_or(&line).clone()).ok()
}

#[test]
fn what_is_said_while_reconnecting_arrives_or_is_shown_as_not_sent() {
    let service = Service::start();
    let between = between::Between::start(service.address());
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script_that_chats(folder.path(), ["first", "second"]);
    let _running = Running::start_through(&service, &between.url(), folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    let view = || view_kept(folder.path());
    let until_session = |what: &str, is_so: &dyn Fn(&session::SessionView) -> bool| {
        until(what, || match view()?.screen {
            Screen::Session(session) => is_so(&session).then_some(()),
            _ => None,
        });
    };
    let down = || between::Fault::Instead("HTTP/1.1 502 Down\r\ncontent-length: 0\r\n\r\n".into());
    let deliveries = |session: &session::SessionView| -> Vec<Delivery> {
        session.chat.iter().map(|line| line.delivery).collect()
    };
    let reconnecting =
        |session: &session::SessionView| session.status == session::SessionStatus::Reconnecting;

    until_session("the window shows the session", &|_| true);
    between.disturb("/", down());
    until_session("the link is lost", &reconnecting);
    fs::write(folder.path().join("first"), "").unwrap();
    until_session("the line is on its way", &|session| deliveries(session) == [Delivery::OnItsWay]);
    assert!(operator.messages(&session_id).is_empty());
    between.lift();
    until_session("the line has arrived", &|session| deliveries(session) == [Delivery::Arrived]);
    assert_eq!(operator.messages(&session_id).len(), 1);

    between.disturb("/", down());
    until_session("the link is lost again", &reconnecting);
    fs::write(folder.path().join("second"), "").unwrap();
    until_session("the second line is on its way", &|session| {
        deliveries(session) == [Delivery::Arrived, Delivery::OnItsWay]
    });
    operator.end(&session_id);
    between.lift();
    let unsent = until("the summary says what was not sent", || match view()?.screen {
        Screen::Ended(ended) => {
            let line = ended.unsent.first()?;
            (line.delivery == Delivery::NotSent).then(|| ended.unsent.clone())
        }
        _ => None,
    });
    assert_eq!(unsent.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["second"]);
    assert_eq!(operator.messages(&session_id).len(), 1);
}

#[test]
fn an_approval_whose_answer_is_lost_is_told_again_and_one_whose_answer_means_nothing_is_taken_back() {
    let service = Service::start();
    let between = between::Between::start(service.address());
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "", &approve_when_it_counts());
    let running = Running::start_through(&service, &between.url(), folder.path(), program, true);
    let device = operator.present_device();
    between.disturb_once("/outcome", [between::Fault::Cut]);
    until("the line is up again", || running.view()["offline_since"].is_null().then_some(()));
    let request = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    until("the session runs", || (running.screen() == "session").then_some(()));
    operator.end(&session_id);
    until("the session is over", || (running.screen() == "ended").then_some(()));

    let nonsense = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";
    between.disturb_once("/outcome", [between::Fault::Instead(nonsense.into())]);
    until("the line is up again", || running.view()["offline_since"].is_null().then_some(()));
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let taken_back = RequestState::Unanswered { cause: UnansweredCause::LinkLost };
    assert_eq!(operator.outcome(&request), taken_back);
    assert_eq!(running.view()["notice"]["notice"], "not_started");
}

/// Answers nothing; its session window asks for the history with each view and keeps what it is told.
fn script_that_asks_for_the_history(folder: &Path) -> PathBuf {
    let program = folder.join("program");
    let text = format!(
        r#"#!/bin/sh
{hello}
read -r greeting
case "$greeting" in *'"session"'*) ;; *) exit 1;; esac
while read -r line; do case "$line" in
    *'"tell":"view"'*) {ask};;
    *'"tell":"history"'*) printf '%s\n' "$line" > {folder}/next; mv {folder}/next {folder}/told;;
esac; done
"#,
        hello = said(&FromWindow::Hello { version: line::VERSION }),
        ask = said(&FromWindow::ShowHistory),
        folder = folder.display(),
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    program
}

/// The requests in the history that [`script_that_asks_for_the_history`] was told last.
fn told(folder: &Path) -> Option<Vec<RequestId>> {
    let told = fs::read(folder.join("told")).ok()?;
    let line::ToWindow::History(history) = line::read(&mut told.as_slice()).ok()? else { return None };
    Some(history.entries.into_iter().map(|entry| entry.request_id).collect())
}

#[test]
fn a_window_that_asks_is_shown_the_history() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script_that_asks_for_the_history(folder.path());
    let running = Running::start(&service, folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    operator.outcome(&request);

    running.ask(&local::Question::Open).unwrap();
    until("the window is told of the request", || told(folder.path())?.contains(&request.id).then_some(()));
}

#[test]
fn what_may_be_granted_can_be_changed_while_the_agent_runs() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&service, folder.path(), script(folder.path(), "", "exit 1"), true);
    let device = operator.present_device();
    let settings = running.places.user_settings();
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(settings, "permissions = []").unwrap();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let nothing = RequestState::Unanswered { cause: UnansweredCause::NotPermitted };
    assert_eq!(operator.outcome(&request), nothing);
}
