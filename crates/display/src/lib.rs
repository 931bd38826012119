//! The display that a process belongs to, for whoever looks at it and whoever types into it: both have to find the same one,
//! and neither may take the X server beside a Wayland desktop for the desktop.
//!
//! What is on it, and what may be done there, is for others to know.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Display;
#[cfg(target_os = "linux")]
pub use linux::{Connected, Display, Unusable};
