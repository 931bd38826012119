//! What is on the screen, on every system behind the same few functions.
//!
//! [`monitors`] lists the monitors, [`Capture`] hands out the pixels of one of them or of all as they change, and
//! [`Border`] draws a frame around what is viewed, for the person in front of it.
//! A display that cannot be captured is [`Error::Unsupported`] with a reason to tell people; a black picture in its
//! place is never given out.
//!
//! It encodes nothing, sends nothing and injects nothing; nobody has asked it whether the person agreed.

mod error;
mod geometry;
mod platform;

pub use error::{Error, Reason};
pub use geometry::{Rect, Size};
pub use platform::Display;

/// A monitor for as long as it stays connected; the number means nothing beyond this display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MonitorId(pub u32);

/// A monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// What [`Area::Monitor`] takes.
    pub id: MonitorId,
    /// What the system calls it: `HDMI-1`.
    pub name: String,
    /// Where it is on the whole desktop, whose top left corner is 0, 0.
    pub rect: Rect,
    /// Whether it is the one with the panel or task bar.
    pub primary: bool,
}

/// The part of the desktop that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// All monitors, as they are arranged.
    Whole,
    /// One monitor, wherever it moves to.
    Monitor(MonitorId),
}

/// The pointer's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its size; 0 × 0 where the pointer is hidden.
    pub size: Size,
    /// The column of the pixel that points.
    pub hot_x: u16,
    /// The row of the pixel that points.
    pub hot_y: u16,
    /// `0xAARRGGBB`, the colours multiplied by alpha, row by row.
    pub pixels: Vec<u32>,
}

/// The monitors of this display; never none.
///
/// # Errors
///
/// As [`Capture::start`].
pub fn monitors(display: &Display) -> Result<Vec<Monitor>, Error> {
    platform::monitors(display)
}

/// The picture of an area, as it changes.
///
/// It belongs to one viewer. Where nothing moves it costs nothing.
pub struct Capture(platform::Capture);

impl Capture {
    /// Begins to watch the area.
    ///
    /// `changed` is called from a thread of the capture's own when something is new: pixels, cursor, where the pointer
    /// is, size, monitors, or that the display has gone. It is called once for all of a kind that happens until that is
    /// next asked for ([`grab`](Self::grab), [`cursor`](Self::cursor), [`pointer`](Self::pointer)), may be called where nothing is new after all, and must return at once: dropping
    /// the capture waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where this display cannot be captured, [`Error::NoSuchMonitor`], [`Error::Lost`].
    pub fn start(
        display: &Display,
        area: Area,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        platform::Capture::start(display, area, Box::new(changed)).map(Self)
    }

    /// The size of the area.
    pub fn size(&self) -> Size {
        self.0.size()
    }

    /// Hands out what has changed since the last call; the first call hands out everything.
    ///
    /// `take` gets a rectangle of the area, its pixels as `0x00RRGGBB` (the top byte may be anything) and the
    /// pixels from one row to the next. A rectangle may contain pixels that have not changed.
    ///
    /// # Errors
    ///
    /// After [`Error::Resized`], [`size`](Self::size) is the new one and the next call hands out everything;
    /// [`Error::NoSuchMonitor`] holds until the monitor is back, [`Error::Hidden`] until the picture is, and `changed`
    /// is called then; [`Error::Lost`] is the end.
    /// After any error what was handed out may be incomplete, and the next call hands out everything.
    pub fn grab(&mut self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        self.0.grab(take)
    }

    /// Makes the next [`grab`](Self::grab) hand out everything.
    pub fn refresh(&mut self) {
        self.0.refresh();
    }

    /// The cursor, where it has changed since the last call; the first call has it always.
    ///
    /// Where a system draws the cursor into the picture there is none to be had here.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`].
    pub fn cursor(&mut self) -> Result<Option<Cursor>, Error> {
        self.0.cursor()
    }

    /// Where in the area the pointer is; `None` while it is elsewhere, or hidden on Windows, and always where a system
    /// draws it into the picture.
    ///
    /// A program that moves the pointer is noticed with the next thing that is new.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`].
    pub fn pointer(&mut self) -> Result<Option<(u16, u16)>, Error> {
        self.0.pointer()
    }

    /// The monitors of the display, where they may have changed since the last call; the first call has them always.
    ///
    /// # Errors
    ///
    /// As [`monitors`].
    pub fn monitors(&mut self) -> Result<Option<Vec<Monitor>>, Error> {
        self.0.monitors()
    }
}

/// A capture may be started on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Capture>();
    is_send::<Border>();
};

/// A thin frame around every monitor of an area, above other windows, that follows the area; dropped, it is gone.
///
/// It takes no clicks and no focus and is in no list of windows.
/// On X11 it is part of the picture, since no window can be left out there; on Windows it is left out.
/// On macOS there is none yet ([`Reason::Frame`]); the system itself says in the menu bar that the screen is recorded.
pub struct Border {
    _border: platform::Border,
}

impl Border {
    /// Shows it, in the colour `0x00RRGGBB`.
    ///
    /// # Errors
    ///
    /// As [`Capture::start`].
    pub fn show(display: &Display, area: Area, colour: u32) -> Result<Self, Error> {
        platform::Border::show(display, area, colour).map(|border| Self { _border: border })
    }
}
