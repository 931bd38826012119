use super::{
    reader::{Damage, DamageKind},
    *,
};
use protocol::{EndReason, Operator, Permissions, SignedDuration, UnansweredCause};
use std::{fs, path::PathBuf};

mod deleting;
mod reading;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
fn november() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

/// The computer was started just then.
fn clocks(wall: Timestamp) -> Now {
    Now { boot: Duration::ZERO, wall }
}

fn received(id: &str) -> Entry {
    Entry::RequestReceived {
        request_id: id.parse().unwrap(),
        operator: Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() },
        organisation_name: "Example Support".into(),
        permissions: Permissions::all(),
        session_id: None,
    }
}
fn outcome(id: &str, outcome: Outcome) -> Entry {
    Entry::Outcome { request_id: id.parse().unwrap(), outcome }
}
fn expired(id: &str) -> Entry {
    outcome(id, Outcome::Unanswered { cause: UnansweredCause::Expired })
}
fn approved() -> Outcome {
    Outcome::Approved { permissions: Permissions::all(), limit_secs: 60, given_by: None }
}
fn started(session: &str, request: &str) -> Entry {
    Entry::SessionStarted {
        session_id: session.parse().unwrap(),
        request_id: request.parse().unwrap(),
        granted: Permissions::all(),
        folder: None,
    }
}

/// A folder with a journal.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A journal of three lines: the first of its file, a request and its outcome.
    fn with_three_lines() -> Self {
        let place = Self::new();
        place.write(november(), vec![received("r1"), expired("r1")]);
        place
    }

    /// The same files in another folder.
    fn copy(&self) -> Self {
        let copy = Self::new();
        for file in fs::read_dir(self.folder()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.folder().join(file.file_name())).unwrap();
        }
        copy
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn open(&self, now: Timestamp) -> (Writer, Found) {
        let mut finder = Finder::default();
        let (writer, _) = Writer::open(self.folder(), YEAR, clocks(now), &mut |line| finder.see(line));
        let found = finder.found(writer.counted());
        (writer, found)
    }

    /// A run of the agent that does nothing.
    fn start(&self, now: Timestamp) {
        self.open(now).0.tidy(clocks(now));
    }

    /// As a run of the agent would.
    fn write(&self, at: Timestamp, entries: Vec<Entry>) {
        let (mut writer, _) = self.open(at);
        for entry in entries {
            let proof = Proof { signed_request: Some("signed".into()), receipt: None };
            writer.write(at, Record::Session(entry), proof).unwrap();
            writer.tidy(clocks(at));
        }
    }

    fn found(&self) -> Found {
        self.open(november()).1
    }

    fn read(&self) -> Read {
        read(self.folder(), &mut drop).unwrap()
    }

    fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        read(self.folder(), &mut |line| records.push(line.record)).unwrap();
        records
    }

    /// The names of the journal's files.
    fn names(&self) -> Vec<String> {
        segment::list(self.folder()).unwrap().into_iter().map(|segment| segment.name).collect()
    }
}

const NAME: &str = "journal-0001-2026-11.jsonl";

#[test]
fn what_was_left_open_is_found_at_the_next_start() {
    let place = Place::new();
    place.write(november(), vec![received("r1"), expired("r1"), received("r2")]);
    assert_eq!(place.found().open, [OpenThing::Request("r2".parse().unwrap())]);
    assert_eq!(place.found().signed_requests["r2".parse::<RequestId>().as_ref().unwrap()], "signed");

    place.write(november(), vec![outcome("r2", approved())]);
    assert_eq!(place.found().open, [OpenThing::Request("r2".parse().unwrap())]);
    place.write(november(), vec![started("s1", "r2"), started("s1", "r3")]);
    assert_eq!(place.found().open, [OpenThing::Session("s1".parse().unwrap())]);
    let session_id = "s1".parse().unwrap();
    let reason = EndReason::User;
    let end = Entry::SessionEnded { session_id, reason, lasted_secs: Some(5), suspicious: false };
    place.write(november(), vec![end]);
    assert_eq!(place.found(), Found::default());
}

#[test]
fn what_is_left_open_at_the_end_of_a_month_is_found_in_the_next() {
    let place = Place::new();
    place.write(november(), vec![received("r1"), outcome("r1", approved()), started("s1", "r1")]);
    place.write(at("2026-12-01T00:00:01Z"), vec![received("r2")]);
    assert_eq!(place.found().open.len(), 2);
}

#[test]
fn each_month_has_a_file_that_names_the_last_line_of_the_one_before() {
    let place = Place::new();
    place.write(november(), vec![received("r1")]);
    let (mut writer, _) = place.open(november());
    // A run that lasts from one month to the next.
    writer.write(at("2026-12-01T00:00:00Z"), Record::Session(expired("r1")), Proof::default()).unwrap();
    assert_eq!(place.names(), [NAME, "journal-0002-2026-12.jsonl"]);
    let first = fs::read_to_string(place.path(NAME)).unwrap();
    let second = fs::read_to_string(place.path("journal-0002-2026-12.jsonl")).unwrap();
    let opened: Line = serde_json::from_str(second.lines().next().unwrap()).unwrap();
    assert_eq!(opened.previous, Some(crypto::hash(first.lines().last().unwrap().as_bytes())));
    assert_eq!(place.read().damage, []);
    assert_eq!(place.read().lines(), 4);
}

