//! Windows: the popup opens inactive and above others; whether something covers it is not told.

use super::never_answers;
use crate::{
    fonts::Fonts,
    talk::{Event, Watcher},
};
use line::WindowKind;
use slint::winit_030::winit::{
    platform::windows::WindowAttributesExtWindows as _,
    window::{Window, WindowAttributes},
};
use std::sync::mpsc::Receiver;
use tokio::sync::mpsc::UnboundedSender;

/// There is no session bus here.
pub(crate) struct Bus;

/// Nothing has to be kept here.
pub(crate) struct Prepared {
    pub(crate) bus: Bus,
}

/// Nothing delays a window here.
pub(crate) fn prepare(_kind: WindowKind, _fonts: Fonts) -> Prepared {
    Prepared { bus: Bus }
}

/// Nothing was changed.
pub(crate) fn release(_bus: &Bus) {}

/// The toolkit follows the system's colours by itself here.
pub(crate) fn follow_appearance(_bus: &Bus, _events: UnboundedSender<Event>) -> Receiver<bool> {
    never_answers()
}

/// The window's attributes before it is made.
pub(crate) fn attributes(
    attributes: WindowAttributes,
    kind: WindowKind,
    _unmanaged: bool,
) -> WindowAttributes {
    match kind {
        WindowKind::Prompt => attributes.with_active(false).with_skip_taskbar(true),
        WindowKind::Session => attributes,
    }
}

/// The system places the popup.
pub(crate) fn dress(_window: &Window) -> Option<f32> {
    None
}

/// winit reports no occlusion on Windows, so the popup counts as visible only while it is the active window.
pub(crate) fn watch(_window: &Window, _watcher: Watcher) -> bool {
    false
}

/// Every window is managed here.
pub(crate) fn take_keyboard(_window: &Window) {}
