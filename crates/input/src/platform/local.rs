//! The user's own input, which comes before the operator's: for how long it holds the operator's back.
//!
//! What it is told comes from each system; the clock is the caller's.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

use crate::Error;

/// What the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The pointer moves, or a touch.
    Motion,
    /// A key or button goes down or up.
    Press,
}

/// When the user last did something, and whether something may still be held.
pub(crate) struct Local {
    pause: Duration,
    start: Instant,
    /// Milliseconds from the start, plus one; zero is never.
    last: AtomicU64,
    presses: AtomicU64,
    /// After how many presses nothing was found held.
    free_after: AtomicU64,
    unwatched: AtomicBool,
}

impl Local {
    /// What the user holds from before is not known yet.
    pub(crate) fn new(pause: Duration) -> Self {
        Self {
            pause,
            start: Instant::now(),
            last: AtomicU64::new(0),
            presses: AtomicU64::new(1),
            free_after: AtomicU64::new(0),
            unwatched: AtomicBool::new(false),
        }
    }

    pub(crate) fn note(&self, action: Action, now: Instant) {
        if action == Action::Press {
            self.presses.fetch_add(1, SeqCst);
        }
        self.last.store(self.stamp(now) + 1, SeqCst);
    }

    /// Nobody tells any more what the user does.
    pub(crate) fn end(&self) {
        self.unwatched.store(true, SeqCst);
    }

    /// Whether the user was active a moment ago.
    pub(crate) fn is_recent(&self, now: Instant) -> bool {
        let last = self.last.load(SeqCst);
        let since = (self.stamp(now) + 1).saturating_sub(last);
        self.unwatched.load(SeqCst) || last > 0 && Duration::from_millis(since) < self.pause
    }

    /// Whether the operator's input is held back. `holds` asks the devices, where that is in question.
    pub(crate) fn comes_first(
        &self,
        now: Instant,
        holds: impl FnOnce() -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        if self.is_recent(now) {
            return Ok(true);
        }
        let presses = self.presses.load(SeqCst);
        if presses == self.free_after.load(SeqCst) {
            return Ok(false);
        }
        let holds = holds()?;
        if !holds {
            self.free_after.store(presses, SeqCst);
        }
        Ok(holds)
    }

    fn stamp(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(2);

    fn free() -> Result<bool, Error> {
        Ok(false)
    }

    #[test]
    fn the_operator_waits_until_the_user_has_paused() {
        let local = Local::new(PAUSE);
        let start = Instant::now();
        assert!(!local.comes_first(start, free).unwrap());
        local.note(Action::Motion, start);
        assert!(local.comes_first(start, free).unwrap());
        assert!(local.comes_first(start + PAUSE - Duration::from_millis(50), free).unwrap());
        assert!(!local.comes_first(start + PAUSE + Duration::from_millis(50), free).unwrap());
    }

    #[test]
    fn what_the_user_holds_holds_the_operator_back_for_as_long() {
        let local = Local::new(PAUSE);
        let later = Instant::now() + Duration::from_secs(3600);
        assert!(local.comes_first(later, || Ok(true)).unwrap(), "from before the watch began, too");
        assert!(!local.comes_first(later, free).unwrap());
        assert!(!local.comes_first(later, || panic!("asked without need")).unwrap());
        local.note(Action::Press, later);
        let later = later + PAUSE + PAUSE;
        assert!(local.comes_first(later, || Ok(true)).unwrap());
        assert!(!local.comes_first(later, free).unwrap());
    }

    #[test]
    fn where_nobody_watches_the_user_comes_first_always() {
        let local = Local::new(PAUSE);
        local.end();
        assert!(local.comes_first(Instant::now() + Duration::from_secs(3600), free).unwrap());
    }
}
