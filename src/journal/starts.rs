//! Which time can be believed when something is deleted for good because of its age.
//!
//! A clock can be wrong: a dead battery, a hand, a restored image. What it said at earlier starts of the agent is remembered,
//! and only a time that those bear out counts.

use super::segment;
use crate::private;
use protocol::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use session::Now;
use std::path::{Path, PathBuf};

/// Starts closer to each other are one: a computer with a wrong clock may start the agent several times.
const APART: SignedDuration = SignedDuration::from_hours(24);
/// How many earlier starts must bear out what the clock says.
const EARLIER: usize = 2;

/// What the clock said at this start and at the ones before.
#[derive(Debug)]
pub(super) struct Starts {
    path: PathBuf,
    /// Of earlier days, oldest first; [`EARLIER`] at most.
    earlier: Vec<Timestamp>,
    /// Of this one by both clocks.
    this: Now,
    /// What is kept of this one, once it is.
    kept: Option<Timestamp>,
}

/// As it is kept: oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    starts: Vec<Timestamp>,
}

impl Starts {
    /// Reads what is remembered. Where that cannot be read, nothing is old until there were enough starts again.
    pub(super) fn load(folder: &Path, now: Now) -> Self {
        let path = segment::starts(folder);
        let kept = private::read_json::<Kept>(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known any more when the agent was started");
            None
        });
        let mut earlier = kept.unwrap_or_default().starts;
        // The same day's start is this one.
        let same_day = earlier.pop_if(|last| now.wall.duration_since(*last).abs() < APART);
        earlier.drain(..earlier.len().saturating_sub(EARLIER));
        Self { path, earlier, this: now, kept: same_day }
    }

    /// The latest time that it can be by the clock and by what it said at the starts before, with what passed since; nothing
    /// where there were too few of them.
    pub(super) fn believed(&self, now: Now) -> Option<Timestamp> {
        let passed = SignedDuration::try_from(now.boot.saturating_sub(self.this.boot)).ok()?;
        let [oldest, newer] = self.earlier[..] else { return None };
        let by_earlier = oldest.min(newer).checked_add(passed).ok()?;
        Some(by_earlier.min(now.wall))
    }

    /// Remembers what the clock says now, so that one that was put right since the start is remembered as right.
    pub(super) fn remember(&mut self, now: Timestamp) {
        if self.kept.is_some_and(|kept| now.duration_since(kept).abs() < APART) {
            return;
        }
        let starts = self.earlier.iter().copied().chain([now]).collect();
        match private::write_json_soon(&self.path, &Kept { starts }) {
            Ok(()) => self.kept = Some(now),
            Err(error) => tracing::warn!(%error, "when the agent was started cannot be remembered"),
        }
    }
}
