//! Two ends of a tunnel, over WebSockets in memory.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod faults;
mod flow;
mod lost;
mod support;
