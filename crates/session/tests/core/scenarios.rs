//! What happens when: one sentence a test.

use crate::sim::*;
use protocol::{
    Action, Actions, EndReason, HelpId, Outcome, Permission, Permissions, RejectReason, TrustLevel,
    UnansweredCause, event::MessageKind,
};
use session::{
    AccessFact, Assurance, Config, Effect, Entry, Exit, IdleProblem, Input, JoinFailure, Notice, OpenThing,
    OrganisationPolicy, PromptFact, PromptStage, Screen, Send, SessionStatus, TrayState, UserInput,
    Visibility,
};

fn outcome_of(effects: &[Effect], request: &str) -> Option<Outcome> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Send::Outcome { request_id, outcome, .. }) if *request_id == id(request) => {
            Some(outcome.clone())
        }
        _ => None,
    })
}

fn unanswered(cause: UnansweredCause) -> Option<Outcome> {
    Some(Outcome::Unanswered { cause })
}

fn access_started(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::StartAccess(_)))
}

fn end_sent(effects: &[Effect]) -> Option<EndReason> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Send::End { reason, .. }) => Some(*reason),
        _ => None,
    })
}

fn shown(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::ShowPrompt(_)))
}

fn ended_as(sim: &Sim) -> Option<EndReason> {
    match sim.view().screen {
        Screen::Ended(ended) => Some(ended.reason),
        _ => None,
    }
}

#[test]
fn from_code_to_end() {
    let mut sim = Sim::new(Config::default());
    assert_eq!(sim.user(UserInput::Start { code: code() }), [Effect::Send(Send::LookUp(code()))]);
    assert!(sim.give(Input::LookedUp { organisation: organisation(), trust: TrustLevel::Known }).is_empty());
    assert_eq!(sim.user(UserInput::ConfirmJoin), [Effect::Send(Send::Join(code()))]);
    sim.give(Input::Joined(invitation(TrustLevel::Known)));
    assert_eq!(sim.view().tray_state(), TrayState::Ready);

    let effects = sim.give(Input::RequestReceived(request("r1", [VIEW, CHAT])));
    assert_eq!(effects[0], Effect::ShowPrompt(id("r1")));
    assert_eq!(sim.view().tray_state(), TrayState::Request);
    let effects = sim.give(Input::Prompt(id("r1"), PromptFact::Shown));
    assert_eq!(effects[0], Effect::Send(Send::Shown(id("r1"))));
    sim.give(visible("r1"));
    sim.advance(secs(1));
    let effects = sim.user(approve("r1", [VIEW, CHAT]));
    assert!(matches!(&effects[0], Effect::Record(Entry::Outcome { outcome: Outcome::Approved { .. }, .. })));
    assert_eq!(outcome_of(&effects, "r1"), None, "nothing is sent before the receipt is durable");
    let effects = sim.give(Input::Recorded(id("r1")));
    assert!(matches!(outcome_of(&effects, "r1"), Some(Outcome::Approved { limit_secs: 3600, .. })));
    assert!(!access_started(&effects), "nothing is served before the service accepted");
    let effects = sim.give(accepted("r1", "s1"));
    assert!(access_started(&effects) && effects.contains(&Effect::ClosePrompt(id("r1"))));

    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    assert_eq!(sim.view().tray_state(), TrayState::Viewing);
    sim.advance(secs(90));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!((session.elapsed_secs, session.remaining_secs), (90, 3510));

    let effects = sim.user(UserInput::End);
    assert_eq!(effects[0], Effect::StopAccess, "nothing comes before the access process is gone");
    assert_eq!(end_sent(&effects), Some(EndReason::User));
    assert!(effects.contains(&Effect::ForgetInvitation));
    assert_eq!(ended_as(&sim), Some(EndReason::User));
    sim.user(UserInput::CloseSummary);
    assert!(matches!(sim.view().screen, Screen::Idle { problem: None, .. }));
}

#[test]
fn silence_is_a_no() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    assert_eq!(outcome_of(&sim.advance(secs(118)), "r1"), None);
    assert_eq!(outcome_of(&sim.advance(secs(1)), "r1"), unanswered(UnansweredCause::Expired));
    assert!(sim.view().prompt.is_none());
}

#[test]
fn a_late_yes_loses() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    // The driver slept through the deadline and the press is the first thing it delivers.
    sim.sleep(secs(119));
    let effects = sim.user(approve("r1", [VIEW]));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::Expired));
    assert!(sim.view().prompt.is_none());
}

