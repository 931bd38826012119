//! Keys, buttons and the pointer.

use rfb::{Event, Size};
use std::time::Duration;

use crate::viewer::*;

const SIZE: Size = Size { width: 100, height: 80 };

fn key(down: bool, keysym: u32) -> Vec<u8> {
    [&[4, down.into(), 0, 0][..], &keysym.to_be_bytes()].concat()
}

fn pointer(buttons: u8, x: u16, y: u16) -> Vec<u8> {
    [&[5, buttons][..], &x.to_be_bytes(), &y.to_be_bytes()].concat()
}

fn events(viewer: &mut Viewer) -> Vec<Event> {
    std::iter::from_fn(|| viewer.server.poll_event()).collect()
}

fn pressed(down: bool, keysym: u32) -> Event {
    Event::Key { down, keysym, scancode: None }
}

#[test]
fn keys_and_buttons_come_out_as_they_went_in() {
    let mut viewer = Viewer::connect(SIZE, &[RAW, EXTENDED_KEY, EXTENDED_MOUSE]);
    viewer.send(&key(true, 0x61));
    viewer.send(&[255, 0, 0, 1, 0, 0, 0, 0xE9, 0, 0, 0, 0x12]);
    viewer.send(&[255, 0, 0, 0, 0, 0, 0, 0xE9, 0, 0, 0, 0x12]);
    viewer.send(&key(false, 0x61));
    viewer.send(&pointer(0b101, 200, 7));
    viewer.send(&[5, 0x80, 0, 1, 0, 2, 0b10]);
    let e_acute = |down| Event::Key { down, keysym: 0xE9, scancode: Some(0x12) };
    assert_eq!(
        events(&mut viewer),
        [
            pressed(true, 0x61),
            e_acute(true),
            e_acute(false),
            pressed(false, 0x61),
            Event::Pointer { x: 99, y: 7, buttons: 0b101 },
            Event::Pointer { x: 1, y: 2, buttons: 0b1_0000_0000 },
        ]
    );
}

#[test]
fn while_viewing_only_nothing_comes_out() {
    let mut viewer = Viewer::connect_with(SIZE, &[RAW], true);
    viewer.send(&key(true, 0x61));
    viewer.send(&key(false, 0x61));
    viewer.send(&pointer(1, 5, 5));
    assert_eq!(events(&mut viewer), []);
    viewer.server.set_view_only(false);
    viewer.send(&pointer(0, 5, 5));
    viewer.send(&key(true, 0x61));
    assert_eq!(events(&mut viewer), [Event::Pointer { x: 5, y: 5, buttons: 0 }, pressed(true, 0x61)]);
}

#[test]
fn what_is_held_is_let_go_of_when_control_ends() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    viewer.send(&key(true, 0xFFE1));
    viewer.send(&key(true, 0x41));
    viewer.send(&pointer(1, 5, 6));
    events(&mut viewer);
    viewer.server.set_view_only(true);
    let released = [pressed(false, 0x41), pressed(false, 0xFFE1), Event::Pointer { x: 5, y: 6, buttons: 0 }];
    assert_eq!(events(&mut viewer), released);
    viewer.server.set_view_only(true);
    assert_eq!(events(&mut viewer), []);
    // Whoever keeps the button down presses nothing when control comes back.
    viewer.server.set_view_only(false);
    viewer.send(&pointer(1, 7, 8));
    assert_eq!(events(&mut viewer), [Event::Pointer { x: 7, y: 8, buttons: 0 }]);
}

#[test]
fn what_is_held_is_let_go_of_when_the_client_is_not_served_any_longer() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    viewer.send(&key(true, 0x41));
    events(&mut viewer);
    viewer.server.handle_bytes(&[99], viewer.now).unwrap_err();
    assert_eq!(events(&mut viewer), [pressed(false, 0x41)]);
    assert!(!viewer.server.is_waiting());
}

/// Lets time pass, with the server called when it wants to be, and says what it lets go of and how often it asks.
fn pass(viewer: &mut Viewer, time: Duration, answers: bool) -> (Vec<Event>, usize) {
    let until = viewer.now + time;
    let (mut seen, mut asked) = (Vec::new(), 0);
    while let Some(due) = viewer.server.hold_timeout().filter(|due| *due <= until) {
        viewer.now = viewer.now.max(due);
        viewer.server.check_hold(viewer.now);
        viewer.receive();
        asked += viewer.fences.len();
        while answers && viewer.answer_fence() {}
        viewer.fences.clear();
        seen.extend(events(viewer));
    }
    viewer.now = until;
    (seen, asked)
}

#[test]
fn a_client_that_goes_silent_lets_go_within_seconds_and_one_that_answers_holds_on() {
    let minute = Duration::from_secs(60);
    let mut viewer = Viewer::connect(SIZE, &[RAW, FENCE]);
    viewer.receive();
    while viewer.answer_fence() {}
    viewer.send(&key(true, 0x61));
    viewer.send(&pointer(1, 5, 6));
    assert_eq!(events(&mut viewer).len(), 2);
    let (seen, asked) = pass(&mut viewer, minute, true);
    assert_eq!((seen, asked), (vec![], 60), "it is there all the time");
    assert_eq!(pass(&mut viewer, Duration::from_millis(3900), false), (vec![], 1));
    let (seen, _) = pass(&mut viewer, Duration::from_millis(200), false);
    assert_eq!(seen, [pressed(false, 0x61), Event::Pointer { x: 5, y: 6, buttons: 0 }]);
    assert_eq!(viewer.server.hold_timeout(), None, "nothing is held any more");
    // Back, it holds what it presses anew.
    viewer.send(&key(true, 0x61));
    assert_eq!(events(&mut viewer), []);
    viewer.send(&key(false, 0x61));
    viewer.send(&key(true, 0x61));
    assert_eq!(events(&mut viewer), [pressed(true, 0x61)]);
}

#[test]
fn a_client_that_cannot_be_asked_holds_what_it_holds() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    viewer.send(&key(true, 0x61));
    events(&mut viewer);
    assert_eq!(viewer.server.hold_timeout(), None);
}
