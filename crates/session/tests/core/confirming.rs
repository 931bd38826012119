//! What the access process is told to stop, and does not confirm.

use crate::sim::{CONTROL, Sim, VIEW, access_started, asked, id, more, secs, shown};
use protocol::{Permission, Permissions};
use session::{AccessFact, Effect, Input, LinkTrouble, UserInput};
use std::time::Duration;

fn confirm(number: u64) -> Input {
    Input::Access(AccessFact::Confirmed { number })
}

fn started_with(effects: &[Effect]) -> Option<Permissions> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartAccess(grant) => Some(grant.permissions),
        _ => None,
    })
}

#[test]
fn one_that_keeps_what_was_taken_back_is_killed_and_the_session_goes_on_without_it() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    let effects = sim.user(UserInput::TakeBack { permission: CONTROL });
    asked(&effects);
    let effects = sim.advance(secs(1));
    assert_eq!(effects[0], Effect::StopAccess);
    assert_eq!(started_with(&effects), Some(Permissions::from([VIEW])));
    assert!(!sim.advance(secs(10)).contains(&Effect::StopAccess), "the new one was told nothing to stop");
}

#[test]
fn one_that_confirms_in_time_is_left_alone() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    let effects = sim.user(UserInput::TakeBack { permission: CONTROL });
    sim.advance(Duration::from_millis(900));
    sim.give(confirm(asked(&effects)));
    assert!(!sim.advance(secs(10)).contains(&Effect::StopAccess));
}

#[test]
fn one_that_goes_on_in_a_pause_is_killed_and_started_again_after_it() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    asked(&sim.give(Input::LinkLost(LinkTrouble::Unreachable)));
    let effects = sim.advance(secs(1));
    assert!(effects.contains(&Effect::StopAccess) && !access_started(&effects));
    assert!(access_started(&sim.give(Input::LinkRestored)));
}

#[test]
fn a_confirmation_that_is_late_does_not_stand_for_what_was_said_since() {
    let mut sim = Sim::active(Permissions::from([VIEW, CONTROL]));
    let first = asked(&sim.give(Input::RequestReceived(more("r2", [Permission::FilesRead]))));
    sim.give(Input::RequestWithdrawn(id("r2")));
    sim.give(Input::RequestReceived(more("r3", [Permission::FilesRead])));
    let second = asked(&sim.user(UserInput::Review));
    assert!(!shown(&sim.give(confirm(first))), "input was let through since");
    assert!(shown(&sim.give(confirm(second))));
}

#[test]
fn a_computer_that_slept_kills_nothing() {
    let mut sim = Sim::active(Permissions::from([VIEW]));
    let number = asked(&sim.give(Input::Suspending));
    sim.sleep(secs(20));
    sim.give(Input::Resumed { asleep: secs(20) });
    sim.advance(Duration::from_millis(500));
    sim.give(confirm(number));
    sim.give(Input::LinkRestored);
    assert!(!sim.effects.contains(&Effect::StopAccess));
}