#[test]
fn a_press_counts_only_after_a_second_of_being_seen() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert!(sim.user(approve("r1", [VIEW])).is_empty(), "not shown yet");
    sim.give(Input::Prompt(id("r1"), PromptFact::Shown));
    sim.give(visible("r1"));
    sim.advance(std::time::Duration::from_millis(999));
    assert!(sim.user(approve("r1", [VIEW])).is_empty(), "a millisecond early");
    sim.give(covered("r1"));
    sim.advance(secs(5));
    assert!(sim.user(approve("r1", [VIEW])).is_empty(), "covered");
    sim.give(visible("r1"));
    assert!(sim.user(approve("r1", [VIEW])).is_empty(), "uncovered just now");
    assert!(!sim.view().prompt.unwrap().approvable);
    sim.advance(secs(1));
    assert!(sim.view().prompt.unwrap().approvable);
    assert!(!sim.user(approve("r1", [VIEW])).is_empty());
}

#[test]
fn where_covering_cannot_be_told_the_popup_must_be_active_for_two_seconds() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    let active = PromptFact::Visibility(Visibility::Visible(Assurance::Active));
    sim.give(Input::Prompt(id("r1"), active));
    sim.advance(std::time::Duration::from_millis(1999));
    assert!(sim.user(approve("r1", [VIEW])).is_empty());
    sim.advance(std::time::Duration::from_millis(1));
    assert!(!sim.user(approve("r1", [VIEW])).is_empty());
}

#[test]
fn an_approval_of_another_request_or_of_nothing_does_not_count() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    assert!(sim.user(approve("r2", [VIEW])).is_empty());
    assert!(sim.user(approve("r1", Permissions::EMPTY)).is_empty());
    assert!(sim.user(approve("r1", [CONTROL])).is_empty(), "never asked for");
}

#[test]
fn granted_is_never_more_than_asked_for_policy_group_and_trust() {
    let config = Config { permissions: Permissions::from([VIEW, CHAT, CONTROL]), ..Config::default() };
    let mut sim = Sim::new(config);
    let group = standing(Permissions::from([VIEW, CONTROL, Permission::FilesRead]));
    let organisation = responder("support", TrustLevel::Pinned);
    sim.give(Input::Joined(session::JoinedAs::Device { standing: group, organisation }));
    sim.give(Input::RequestReceived(request("r1", [VIEW, CHAT, Permission::FilesRead])));
    sim.make_approvable("r1");
    let choices = sim.view().prompt.unwrap().choices;
    let grantable: Vec<_> =
        choices.iter().filter(|choice| choice.grantable).map(|choice| choice.permission).collect();
    assert_eq!((choices.len(), grantable), (3, vec![VIEW]));
    sim.user(approve("r1", Permissions::all()));
    sim.give(Input::Recorded(id("r1")));
    let effects = sim.give(accepted("r1", "s1"));
    let granted = effects.iter().find_map(|effect| match effect {
        Effect::StartAccess(grant) => Some(grant.permissions),
        _ => None,
    });
    assert_eq!(granted, Some(Permissions::from([VIEW])));
}

#[test]
fn an_organisation_nobody_knows_gets_the_desktop_but_not_the_keyboard_at_first() {
    let mut sim = Sim::waiting(Config::default(), TrustLevel::New);
    let mut first = request("r1", Permissions::all());
    first.organisation = responder("support", TrustLevel::New);
    sim.give(Input::RequestReceived(first.clone()));
    let choices = sim.view().prompt.unwrap().choices;
    let of = |wanted: fn(&session::Choice) -> bool| -> Permissions {
        choices.iter().filter(|choice| wanted(choice)).map(|choice| choice.permission).collect()
    };
    assert_eq!(of(|choice| choice.grantable), Permissions::from([VIEW, CHAT, Permission::Messages]));
    assert_eq!(of(|choice| choice.preselected), Permissions::from([CHAT, Permission::Messages]));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW, CHAT]));
    sim.give(Input::Recorded(id("r1")));
    sim.give(accepted("r1", "s1"));
    let further = session::Request { id: id("r2"), session_id: Some(session_id("s1")), ..first };
    sim.give(Input::RequestReceived(further));
    assert!(sim.view().prompt.unwrap().choices.iter().all(|choice| choice.grantable));
}

