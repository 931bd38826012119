//! Lines that are lost, closed or silent, on a clock that stands still while there is something to do.

use crate::support::{Ends, network, websocket, websockets, within};
use futures_util::StreamExt;
use std::{io::ErrorKind, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};
use tokio_tungstenite::tungstenite::{Message, protocol::Role};
use tunnel::{Close, Error, Kind, LOST_AFTER};

#[tokio::test(start_paused = true)]
async fn a_line_that_carries_nothing_more_is_noticed_at_both_ends() {
    let (near, far, works) = network(64 * 1024);
    let mut ends = Ends::over(websocket(near, Role::Server).await, websocket(far, Role::Client).await);
    let (mut stream, _far) = ends.stream().await;
    tokio::time::sleep(Duration::from_secs(23)).await;
    let cut = Instant::now();
    works.send_replace(false);
    // Somebody writing into the void makes no difference.
    stream.write_all(&[0; 200_000]).await.unwrap();
    for end in [ends.service, ends.agent] {
        let ended = within(end).await.unwrap();
        assert!(matches!(ended, Err(Error::Silent)), "{ended:?}");
    }
    assert!(cut.elapsed() <= LOST_AFTER, "{:?}", cut.elapsed());
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "a loss is not an end");
}

#[tokio::test(start_paused = true)]
async fn a_line_on_which_nothing_happens_stays() {
    let (near, far, works) = network(64 * 1024);
    let mut ends = Ends::over(websocket(near, Role::Server).await, websocket(far, Role::Client).await);
    let (mut near, mut far) = ends.stream().await;
    tokio::time::sleep(Duration::from_secs(2 * 60 * 60)).await;
    // A network that pauses is not a lost one.
    works.send_replace(false);
    tokio::time::sleep(Duration::from_secs(9)).await;
    works.send_replace(true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    near.write_all(b"x").await.unwrap();
    assert_eq!(within(far.read_u8()).await.unwrap(), b'x');
    assert!(!ends.service.is_finished() && !ends.agent.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_line_so_slow_that_pings_wait_for_a_minute_is_not_lost() {
    let (near, mut far) = tokio::io::duplex(256 * 1024);
    let mut near = tunnel::bytes(websocket(near, Role::Server).await);
    let sending = tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(&mut near);
        tokio::select! {
            sent = writer.write_all(&[0; 4 << 20]) => sent,
            read = reader.read_u8() => Err(read.unwrap_err()),
        }
    });
    // The other end says nothing of its own, and takes 4 KiB a second.
    let mut piece = [0; 4096];
    for _ in 0..300 {
        far.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(!sending.is_finished());
    tokio::time::sleep(LOST_AFTER).await;
    let error: Error = within(sending).await.unwrap().unwrap_err().into();
    assert!(matches!(error, Error::Silent), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_while_nobody_listened_says_nothing() {
    let (near, mut far) = websockets(64 * 1024).await;
    let mut near = tunnel::bytes(near);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let answering = tokio::spawn(async move { while far.next().await.is_some() {} });
    let silent = tokio::time::timeout(Duration::from_secs(60), near.read_u8()).await;
    assert!(silent.is_err(), "{silent:?}");
    answering.abort();
    let lost: Error = near.read_u8().await.unwrap_err().into();
    assert!(matches!(lost, Error::Io(_) | Error::Silent), "{lost:?}");
}

#[tokio::test]
async fn whoever_is_closed_on_is_told_why() {
    let (mut near, far) = websockets(64 * 1024).await;
    let (mut incoming, driving) = tunnel::accept(tunnel::bytes(far));
    let agent = tokio::spawn(driving);
    let close = Close::SESSION_ENDED.because("user");
    near.close(Some(tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: close.code.into(),
        reason: "session_ended:user".into(),
    }))
    .await
    .unwrap();
    match within(agent).await.unwrap() {
        Err(Error::Closed(said)) => assert_eq!(said, close),
        other => panic!("{other:?}"),
    }
    assert!(within(incoming.next()).await.is_none());
}

#[tokio::test]
async fn closing_says_why_and_waits_until_it_was_read() {
    let (near, mut far) = websockets(64 * 1024).await;
    let mut near = tunnel::bytes(near);
    near.write_all(b"before").await.unwrap();
    let closing = tokio::spawn(async move { near.close(&Close::NOT_GRANTED).await });
    assert_eq!(within(far.next()).await.unwrap().unwrap(), Message::binary("before"));
    match within(far.next()).await.unwrap().unwrap() {
        Message::Close(Some(frame)) => {
            assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "not_granted"));
        }
        other => panic!("{other:?}"),
    }
    while let Some(Ok(_)) = within(far.next()).await {}
    within(closing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_an_answer_to_a_farewell() {
    let (near, _far) = websockets(16).await;
    let begun = Instant::now();
    tunnel::bytes(near).close(&Close::SHUTTING_DOWN).await;
    assert_eq!(begun.elapsed(), tunnel::CLOSE_LIMIT);
}

#[tokio::test]
async fn what_is_no_longer_driven_ends_all_streams() {
    let mut ends = Ends::new().await;
    let (mut near, mut far) = ends.stream().await;
    ends.agent.abort();
    let error = within(far.read_u8()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(within(ends.service).await.unwrap().is_err());
    let error = within(near.read_u8()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(within(near.write_all(b"x")).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert!(matches!(within(ends.opener.open(Kind::Files)).await, Err(Error::Ended)));
    assert!(within(ends.incoming.next()).await.is_none());
}
