//! What runs, what interrupts it, and how it ends: one sentence a test.

use crate::sim::*;
use protocol::{
    Action, Actions, EndReason, Outcome, Permission, Permissions, RejectReason, TrustLevel, UnansweredCause,
    event::MessageKind,
};
use session::{
    AccessFact, Config, Delivery, Effect, Entry, Exit, Input, LinkTrouble, Notice, PromptFact, Screen, Send,
    SessionStatus, TrayState, UserInput,
};

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

    sim.give(Input::Access(AccessFact::TunnelStands));
    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    assert_eq!(sim.view().tray_state(), TrayState::Viewing);
    sim.advance(secs(90));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!((session.elapsed_secs, session.remaining_secs), (90, 3510));

    let effects = sim.user(UserInput::End);
    assert_eq!(effects[0], Effect::StopAccess, "nothing comes before the access process is gone");
    assert_eq!(end_sent(&effects), Some(EndReason::User));
    assert!(effects.contains(&Effect::StopListening) && !effects.contains(&Effect::ForgetInvitation));
    assert_eq!(ended_as(&sim), Some(EndReason::User));
    assert_eq!(sim.user(UserInput::CloseSummary), [Effect::ForgetInvitation]);
    assert!(matches!(sim.view().screen, Screen::Idle { problem: None, .. }));
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
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.give(Input::ScreenLocked);
    assert_eq!(sim.user(UserInput::End)[0], Effect::StopAccess);
}

#[test]
fn what_is_wrong_in_a_session_ends_it_at_once_and_mutes_whose_it_is() {
    let mut sim = Sim::active(Permissions::from([VIEW, CHAT]));
    let effects = sim.user(UserInput::Report);
    assert_eq!(effects[0], Effect::StopAccess, "nothing comes before the access process is gone");
    let (session_id, reason) = (session_id("s1"), EndReason::User);
    let told = Effect::Send(Send::End { session_id, reason, suspicious: true });
    assert!(effects.contains(&told), "{effects:?}");
    assert!(effects.iter().any(|effect| {
        matches!(
            effect,
            Effect::Record(Entry::SessionEnded { reason: EndReason::User, suspicious: true, .. })
        )
    }));
    let view = sim.view();
    assert!(matches!(&view.screen, Screen::Ended(ended) if ended.suspicious));
    assert!(matches!(view.notice, Some(Notice::Muted { .. })), "{:?}", view.notice);
    let effects = sim.give(Input::RequestReceived(request("r2", [VIEW])));
    assert!(!shown(&effects));
    assert_eq!(outcome_of(&effects, "r2"), Some(Outcome::Rejected { reason: None }));
}

#[test]
fn a_session_that_is_over_can_be_reported_once_while_its_summary_is_there() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::SessionEnded { session_id: session_id("s1"), reason: EndReason::Operator });
    let (id, reason) = (session_id("s1"), EndReason::User);
    let expected = [
        Effect::Send(Send::End { session_id: id.clone(), reason, suspicious: true }),
        Effect::Record(Entry::Reported { session_id: id }),
        Effect::KeepMuted { organisation: responder("support", TrustLevel::Pinned).id, muted: true },
    ];
    assert_eq!(sim.user(UserInput::Report), expected);
    let view = sim.view();
    assert!(matches!(view.notice, Some(Notice::Muted { can_undo: false, .. })), "{:?}", view.notice);
    let Screen::Ended(ended) = view.screen else { panic!("no summary") };
    assert_eq!((ended.reason, ended.suspicious), (EndReason::Operator, true));
    assert_eq!(sim.user(UserInput::Report), []);
    sim.user(UserInput::CloseSummary);
    assert_eq!(sim.user(UserInput::Report), []);
    assert_eq!(Sim::ready().user(UserInput::Report), []);
}

