//! How often a view takes a picture: as often as anybody sees, and no more than the computer has to spare.

use std::time::{Duration, Instant};

/// No more than 60 pictures a second: no screen shows more.
const FRAME: Duration = Duration::from_millis(16);
/// While something moves, a change is given this long for what belongs to it: programs that draw one picture in several
/// steps, or several that move at the same rate, are one picture then and not two.
const SETTLE: Duration = Duration::from_millis(3);
/// What changes again within this moves.
const MOTION: Duration = Duration::from_millis(100);
/// A picture is taken at most half of the time, so that a slow or busy computer stays its user's.
const SHARE: u32 = 2;

/// When the next picture is to be taken.
#[derive(Debug)]
pub(super) struct Pace {
    /// The first change since the last picture.
    changed: Option<Instant>,
    last: Option<Instant>,
    earliest: Instant,
}

impl Pace {
    /// The first picture is to be taken at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { changed: Some(now), last: None, earliest: now }
    }

    /// The screen may look different from what was captured last.
    pub(super) fn change(&mut self, now: Instant) {
        self.changed.get_or_insert(now);
    }

    /// From when on what has changed is to be captured; nothing where nothing has.
    pub(super) fn capture_due(&self) -> Option<Instant> {
        let changed = self.changed?;
        let moves = self.last.is_some_and(|last| changed < last + MOTION);
        Some(if moves { self.earliest.max(changed + SETTLE) } else { self.earliest })
    }

    /// From when on anything may be sent.
    pub(super) fn earliest(&self) -> Instant {
        self.earliest
    }

    /// What has changed so far is being captured.
    pub(super) fn captured(&mut self) {
        self.changed = None;
    }

    /// A picture was encoded, and has taken from `began` to `ended`.
    pub(super) fn encoded(&mut self, began: Instant, ended: Instant) {
        self.last = Some(ended);
        self.earliest = began + FRAME.max(SHARE * (ended - began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A picture was taken at `at` and took `took`.
    fn after_a_picture(at: Instant, took: Duration) -> Pace {
        let mut pace = Pace::new(at);
        pace.captured();
        pace.encoded(at, at + took);
        pace
    }

    #[test]
    fn the_first_picture_and_what_changes_on_a_quiet_screen_wait_for_nothing() {
        let now = Instant::now();
        assert_eq!(Pace::new(now).capture_due(), Some(now));
        let mut pace = after_a_picture(now, ms(2));
        assert_eq!(pace.capture_due(), None);
        pace.change(now + ms(500));
        assert!(pace.capture_due() <= Some(now + ms(500)));
    }

    #[test]
    fn what_moves_is_taken_together_and_sixty_times_a_second_at_most() {
        let now = Instant::now();
        let mut pace = after_a_picture(now, ms(2));
        pace.change(now + ms(40));
        pace.change(now + ms(42));
        assert_eq!(pace.capture_due(), Some(now + ms(40) + SETTLE), "it does not wait for ever");
        let mut pace = after_a_picture(now, ms(2));
        pace.change(now + ms(3));
        assert_eq!(pace.capture_due(), Some(now + FRAME));
    }

    #[test]
    fn a_computer_that_is_slow_with_a_picture_has_as_long_for_itself() {
        let now = Instant::now();
        let mut pace = after_a_picture(now, ms(80));
        pace.change(now + ms(20));
        assert_eq!(pace.capture_due(), Some(now + ms(160)));
        assert_eq!(pace.earliest(), now + ms(160));
    }
}
