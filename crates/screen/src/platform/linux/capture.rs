//! The picture of an area of an X screen.
//!
//! The server keeps account of what was drawn on (DAMAGE) and tells once that there is something; a thread sleeps
//! until then. What the account says is fetched only when somebody asks for it, so that a slow viewer costs no more
//! than a quick one.
//!
//! A server that hangs holds up `grab` and `cursor`, as it does every program on the screen; dropping does not wait
//! for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::JoinHandle,
};

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        damage::{self, ConnectionExt as _},
        xfixes::{self, ConnectionExt as _},
        xinput::{self, ConnectionExt as _, XIEventMask},
        xproto::{ConnectionExt as _, EventMask, Rectangle},
    },
};

use super::{Display, pixels::Pixels, server::Server};
use crate::{Area, Cursor, Error, Monitor, Reason, Rect, Size, geometry::gather, platform::Changed};

pub(crate) struct Capture {
    watch: Arc<Watch>,
    watcher: Option<JoinHandle<()>>,
    area: Area,
    /// Where the area is on the root window.
    rect: Rect,
    pixels: Pixels,
    damage: damage::Damage,
    damaged: xfixes::Region,
    /// The next grab is of all pixels.
    everything: bool,
}

/// What the thread that waits for events shares with the capture.
struct Watch {
    server: Server,
    changed: Changed,
    /// What is new since it was last asked for.
    new: News,
    /// Whether the server says when the pointer moves, which it does only until it has said so: a mouse may tell a
    /// thousand times a second.
    follows_pointer: Mutex<bool>,
    /// The capture ends: nobody is to be told that the connection does.
    ends: AtomicBool,
}

#[derive(Default)]
struct News {
    pixels: AtomicBool,
    cursor: AtomicBool,
    layout: AtomicBool,
    monitors: AtomicBool,
}

impl Capture {
    pub(crate) fn start(display: &Display, area: Area, changed: Changed) -> Result<Self, Error> {
        let server = Server::connect(display)?;
        if !server.has_plain_colours() {
            return Err(Reason::Colours.into());
        }
        server.needs(xfixes::X11_EXTENSION_NAME)?;
        server.needs(damage::X11_EXTENSION_NAME)?;
        let connection = &server.connection;
        // The server wants to be asked its version before anything else.
        let _ = connection.xfixes_query_version(5, 0)?.reply()?;
        let _ = connection.damage_query_version(1, 1)?.reply()?;

        // Told first and asked then, no change falls in between.
        server.watch_layout(EventMask::NO_EVENT)?;
        connection
            .xfixes_select_cursor_input(server.root, xfixes::CursorNotifyMask::DISPLAY_CURSOR)?
            .check()?;
        let rect = server.rect(area)?;
        let damaged = connection.generate_id()?;
        connection.xfixes_create_region(damaged, &[])?.check()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, server.root, damage::ReportLevel::NON_EMPTY)?.check()?;
        let pixels = Pixels::new(&server, rect.size())?;

