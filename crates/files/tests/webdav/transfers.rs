//! What the user is told, and what becomes of a transfer that does not come to its end.

use super::stage::{READ, Stage, WRITE, request, whole};
use bytes::Bytes;
use files::{Change, Direction, How, May, Pace, Transfer};
use http_body_util::BodyExt as _;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::timeout,
};

fn is_end(told: &Transfer) -> bool {
    matches!(told, Transfer::Ended { .. })
}

fn ends(told: &[Transfer]) -> Vec<How> {
    told.iter()
        .filter_map(|told| if let Transfer::Ended { how, .. } = told { Some(*how) } else { None })
        .collect()
}

#[tokio::test]
async fn every_transfer_is_told_with_name_size_and_end() {
    let stage = Stage::new(WRITE);
    stage.file("sub/a", "abc");
    stage.get("/sub/a").await;
    stage.ask("GET", "/sub/a", &[("range", "bytes=1-")], "").await;
    stage.put("/b", "bbbb").await;
    stage.put("/empty", "").await;
    let began = |id, name: &str, size, offset, direction| Transfer::Began {
        id,
        name: name.to_owned(),
        size: Some(size),
        offset,
        direction,
    };
    let done = |id, bytes| Transfer::Ended { id, bytes, how: How::Done };
    let expected = [
        began(0, "sub/a", 3, 0, Direction::Download),
        done(0, 3),
        began(1, "sub/a", 2, 1, Direction::Download),
        done(1, 2),
        began(2, "b", 4, 0, Direction::Upload),
        done(2, 4),
        began(3, "empty", 0, 0, Direction::Upload),
        done(3, 0),
    ];
    assert_eq!(stage.told(), expected);
}

#[tokio::test]
async fn every_change_is_told() {
    let stage = Stage::new(WRITE);
    stage.file("a/b", "");
    stage.file("x", "");
    stage.ask("MKCOL", "/new", &[], "").await;
    stage.take("COPY", "/a", "/files/c").await;
    stage.take("MOVE", "/a/b", "/files/x").await;
    stage.ask("DELETE", "/c", &[], "").await;
    stage.ask("DELETE", "/none", &[], "").await;
    let changed = |change| Transfer::Changed(change);
    let expected = [
        changed(Change::Made("new".into())),
        changed(Change::Copied { from: "a".into(), to: "c".into() }),
        changed(Change::Deleted("x".into())),
        changed(Change::Renamed { from: "a/b".into(), to: "x".into() }),
        changed(Change::Deleted("c".into())),
    ];
    assert_eq!(stage.told(), expected);
}

#[tokio::test]
async fn listing_and_asking_is_no_transfer() {
    let stage = Stage::new(WRITE);
    stage.file("a", "abc");
    stage.list("/").await;
    stage.ask("HEAD", "/a", &[], "").await;
    stage.ask("OPTIONS", "/", &[], "").await;
    stage.get("/none").await;
    stage.put("/none/b", "b").await;
    assert_eq!(stage.told(), []);
}

#[tokio::test]
async fn a_download_that_nobody_reads_to_its_end_was_cut() {
    let stage = Stage::new(READ);
    stage.file("large", vec![0; 4_000_000]);
    let mut response = stage.start("GET", "/large", &[], "").await;
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!(ends(&stage.told()), [How::Cut]);
}

