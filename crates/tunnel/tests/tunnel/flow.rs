//! What goes through a tunnel that is well.

use crate::support::{Ends, echo, pattern, within};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tunnel::{Kind, STREAM_WINDOW, Stream};

#[tokio::test]
async fn a_stream_arrives_as_what_it_was_opened_for() {
    let mut ends = Ends::new().await;
    for kind in [Kind::Desktop, Kind::Files] {
        let mut near = ends.opener.open(kind).await.unwrap();
        let (arrived, mut far) = within(ends.incoming.next()).await.unwrap();
        assert_eq!(arrived, kind);
        far.write_all(b"hello").await.unwrap();
        far.shutdown().await.unwrap();
        let mut said = String::new();
        within(near.read_to_string(&mut said)).await.unwrap();
        assert_eq!(said, "hello", "the kind is not part of it");
        near.write_all(b"after the other's end").await.unwrap();
        near.shutdown().await.unwrap();
        said.clear();
        within(far.read_to_string(&mut said)).await.unwrap();
        assert_eq!(said, "after the other's end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_arrive_as_they_were_sent_both_ways_at_once() {
    const SIZE: usize = 8 << 20;
    let mut ends = Ends::new().await;
    let (near, far) = ends.stream().await;
    let exchange = |stream: Stream, mine: u64, other: u64| async move {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let sending = async {
            writer.write_all(&pattern(mine, SIZE)).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let (_, count) = tokio::join!(sending, reader.read_to_end(&mut received));
        assert_eq!(count.unwrap(), SIZE);
        assert!(received == pattern(other, SIZE));
    };
    let both = async { tokio::join!(exchange(near, 1, 1 << 40), exchange(far, 1 << 40, 1)) };
    within(both).await;
}

/// Writes until nothing more is taken for a while, and says how much was.
async fn fill(stream: &mut Stream) -> usize {
    let mut taken = 0;
    while let Ok(count) = tokio::time::timeout(Duration::from_millis(500), stream.write(&[7; 65_536])).await {
        taken += count.unwrap();
    }
    taken
}

#[tokio::test]
async fn a_reader_that_stops_holds_up_its_own_stream_and_nothing_else() {
    let mut ends = Ends::new().await;
    let (mut stopped, mut not_read) = ends.stream().await;
    let taken = fill(&mut stopped).await;
    assert!((STREAM_WINDOW - 1..STREAM_WINDOW + 64 * 1024).contains(&taken), "{taken} bytes were taken");

    let (mut other, far) = ends.stream().await;
    tokio::spawn(echo(far));
    let mut answer = [0; 5];
    within(async {
        for _ in 0..100 {
            other.write_all(b"hello").await.unwrap();
            other.read_exact(&mut answer).await.unwrap();
        }
    })
    .await;

    let mut rest = vec![0; taken];
    within(not_read.read_exact(&mut rest)).await.unwrap();
    assert!(rest.iter().all(|byte| *byte == 7));
    let both = async { tokio::join!(stopped.write_all(&[8]), not_read.read_u8()) };
    let (written, read) = within(both).await;
    written.unwrap();
    assert_eq!(read.unwrap(), 8);
}

#[tokio::test]
async fn a_small_stream_waits_for_little_of_a_large_one() {
    let mut ends = Ends::new().await;
    let passed = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let (mut bulk, mut sink) = ends.stream().await;
        tokio::spawn(async move { while bulk.write_all(&[1; 65_536]).await.is_ok() {} });
        let passed = Arc::clone(&passed);
        tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = sink.read(&mut buffer).await {
                passed.fetch_add(count, Ordering::Relaxed);
            }
        });
    }
    let (mut small, far) = ends.stream().await;
    tokio::spawn(echo(far));
    let mut waits = Vec::new();
    for _ in 0..200 {
        let before = passed.load(Ordering::Relaxed);
        let mut answer = [0; 16];
        within(async {
            small.write_all(&[3; 16]).await.unwrap();
            small.read_exact(&mut answer).await.unwrap();
        })
        .await;
        waits.push(passed.load(Ordering::Relaxed) - before);
    }
    waits.sort_unstable();
    let (median, most) = (waits[100], waits[199]);
    assert!(median > 0, "the large streams did not run");
    // Each large stream can have a window of its own on the way.
    assert!(median < 4 * STREAM_WINDOW && most < 8 * STREAM_WINDOW, "median {median}, most {most}");
}