#[test]
fn a_clock_that_is_put_back_does_not_break_the_chain() {
    let place = Place::new();
    place.write(at("2031-01-01T00:00:00Z"), vec![received("r1")]);
    place.write(november(), vec![received("r2")]);
    assert_eq!(place.names(), ["journal-0001-2031-01.jsonl", "journal-0002-2026-11.jsonl"]);
    assert_eq!(place.read().damage, []);
}

#[test]
fn a_journal_that_was_cut_at_any_byte_is_found_to_be_and_stays_as_it_is() {
    let original = Place::with_three_lines();
    let whole = fs::read(original.path(NAME)).unwrap();
    for length in 0..whole.len() {
        let place = original.copy();
        let cut = &whole[..length];
        fs::write(place.path(NAME), cut).unwrap();
        let lines = 1 + cut.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let [damage] = &place.read().damage[..] else { panic!("cut at {length}: nothing is found") };
        assert_eq!((damage.file.as_str(), damage.line, damage.known_since), (NAME, Some(lines), None));
        if length % 29 > 0 {
            // Waiting for the disk each time would take long.
            continue;
        }

        place.write(november(), vec![received("r2")]);
        assert_eq!(fs::read(place.path(NAME)).unwrap(), cut, "cut at {length}");
        assert_eq!(place.names().len(), 2);
        let [damage] = &place.read().damage[..] else { panic!("cut at {length}: it is forgotten") };
        assert_eq!((damage.line, damage.known_since), (Some(lines), Some(november())));
        let known = place.records().into_iter().find_map(|record| match record {
            Record::Own(Own::SegmentOpened { number: 2, damaged }) => Some(damaged.len()),
            _ => None,
        });
        assert_eq!(known, Some(1), "the first line of the new file says so");
    }
}

#[test]
fn a_journal_whose_bytes_were_changed_is_found_to_be() {
    let original = Place::with_three_lines();
    let whole = fs::read(original.path(NAME)).unwrap();
    for byte in 0..whole.len() {
        let place = original.copy();
        let mut changed = whole.clone();
        changed[byte] ^= 1;
        fs::write(place.path(NAME), &changed).unwrap();
        assert_eq!(place.read().damage.len(), 1, "byte {byte}");
        if byte % 29 > 0 {
            continue;
        }
        place.write(november(), vec![received("r2")]);
        assert_eq!(fs::read(place.path(NAME)).unwrap(), changed);
        assert!(place.read().damage[0].known_since.is_some());
    }
}