/// Begins an upload and leaves it at what is given.
async fn begin(stage: &Stage, path: &str, length: usize, sent: &[u8]) -> DuplexStream {
    let (mut near, far) = duplex(1024 * 1024);
    drop(stage.serve(far));
    let head = format!("PUT /files{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    near.write_all(head.as_bytes()).await.unwrap();
    near.write_all(sent).await.unwrap();
    near
}

#[tokio::test]
async fn a_cut_upload_leaves_nothing_and_can_be_resumed() {
    let stage = Stage::new(WRITE);
    stage.file("a", "old");
    let content: Vec<u8> = (0..1_000_000u32).map(|number| number as u8).collect();
    let connection = begin(&stage, "/a", content.len(), &content[..700_000]).await;
    stage.until_told(|told| !told.is_empty()).await;
    drop(connection);
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!(ends(&stage.told()), [How::Cut]);
    assert_eq!((stage.read("a"), stage.names()), ("old".into(), vec!["a".to_owned()]));

    let asked = stage.ask("PUT", "/a", &[("content-range", "bytes */1000000")], "").await;
    let offset: usize = asked.header("upload-offset").parse().unwrap();
    assert!(offset > 0 && offset <= 700_000, "{offset}");
    let range = format!("bytes {offset}-999999/1000000");
    let resumed = stage
        .ask("PUT", "/a", &[("content-range", &range)], Bytes::copy_from_slice(&content[offset..]))
        .await;
    assert_eq!(resumed.status, 204);
    assert!(std::fs::read(stage.root.join("a")).unwrap() == content);
    let told = stage.told();
    let last = told.iter().rev().find(|told| !is_end(told)).unwrap();
    assert!(matches!(last, Transfer::Began { offset: from, .. } if *from == offset as u64), "{last:?}");
}

#[tokio::test]
async fn a_file_appears_where_its_address_leads_at_its_end_and_not_where_it_was_begun() {
    for replaced in [false, true] {
        let stage = Stage::new(WRITE);
        let kept = stage.file("sub/other", "");
        if replaced {
            stage.file("sub/new", "old");
        }
        let mut upload = begin(&stage, "/sub/new", 6, b"abc").await;
        stage.until_told(|told| told.iter().any(|told| matches!(told, Transfer::Began { .. }))).await;
        // The user takes the folder out, and has another of its name.
        let moved = stage.outside().join(format!("moved-{replaced}"));
        std::fs::rename(kept.parent().unwrap(), &moved).unwrap();
        stage.file("sub/other", "");
        upload.write_all(b"def").await.unwrap();
        stage.until_told(|told| told.iter().any(is_end)).await;
        assert_eq!(stage.read("sub/new"), "abcdef");
        let untouched = std::fs::read_to_string(moved.join("new")).ok();
        assert_eq!(untouched.as_deref(), replaced.then_some("old"), "what was taken out stays as it was");
    }
}

#[tokio::test]
async fn a_file_that_becomes_shorter_while_it_is_read_is_not_filled_with_zeros() {
    let stage = Stage::new(READ);
    let content = vec![b'a'; 8 * 1024 * 1024];
    let path = stage.file("a", &content);
    let (mut near, far) = duplex(64 * 1024);
    drop(stage.serve(far));
    near.write_all(b"GET /files/a HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = vec![0; 1024];
    let _ = near.read(&mut head).await.unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_len(0).unwrap();
    let mut got = Vec::new();
    // The connection ends before the length that was said.
    let _ = near.read_to_end(&mut got).await;
    assert!(got.len() < content.len() && !got.contains(&0), "{} bytes", got.len());
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!(ends(&stage.told()), [How::Failed]);
}

#[tokio::test]
async fn nobody_reads_more_of_a_file_than_there_is() {
    let stage = Stage::new(READ);
    stage.file("a", "abc");
    for range in
        ["bytes=0-18446744073709551615", "bytes=1-18446744073709551615", "bytes=-18446744073709551615"]
    {
        let answer = stage.ask("GET", "/a", &[("range", range)], "").await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "abc"), "{range}");
    }
    let answer = stage.ask("GET", "/a", &[("range", "bytes=1-9223372036854775807")], "").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (206, "bc"));
}

