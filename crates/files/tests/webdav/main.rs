//! The folder as a WebDAV client sees it, over a stream in memory.
//!
//! On Linux only: elsewhere the trash is the user's own, and no test may fill it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod escapes;
mod foreign_bytes;
mod limits;
mod reading;
mod stage;
mod transfers;
mod writing;
