//! The frame: four narrow windows a monitor, past the window manager and without any input of their own.
//!
//! Narrow windows, because one window as large as the monitor with a hole in it would count as covering everything
//! for whoever goes by rectangles: the popup does, and some compositors.

use std::{sync::Arc, time::Duration};

use x11rb::{
    COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT,
    connection::Connection as _,
    protocol::{
        Event, shape,
        xfixes::{self, ConnectionExt as _},
        xproto::{
            AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
            StackMode, Window, WindowClass,
        },
    },
    wrapper::ConnectionExt as _,
};

use super::{Display, server::Server};
use crate::{Area, Error, Rect};

/// Wide enough to be noticed, too narrow to hide what is being worked on.
const WIDTH: u16 = 4;
/// Between one raise and the next, so that another window that insists on being the topmost makes no race of it.
const PAUSE: Duration = Duration::from_millis(100);

x11rb::atom_manager! {
    /// The names of the window manager's protocol (EWMH).
    Atoms: AtomsCookie {
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_NOTIFICATION,
    }
}

pub(crate) struct Border {
    server: Arc<Server>,
}

struct Frame {
    server: Arc<Server>,
    atoms: Atoms,
    area: Area,
    colour: u32,
    /// No pixel: what of a strip takes clicks.
    nothing: xfixes::Region,
    monitors: Vec<Rect>,
    strips: Vec<Window>,
}

impl Border {
    pub(crate) fn show(display: &Display, area: Area, colour: u32) -> Result<Self, Error> {
        let server = Arc::new(Server::connect(display)?);
        server.needs(xfixes::X11_EXTENSION_NAME)?;
        server.needs(shape::X11_EXTENSION_NAME)?;
        // The server wants to be asked its version before anything else.
        let _ = server.connection.xfixes_query_version(5, 0)?.reply()?;
        server.watch_layout(EventMask::SUBSTRUCTURE_NOTIFY)?;
        let atoms = Atoms::new(&server.connection)?.reply()?;
        let nothing = server.connection.generate_id()?;
        server.connection.xfixes_create_region(nothing, &[])?.check()?;
        let (monitors, strips) = (Vec::new(), Vec::new());
        let mut frame = Frame { server, atoms, area, colour, nothing, monitors, strips };
        frame.follow()?;
        let server = frame.server.clone();
        let thread = std::thread::Builder::new().name("border".into());
        // Nobody waits for it: without its connection it has nothing left to do or to show.
        thread.spawn(move || frame.watch()).map_err(Error::Thread)?;
        Ok(Self { server })
    }
}

impl Drop for Border {
    fn drop(&mut self) {
        self.server.cut();
    }
}

impl Frame {
    /// Puts the strips where the monitors are at present.
    fn follow(&mut self) -> Result<(), Error> {
        let all = self.server.monitors()?.into_iter();
        let monitors: Vec<_> = match self.area {
            Area::Whole => all.map(|monitor| monitor.rect).collect(),
            Area::Monitor(id) => all.filter(|monitor| monitor.id == id).map(|monitor| monitor.rect).collect(),
        };
        if monitors != self.monitors {
            for strip in std::mem::take(&mut self.strips) {
                self.server.connection.destroy_window(strip)?;
            }
            for rect in monitors.iter().flat_map(|monitor| strips(*monitor)) {
                let strip = self.open(rect)?;
                self.strips.push(strip);
            }
            self.server.connection.sync()?;
            self.monitors = monitors;
        }
        if self.monitors.is_empty() { Err(Error::NoSuchMonitor) } else { Ok(()) }
    }

    fn open(&self, rect: Rect) -> Result<Window, Error> {
        let connection = &self.server.connection;
        let window = connection.generate_id()?;
        let look = CreateWindowAux::new().background_pixel(self.colour).override_redirect(1);
        let place = |edge: u16| i16::try_from(edge).unwrap_or(i16::MAX);
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            self.server.root,
            place(rect.x),
            place(rect.y),
            rect.width,
            rect.height,
            0,
            WindowClass::INPUT_OUTPUT,
            COPY_FROM_PARENT,
            &look,
        )?;
        connection.xfixes_set_window_shape_region(window, shape::SK::INPUT, 0, 0, self.nothing)?;
        let class = b"border\0ondemand-agent\0";
        connection.change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_CLASS,
            AtomEnum::STRING,
            class,
        )?;
        // Of a kind that other programs look through: it is there to be seen, not to be used.
        let kind = [self.atoms._NET_WM_WINDOW_TYPE_NOTIFICATION];
        let property = self.atoms._NET_WM_WINDOW_TYPE;
        connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &kind)?;
        connection.map_window(window)?.check()?;
        Ok(window)
    }

    /// Follows the monitors and stays above other windows, until the connection is cut.
    fn watch(mut self) {
        while let Ok(event) = self.server.connection.wait_for_event() {
            let (mut layout, mut stacking) = (false, false);
            let mut next = Some(event);
            while let Some(event) = next {
                layout |= self.server.is_layout(&event);
                stacking |= self.is_foreign(&event);
                next = self.server.connection.poll_for_event().unwrap_or_default();
            }
            if layout && let Err(Error::Lost(_)) = self.follow() {
                return;
            }
            if stacking {
                if self.raise().is_err() {
                    return;
                }
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Whether another window came to the screen, moved, or was raised.
    fn is_foreign(&self, event: &Event) -> bool {
        match event {
            Event::MapNotify(event) => !self.strips.contains(&event.window),
            Event::ConfigureNotify(event) => {
                event.window != self.server.root && !self.strips.contains(&event.window)
            }
            Event::CirculateNotify(_) => true,
            _ => false,
        }
    }

    /// Raises each strip that is covered; the server leaves all others as they are.
    fn raise(&self) -> Result<(), Error> {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::TOP_IF);
        for &strip in &self.strips {
            self.server.connection.configure_window(strip, &above)?;
        }
        Ok(self.server.connection.flush()?)
    }
}

/// The edges of a monitor.
fn strips(monitor: Rect) -> [Rect; 4] {
    let Rect { x, y, width, height } = monitor;
    let (thick, high) = (WIDTH.min(width), WIDTH.min(height));
    let between = height.saturating_sub(2 * high).max(1);
    [
        Rect { height: high, ..monitor },
        Rect { y: y + (height - high), height: high, ..monitor },
        Rect { x, y: y + high, width: thick, height: between },
        Rect { x: x + (width - thick), y: y + high, width: thick, height: between },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strips_are_the_edges_of_the_monitor() {
        let monitor = Rect { x: 1920, y: 10, width: 800, height: 600 };
        assert_eq!(
            strips(monitor),
            [
                Rect { x: 1920, y: 10, width: 800, height: 4 },
                Rect { x: 1920, y: 606, width: 800, height: 4 },
                Rect { x: 1920, y: 14, width: 4, height: 592 },
                Rect { x: 2716, y: 14, width: 4, height: 592 },
            ]
        );
        let sliver = Rect { x: 0, y: 0, width: 2, height: 3 };
        assert!(strips(sliver).iter().all(|strip| strip.within(sliver).is_some() || strip.y >= 3));
    }
}
