//! A connection to the X server, and what it says of screen and monitors.

use display::{Connected, Display, Unusable};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        randr::{self, ConnectionExt as _},
        xinput::{self, ConnectionExt as _},
        xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageOrder, VisualClass, Window},
    },
    rust_connection::RustConnection,
};

use crate::{Area, Error, Monitor, MonitorId, Reason, Rect, Size};

pub(super) struct Server {
    pub(super) connection: RustConnection,
    pub(super) root: Window,
    screen: usize,
    lists_monitors: bool,
    /// Whether it can tell when the pointer moves, whoever has it for themselves.
    pub(super) tells_pointer: bool,
}

impl Server {
    /// Connects, and finds out what the server can tell.
    pub(super) fn connect(display: &Display) -> Result<Self, Error> {
        let Connected { connection, screen, root } = display.connect()?;
        let mut server = Self { connection, root, screen, lists_monitors: false, tells_pointer: false };
        if server.has(randr::X11_EXTENSION_NAME)? {
            let version = server.connection.randr_query_version(1, 5)?.reply()?;
            server.lists_monitors = (version.major_version, version.minor_version) >= (1, 5);
        }
        if server.has(xinput::X11_EXTENSION_NAME)? {
            let version = server.connection.xinput_xi_query_version(2, 2)?.reply()?;
            server.tells_pointer = (version.major_version, version.minor_version) >= (2, 2);
        }
        Ok(server)
    }

    pub(super) fn has(&self, extension: &'static str) -> Result<bool, Error> {
        Ok(self.connection.extension_information(extension)?.is_some())
    }

    pub(super) fn needs(&self, extension: &'static str) -> Result<(), Error> {
        if self.has(extension)? { Ok(()) } else { Err(Reason::Extension(extension).into()) }
    }

    /// Whether pixels arrive as `0x00RRGGBB` in this computer's byte order: what every screen of today has.
    pub(super) fn has_plain_colours(&self) -> bool {
        let setup = self.connection.setup();
        let screen = &setup.roots[self.screen];
        let native = if cfg!(target_endian = "big") { ImageOrder::MSB_FIRST } else { ImageOrder::LSB_FIRST };
        let four_bytes = |depth| {
            setup.pixmap_formats.iter().any(|format| format.depth == depth && format.bits_per_pixel == 32)
        };
        let mut visuals = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals);
        let visual = visuals.find(|visual| visual.visual_id == screen.root_visual);
        four_bytes(screen.root_depth)
            && setup.image_byte_order == native
            && visual.is_some_and(|visual| {
                visual.class == VisualClass::TRUE_COLOR
                    && (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_0000, 0xff00, 0xff)
            })
    }

    /// Asks to be told when screen or monitors change; [`Self::is_layout`] knows the events. `others` is what else to be
    /// told of the root window.
    pub(super) fn watch_layout(&self, others: EventMask) -> Result<(), Error> {
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY | others);
        self.connection.change_window_attributes(self.root, &mask)?.check()?;
        if self.lists_monitors {
            let mask = randr::NotifyMask::SCREEN_CHANGE | randr::NotifyMask::CRTC_CHANGE;
            self.connection.randr_select_input(self.root, mask)?.check()?;
        }
        Ok(())
    }

    pub(super) fn is_layout(&self, event: &Event) -> bool {
        match event {
            Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => true,
            Event::ConfigureNotify(event) => event.window == self.root,
            _ => false,
        }
    }

    pub(super) fn monitors(&self) -> Result<Vec<Monitor>, Error> {
        let whole = self.whole()?;
        let mut monitors = Vec::new();
        if self.lists_monitors {
            for info in self.connection.randr_get_monitors(self.root, true)?.reply()?.monitors {
                let (left, top) = (i32::from(info.x), i32::from(info.y));
                let (right, bottom) = (left + i32::from(info.width), top + i32::from(info.height));
                let rect = Rect::between(left, top, right, bottom).and_then(|rect| rect.within(whole));
                let Some(rect) = rect else { continue };
                let name = self.connection.get_atom_name(info.name)?.reply()?.name;
                monitors.push(Monitor {
                    id: MonitorId(info.name),
                    name: String::from_utf8_lossy(&name).into_owned(),
                    rect,
                    primary: info.primary,
                });
            }
        }
        if monitors.is_empty() {
            monitors.push(Monitor { id: MonitorId(0), name: "screen".into(), rect: whole, primary: true });
        }
        Ok(monitors)
    }

    fn whole(&self) -> Result<Rect, Error> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok(Size { width: geometry.width, height: geometry.height }.rect())
    }

    /// Where the area is at present.
    pub(super) fn rect(&self, area: Area) -> Result<Rect, Error> {
        match area {
            Area::Whole => self.whole(),
            Area::Monitor(id) => {
                let monitors = self.monitors()?;
                let monitor = monitors.iter().find(|monitor| monitor.id == id);
                monitor.map(|monitor| monitor.rect).ok_or(Error::NoSuchMonitor)
            }
        }
    }

    /// Cuts the connection: whoever waits at it returns, even where the server hangs, and the server removes
    /// everything that belongs to it.
    pub(super) fn cut(&self) {
        // It fails only where the server has cut it before.
        let _ = rustix::net::shutdown(self.connection.stream(), rustix::net::Shutdown::Both);
    }
}

impl From<Unusable> for Error {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::Wayland => Reason::Wayland.into(),
            Unusable::NoDisplay => Reason::NoDisplay.into(),
            Unusable::Unreachable => Reason::Unreachable.into(),
            Unusable::Broken(error) => error.into(),
        }
    }
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        Self::Lost(Box::new(error))
    }
}

impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(_) => Self::Refused(Box::new(error)),
        }
    }
}

impl From<ReplyOrIdError> for Error {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::IdsExhausted | ReplyOrIdError::X11Error(_) => Self::Refused(Box::new(error)),
        }
    }
}
