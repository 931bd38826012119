//! The agent's program against the real service, on a computer without a display: what goes over the line, what goes wrong on
//! it, and what is left when either end is stopped.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

#[path = "link/between.rs"]
mod between;
#[path = "link/disk.rs"]
mod disk;
#[path = "link/faults.rs"]
mod faults;
#[path = "link/hostile.rs"]
mod hostile;
#[cfg(target_os = "linux")]
#[path = "link/mount.rs"]
mod mount;
#[path = "link/network.rs"]
mod network;
#[path = "link/operator.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod operator;
#[path = "link/private.rs"]
mod private;
#[path = "link/proxy.rs"]
mod proxy;
#[path = "link/restarts.rs"]
mod restarts;
#[path = "link/stage.rs"]
mod stage;
#[path = "link/user.rs"]
mod user;

use operator::{Service, until};
use protocol::{
    Permissions, UnansweredCause,
    operator::{RequestState, Target},
};
use user::User;

/// How every request ends where there is no display.
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
    until("the journal has the receipt", || {
        let of_request = |line: &&serde_json::Value| line["request_id"] == request.id.as_str();
        user.journal().iter().filter(of_request).any(|line| line["receipt"].is_string()).then_some(())
    });
}

#[test]
fn each_user_of_a_computer_has_an_agent_and_a_device_of_their_own() {
    let service = Service::start();
    let operator = service.operator();
    let [ursula, victor] = ["ursula", "victor"].map(|name| User::of(&service).with_variable("USER", name));
    let _agents = [ursula.start(), victor.start()];
    let devices = until("two devices are present", || {
        let devices = operator.devices();
        (devices.iter().filter(|device| device.agent.presence.present).count() == 2).then_some(devices)
    });
    assert_eq!(devices[0].computer, devices[1].computer);
    let of_ursula = devices.iter().find(|device| device.user == "ursula").unwrap();
    assert!(devices.iter().any(|device| device.user == "victor"), "{devices:?}");

    let request = operator.ask(Target::Device(of_ursula.id.clone()), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    let is_in = |user: &User| user.journal().iter().any(|line| line["request_id"] == request.id.as_str());
    until("her journal has it", || is_in(&ursula).then_some(()));
    assert!(!is_in(&victor), "nobody asked him");
    assert!(ursula.say(&["quit"]).status.success());
    assert!(victor.say(&["status"]).status.success(), "her agent is not his");
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
