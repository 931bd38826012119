//! The user's append-only history: one JSON line an entry, each naming the hash of the line before it, a file a month.
//!
//! `docs/journal.md` describes the format. [`Journal`] is the resident's, who alone writes; [`read()`] and [`read_newest`]
//! are for everybody, and write nothing. Damage is found and said, and what is damaged stays as it is: the journal goes on in another file.
//!
//! The chain makes changes visible, not impossible: a program of the same user can write the whole journal anew.

mod line;
mod reader;
mod segment;
mod starts;
mod writer;

pub(crate) use line::{Line, MoreUnseen, Own, Proof, ReceiptEnd, Record};
pub(crate) use reader::{Read, read, read_newest};

use crate::{platform, resident::Disk};
use protocol::{Outcome, RequestId, SessionId, Timestamp};
use session::{Entry, Now, OpenThing};
use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use writer::Writer;

/// What the journal of earlier runs shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What was left open.
    pub(crate) open: Vec<OpenThing>,
    /// The signed requests of what was left open.
    pub(crate) signed_requests: BTreeMap<RequestId, String>,
    /// The newest receipt.
    pub(crate) last_receipt: Option<String>,
    /// The newest receipt of a request that was only counted.
    pub(crate) last_counted: Option<ReceiptEnd>,
}

/// The journal, to be written.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    writer: Arc<Mutex<Writer>>,
    writable: Arc<AtomicBool>,
}

impl Journal {
    /// Reads what is there. A journal that cannot be read or written is no reason not to run: it is tried again with each
    /// entry.
    pub(crate) fn open(folder: &Path, keep: Duration) -> (Self, Found) {
        let mut finder = Finder::default();
        let now = by_both_clocks(Timestamp::now());
        let (writer, writable) = Writer::open(folder, keep, now, &mut |line| finder.see(line));
        let found = finder.found(writer.counted());
        let writable = Arc::new(AtomicBool::new(writable));
        (Self { writer: Arc::new(Mutex::new(writer)), writable }, found)
    }

    /// Lets `disk` write an entry; `written` learns whether it is durable.
    pub(crate) fn record(
        &self,
        disk: &Disk,
        at: Timestamp,
        entry: Entry,
        proof: Proof,
        written: impl FnOnce(bool) + Send + 'static,
    ) {
        let write = move |writer: &mut Writer| writer.write(at, Record::Session(entry), proof);
        self.change(disk, at, write, written);
    }

    /// Lets `disk` remember the receipt of a request that is only counted, and write down how many there are where `line`
    /// says so; `written` learns whether that could be done.
    pub(crate) fn count(
        &self,
        disk: &Disk,
        at: Timestamp,
        receipt: ReceiptEnd,
        line: Option<MoreUnseen>,
        written: impl FnOnce(bool) + Send + 'static,
    ) {
        let count = move |writer: &mut Writer| {
            if let Some(line) = line {
                writer.write(at, Record::Own(Own::MoreUnseen(line)), Proof::default())?;
            }
            writer.count(at, receipt)
        };
        self.change(disk, at, count, written);
    }

    /// Lets `disk` delete what is older than the journal is kept for.
    pub(crate) fn tidy(&self, disk: &Disk, at: Timestamp) {
        let writer = Arc::clone(&self.writer);
        disk.run(move || writer.lock().unwrap_or_else(PoisonError::into_inner).tidy(by_both_clocks(at)));
    }

    fn change(
        &self,
        disk: &Disk,
        at: Timestamp,
        change: impl FnOnce(&mut Writer) -> io::Result<()> + Send + 'static,
        done: impl FnOnce(bool) + Send + 'static,
    ) {
        let journal = self.clone();
        disk.run(move || {
            let mut writer = journal.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut writer);
            if let Err(error) = &result {
                tracing::error!(%error, "the journal could not be written: is the disk full?");
            }
            journal.writable.store(result.is_ok(), Ordering::Relaxed);
            done(result.is_ok());
            writer.tidy(by_both_clocks(at));
        });
    }

    /// Whether the newest entry could be written.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }
}

fn by_both_clocks(wall: Timestamp) -> Now {
    Now { boot: platform::boot_time(), wall }
}

/// Finds what was left open, line by line.
#[derive(Debug, Default)]
struct Finder {
    requests: BTreeMap<RequestId, Option<String>>,
    sessions: Vec<SessionId>,
    last_receipt: Option<String>,
    last_counted: Option<ReceiptEnd>,
}

impl Finder {
    fn see(&mut self, line: Line) {
        if line.proof.receipt.is_some() {
            self.last_receipt = line.proof.receipt;
        }
        let entry = match line.record {
            Record::Session(entry) => entry,
            Record::Own(Own::MoreUnseen(more)) => return self.last_counted = Some(more.newest_receipt),
            Record::Own(Own::SegmentOpened { .. } | Own::SegmentsDeleted { .. }) | Record::Later(_) => return,
        };
        match entry {
            Entry::RequestReceived { request_id, .. } => {
                self.requests.insert(request_id, line.proof.signed_request);
            }
            Entry::Outcome { request_id, outcome } => {
                // An approval without a session: the service may have started one all the same.
                if matches!(outcome, Outcome::Rejected { .. } | Outcome::Unanswered { .. }) {
                    self.requests.remove(&request_id);
                }
            }
            Entry::NotStarted { request_id, .. } => {
                self.requests.remove(&request_id);
            }
            Entry::SessionStarted { session_id, request_id, .. } => {
                self.requests.remove(&request_id);
                if !self.sessions.contains(&session_id) {
                    self.sessions.push(session_id);
                }
            }
            Entry::SessionEnded { session_id, .. } => self.sessions.retain(|open| *open != session_id),
            Entry::TakenBack { .. }
            | Entry::Prolonged { .. }
            | Entry::Actions { .. }
            | Entry::Files { .. }
            | Entry::Clipboard { .. }
            | Entry::Reported { .. } => {}
        }
    }

    /// `counted` is what the head remembers, which is not in the lines yet or not any more.
    fn found(self, counted: Option<&ReceiptEnd>) -> Found {
        let mut open: Vec<OpenThing> = self.requests.keys().cloned().map(OpenThing::Request).collect();
        open.extend(self.sessions.into_iter().map(OpenThing::Session));
        let signed = self.requests.into_iter().filter_map(|(id, signed)| Some((id, signed?)));
        let last_counted = counted.cloned().into_iter().chain(self.last_counted).max_by_key(|end| end.number);
        Found { open, signed_requests: signed.collect(), last_receipt: self.last_receipt, last_counted }
    }
}

#[cfg(test)]
mod tests;
