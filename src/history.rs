//! What the journal tells, for the session window, `ondemand-agent history` and `history verify`.
//!
//! Reads only, and works whether or not the agent runs.

pub(crate) mod words;

use crate::journal::{self, Line, MoreUnseen, Own, Read, Record};
use line::{History, HistoryEntry, HistoryResult, LONGEST_HISTORY, Remark};
use protocol::{
    Actions, Operator, Outcome, Permissions, RequestId, SessionId, Timestamp,
    text::{MAX_NAME_CHARS, one_line},
};
use session::{ClipboardDone, Entry, FilesDone};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    thread,
    time::Duration,
};

pub(crate) use words::table;

/// A journal that is being written may be read in the middle of a line; it is whole again by then.
const WRITING: Duration = Duration::from_millis(100);

/// The window is told of so many bytes of the newest files at least: years of an ordinary journal, so that the number of
/// entries that it does not show is right.
const NEWEST_BYTES: u64 = 4 * 1024 * 1024;
/// What the window is told about the journal itself, at most.
const MOST_REMARKS: usize = 20;

/// What the session window shows, read from the newest files that are enough for it.
pub(crate) fn for_window(folder: &Path) -> History {
    let newest = |teller: &mut Teller| {
        teller.longest = Some(LONGEST_HISTORY);
        journal::read_newest(folder, LONGEST_HISTORY, NEWEST_BYTES, &mut |line| teller.take_in(line))
    };
    let mut history = load_by(newest).map(|(history, _)| history).unwrap_or_else(|error| {
        tracing::error!(%error, "the journal cannot be read");
        History { remarks: vec![Remark::NotReadable], ..History::default() }
    });
    history.older += history.entries.len().saturating_sub(LONGEST_HISTORY);
    history.entries.truncate(LONGEST_HISTORY);
    history.remarks.truncate(MOST_REMARKS);
    history
}

/// The whole history, and the journal it was read from.
pub(crate) fn load(folder: &Path) -> io::Result<(History, Read)> {
    load_by(|teller| journal::read(folder, &mut |line| teller.take_in(line)))
}

fn load_by(mut read: impl FnMut(&mut Teller) -> io::Result<Read>) -> io::Result<(History, Read)> {
    for _ in 0..2 {
        let (history, read) = try_load(&mut read)?;
        if read.damage.iter().all(|damage| damage.known_since.is_some()) {
            return Ok((history, read));
        }
        thread::sleep(WRITING);
    }
    try_load(&mut read)
}

fn try_load(read: &mut impl FnMut(&mut Teller) -> io::Result<Read>) -> io::Result<(History, Read)> {
    let mut teller = Teller::default();
    let read = read(&mut teller)?;
    let damaged = read.damage.iter().map(|damage| Remark::Damaged {
        at: damage.known_since,
        file: damage.file.clone(),
        line: damage.line,
    });
    let remarks = damaged.chain(teller.remarks).rev().collect();
    let entries = teller.entries.into_iter().rev().flatten().collect();
    Ok((History { entries, older: teller.left_out, remarks }, read))
}

/// Makes entries of lines.
#[derive(Debug, Default)]
struct Teller {
    /// In the order in which the requests came; a request for more that was granted has none of its own any more.
    entries: VecDeque<Option<HistoryEntry>>,
    /// How many entries are wanted; the oldest are let go of when there are many more.
    longest: Option<usize>,
    /// How many places were let go of, and how many of them were entries.
    gone: usize,
    left_out: usize,
    /// By the number of the place, counted from the very first.
    requests: BTreeMap<RequestId, usize>,
    sessions: BTreeMap<SessionId, usize>,
    remarks: Vec<Remark>,
}

impl Teller {
    fn take_in(&mut self, line: Line) {
        match line.record {
            Record::Session(entry) => self.tell(entry, line.at),
            Record::Own(Own::SegmentsDeleted { month, .. }) => {
                self.remarks.push(Remark::Deleted { at: line.at, through: month });
            }
            Record::Own(Own::MoreUnseen(more)) => self.more_unseen(&more),
            Record::Own(Own::SegmentOpened { .. }) | Record::Later(_) => {}
        }
    }

