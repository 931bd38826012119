//! A monitor that nothing duplicates: it is copied again and again (GDI), and what differs is what has changed.

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread::sleep,
    time::{Duration, Instant},
};

use windows::{
    Win32::{
        Foundation::{HANDLE, POINT},
        Graphics::Gdi::{
            BI_RGB, BITMAPINFO, BITMAPINFOHEADER, BitBlt, CAPTUREBLT, CreateCompatibleDC, CreateDIBSection,
            DIB_RGB_COLORS, DeleteDC, DeleteObject, GdiFlush, GetDC, HBITMAP, HDC, ReleaseDC, SRCCOPY,
            SelectObject,
        },
        System::{
            StationsAndDesktops::{GetThreadDesktop, GetUserObjectInformationW, UOI_IO},
            Threading::GetCurrentThreadId,
        },
        UI::WindowsAndMessaging::{CURSOR_SHOWING, CURSORINFO, GetCursorInfo, HCURSOR},
    },
    core::{BOOL, Result},
};

use super::{
    cursor,
    outputs::{self, Output},
};
use crate::{
    Error, MonitorId, Reason, Rect,
    platform::canvas::{Canvas, Frame, Turn},
};

/// From one copy to the next while something moves: a copy of 1920 × 1080 costs a real system 5 to 20 ms.
const SOON: Duration = Duration::from_millis(50);
/// From one copy to the next while nothing moves; so late is the first change noticed.
const LATER: Duration = Duration::from_millis(250);
/// So long after the last change something is still taken to move.
const RESTLESS: Duration = Duration::from_secs(2);

pub(super) struct Copied {
    /// On the canvas.
    place: Rect,
    monitors: Monitors,
    /// The upper left corner in the system's coordinates.
    corner: POINT,
    picture: Picture,
    /// The first picture is taken whole.
    has_begun: bool,
    shape: HCURSOR,
    pointer: Option<(u16, u16)>,
}

/// Every monitor and where it is: whoever copies is not told when that changes.
type Monitors = Vec<(MonitorId, Rect)>;

/// Pixels in memory that the system can draw on.
struct Picture {
    context: HDC,
    bitmap: HBITMAP,
    pixels: *const u32,
    width: u16,
    height: u16,
}

impl Copied {
    /// # Errors
    ///
    /// [`Error::Hidden`], and [`Reason::System`] where this monitor cannot be copied either.
    pub(super) fn open(output: &Output, place: Rect) -> std::result::Result<Self, Error> {
        if is_hidden() {
            return Err(Error::Hidden);
        }
        let corner = POINT { x: output.place.left, y: output.place.top };
        let picture = Picture::new(place).map_err(|_| Reason::System)?;
        // A monitor of which no copy can be had is to be known before anybody waits for one.
        picture.copy(corner).map_err(|_| Reason::System)?;
        let (monitors, shape) = (arrangement()?, HCURSOR::default());
        Ok(Self { place, monitors, corner, picture, has_begun: false, shape, pointer: None })
    }

    /// Puts what changes onto the canvas, until the monitors are arranged anew, the desktop is hidden, `over` is set or
    /// nobody looks any more.
    pub(super) fn run(mut self, canvas: &Canvas, over: &AtomicBool) {
        let mut last_change = Instant::now();
        while canvas.wait_until_taken() && !over.load(SeqCst) {
            let is_still = arrangement().is_ok_and(|monitors| monitors == self.monitors) && !is_hidden();
            if !is_still || self.picture.copy(self.corner).is_err() {
                return;
            }
            if self.put(canvas) | self.follow(canvas) {
                last_change = Instant::now();
            }
            sleep(if last_change.elapsed() < RESTLESS { SOON } else { LATER });
        }
    }

    /// Puts what differs; returns whether anything does.
    fn put(&mut self, canvas: &Canvas) -> bool {
        let Picture { width, .. } = self.picture;
        let (place, size) = (self.place, self.place.size());
        let frame =
            Frame { place, turn: Turn::Upright, size, pixels: self.picture.pixels(), stride: width.into() };
        let rects = if self.has_begun { canvas.differing(&frame) } else { vec![size.rect()] };
        canvas.put(&frame, rects.iter().copied());
        self.has_begun = true;
        !rects.is_empty()
    }