        let yes = || AtomicBool::new(true);
        let new = News { cursor: yes(), monitors: yes(), ..News::default() };
        let follows_pointer = Mutex::new(false);
        let watch = Arc::new(Watch { server, changed, new, follows_pointer, ends: AtomicBool::new(false) });
        watch.follow_pointer(true)?;
        let thread = std::thread::Builder::new().name("screen".into());
        let shared = watch.clone();
        let watcher = thread.spawn(move || shared.run()).map_err(Error::Thread)?;
        Ok(Self { watch, watcher: Some(watcher), area, rect, pixels, damage, damaged, everything: true })
    }

    pub(crate) fn size(&self) -> Size {
        self.rect.size()
    }

    pub(crate) fn refresh(&mut self) {
        self.everything = true;
    }

    pub(crate) fn grab(&mut self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        if self.watch.new.layout.swap(false, SeqCst) {
            self.look_where()?;
        }
        if !self.watch.new.pixels.swap(false, SeqCst) && !self.everything {
            return Ok(());
        }
        let fetched = self.fetch(take);
        if fetched.is_err() {
            self.everything = true;
        }
        if let Err(Error::Refused(_)) = fetched {
            // A screen that shrank has no pixels where some were asked for, and says so before it tells its size.
            self.look_where()?;
        }
        fetched
    }

    fn fetch(&mut self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        let Self { watch, rect: area, .. } = self;
        let (server, connection) = (&watch.server, &watch.server.connection);
        let rects = if self.everything {
            connection.damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)?;
            vec![area.size().rect()]
        } else {
            connection.damage_subtract(self.damage, x11rb::NONE, self.damaged)?;
            let damaged = connection.xfixes_fetch_region(self.damaged)?.reply()?.rectangles;
            gather(damaged.iter().filter_map(|rect| on_screen(rect)?.within(*area)))
        };
        self.pixels.fetch(server, *area, &rects, take)?;
        self.everything = false;
        Ok(())
    }

    /// Finds the area again after screen or monitors have changed.
    fn look_where(&mut self) -> Result<(), Error> {
        let server = &self.watch.server;
        let found = server.rect(self.area).inspect_err(|_| {
            self.watch.new.layout.store(true, SeqCst);
            self.everything = true;
        })?;
        if found == self.rect {
            return Ok(());
        }
        let resized = found.size() != self.rect.size();
        self.rect = found;
        self.everything = true;
        if resized {
            self.pixels.free(server)?;
            self.pixels = Pixels::new(server, found.size())?;
            return Err(Error::Resized);
        }
        Ok(())
    }

    pub(crate) fn cursor(&mut self) -> Result<Option<Cursor>, Error> {
        if !self.watch.new.cursor.swap(false, SeqCst) {
            return Ok(None);
        }
        let image = self.watch.server.connection.xfixes_get_cursor_image()?.reply()?;
        Ok(Some(Cursor {
            size: Size { width: image.width, height: image.height },
            hot_x: image.xhot,
            hot_y: image.yhot,
            pixels: image.cursor_image,
        }))
    }

    pub(crate) fn pointer(&mut self) -> Result<Option<(u16, u16)>, Error> {
        let server = &self.watch.server;
        self.watch.follow_pointer(true)?;
        let pointer = server.connection.query_pointer(server.root)?.reply()?;
        let inside = |at: i16, start: u16, length: u16| {
            u16::try_from(i32::from(at) - i32::from(start)).ok().filter(|&at| at < length)
        };
        let Rect { x, y, width, height } = self.rect;
        let place = inside(pointer.root_x, x, width).zip(inside(pointer.root_y, y, height));
        Ok(place.filter(|_| pointer.same_screen))
    }

    pub(crate) fn monitors(&mut self) -> Result<Option<Vec<Monitor>>, Error> {
        if !self.watch.new.monitors.swap(false, SeqCst) {
            return Ok(None);
        }
        self.watch.server.monitors().map(Some)
    }
}

/// The part of a damaged rectangle with coordinates that a screen can have.
fn on_screen(rect: &Rectangle) -> Option<Rect> {
    let (x, y) = (i32::from(rect.x), i32::from(rect.y));
    Rect::between(x, y, x + i32::from(rect.width), y + i32::from(rect.height))
}

impl Watch {
    fn run(&self) {
        while let Ok(event) = self.server.connection.wait_for_event() {
            self.note(&event);
        }
        if !self.ends.load(SeqCst) {
            // Whoever asks next hears from the connection itself that it is gone.
            self.new.pixels.store(true, SeqCst);
            (self.changed)();
        }
    }

    /// Has the server say when the pointer moves, or not any more. Returns whether that is new.
    fn follow_pointer(&self, follow: bool) -> Result<bool, Error> {
        let mut follows = self.follows_pointer.lock().unwrap_or_else(PoisonError::into_inner);
        let new = *follows != follow;
        if new && self.server.tells_pointer {
            let mask = if follow { XIEventMask::RAW_MOTION } else { XIEventMask::from(0_u32) };
            let mask = xinput::EventMask { deviceid: xinput::Device::ALL_MASTER.into(), mask: vec![mask] };
            self.server.connection.xinput_xi_select_events(self.server.root, &[mask])?;
            self.server.connection.flush()?;
        }
        *follows = follow;
        Ok(new)
    }

    fn note(&self, event: &Event) {
        if let Event::XinputRawMotion(_) = event {
            // It fails only where the connection has ended, which is noticed where events come from.
            if self.follow_pointer(false).unwrap_or(false) {
                (self.changed)();
            }
            return;
        }
        if self.server.is_layout(event) {
            self.new.monitors.store(true, SeqCst);
        }
        let news = match event {
            Event::DamageNotify(_) => &self.new.pixels,
            Event::XfixesCursorNotify(_) => &self.new.cursor,
            event if self.server.is_layout(event) => &self.new.layout,
            _ => return,
        };
        if !news.swap(true, SeqCst) {
            (self.changed)();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.watch.ends.store(true, SeqCst);
        self.watch.server.cut();
        if let Some(watcher) = self.watcher.take() {
            // A panic in `changed` has been reported by the thread itself.
            let _ = watcher.join();
        }
    }
}
