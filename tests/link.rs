//! The agent's program against the real service, on a computer without a display: what goes over the line, and what is left
//! when either end is stopped.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]
#[path = "link/operator.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod operator;

use operator::{Service, until};
use protocol::{
    Permissions, UnansweredCause,
    operator::{RequestState, Target},
};
use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

/// One user's home, with the agent's program in it.
struct User {
    home: tempfile::TempDir,
    service_url: String,
}

/// A running agent; dropping it kills it as a power cut would.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl User {
    fn of(service: &Service) -> Self {
        let user = Self { home: tempfile::tempdir().unwrap(), service_url: service.url() };
        fs::create_dir(user.path("run")).unwrap();
        fs::write(user.path("token"), service.enrolment_token.expose()).unwrap();
        user
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ondemand-agent"));
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.path("run"));
        command
    }

    /// Starts the agent as a device's, and waits until it answers.
    fn start(&self) -> Running {
        let token = self.path("token");
        let arguments = [
            "run",
            "--background",
            "--service-url",
            &self.service_url,
            "--enrolment-token-file",
            token.to_str().unwrap(),
        ];
        let log = fs::File::options().create(true).append(true).open(self.path("stderr")).unwrap();
        let running = Running(self.command(&arguments).stderr(log).spawn().unwrap());
        until("the agent answers", || self.say(&["status"]).status.success().then_some(()));
        running
    }

    fn say(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn status(&self) -> serde_json::Value {
        serde_json::from_slice(&self.say(&["status", "--json"]).stdout).unwrap()
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.path(".local/share/ondemand-agent/journal.jsonl")).unwrap_or_default()
    }

    fn cursor(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&fs::read(self.path(".local/share/ondemand-agent/cursor.json")).ok()?).ok()
    }
}

const NO_DISPLAY: RequestState = RequestState::Unanswered { cause: UnansweredCause::NoDisplay };

#[test]
fn where_there_is_no_display_the_operator_learns_it_and_the_journal_has_the_receipt() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let _agent = user.start();
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    let journal = user.journal();
    assert!(journal.contains(request.id.as_str()) && journal.contains(r#""receipt":""#), "{journal}");
}

#[test]
fn an_agent_that_was_killed_is_the_same_device_and_goes_on_after_its_cursor() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device();
    let first = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    operator.outcome(&first);
    let cursor = until("the cursor is written", || user.cursor());
    drop(agent);

    let _agent = user.start();
    assert_eq!(operator.present_device().id, device.id);
    let second = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&second), NO_DISPLAY);
    until("the cursor has moved", || (user.cursor()? != cursor).then_some(()));
    // Nothing of the first run came twice.
    assert_eq!(user.journal().matches(first.id.as_str()).count(), 2, "{}", user.journal());
}

#[test]
fn an_agent_whose_service_is_restarted_says_so_and_comes_back() {
    let mut service = Service::start();
    let user = User::of(&service);
    let _agent = user.start();
    let device = service.operator().present_device();
    let address = service.address();
    service.stop();
    until("the agent is offline", || (user.status()["tray"] == "offline").then_some(()));
    service.listen(address);
    until("the agent is back", || (user.status()["tray"] == "ready").then_some(()));
    let operator = service.operator();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
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
fn a_mistake_is_told_in_words() {
    let service = Service::start();
    let user = User::of(&service);
    let said = |arguments: &[&str]| {
        let output = user.say(arguments);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["run"]).contains("--service-url"));
    assert!(said(&["run", "--service-url", "http://support.example"]).contains("https://"));
    assert!(said(&["join", "123456789"]).contains("ondemand-agent:join#"));
    assert!(said(&["open"]).contains("not running"));
}
