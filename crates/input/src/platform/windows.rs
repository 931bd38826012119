//! Windows: `SendInput`, as a mouse and keyboard of the session would.
//!
//! Characters are typed as such, so that the layout does not matter; keys are pressed where programs look for keys. What
//! belongs to a program of higher rights, and the secure desktop, the system keeps from us by itself; so it does
//! Ctrl+Alt+Del.

mod events;
mod injector;
mod keys;
mod owner;
mod watch;

pub(crate) use injector::{Injector, release};

use windows::Win32::UI::HiDpi::{DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, SetThreadDpiAwarenessContext};

use crate::Error;

/// Runs with the coordinates of the screen as it is, and not as Windows makes them up for programs that know no scale.
fn in_real_pixels<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: the context is one of the system's own constants, or what it returned before.
    let before = unsafe { SetThreadDpiAwarenessContext(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2) };
    let result = run();
    // SAFETY: as above.
    unsafe { SetThreadDpiAwarenessContext(before) };
    result
}

impl From<windows::core::Error> for Error {
    fn from(error: windows::core::Error) -> Self {
        Self::Refused(Box::new(error))
    }
}
