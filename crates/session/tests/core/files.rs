//! What is done with the user's files.

use crate::sim::*;
use protocol::{Permission, Permissions, TrustLevel};
use session::{
    AccessFact, Config, Count, Direction, Effect, Entry, FileChange, FileDeed, FilesFact, Grant, Input,
    Screen, SessionView, TransferEnd, Transferred, UserInput,
};
use std::{path::PathBuf, time::Duration};

const FILES: [Permission; 2] = [Permission::FilesRead, Permission::FilesWrite];

fn files_session() -> Sim {
    Sim::active(FILES.into())
}

fn began(id: u64, name: &str, direction: Direction) -> Input {
    let (name, size, offset) = (name.into(), Some(1000), 0);
    Input::Access(AccessFact::Files(FilesFact::Began { id, name, size, offset, direction }))
}

fn moved(id: u64, bytes: u64) -> Input {
    Input::Access(AccessFact::Files(FilesFact::Moved { id, bytes }))
}

fn over(id: u64, bytes: u64, end: TransferEnd) -> Input {
    Input::Access(AccessFact::Files(FilesFact::Ended { id, bytes, end }))
}

fn changed(change: FileChange) -> Input {
    Input::Access(AccessFact::Files(FilesFact::Changed(change)))
}

fn deed(name: &str, direction: Direction, bytes: u64, end: TransferEnd) -> FileDeed {
    let size = Some(1000);
    let (name, file, offset) = (name.into(), None, 0);
    FileDeed::Transferred(Transferred { name, file, direction, offset, size, bytes, end })
}

fn late(fact: AccessFact) -> Input {
    Input::AccessLate { session_id: "s1".parse().unwrap(), fact }
}

/// The same, when nobody listens to the access process any more.
fn heard_late(input: Input) -> Input {
    match input {
        Input::Access(fact) => late(fact),
        other => other,
    }
}

fn session_of(sim: &Sim) -> SessionView {
    match sim.view().screen {
        Screen::Session(session) => session,
        other => panic!("no session: {other:?}"),
    }
}

fn written(effects: &[Effect]) -> Vec<FileDeed> {
    let deeds = effects.iter().filter_map(|effect| match effect {
        Effect::Record(Entry::Files { deeds, .. }) => Some(deeds.clone()),
        _ => None,
    });
    deeds.flatten().collect()
}

fn granted(effects: &[Effect]) -> Option<Grant> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartAccess(grant) | Effect::ChangeGrant(grant) => Some(grant.clone()),
        _ => None,
    })
}

fn config() -> Config {
    Config {
        folder: Some("/home/ursula/Downloads".into()),
        home: Some("/home/ursula".into()),
        ..Config::default()
    }
}

/// A request for files on screen, which a press would approve.
fn asked(config: Config) -> Sim {
    let mut sim = Sim::waiting(config, TrustLevel::Pinned);
    sim.give(Input::RequestReceived(request("r1", FILES)));
    sim.make_approvable("r1");
    sim
}

fn approve_in(sim: &mut Sim, folder: Option<&str>) -> Option<Grant> {
    let UserInput::Approve { request_id, permissions, limit, given_by, .. } = approve("r1", FILES) else {
        unreachable!()
    };
    let folder = folder.map(PathBuf::from);
    sim.user(UserInput::Approve { request_id, permissions, limit, given_by, folder });
    sim.give(Input::Recorded(id("r1")));
    let grant = granted(&sim.give(accepted("r1", "s1")));
    sim.give(Input::Access(AccessFact::TunnelStands));
    grant
}

#[test]
fn the_folder_is_shown_and_the_preset_one_is_shared() {
    let mut sim = asked(config());
    let shown = sim.view().prompt.unwrap().folder.unwrap();
    assert_eq!((shown.path, shown.can_change), ("/home/ursula/Downloads".into(), true));
    let folder = approve_in(&mut sim, None).unwrap().folder.unwrap();
    assert_eq!((folder.path, folder.whole_home), ("/home/ursula/Downloads".into(), false));
    assert_eq!(session_of(&sim).folder, Some("/home/ursula/Downloads".into()));
}

#[test]
fn the_user_chooses_another_folder() {
    let mut sim = asked(config());
    let grant = approve_in(&mut sim, Some("/home/ursula/Documents/Printer")).unwrap();
    assert_eq!(grant.folder.unwrap().path, PathBuf::from("/home/ursula/Documents/Printer"));
    let started = sim.effects.iter().find_map(|effect| match effect {
        Effect::Record(Entry::SessionStarted { folder, .. }) => Some(folder.clone()),
        _ => None,
    });
    assert_eq!(started, Some(Some("/home/ursula/Documents/Printer".into())), "the journal says which");
}

