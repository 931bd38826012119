//! What differs from one system to the next: where pixels, cursor and monitors come from, and how a frame is drawn.

#[cfg(any(test, not(target_os = "linux")))]
mod canvas;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(test, target_os = "windows"))]
mod shape;
#[cfg(target_os = "windows")]
mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(target_os = "windows")]
use windows as system;

pub use display::Display;
pub(crate) use system::{Border, Capture, monitors};

/// What a capture calls when something is new.
pub(crate) type Changed = Box<dyn Fn() + Send + Sync>;
