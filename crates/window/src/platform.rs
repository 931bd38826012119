//! What differs from one system to the next: the manners of a window, and what its process is to be spared.

mod area;
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

pub(crate) use system::{
    Bus, dress, follow_appearance, has_keys, prepare, release, take_keyboard, watch_minimised,
};

use crate::NoDisplay;
use std::{cell::Cell, rc::Rc};

/// How a window opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As windows do.
    #[default]
    Ordinary,
    /// Above others, and without taking the focus from anybody.
    Quiet,
    /// As `Quiet`, past the window manager, which might cover it.
    Unmanaged,
}

/// The manner of the next window that is made.
pub(crate) type NextManner = Rc<Cell<Manner>>;

/// What is known of a window that opens quietly, before it is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dressed {
    /// How high it may be, in logical pixels.
    pub(crate) room: Option<f32>,
    /// Whether the system tells what covers it.
    pub(crate) proven: bool,
}

/// Where a quiet window appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the tray's corner; where that is at the top, so many pixels below what is kept for the session bar.
    TrayCorner(i32),
    /// At the top, in the middle.
    Top,
}

/// Starts the toolkit.
///
/// # Errors
///
/// When there is no display: that is all that can fail here.
pub(crate) fn start_toolkit() -> Result<NextManner, NoDisplay> {
    let manner = NextManner::default();
    let next = Rc::clone(&manner);
    slint::BackendSelector::new()
        .backend_name("winit".into())
        .renderer_name("software".into())
        .with_winit_window_attributes_hook(move |attributes| system::attributes(attributes, next.get()))
        .select()
        // The window system's own words stand last, behind those of every layer above it.
        .map_err(|error| NoDisplay(error.to_string().rsplit(": ").next().unwrap_or_default().to_owned()))?;
    Ok(manner)
}

/// The outer corner and the room for a window that is not on the screen yet, in `area`, where a logical pixel is `scale` of
/// the area's.
#[cfg(not(target_os = "linux"))]
fn outer_spot(
    window: &slint::winit_030::winit::window::Window,
    place: Place,
    area: area::Area,
    scale: f64,
) -> area::Spot {
    use slint::winit_030::winit::dpi::LogicalSize;
    let logical = window.scale_factor();
    let outer: LogicalSize<f64> = window.outer_size().to_logical(logical);
    let inner: LogicalSize<f64> = window.inner_size().to_logical(logical);
    let frame = ((outer.height - inner.height) * scale) as i32;
    let size = ((outer.width * scale) as i32, (inner.height * scale) as i32);
    let spot = area.spot(place, size, scale, frame);
    match spot.edge {
        area::Edge::Top => spot,
        area::Edge::Bottom => area::Spot { y: spot.y - frame, ..spot },
    }
}

#[cfg(not(target_os = "linux"))]
fn never_answers() -> std::sync::mpsc::Receiver<bool> {
    std::sync::mpsc::channel().1
}
