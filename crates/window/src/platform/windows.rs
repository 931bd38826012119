//! Windows: the popup opens inactive, above others and at the task bar's end; whether something covers it is not told.

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
use slint::winit_030::winit::{
    dpi::PhysicalPosition,
    platform::windows::WindowAttributesExtWindows as _,
    window::{Window, WindowAttributes},
};
use std::sync::mpsc::Receiver;
use tokio::sync::mpsc::UnboundedSender;
use windows_sys::Win32::{
    Foundation::{POINT, RECT},
    Graphics::Gdi::{GetMonitorInfoW, MONITOR_DEFAULTTONEAREST, MONITORINFO, MonitorFromPoint},
    UI::WindowsAndMessaging::GetCursorPos,
};

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

/// Puts the window to its place on the pointer's monitor. winit reports no occlusion on Windows, so the popup counts as
/// visible only while it is the active window.
pub(crate) fn dress(window: &Window, place: Place, _watcher: Watcher) -> Dressed {
    let Some((area, scale)) = area(window) else { return Dressed::default() };
    let spot = super::outer_spot(window, place, area, scale);
    window.set_outer_position(PhysicalPosition::new(spot.x, spot.y));
    Dressed { room: Some((f64::from(spot.room) / scale) as f32), proven: false }
}

/// What the task bar leaves of the monitor that the pointer is on, and how many pixels a logical one has there.
fn area(window: &Window) -> Option<(Area, f64)> {
    let mut pointer = POINT::default();
    // SAFETY: the function writes one point.
    if unsafe { GetCursorPos(&mut pointer) } == 0 {
        return None;
    }
    let mut info = MONITORINFO { cbSize: size_of::<MONITORINFO>() as u32, ..Default::default() };
    // SAFETY: a monitor there always is with this flag, and `info` says how large it is.
    let known = unsafe { GetMonitorInfoW(MonitorFromPoint(pointer, MONITOR_DEFAULTTONEAREST), &mut info) };
    if known == 0 {
        return None;
    }
    let rect =
        |it: RECT| Rect { x: it.left, y: it.top, width: it.right - it.left, height: it.bottom - it.top };
    let area = Area { monitor: rect(info.rcMonitor), free: rect(info.rcWork) };
    let origin = PhysicalPosition::new(area.monitor.x, area.monitor.y);
    let monitor = window.available_monitors().find(|monitor| monitor.position() == origin)?;
    Some((area, monitor.scale_factor()))
}

/// The toolkit's events say when a window is minimised.
pub(crate) fn watch_minimised(_window: &Window, _watcher: Watcher) {}

/// The agent's keys count everywhere here.
pub(crate) fn has_keys() -> bool {
    true
}

/// Every window is managed here.
pub(crate) fn take_keyboard(_window: &Window) {}
