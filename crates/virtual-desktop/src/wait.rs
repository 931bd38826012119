//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

use crate::{Error, Result};

/// Looks every few milliseconds until `look` finds something; `what` names it in the error.
pub fn wait_for<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if start.elapsed() > within {
            return Err(Error::Timeout {
                what: what.to_owned(),
                seconds: within.as_secs_f32(),
                detail: String::new(),
            });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
