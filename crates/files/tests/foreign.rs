//! WebDAV clients that nobody here wrote: `litmus`, which tests servers, `rclone`, which copies folders, and `cadaver`, which
//! people type into.

#![cfg(all(feature = "foreign-clients", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use files::{Folder, May, Rules, Transfer};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};

/// A folder that is served to whoever connects to a port.
struct Stage {
    home: TempDir,
    root: PathBuf,
    url: String,
    told: Arc<Mutex<Vec<Transfer>>>,
    _allow: watch::Sender<May>,
}

fn stage(may: May) -> Stage {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("Downloads");
    fs::create_dir(&root).unwrap();
    let trash = Some(home.path().join("data/Trash"));
    let rules = Rules { trash, origin: "https://support.example/".into(), ..Rules::default() };
    let folder = Arc::new(Folder::open(&root, rules).unwrap());
    let (allow, may) = watch::channel(may);
    let told: Arc<Mutex<Vec<Transfer>>> = Arc::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/files/", listener.local_addr().unwrap());
    let hear = told.clone();
    let serving = async move {
        let listener = TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (folder, may, hear) = (folder.clone(), may.clone(), hear.clone());
            tokio::spawn(async move {
                let tell = move |transfer| hear.lock().unwrap().push(transfer);
                drop(files::serve(stream, folder, may, "/files", tell).await);
            });
        }
    };
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serving);
    });
    Stage { home, root, url, told, _allow: allow }
}

fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_owned();
    command.output().unwrap_or_else(|error| panic!("{program:?} does not start: {error}"))
}

#[test]
fn litmus_finds_what_it_finds_in_servers_that_keep_no_properties() {
    let stage = stage(May { read: true, write: true });
    // What fails are properties of the client's own, which are refused.
    let expected = [("basic", (16, 0)), ("copymove", (13, 0)), ("props", (11, 3)), ("locks", (38, 3))];
    for (tests, expected) in expected {
        // It leaves its logs where it runs.
        let mut litmus = Command::new("litmus");
        let output = run(litmus.current_dir(stage.home.path()).env("TESTS", tests).args(["-k", &stage.url]));
        let text = String::from_utf8_lossy(&output.stdout);
        let summary = text.split("tests run: ").nth(1).unwrap_or_default();
        let numbers =
            summary.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let numbers: Vec<u32> = numbers.take(2).map(|digits| digits.parse().unwrap()).collect();
        assert_eq!(numbers, [expected.0, expected.1], "{text}");
    }
}

/// All files below a folder with what is in them.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn rclone(stage: &Stage, arguments: &[&str]) {
    let mut command = Command::new("rclone");
    command.env("HOME", stage.home.path()).args(arguments).args(["--config", "/dev/null", "--retries", "1"]);
    let output = run(command.args(["--webdav-url", &stage.url]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rclone_copies_both_ways_bit_for_bit() {
    let stage = stage(May { read: true, write: true });
    let local = stage.home.path().join("local");
    for (number, name) in ["a", "b c", "ü/d & e", "f/g/h%20i", "f/empty", "f/large"].into_iter().enumerate()
    {
        let path = local.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let length = if name.ends_with("empty") { 0 } else { 3_000_001 * number };
        fs::write(path, (0..length).map(|byte| (byte * (number + 7) / 3) as u8).collect::<Vec<_>>()).unwrap();
    }
    let there = local.to_str().unwrap();
    rclone(&stage, &["sync", there, ":webdav:up"]);
    assert!(contents(&local) == contents(&stage.root.join("up")));

    fs::remove_file(local.join("a")).unwrap();
    rclone(&stage, &["sync", there, ":webdav:up"]);
    assert!(contents(&local) == contents(&stage.root.join("up")));
    assert!(stage.home.path().join("data/Trash/files/a").exists(), "what was deleted can be put back");

    let back = stage.home.path().join("back");
    rclone(&stage, &["sync", ":webdav:up", back.to_str().unwrap()]);
    assert!(contents(&local) == contents(&back));
    let told = stage.told.lock().unwrap();
    let ends = told.iter().filter(|told| matches!(told, Transfer::Ended { how: files::How::Done, .. }));
    assert_eq!(ends.count(), 6 + 5, "{told:?}");
}

#[test]
fn rclone_cannot_write_where_it_may_only_read() {
    let stage = stage(May { read: true, write: false });
    fs::write(stage.root.join("a"), "a").unwrap();
    rclone(&stage, &["copy", ":webdav:a", stage.home.path().join("got").to_str().unwrap()]);
    assert_eq!(fs::read(stage.home.path().join("got/a")).unwrap(), b"a");
    let mut command = Command::new("rclone");
    command.env("HOME", stage.home.path()).args([
        "deletefile",
        ":webdav:a",
        "--retries",
        "1",
        "--config",
        "/dev/null",
    ]);
    assert!(!run(command.args(["--webdav-url", &stage.url])).status.success());
    assert!(stage.root.join("a").exists());
}

#[test]
fn cadaver_places_locks_renames_and_reads() {
    let stage = stage(May { read: true, write: true });
    fs::write(stage.home.path().join("local"), "content").unwrap();
    let script = "mkcol dir\ncd dir\nput local a\nlock a\nput local a\nunlock a\nmove a b\ncopy b c\nget b got\ndelete c\nls\n";
    fs::write(stage.home.path().join("script"), script).unwrap();
    let mut command = Command::new("cadaver");
    command.env("HOME", stage.home.path()).current_dir(stage.home.path()).arg(&stage.url);
    let output = run(command.stdin(fs::File::open(stage.home.path().join("script")).unwrap()));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.matches("succeeded").count(), 10, "{text}");
    assert_eq!(contents(&stage.root), BTreeMap::from([("dir/b".into(), b"content".to_vec())]), "{text}");
    assert_eq!(fs::read(stage.home.path().join("got")).unwrap(), b"content");
}
