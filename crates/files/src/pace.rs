//! How fast an operator may go through files: fast enough for anybody who works, and too slow to bury what is shown and
//! written down. Whoever goes faster waits, and nothing goes untold.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How many transfers and changes may be made: each of them is shown to the user and written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many at once.
    pub burst: u32,
    /// And one more each time so long has passed.
    pub each: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { burst: 1000, each: Duration::from_millis(50) }
    }
}

/// How far ahead of its pace the folder's clients are. One for all connections.
#[derive(Debug, Default)]
pub(crate) struct Pacer(Mutex<Option<Instant>>);

impl Pacer {
    /// Waits until one more is due.
    pub(crate) async fn wait(&self, pace: Pace) {
        let wait = self.next(pace);
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    fn next(&self, Pace { burst, each }: Pace) -> Duration {
        let now = Instant::now();
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = reached.map_or(now, |reached| reached.max(now)) + each;
        *reached = Some(next);
        next.saturating_duration_since(now).saturating_sub(each * burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_at_once_are_slowed_down_and_a_pause_makes_up_for_it() {
        let (pacer, pace) = (Pacer::default(), Pace::default());
        let started = Instant::now();
        for _ in 0..pace.burst {
            pacer.wait(pace).await;
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            pacer.wait(pace).await;
        }
        assert_eq!(started.elapsed(), pace.each * 20);
        sleep(pace.each * pace.burst).await;
        let rested = Instant::now();
        for _ in 0..pace.burst {
            pacer.wait(pace).await;
        }
        assert_eq!(rested.elapsed(), Duration::ZERO);
    }
}
