//! The user's own mouse and keyboard come first.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    time::{Duration, Instant},
};

use input::{Done, Options, Refusal};
use virtual_desktop::{Point, wait_for};

use crate::server::{SOON, XServer, symbol};

const HELD_BACK: Done = Done::Refused(Refusal::LocalInput);
const PAUSE: Duration = Duration::from_millis(400);

fn options() -> Options {
    Options { pause: PAUSE, ..Options::new(Vec::new()) }
}

#[test]
fn what_the_operator_holds_is_let_go_when_the_user_moves_the_mouse() {
    let server = XServer::start();
    let mut operator = server.operator_with(options());
    operator.key(true, symbol('A')).unwrap();
    operator.pointer(50, 50, 1).unwrap();
    assert!(!server.pressed_keys().is_empty());
    server.hands().move_mouse(Point { x: 60, y: 60 }).unwrap();
    server.wait_until_free(&operator);
    assert_eq!(operator.pointer(70, 70, 1).unwrap(), HELD_BACK);
    assert_eq!(operator.key(true, symbol('a')).unwrap(), HELD_BACK);
    assert_eq!(server.pointer(), (60, 60));
}

#[test]
fn the_operator_goes_on_after_a_pause() {
    let server = XServer::start();
    let mut operator = server.operator_with(options());
    assert_eq!(operator.key(true, symbol('a')).unwrap(), Done::Injected);
    let moved = Instant::now();
    server.hands().move_mouse(Point { x: 60, y: 60 }).unwrap();
    server.wait_until_free(&operator);
    let again = || (operator.key(true, symbol('b')).unwrap() == Done::Injected).then(|| moved.elapsed());
    let waited = wait_for("the operator's turn", SOON, again).unwrap();
    assert!(waited >= PAUSE && waited < 4 * PAUSE, "{waited:?}");
}

#[test]
fn what_the_user_holds_does_not_mix_with_what_the_operator_does() {
    let server = XServer::start();
    let shift = 50;
    server.hands().press_key(true, shift).unwrap();
    let mut operator = server.operator_with(options());
    assert_eq!(operator.key(true, symbol('a')).unwrap(), HELD_BACK, "held from before");
    server.hands().press_key(false, shift).unwrap();
    wait_for("the operator's turn", SOON, || {
        (operator.pointer(1, 1, 0).unwrap() == Done::Injected).then_some(())
    })
    .unwrap();

    server.hands().press_button(true, 1).unwrap();
    wait_for("the press to be noticed", SOON, || {
        (operator.pointer(2, 2, 0).unwrap() == HELD_BACK).then_some(())
    })
    .unwrap();
    std::thread::sleep(2 * PAUSE);
    assert_eq!(
        operator.pointer(3, 3, 1).unwrap(),
        HELD_BACK,
        "a drag of the user's takes as long as it takes"
    );
    server.hands().press_button(false, 1).unwrap();
    wait_for("the operator's turn", SOON, || {
        (operator.pointer(4, 4, 0).unwrap() == Done::Injected).then_some(())
    })
    .unwrap();
}

#[test]
fn the_operators_own_input_holds_nobody_back() {
    let server = XServer::start();
    let mut operator = server.operator_with(options());
    for step in 0..200 {
        assert_eq!(operator.pointer(step, step, step % 2).unwrap(), Done::Injected);
        assert_eq!(operator.key(step % 2 == 0, symbol('a')).unwrap(), Done::Injected);
    }
}

#[test]
fn where_nothing_happens_nothing_runs() {
    let server = XServer::start();
    let mut child = server.spawn_injector(&["once"]);
    let mut reports = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(reports.any(|line| line.unwrap() == "done"));

    let tasks = format!("/proc/{}/task", child.id());
    let lines = |word: &str| {
        let tasks = fs::read_dir(&tasks).unwrap().map(|task| task.unwrap().path().join("status"));
        let text: String = tasks.map(|status| fs::read_to_string(status).unwrap()).collect();
        text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect::<Vec<_>>()
    };
    let asleep = || lines("State:").iter().all(|state| state.contains("sleeping")).then_some(());
    wait_for("all threads to sleep", SOON, asleep).unwrap();
    let before = lines("ctxt_switches");
    assert!(before.len() >= 4, "two threads at least");
    std::thread::sleep(Duration::from_millis(1500));
    let after = lines("ctxt_switches");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(after, before);
}
