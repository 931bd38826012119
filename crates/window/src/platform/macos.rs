//! macOS: the popup opens inactive, above others and below the menu bar; whether something covers a part of it is not told.

use super::{
    Dressed, Manner, Place,
    area::{Area, Rect},
    never_answers,
};
use crate::{
    fonts::Fonts,
    talk::{Event, Watcher},
};
use line::WindowKind;
use objc2::{MainThreadMarker, rc::Retained};
use objc2_app_kit::{NSEvent, NSScreen};
use objc2_foundation::NSRect;
use slint::winit_030::winit::{
    dpi::LogicalPosition,
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
        Manner::Quiet | Manner::Unmanaged => attributes.with_active(false),
    }
}

/// Puts the window to its place on the pointer's screen. macOS tells only when a window is covered wholly, so the popup
/// counts as visible only while it is the active window.
pub(crate) fn dress(window: &Window, place: Place, _watcher: Watcher) -> Dressed {
    let Some(area) = MainThreadMarker::new().and_then(area) else { return Dressed::default() };
    // Positions are in points here, whatever the screen's pixels.
    let spot = super::outer_spot(window, place, area, 1.0);
    window.set_outer_position(LogicalPosition::new(spot.x, spot.y));
    Dressed { room: Some(spot.room as f32), proven: false }
}

/// What menu bar and Dock leave of the screen that the pointer is on, in points from the upper left corner of the first
/// screen; AppKit counts from its lower left.
fn area(main_thread: MainThreadMarker) -> Option<Area> {
    let screens = NSScreen::screens(main_thread);
    let first = screens.firstObject()?.frame().size.height;
    let flipped = |it: NSRect| Rect {
        x: it.origin.x as i32,
        y: (first - it.origin.y - it.size.height) as i32,
        width: it.size.width as i32,
        height: it.size.height as i32,
    };
    let pointer = NSEvent::mouseLocation();
    let holds_pointer = |screen: &Retained<NSScreen>| {
        let NSRect { origin, size } = screen.frame();
        (origin.x..origin.x + size.width).contains(&pointer.x)
            && (origin.y..=origin.y + size.height).contains(&pointer.y)
    };
    let screen = screens.iter().find(holds_pointer).or_else(|| screens.firstObject())?;
    Some(Area { monitor: flipped(screen.frame()), free: flipped(screen.visibleFrame()) })
}

/// The toolkit's events say when a window is minimised.
pub(crate) fn watch_minimised(_window: &Window, _watcher: Watcher) {}

/// The agent's keys count everywhere here.
pub(crate) fn has_keys() -> bool {
    true
}

/// Every window is managed here.
pub(crate) fn take_keyboard(_window: &Window) {}
