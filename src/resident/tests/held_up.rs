//! What a disk that does not answer holds up, and what not.

use super::*;
use std::{fs::File, os::fd::AsRawFd as _, process::Command};

/// A file that everybody waits for who opens it, as on a network disk that does not answer: a lease on it is not given up.
struct Unanswering(File);

impl Unanswering {
    fn hold(path: &Path) -> Self {
        until("nobody else has the file open", || Self::try_hold(path))
    }

    fn try_hold(path: &Path) -> Option<Self> {
        let file = File::options().read(true).write(true).open(path).unwrap();
        /// Which signal tells that somebody waits; Linux has it and libc does not name it.
        const SET_SIGNAL: libc::c_int = 10;
        let held = Self(file);
        // The usual one would end this process.
        held.control(SET_SIGNAL, libc::SIGURG);
        // SAFETY: as in `control`.
        let answer = unsafe { libc::fcntl(held.0.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) };
        (answer == 0).then_some(held)
    }

    /// Whether somebody waits to open the file.
    fn is_waited_for(&self) -> bool {
        self.control(libc::F_GETLEASE, 0) != libc::F_WRLCK
    }

    fn control(&self, command: libc::c_int, argument: libc::c_int) -> libc::c_int {
        // SAFETY: the descriptor is open as long as `self`; none of these commands reads or writes memory.
        let answer = unsafe { libc::fcntl(self.0.as_raw_fd(), command, argument) };
        assert!(answer >= 0, "{}", std::io::Error::last_os_error());
        answer
    }
}

#[test]
fn settings_that_cannot_be_read_hold_up_neither_an_end_nor_a_request_for_long() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&service, folder.path(), script(folder.path(), "", "exit 1"), true);
    let device = operator.present_device();
    let settings = running.places.user_settings();
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(&settings, "permissions = []").unwrap();
    let held = Unanswering::hold(&settings);
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    until("the settings are read", || held.is_waited_for().then_some(()));
    assert!(running.ask(&local::Question::End).is_some());
    assert!(running.ask(&local::Question::Status).is_some());
    // By the settings as they were.
    let failed = RequestState::Unanswered { cause: UnansweredCause::PromptFailed };
    assert_eq!(operator.outcome(&request), failed);
    assert!(held.is_waited_for());
}

#[test]
fn settings_do_not_wait_for_a_journal_that_cannot_be_written() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&service, folder.path(), script(folder.path(), "", "exit 1"), true);
    let device = operator.present_device();
    let ask = || operator.ask(Target::Device(device.id.clone()), Permissions::all());
    operator.outcome(&ask());
    let newest = until("the first request is in the journal", || {
        let files = fs::read_dir(running.places.journal()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).max()
    });
    let journal = Unanswering::hold(&newest);
    let second = ask();
    until("the journal is written", || journal.is_waited_for().then_some(()));
    let path = running.places.user_settings();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "permissions = []").unwrap();
    let settings = Unanswering::hold(&path);
    // There is one request at a time.
    operator.withdraw(&second);
    operator.outcome(&second);
    ask();
    until("the settings are read", || settings.is_waited_for().then_some(()));
    assert!(journal.is_waited_for());
}

/// The disk was taken away, or is read-only from one moment to the next, while the popup is on the screen.
#[test]
fn an_approval_that_no_disk_takes_is_not_given() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let wait = format!("until [ -e {} ]; do sleep 0.05; done", go.display());
    let approve = format!("{wait}; {}", approve_when_it_counts());
    let running = Running::start(&service, folder.path(), script(folder.path(), "", &approve), true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    running.until_approvable();
    let (data, away) = (running.places.journal().to_owned(), folder.path().join("away"));
    fs::rename(&data, &away).unwrap();
    fs::write(&data, "").unwrap();
    fs::write(go, "").unwrap();
    let not_recorded = RequestState::Unanswered { cause: UnansweredCause::NotRecorded };
    assert_eq!(operator.outcome(&request), not_recorded);
    assert!(!folder.path().join("access").exists(), "something is served");
    fs::remove_file(&data).unwrap();
    fs::rename(&away, &data).unwrap();
}

#[test]
fn a_pipe_in_the_place_of_settings_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::all_in(folder.path());
    let path = places.user_settings();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let settings = Settings::load(&places, None, false);
    assert_eq!(settings.report().mistakes.len(), 1);
    assert_eq!(settings.permissions.value, Permissions::EMPTY);
}

#[test]
fn a_history_that_cannot_be_read_holds_up_no_record() {
    let service = Service::start();
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let places = Places::all_in(folder.path());
    places.prepare().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journal-version-2");
    for file in fs::read_dir(sample).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), places.journal().join(file.file_name())).unwrap();
    }
    let running =
        Running::start(&service, folder.path(), script_that_asks_for_the_history(folder.path()), true);
    let device = operator.present_device();
    running.ask(&local::Question::Open).unwrap();
    let held = Unanswering::hold(&places.journal().join("journal-0001-2026-10.jsonl"));
    // The window asks for the history whenever something changes.
    let first = operator.ask(Target::Device(device.id.clone()), Permissions::all());
    operator.outcome(&first);
    until("the history is read", || held.is_waited_for().then_some(()));
    let second = operator.ask(Target::Device(device.id), Permissions::all());
    until("the second request is in the journal", || {
        let files = fs::read_dir(places.journal()).unwrap().map(|file| file.unwrap().path());
        let newest =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).max()?;
        let received = format!(r#""entry":"request_received","request_id":"{}""#, second.id);
        fs::read_to_string(newest).unwrap().contains(&received).then_some(())
    });
    assert!(held.is_waited_for());
    drop(held);
    until("the history is shown as it is then", || told(folder.path())?.contains(&second.id).then_some(()));
    operator.withdraw(&second);
}
