//! Capture and border on real X servers, each test on one of its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a helper of a test, too, a surprise is a failed test")]

#[path = "x11/border.rs"]
mod border;
#[path = "x11/capture.rs"]
mod capture;
#[path = "x11/server.rs"]
mod server;
#[path = "x11/unsupported.rs"]
mod unsupported;
#[path = "x11/viewer.rs"]
mod viewer;
