//! An injector on real X servers, each test on one of its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a helper of a test, too, a surprise is a failed test")]

#[path = "x11/killed.rs"]
mod killed;
#[path = "x11/local.rs"]
mod local;
#[path = "x11/own.rs"]
mod own;
#[path = "x11/server.rs"]
mod server;
#[path = "x11/terminal.rs"]
mod terminal;
#[path = "x11/typing.rs"]
mod typing;