#[tokio::test]
async fn an_upload_without_a_length_arrives_whole_or_not_at_all() {
    let stage = Stage::new(WRITE);
    let (mut near, far) = duplex(1024);
    drop(stage.serve(far));
    near.write_all(b"PUT /files/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await
        .unwrap();
    stage.until_told(|told| !told.is_empty()).await;
    drop(near);
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!((stage.names(), ends(&stage.told())), (vec![], vec![How::Cut]));

    let (mut near, far) = duplex(1024);
    drop(stage.serve(far));
    near.write_all(
        b"PUT /files/a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    )
    .await
    .unwrap();
    let mut answer = [0; 12];
    timeout(Duration::from_secs(10), near.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!((&answer, stage.read("a").as_str()), (b"HTTP/1.1 201", "abc"));
}

#[tokio::test]
async fn an_upload_that_is_longer_than_was_said_is_no_upload() {
    let stage = Stage::new(WRITE);
    let (mut near, far) = duplex(1024);
    drop(stage.serve(far));
    let head = "PUT /files/a HTTP/1.1\r\nhost: x\r\nx-expected-entity-length: 5\r\ntransfer-encoding: chunked\r\n\r\n";
    near.write_all(head.as_bytes()).await.unwrap();
    near.write_all(b"5\r\nevil!\r\n1\r\nx\r\n0\r\n\r\n").await.unwrap();
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!((stage.names(), ends(&stage.told())), (vec![], vec![How::Failed]));
}

#[tokio::test]
async fn a_part_that_is_not_the_last_is_no_file_yet_and_not_told_as_one() {
    let stage = Stage::new(WRITE);
    let part =
        async |range, body: &'static str| stage.ask("PUT", "/a", &[("content-range", range)], body).await;
    assert_eq!(part("bytes 0-2/5", "abc").await.status, 202);
    assert_eq!((stage.names(), ends(&stage.told())), (vec![], vec![How::Cut]));
    assert!(matches!(stage.told()[0], Transfer::Began { size: Some(5), .. }));
    assert_eq!(part("bytes 3-4/5", "de").await.status, 201);
    assert_eq!((stage.read("a"), ends(&stage.told())), ("abcde".into(), vec![How::Cut, How::Done]));
}

#[tokio::test]
async fn a_copy_whose_asker_goes_away_is_told_with_what_is_there_of_it() {
    let stage = Stage::new(WRITE);
    for number in 0..500 {
        stage.file(&format!("a/{number}"), "");
    }
    let (mut near, far) = duplex(1024);
    let serving = stage.serve(far);
    near.write_all(b"COPY /files/a HTTP/1.1\r\nhost: x\r\ndestination: /files/b\r\n\r\n").await.unwrap();
    while !stage.root.join("b").exists() {
        tokio::task::yield_now().await;
    }
    drop(near);
    drop(serving.await);
    let copied = Transfer::Changed(Change::Copied { from: "a".into(), to: "b".into() });
    stage.until_told(|told| told == [copied.clone()]).await;
}

/// How many files are open that have no name in the folder.
fn nameless(stage: &Stage) -> usize {
    let open =
        std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| file.ok()?.path().read_link().ok());
    open.filter(|file| file.starts_with(&stage.root) && file.to_string_lossy().ends_with("(deleted)")).count()
}

#[tokio::test(start_paused = true)]
async fn a_cut_upload_that_nobody_comes_back_for_is_forgotten() {
    let stage = Stage::new(WRITE);
    let connection = begin(&stage, "/a", 1_000_000, &[1; 500_000]).await;
    stage.until_told(|told| !told.is_empty()).await;
    drop(connection);
    stage.until_told(|told| told.iter().any(is_end)).await;
    assert_eq!(nameless(&stage), 1);
    tokio::time::sleep(files::KEPT_FOR).await;
    stage.until_told_while_time_passes(|_| nameless(&stage) == 0).await;
}

#[tokio::test]
async fn taking_back_cuts_what_is_running_at_once() {
    let stage = Stage::new(WRITE);
    stage.file("large", vec![0; 40_000_000]);
    let mut download = stage.start("GET", "/large", &[], "").await;
    download.body_mut().frame().await.unwrap().unwrap();
    let mut upload = begin(&stage, "/new", 1_000_000, &[1; 500_000]).await;
    stage.until_told(|told| told.len() == 2).await;

    stage.allow.send_replace(READ);
    let mut answer = Vec::new();
    timeout(Duration::from_secs(5), upload.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!((answer.as_slice(), stage.names()), (&b""[..], vec!["large".to_owned()]));
    stage.until_told(|told| told.iter().filter(|told| is_end(told)).count() == 1).await;
    download.body_mut().frame().await.unwrap().unwrap();

    stage.allow.send_replace(May::default());
    let mut rest = 0;
    let broken = timeout(Duration::from_secs(5), async {
        loop {
            match download.body_mut().frame().await {
                Some(Ok(frame)) => rest += frame.data_ref().map_or(0, Bytes::len),
                end => return end.is_some(),
            }
        }
    });
    assert!(broken.await.unwrap(), "the answer is broken off");
    assert!(rest < 1_000_000, "{rest} bytes came all the same");
    stage.until_told(|told| ends(told) == [How::Cut, How::Cut]).await;

    stage.allow.send_replace(WRITE);
    let asked = stage.ask("PUT", "/new", &[("content-range", "bytes */1000000")], "").await;
    assert_eq!(asked.header("upload-offset"), "0", "what was cut by the user is not kept");
}

#[tokio::test]
async fn a_download_ends_with_its_own_permission() {
    let stage = Stage::new(WRITE);
    stage.file("large", vec![0; 40_000_000]);
    let mut download = stage.start("GET", "/large", &[], "").await;
    stage.allow.send_replace(May { read: false, write: true });
    stage.until_told(|told| ends(told) == [How::Cut]).await;
    let broken = async {
        while let Some(frame) = download.body_mut().frame().await {
            if frame.is_err() {
                return true;
            }
        }
        false
    };
    assert!(timeout(Duration::from_secs(5), broken).await.unwrap());
}

#[tokio::test]
async fn without_any_permission_a_connection_is_not_even_kept() {
    let stage = Stage::new(READ);
    let (mut near, far) = duplex(1024);
    let serving = stage.serve(far);
    stage.allow.send_replace(May::default());
    timeout(Duration::from_secs(5), serving).await.unwrap().unwrap().unwrap();
    assert_eq!(near.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_permission_that_comes_back_holds_for_the_same_connection() {
    let stage = Stage::new(READ);
    let mut connection = stage.connect(1024).await;
    let refused = connection.send_request(request("PUT", "/a", &[], "")).await.unwrap();
    assert_eq!(refused.status(), 403);
    stage.allow.send_replace(WRITE);
    assert_eq!(stage.put("/a", "").await.status, 201);
}

fn id_of(told: &[Transfer]) -> u64 {
    match told.last() {
        Some(Transfer::Began { id, .. } | Transfer::Moved { id, .. } | Transfer::Ended { id, .. }) => *id,
        other => panic!("no transfer: {other:?}"),
    }
}

#[tokio::test]
async fn an_upload_that_the_user_cancels_leaves_nothing_to_go_on_from() {
    let stage = Stage::new(WRITE);
    stage.file("a", "old");
    let mut upload = begin(&stage, "/a", 1_000_000, &[1; 500_000]).await;
    stage.until_told(|told| !told.is_empty()).await;
    stage.folder.cancel(id_of(&stage.told()));
    let mut answer = Vec::new();
    timeout(Duration::from_secs(5), upload.read_to_end(&mut answer)).await.unwrap().unwrap();
    stage.until_told(|told| ends(told) == [How::Cancelled]).await;
    assert_eq!(
        (answer.as_slice(), stage.read("a"), stage.names()),
        (&b""[..], "old".into(), vec!["a".into()])
    );
    let asked = stage.ask("PUT", "/a", &[("content-range", "bytes */1000000")], "").await;
    assert_eq!(asked.header("upload-offset"), "0");
    let again = stage.put("/a", "new").await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (403, "cancelled"));
}

#[tokio::test]
async fn a_client_that_tries_again_by_itself_is_refused_what_was_cancelled_and_nothing_else() {
    let stage = Stage::new(WRITE);
    stage.file("large", vec![0; 40_000_000]);
    stage.file("other", vec![0; 4_000_000]);
    let mut download = stage.start("GET", "/large", &[], "").await;
    let mut part = stage.start("GET", "/large", &[("range", "bytes=20000000-")], "").await;
    let other = stage.start("GET", "/other", &[], "").await;
    stage.folder.cancel(0);
    for cut in [&mut download, &mut part] {
        while let Some(Ok(_)) = cut.body_mut().frame().await {}
    }
    stage.until_told(|told| ends(told) == [How::Cancelled, How::Cancelled]).await;
    assert_eq!(whole(other).await.body.len(), 4_000_000, "another file goes on");
    let again = stage.get("/large").await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (403, "cancelled"));
    assert_eq!(stage.put("/large", "new").await.status, 204);
    stage.folder.cancel(0);
    assert_eq!(stage.get("/none").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_cancelled_too() {
    let each = Duration::from_secs(10);
    let stage = Stage::at_pace(READ, Pace { burst: 1, each });
    stage.file("large", vec![0; 4_000_000]);
    let _download = stage.start("GET", "/large", &[], "").await;
    let cancel = async {
        tokio::time::sleep(each / 2).await;
        stage.folder.cancel(0);
    };
    let (waited, ()) = tokio::join!(stage.get("/large"), cancel);
    assert_eq!(waited.code(), "cancelled");
}
