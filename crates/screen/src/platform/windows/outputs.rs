//! The monitors of the desktop and the graphics adapters that serve them.

use windows::{
    Win32::{
        Foundation::{LPARAM, RECT},
        Graphics::{
            Dxgi::{CreateDXGIFactory1, IDXGIAdapter1, IDXGIFactory1, IDXGIOutput1},
            Gdi::{EnumDisplayMonitors, GetMonitorInfoW, HDC, HMONITOR, MONITORINFO, MONITORINFOEXW},
        },
        UI::{
            HiDpi::{DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, SetThreadDpiAwarenessContext},
            WindowsAndMessaging::MONITORINFOF_PRIMARY,
        },
    },
    core::{BOOL, Interface as _, Result as SystemResult},
};

use crate::{Area, Error, Monitor, MonitorId, Reason, Rect};

pub(super) struct Output {
    pub(super) monitor: Monitor,
    /// In the system's coordinates, where the primary monitor begins at 0, 0.
    pub(super) place: RECT,
}

/// A graphics adapter and the monitor's place on it.
pub(super) type Connector = (IDXGIAdapter1, IDXGIOutput1);

/// All monitors that are part of the desktop.
pub(super) fn list() -> Result<Vec<Output>, Error> {
    let mut found: Vec<(String, RECT, bool)> = Vec::new();
    let all = LPARAM(std::ptr::from_mut(&mut found) as isize);
    // SAFETY: `add` gets the address of `found`, which is alive and used by nobody else until the call returns.
    in_real_pixels(|| unsafe { EnumDisplayMonitors(None, None, Some(add), all) }).ok()?;
    Ok(arrange(found))
}

/// Adds a monitor to the list whose address comes last.
extern "system" fn add(monitor: HMONITOR, _: HDC, _: *mut RECT, all: LPARAM) -> BOOL {
    // SAFETY: `list` passes the address of its list and waits.
    let all = unsafe { &mut *(all.0 as *mut Vec<(String, RECT, bool)>) };
    let mut about = MONITORINFOEXW::default();
    about.monitorInfo.cbSize = size_of::<MONITORINFOEXW>() as u32;
    // SAFETY: the place for the answer is alive, begins with the part that is named, and says how long it is. A monitor
    // that has gone meanwhile is left out.
    if unsafe { GetMonitorInfoW(monitor, std::ptr::from_mut(&mut about).cast::<MONITORINFO>()) }.as_bool() {
        let primary = about.monitorInfo.dwFlags & MONITORINFOF_PRIMARY != 0;
        all.push((name(&about.szDevice), about.monitorInfo.rcMonitor, primary));
    }
    true.into()
}

/// Where a graphics adapter drives this monitor, if one says so.
pub(super) fn connector(monitor: &Monitor) -> SystemResult<Option<Connector>> {
    // SAFETY: these functions are given numbers only and return objects that count their owners.
    unsafe {
        let factory: IDXGIFactory1 = CreateDXGIFactory1()?;
        for adapter in (0..).map_while(|number| factory.EnumAdapters1(number).ok()) {
            for output in (0..).map_while(|number| adapter.EnumOutputs(number).ok()) {
                let about = output.GetDesc()?;
                if about.AttachedToDesktop.as_bool() && name(&about.DeviceName) == monitor.name {
                    return Ok(Some((adapter, output.cast()?)));
                }
            }
        }
    }
    Ok(None)
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

fn arrange(found: Vec<(String, RECT, bool)>) -> Vec<Output> {
    let left = found.iter().map(|(_, place, _)| place.left).min().unwrap_or(0);
    let top = found.iter().map(|(_, place, _)| place.top).min().unwrap_or(0);
    let outputs = found.into_iter().filter_map(|(name, place, primary)| {
        let rect = Rect::between(place.left - left, place.top - top, place.right - left, place.bottom - top)?;
        Some(Output { monitor: Monitor { id: number(&name), name, rect, primary }, place })
    });
    outputs.collect()
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