#[test]
fn the_whole_home_is_shared_only_where_policy_says_so() {
    for folder in ["/home/ursula", "/home", "/", "/home/ursula/Downloads/..", "Downloads"] {
        assert_eq!(approve_in(&mut asked(config()), Some(folder)), None, "{folder}");
    }
    let mut sim = asked(Config { whole_home: true, ..config() });
    let folder = approve_in(&mut sim, Some("/home/ursula")).unwrap().folder.unwrap();
    assert!(folder.whole_home);
}

#[test]
fn without_files_there_is_no_folder() {
    let sim = Sim::active([VIEW].into());
    assert_eq!(granted(&sim.effects).unwrap().folder, None);
    assert_eq!(session_of(&sim).folder, None);
}

#[test]
fn a_folder_that_is_shared_stays_the_one_when_more_is_asked_for() {
    let mut sim = asked(config());
    approve_in(&mut sim, Some("/home/ursula/Documents")).unwrap();
    sim.give(Input::RequestReceived(more("r2", [VIEW])));
    assert_eq!(sim.view().prompt.unwrap().folder, None, "it is not about files");
    sim.user(UserInput::Reject { request_id: id("r2"), reason: None });
    sim.user(UserInput::TakeBack { permission: Permission::FilesWrite });
    sim.confirm();
    sim.advance(secs(60));
    sim.give(Input::RequestReceived(more("r3", FILES)));
    let shown = sim.view().prompt.unwrap().folder.unwrap();
    assert_eq!((shown.path, shown.can_change), ("/home/ursula/Documents".into(), false));
    sim.make_approvable("r3");
    let UserInput::Approve { request_id, permissions, limit, given_by, .. } = approve("r3", FILES) else {
        unreachable!()
    };
    let folder = Some("/home/ursula/Pictures".into());
    sim.user(UserInput::Approve { request_id, permissions, limit, given_by, folder });
    sim.give(Input::Recorded(id("r3")));
    let grant = granted(&sim.give(accepted("r3", "s1"))).unwrap();
    assert_eq!(grant.folder.unwrap().path, PathBuf::from("/home/ursula/Documents"));
}

#[test]
fn every_transfer_is_shown_while_it_runs_and_written_down_when_it_is_over() {
    let mut sim = files_session();
    sim.give(began(1, "report.pdf", Direction::Download));
    let [transfer] = &session_of(&sim).transfers[..] else { panic!("not shown") };
    assert_eq!((transfer.name.as_str(), transfer.bytes, transfer.size), ("report.pdf", 0, Some(1000)));
    sim.give(moved(1, 400));
    sim.advance(secs(1));
    assert_eq!(session_of(&sim).transfers[0].bytes, 400);
    sim.advance(secs(1));
    let effects = sim.give(over(1, 1000, TransferEnd::Done));
    let done = deed("report.pdf", Direction::Download, 1000, TransferEnd::Done);
    assert_eq!(written(&effects), std::slice::from_ref(&done));
    let session = session_of(&sim);
    assert_eq!((session.transfers.len(), session.files.downloads), (0, Count { files: 1, bytes: 1000 }));
    sim.user(UserInput::End);
    let Screen::Ended(ended) = sim.view().screen else { panic!("no summary") };
    assert_eq!(ended.files.deeds, [done]);
}

#[test]
fn an_operator_who_does_much_at_once_floods_neither_journal_nor_window() {
    let mut sim = files_session();
    let (mut entries, mut changes, mut shown) = (0, 0, session_of(&sim).files);
    for number in 0..1000 {
        let name = format!("folder {number}");
        let mut effects = sim.give(changed(FileChange::Made { name }));
        effects.extend(sim.advance(Duration::from_millis(10)));
        entries += effects.iter().filter(|it| matches!(it, Effect::Record(Entry::Files { .. }))).count();
        let now = session_of(&sim).files;
        changes += usize::from(now != shown);
        shown = now;
    }
    assert!(entries <= 21, "{entries} entries in ten seconds");
    assert!(changes <= 21, "{changes} changes in ten seconds");
    sim.advance(secs(1));
    assert_eq!(session_of(&sim).files.changes, 1000);
    assert_eq!(written(&sim.effects).len(), 1000, "and every one is written down");
}