#[test]
fn an_organisation_with_another_key_than_remembered_gets_view_and_chat_at_most() {
    let mut sim = Sim::waiting(Config::default(), TrustLevel::Changed);
    let changed = session::Request {
        organisation: responder("support", TrustLevel::Changed),
        ..request("r1", Permissions::all())
    };
    sim.give(Input::RequestReceived(changed));
    let choices = sim.view().prompt.unwrap().choices;
    let grantable: Permissions =
        choices.iter().filter(|choice| choice.grantable).map(|choice| choice.permission).collect();
    assert_eq!(grantable, Permissions::from([VIEW, CHAT]));
}

#[test]
fn a_request_for_nothing_that_is_allowed_is_answered_without_asking() {
    let mut sim = Sim::new(Config { permissions: Permissions::from([CHAT]), ..Config::default() });
    sim.give(Input::Joined(device()));
    let effects = sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::NotPermitted));
    assert!(!shown(&effects));
}

#[test]
fn an_approval_that_cannot_be_recorded_is_not_given() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    let effects = sim.give(Input::RecordFailed(id("r1")));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::NotRecorded));
    assert!(sim.give(Input::Recorded(id("r1"))).is_empty(), "a record that comes after all changes nothing");
}

#[test]
fn withdrawn_wins_over_an_approval_that_is_on_its_way() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    sim.give(Input::Recorded(id("r1")));
    let effects = sim.give(Input::RequestWithdrawn(id("r1")));
    assert!(
        effects.contains(&Effect::Send(Send::Cancel { request_id: id("r1"), reason: EndReason::Operator }))
    );
    let effects = sim.give(accepted("r1", "s1"));
    assert_eq!(end_sent(&effects), Some(EndReason::NotStarted));
    assert!(!access_started(&effects));
}

#[test]
fn a_request_withdrawn_before_it_was_seen_never_asks() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestWithdrawn(id("r1")));
    assert!(sim.give(Input::RequestReceived(request("r1", [VIEW]))).is_empty());
}

#[test]
fn a_service_that_is_silent_for_ten_seconds_gets_no_session() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    sim.give(Input::Recorded(id("r1")));
    let effects = sim.advance(secs(10));
    assert!(
        effects.contains(&Effect::Send(Send::Cancel { request_id: id("r1"), reason: EndReason::NotStarted }))
    );
    assert!(matches!(sim.view().notice, Some(Notice::NotStarted { .. })));
    assert_eq!(end_sent(&sim.give(accepted("r1", "s1"))), Some(EndReason::NotStarted));
}

#[test]
fn a_session_the_service_ended_before_it_was_told_of_never_starts() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    sim.give(Input::Recorded(id("r1")));
    sim.give(Input::SessionEnded { session_id: session_id("s1"), reason: EndReason::Operator });
    assert!(!access_started(&sim.give(accepted("r1", "s1"))));
    assert!(matches!(sim.view().screen, Screen::Ready { .. }));
}

#[test]
fn end_works_in_every_phase_at_once() {
    let mut sim = Sim::new(Config::default());
    sim.user(UserInput::Start { code: code() });
    assert_eq!(sim.user(UserInput::End), [Effect::Send(Send::StopJoining)]);
    let mut sim = Sim::waiting(Config::default(), TrustLevel::Known);
    assert_eq!(sim.user(UserInput::End), [Effect::Send(Send::Leave), Effect::ForgetInvitation]);
    let mut sim = Sim::waiting(Config::default(), TrustLevel::Known);
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    let effects = sim.user(UserInput::End);
    assert_eq!(outcome_of(&effects, "r1"), Some(Outcome::Rejected { reason: None }));
    assert!(effects.contains(&Effect::Send(Send::Leave)));
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    let effects = sim.user(UserInput::End);
    assert!(effects.contains(&Effect::Send(Send::Cancel { request_id: id("r1"), reason: EndReason::User })));
    // With the link down and the screen locked, too.
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost);
    sim.give(Input::ScreenLocked);
    assert_eq!(sim.user(UserInput::End)[0], Effect::StopAccess);
}

#[test]
fn of_several_ends_the_first_wins_and_leaves_one_entry() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::SessionEnded { session_id: session_id("s1"), reason: EndReason::Operator });
    sim.user(UserInput::End);
    sim.give(Input::Access(AccessFact::Ended));
    let entries =
        sim.effects.iter().filter(|e| matches!(e, Effect::Record(Entry::SessionEnded { .. }))).count();
    assert_eq!(entries, 1);
}

