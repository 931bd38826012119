//! How often an operator may do something that is an entry in the user's journal.

use std::time::{Duration, Instant};

/// So many at once, and how long it takes until there may be one more.
const BURST: u32 = 16;
const REFILL: Duration = Duration::from_secs(2);

/// How often something may still be done.
#[derive(Debug)]
pub(super) struct Allowance {
    left: u32,
    refilled: Instant,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self { left: BURST, refilled: Instant::now() }
    }

    /// Whether it may be done now; then it counts.
    pub(super) fn take(&mut self) -> bool {
        let fresh = self.refilled.elapsed().as_secs() / REFILL.as_secs();
        if fresh > 0 {
            self.left = self.left.saturating_add(u32::try_from(fresh).unwrap_or(BURST)).min(BURST);
            self.refilled = Instant::now();
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
