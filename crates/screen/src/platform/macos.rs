//! macOS: ScreenCaptureKit, one stream a monitor.
//!
//! Sizes are points, as the desktop is laid out and as the pointer counts them: a Retina monitor is captured at half
//! its pixels. The system draws the pointer into the picture. A monitor that has changed is taken in whole.

mod stream;

use std::sync::Arc;

use objc2_core_foundation::CGRect;
use objc2_core_graphics::{
    CGDirectDisplayID, CGDisplayBounds, CGError, CGGetActiveDisplayList, CGMainDisplayID,
    CGRequestScreenCaptureAccess,
};

use self::stream::Stream;
use super::{
    Changed,
    canvas::{Canvas, Condition},
};
use crate::{Area, Cursor, Display, Error, Monitor, MonitorId, Reason, Rect, Size};

/// More monitors than any Mac has connections for.
const MOST: usize = 32;

pub(crate) fn monitors(_display: &Display) -> Result<Vec<Monitor>, Error> {
    let mut ids = [CGDirectDisplayID::default(); MOST];
    let mut count = 0;
    // SAFETY: the system is told how many ids there is room for.
    let done = unsafe { CGGetActiveDisplayList(MOST as u32, ids.as_mut_ptr(), &mut count) };
    if done != CGError::Success || count == 0 {
        return Err(Reason::NoDisplay.into());
    }
    let bounds: Vec<_> = ids[..count as usize].iter().map(|id| (*id, edges(CGDisplayBounds(*id)))).collect();
    let left = bounds.iter().map(|(_, edges)| edges[0]).min().unwrap_or(0);
    let top = bounds.iter().map(|(_, edges)| edges[1]).min().unwrap_or(0);
    let main = CGMainDisplayID();
    let monitors = bounds.into_iter().filter_map(|(id, [x, y, right, bottom])| {
        let rect = Rect::between(x - left, y - top, right - left, bottom - top)?;
        Some(Monitor { id: MonitorId(id), name: format!("Display {id}"), rect, primary: id == main })
    });
    Ok(monitors.collect())
}

/// Left, top, right and bottom edge.
fn edges(rect: CGRect) -> [i32; 4] {
    let (x, y) = (rect.origin.x, rect.origin.y);
    [x, y, x + rect.size.width, y + rect.size.height].map(|edge| edge.round() as i32)
}

/// The monitors of an area, each with its place in it, and the size of the area.
fn arrangement(area: Area) -> Result<(Vec<(MonitorId, Rect)>, Size), Error> {
    let mut monitors = monitors(&Display::current())?;
    if let Area::Monitor(id) = area {
        monitors.retain(|monitor| monitor.id == id);
        let rect = monitors.first().map(|monitor| monitor.rect).ok_or(Error::NoSuchMonitor)?;
        return Ok((vec![(id, rect.size().rect())], rect.size()));
    }
    let edge = |start: u16, length: u16| start.saturating_add(length);
    let width = monitors.iter().map(|monitor| edge(monitor.rect.x, monitor.rect.width)).max();
    let height = monitors.iter().map(|monitor| edge(monitor.rect.y, monitor.rect.height)).max();
    let size = Size { width: width.unwrap_or(0), height: height.unwrap_or(0) };
    Ok((monitors.into_iter().map(|monitor| (monitor.id, monitor.rect)).collect(), size))
}

pub(crate) struct Capture {
    canvas: Arc<Canvas>,
    area: Area,
    arrangement: Vec<(MonitorId, Rect)>,
    streams: Vec<Stream>,
}

impl Capture {
    pub(crate) fn start(_display: &Display, area: Area, changed: Changed) -> Result<Self, Error> {
        // Where it was not decided yet, this also makes the system ask the user.
        if !CGRequestScreenCaptureAccess() {
            return Err(Reason::NotAllowed.into());
        }
        let (arrangement, size) = arrangement(area)?;
        let canvas = Arc::new(Canvas::new(size, changed));
        let streams = stream::open(&canvas, &arrangement)?;
        Ok(Self { canvas, area, arrangement, streams })
    }

    pub(crate) fn size(&self) -> Size {
        self.canvas.size()
    }

    pub(crate) fn refresh(&mut self) {
        self.canvas.refresh();
    }

    pub(crate) fn grab(&mut self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        // Nobody tells a program without windows that monitors were rearranged; what is drawn then brings us here.
        let (arrangement, size) = arrangement(self.area)?;
        if arrangement != self.arrangement {
            self.streams.clear();
            self.canvas.lay_out(size);
            self.streams = stream::open(&self.canvas, &arrangement)?;
            self.arrangement = arrangement;
            self.canvas.set_condition(Condition::Seen);
        }
        self.canvas.grab(take)
    }

    /// Never any: it is in the picture.
    #[expect(clippy::unnecessary_wraps, reason = "the same signature on every system; here nothing is asked")]
    pub(crate) fn cursor(&mut self) -> Result<Option<Cursor>, Error> {
        Ok(self.canvas.cursor())
    }

    /// Never told: it is in the picture.
    #[expect(clippy::unnecessary_wraps, reason = "the same signature on every system; here nothing is asked")]
    pub(crate) fn pointer(&mut self) -> Result<Option<(u16, u16)>, Error> {
        Ok(self.canvas.pointer())
    }

    pub(crate) fn monitors(&mut self) -> Result<Option<Vec<Monitor>>, Error> {
        self.canvas.was_laid_out().then(|| monitors(&Display::current())).transpose()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.canvas.end();
    }
}

/// There is none: windows belong to the main thread's event loop, which the caller may not have. While a program
/// records the screen, macOS says so itself in the menu bar.
pub(crate) struct Border;

impl Border {
    pub(crate) fn show(_display: &Display, _area: Area, _colour: u32) -> Result<Self, Error> {
        Err(Reason::Frame.into())
    }
}
