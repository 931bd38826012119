//! What is put there.

use crate::server::XServer;
use clipboard::{Error, LONGEST};

#[test]
fn what_is_put_there_is_pasted_by_other_programs() {
    let server = XServer::start();
    let clipboard = server.open();
    let text = "Grüße, 世界 🙂\nsecond line";
    clipboard.put(text.into()).unwrap();
    assert_eq!(server.pasted(), text);
    assert_eq!(server.paste("text/plain;charset=utf-8").stdout, text.as_bytes());
    assert_eq!(server.paste("STRING").stdout, b"Gr\xfc\xdfe, ?? ?\nsecond line");
    let targets = String::from_utf8(server.paste("TARGETS").stdout).unwrap();
    assert!(targets.lines().any(|target| target == "UTF8_STRING"), "{targets}");
}

#[test]
fn the_longest_text_is_pasted_in_full_and_a_longer_one_refused() {
    let server = XServer::start();
    let clipboard = server.open();
    let text = "x".repeat(LONGEST);
    clipboard.put(text.clone()).unwrap();
    assert!(server.pasted() == text);
    assert!(matches!(clipboard.put(text + "x"), Err(Error::TooLong)));
}

#[test]
fn what_was_put_there_is_not_what_was_copied() {
    let server = XServer::start();
    let clipboard = server.open();
    let _copied = server.copy_text("copied");
    assert_eq!(clipboard.copied().unwrap(), "copied");
    clipboard.put("put".into()).unwrap();
    assert!(matches!(clipboard.copied(), Err(Error::Nothing)));
    let _copied = server.copy_text("copied again");
    assert_eq!(clipboard.copied().unwrap(), "copied again");
    assert_eq!(server.pasted(), "copied again");
}

#[test]
fn at_the_end_nobody_waits_for_what_was_put_there() {
    let server = XServer::start();
    let clipboard = server.open();
    clipboard.put("a text".into()).unwrap();
    assert_eq!(server.pasted(), "a text");
    drop(clipboard);
    server.wait_for_nobody();
}
