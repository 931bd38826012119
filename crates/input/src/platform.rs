//! What differs from one system to the next: how pointer and keys are injected, whose a window is, and how the user's
//! own input is noticed.

#[cfg(not(target_os = "macos"))]
mod buttons;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "macos"))]
mod local;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "macos"))]
mod symbol;
#[cfg(target_os = "windows")]
mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(target_os = "windows")]
use windows as system;

pub use display::Display;
pub(crate) use system::{Injector, release};

use crate::Held;

/// What an injector calls when what it holds changes.
pub(crate) type Report = Box<dyn FnMut(&Held) + Send>;
