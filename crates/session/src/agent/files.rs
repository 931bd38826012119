//! What is done with the user's files: taken in as it is reported, shown and written down a few times a second at most,
//! however much an operator does at once.

use super::{Agent, phase::Phase};
use crate::{
    AccessFact, ClipboardFact, Effect, FileDeed, FilesDone, FilesFact, Now, RunningTransfer, Timer,
    TransferEnd, Transferred,
    effect::Entry,
    files::{merge, safe_path},
};
use protocol::SessionId;
use std::{
    collections::{BTreeMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
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
    /// Nobody who chooses names knows which ones it takes for the same.
    hasher: RandomState,
}

/// What an access process did before it was killed, as far as it is not heard yet.
#[derive(Debug)]
pub(super) struct Late {
    session_id: SessionId,
    files: Files,
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
    file: Option<u64>,
    transfer: RunningTransfer,
    /// It has been told as cut after so many bytes.
    told: Option<u64>,
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
        let is_shown = !session.files.running.is_empty();
        let late = Late { session_id: session.id.clone(), files: session.files.cut() };
        // Of the one before nothing more is waited for.
        if let Some(mut before) = self.late.replace(late) {
            before.files.cut();
            self.files_late(&before.session_id, before.files.unwritten, now);
        }
        if is_shown {
            self.tell_files(now);
        }
    }

    /// What an access process said before it was killed is written down however late it is heard: who has it killed could
    /// choose the moment.
    pub(super) fn access_late(&mut self, session_id: &SessionId, fact: AccessFact, now: Now) {
        let Some(late) = self.late.as_mut().filter(|late| late.session_id == *session_id) else {
            debug!("fact about an access process of long ago ignored");
            return;
        };
        match fact {
            AccessFact::Files(fact) => late.files.take_in(fact),
            AccessFact::Clipboard(fact @ ClipboardFact::Passed { .. }) => {
                self.clipboard_late(session_id, fact, now);
            }
            AccessFact::Ended => {
                late.files.cut();
                let deeds = mem::take(&mut late.files.unwritten);
                self.files_late(session_id, deeds, now);
            }
            AccessFact::Started
            | AccessFact::TunnelStands
            | AccessFact::TunnelLost
            | AccessFact::Unsupported { .. }
            | AccessFact::Doing { .. }
            | AccessFact::Clipboard(ClipboardFact::NotSent { .. })
            | AccessFact::Confirmed { .. } => {}
        }
    }

    fn files_late(&mut self, session_id: &SessionId, deeds: VecDeque<FileDeed>, now: Now) {
        if deeds.is_empty() {
            return;
        }
        if let Phase::Active(_, session) = &mut self.phase
            && session.id == *session_id
        {
            deeds.into_iter().for_each(|deed| session.files.add(deed));
            return self.tell_files(now);
        }
        if let Phase::Ended(_, summary) = &mut self.phase
            && summary.session_id == *session_id
        {
            deeds.iter().for_each(|deed| summary.files.add(deed.clone()));
        }
        self.record(Entry::Files { session_id: session_id.clone(), deeds: deeds.into() });
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
                let path = name;
                let name = safe_path(&path);
                // Few enough digits for every program that reads numbers.
                let file = (name != path).then(|| self.hasher.hash_one(&path) >> 11);
                let transfer = RunningTransfer { id, name, direction, size, bytes: 0, is_cancelled: false };
                self.running.insert(id, Running { offset, file, transfer, told: None });
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

    /// It is over, with so many bytes if that was said.
    fn end(&mut self, id: u64, bytes: Option<u64>, end: TransferEnd) {
        let Some(Running { offset, file, transfer, told }) = self.running.remove(&id) else { return };
        if told.is_some() && bytes.is_none() {
            return;
        }
        let RunningTransfer { name, direction, size, bytes: moved, .. } = transfer;
        // What was told as cut went on.
        let before = told.unwrap_or(0);
        let offset = offset.saturating_add(before);
        let size = size.map(|size| size.saturating_sub(before));
        let bytes = bytes.unwrap_or(moved).saturating_sub(before);
        self.add(FileDeed::Transferred(Transferred { name, file, direction, offset, size, bytes, end }));
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

    /// Ends what goes on. What is heard of it later belongs to what comes back.
    fn cut(&mut self) -> Self {
        let mut late = Self { hasher: self.hasher.clone(), ..Self::default() };
        for (id, Running { offset, file, transfer, told }) in &self.running {
            let told = Some(told.unwrap_or(transfer.bytes));
            let (offset, file, transfer) = (*offset, *file, transfer.clone());
            late.running.insert(*id, Running { offset, file, transfer, told });
        }
        while let Some((&id, _)) = self.running.first_key_value() {
            self.end(id, None, TransferEnd::Cut);
        }
        late
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