#[test]
fn another_request_is_told_that_the_user_is_busy() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    let effects = sim.give(Input::RequestReceived(request("r2", [VIEW])));
    assert_eq!(outcome_of(&effects, "r2"), unanswered(UnansweredCause::Busy));
    assert_eq!(sim.view().prompt.unwrap().request_id, id("r1"));
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let mut other = more("r2", [CONTROL]);
    other.operator = operator("oscar");
    let effects = sim.give(Input::RequestReceived(other));
    assert_eq!(outcome_of(&effects, "r2"), unanswered(UnansweredCause::Busy));
    assert!(matches!(sim.view().notice, Some(Notice::ToldBusy { .. })));
}

#[test]
fn a_no_to_more_leaves_the_session_as_it_was() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    let effects = sim.user(UserInput::Reject { request_id: id("r2"), reason: Some(RejectReason::NotNow) });
    assert_eq!(outcome_of(&effects, "r2"), Some(Outcome::Rejected { reason: Some(RejectReason::NotNow) }));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.granted, Permissions::from([VIEW]));
}

#[test]
fn a_yes_to_more_widens_the_grant_after_the_receipt_is_durable_and_accepted() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    sim.make_approvable("r2");
    assert!(!sim.user(approve("r2", [CONTROL])).iter().any(|e| matches!(e, Effect::ChangeGrant(_))));
    assert!(!sim.give(Input::Recorded(id("r2"))).iter().any(|e| matches!(e, Effect::ChangeGrant(_))));
    let effects = sim.give(accepted("r2", "s1"));
    assert!(effects.iter().any(|effect| matches!(effect,
        Effect::ChangeGrant(grant) if grant.permissions == Permissions::from([VIEW, CONTROL]))));
}

#[test]
fn a_request_for_more_is_shown_only_after_the_operators_input_is_held() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    let effects = sim.give(Input::RequestReceived(more("r2", [Permission::FilesRead])));
    assert!(effects.contains(&Effect::HoldInput) && !shown(&effects));
    let effects = sim.give(Input::Access(AccessFact::InputHeld));
    assert!(shown(&effects));
    let effects = sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    assert!(effects.contains(&Effect::ResumeInput));
}

#[test]
fn an_access_process_that_does_not_hold_input_in_time_is_killed_before_the_request_is_shown() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    sim.give(Input::RequestReceived(more("r2", [Permission::FilesRead])));
    let effects = sim.advance(std::time::Duration::from_millis(100));
    let stop = effects.iter().position(|effect| *effect == Effect::StopAccess).unwrap();
    assert!(stop < effects.iter().position(|effect| matches!(effect, Effect::ShowPrompt(_))).unwrap());
    assert!(sim.give(Input::Access(AccessFact::Ended)).is_empty(), "it was we who ended it");
    let effects = sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    assert!(access_started(&effects), "the session goes on with what was granted");
}

#[test]
fn a_permission_taken_back_is_gone_at_once_and_the_last_one_kills_the_access_process() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL, CHAT]));
    let effects = sim.user(UserInput::TakeBack { permission: CONTROL });
    assert!(
        matches!(&effects[0], Effect::ChangeGrant(grant) if grant.permissions == Permissions::from([VIEW]))
    );
    assert_eq!(sim.user(UserInput::TakeBack { permission: VIEW })[0], Effect::StopAccess);
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.granted, Permissions::from([CHAT]));
}

#[test]
fn a_lost_link_pauses_at_once_and_ends_after_a_minute() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::LinkLost)[0], Effect::Pause);
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.status, SessionStatus::Reconnecting);
    sim.advance(secs(59));
    assert_eq!(sim.give(Input::LinkRestored)[0], Effect::Resume);
    sim.give(Input::LinkLost);
    let effects = sim.advance(secs(60));
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(ended_as(&sim), Some(EndReason::LinkLost));
}

#[test]
fn a_locked_screen_suspends_at_once_and_ends_after_five_minutes() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::ScreenLocked)[0], Effect::Pause);
    assert_eq!(sim.view().tray_state(), TrayState::Suspended);
    sim.advance(secs(299));
    assert_eq!(sim.give(Input::ScreenUnlocked)[0], Effect::Resume);
    sim.give(Input::ScreenLocked);
    sim.advance(secs(300));
    assert_eq!(ended_as(&sim), Some(EndReason::Locked));
}

#[test]
fn a_session_resumes_only_when_neither_link_nor_lock_is_in_the_way() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost);
    sim.give(Input::ScreenLocked);
    assert!(!sim.give(Input::LinkRestored).contains(&Effect::Resume));
    assert!(sim.give(Input::ScreenUnlocked).contains(&Effect::Resume));
}

