//! What was copied, and what is left alone.

use std::time::Instant;

use clipboard::{Clipboard, Error, LIMIT, LONGEST};
use virtual_desktop::{clipboard::Entry, wait_for};

use crate::server::{SOON, XServer};

fn nothing(clipboard: &Clipboard) -> bool {
    matches!(clipboard.copied(), Err(Error::Nothing))
}

#[test]
fn what_lay_there_before_is_not_given() {
    let server = XServer::start();
    let _before = server.copy_text("before");
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    let _after = server.copy_text("after");
    assert_eq!(clipboard.copied().unwrap(), "after");
}

#[test]
fn the_same_text_copied_again_is_given() {
    let server = XServer::start();
    let _before = server.copy_text("the same");
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    let _after = server.copy_text("the same");
    assert_eq!(clipboard.copied().unwrap(), "the same");
}

#[test]
fn what_a_clipboard_manager_saves_of_a_program_that_ends_is_as_old_as_it_was() {
    let server = XServer::start();
    let before = server.copy_text("before");
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    drop(before);
    let _manager = server.copy_text("before");
    assert!(nothing(&clipboard));
}

#[test]
fn what_is_copied_after_a_program_ended_is_given() {
    let server = XServer::start();
    let before = server.copy_text("before");
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    drop(before);
    let _after = server.copy_text("after");
    assert_eq!(clipboard.copied().unwrap(), "after");
}

#[test]
fn what_programs_of_others_copy_is_given_in_full() {
    let server = XServer::start();
    let clipboard = server.open();
    for (program, text) in [("xclip", "Grüße, 世界 🙂\nsecond line"), ("xsel", "plain")] {
        server.copy_elsewhere(program, text);
        // It goes to the background first, and copies then.
        let copied = || clipboard.copied().is_ok_and(|copied| copied == text).then_some(());
        wait_for(&format!("what {program} copies"), SOON, copied).unwrap();
        assert_eq!(clipboard.copied().unwrap(), text, "and again");
    }
}

#[test]
fn a_secret_is_neither_given_nor_read() {
    let server = XServer::start();
    let clipboard = server.open();
    let secret = server.copy(Entry::Secret("a password".into()));
    assert!(matches!(clipboard.copied(), Err(Error::Secret)));
    assert!(!secret.was_read());
    let _text = server.copy_text("a text");
    assert_eq!(clipboard.copied().unwrap(), "a text");
}

#[test]
fn a_secret_that_is_copied_while_a_text_is_asked_for_is_neither_given_nor_read() {
    let server = XServer::start();
    let clipboard = server.open();
    let secret = Entry::Secret("a password".into());
    let (_text, secret) = server.copy_overtaken(Entry::Text("a text".into()), secret);
    assert!(matches!(clipboard.copied(), Err(Error::Secret)));
    assert!(!secret.get().unwrap().was_read());
}

#[test]
fn what_is_copied_while_a_text_is_asked_for_is_given() {
    let server = XServer::start();
    let clipboard = server.open();
    let (_one, _other) = server.copy_overtaken(Entry::Text("one".into()), Entry::Text("another".into()));
    assert_eq!(clipboard.copied().unwrap(), "another");
}

#[test]
fn a_secret_that_lies_there_at_the_beginning_is_not_read_either() {
    let server = XServer::start();
    let secret = server.copy(Entry::Secret("a password".into()));
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    assert!(!secret.was_read());
}

#[test]
fn a_text_that_comes_in_pieces_is_put_together() {
    let server = XServer::start();
    let clipboard = server.open();
    let text = "ü".repeat(LONGEST / 2);
    let _pieces = server.copy(Entry::Pieces(text.clone(), 100_001));
    assert!(clipboard.copied().unwrap() == text);
}

#[test]
fn a_text_beyond_the_limit_is_not_given_however_it_comes() {
    let server = XServer::start();
    let clipboard = server.open();
    let text = "x".repeat(LONGEST + 1);
    let _whole = server.copy_text(&text);
    assert!(matches!(clipboard.copied(), Err(Error::TooLong)));
    let _pieces = server.copy(Entry::Pieces(text, 60_000));
    assert!(matches!(clipboard.copied(), Err(Error::TooLong)));
    let _short = server.copy_text("short");
    assert_eq!(clipboard.copied().unwrap(), "short");
}

#[test]
fn a_picture_is_no_text() {
    let server = XServer::start();
    let clipboard = server.open();
    let _picture = server.copy(Entry::Picture);
    assert!(matches!(clipboard.copied(), Err(Error::NoText)));
}

#[test]
fn a_program_that_does_not_answer_is_waited_for_only_so_long() {
    let server = XServer::start();
    let clipboard = server.open();
    for entry in [Entry::Withheld, Entry::Broken] {
        let _hung = server.copy(entry);
        let started = Instant::now();
        assert!(matches!(clipboard.copied(), Err(Error::NoAnswer)));
        assert!(started.elapsed() < LIMIT);
        let _text = server.copy_text("a text");
        assert_eq!(clipboard.copied().unwrap(), "a text");
    }
}

#[test]
fn an_empty_clipboard_has_nothing() {
    let server = XServer::start();
    let clipboard = server.open();
    assert!(nothing(&clipboard));
    drop(server.copy_text("a text"));
    assert!(nothing(&clipboard));
}

#[test]
fn a_display_that_is_gone_is_an_error_and_no_wait() {
    let server = XServer::start();
    let clipboard = server.open();
    drop(server);
    assert!(matches!(clipboard.copied(), Err(Error::Lost)));
    assert!(matches!(clipboard.put("a text".into()), Err(Error::Lost)));
}
