//! What differs from one system to the next: whose a clipboard is, how it is noticed that something was copied, and how a
//! program says that what it copied is secret.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "windows")]
mod windows;
#[cfg(not(target_os = "linux"))]
mod worker;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(target_os = "windows")]
use windows as system;

pub(crate) use system::open;
