//! A process that injects and is killed leaves nothing pressed.

use std::{
    io::{BufRead as _, BufReader},
    sync::{Arc, Mutex},
    time::Duration,
};

use input::{Held, Injector, Options};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::server::{XServer, symbol};

#[test]
fn whenever_it_is_killed_nothing_stays_pressed() {
    let server = XServer::start();
    let before = server.keyboard_mapping();
    let mut left_something = 0;
    for attempt in 0..20u16 {
        let mut child = server.spawn_injector(&[]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut held = Held::default();
        // A moment that is another each time.
        for _ in 0..20 + 7 * attempt {
            held = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            // The last may be cut off, and was not reported then.
            if let Ok(report) = serde_json::from_str(&line.unwrap()) {
                held = report;
            }
        }
        left_something += usize::from(!server.pressed_keys().is_empty() || server.mask() != 0);
        input::release(&server.display(), &held).unwrap();
        assert_eq!((server.pressed_keys(), server.mask()), (vec![], 0), "{held:?}");
        assert!(server.keyboard_mapping() == before, "{held:?}");
    }
    assert!(left_something > 0, "the kernel lets go of nothing by itself");
}

#[test]
fn what_will_be_pressed_is_reported_before_it_is_and_what_goes_up_after() {
    let server = XServer::start();
    let watched = x11rb::connect(Some(server.name())).unwrap().0;
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let (noted, mut known) = (wrong.clone(), Held::default());
    let report = move |held: &Held| {
        let keys = watched.query_keymap().unwrap().reply().unwrap().keys;
        let is_pressed = |code: u32| keys[code as usize / 8] >> (code % 8) & 1 == 1;
        let unreported = (0..=255).filter(|code| is_pressed(*code) && !held.keys.contains(code));
        let early = held.keys.iter().copied().filter(|code| is_pressed(*code) && !known.keys.contains(code));
        noted.lock().unwrap().extend(unreported.chain(early));
        known = held.clone();
    };
    let mut operator = Injector::open(&server.display(), Options::new(Vec::new()), report).unwrap();
    for character in "aAéÉ€1!".chars() {
        operator.key(true, symbol(character)).unwrap();
        operator.key(false, symbol(character)).unwrap();
    }
    drop(operator);
    assert_eq!(*wrong.lock().unwrap(), [] as [u32; 0]);
}

#[test]
fn dropped_it_lets_go_of_everything() {
    let server = XServer::start();
    let before = server.keyboard_mapping();
    let mut operator = server.operator();
    for symbol in [0xffe1, 0xffe3, symbol('€'), symbol('x')] {
        operator.key(true, symbol).unwrap();
    }
    operator.pointer(30, 30, 0b101).unwrap();
    assert_ne!((server.pressed_keys(), server.mask()), (vec![], 0));
    drop(operator);
    assert_eq!((server.pressed_keys(), server.mask()), (vec![], 0));
    assert_eq!(server.keyboard_mapping(), before);
}

#[test]
fn a_server_that_is_gone_is_an_error_and_no_hang() {
    let server = XServer::start();
    let mut operator = server.operator();
    drop(server);
    let start = std::time::Instant::now();
    assert!(operator.key(true, symbol('a')).is_err());
    drop(operator);
    assert!(start.elapsed() < Duration::from_secs(5));
}