#[test]
fn the_user_cancels_a_transfer_once() {
    let mut sim = files_session();
    sim.give(began(7, "film.mp4", Direction::Upload));
    assert!(sim.user(UserInput::CancelTransfer { id: 7 }).contains(&Effect::CancelTransfer(7)));
    assert!(session_of(&sim).transfers[0].is_cancelled);
    assert_eq!(sim.user(UserInput::CancelTransfer { id: 7 }), []);
    assert_eq!(sim.user(UserInput::CancelTransfer { id: 8 }), [], "there is none");
    sim.give(over(7, 300, TransferEnd::Cancelled));
    sim.advance(secs(1));
    let cancelled = deed("film.mp4", Direction::Upload, 300, TransferEnd::Cancelled);
    assert_eq!(written(&sim.effects), [cancelled]);
    assert_eq!(sim.user(UserInput::CancelTransfer { id: 7 }), [], "it is over");
}

#[test]
fn an_end_cuts_what_is_being_transferred_and_says_so() {
    let mut sim = files_session();
    sim.give(began(1, "film.mp4", Direction::Upload));
    sim.give(moved(1, 700));
    let effects = sim.user(UserInput::End);
    let cut = deed("film.mp4", Direction::Upload, 700, TransferEnd::Cut);
    assert_eq!(written(&effects), [cut]);
    let place = |fits: fn(&Effect) -> bool| effects.iter().position(fits).unwrap();
    let stopped = place(|effect| matches!(effect, Effect::StopAccess));
    let told = place(|effect| matches!(effect, Effect::Record(Entry::Files { .. })));
    let ended = place(|effect| matches!(effect, Effect::Record(Entry::SessionEnded { .. })));
    assert!(stopped < told && told < ended, "{effects:?}");
}

#[test]
fn an_access_process_that_is_not_needed_any_more_leaves_no_transfer_behind() {
    let mut sim = files_session();
    sim.give(began(1, "film.mp4", Direction::Download));
    sim.user(UserInput::TakeBack { permission: Permission::FilesRead });
    sim.user(UserInput::TakeBack { permission: Permission::FilesWrite });
    assert_eq!(session_of(&sim).transfers, []);
    let cut = deed("film.mp4", Direction::Download, 0, TransferEnd::Cut);
    assert_eq!(written(&sim.effects), [cut]);
    assert_eq!(sim.give(over(1, 1000, TransferEnd::Done)), [], "it is not listened to any more");
}

#[test]
fn what_was_done_before_an_end_is_written_down_however_late_it_is_heard() {
    let mut sim = files_session();
    sim.give(began(1, "film.mp4", Direction::Download));
    sim.give(moved(1, 400));
    sim.give(began(2, "notes.txt", Direction::Download));
    sim.user(UserInput::End);
    let deleted = FileChange::Deleted { name: "letter.odt".into() };
    let said = [
        over(1, 1000, TransferEnd::Done),
        changed(deleted.clone()),
        began(3, "small.txt", Direction::Download),
        over(3, 10, TransferEnd::Done),
        began(4, "half.txt", Direction::Upload),
    ];
    for input in said {
        assert_eq!(sim.give(heard_late(input)), [], "all of it is one entry");
    }
    let effects = sim.give(late(AccessFact::Ended));
    let rest = FileDeed::Transferred(Transferred {
        name: "film.mp4".into(),
        file: None,
        direction: Direction::Download,
        offset: 400,
        size: Some(600),
        bytes: 600,
        end: TransferEnd::Done,
    });
    let expected = [
        rest,
        FileDeed::Changed(deleted),
        deed("small.txt", Direction::Download, 10, TransferEnd::Done),
        deed("half.txt", Direction::Upload, 0, TransferEnd::Cut),
    ];
    assert_eq!(written(&effects), expected, "and what was told as cut and stayed so not once more");
    let Screen::Ended(ended) = sim.view().screen else { panic!("no summary") };
    assert_eq!((ended.files.changes, ended.files.downloads), (1, Count { files: 3, bytes: 1010 }));
    assert_eq!(ended.files.deeds[0], deed("film.mp4", Direction::Download, 1000, TransferEnd::Done));
    assert_eq!(sim.give(late(AccessFact::Ended)), []);
}

