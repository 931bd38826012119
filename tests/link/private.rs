//! What others on the same computer could get hold of: files, argument lists, core dumps, the local socket.
#![cfg(target_os = "linux")]

use crate::{
    operator::{Service, until},
    stage::works,
    user::User,
};
use protocol::{Permissions, operator::Target};
use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _, symlink},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(below(&entry.path()));
        }
        all.push(entry.path());
    }
    all
}

#[test]
fn where_everybody_may_everything_by_default_nobody_else_may_anything_here() {
    let service = Service::start();
    let user = User::of(&service);
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"umask 000; exec "$@""#, "sh", env!("CARGO_BIN_EXE_ondemand-agent")]);
    let _agent = user.start_by(shell);
    works(&service);
    until("the journal is written", || (user.journal().len() > 2).then_some(()));
    let mut seen = 0;
    for path in below(&user.path("")) {
        // The test's own.
        if ["run", "token", "stderr", ".local", "share", ".config", ".cache", "state"]
            .iter()
            .any(|own| path.ends_with(own))
        {
            continue;
        }
        seen += 1;
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777;
        // Who cannot enter a folder reaches nothing in it.
        let private = path.ancestors().any(|above| {
            above.starts_with(user.path(""))
                && fs::metadata(above).is_ok_and(|it| it.is_dir() && it.permissions().mode() & 0o077 == 0)
        });
        assert!(mode & 0o077 == 0 || private, "{} can be read by others: {mode:o}", path.display());
    }
    assert!(seen > 3);
}

#[test]
fn secrets_are_in_no_log_no_argument_list_no_environment_and_no_core_dump() {
    let service = Service::start();
    let user = User::of(&service);
    let agent = user.start();
    works(&service);
    let of_process = |name: &str| {
        let bytes = fs::read(format!("/proc/{}/{name}", agent.0.id())).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let token = user.agent_token();
    let secrets = [token.as_str(), service.enrolment_token.expose()];
    for name in ["cmdline", "environ"] {
        let text = of_process(name);
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{name}");
    }
    let core =
        of_process("limits").lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    for path in below(&user.path("")) {
        if path.ends_with("credential.json") || path.ends_with("token") {
            continue;
        }
        let Ok(bytes) = fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{}", path.display());
    }
}

#[test]
fn what_is_written_replaces_a_link_and_not_what_it_leads_to() {
    let service = Service::start();
    let user = User::of(&service);
    drop(user.start());
    let victim = user.path("victim");
    fs::write(&victim, "mine").unwrap();
    let mut links = 0;
    for name in ["credential.json", "journal-head.json", "journal-starts.json", "trust.json"] {
        let path = user.data(name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        symlink(&victim, &path).unwrap();
        links += 1;
    }
    assert!(links > 2);
    let _agent = user.start();
    works(&service);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

/// Other programs of the same user can say what they like at the local socket.
#[test]
fn whatever_is_said_at_the_local_socket_nothing_is_approved_and_the_agent_goes_on() {
    let service = Service::start();
    let user = User::of(&service);
    let mut agent = user.start();
    let is_socket = |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let socket = below(&user.path("")).into_iter().find(is_socket).unwrap();
    let mut open = Vec::new();
    for said in [
        br#"{"ask":"approve","request_id":"r1","permissions":["view","control"]}"#.to_vec(),
        br#"{"ask":"user","user":"approve","request_id":"r1"}"#.to_vec(),
        br#"{"ask":"join","code":"123456789","confirm":true,"service_url":"https://elsewhere.example"}"#
            .to_vec(),
        br#"{"from":"user","user":"approve","request_id":"r1"}"#.to_vec(),
        br#"{"ask":"status"}{"ask":"approve"}"#.to_vec(),
        vec![b'['; 1_000_000],
        vec![0xff; 5 * 1024 * 1024],
        Vec::new(),
    ] {
        let mut line = UnixStream::connect(&socket).unwrap();
        line.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        line.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // What is too long is not read to its end.
        let _ = line.write_all(&said).and_then(|()| line.write_all(b"\n"));
        let mut answer = String::new();
        let _ = line.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer == "{\"answer\":\"done\"}\n", "{answer}");
        // Those that say nothing hold nobody up.
        open.extend((0..20).map(|_| UnixStream::connect(&socket).unwrap()));
    }
    works(&service);
    assert_eq!(user.journal().iter().filter(|line| line["entry"] == "session_started").count(), 0);
    assert!(agent.0.try_wait().unwrap().is_none());
}

#[test]
fn out_of_file_descriptors_a_request_is_a_no_and_the_agent_goes_on_afterwards() {
    let service = Service::start();
    let user = User::of(&service);
    let agent = user.start();
    works(&service);
    let pid = agent.0.id().to_string();
    let limit = |files: &str| {
        let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={files}")]).status();
        assert!(limited.unwrap().success());
    };
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<&str> = files.split_whitespace().collect();
    // Nothing more can be opened: no popup, no file, no line to the service.
    limit(&format!("1:{}", words[4]));
    let said = || user.path("stderr").metadata().unwrap().len();
    let before = said();
    let operator = service.operator();
    let device = operator.present_device();
    let asked = operator.ask(Target::Device(device.id), Permissions::all());
    until("the agent notices", || (said() > before).then_some(()));
    limit(&format!("{}:{}", words[3], words[4]));
    let outcome = operator.outcome(&asked);
    assert!(matches!(outcome, protocol::operator::RequestState::Unanswered { .. }), "{outcome:?}");
    works(&service);
}