#[test]
fn an_invitation_is_forgotten_with_the_summary_of_its_session_however_that_goes() {
    let ended = || {
        let mut sim = Sim::waiting(Config::default(), TrustLevel::Pinned);
        sim.give(Input::RequestReceived(request("r1", [VIEW])));
        sim.make_approvable("r1");
        sim.user(approve("r1", [VIEW]));
        sim.give(Input::Recorded(id("r1")));
        sim.give(accepted("r1", "s1"));
        let effects = sim.user(UserInput::End);
        assert!(effects.contains(&Effect::StopListening) && !effects.contains(&Effect::ForgetInvitation));
        sim
    };
    for input in [
        Input::User(UserInput::CloseSummary),
        Input::User(UserInput::End),
        Input::User(UserInput::Start { code: code() }),
        Input::CodeOffered(code()),
        Input::Terminating,
    ] {
        let effects = ended().give(input.clone());
        assert_eq!(effects[0], Effect::ForgetInvitation, "{input:?}");
    }
    assert_eq!(ended().advance(secs(600)), [Effect::ForgetInvitation], "nobody closes it");
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
fn a_no_to_more_leaves_the_session_as_it_was() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    let effects = sim.user(UserInput::Reject { request_id: id("r2"), reason: Some(RejectReason::NotNow) });
    assert_eq!(outcome_of(&effects, "r2"), Some(Outcome::Rejected { reason: Some(RejectReason::NotNow) }));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.granted, Permissions::from([VIEW]));
}

#[test]
fn a_request_for_more_that_looks_suspicious_can_end_everything_at_once() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    let effects = sim.user(UserInput::RejectAndEnd { request_id: id("r2") });
    let suspicious = Some(RejectReason::Suspicious);
    assert_eq!(outcome_of(&effects, "r2"), Some(Outcome::Rejected { reason: suspicious }));
    assert!(effects.contains(&Effect::StopAccess));
    assert_eq!(end_sent(&effects), Some(EndReason::User));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::KeepMuted { muted: true, .. })));
    assert!(matches!(sim.view().notice, Some(Notice::Muted { .. })), "whom to call stays above the summary");
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
    let effects = sim.give(Input::Access(AccessFact::Confirmed { number: asked(&effects) }));
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
    assert_eq!(sim.give(Input::LinkLost(LinkTrouble::Unreachable))[0], Effect::Pause);
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.status, SessionStatus::Reconnecting);
    sim.confirm();
    sim.advance(secs(59));
    assert_eq!(sim.give(Input::LinkRestored)[0], Effect::Resume);
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.confirm();
    let effects = sim.advance(secs(60));
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(ended_as(&sim), Some(EndReason::LinkLost));
}

#[test]
fn a_lost_tunnel_is_shown_and_ends_the_session_after_a_minute() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    sim.give(Input::Access(AccessFact::TunnelLost));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!((session.status, session.actions), (SessionStatus::Reconnecting, Actions::EMPTY));
    sim.advance(secs(59));
    sim.give(Input::Access(AccessFact::TunnelStands));
    sim.advance(secs(60));
    assert_eq!(ended_as(&sim), None);
    sim.give(Input::Access(AccessFact::TunnelLost));
    assert_eq!(sim.advance(secs(60))[0], Effect::StopAccess);
    assert_eq!(ended_as(&sim), Some(EndReason::LinkLost));
}

#[test]
fn what_is_being_done_is_shown_again_after_a_pause_that_did_not_stop_it() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    let gaps = [
        (Input::ScreenLocked, Input::ScreenUnlocked),
        (Input::LinkLost(LinkTrouble::Unreachable), Input::LinkRestored),
        (Input::Access(AccessFact::TunnelLost), Input::Access(AccessFact::TunnelStands)),
    ];
    for (gap, back) in gaps {
        sim.give(gap);
        let Screen::Session(session) = sim.view().screen else { panic!("no session") };
        assert_eq!(session.actions, Actions::EMPTY);
        sim.give(back);
        assert_eq!(sim.view().tray_state(), TrayState::Viewing);
    }
}