#[test]
fn nobody_is_asked_on_a_locked_screen() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&sim.give(Input::ScreenLocked), "r1"), unanswered(UnansweredCause::Locked));
    let effects = sim.give(Input::RequestReceived(request("r2", [VIEW])));
    assert_eq!(outcome_of(&effects, "r2"), unanswered(UnansweredCause::Locked));
    assert!(!shown(&effects));
}

#[test]
fn sleep_longer_than_the_grace_ends_the_session() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::Suspending)[0], Effect::Pause);
    sim.sleep(secs(3 * 60 * 60));
    let effects = sim.give(Input::Resumed { asleep: secs(3 * 60 * 60) });
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(ended_as(&sim), Some(EndReason::Slept));
    // The system did not say that it was going to sleep.
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.sleep(secs(61));
    sim.give(Input::Resumed { asleep: secs(61) });
    assert_eq!(ended_as(&sim), Some(EndReason::Slept));
    // A nap.
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::Suspending);
    sim.sleep(secs(20));
    sim.give(Input::Resumed { asleep: secs(20) });
    sim.give(Input::LinkRestored);
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!((session.status, session.elapsed_secs), (SessionStatus::Running, 20));
}

#[test]
fn an_open_request_survives_ten_seconds_without_a_link_and_cannot_be_approved_in_them() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.give(Input::LinkLost);
    assert!(sim.user(approve("r1", [VIEW])).is_empty());
    sim.advance(secs(9));
    sim.give(Input::LinkRestored);
    sim.advance(secs(5));
    assert!(sim.view().prompt.is_some());
    sim.give(Input::LinkLost);
    assert_eq!(outcome_of(&sim.advance(secs(10)), "r1"), unanswered(UnansweredCause::LinkLost));
}

#[test]
fn what_the_service_no_longer_knows_is_over() {
    let nothing = || Input::Synchronised { request_id: None, session_id: None, help_id: None };
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&sim.give(nothing()), "r1"), unanswered(UnansweredCause::Withdrawn));
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(nothing())[0], Effect::StopAccess);
    let mut sim = Sim::ready();
    let stale = Input::Synchronised { request_id: None, session_id: Some(session_id("s9")), help_id: None };
    assert_eq!(end_sent(&sim.give(stale)), Some(EndReason::AgentRestarted));
}

#[test]
fn what_was_open_when_the_agent_stopped_is_told_and_not_shown() {
    let mut sim = Sim::new(Config::default());
    let open = vec![OpenThing::Request(id("r1")), OpenThing::Session(session_id("s1"))];
    let effects = sim.give(Input::FoundOpen(open));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::AgentRestarted));
    assert_eq!(end_sent(&effects), Some(EndReason::AgentRestarted));
    // It may have been approved just before: whatever came of it ends.
    let cancel = Send::Cancel { request_id: id("r1"), reason: EndReason::AgentRestarted };
    assert!(effects.contains(&Effect::Send(cancel)));
    sim.give(Input::Joined(device()));
    assert!(sim.give(Input::RequestReceived(request("r1", [VIEW]))).is_empty());
}

#[test]
fn log_off_ends_everything_and_leaves() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let effects = sim.give(Input::Terminating);
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(end_sent(&effects), Some(EndReason::AgentStopped));
    assert_eq!(effects.last(), Some(&Effect::Exit(Exit::Terminated)));
    assert!(sim.give(Input::RequestReceived(request("r9", [VIEW]))).is_empty());
}

#[test]
fn a_popup_that_dies_or_never_appears_is_a_no() {
    for (fact, cause) in [
        (PromptFact::Failed, UnansweredCause::PromptFailed),
        (PromptFact::NoDisplay, UnansweredCause::NoDisplay),
    ] {
        let mut sim = Sim::ready();
        sim.give(Input::RequestReceived(request("r1", [VIEW])));
        assert_eq!(outcome_of(&sim.give(Input::Prompt(id("r1"), fact)), "r1"), unanswered(cause));
    }
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&sim.advance(secs(10)), "r1"), unanswered(UnansweredCause::PromptFailed));
}

#[test]
fn an_access_process_that_dies_ends_the_session() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let effects = sim.give(Input::Access(AccessFact::Ended));
    assert_eq!(effects[0], Effect::StopAccess, "what it held must be released");
    assert_eq!(ended_as(&sim), Some(EndReason::AccessFailed));
}