    /// The newest line about the same requests counts.
    fn more_unseen(&mut self, more: &MoreUnseen) {
        let organisation_name = one_line(&more.organisation_name, MAX_NAME_CHARS, "unnamed organisation");
        self.remarks.retain(|remark| match remark {
            Remark::MoreUnseen { organisation_name: name, since, .. } => {
                (name, since) != (&organisation_name, &more.since)
            }
            Remark::Deleted { .. } | Remark::Damaged { .. } | Remark::NotReadable | Remark::NotWritable => {
                true
            }
        });
        let (since, requests) = (more.since, more.requests);
        self.remarks.push(Remark::MoreUnseen { organisation_name, since, requests });
    }

    fn tell(&mut self, entry: Entry, at: Timestamp) {
        match entry {
            Entry::RequestReceived { request_id, operator, organisation_name, permissions, session_id } => {
                self.requests.insert(request_id.clone(), self.gone + self.entries.len());
                let name = |name: &str, fallback| one_line(name, MAX_NAME_CHARS, fallback);
                self.entries.push_back(Some(HistoryEntry {
                    at,
                    operator: Operator { name: name(&operator.name, "unnamed operator"), id: operator.id },
                    organisation_name: name(&organisation_name, "unnamed organisation"),
                    request_id,
                    during_session: session_id.is_some(),
                    session_id,
                    asked: permissions,
                    granted: Permissions::EMPTY,
                    taken_back: Permissions::EMPTY,
                    done: Actions::EMPTY,
                    folder: None,
                    files: FilesDone::default(),
                    clipboard: ClipboardDone::default(),
                    started_at: None,
                    lasted_secs: None,
                    suspicious: false,
                    result: HistoryResult::Open,
                }));
                self.let_go();
            }
            Entry::Outcome { request_id, outcome } => {
                let result = match outcome {
                    Outcome::Approved { .. } => return,
                    Outcome::Rejected { reason } => HistoryResult::Rejected { reason },
                    Outcome::Unanswered { cause } => HistoryResult::Unanswered { cause },
                };
                self.request(&request_id, |entry| entry.result = result);
            }
            Entry::NotStarted { request_id, reason } => {
                self.request(&request_id, |entry| entry.result = HistoryResult::NotStarted { reason });
            }
            Entry::SessionStarted { session_id, request_id, granted, folder } => {
                if self.sessions.contains_key(&session_id) {
                    self.widen(&session_id, &request_id, granted);
                    self.session(&session_id, |entry| entry.folder = folder.or(entry.folder.take()));
                } else if let Some(&index) = self.requests.get(&request_id) {
                    self.sessions.insert(session_id.clone(), index);
                    self.session(&session_id.clone(), |entry| {
                        entry.session_id = Some(session_id);
                        entry.started_at = Some(at);
                        entry.granted = granted;
                        entry.folder = folder;
                    });
                }
            }
            Entry::TakenBack { session_id, permission } => {
                let taken = Permissions::from([permission]);
                self.session(&session_id, |entry| entry.taken_back = entry.taken_back.union(taken));
            }
            Entry::Actions { session_id, actions } => {
                self.session(&session_id, |entry| entry.done = entry.done.union(actions));
            }
            Entry::SessionEnded { session_id, reason, lasted_secs, suspicious } => {
                self.session(&session_id, |entry| {
                    entry.result = HistoryResult::Ended { reason };
                    entry.lasted_secs = lasted_secs;
                    entry.suspicious = suspicious;
                });
            }
            Entry::Reported { session_id } => self.session(&session_id, |entry| entry.suspicious = true),
            Entry::Files { session_id, deeds } => {
                self.session(&session_id, |entry| deeds.into_iter().for_each(|deed| entry.files.add(deed)));
            }
            Entry::Clipboard { session_id, from, characters } => {
                self.session(&session_id, |entry| entry.clipboard.add(from, characters));
            }
            Entry::Prolonged { .. } => {}
        }
    }

    /// A request for more was granted: it becomes part of its session's entry.
    fn widen(&mut self, session_id: &SessionId, request_id: &RequestId, granted: Permissions) {
        let of_request = self.requests.get(request_id).copied();
        if of_request == self.sessions.get(session_id).copied() {
            return;
        }
        let request =
            of_request.and_then(|place| self.entries.get_mut(place.checked_sub(self.gone)?)?.take());
        self.session(session_id, |entry| {
            entry.asked = entry.asked.union(request.map(|request| request.asked).unwrap_or_default());
            entry.granted = entry.granted.union(granted);
            entry.taken_back = entry.taken_back.difference(granted);
        });
    }

