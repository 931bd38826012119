//! The user's files as the operator gets them: with curl, at the session's folder, and only as far and for as long as they
//! are granted.

use crate::actions::wait_for_actions;
use anyhow::{Context, Result, ensure};
use protocol::{
    Action, EndReason, Permission, SessionId,
    operator::{FilesCredential, Target},
};
use rehearsal::{DEADLINE, Signal, Stage, WINDOW, curl, signal_pid, wait_for};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const READ: [Permission; 2] = [Permission::FilesRead, Permission::Chat];
const WRITE: [Permission; 3] = [Permission::FilesRead, Permission::FilesWrite, Permission::Chat];

/// What is cut must be cut within this.
const A_SECOND: Duration = Duration::from_secs(1);
/// Large enough to be still on its way when something happens to it: curl is told to take two minutes for it.
const LARGE: u64 = 60_000_000;
const SLOWLY: &[&str] = &["--fail", "--limit-rate", "500k"];
/// A download goes on from what lies in buffers, so it is larger and faster.
const FILM: u64 = 5_000_000_000;
const FASTER: &[&str] = &["--limit-rate", "20M"];

/// An operator's folder, with curl.
pub(crate) struct Folder {
    pub(crate) credential: FilesCredential,
    /// Where the user has it.
    pub(crate) place: PathBuf,
}

/// What curl brought.
pub(crate) struct Got {
    status: u16,
    pub(crate) body: Vec<u8>,
}

impl Folder {
    pub(crate) fn of(stage: &Stage, session: &SessionId) -> Result<Self> {
        let place = stage.agent.home().join("Downloads");
        fs::create_dir_all(&place)?;
        Ok(Self { credential: stage.operator.files(session)?, place })
    }

