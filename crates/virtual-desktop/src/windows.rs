//! The windows on the screen: what they are called, whose they are, where they are, and when they appear.

use std::time::Duration;

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, MapState, PropMode, Screen,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::{Desktop, Point, Rect, Result, wait_for};

mod own;
mod watch;

pub use own::{OwnWindow, WindowOptions};
pub use watch::{MapWatcher, Mapped};

x11rb::atom_manager! {
    pub(crate) Atoms: AtomsCookie {
        UTF8_STRING,
        WM_PROTOCOLS,
        WM_CHANGE_STATE,
        WM_DELETE_WINDOW,
        _NET_CLIENT_LIST,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_NAME,
        _NET_WM_PID,
        _NET_WM_STATE,
        _NET_WM_STATE_FULLSCREEN,
        _NET_WM_WINDOW_TYPE,
    }
}

/// A connection to the X server with what every question needs.
pub(crate) struct Display {
    pub(crate) connection: RustConnection,
    pub(crate) root: u32,
    pub(crate) atoms: Atoms,
    name: String,
    number: usize,
}

/// A top-level window, as it was when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The X server's number for it.
    pub id: u32,
    /// Its title.
    pub title: String,
    /// The process that says it made it.
    pub pid: Option<u32>,
    /// Its class, the second of the two names in `WM_CLASS`.
    pub class: String,
    /// Where it is, without the window manager's frame.
    pub rect: Rect,
    /// Whether it is on screen (it may still be covered).
    pub mapped: bool,
    /// Whether it goes past the window manager.
    pub override_redirect: bool,
    /// The first name in `_NET_WM_WINDOW_TYPE`, without its prefix: `NORMAL`, `UTILITY`, `POPUP_MENU`, …
    pub kind: String,
    /// The names in `_NET_WM_STATE`, without their prefix: `ABOVE`, `SKIP_TASKBAR`, `DEMANDS_ATTENTION`, …
    pub states: Vec<String>,
}

impl Display {
    pub(crate) fn open(name: &str) -> Result<Self> {
        let (connection, number) = x11rb::connect(Some(name))?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let root = connection.setup().roots[number].root;
        Ok(Self { connection, root, atoms, name: name.to_owned(), number })
    }

    /// Another connection to the same server, with its own queue of events.
    pub(crate) fn again(&self) -> Result<Self> {
        Self::open(&self.name)
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.connection.setup().roots[self.number]
    }

    /// Returns once the server has done everything asked so far.
    pub(crate) fn sync(&self) -> Result<()> {
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }

    /// Toolkits read the scale from the root window's resources.
    pub(crate) fn set_scale(&self, scale: f32) -> Result<()> {
        let resources = format!("Xft.dpi:\t{}\n", (96.0 * scale).round());
        let (kind, value) = (AtomEnum::STRING, resources.as_bytes());
        self.connection.change_property8(
            PropMode::REPLACE,
            self.root,
            AtomEnum::RESOURCE_MANAGER,
            kind,
            value,
        )?;
        self.sync()
    }

    /// Gives the empty screen a calm colour, on which light and dark windows stand out.
    pub(crate) fn set_background(&self) -> Result<()> {
        const SLATE: u32 = 0x004a_6076;
        let look = ChangeWindowAttributesAux::new().background_pixel(SLATE);
        self.connection.change_window_attributes(self.root, &look)?;
        self.connection.clear_area(false, self.root, 0, 0, 0, 0)?;
        self.sync()
    }

    pub(crate) fn is_managed(&self) -> Result<bool> {
        Ok(!self.numbers(self.root, self.atoms._NET_SUPPORTING_WM_CHECK)?.is_empty())
    }