#[test]
fn a_tunnel_that_never_stands_ends_the_session_after_a_minute() {
    let mut sim = Sim::active(Permissions::from([CHAT]));
    sim.give(Input::RequestReceived(more("r2", [VIEW])));
    sim.make_approvable("r2");
    sim.user(approve("r2", [VIEW]));
    sim.give(Input::Recorded(id("r2")));
    sim.give(accepted("r2", "s1"));
    sim.advance(secs(59));
    assert_eq!(ended_as(&sim), None);
    sim.advance(secs(1));
    assert_eq!(ended_as(&sim), Some(EndReason::LinkLost));
}

#[test]
fn without_anything_that_needs_a_tunnel_its_loss_does_not_matter() {
    let mut sim = Sim::active(Permissions::from([VIEW, CHAT]));
    sim.give(Input::Access(AccessFact::TunnelLost));
    sim.user(UserInput::TakeBack { permission: VIEW });
    sim.advance(secs(120));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.status, SessionStatus::Running);
}

#[test]
fn one_loss_after_the_other_does_not_make_the_minute_longer() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.confirm();
    sim.advance(secs(30));
    sim.give(Input::Access(AccessFact::TunnelLost));
    sim.give(Input::LinkRestored);
    sim.advance(secs(30));
    assert_eq!(ended_as(&sim), Some(EndReason::LinkLost));
}

#[test]
fn a_locked_screen_suspends_at_once_and_ends_after_five_minutes() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::ScreenLocked)[0], Effect::Pause);
    assert_eq!(sim.view().tray_state(), TrayState::Suspended);
    sim.confirm();
    sim.advance(secs(299));
    assert_eq!(sim.give(Input::ScreenUnlocked)[0], Effect::Resume);
    sim.give(Input::ScreenLocked);
    sim.confirm();
    sim.advance(secs(300));
    assert_eq!(ended_as(&sim), Some(EndReason::Locked));
}

#[test]
fn a_session_resumes_only_when_neither_link_nor_lock_is_in_the_way() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.give(Input::ScreenLocked);
    assert!(!sim.give(Input::LinkRestored).contains(&Effect::Resume));
    assert!(sim.give(Input::ScreenUnlocked).contains(&Effect::Resume));
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
fn log_off_ends_everything_and_leaves() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let effects = sim.give(Input::Terminating);
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(end_sent(&effects), Some(EndReason::AgentStopped));
    assert_eq!(effects.last(), Some(&Effect::Exit(Exit::Terminated)));
    assert!(sim.give(Input::RequestReceived(request("r9", [VIEW]))).is_empty());
}

#[test]
fn an_access_process_that_dies_ends_the_session() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let effects = sim.give(Input::Access(AccessFact::Ended));
    assert_eq!(effects[0], Effect::StopAccess, "what it held must be released");
    assert_eq!(ended_as(&sim), Some(EndReason::AccessFailed));
}

#[test]
fn a_yes_lets_the_same_organisation_ask_for_more_at_once() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert!(shown(&sim.give(Input::RequestReceived(more("r2", [CONTROL])))));
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
fn a_line_says_whether_the_operator_has_it_also_after_the_session() {
    let mut sim = Sim::active(Permissions::from([CHAT]));
    let settled = |number, delivered| match delivered {
        true => Input::MessageDelivered { session_id: session_id("s1"), number },
        false => Input::MessageRefused { session_id: session_id("s1"), number },
    };
    for text in ["one", "two", "three", "four"] {
        sim.user(UserInput::Say { text: text.into() });
    }
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.give(settled(1, true));
    sim.give(settled(2, false));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    let told: Vec<_> = session.chat.iter().map(|line| line.delivery).collect();
    let expected = [Delivery::Arrived, Delivery::NotSent, Delivery::OnItsWay, Delivery::OnItsWay];
    assert_eq!(told, expected);

    sim.advance(secs(60));
    let unsent = |sim: &Sim| match sim.view().screen {
        Screen::Ended(ended) => {
            ended.unsent.into_iter().map(|line| (line.text, line.delivery)).collect::<Vec<_>>()
        }
        _ => panic!("not ended"),
    };
    let line = |text: &str, delivery| (text.to_owned(), delivery);
    let before =
        [line("two", Delivery::NotSent), line("three", Delivery::OnItsWay), line("four", Delivery::OnItsWay)];
    assert_eq!(unsent(&sim), before);
    sim.give(settled(3, true));
    sim.give(settled(4, false));
    assert_eq!(unsent(&sim), [line("two", Delivery::NotSent), line("four", Delivery::NotSent)]);
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
fn what_an_access_process_reports_late_is_not_shown_while_nothing_is_served() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    sim.give(Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }));
    let Screen::Session(session) = sim.view().screen else { panic!("no session") };
    assert_eq!(session.actions, Actions::EMPTY);
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