    pub(crate) fn curl(&self, path: &str, arguments: &[&str]) -> Command {
        let mut curl = curl(&self.credential, path);
        curl.args(["--write-out", "\n%{http_code}"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        curl
    }

    pub(crate) fn ask(&self, path: &str, arguments: &[&str]) -> Result<Got> {
        let output = self.curl(path, arguments).output().context("failed to run curl")?;
        let end = output.stdout.iter().rposition(|byte| *byte == b'\n').context("curl said nothing")?;
        let status = std::str::from_utf8(&output.stdout[end + 1..])?.trim().parse()?;
        Ok(Got { status, body: output.stdout[..end].to_vec() })
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.place.join(name);
        fs::create_dir_all(path.parent().context("it has one")?)?;
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Begins an upload or download that takes long; when this returns, the user's window shows it.
    pub(crate) fn start(&self, stage: &Stage, path: &str, arguments: &[&str]) -> Result<Child> {
        let mut child =
            self.curl(path, &[SLOWLY, arguments].concat()).spawn().context("failed to run curl")?;
        if let Some(mut stdout) = child.stdout.take() {
            // What nobody reads would hold it up.
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        }
        let begun = stage.agent.wait_for_status("a transfer that has begun", |status| {
            let transfers = &status["view"]["screen"]["transfers"];
            transfers[0]["name"] == *path && transfers[0]["bytes"].as_u64().is_some_and(|bytes| bytes > 0)
        });
        begun.map(|_| child)
    }
}

/// A file to be uploaded, outside of what is shared.
pub(crate) fn large(stage: &Stage) -> Result<String> {
    let path = stage.agent.home().join("to-upload.bin");
    fs::File::create(&path)?.set_len(LARGE)?;
    Ok(path.to_str().context("it is text")?.to_owned())
}

/// For what is refused: while curl still sends a large one it may miss the answer.
fn small(stage: &Stage) -> Result<String> {
    let path = stage.agent.home().join("to-upload.txt");
    fs::write(&path, "to be placed")?;
    Ok(path.to_str().context("it is text")?.to_owned())
}

/// Waits until curl has ended, and says how long that took from `since` on, and whether it got to its end.
pub(crate) fn ended(mut curl: Child, since: Instant) -> Result<(Duration, bool)> {
    let status = wait_for("curl to end", || Ok(curl.try_wait()?));
    if status.is_err() {
        let _ = curl.kill();
    }
    Ok((since.elapsed(), status?.success()))
}

pub(crate) fn names(place: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(place)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// What the newest session's entry in the history says of files.
fn history(stage: &Stage) -> Result<Value> {
    let output = stage.agent.run(&["history", "--json"], "")?;
    let history: Value = serde_json::from_slice(&output.stdout)?;
    Ok(history["entries"][0]["files"].clone())
}

/// Waits until the history names this file, and says how it ended.
fn told(stage: &Stage, name: &str) -> Result<Value> {
    wait_for(&format!("{name} in the history"), || {
        let files = history(stage)?;
        let deeds = files["deeds"].as_array().into_iter().flatten();
        Ok(deeds.rev().find(|deed| deed["name"] == *name).cloned())
    })
}

#[test]
fn a_foreign_client_lists_and_reads_and_the_user_sees_it() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(READ)?;
    let folder = Folder::of(&stage, &session)?;
    folder.file("report.txt", "0123456789")?;
    folder.file("sub/inner.txt", "inner")?;
    let listed = folder.ask("", &["--request", "PROPFIND", "--header", "Depth: 1"])?;
    let listing = String::from_utf8_lossy(&listed.body).into_owned();
    ensure!(listed.status == 207 && listing.contains("report.txt") && listing.contains("sub/"), "{listing}");
    wait_for_actions(&stage, &[])?;
    let idle_icon = stage.tray_icon()?.icon_hash;

    let whole = folder.ask("report.txt", &[])?;
    assert_eq!((whole.status, whole.body.as_slice()), (200, b"0123456789".as_slice()));
    fs::File::create(folder.place.join("film.mp4"))?.set_len(FILM)?;
    let mut film = folder.start(&stage, "film.mp4", FASTER)?;
    wait_for_actions(&stage, &["transferring_files"])?;
    stage.operator.wait_for_actions(&session, [Action::TransferringFiles])?;
    stage.text("TRANSFERRING FILES")?;
    assert_ne!(stage.tray_icon()?.icon_hash, idle_icon, "the tray icon tells it too");
    film.kill()?;
    film.wait()?;
    let part = folder.ask("report.txt", &["--range", "3-5"])?;
    assert_eq!((part.status, part.body.as_slice()), (206, b"345".as_slice()));
    assert_eq!(folder.ask("sub/inner.txt", &[])?.body, b"inner");
    wait_for_actions(&stage, &[])?;
    assert_eq!(stage.tray_icon()?.icon_hash, idle_icon);

    let refused = folder.ask("new.txt", &["--upload-file", &small(&stage)?])?;
    assert_eq!(refused.status, 403);
    assert_eq!(folder.ask("report.txt", &["--request", "DELETE"])?.status, 403);
    assert_eq!(names(&folder.place)?, ["film.mp4", "report.txt", "sub"]);

    stage.click_menu("End Session")?;
    stage.text("3 files went to the operator")?;
    let report = told(&stage, "report.txt")?;
    assert_eq!((&report["direction"], &report["end"]), (&"download".into(), &"done".into()));
    Ok(())
}

#[test]
fn what_the_operator_places_and_changes_is_there_and_told() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(WRITE)?;
    let folder = Folder::of(&stage, &session)?;
    folder.file("old.txt", "old")?;
    let source = stage.agent.home().join("driver.zip");
    fs::write(&source, vec![7; 300_000])?;
    let source = source.to_str().context("it is text")?;
    assert_eq!(folder.ask("driver.zip", &["--upload-file", source])?.status, 201);
    assert!(fs::read(folder.place.join("driver.zip"))? == vec![7; 300_000]);
    let to = format!("Destination: {}renamed.txt", folder.credential.url);
    assert_eq!(folder.ask("old.txt", &["--request", "MOVE", "--header", &to])?.status, 201);
    assert_eq!(folder.ask("renamed.txt", &["--request", "DELETE"])?.status, 204);
    assert_eq!(names(&folder.place)?, ["driver.zip"]);
    let trash = stage.agent.home().join("data/Trash/files/renamed.txt");
    assert_eq!(fs::read_to_string(trash)?, "old", "nothing is gone for good");

    stage.press("Files")?;
    stage.text("driver.zip\u{2069}: Came from the operator")?;
    let done = wait_for("all of it in the history", || {
        let files = history(&stage)?;
        Ok((files["changes"] == 2).then_some(files))
    })?;
    assert_eq!(done["uploads"], serde_json::json!({ "files": 1, "bytes": 300_000 }));
    assert_eq!(done["deeds"][1]["change"], "renamed");
    assert_eq!(done["deeds"][2]["change"], "deleted");
    Ok(())
}

#[test]
fn nothing_outside_of_the_folder_is_reached_and_nothing_hidden_seen() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(WRITE)?;
    let folder = Folder::of(&stage, &session)?;
    let outside = stage.agent.home().join("secret.txt");
    fs::write(&outside, "secret")?;
    folder.file(".hidden", "secret")?;
    folder.file(".config/inner", "secret")?;
    std::os::unix::fs::symlink(&outside, folder.place.join("link"))?;
    std::os::unix::fs::symlink(stage.agent.home(), folder.place.join("home"))?;
    folder.file("seen", "seen")?;
    let listed = folder.ask("", &["--request", "PROPFIND", "--header", "Depth: 1"])?;
    let listing = String::from_utf8_lossy(&listed.body).into_owned();
    assert!(listing.contains("seen"), "{listing}");
    for name in ["hidden", "config", "link", "home"] {
        assert!(
            !listing.contains(&format!("/{name}")) && !listing.contains(&format!("/.{name}")),
            "{listing}"
        );
    }
    for path in [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "seen/../../secret.txt",
        ".hidden",
        ".config/inner",
        "link",
        "home/secret.txt",
        "/etc/passwd",
    ] {
        let got = folder.ask(path, &[])?;
        assert!(got.status >= 400 && got.body != b"secret", "{path}: {}", got.status);
    }
    let source = small(&stage)?;
    for path in ["../placed", "%2e%2e/placed", ".bashrc", "home/placed", "link"] {
        assert!(folder.ask(path, &["--upload-file", &source])?.status >= 400, "{path}");
    }
    assert_eq!(fs::read_to_string(&outside)?, "secret");
    assert!(!stage.agent.home().join("placed").exists());
    Ok(())
}

#[test]
fn taking_files_back_cuts_a_transfer_at_once() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(WRITE)?;
    let folder = Folder::of(&stage, &session)?;
    let source = large(&stage)?;
    let upload = folder.start(&stage, "large.bin", &["--upload-file", &source])?;
    stage.press("Permissions")?;
    let switch = stage.control("Edit and place files")?;
    let taken = Instant::now();
    assert!(switch.activate()?);
    let (after, whole) = ended(upload, taken)?;
    assert!(after < 2 * A_SECOND && !whole, "after {after:?}");
    assert_eq!(names(&folder.place)?, Vec::<String>::new(), "no half file is there");
    assert_eq!(told(&stage, "large.bin")?["end"], "cut");
    assert_eq!(folder.ask("x", &["--upload-file", &small(&stage)?])?.status, 403);
    folder.file("small.txt", "small")?;
    assert_eq!(folder.ask("small.txt", &[])?.body, b"small", "reading is still granted");
    Ok(())
}

