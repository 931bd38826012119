//! What is too long, too deep, too much or too slow.

use super::stage::{READ, Stage, WRITE};
use files::{How, IDLE_LIMIT, STALL_LIMIT, Transfer};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    time::timeout,
};

#[tokio::test]
async fn xml_that_grows_or_nests_is_refused() {
    let stage = Stage::new(WRITE);
    stage.file("a", "");
    let mut laughs = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">"#.to_owned();
    for level in 1..30 {
        let before = level - 1;
        laughs += &format!("<!ENTITY l{level} \"{}\">", format!("&l{before};").repeat(10));
    }
    laughs += r#"]><propfind xmlns="DAV:"><prop>&l29;</prop></propfind>"#;
    let outside =
        r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:">&x;</propfind>"#;
    let deep = "<a>".repeat(20_000);
    let wide = format!(r#"<propfind xmlns="DAV:"><prop>{}</prop></propfind>"#, "<a/>".repeat(20_000));
    for bad in [laughs.as_str(), outside, &deep, &wide, "<", "not xml"] {
        for method in ["PROPFIND", "PROPPATCH", "LOCK"] {
            let answer = stage.ask(method, "/a", &[("depth", "0")], bad.to_owned()).await;
            assert_eq!(answer.code(), "bad_xml", "{method}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_list_of_everything_at_once_is_not_to_be_had() {
    let stage = Stage::new(READ);
    stage.file("a/b/c", "");
    let headers = [("depth", "infinity"), ("x-litmus", "basic: 1")];
    let answer = stage.ask("PROPFIND", "/", &headers, "").await;
    assert!(!answer.status.is_success(), "{answer:?}");
}

#[tokio::test]
async fn long_heads_are_refused() {
    let stage = Stage::new(READ);
    let long = "a".repeat(5000);
    let answer = stage.get(&format!("/{long}/{long}")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (414, "too_long"));
    assert_eq!(stage.get(&"/a".repeat(100)).await.code(), "too_long");

    let (mut near, far) = duplex(4096);
    let serving = stage.serve(far);
    let head = format!("GET /files/ HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "a".repeat(100_000));
    let (mut reading, mut writing) = tokio::io::split(&mut near);
    let mut answer = [0; 12];
    let both = async { tokio::join!(writing.write_all(head.as_bytes()), reading.read_exact(&mut answer)) };
    drop(timeout(Duration::from_secs(10), both).await.unwrap());
    assert_eq!(&answer, b"HTTP/1.1 431");
    drop(near);
    drop(serving.await.unwrap());
}

#[tokio::test]
async fn copying_too_much_at_once_copies_nothing() {
    let stage = Stage::new(WRITE);
    for number in 0..=files::MAX_COPIED {
        stage.file(&format!("many/{number}"), "");
    }
    let answer = stage.take("COPY", "/many", "/files/copy").await;
    assert_eq!((answer.code().as_str(), stage.names()), ("too_much", vec!["many".to_owned()]));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_it_is_sent() {
    let stage = Stage::new(WRITE);
    let (mut near, far) = duplex(4096);
    drop(stage.serve(far));
    let head = format!("PUT /files/a HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", u64::MAX / 4);
    near.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    timeout(Duration::from_secs(10), near.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 507");
    assert_eq!((stage.names(), stage.told()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_requests_is_closed() {
    let stage = Stage::new(READ);
    let (mut near, far) = duplex(4096);
    drop(stage.serve(far));
    let began = tokio::time::Instant::now();
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.unwrap();
    assert!(began.elapsed() >= IDLE_LIMIT && began.elapsed() < IDLE_LIMIT * 2);
}

#[tokio::test]
async fn an_upload_that_stands_still_is_cut() {
    let stage = Stage::new(WRITE);
    let (mut near, far) = duplex(4096);
    drop(stage.serve(far));
    near.write_all(b"PUT /files/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await.unwrap();
    stage.until_told(|told| !told.is_empty()).await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert!(began.elapsed() < STALL_LIMIT * 2, "{:?}", began.elapsed());
    assert!(matches!(stage.told()[1], Transfer::Ended { how: How::Cut, .. }), "{:?}", stage.told());
    assert_eq!(stage.names(), [""; 0]);
}

#[tokio::test]
async fn a_download_that_nobody_takes_is_cut() {
    let stage = Stage::new(READ);
    stage.file("large", vec![0; 1_000_000]);
    let (mut near, far) = duplex(4096);
    drop(stage.serve(far));
    near.write_all(b"GET /files/large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stage.until_told(|told| !told.is_empty()).await;
    tokio::time::pause();
    stage.until_told_while_time_passes(|told| told.len() == 2).await;
    assert!(matches!(stage.told()[1], Transfer::Ended { how: How::Cut, .. }), "{:?}", stage.told());
}
