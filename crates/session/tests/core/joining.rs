//! Codes, invitations, devices, help, and what an earlier run left: one sentence a test.

use crate::sim::*;
use protocol::{EndReason, HelpId, Permissions, TrustLevel, UnansweredCause};
use session::{
    Config, Effect, Exit, IdleProblem, Input, JoinFailure, LinkTrouble, OpenThing, OrganisationPolicy,
    Screen, Send, UserInput,
};

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
fn a_device_is_joined_by_pinned_organisations_and_asked_by_the_one_that_enrolled_it() {
    let config = Config { organisations: OrganisationPolicy::PinnedToJoin, ..Config::default() };
    let mut sim = Sim::new(config.clone());
    sim.user(UserInput::Start { code: code() });
    sim.give(Input::LookedUp { organisation: organisation(), trust: TrustLevel::Known });
    assert!(matches!(sim.view().screen, Screen::Idle { problem: Some(IdleProblem::NotAllowed), .. }));

    let asked = |config: Config| {
        let mut sim = Sim::new(config);
        sim.give(Input::Joined(device()));
        let organisation = responder("support", TrustLevel::New);
        sim.give(Input::RequestReceived(session::Request { organisation, ..request("r1", [VIEW]) }));
        sim.view().prompt.is_some()
    };
    assert!(asked(config.clone()));
    assert!(!asked(Config { organisations: OrganisationPolicy::Pinned, ..config }));
}

#[test]
fn what_policy_decided_is_in_the_view() {
    let config =
        Config { managed: true, may_quit: false, contact: Some("Support".into()), ..Config::default() };
    let managed = Sim::new(config).view().managed;
    assert_eq!(
        managed,
        session::Managed { by_policy: true, may_quit: false, contact: Some("Support".into()) }
    );
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
    let left = [Effect::ForgetInvitation, Effect::Exit(Exit::Finished)];
    assert_eq!(sim.user(UserInput::CloseSummary), left);
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

fn problem(sim: &Sim) -> Option<IdleProblem> {
    match sim.view().screen {
        Screen::Idle { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_retired_device_ends_what_is_open() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    assert_eq!(sim.give(Input::StandingLost)[0], Effect::StopAccess);
    sim.user(UserInput::CloseSummary);
    assert_eq!(problem(&sim), Some(IdleProblem::DeviceRetired));
    let mut sim = Sim::ready();
    sim.give(Input::StandingLost);
    assert_eq!(problem(&sim), Some(IdleProblem::DeviceRetired));
}

#[test]
fn a_computer_that_is_not_taken_as_a_device_says_so() {
    let mut sim = Sim::new(Config::default());
    sim.give(Input::EnrolmentRefused { detail: "The token is used up.".into() });
    assert_eq!(problem(&sim), Some(IdleProblem::NotEnrolled { detail: "The token is used up.".into() }));
    let mut sim = Sim::ready();
    let before = sim.view();
    sim.give(Input::EnrolmentRefused { detail: "The token is used up.".into() });
    assert_eq!(sim.view(), before);
}

#[test]
fn why_the_service_is_not_reached_is_shown_until_it_is() {
    let mut sim = Sim::ready();
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    let since = sim.view().offline_since;
    sim.advance(secs(5));
    sim.give(Input::LinkLost(LinkTrouble::CertificateNotTrusted));
    let view = sim.view();
    assert_eq!(view.link_trouble, Some(LinkTrouble::CertificateNotTrusted));
    assert!(since.is_some() && view.offline_since == since, "still since the first failure");
    sim.give(Input::LinkRestored);
    assert_eq!((sim.view().offline_since, sim.view().link_trouble), (None, None));
}

#[test]
fn a_session_of_an_earlier_run_is_ended_once_and_a_help_request_of_it_is_shown_again() {
    let mut sim = Sim::new(Config::default());
    let effects = sim.give(Input::FoundOpen(vec![OpenThing::Session(session_id("s1"))]));
    assert_eq!(end_sent(&effects), Some(EndReason::AgentRestarted));
    sim.give(Input::Joined(device()));
    let help_id: HelpId = "h1".parse().unwrap();
    // The snapshot may be older than the end that is on its way.
    let snapshot = Input::Synchronised {
        request_id: None,
        session_id: Some(session_id("s1")),
        help_id: Some(help_id.clone()),
    };
    assert_eq!(sim.give(snapshot), []);
    let queued = Some(session::HelpStatus::Queued);
    assert!(matches!(sim.view().screen, Screen::Ready { help, .. } if help == queued));
    sim.give(Input::HelpClosed(help_id));
    assert!(matches!(sim.view().screen, Screen::Ready { help: None, .. }));
}
