//! The resident against the real service, with a script in the place of the window and access processes: it says on its
//! line what those would say when a user presses the buttons.
#![cfg(unix)]

use super::*;
use crate::settings::Document;
use operator::{Service, until};
use protocol::{
    EndReason, Permission, Permissions, UnansweredCause,
    operator::{RequestState, Target},
};
use session::{Assurance, UserInput, Visibility};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, thread};

#[path = "../../tests/link/operator.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod operator;

/// A resident on a thread of its own, with everything it keeps in one folder.
struct Running {
    places: Places,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start(service: &Service, folder: &Path, program: PathBuf, as_device: bool) -> Self {
        let places = Places::all_in(folder);
        places.prepare().unwrap();
        let service_url = Some(service.url().parse().unwrap());
        let settings = Settings::load(&places, Document { service_url, ..Document::default() }).unwrap();
        let enrolment_token = as_device.then(|| service.enrolment_token.clone());
        let options = Options { once: false, program, open_window: !as_device, enrolment_token };
        let kept = places.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(kept, settings, options, Box::new(drop))).unwrap();
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
        fs::read_to_string(self.places.journal()).unwrap()
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
    let journal = running.journal();
    for entry in ["request_received", "outcome", "session_started", "session_ended"] {
        assert_eq!(journal.matches(&format!(r#""entry":"{entry}""#)).count(), 1, "{entry}: {journal}");
    }
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
    assert!(running.journal().contains(r#""reason":"operator""#));
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
