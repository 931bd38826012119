//! Uploads that were cut, kept for a while so that they can go on where they stopped.

use crate::{KEPT_FOR, MAX_KEPT, refusal::Refusal, temp::Temp, way::Way};
use std::{
    io,
    sync::{Mutex, PoisonError},
};
use tokio::{task::JoinHandle, time::Instant};

/// An upload as far as it came.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) temp: Temp,
    pub(crate) total: u64,
    pub(crate) received: u64,
    /// What is still being written.
    pub(crate) writing: Option<JoinHandle<io::Result<()>>>,
}

/// The uploads that can go on, by where they are to appear.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<Vec<(Way, Instant, Kept)>>);

impl Uploads {
    /// Keeps one; the oldest makes room.
    pub(crate) fn keep(&self, way: Way, kept: Kept) {
        self.with(|uploads| {
            uploads.retain(|(other, ..)| *other != way);
            if uploads.len() == MAX_KEPT {
                uploads.remove(0);
            }
            uploads.push((way, Instant::now(), kept));
        });
    }

    /// How much is there of the file of this length; nothing is no refusal.
    pub(crate) fn offset(&self, way: &Way, total: u64) -> u64 {
        let find = |uploads: &mut Vec<(Way, Instant, Kept)>| {
            let found = uploads.iter().find(|(other, _, kept)| other == way && kept.total == total);
            found.map_or(0, |(_, _, kept)| kept.received)
        };
        self.with(find)
    }

    /// Takes the one that goes on here.
    pub(crate) fn take(&self, way: &Way, total: u64, start: u64) -> Result<Kept, Refusal> {
        self.with(|uploads| {
            let fits = |(other, _, kept): &(Way, Instant, Kept)| other == way && kept.total == total;
            let found = uploads.iter().position(fits).ok_or(Refusal::WrongOffset { have: 0 })?;
            let have = uploads[found].2.received;
            if have != start {
                return Err(Refusal::WrongOffset { have });
            }
            Ok(uploads.remove(found).2)
        })
    }

    /// Forgets the one that was to appear there, or all.
    pub(crate) fn forget(&self, way: Option<&Way>) {
        self.with(|uploads| uploads.retain(|(other, ..)| way.is_some_and(|way| way != other)));
    }

    /// Forgets what was kept for long enough.
    pub(crate) fn sweep(&self) {
        self.with(|_| ());
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<(Way, Instant, Kept)>) -> T) -> T {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|(_, since, _)| since.elapsed() < KEPT_FOR);
        work(&mut uploads)
    }
}
