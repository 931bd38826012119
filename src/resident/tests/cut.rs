//! Lost, cut, doubled and late at every step between a code and the end: each comes to the same end, once.

use super::*;
use between::{Between, Fault};

/// Each on a thread of its own, because most of the time is waiting.
fn with_each_fault(test: impl Fn(Fault) + Sync) {
    thread::scope(|scope| {
        for fault in [Fault::Lost, Fault::Cut, Fault::Twice, Fault::Late] {
            scope.spawn(|| test(fault));
        }
    });
}

#[test]
fn from_a_code_to_an_ended_session_whatever_happens_on_the_way() {
    with_each_fault(|fault| {
        let service = Service::start();
        let between = Between::start(service.address());
        let operator = service.operator();
        let folder = tempfile::tempdir().unwrap();
        let (invitation, code) = operator.invite();
        let paths = ["/lookup", "/join", "/shown", "/outcome", "/end"];
        between.disturb_each_once(paths.map(|path| (path, fault.clone())));
        let program = script(folder.path(), code.digits(), &approve_when_it_counts());
        let running = Running::start_through(&service, &between.url(), folder.path(), program, false);
        operator.joined(&invitation);
        let request = operator.ask(Target::Invitation(invitation.id), Permissions::all());
        let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
            panic!("{fault:?}: not approved")
        };
        until("the session runs", || (running.screen() == "session").then_some(()));
        running.ask(&local::Question::End).unwrap();
        let ended = until("the service knows of the end", || operator.session(&session_id).ended);
        assert_eq!(ended.reason, EndReason::User, "{fault:?}");
        until("everything happened", || (between.faults_left() == 0).then_some(()));
        let over = r#""entry":"session_ended""#;
        let journal = until("the journal has it", || Some(running.journal()).filter(|it| it.contains(over)));
        for entry in ["request_received", "outcome", "session_started", "session_ended"] {
            let times = journal.matches(&format!(r#""entry":"{entry}""#)).count();
            assert_eq!(times, 1, "{fault:?}: {entry}: {journal}");
        }
    });
}

#[test]
fn what_is_said_in_a_session_arrives_once_whatever_happens_on_the_way() {
    with_each_fault(|fault| {
        let service = Service::start();
        let between = Between::start(service.address());
        let operator = service.operator();
        let folder = tempfile::tempdir().unwrap();
        let program = script_that_chats(folder.path(), ["first", "second"]);
        let running = Running::start_through(&service, &between.url(), folder.path(), program, true);
        let device = operator.present_device();
        let request = operator.ask(Target::Device(device.id), Permissions::all());
        let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
            panic!("{fault:?}: not approved")
        };
        until("the session runs", || (running.screen() == "session").then_some(()));
        between.disturb_once("/messages", [fault.clone()]);
        fs::write(folder.path().join("first"), "").unwrap();
        until("all has arrived", || match view_kept(folder.path())?.screen {
            Screen::Session(session) => {
                session.chat.first().is_some_and(|line| line.delivery == Delivery::Arrived).then_some(())
            }
            _ => None,
        });
        assert_eq!(between.faults_left(), 0);
        assert_eq!(operator.messages(&session_id).len(), 1, "{fault:?}");
        operator.end(&session_id);
        until("the session is over", || (running.screen() == "ended").then_some(()));
    });
}

#[test]
fn who_leaves_has_left_whatever_happens_on_the_way() {
    with_each_fault(|fault| {
        let service = Service::start();
        let between = Between::start(service.address());
        let operator = service.operator();
        let folder = tempfile::tempdir().unwrap();
        let (invitation, code) = operator.invite();
        between.disturb_once("/leave", [fault.clone()]);
        let program = script(folder.path(), code.digits(), "exit 1");
        let running = Running::start_through(&service, &between.url(), folder.path(), program, false);
        operator.joined(&invitation);
        until("it waits", || (running.screen() == "waiting").then_some(()));
        running.ask(&local::Question::End).unwrap();
        until("the service knows", || operator.was_left(&invitation).then_some(()));
        until("it was told again", || (between.faults_left() == 0).then_some(()));
        assert_eq!(running.screen(), "idle", "{fault:?}");
        until("the invitation is forgotten", || (!running.places.credential().exists()).then_some(()));
    });
}
