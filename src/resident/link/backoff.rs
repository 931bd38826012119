//! How long to wait after a failure.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Full jitter: after each failure a random time up to a limit that doubles, so that agents that lost their service at
/// the same moment do not come back at the same moment.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    limit: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { limit: FIRST }
    }
}

impl Backoff {
    /// How long to wait now, and never less than `least`, which a service asked for.
    pub(crate) fn next(&mut self, least: Duration) -> Duration {
        let share = f64::from(u32::from_le_bytes(crypto::random_bytes())) / f64::from(u32::MAX);
        self.after(share, least)
    }

    fn after(&mut self, share: f64, least: Duration) -> Duration {
        let limit = self.limit;
        self.limit = (limit * 2).min(LONGEST);
        // Never quite at once: a service that answers with errors must not be asked in a loop.
        (limit.mul_f64(share)).max(Duration::from_millis(100)).max(least)
    }

    /// Something worked.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_up_to_a_minute_and_the_service_is_heard() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.after(1.0, Duration::ZERO).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.after(0.0, Duration::from_secs(300)), Duration::from_secs(300));
        backoff.reset();
        assert_eq!(backoff.after(1.0, Duration::ZERO), FIRST);
    }
}
