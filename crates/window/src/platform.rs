//! What differs from one system to the next: the manners of a window, and what its process is to be spared.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "windows")]
mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(target_os = "windows")]
use windows as system;

pub(crate) use system::{Bus, dress, follow_appearance, prepare, release, take_keyboard, watch};

use crate::NoDisplay;
use line::WindowKind;
use std::{cell::Cell, rc::Rc};

/// Whether the next window is to be made past the window manager.
pub(crate) type Unmanaged = Rc<Cell<bool>>;

/// Starts the toolkit.
///
/// # Errors
///
/// When there is no display: that is all that can fail here.
pub(crate) fn start_toolkit(kind: WindowKind) -> Result<Unmanaged, NoDisplay> {
    let unmanaged = Unmanaged::default();
    let flag = Rc::clone(&unmanaged);
    slint::BackendSelector::new()
        .backend_name("winit".into())
        .renderer_name("software".into())
        .with_winit_window_attributes_hook(move |attributes| system::attributes(attributes, kind, flag.get()))
        .select()
        // The window system's own words stand last, behind those of every layer above it.
        .map_err(|error| NoDisplay(error.to_string().rsplit(": ").next().unwrap_or_default().to_owned()))?;
    Ok(unmanaged)
}

#[cfg(not(target_os = "linux"))]
fn never_answers() -> std::sync::mpsc::Receiver<bool> {
    std::sync::mpsc::channel().1
}
