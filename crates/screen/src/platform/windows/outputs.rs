//! The monitors of the desktop and the graphics adapters that serve them.

use windows::{
    Win32::{
        Foundation::RECT,
        Graphics::Dxgi::{CreateDXGIFactory1, IDXGIAdapter1, IDXGIFactory1, IDXGIOutput1},
        UI::HiDpi::{DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, SetThreadDpiAwarenessContext},
    },
    core::Interface as _,
};

use crate::{Area, Error, Monitor, MonitorId, Reason, Rect};

pub(super) struct Output {
    pub(super) monitor: Monitor,
    /// In the system's coordinates, where the primary monitor begins at 0, 0.
    pub(super) place: RECT,
    pub(super) adapter: IDXGIAdapter1,
    pub(super) output: IDXGIOutput1,
}

/// All monitors that are part of the desktop.
pub(super) fn list() -> Result<Vec<Output>, Error> {
    in_real_pixels(|| {
        // SAFETY: these functions are given numbers only and return objects that count their owners.
        unsafe {
            let factory: IDXGIFactory1 = CreateDXGIFactory1()?;
            let mut outputs = Vec::new();
            for adapter in (0..).map_while(|number| factory.EnumAdapters1(number).ok()) {
                for output in (0..).map_while(|number| adapter.EnumOutputs(number).ok()) {
                    let about = output.GetDesc()?;
                    if about.AttachedToDesktop.as_bool() {
                        let (name, place) = (name(&about.DeviceName), about.DesktopCoordinates);
                        outputs.push((name, place, adapter.clone(), output.cast::<IDXGIOutput1>()?));
                    }
                }
            }
            Ok(arrange(outputs))
        }
    })
}

/// The monitors of an area, and where it begins on the whole desktop.
pub(super) fn of(area: Area) -> Result<(Vec<Output>, Rect), Error> {
    let mut outputs = list()?;
    if let Area::Monitor(id) = area {
        outputs.retain(|output| output.monitor.id == id);
        let rect = outputs.first().map(|output| output.monitor.rect).ok_or(Error::NoSuchMonitor)?;
        return Ok((outputs, rect));
    }
    let right =
        outputs.iter().map(|output| i32::from(output.monitor.rect.x) + i32::from(output.monitor.rect.width));
    let bottom =
        outputs.iter().map(|output| i32::from(output.monitor.rect.y) + i32::from(output.monitor.rect.height));
    let whole = Rect::between(0, 0, right.max().unwrap_or(0), bottom.max().unwrap_or(0));
    Ok((outputs, whole.ok_or(Reason::NoDisplay)?))
}

/// Runs with coordinates that nobody scales for this thread.
pub(super) fn in_real_pixels<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: the context is one of the system's own constants, or what it returned before.
    let before = unsafe { SetThreadDpiAwarenessContext(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2) };
    let result = run();
    // SAFETY: as above.
    unsafe { SetThreadDpiAwarenessContext(before) };
    result
}

fn arrange(outputs: Vec<(String, RECT, IDXGIAdapter1, IDXGIOutput1)>) -> Vec<Output> {
    let left = outputs.iter().map(|(_, place, ..)| place.left).min().unwrap_or(0);
    let top = outputs.iter().map(|(_, place, ..)| place.top).min().unwrap_or(0);
    let monitors = outputs.into_iter().filter_map(|(name, place, adapter, output)| {
        let rect = Rect::between(place.left - left, place.top - top, place.right - left, place.bottom - top)?;
        let primary = (place.left, place.top) == (0, 0);
        let monitor = Monitor { id: number(&name), name, rect, primary };
        Some(Output { monitor, place, adapter, output })
    });
    monitors.collect()
}

/// `DISPLAY1` of `\\.\DISPLAY1`.
fn name(device: &[u16]) -> String {
    let end = device.iter().position(|unit| *unit == 0).unwrap_or(device.len());
    String::from_utf16_lossy(&device[..end]).trim_start_matches(r"\\.\").to_owned()
}

/// The number that the system gives a monitor stands at the end of its name.
fn number(name: &str) -> MonitorId {
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    MonitorId(digits.parse().unwrap_or_default())
}