    /// Follows the pointer, which is in no copy; returns whether it moved.
    fn follow(&mut self, canvas: &Canvas) -> bool {
        let mut about = CURSORINFO { cbSize: size_of::<CURSORINFO>() as u32, ..CURSORINFO::default() };
        // SAFETY: the place for the answer is alive and says how long it is.
        let known = outputs::in_real_pixels(|| unsafe { GetCursorInfo(&mut about) });
        if known.is_err() {
            return false;
        }
        if about.hCursor != self.shape
            && let Some(shape) = cursor::of(about.hCursor)
        {
            self.shape = about.hCursor;
            canvas.set_cursor(shape);
        }
        let (place, corner, at) = (self.place, self.corner, about.ptScreenPos);
        let along = |at: i32, corner: i32, start: u16, length: u16| {
            let at = u16::try_from(at.checked_sub(corner)?).ok().filter(|&at| at < length)?;
            start.checked_add(at)
        };
        let x = along(at.x, corner.x, place.x, place.width);
        let y = along(at.y, corner.y, place.y, place.height);
        let pointer = x.zip(y).filter(|_| about.flags == CURSOR_SHOWING);
        let moved = pointer != self.pointer;
        if moved {
            self.pointer = pointer;
            canvas.set_pointer(place, pointer);
        }
        moved
    }
}

fn arrangement() -> std::result::Result<Monitors, Error> {
    let outputs = outputs::list()?;
    Ok(outputs.into_iter().map(|output| (output.monitor.id, output.monitor.rect)).collect())
}

/// Whether the system shows another desktop than this program's: the lock screen, the question for a password.
fn is_hidden() -> bool {
    let mut receives_input = BOOL::from(true);
    let room = size_of::<BOOL>() as u32;
    // SAFETY: a thread's desktop is not closed by who asked for it, and the place for the answer is alive and as long as
    // is said.
    let known = unsafe {
        GetThreadDesktop(GetCurrentThreadId()).and_then(|desktop| {
            let place = std::ptr::from_mut(&mut receives_input).cast();
            GetUserObjectInformationW(HANDLE(desktop.0), UOI_IO, Some(place), room, None)
        })
    };
    // Where the system does not say, it refuses the copy.
    known.is_ok() && !receives_input.as_bool()
}

impl Picture {
    fn new(place: Rect) -> Result<Self> {
        let about = BITMAPINFO {
            bmiHeader: BITMAPINFOHEADER {
                biSize: size_of::<BITMAPINFOHEADER>() as u32,
                biWidth: place.width.into(),
                // Rows from the top downwards.
                biHeight: -i32::from(place.height),
                biPlanes: 1,
                biBitCount: 32,
                biCompression: BI_RGB.0,
                ..BITMAPINFOHEADER::default()
            },
            ..BITMAPINFO::default()
        };
        let mut pixels = std::ptr::null_mut();
        // SAFETY: the description and the place for the answer are alive; what was made is deleted in `drop`.
        unsafe {
            let bitmap = CreateDIBSection(None, &about, DIB_RGB_COLORS, &mut pixels, None, 0)?;
            let context = CreateCompatibleDC(None);
            let picture = Self {
                context,
                bitmap,
                pixels: pixels.cast_const().cast(),
                width: place.width,
                height: place.height,
            };
            if context.is_invalid() || SelectObject(context, bitmap.into()).is_invalid() {
                return Err(windows::core::Error::from_thread());
            }
            Ok(picture)
        }
    }

    /// Copies what is on the screen from this corner on, with the windows that are see-through.
    fn copy(&self, corner: POINT) -> Result<()> {
        let (width, height) = (i32::from(self.width), i32::from(self.height));
        // SAFETY: the screen's context is given back by the thread that got it; the other one is this picture's.
        outputs::in_real_pixels(|| unsafe {
            let screen = GetDC(None);
            let how = SRCCOPY | CAPTUREBLT;
            let copied = BitBlt(self.context, 0, 0, width, height, Some(screen), corner.x, corner.y, how);
            ReleaseDC(None, screen);
            // What was drawn is in memory from then on.
            let _ = GdiFlush();
            copied
        })
    }

    fn pixels(&self) -> &[u32] {
        let length = usize::from(self.width) * usize::from(self.height);
        // SAFETY: the bitmap holds so many pixels of four bytes, lives as long as this does, and is drawn on only by
        // `copy`, which has returned: the picture is never shared between threads.
        unsafe { std::slice::from_raw_parts(self.pixels, length) }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: both belong to this picture; a bitmap goes only after what draws on it.
        unsafe {
            let _ = DeleteDC(self.context);
            let _ = DeleteObject(self.bitmap.into());
        }
    }
}

// SAFETY: a context in memory and a cursor's handle belong to the process, not to a thread, and nothing of them is used
// from two threads at once, as they are not shared.
unsafe impl Send for Copied {}
