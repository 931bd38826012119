//! The service's clock. Everything that expires asks it, so that a test can let hours pass in no time.

use jiff::{Timestamp, ToSpan};
use std::time::Duration;
use tokio::sync::watch;

/// Tells the time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock {
    ahead: watch::Sender<Duration>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { ahead: watch::Sender::new(Duration::ZERO) }
    }

    /// The time now, in whole milliseconds, as the store keeps it.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let ahead = i64::try_from(self.ahead.borrow().as_millis()).unwrap_or(i64::MAX);
        let milliseconds = now.as_millisecond().saturating_add(ahead);
        Timestamp::from_millisecond(milliseconds).unwrap_or(now)
    }

    /// Puts the clock forward; what has become due happens at once.
    pub fn advance(&self, by: Duration) {
        self.ahead.send_modify(|ahead| *ahead += by);
    }

    /// Tells of every [`Clock::advance`].
    pub(crate) fn advances(&self) -> watch::Receiver<Duration> {
        self.ahead.subscribe()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// `time` and `secs` more.
pub(crate) fn after(time: Timestamp, secs: u32) -> Timestamp {
    time.checked_add(i64::from(secs).seconds()).unwrap_or(Timestamp::MAX)
}

/// `time` less `secs`.
pub(crate) fn before(time: Timestamp, secs: u32) -> Timestamp {
    time.checked_sub(i64::from(secs).seconds()).unwrap_or(Timestamp::MIN)
}

/// Whole seconds from `now` until `then`, rounded up; 0 once it has passed.
pub(crate) fn remaining_secs(then: Timestamp, now: Timestamp) -> u32 {
    let milliseconds = then.as_millisecond().saturating_sub(now.as_millisecond()).max(0);
    u32::try_from((milliseconds + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_rounded_up_and_never_negative() {
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(remaining_secs(after(now, 5), now), 5);
        assert_eq!(remaining_secs(now + 1.millisecond(), now), 1);
        assert_eq!(remaining_secs(before(now, 5), now), 0);
    }

    #[test]
    fn a_clock_that_was_advanced_stays_ahead_for_all_who_share_it() {
        let clock = Clock::system();
        let shared = clock.clone();
        let before = clock.now();
        shared.advance(Duration::from_secs(3600));
        assert!(remaining_secs(clock.now(), before) >= 3600);
    }
}
