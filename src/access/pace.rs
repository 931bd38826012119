//! How often a view takes a picture: as often as anybody sees, and no more than the computer has to spare.

use std::time::{Duration, Instant};

/// No more than 60 pictures a second: no screen shows more.
const FRAME: Duration = Duration::from_millis(16);
/// A picture is taken at most half of the time, so that a slow or busy computer stays its user's. What stood still for
/// longer than this was not slow, and is not waited for once more.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// When the next picture is to be taken.
#[derive(Debug)]
pub(super) struct Pace {
    /// The screen may look different from what was captured last.
    changed: bool,
    earliest: Instant,
}

impl Pace {
    /// The first picture is to be taken at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { changed: true, earliest: now }
    }

    /// The screen may look different from what was captured last.
    pub(super) fn change(&mut self) {
        self.changed = true;
    }

    /// Whether the screen is to be captured for the picture that is taken now.
    pub(super) fn begin(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// A picture was encoded, and has taken from `began` to `ended`.
    pub(super) fn encoded(&mut self, began: Instant, ended: Instant) {
        let rest = (ended - began).min(LONGEST_REST);
        self.earliest = (began + FRAME).max(ended + rest);
    }

    /// From when on the next picture may be taken.
    pub(super) fn earliest(&self) -> Instant {
        self.earliest
    }

    /// From when on what has changed is to be captured; nothing where nothing has.
    pub(super) fn due(&self) -> Option<Instant> {
        self.changed.then_some(self.earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_pictures_than_a_screen_shows_or_than_the_computer_has_time_for() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert_eq!(pace.due(), Some(now), "the first at once");
        assert!(pace.begin() && !pace.begin());
        assert_eq!(pace.due(), None);
        for (took, later) in [(2, 16), (8, 16), (80, 160), (30_000, 31_000)] {
            pace.encoded(now, now + Duration::from_millis(took));
            pace.change();
            assert_eq!(pace.due(), Some(now + Duration::from_millis(later)), "after {took} ms");
        }
    }
}
