//! What is done with the user's files: taken in as it is reported, shown and written down a few times a second at most,
//! however much an operator does at once.

use super::{Agent, phase::Phase};
use crate::{
    Effect, FileDeed, FilesDone, FilesFact, Now, RunningTransfer, Timer, TransferEnd, Transferred,
    effect::Entry,
    files::{merge, safe_path},
};
use protocol::SessionId;
use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    time::Duration,
};
use tracing::debug;

/// How often what is shown changes, and the journal is written to.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// The tunnel carries fewer at a time; an access process that says otherwise grows no memory here.
const MOST_RUNNING: usize = 64;

/// The files of a session.
#[derive(Debug, Default)]
pub(crate) struct Files {
    running: BTreeMap<u64, Running>,
    done: FilesDone,
    /// What the journal has not been told.
    unwritten: VecDeque<FileDeed>,
    /// When what is shown changed last.
    told: Option<Duration>,
    pub(super) shown: Shown,
}

/// What is shown of them.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) transfers: Vec<RunningTransfer>,
    pub(super) done: FilesDone,
}

#[derive(Debug)]
struct Running {
    offset: u64,
    transfer: RunningTransfer,
}

impl Agent {
    pub(super) fn files_fact(&mut self, fact: FilesFact, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        session.files.take_in(fact);
        let due = session.files.told.map_or(now.boot, |told| told + TELL_EVERY);
        if due <= now.boot {
            self.tell_files(now);
        } else if self.timers.get(Timer::Files).is_none() {
            self.timers.set(Timer::Files, due);
        }
    }

    /// The access process is gone, and what it transferred with it.
    pub(super) fn files_cut(&mut self, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        if !session.files.running.is_empty() {
            session.files.cut();
            self.tell_files(now);
        }
    }

    pub(super) fn cancel_transfer(&mut self, id: u64, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        match session.files.running.get_mut(&id) {
            Some(Running { transfer, .. }) if !transfer.is_cancelled => {
                transfer.is_cancelled = true;
                self.effects.push_back(Effect::CancelTransfer(id));
                self.tell_files(now);
            }
            Some(_) | None => debug!(id, "a transfer that is over already is not cancelled"),
        }
    }

    /// Shows what there is, and has it written down.
    pub(super) fn tell_files(&mut self, now: Now) {
        self.timers.stop(Timer::Files);
        let Phase::Active(_, session) = &mut self.phase else { return };
        let files = &mut session.files;
        files.told = Some(now.boot);
        let transfers = files.running.values().map(|running| running.transfer.clone()).collect();
        files.shown = Shown { transfers, done: files.done.clone() };
        if let Some(entry) = files.entry(&session.id) {
            self.record(entry);
        }
    }
}

impl Files {
    fn take_in(&mut self, fact: FilesFact) {
        match fact {
            FilesFact::Began { id, name, size, offset, direction } => {
                self.end(id, None, TransferEnd::Cut);
                if self.running.len() >= MOST_RUNNING
                    && let Some((&oldest, _)) = self.running.first_key_value()
                {
                    self.end(oldest, None, TransferEnd::Cut);
                }
                let name = safe_path(&name);
                let transfer = RunningTransfer { id, name, direction, size, bytes: 0, is_cancelled: false };
                self.running.insert(id, Running { offset, transfer });
            }
            FilesFact::Moved { id, bytes } => {
                if let Some(Running { transfer, .. }) = self.running.get_mut(&id) {
                    transfer.bytes = transfer.bytes.max(bytes);
                }
            }
            FilesFact::Ended { id, bytes, end } => self.end(id, Some(bytes), end),
            FilesFact::Changed(change) => self.add(FileDeed::Changed(change.made_safe())),
        }
    }

    fn end(&mut self, id: u64, bytes: Option<u64>, end: TransferEnd) {
        let Some(Running { offset, transfer }) = self.running.remove(&id) else { return };
        let RunningTransfer { name, direction, size, bytes: moved, .. } = transfer;
        let bytes = bytes.unwrap_or(moved);
        self.add(FileDeed::Transferred(Transferred { name, direction, offset, size, bytes, end }));
    }

    fn add(&mut self, deed: FileDeed) {
        let is_merged = match &deed {
            FileDeed::Transferred(part) => merge(&mut self.unwritten, part),
            FileDeed::Changed(_) => false,
        };
        if !is_merged {
            self.unwritten.push_back(deed.clone());
        }
        self.done.add(deed);
    }

    fn cut(&mut self) {
        while let Some((&id, _)) = self.running.first_key_value() {
            self.end(id, None, TransferEnd::Cut);
        }
    }

    fn entry(&mut self, session_id: &SessionId) -> Option<Entry> {
        let deeds: Vec<_> = mem::take(&mut self.unwritten).into();
        (!deeds.is_empty()).then(|| Entry::Files { session_id: session_id.clone(), deeds })
    }

    /// At the session's end: what was still going on was cut.
    pub(super) fn close(&mut self, session_id: &SessionId) -> Option<Entry> {
        self.cut();
        self.entry(session_id)
    }

    pub(super) fn into_done(self) -> FilesDone {
        self.done
    }
}