#[test]
fn lines_that_were_removed_or_moved_are_found() {
    let place = Place::new();
    place.write(november(), vec![received("r1"), expired("r1"), received("r2"), expired("r2")]);
    let text = fs::read_to_string(place.path(NAME)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let damage_with = |order: &[usize]| {
        let text: String = order.iter().map(|&index| format!("{}\n", lines[index])).collect();
        fs::write(place.path(NAME), text).unwrap();
        place.read().damage.first().map(|damage| (damage.file.clone(), damage.line))
    };
    assert_eq!(damage_with(&[0, 1, 2, 3, 4]), None);
    assert_eq!(damage_with(&[0, 2, 1, 3, 4]), Some((NAME.into(), Some(2))));
    assert_eq!(damage_with(&[0, 1, 3, 4]), Some((NAME.into(), Some(3))));
    assert_eq!(damage_with(&[0, 1, 2, 2, 3, 4]), Some((NAME.into(), Some(4))));
    assert_eq!(damage_with(&[0, 1, 2, 3]), Some((NAME.into(), Some(5))));
    assert!(damage_with(&[1, 2, 3, 4]).is_some());
}

/// September to November.
fn three_months() -> Place {
    let place = Place::new();
    for month in ["2026-09", "2026-10", "2026-11"] {
        place.write(at(&format!("{month}-22T10:00:00Z")), vec![received("r1"), expired("r1")]);
    }
    assert_eq!(place.names().len(), 3);
    place
}

#[test]
fn a_missing_file_is_found_and_said_once() {
    for (index, name) in ["journal-0001", "journal-0002", "journal-0003"].into_iter().enumerate() {
        let place = three_months();
        fs::remove_file(place.path(&place.names()[index])).unwrap();
        let [damage] = &place.read().damage[..] else { panic!("{name} is not missed") };
        assert_eq!((damage.file.as_str(), damage.kind), (name, DamageKind::FileMissing));
        place.write(november(), vec![received("r2")]);
        place.write(november(), vec![received("r3")]);
        assert_eq!(place.read().damage.len(), 1);
        assert!(place.read().damage[0].known_since.is_some());
        assert_eq!(place.names().len(), 3, "{:?}", place.names());
    }
}

#[test]
fn damage_in_an_old_file_is_named_by_that_file_and_its_line() {
    let place = three_months();
    let name = "journal-0002-2026-10.jsonl";
    let text = fs::read_to_string(place.path(name)).unwrap();
    fs::write(place.path(name), text.replacen("Olivia", "Oliver", 1)).unwrap();
    let [damage] = &place.read().damage[..] else { panic!("nothing is found") };
    assert_eq!((damage.file.as_str(), damage.line), (name, Some(3)));
    assert!(damage.to_string().starts_with("journal-0002-2026-10.jsonl, line 3: "));

    // Once it is written down, further damage to the same file is news again.
    place.write(november(), vec![received("r2")]);
    assert_eq!(place.read().damage.len(), 1);
    fs::write(place.path(name), "gone\n").unwrap();
    assert_eq!(place.read().damage.len(), 2);
}

#[test]
fn a_file_that_another_program_changes_is_left_behind_while_the_agent_runs() {
    let place = Place::with_three_lines();
    let (mut writer, _) = place.open(november());
    let mut text = fs::read_to_string(place.path(NAME)).unwrap();
    text.push_str("{}\n");
    fs::write(place.path(NAME), &text).unwrap();
    writer.write(november(), Record::Session(received("r2")), Proof::default()).unwrap();
    assert_eq!(place.names().len(), 2);
    assert_eq!(fs::read_to_string(place.path(NAME)).unwrap(), text);

    // Also when the files are gone altogether.
    for name in place.names() {
        fs::remove_file(place.path(&name)).unwrap();
    }
    writer.write(november(), Record::Session(received("r3")), Proof::default()).unwrap();
    assert_eq!(place.names(), ["journal-0003-2026-11.jsonl"]);
    let [damage] = &place.read().damage[..] else { panic!("it is not missed") };
    assert_eq!((damage.file.as_str(), damage.known_since), ("journal-0002", Some(november())));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_no_end() {
    let place = Place::new();
    let folder = place.path("data");
    fs::write(&folder, "a file where the folder should be").unwrap();
    let (mut writer, writable) = Writer::open(&folder, YEAR, clocks(november()), &mut drop);
    assert!(!writable);
    assert!(writer.write(november(), Record::Session(received("r1")), Proof::default()).is_err());

    // As soon as it can be written it is.
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    writer.write(november(), Record::Session(received("r2")), Proof::default()).unwrap();
    assert_eq!(read(&folder, &mut drop).unwrap().lines(), 2);
}

/// The resident's lock keeps it from happening; the journal does not rely on it.
#[test]
fn two_that_write_in_turn_keep_the_chain_whole() {
    let place = Place::new();
    let (mut one, _) = place.open(november());
    let (mut two, _) = place.open(november());
    for id in ["r1", "r2", "r3"] {
        for writer in [&mut one, &mut two] {
            writer.write(november(), Record::Session(received(id)), Proof::default()).unwrap();
        }
    }
    assert_eq!(place.read().damage, []);
    assert_eq!(place.read().lines(), 7);
}

/// Every version of the format has a sample.
fn sample(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/journal-version-{version}"))
}

#[test]
fn journals_of_every_version_stay_readable() {
    for version in 1..=line::VERSION {
        let mut lines = Vec::new();
        let found = read(&sample(version), &mut |line| lines.push(line)).unwrap();
        assert_eq!(found.damage, [], "version {version}");
        assert_eq!(found.lines(), lines.len() as u64);
        assert!(lines.iter().all(|line| line.version == version));
        assert!(!lines.iter().any(|line| matches!(line.record, Record::Later(_))), "{lines:?}");
        assert!(lines.iter().any(|line| line.proof.receipt.is_some()));
    }
}

#[test]
fn the_sample_of_this_version_is_what_is_written() {
    for name in segment::list(&sample(line::VERSION)).unwrap() {
        let text = fs::read_to_string(name.path(&sample(line::VERSION))).unwrap();
        for line in text.lines() {
            let read: Line = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), line);
        }
    }
}

#[test]
fn a_journal_of_the_first_version_goes_on_in_the_second() {
    let place = Place::new();
    fs::copy(sample(1).join("journal.jsonl"), place.path("journal.jsonl")).unwrap();
    place.write(november(), vec![received("r9")]);
    assert_eq!(place.names(), ["journal.jsonl", NAME]);
    assert_eq!(place.read().damage, []);
    fs::remove_file(place.path("journal.jsonl")).unwrap();
    assert_eq!(place.read().damage.len(), 1);
}

#[test]
fn a_line_of_a_later_version_is_no_damage() {
    let place = Place::with_three_lines();
    let text = fs::read_to_string(place.path(NAME)).unwrap();
    let previous = crypto::hash(text.lines().last().unwrap().as_bytes());
    let later = format!(
        r#"{{"version":7,"at":"2026-11-22T11:00:00Z","previous":"{previous}","entry":"dreamt","of":["sheep"]}}"#
    );
    fs::write(place.path(NAME), format!("{text}{later}\n")).unwrap();
    place.write(november(), vec![received("r2")]);
    assert_eq!(place.read().damage, []);
    assert!(place.records().iter().any(|record| matches!(record, Record::Later(_))));
}