#[test]
fn more_time_adds_two_minutes_up_to_ten() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    for _ in 0..10 {
        sim.user(UserInput::MoreTime { request_id: id("r1") });
    }
    assert!(!sim.view().prompt.unwrap().more_time);
    assert_eq!(outcome_of(&sim.advance(secs(598)), "r1"), None);
    assert_eq!(outcome_of(&sim.advance(secs(1)), "r1"), unanswered(UnansweredCause::Expired));
}

#[test]
fn a_service_cannot_make_the_time_to_answer_too_short_or_too_long() {
    for (asked, given) in [(1, 30), (7200, 300)] {
        let mut sim = Sim::ready();
        sim.give(Input::RequestReceived(session::Request {
            answer_within: secs(asked),
            ..request("r1", [VIEW])
        }));
        assert_eq!(sim.view().prompt.unwrap().answer_secs, given);
    }
}

#[test]
fn an_organisation_rings_once_a_minute_and_not_at_all_after_two_noes() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.user(UserInput::Reject { request_id: id("r1"), reason: None });
    assert!(!shown(&sim.give(Input::RequestReceived(request("r2", [VIEW])))), "within the minute");
    assert_eq!(sim.view().prompt.unwrap().stage, PromptStage::Quiet);
    assert!(sim.user(approve("r2", [VIEW])).is_empty(), "a quiet request cannot be approved unseen");
    assert!(shown(&sim.user(UserInput::Review)), "but the user may look at it");
    sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    sim.advance(secs(61));
    assert!(!shown(&sim.give(Input::RequestReceived(request("r3", [VIEW])))), "two noes");
    assert_eq!(outcome_of(&sim.advance(secs(120)), "r3"), unanswered(UnansweredCause::Expired));
    sim.advance(secs(600));
    assert!(shown(&sim.give(Input::RequestReceived(request("r4", [VIEW])))), "ten minutes later");
}

#[test]
fn a_yes_lets_the_same_organisation_ask_for_more_at_once() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert!(shown(&sim.give(Input::RequestReceived(more("r2", [CONTROL])))));
}

#[test]
fn do_not_disturb_keeps_requests_quiet_for_an_hour() {
    let mut sim = Sim::ready();
    sim.user(UserInput::DoNotDisturb { on: true });
    assert!(!shown(&sim.give(Input::RequestReceived(request("r1", [VIEW])))));
    sim.advance(secs(3600));
    assert_eq!(sim.view().do_not_disturb_secs, None);
    assert!(shown(&sim.give(Input::RequestReceived(request("r2", [VIEW])))));
}

#[test]
fn what_looks_suspicious_mutes_its_organisation() {
    let mut sim = Sim::new(Config { number_to_call: Some("+49 30 000000".into()), ..Config::default() });
    sim.give(Input::Joined(device()));
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.user(UserInput::Reject { request_id: id("r1"), reason: Some(RejectReason::Suspicious) });
    assert!(matches!(sim.view().notice, Some(Notice::Muted { number_to_call: Some(_), .. })));
    sim.advance(secs(24 * 60 * 60));
    let effects = sim.give(Input::RequestReceived(request("r2", [VIEW])));
    assert_eq!(outcome_of(&effects, "r2"), Some(Outcome::Rejected { reason: None }));
    assert!(!shown(&effects));
}

#[test]
fn a_session_ends_at_its_limit_unless_the_user_prolongs_it_and_never_after_eight_hours() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.advance(secs(3599));
    sim.user(UserInput::Prolong { by: secs(30 * 60) });
    sim.advance(secs(1800));
    assert!(matches!(sim.view().screen, Screen::Session(_)));
    for _ in 0..40 {
        sim.user(UserInput::Prolong { by: secs(30 * 60) });
    }
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.elapsed_secs + session.remaining_secs, 8 * 60 * 60);
    assert!(!session.can_prolong);
    sim.advance(secs(session.remaining_secs));
    assert_eq!(ended_as(&sim), Some(EndReason::Expired));
}

#[test]
fn a_late_prolongation_loses() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.sleep(secs(3600));
    assert_eq!(sim.user(UserInput::Prolong { by: secs(1800) })[0], Effect::StopAccess);
}

#[test]
fn waiting_ends_with_the_invitation_and_a_no_does_not_restart_it() {
    let mut sim = Sim::waiting(Config::default(), TrustLevel::Pinned);
    sim.advance(secs(7150));
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.advance(secs(60));
    assert!(sim.view().prompt.is_none(), "never shown within ten seconds");
    assert!(matches!(sim.view().screen, Screen::Idle { problem: Some(IdleProblem::WaitedInVain), .. }));
    // A request that is open when waiting ends may still be answered.
    let mut sim = Sim::waiting(Config::default(), TrustLevel::Pinned);
    sim.advance(secs(7195));
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.advance(secs(30));
    assert!(sim.view().prompt.is_some());
    let effects = sim.user(UserInput::Reject { request_id: id("r1"), reason: None });
    assert!(effects.contains(&Effect::ForgetInvitation));
}

