//! The clipboard of real X servers, each test on one of its own, with programs that know nothing of it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a helper of a test, too, a surprise is a failed test")]

#[path = "x11/copied.rs"]
mod copied;
#[path = "x11/put.rs"]
mod put;
#[path = "x11/server.rs"]
mod server;
