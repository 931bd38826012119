//! What the operator types is what a program gets, whatever the user's layout.

use std::time::{Duration, Instant};

use input::{Done, Refusal};

use crate::{
    server::{XServer, symbol, tap, type_text},
    terminal::Terminal,
};

const TEXT: &str = "Grüße €100 ÀÉ ñ ß <>&|~ abcXYZ @{[]}\\ ´^° 0123456789 Привет Ελλάδα";
const SHIFT: u32 = 0xffe1;
const CONTROL: u32 = 0xffe3;
const CAPS_LOCK: u32 = 0xffe5;
const TAB: u32 = 0xff09;

#[test]
fn a_text_arrives_as_it_was_typed_in_every_layout() {
    for layout in ["us", "de", "fr", "us,de", "ru"] {
        let server = XServer::start();
        server.set_layout(layout);
        let terminal = Terminal::open(&server);
        let mut operator = server.operator();
        type_text(&mut operator, TEXT);
        terminal.wait_for_text(TEXT);
    }
}

#[test]
fn a_layout_may_change_in_between() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    let mut expected = String::new();
    for layout in ["us", "de", "fr", "us"] {
        server.set_layout(layout);
        type_text(&mut operator, TEXT);
        expected.push_str(TEXT);
        terminal.wait_for_text(&expected);
    }
}

#[test]
fn a_burst_of_keys_arrives_complete_and_in_order() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    let text: String = (0..300).map(|index| char::from(b"aBcD1!xYz,"[index % 10])).collect();
    type_text(&mut operator, &text);
    terminal.wait_for_text(&text);
}

#[test]
fn more_foreign_letters_than_free_keys_arrive_too() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    let text: String = (0..40).filter_map(|index| char::from_u32(0x4e00 + index)).collect();
    type_text(&mut operator, &text);
    terminal.wait_for_text(&text);
}

#[test]
fn no_key_changes_its_meaning_for_what_the_layout_has() {
    let server = XServer::start();
    server.set_layout("de");
    let before = server.keyboard_mapping();
    let mut operator = server.operator();
    type_text(&mut operator, "ABC xyz ÄÖÜ äöüß @€{[]}\\|~ <>");
    assert_eq!(server.keyboard_mapping(), before);
    type_text(&mut operator, "ñ");
    assert_ne!(server.keyboard_mapping(), before);
    operator.release_all().unwrap();
    assert_eq!(server.keyboard_mapping(), before);
}

#[test]
fn shortcuts_are_shortcuts() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    operator.key(true, CONTROL).unwrap();
    tap(&mut operator, symbol('c'));
    tap(&mut operator, symbol('A'));
    operator.key(false, CONTROL).unwrap();
    operator.key(true, SHIFT).unwrap();
    tap(&mut operator, TAB);
    operator.key(false, SHIFT).unwrap();
    tap(&mut operator, TAB);
    terminal.wait_for_text("\u{3}\u{1}\u{1b}[Z\t");
}

#[test]
fn what_the_operator_holds_does_not_change_what_is_typed() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    // A keyboard with Shift for its digits and none for its exclamation mark.
    operator.key(true, SHIFT).unwrap();
    type_text(&mut operator, "1A!a2");
    operator.key(false, SHIFT).unwrap();
    type_text(&mut operator, "aB!");
    terminal.wait_for_text("1A!a2aB!");
    assert!(operator.held().keys.is_empty());
}

#[test]
fn capitals_are_capitals_with_caps_lock_on() {
    for layout in ["us", "de", "fr"] {
        let server = XServer::start();
        server.set_layout(layout);
        let terminal = Terminal::open(&server);
        let mut operator = server.operator();
        tap(&mut operator, CAPS_LOCK);
        type_text(&mut operator, TEXT);
        terminal.wait_for_text(TEXT);
    }
}

#[test]
fn keys_that_roll_over_each_other_all_arrive() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    for character in "aAbé€É".chars() {
        operator.key(true, symbol(character)).unwrap();
    }
    for character in "aAbé€É".chars() {
        operator.key(false, symbol(character)).unwrap();
    }
    terminal.wait_for_text("aAbé€É");
    assert!(operator.held().keys.is_empty());
}

#[test]
fn whoever_types_more_than_there_are_keys_for_waits_where_nothing_else_has_to() {
    let server = XServer::start();
    let mut operator = server.operator();
    let waits = (0..200).map(|number| 0x0100_4e00 + number).find_map(|symbol| {
        let started = Instant::now();
        let done = operator.key(true, symbol).unwrap();
        operator.key(false, symbol).unwrap();
        matches!(done, Done::Later(_)).then(|| started.elapsed())
    });
    let waits = waits.expect("there are not so many keys");
    assert!(waits < Duration::from_millis(500), "{waits:?}");
}

#[test]
fn a_key_that_is_held_is_pressed_once() {
    let server = XServer::start();
    let window = server.open(server.root, (0, 0, 100, 100));
    server.focus(window);
    let mut operator = server.operator();
    for down in [true, true, true, false, false] {
        assert_eq!(operator.key(down, symbol('a')).unwrap(), Done::Injected);
    }
    assert_eq!(server.events().iter().map(|event| event.0).collect::<String>(), "+-");
}

#[test]
fn the_keypad_types_digits_with_and_without_num_lock() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator();
    tap(&mut operator, 0xffb1);
    tap(&mut operator, 0xff7f);
    tap(&mut operator, 0xffb2);
    tap(&mut operator, 0xffab);
    terminal.wait_for_text("12+");
}

#[test]
fn no_key_is_lent_to_what_types_nothing() {
    let server = XServer::start();
    let before = server.keyboard_mapping();
    let mut operator = server.operator();
    // Ending the X server, ending a lock screen's grab, nothing at all.
    for symbol in [0xfed5, 0x1008_fe21, 0] {
        assert_eq!(operator.key(true, symbol).unwrap(), Done::Refused(Refusal::NoKey));
    }
    assert_eq!(server.keyboard_mapping(), before);
}

#[test]
fn the_key_that_answers_a_request_is_the_users() {
    let server = XServer::start();
    let mut operator = server.operator();
    let (alt, space, escape) = (0xffe9, symbol(' '), 0xff1b);
    for symbol in [CONTROL, alt, SHIFT] {
        assert_eq!(operator.key(true, symbol).unwrap(), Done::Injected);
    }
    assert_eq!(operator.key(true, space).unwrap(), Done::Refused(Refusal::GlobalKey));
    assert_eq!(operator.key(true, escape).unwrap(), Done::Injected, "ending is always possible");
    operator.release_all().unwrap();
    for symbol in [space, alt, SHIFT] {
        assert_eq!(operator.key(true, symbol).unwrap(), Done::Injected);
    }
    assert_eq!(operator.key(true, CONTROL).unwrap(), Done::Refused(Refusal::GlobalKey), "nor backwards");
}