#[test]
fn five_wrong_codes_then_a_pause_that_grows() {
    let mut sim = Sim::new(Config::default());
    let wrong = |sim: &mut Sim| {
        sim.user(UserInput::Start { code: code() });
        sim.give(Input::JoinFailed(JoinFailure::WrongCode));
        match sim.view().screen {
            Screen::Idle { retry_secs, .. } => retry_secs,
            _ => panic!("not idle"),
        }
    };
    for _ in 0..4 {
        assert_eq!(wrong(&mut sim), None);
    }
    assert_eq!(wrong(&mut sim), Some(60));
    assert!(sim.user(UserInput::Start { code: code() }).is_empty());
    sim.advance(secs(60));
    assert_eq!(wrong(&mut sim), Some(120));
}

#[test]
fn joining_never_goes_on_without_the_users_word_or_for_another_organisation() {
    let mut sim = Sim::new(Config::default());
    sim.user(UserInput::Start { code: code() });
    assert!(sim.user(UserInput::ConfirmJoin).is_empty(), "nothing to confirm yet");
    sim.give(Input::LookedUp { organisation: organisation(), trust: TrustLevel::New });
    sim.user(UserInput::ConfirmJoin);
    let other = session::JoinedAs::Invitation {
        invitation_id: "i1".parse().unwrap(),
        organisation: responder("somebody-else", TrustLevel::New),
        expires_in: secs(7200),
    };
    assert_eq!(sim.give(Input::Joined(other)), [Effect::Send(Send::Leave), Effect::ForgetInvitation]);
    assert!(matches!(sim.view().screen, Screen::Idle { problem: Some(IdleProblem::NotAllowed), .. }));
}

#[test]
fn an_answer_to_a_join_that_was_given_up_is_answered_with_leaving() {
    let mut sim = Sim::new(Config::default());
    sim.user(UserInput::Start { code: code() });
    sim.give(Input::LookedUp { organisation: organisation(), trust: TrustLevel::New });
    sim.user(UserInput::ConfirmJoin);
    sim.advance(secs(30));
    assert!(matches!(sim.view().screen, Screen::Idle { problem: Some(IdleProblem::Unreachable), .. }));
    assert_eq!(sim.give(Input::Joined(invitation(TrustLevel::New))), [Effect::Send(Send::Leave)]);
}

#[test]
fn policy_decides_which_organisations_may_be_joined() {
    let mut sim = Sim::new(Config { organisations: OrganisationPolicy::Pinned, ..Config::default() });
    sim.user(UserInput::Start { code: code() });
    sim.give(Input::LookedUp { organisation: organisation(), trust: TrustLevel::Known });
    assert!(matches!(sim.view().screen, Screen::Idle { problem: Some(IdleProblem::NotAllowed), .. }));
    let mut sim = Sim::new(Config { organisations: OrganisationPolicy::Off, ..Config::default() });
    assert!(sim.user(UserInput::Start { code: code() }).is_empty());
}

#[test]
fn a_code_from_a_link_is_filled_in_and_nothing_else() {
    let mut sim = Sim::new(Config::default());
    assert!(sim.give(Input::CodeOffered(code())).is_empty());
    assert!(matches!(sim.view().screen, Screen::Idle { code: Some(_), .. }));
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::CodeOffered(code()));
    assert!(matches!(sim.view().screen, Screen::Session(_)));
}

#[test]
fn an_agent_for_one_session_leaves_after_it() {
    let config = Config { once: true, ..Config::default() };
    let mut sim = Sim::waiting(config, TrustLevel::Pinned);
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.user(approve("r1", [VIEW]));
    sim.give(Input::Recorded(id("r1")));
    sim.give(accepted("r1", "s1"));
    sim.user(UserInput::End);
    assert_eq!(sim.user(UserInput::CloseSummary), [Effect::Exit(Exit::Finished)]);
}

