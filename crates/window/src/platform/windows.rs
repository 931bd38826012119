//! Windows: the popup opens inactive and above others; whether something covers it is not told.

use super::{Dressed, Manner, Place, never_answers};
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
pub(crate) fn attributes(attributes: WindowAttributes, manner: Manner) -> WindowAttributes {
    match manner {
        Manner::Ordinary => attributes,
        Manner::Quiet | Manner::Unmanaged => attributes.with_active(false).with_skip_taskbar(true),
    }
}

/// The system places the popup. winit reports no occlusion on Windows, so the popup counts as visible only
/// while it is the active window.
pub(crate) fn dress(window: &Window, place: Place, _watcher: Watcher) -> Dressed {
    if place == Place::Top {
        super::place_at_top(window);
    }
    Dressed::default()
}

/// The toolkit's events say when a window is minimised.
pub(crate) fn watch_minimised(_window: &Window, _watcher: Watcher) {}

/// The agent has no keys that count everywhere here.
pub(crate) fn has_keys() -> bool {
    false
}

/// Every window is managed here.
pub(crate) fn take_keyboard(_window: &Window) {}