    fn numbers(&self, window: u32, property: Atom) -> Result<Vec<u32>> {
        let reply = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 4096)?.reply()?;
        Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
    }

    /// The names in a list of atoms, without their common prefix.
    fn names(&self, window: u32, property: Atom, prefix: &str) -> Result<Vec<String>> {
        let name = |atom| -> Result<String> {
            let name = self.connection.get_atom_name(atom)?.reply()?.name;
            Ok(String::from_utf8_lossy(&name).trim_start_matches(prefix).to_owned())
        };
        self.numbers(window, property)?.into_iter().map(name).collect()
    }

    fn text(&self, window: u32, property: Atom) -> Result<Option<String>> {
        let reply = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 4096)?.reply()?;
        Ok((!reply.value.is_empty()).then(|| String::from_utf8_lossy(&reply.value).into_owned()))
    }

    /// The client's window inside a child of the root, which may be the window manager's frame.
    fn client(&self, child: u32, managed: &[u32]) -> Result<Option<u32>> {
        if managed.contains(&child) {
            return Ok(Some(child));
        }
        let inner = self.connection.query_tree(child)?.reply()?.children;
        if let Some(&client) = inner.iter().find(|window| managed.contains(window)) {
            return Ok(Some(client));
        }
        let attributes = self.connection.get_window_attributes(child)?.reply()?;
        Ok((attributes.override_redirect && attributes.map_state == MapState::VIEWABLE).then_some(child))
    }

    pub(crate) fn describe(&self, id: u32) -> Result<Window> {
        let connection = &self.connection;
        let size = connection.get_geometry(id)?.reply()?;
        let place = connection.translate_coordinates(id, self.root, 0, 0)?.reply()?;
        let attributes = connection.get_window_attributes(id)?.reply()?;
        let title = match self.text(id, self.atoms._NET_WM_NAME)? {
            Some(title) => title,
            None => self.text(id, AtomEnum::WM_NAME.into())?.unwrap_or_default(),
        };
        let class = self.text(id, AtomEnum::WM_CLASS.into())?.unwrap_or_default();
        let kinds = self.names(id, self.atoms._NET_WM_WINDOW_TYPE, "_NET_WM_WINDOW_TYPE_")?;
        Ok(Window {
            id,
            title,
            pid: self.numbers(id, self.atoms._NET_WM_PID)?.first().copied(),
            class: class.split('\0').nth(1).unwrap_or_default().to_owned(),
            rect: Rect {
                x: place.dst_x.into(),
                y: place.dst_y.into(),
                width: size.width.into(),
                height: size.height.into(),
            },
            mapped: attributes.map_state == MapState::VIEWABLE,
            override_redirect: attributes.override_redirect,
            kind: kinds.into_iter().next().unwrap_or_default(),
            states: self.names(id, self.atoms._NET_WM_STATE, "_NET_WM_STATE_")?,
        })
    }

    fn on_screen(&self, rect: Rect) -> bool {
        let (width, height) = (self.screen().width_in_pixels.into(), self.screen().height_in_pixels.into());
        rect.x < width && rect.y < height && rect.x + rect.width as i32 > 0 && rect.y + rect.height as i32 > 0
    }

    /// The first window below this one, at any depth, of this class: for parts of a panel.
    pub(crate) fn inside(&self, window: u32, class: &str) -> Result<Option<Window>> {
        for child in self.connection.query_tree(window)?.reply()?.children {
            // A window that goes away meanwhile is not the one.
            let Ok(described) = self.describe(child) else { continue };
            if described.class == class {
                return Ok(Some(described));
            }
            if let Ok(Some(found)) = self.inside(child, class) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// All top-level windows, the lowest first; a window that goes away meanwhile is left out.
    pub(crate) fn windows(&self) -> Result<Vec<Window>> {
        let managed = self.numbers(self.root, self.atoms._NET_CLIENT_LIST)?;
        let children = self.connection.query_tree(self.root)?.reply()?.children;
        let clients = children.into_iter().filter_map(|child| self.client(child, &managed).ok().flatten());
        let windows = clients.filter_map(|client| self.describe(client).ok());
        // Window managers keep helpers of their own outside the screen.
        Ok(windows.filter(|window| !window.override_redirect || self.on_screen(window.rect)).collect())
    }
}

impl Desktop {
    /// All top-level windows, the lowest first.
    pub fn windows(&self) -> Result<Vec<Window>> {
        self.x.windows()
    }

    /// Waits until a window that fits is on screen.
    pub fn wait_for_window(
        &self,
        what: &str,
        within: Duration,
        fits: impl Fn(&Window) -> bool,
    ) -> Result<Window> {
        wait_for(what, within, || {
            self.windows().ok()?.into_iter().find(|window| window.mapped && fits(window))
        })
    }

    /// Waits until a window with this title is on screen.
    pub fn wait_for_title(&self, title: &str, within: Duration) -> Result<Window> {
        self.wait_for_window(&format!("the window {title:?}"), within, |window| window.title == title)
    }

    /// The window that gets what is typed, if any.
    pub fn focused(&self) -> Result<Option<Window>> {
        let tops = self.windows()?;
        let mut window = self.x.connection.get_input_focus()?.reply()?.focus;
        // The focus may be on a window deep inside. 0 and 1 stand for nobody and for the pointer's window.
        while window > 1 && window != self.x.root {
            if let Some(top) = tops.iter().find(|top| top.id == window) {
                return Ok(Some(top.clone()));
            }
            window = self.x.connection.query_tree(window)?.reply()?.parent;
        }
        Ok(None)
    }

    /// The window at a point of the screen: the one that a click there reaches.
    pub fn window_at(&self, point: Point) -> Result<Option<Window>> {
        let mapped = |window: &Window| window.mapped && window.rect.contains(point);
        Ok(self.windows()?.into_iter().rfind(mapped))
    }

    /// Asks a window to close, as the button in its frame does.
    pub fn close_window(&self, window: &Window) -> Result<()> {
        use x11rb::protocol::xproto::{ClientMessageEvent, EventMask};
        let (kind, close) = (self.x.atoms.WM_PROTOCOLS, self.x.atoms.WM_DELETE_WINDOW);
        let event = ClientMessageEvent::new(32, window.id, kind, [close, x11rb::CURRENT_TIME, 0, 0, 0]);
        self.x.connection.send_event(false, window.id, EventMask::NO_EVENT, event)?;
        self.x.sync()
    }

    /// Has the window manager minimise a window, as the button in its frame does.
    pub fn minimise_window(&self, window: &Window) -> Result<()> {
        use x11rb::protocol::xproto::{ClientMessageEvent, EventMask};
        /// `IconicState`, see section 4.1.4 of the ICCCM.
        const ICONIC: u32 = 3;
        let event =
            ClientMessageEvent::new(32, window.id, self.x.atoms.WM_CHANGE_STATE, [ICONIC, 0, 0, 0, 0]);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x.connection.send_event(false, self.x.root, mask, event)?;
        self.x.sync()
    }

    /// Starts to watch for windows that appear.
    pub fn watch_maps(&self) -> Result<MapWatcher> {
        MapWatcher::start(&self.x)
    }

    /// Opens a plain window of the test's own.
    pub fn open_window(&self, options: &WindowOptions) -> Result<OwnWindow> {
        OwnWindow::open(self.x.again()?, options)
    }
}
