//! Requests as bytes, whether or not they are requests.

use super::stage::{Stage, WRITE};
use std::{cell::Cell, fs, panic::AssertUnwindSafe, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    time::timeout,
};

/// What lies beside the folder that is shared.
const SECRET: &str = "nobody-may-read-this";

#[test]
fn whatever_is_sent_is_answered_or_the_end_and_reaches_nothing_outside() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let kept = Cell::new(None);
    // What one run leaves behind, the next finds as after any other request.
    let (runtime, kept) = (AssertUnwindSafe(runtime), AssertUnwindSafe(kept));
    bolero::check!().for_each(|bytes: &[u8]| {
        let (AssertUnwindSafe(runtime), AssertUnwindSafe(kept)) = (&runtime, &kept);
        let stage = kept.take().unwrap_or_else(stage);
        runtime.block_on(async {
            let (near, far) = duplex(1 << 20);
            let serving = stage.serve(far);
            let (mut reading, mut writing) = tokio::io::split(near);
            let ask = async {
                // Whoever does not want to hear all of it has closed, and that is an answer too.
                let _ = writing.write_all(bytes).await;
                let _ = writing.shutdown().await;
            };
            let mut answer = Vec::new();
            let both = async { tokio::join!(ask, reading.read_to_end(&mut answer)) };
            drop(timeout(Duration::from_secs(600), both).await.expect("it does not end"));
            drop(timeout(Duration::from_secs(600), serving).await.expect("it is served for ever").unwrap());
            let answer = String::from_utf8_lossy(&answer);
            assert!(!answer.contains(SECRET), "{answer}");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
        });
        assert_eq!(fs::read_to_string(stage.outside().join("secret")).unwrap(), SECRET);
        if stage.names() == ["a", "b", "out"] && stage.told().len() < 1000 {
            kept.set(Some(stage));
        }
    });
}

fn stage() -> Stage {
    let stage = Stage::new(WRITE);
    stage.file("a", "what may be read");
    stage.file("b/c", "this too");
    fs::write(stage.outside().join("secret"), SECRET).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(stage.outside(), stage.outside().join("Downloads/out")).unwrap();
    stage
}
