//! Attempts to reach what lies outside, or is no file.

use super::stage::{Stage, WRITE, request, whole};
use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The folder, a secret outside of it, and links to it of all kinds.
fn stage() -> Stage {
    let stage = Stage::new(WRITE);
    let outside = stage.home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    stage.file("inside/file", "inside");
    symlink(&outside, stage.root.join("absolute")).unwrap();
    symlink("../outside", stage.root.join("relative")).unwrap();
    symlink("relative", stage.root.join("chained")).unwrap();
    symlink(outside.join("secret"), stage.root.join("file")).unwrap();
    symlink("../../outside", stage.root.join("inside/up")).unwrap();
    symlink("inside", stage.root.join("within")).unwrap();
    symlink("loop", stage.root.join("loop")).unwrap();
    symlink(outside.join("created"), stage.root.join("dangling")).unwrap();
    stage
}

const LINKS: [&str; 8] =
    ["absolute", "relative", "chained", "file", "inside/up", "within", "loop", "dangling"];

/// What lies outside is as it was.
fn check_outside(stage: &Stage) {
    let outside = stage.home.path().join("outside");
    let names: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "secret");
}

#[tokio::test]
async fn links_are_not_there_wherever_they_lead() {
    let stage = stage();
    assert_eq!(stage.listed("/").await, ["inside"]);
    assert_eq!(stage.listed("/inside/").await, ["file"]);
    for link in LINKS {
        for path in
            [format!("/{link}"), format!("/{link}/"), format!("/{link}/secret"), format!("/{link}/file")]
        {
            for method in ["GET", "HEAD", "PROPFIND", "DELETE"] {
                let answer = stage.ask(method, &path, &[], "").await;
                assert_eq!(answer.status, 404, "{method} {path}");
            }
            for method in ["PUT", "MKCOL", "LOCK", "PROPPATCH"] {
                let answer = stage.ask(method, &path, &[], "").await;
                assert!(answer.status.is_client_error(), "{method} {path}: {answer:?}");
            }
            for method in ["MOVE", "COPY"] {
                assert_eq!(stage.take(method, &path, "/files/taken").await.status, 404, "{method} {path}");
                let onto = stage.take(method, "/inside/file", &format!("/files{path}")).await;
                assert!(!onto.status.is_success(), "{method} onto {path}: {onto:?}");
            }
        }
    }
    check_outside(&stage);
    for link in LINKS {
        assert!(fs::symlink_metadata(stage.root.join(link)).unwrap().is_symlink(), "{link} is as it was");
    }
    assert_eq!((stage.read("inside/file").as_str(), stage.trash().len()), ("inside", 0));
}