#[test]
fn what_was_done_before_a_take_back_is_shown_and_written_down_however_late_it_is_heard() {
    let mut sim = files_session();
    sim.user(UserInput::TakeBack { permission: Permission::FilesRead });
    sim.user(UserInput::TakeBack { permission: Permission::FilesWrite });
    let made = FileChange::Made { name: "new".into() };
    sim.give(heard_late(changed(made.clone())));
    let other = Input::AccessLate { session_id: "s2".parse().unwrap(), fact: AccessFact::Ended };
    assert_eq!(sim.give(other), [], "another session's");
    assert_eq!(written(&sim.give(late(AccessFact::Ended))), [FileDeed::Changed(made)]);
    assert_eq!(session_of(&sim).files.changes, 1);
}

#[test]
fn what_was_done_before_a_quit_is_written_down_though_nothing_else_is_listened_to() {
    let mut sim = files_session();
    sim.give(Input::Terminating);
    let made = FileChange::Made { name: "new".into() };
    sim.give(heard_late(changed(made.clone())));
    assert_eq!(sim.give(Input::LinkRestored), []);
    assert_eq!(written(&sim.give(late(AccessFact::Ended))), [FileDeed::Changed(made)]);
}

#[test]
fn what_one_access_process_did_is_not_lost_where_the_next_one_is_killed_before_it_is_heard() {
    let mut sim = files_session();
    for permission in FILES {
        sim.user(UserInput::TakeBack { permission });
    }
    let made = FileChange::Made { name: "new".into() };
    sim.give(heard_late(changed(made.clone())));
    sim.give(Input::RequestReceived(more("r2", FILES)));
    sim.make_approvable("r2");
    sim.user(approve("r2", FILES));
    sim.give(Input::Recorded(id("r2")));
    assert!(access_started(&sim.give(accepted("r2", "s1"))));
    assert_eq!(written(&sim.user(UserInput::End)), [FileDeed::Changed(made)]);
    assert_eq!(sim.give(late(AccessFact::Ended)), []);
}

#[test]
fn no_file_hides_behind_the_name_of_another() {
    let mut sim = files_session();
    let long = |which| format!("{}{which}{}.pdf", "a".repeat(100), "z".repeat(100));
    for (id, which) in ["one", "two"].into_iter().enumerate() {
        let (name, offset) = (long(which), u64::from(which == "two"));
        let (id, size, direction) = (id as u64, Some(1000), Direction::Download);
        let began = FilesFact::Began { id, name, size, offset, direction };
        sim.give(Input::Access(AccessFact::Files(began)));
        sim.give(over(id, 1000, TransferEnd::Done));
    }
    let [FileDeed::Transferred(one), FileDeed::Transferred(two)] = &session_of_files(&mut sim)[..] else {
        panic!("one of them is not shown: {:?}", session_of(&sim).files)
    };
    assert_eq!(one.name, two.name, "shortened, they look the same");
    assert_eq!(written(&sim.effects).len(), 2);
    // A further part of the first is no third file.
    let (name, size, direction) = (long("one"), Some(1000), Direction::Download);
    let began = FilesFact::Began { id: 3, name, size, offset: 1000, direction };
    sim.give(Input::Access(AccessFact::Files(began)));
    sim.give(over(3, 1000, TransferEnd::Done));
    assert_eq!(session_of_files(&mut sim).len(), 2);
}

/// What is listed a while later.
fn session_of_files(sim: &mut Sim) -> Vec<FileDeed> {
    sim.advance(secs(1));
    session_of(sim).files.deeds.into()
}

#[test]
fn names_are_made_safe_before_anybody_sees_them() {
    let mut sim = files_session();
    sim.give(began(1, "invoice\u{202e}fdp.exe\n", Direction::Upload));
    assert_eq!(session_of(&sim).transfers[0].name, "invoicefdp.exe");
    sim.advance(secs(1));
    sim.give(changed(FileChange::Renamed { from: "a\tb".into(), to: "\u{200b}".into() }));
    let renamed = FileChange::Renamed { from: "a b".into(), to: "unnamed file".into() };
    assert_eq!(written(&sim.effects), [FileDeed::Changed(renamed)]);
}

#[test]
fn an_access_process_that_invents_transfers_grows_nothing() {
    let mut sim = files_session();
    for number in 0..1000 {
        sim.give(began(number, "a", Direction::Download));
    }
    sim.advance(secs(1));
    assert_eq!(session_of(&sim).transfers.len(), 64);
    assert_eq!(Permissions::from(FILES), session_of(&sim).granted);
}
