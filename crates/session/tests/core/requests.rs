//! Who may ask, what can be granted, and what is a yes: one sentence a test.

use crate::sim::*;
use protocol::{EndReason, Outcome, Permission, Permissions, RejectReason, TrustLevel, UnansweredCause};
use session::{
    Assurance, Config, Effect, Input, LinkTrouble, Notice, PromptFact, PromptStage, Screen, Send, UserInput,
    Visibility,
};

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
    assert!(effects.contains(&Effect::ShowWindow), "the user waits for what came of the press");
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
    assert!(effects.contains(&Effect::ShowWindow), "the user waits for what came of the press");
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
fn nobody_is_asked_on_a_locked_screen() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&sim.give(Input::ScreenLocked), "r1"), unanswered(UnansweredCause::Locked));
    let effects = sim.give(Input::RequestReceived(request("r2", [VIEW])));
    assert_eq!(outcome_of(&effects, "r2"), unanswered(UnansweredCause::Locked));
    assert!(!shown(&effects));
}

#[test]
fn an_open_request_survives_ten_seconds_without_a_link_and_cannot_be_approved_in_them() {
    let mut sim = Sim::ready();
    sim.give(Input::RequestReceived(request("r1", [VIEW])));
    sim.make_approvable("r1");
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    assert!(sim.user(approve("r1", [VIEW])).is_empty());
    sim.advance(secs(9));
    sim.give(Input::LinkRestored);
    sim.advance(secs(5));
    assert!(sim.view().prompt.is_some());
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    assert_eq!(outcome_of(&sim.advance(secs(10)), "r1"), unanswered(UnansweredCause::LinkLost));
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
fn without_a_display_every_request_is_answered_at_once() {
    let mut sim = Sim::ready();
    for request_id in ["r1", "r2", "r3"] {
        sim.give(Input::RequestReceived(request(request_id, [VIEW])));
        let told = sim.give(Input::Prompt(id(request_id), PromptFact::NoDisplay));
        assert_eq!(outcome_of(&told, request_id), unanswered(UnansweredCause::NoDisplay));
    }
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
fn a_no_counts_for_ten_minutes_however_long_ago_it_rang() {
    let mut sim = Sim::ready();
    assert!(shown(&sim.give(Input::RequestReceived(request("r1", [VIEW])))));
    sim.give(Input::Prompt(id("r1"), PromptFact::Shown));
    sim.advance(secs(110));
    sim.user(UserInput::Reject { request_id: id("r1"), reason: None });
    // More than ten minutes after it rang, and less than ten after the no.
    sim.advance(secs(495));
    assert!(shown(&sim.give(Input::RequestReceived(request("r2", [VIEW])))), "one no");
    sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    sim.advance(secs(61));
    assert!(!shown(&sim.give(Input::RequestReceived(request("r3", [VIEW])))), "two noes");
}

#[test]
fn an_operator_who_withdraws_again_and_again_rings_five_times_in_ten_minutes() {
    let mut sim = Sim::ready();
    let asks = |sim: &mut Sim, number: usize| {
        let name = format!("r{number}");
        let rings = shown(&sim.give(Input::RequestReceived(request(&name, [VIEW]))));
        sim.give(Input::RequestWithdrawn(id(&name)));
        rings
    };
    for number in 0..5 {
        assert!(asks(&mut sim, number), "{number}");
        sim.advance(secs(61));
    }
    assert!(!asks(&mut sim, 5), "the sixth");
    // The first of them is ten minutes ago.
    sim.advance(secs(600 - 5 * 61));
    assert!(asks(&mut sim, 6));
    sim.advance(secs(59));
    assert!(!asks(&mut sim, 7), "the second is not yet");
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
fn who_is_muted_stays_so_over_a_restart_until_the_user_says_otherwise() {
    let organisation = responder("support", TrustLevel::Pinned).id;
    let mut sim = Sim::new(Config::default());
    sim.give(Input::FoundMuted([organisation.clone()].into()));
    assert_eq!(sim.view().notice, None, "nothing is joined");
    sim.give(Input::Joined(device()));
    let said = |sim: &Sim| matches!(sim.view().notice, Some(Notice::Muted { can_undo: true, .. }));
    assert!(said(&sim));
    sim.user(UserInput::CloseNotice);
    assert!(said(&sim), "it is said for as long as it is so");
    let effects = sim.give(Input::RequestReceived(request("r1", [VIEW])));
    assert_eq!(outcome_of(&effects, "r1"), Some(Outcome::Rejected { reason: None }));

    assert_eq!(sim.user(UserInput::Unmute), [Effect::KeepMuted { organisation, muted: false }]);
    assert_eq!(sim.view().notice, None);
    assert!(shown(&sim.give(Input::RequestReceived(request("r2", [VIEW])))));
    assert_eq!(sim.user(UserInput::Unmute), []);
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
fn a_request_of_another_organisation_than_the_one_that_was_joined_is_not_shown() {
    let mut sim = Sim::ready();
    let foreign =
        session::Request { organisation: responder("other", TrustLevel::Pinned), ..request("r1", [VIEW]) };
    let effects = sim.give(Input::RequestReceived(foreign));
    assert_eq!(outcome_of(&effects, "r1"), unanswered(UnansweredCause::NotPermitted));
    assert!(!shown(&effects));
}