#[test]
fn chat_goes_both_ways_where_it_is_granted_and_nowhere_else() {
    let message = |id: &str, kind| Input::MessageReceived {
        session_id: session_id("s1"),
        message_id: id.parse().unwrap(),
        kind,
        text: "hello\u{202e}".into(),
    };
    let mut sim = Sim::active(Permissions::from([CHAT]));
    assert!(!access_started(&sim.effects), "a chat needs no access to the computer");
    sim.give(message("m1", MessageKind::Chat));
    sim.give(message("m1", MessageKind::Chat));
    sim.give(message("m2", MessageKind::Note));
    let effects = sim.user(UserInput::Say { text: " good day ".into() });
    assert!(effects.contains(&Effect::Send(Send::Message {
        session_id: session_id("s1"),
        number: 1,
        text: "good day".into()
    })));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    let texts: Vec<_> = session.chat.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["hello", "good day"]);
    assert_eq!((session.unread, session.actions), (1, Actions::from([Action::Chatting])));
    sim.advance(secs(30));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.actions, Actions::EMPTY);
}

#[test]
fn actions_that_were_not_granted_are_not_believed() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let claimed = Actions::from([Action::Controlling, Action::TransferringFiles, Action::Viewing]);
    sim.give(Input::Access(AccessFact::Doing { actions: claimed }));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.actions, Actions::from([Action::Viewing]));
}

#[test]
fn a_narrower_device_group_takes_back_at_once() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    let effects = sim.give(Input::DeviceChanged(standing(Permissions::from([VIEW]))));
    assert!(
        matches!(&effects[0], Effect::ChangeGrant(grant) if grant.permissions == Permissions::from([VIEW]))
    );
}

#[test]
fn help_is_asked_for_taken_and_withdrawn() {
    let help: HelpId = "h1".parse().unwrap();
    let mut sim = Sim::ready();
    sim.user(UserInput::AskForHelp { text: "the printer".into() });
    sim.give(Input::HelpAsked(help.clone()));
    sim.give(Input::HelpTaken { help_id: help, operator: operator("olivia") });
    let taken = Some(session::HelpStatus::Taken { operator_name: "Olivia Example".into() });
    assert!(matches!(sim.view().screen, Screen::Ready { help, .. } if help == taken));
    assert_eq!(sim.user(UserInput::WithdrawHelp), [Effect::Send(Send::WithdrawHelp)]);
}

#[test]
fn a_retired_device_ends_what_is_open() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::StandingLost)[0], Effect::StopAccess);
    sim.user(UserInput::CloseSummary);
    assert!(matches!(sim.view().screen, Screen::Idle { .. }));
}

#[test]
fn a_request_closes_the_summary_of_the_last_session() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.user(UserInput::End);
    sim.advance(secs(61));
    assert!(shown(&sim.give(Input::RequestReceived(request("r2", [VIEW])))));
    assert!(matches!(sim.view().screen, Screen::Ready { .. }));
}

#[test]
fn a_clock_that_goes_back_neither_shortens_nor_prolongs_a_deadline() {
    let mut sim = Sim::ready();
    sim.advance(secs(500));
    sim.give(Input::ScreenUnlocked);
    let seen = sim.now.boot;
    sim.now.boot -= secs(400);
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(sim.view().prompt.unwrap().answer_secs, 120);
    sim.now.boot = seen;
    sim.make_approvable("r1");
    assert_eq!(outcome_of(&sim.advance(secs(118)), "r1"), None);
    assert_eq!(outcome_of(&sim.advance(secs(1)), "r1"), unanswered(UnansweredCause::Expired));
}

#[test]
fn what_an_access_process_reports_late_is_not_shown_while_nothing_is_served() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost);
    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.actions, Actions::EMPTY);
}

#[test]
fn a_request_of_another_organisation_than_the_one_that_was_joined_is_not_shown() {
    let mut sim = Sim::ready();
    let foreign =
        session::Request { organisation: responder("other", TrustLevel::Pinned), ..request("r1", [VIEW]) };
    let effects = sim.give(Input::RequestReceived(foreign));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::NotPermitted));
    assert!(!shown(&effects));
}

#[test]
fn taking_something_back_does_not_undo_a_yes_to_more_that_is_on_its_way() {
    let mut sim = Sim::active(Permissions::from([VIEW, CHAT]));
    sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    sim.make_approvable("r2");
    sim.user(approve("r2", [CONTROL]));
    sim.give(Input::Recorded(id("r2")));
    let effects = sim.user(UserInput::TakeBack { permission: VIEW });
    let told = Send::Granted { session_id: session_id("s1"), granted: Permissions::from([CHAT, CONTROL]) };
    assert!(effects.contains(&Effect::Send(told)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::ChangeGrant(grant)
        if grant.permissions.contains(CONTROL))));
}