#[test]
fn the_user_cancels_a_transfer_and_the_session_goes_on() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(WRITE)?;
    let folder = Folder::of(&stage, &session)?;
    let source = large(&stage)?;
    let upload = folder.start(&stage, "large.bin", &["--upload-file", &source])?;
    stage.press("Files")?;
    let cancel = stage.button("Cancel")?;
    let cancelled = Instant::now();
    assert!(cancel.activate()?);
    let (after, whole) = ended(upload, cancelled)?;
    assert!(after < 2 * A_SECOND && !whole, "after {after:?}");
    stage.text("cancelled by you")?;
    assert_eq!(told(&stage, "large.bin")?["end"], "cancelled");
    assert_eq!(names(&folder.place)?, Vec::<String>::new(), "no half file is there");
    let again = folder.ask("large.bin", &["--upload-file", &small(&stage)?])?;
    assert_eq!(again.status, 403);
    assert!(
        String::from_utf8_lossy(&again.body).contains("cancelled"),
        "a client that tries again is told why"
    );
    folder.file("small.txt", "small")?;
    assert_eq!(folder.ask("small.txt", &[])?.body, b"small");
    stage.wait_for_screen("session")
}

#[test]
fn an_end_cuts_a_transfer_and_the_summary_names_it() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(READ)?;
    let folder = Folder::of(&stage, &session)?;
    fs::File::create(folder.place.join("film.mp4"))?.set_len(FILM)?;
    let download = folder.start(&stage, "film.mp4", FASTER)?;
    // How long the panel takes to open its menu is no matter of the agent's.
    stage.click_menu("End Session")?;
    stage.wait_for_access(false)?;
    let (after, whole) = ended(download, Instant::now())?;
    assert!(after < 2 * A_SECOND && !whole, "after {after:?}");
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    stage.text("film.mp4\u{2069}: To the operator, cut off after")?;
    assert_eq!(told(&stage, "film.mp4")?["end"], "cut");
    assert!(folder.ask("film.mp4", &[])?.status >= 400, "it is not to be had any more");
    Ok(())
}

