//! The windows without a display: what they show, what they send, how they are drawn.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail anywhere")]

mod contrast;
mod drawing;
mod hands;
mod pictures;
mod process;
mod prompt;
mod samples;
mod scenes;
mod session_window;
