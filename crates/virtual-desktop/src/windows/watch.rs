//! When windows appear, stamped the moment the X server says so.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateWindowAux, EventMask, WindowClass,
};

use super::{Display, Window};
use crate::{Error, Result};

/// Watches for windows that appear, from its making to its drop.
pub struct MapWatcher {
    events: Receiver<Mapped>,
    main: Arc<Display>,
    /// A window of the watching thread; its end is the thread's.
    leash: u32,
}

/// A window has appeared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// `CLOCK_MONOTONIC` when the event was read.
    pub at: Duration,
    /// The window; where the window manager puts it into a frame, the window inside.
    pub window: Window,
}

impl MapWatcher {
    pub(super) fn start(main: &Arc<Display>) -> Result<Self> {
        let display = main.again()?;
        let leash = display.connection.generate_id()?;
        let (depth, class) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
        let quiet = CreateWindowAux::new().event_mask(EventMask::STRUCTURE_NOTIFY).override_redirect(1);
        display.connection.create_window(depth, leash, display.root, 0, 0, 1, 1, 0, class, 0, &quiet)?;
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        display.connection.change_window_attributes(display.root, &mask)?;
        display.sync()?;
        let (sender, events) = channel();
        std::thread::spawn(move || watch(&display, leash, &sender));
        Ok(Self { events, main: Arc::clone(main), leash })
    }

    /// The next window that fits, or an error when none appears in time.
    pub fn next(&self, what: &str, within: Duration, fits: impl Fn(&Window) -> bool) -> Result<Mapped> {
        let deadline = std::time::Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            match self.events.recv_timeout(left) {
                Ok(mapped) if fits(&mapped.window) => return Ok(mapped),
                Ok(_) => {}
                Err(_) => {
                    return Err(Error::Timeout {
                        what: what.to_owned(),
                        seconds: within.as_secs_f32(),
                        detail: String::new(),
                    });
                }
            }
        }
    }
}

impl Drop for MapWatcher {
    fn drop(&mut self) {
        // A server that is gone has ended the thread already.
        let _ = self.main.connection.destroy_window(self.leash);
        let _ = self.main.sync();
    }
}

fn watch(display: &Display, leash: u32, sender: &Sender<Mapped>) {
    while let Ok(event) = display.connection.wait_for_event() {
        let at = clock_gettime(ClockId::Monotonic);
        match event {
            Event::MapNotify(event) => {
                let at = Duration::new(at.tv_sec as u64, at.tv_nsec as u32);
                let Ok(window) = inner(display, event.window) else { continue };
                if sender.send(Mapped { at, window }).is_err() {
                    return;
                }
            }
            Event::DestroyNotify(event) if event.window == leash => return,
            _ => {}
        }
    }
}

/// The first window with a name, looking into frames.
fn inner(display: &Display, window: u32) -> Result<Window> {
    let outer = display.describe(window)?;
    if outer.pid.is_none() {
        for child in display.connection.query_tree(window)?.reply()?.children {
            let inner = display.describe(child)?;
            if inner.pid.is_some() || !inner.title.is_empty() {
                return Ok(inner);
            }
        }
    }
    Ok(outer)
}