    fn request(&mut self, id: &RequestId, change: impl FnOnce(&mut HistoryEntry)) {
        self.requests.get(id).copied().and_then(|place| self.at(place)).map(change);
    }

    fn session(&mut self, id: &SessionId, change: impl FnOnce(&mut HistoryEntry)) {
        self.sessions.get(id).copied().and_then(|place| self.at(place)).map(change);
    }

    fn at(&mut self, place: usize) -> Option<&mut HistoryEntry> {
        self.entries.get_mut(place.checked_sub(self.gone)?)?.as_mut()
    }

    /// Keeps twice as many as are wanted: some may become part of others.
    fn let_go(&mut self) {
        let Some(longest) = self.longest.filter(|longest| self.entries.len() > 4 * longest) else { return };
        let oldest = self.entries.drain(..2 * longest);
        self.left_out += oldest.flatten().count();
        self.gone += 2 * longest;
        let gone = self.gone;
        self.requests.retain(|_, place| *place >= gone);
        self.sessions.retain(|_, place| *place >= gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Action, EndReason, Permission, RejectReason, UnansweredCause};

    fn sample_of(version: u32) -> History {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/journal-version-{version}"));
        load(&folder).unwrap().0
    }

    fn sample() -> History {
        sample_of(2)
    }

    #[test]
    fn requests_that_are_only_counted_are_said_once() {
        let organisation_name = "Example Support".into();
        let since = "2026-11-22T10:00:11Z".parse().unwrap();
        let history = sample_of(3);
        assert_eq!(history.entries.len(), 2);
        assert_eq!(history.remarks, [Remark::MoreUnseen { organisation_name, since, requests: 3 }]);
    }

    #[test]
    fn a_session_is_one_entry_with_all_that_was_granted_and_done_in_it() {
        let history = sample();
        assert_eq!(history.entries.len(), 4);
        let session = history.entries.last().unwrap();
        assert_eq!(session.operator.name, "Olivia Example");
        let all = Permissions::from([Permission::View, Permission::Control, Permission::Chat]);
        assert_eq!((session.asked, session.granted), (all, all));
        assert_eq!(session.taken_back, Permissions::from([Permission::Control]));
        assert_eq!(session.done, Actions::from([Action::Viewing, Action::Controlling]));
        assert_eq!((session.lasted_secs, session.during_session), (Some(720), false));
        assert_eq!(session.result, HistoryResult::Ended { reason: EndReason::User });
    }

    #[test]
    fn a_session_tells_what_was_done_with_files_and_where() {
        let mut teller = Teller::default();
        let lines = [
            r#"{"version":3,"at":"2026-11-22T10:00:00Z","entry":"request_received","request_id":"r1","operator":{"id":"op1","name":"Olivia Example"},"organisation_name":"Example Support","permissions":["files_read"]}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:09Z","entry":"session_started","session_id":"s1","request_id":"r1","granted":["files_read"],"folder":"/home/ursula/Downloads"}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:10Z","entry":"actions","session_id":"s1","actions":["transferring_files"]}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:11Z","entry":"files","session_id":"s1","deeds":[{"deed":"transferred","name":"report.pdf","direction":"download","size":1200,"bytes":1200,"end":"done"},{"deed":"changed","change":"renamed","from":"a","to":"b"}]}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:12Z","entry":"files","session_id":"s1","deeds":[{"deed":"transferred","name":"film.mp4","direction":"upload","size":9000,"bytes":400,"end":"cancelled"}]}"#,
        ];
        for line in lines {
            let line: Line = serde_json::from_str(line).unwrap();
            assert!(!matches!(line.record, Record::Later(_)), "{line:?}");
            teller.take_in(line);
        }
        let [Some(entry)] = teller.entries.make_contiguous() else { panic!("{teller:?}") };
        assert_eq!(entry.folder.as_deref(), Some(Path::new("/home/ursula/Downloads")));
        assert_eq!(
            (entry.files.downloads.bytes, entry.files.uploads.files, entry.files.changes),
            (1200, 1, 1)
        );
        assert_eq!(entry.files.deeds.len(), 3);
        let (history, utc) =
            (History { entries: vec![entry.clone()], ..History::default() }, jiff::tz::TimeZone::UTC);
        let table = words::table(&history, &utc);
        let told = "transferring files (1 to the operator; 1 from the operator; 1 changed)";
        assert!(table.contains(told), "{table}");
    }

    #[test]
    fn what_led_to_nothing_says_why() {
        let results: Vec<_> = sample().entries.into_iter().map(|entry| entry.result).collect();
        assert_eq!(
            results[..3],
            [
                HistoryResult::NotStarted { reason: EndReason::NotStarted },
                HistoryResult::Unanswered { cause: UnansweredCause::Expired },
                HistoryResult::Rejected { reason: Some(RejectReason::NotRequested) },
            ]
        );
    }

    #[test]
    fn what_was_reported_after_its_end_says_both() {
        let mut teller = Teller::default();
        for line in [
            r#"{"version":3,"at":"2026-11-22T10:00:00Z","entry":"request_received","request_id":"r1","operator":{"id":"op1","name":"Olivia Example"},"organisation_name":"Example Support","permissions":["view"]}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:09Z","entry":"session_started","session_id":"s1","request_id":"r1","granted":["view"]}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:19Z","entry":"session_ended","session_id":"s1","reason":"operator","lasted_secs":10}"#,
            r#"{"version":3,"at":"2026-11-22T10:00:29Z","entry":"reported","session_id":"s1"}"#,
        ] {
            teller.take_in(serde_json::from_str(line).unwrap());
        }
        let entries = teller.entries.into_iter().flatten().collect();
        let table = words::table(&History { entries, ..History::default() }, &jiff::tz::TimeZone::UTC);
        assert!(table.contains("the operator ended it; you reported it: something was wrong"), "{table}");
    }

    #[test]
    fn a_refused_request_for_more_is_an_entry_of_its_own() {
        let mut teller = Teller::default();
        let lines = [
            r#"{"version":2,"at":"2026-11-22T10:00:00Z","entry":"request_received","request_id":"r1","operator":{"id":"op1","name":"a\u202eb"},"organisation_name":"\u200b","permissions":["control"],"session_id":"s1"}"#,
            r#"{"version":2,"at":"2026-11-22T10:00:09Z","entry":"outcome","request_id":"r1","outcome":"rejected"}"#,
        ];
        for line in lines {
            teller.take_in(serde_json::from_str(line).unwrap());
        }
        let [Some(entry)] = teller.entries.make_contiguous() else { panic!("{teller:?}") };
        assert!(entry.during_session);
        assert_eq!(
            (entry.operator.name.as_str(), entry.organisation_name.as_str()),
            ("ab", "unnamed organisation")
        );
        assert_eq!(entry.result, HistoryResult::Rejected { reason: None });
    }

    #[test]
    fn the_window_gets_the_newest_entries_and_hears_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let line = |number: usize| {
            format!(
                r#"{{"version":2,"at":"2026-11-22T10:00:00Z","entry":"request_received","request_id":"r{number}","operator":{{"id":"op1","name":"Olivia Example"}},"organisation_name":"Example Support","permissions":["view"]}}"#
            )
        };
        let text: String = (1..=LONGEST_HISTORY + 5).map(|number| line(number) + "\n").collect();
        std::fs::write(folder.path().join("journal-0001-2026-11.jsonl"), text).unwrap();
        let history = for_window(folder.path());
        assert_eq!((history.entries.len(), history.older), (LONGEST_HISTORY, 5));
        assert_eq!(history.entries[0].request_id.as_str(), format!("r{}", LONGEST_HISTORY + 5));
        // Also where there are so many that not all are kept in memory.
        let many = LONGEST_HISTORY * 9;
        let text: String = (1..=many).map(|number| line(number) + "\n").collect();
        std::fs::write(folder.path().join("journal-0001-2026-11.jsonl"), text).unwrap();
        let history = for_window(folder.path());
        assert_eq!((history.entries.len(), history.older), (LONGEST_HISTORY, many - LONGEST_HISTORY));
        assert_eq!(history.entries[0].request_id.as_str(), format!("r{many}"));
        // Lines that name no other have been tampered with.
        assert!(matches!(history.remarks[..], [Remark::Damaged { at: None, .. }]));
    }
}