#[tokio::test]
async fn a_folder_with_links_in_it_is_copied_without_them() {
    let stage = stage();
    assert_eq!(stage.take("COPY", "/inside", "/files/copy").await.status, 201);
    let copied: Vec<_> =
        fs::read_dir(stage.root.join("copy")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(copied, ["file"]);
}

#[tokio::test]
async fn addresses_do_not_lead_up() {
    let stage = stage();
    let ups = [
        "/../outside/secret",
        "/inside/../../outside/secret",
        "/%2e%2e/outside/secret",
        "/%2E%2E%2Foutside%2Fsecret",
        "/..%2foutside/secret",
        "/%252e%252e/outside/secret",
        "/..%5coutside%5csecret",
        "/inside/..%2f..%2foutside/secret",
        "//../outside/secret",
        "/./../outside/secret",
        "/%00/../../outside/secret",
        "/inside/..;/../outside/secret",
    ];
    for up in ups {
        for method in ["GET", "PROPFIND", "PUT", "DELETE", "MKCOL"] {
            let answer = stage.ask(method, up, &[], "").await;
            assert!(answer.status.is_client_error(), "{method} {up}: {answer:?}");
        }
        for to in [format!("/files{up}"), format!("http://support.example/files{up}"), up.to_owned()] {
            for method in ["MOVE", "COPY"] {
                let answer = stage.take(method, "/inside/file", &to).await;
                assert!(
                    answer.status.is_client_error() || answer.status == 502,
                    "{method} to {to}: {answer:?}"
                );
            }
        }
    }
    let absolute = format!("//{}", stage.home.path().join("outside/secret").display());
    assert_eq!(stage.get(&absolute).await.status, 404);
    check_outside(&stage);
    assert_eq!(stage.read("inside/file"), "inside");
}

#[tokio::test]
async fn only_this_host_is_a_destination() {
    let stage = stage();
    let others = [
        "http://other.example/files/x",
        "https://support.example:8443/files/x",
        "http://support.example@other.example/files/x",
        "ftp://support.example/files/x",
        "files/x",
        "http://support.example/elsewhere/x",
        "/filesystem/x",
        "",
    ];
    for to in others {
        let answer = stage.take("MOVE", "/inside/file", to).await;
        assert!(!answer.status.is_success(), "{to}: {answer:?}");
    }
    let none = stage.ask("MOVE", "/inside/file", &[], "").await;
    assert!(none.status.is_client_error());
    let two = [("destination", "/files/x"), ("destination", "/files/y")];
    assert!(stage.ask("MOVE", "/inside/file", &two, "").await.status.is_client_error());
    assert_eq!(stage.read("inside/file"), "inside");
}

#[tokio::test]
async fn pipes_sockets_and_devices_are_no_files() {
    let stage = stage();
    let pipe = stage.root.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(stage.root.join("socket")).unwrap();
    assert_eq!(stage.listed("/").await, ["inside"]);
    for path in ["/pipe", "/socket"] {
        assert_eq!(stage.get(path).await.status, 404, "{path}");
        assert_eq!(stage.put(path, "x").await.code(), "not_a_file", "{path}");
        assert_eq!(stage.take("COPY", path, "/files/copy").await.status, 404);
        assert_eq!(stage.ask("DELETE", path, &[], "").await.status, 404);
    }
    assert!(stage.names().contains(&"pipe".to_owned()));
}

#[tokio::test]
async fn names_that_are_not_text_are_left_alone() {
    use std::os::unix::ffi::OsStrExt as _;
    let stage = stage();
    fs::write(stage.root.join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
    fs::write(stage.root.join("back\\slash"), "x").unwrap();
    fs::write(stage.root.join("line\nbreak"), "x").unwrap();
    assert_eq!(stage.listed("/").await, ["inside"]);
    for path in ["/%ff%fe", "/back%5cslash", "/line%0abreak"] {
        assert_eq!(stage.get(path).await.code(), "bad_name", "{path}");
    }
}

/// While one swaps a folder and a link to the outside as fast as it can, another asks for what is in both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_becomes_a_link_meanwhile_leads_nowhere() {
    let stage = stage();
    stage.file("swapped/secret", "harmless");
    stage.file("swapped/mark", "harmless");
    let (folder, link, aside) =
        (stage.root.join("swapped"), stage.root.join("link"), stage.root.join("aside"));
    symlink(stage.home.path().join("outside"), &link).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let swapping = thread::spawn({
        let over = over.clone();
        move || {
            let mut swaps = 0;
            while !over.load(Ordering::Relaxed) {
                fs::rename(&folder, &aside).unwrap();
                fs::rename(&link, &folder).unwrap();
                thread::yield_now();
                fs::rename(&folder, &link).unwrap();
                fs::rename(&aside, &folder).unwrap();
                swaps += 1;
            }
            swaps
        }
    });
    let mut connection = stage.connect(64 * 1024).await;
    let (mut found, mut missing) = (0, 0);
    for number in 0..10_000 {
        let asked = match number % 5 {
            0 | 1 => request("GET", "/swapped/secret", &[], ""),
            2 => request("PUT", "/swapped/written", &[], "x"),
            3 => request("PROPFIND", "/swapped/", &[("depth", "1")], ""),
            _ => request("COPY", "/swapped/secret", &[("destination", "/files/inside/copy")], ""),
        };
        if connection.ready().await.is_err() {
            connection = stage.connect(64 * 1024).await;
        }
        let answer = whole(connection.send_request(asked).await.unwrap()).await;
        assert!(!answer.text().ends_with("secret") || answer.status == 207, "{answer:?}");
        match answer.status.as_u16() {
            200 | 201 | 204 | 207 => found += 1,
            _ => missing += 1,
        }
    }
    over.store(true, Ordering::Relaxed);
    let swaps = swapping.join().unwrap();
    assert!(swaps > 100 && found > 0 && missing > 0, "{swaps} swaps, {found} found, {missing} missing");
    check_outside(&stage);
    for folder in [stage.root.join("inside"), stage.home.path().join("data/Trash/files")] {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_str().unwrap().starts_with("copy") {
                assert_eq!(
                    fs::read(entry.path()).unwrap(),
                    b"harmless",
                    "what was copied is what lay inside"
                );
            }
        }
    }
}
