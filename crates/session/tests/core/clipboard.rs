//! What goes over the clipboard.

use crate::sim::*;
use protocol::Permission;
use session::{
    AccessFact, ClipboardDone, ClipboardFact, ClipboardView, Effect, Entry, Input, LinkTrouble, NotSent,
    Screen, Speaker, Texts, UserInput,
};

const CLIPBOARD: [Permission; 2] = [Permission::View, Permission::Clipboard];

fn fact(fact: ClipboardFact) -> Input {
    Input::Access(AccessFact::Clipboard(fact))
}

fn passed(from: Speaker, characters: u64) -> Input {
    fact(ClipboardFact::Passed { from, characters })
}

fn shown(sim: &Sim) -> ClipboardView {
    match sim.view().screen {
        Screen::Session(session) => session.clipboard,
        other => panic!("no session: {other:?}"),
    }
}

fn written(effects: &[Effect]) -> Vec<(Speaker, u64)> {
    let written = effects.iter().filter_map(|effect| match effect {
        Effect::Record(Entry::Clipboard { from, characters, .. }) => Some((*from, *characters)),
        _ => None,
    });
    written.collect()
}

#[test]
fn what_was_copied_is_sent_at_the_users_word_and_once() {
    let mut sim = Sim::active(CLIPBOARD.into());
    assert_eq!(sim.user(UserInput::SendCopied), [Effect::SendCopied]);
    assert!(shown(&sim).is_sending);
    assert_eq!(sim.user(UserInput::SendCopied), [], "it is being sent already");
    assert_eq!(written(&sim.give(passed(Speaker::User, 5))), [(Speaker::User, 5)]);
    assert!(!shown(&sim).is_sending);
    assert_eq!(sim.user(UserInput::SendCopied), [Effect::SendCopied]);
    assert_eq!(written(&sim.give(fact(ClipboardFact::NotSent { why: NotSent::Secret }))), []);
    let last = shown(&sim).last.unwrap();
    assert_eq!(last.fact, ClipboardFact::NotSent { why: NotSent::Secret });
    assert!(!shown(&sim).is_sending);
}

#[test]
fn nothing_is_sent_without_the_permission_or_while_the_session_is_held_up() {
    let mut sim = Sim::active([Permission::View, Permission::Chat].into());
    assert_eq!(sim.user(UserInput::SendCopied), []);

    let mut sim = Sim::active(CLIPBOARD.into());
    sim.user(UserInput::TakeBack { permission: Permission::Clipboard });
    assert_eq!(sim.user(UserInput::SendCopied), []);

    let mut sim = Sim::active(CLIPBOARD.into());
    sim.give(Input::ScreenLocked);
    assert_eq!(sim.user(UserInput::SendCopied), []);
    sim.give(Input::ScreenUnlocked);
    sim.give(Input::LinkLost(LinkTrouble::Unreachable));
    assert_eq!(sim.user(UserInput::SendCopied), []);
    sim.give(Input::LinkRestored);
    assert_eq!(sim.user(UserInput::SendCopied), [Effect::SendCopied]);

    let mut sim = Sim::active(CLIPBOARD.into());
    sim.give(Input::Access(AccessFact::Unsupported { permission: Permission::Clipboard }));
    assert_eq!(sim.user(UserInput::SendCopied), []);
}

#[test]
fn a_take_back_while_a_text_is_being_sent_leaves_nothing_waiting() {
    let mut sim = Sim::active(CLIPBOARD.into());
    sim.user(UserInput::SendCopied);
    sim.user(UserInput::TakeBack { permission: Permission::Clipboard });
    assert!(!shown(&sim).is_sending);
}

#[test]
fn a_text_that_is_being_sent_when_the_access_process_is_killed_was_not_sent() {
    let mut sim = Sim::active([Permission::View, Permission::Control, Permission::Clipboard].into());
    sim.user(UserInput::SendCopied);
    sim.give(Input::RequestReceived(more("r2", [Permission::Chat])));
    assert!(sim.advance(secs(1)).contains(&Effect::StopAccess), "it does not say that input is held");
    let no_answer = ClipboardFact::NotSent { why: NotSent::NoAnswer };
    assert_eq!((shown(&sim).is_sending, shown(&sim).last.unwrap().fact), (false, no_answer));
    sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    assert_eq!(sim.user(UserInput::SendCopied), [Effect::SendCopied]);
}

#[test]
fn what_went_over_before_an_end_is_written_down_however_late_it_is_heard() {
    let mut sim = Sim::active(CLIPBOARD.into());
    sim.user(UserInput::End);
    let fact = AccessFact::Clipboard(ClipboardFact::Passed { from: Speaker::Operator, characters: 7 });
    let effects = sim.give(Input::AccessLate { session_id: "s1".parse().unwrap(), fact });
    assert_eq!(written(&effects), [(Speaker::Operator, 7)]);
    match sim.view().screen {
        Screen::Ended(ended) => assert_eq!(ended.clipboard.by_operator, Texts { texts: 1, characters: 7 }),
        other => panic!("no summary: {other:?}"),
    }
}

#[test]
fn the_operators_texts_do_not_answer_the_users_word() {
    let mut sim = Sim::active(CLIPBOARD.into());
    sim.user(UserInput::SendCopied);
    assert_eq!(written(&sim.give(passed(Speaker::Operator, 7))), [(Speaker::Operator, 7)]);
    assert!(shown(&sim).is_sending);
}

#[test]
fn the_summary_counts_both_sides() {
    let mut sim = Sim::active(CLIPBOARD.into());
    sim.give(passed(Speaker::User, 5));
    sim.give(passed(Speaker::Operator, 7));
    sim.give(passed(Speaker::Operator, 8));
    let done = ClipboardDone {
        by_user: Texts { texts: 1, characters: 5 },
        by_operator: Texts { texts: 2, characters: 15 },
    };
    assert_eq!(shown(&sim).done, done);
    sim.user(UserInput::End);
    match sim.view().screen {
        Screen::Ended(ended) => assert_eq!(ended.clipboard, done),
        other => panic!("no summary: {other:?}"),
    }
}