#[test]
fn an_access_process_that_is_killed_leaves_no_half_file() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(WRITE)?;
    let folder = Folder::of(&stage, &session)?;
    folder.file("large.bin", "as it was")?;
    let upload = folder.start(&stage, "large.bin", &["--upload-file", &large(&stage)?])?;
    let killed = Instant::now();
    signal_pid(stage.access_process().context("it lives")?.cast_signed(), Signal::Kill);
    let (after, whole) = ended(upload, killed)?;
    assert!(after < 2 * A_SECOND && !whole, "after {after:?}");
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AccessFailed);
    assert_eq!(names(&folder.place)?, ["large.bin"]);
    assert_eq!(fs::read_to_string(folder.place.join("large.bin"))?, "as it was");
    assert_eq!(told(&stage, "large.bin")?["end"], "cut");
    Ok(())
}

#[test]
fn the_user_chooses_another_folder_in_the_popup() -> Result<()> {
    let stage = Stage::device()?;
    for folder in ["Downloads", "Documents/Printer"] {
        fs::create_dir_all(stage.agent.home().join(folder))?;
    }
    fs::write(stage.agent.home().join("Documents/Printer/a.txt"), "chosen")?;
    let request = stage.ask(READ)?;
    stage.popup()?;
    stage.text("Files in \u{2066}~/Downloads")?;
    stage.button("Change")?.activate()?;
    stage.button("\u{2068}Documents")?.activate()?;
    stage.button("\u{2068}Printer")?.activate()?;
    stage.button("Use this folder")?.activate()?;
    stage.text("Files in \u{2066}~/Documents/Printer")?;
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_session_window()?;
    let folder = Folder::of(&stage, &session)?;
    assert_eq!(folder.ask("a.txt", &[])?.body, b"chosen");
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    Ok(())
}

#[test]
fn the_home_folder_itself_is_not_shared_and_a_folder_that_is_stays_the_one() -> Result<()> {
    let stage = Stage::device()?;
    fs::create_dir_all(stage.agent.home().join("Downloads"))?;
    let request = stage.ask(READ)?;
    stage.popup()?;
    stage.text("The files in \u{2066}~/Downloads")?;
    stage.button("Change")?.activate()?;
    stage.text("Your whole home folder cannot be shared. Choose a folder in it.")?;
    stage.button("Use this folder")?.activate()?;
    stage.text("Which folder may the operator use?")?;
    stage.button("Back")?.activate()?;
    stage.text("The files in \u{2066}~/Downloads")?;
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_session_window()?;

    stage.operator.ask(Target::Session(session), [Permission::FilesWrite])?;
    stage.popup()?;
    stage.text("~/Downloads")?;
    let outline = stage.desktop.accessibility().outline();
    ensure!(!outline.contains("button \"Change"), "{outline}");
    Ok(())
}