#[test]
fn a_change_of_settings_takes_effect_after_the_session() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let nothing = Config { permissions: Permissions::EMPTY, ..Config::default() };
    assert!(!sim.agent.set_config(nothing.clone()));
    let effects = sim.give(Input::RequestReceived(more("r2", [CONTROL])));
    assert_eq!(outcome_of(&effects, "r2"), None);
    sim.user(UserInput::End);
    assert!(sim.agent.set_config(nothing));
    let effects = sim.give(Input::RequestReceived(request("r3", [VIEW])));
    assert_eq!(outcome_of(&effects, "r3"), unanswered(UnansweredCause::NotPermitted));
}

#[test]
fn the_service_is_told_how_a_session_stands_once_and_again_when_that_changes() {
    let reports = |effects: &[Effect]| -> Vec<(Actions, bool)> {
        let report = |effect: &Effect| match effect {
            Effect::Send(Send::Actions { actions, suspended, .. }) => Some((*actions, *suspended)),
            _ => None,
        };
        effects.iter().filter_map(report).collect()
    };
    let viewing = Actions::from([Action::Viewing]);
    let doing = |actions| Input::Access(AccessFact::Doing { actions });
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(reports(&sim.effects), [(Actions::EMPTY, false)]);

    // What cannot be done here is told with it.
    let told = sim.give(Input::Access(AccessFact::Unsupported { permission: VIEW }));
    let unsupported = |effect: &Effect| match effect {
        Effect::Send(Send::Actions { unsupported, .. }) => Some(*unsupported),
        _ => None,
    };
    assert_eq!(told.iter().find_map(unsupported), Some(Permissions::from([VIEW])));

    // Nothing is done, so a lost link changes nothing of it.
    assert_eq!(reports(&sim.give(Input::LinkLost(LinkTrouble::Unreachable))), []);
    assert_eq!(reports(&sim.give(Input::LinkRestored)), []);

    // What a lost link interrupted is told again as soon as it goes on.
    assert_eq!(reports(&sim.give(doing(viewing))), [(viewing, false)]);
    assert_eq!(reports(&sim.give(doing(viewing))), []);
    assert_eq!(reports(&sim.give(Input::LinkLost(LinkTrouble::Unreachable))), [(Actions::EMPTY, false)]);
    assert_eq!(reports(&sim.give(Input::LinkRestored)), [(viewing, false)]);
    assert_eq!(reports(&sim.give(doing(viewing))), []);

    assert_eq!(reports(&sim.give(Input::ScreenLocked)), [(Actions::EMPTY, true)]);
    assert_eq!(reports(&sim.give(doing(Actions::EMPTY))), []);
    assert_eq!(reports(&sim.give(Input::ScreenUnlocked)), [(Actions::EMPTY, false)]);
    let prolonged = sim.user(UserInput::Prolong { by: secs(60) });
    assert_eq!(reports(&prolonged), [(Actions::EMPTY, false)], "there is more time left");
}
