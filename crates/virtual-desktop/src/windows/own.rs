//! Plain windows of the test's own: to cover something, to fill the screen, to be typed into.

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT};

use super::Display;
use crate::{Rect, Result};

/// What a window of the test's own is like.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Its title.
    pub title: String,
    /// Where it is; for a full-screen window only where it starts.
    pub rect: Rect,
    /// Its one colour: red, green, blue.
    pub colour: [u8; 3],
    /// Whether it asks the window manager for the whole screen.
    pub full_screen: bool,
    /// Whether it goes past the window manager, and so above everything that was there before.
    pub override_redirect: bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            title: "test window".to_owned(),
            rect: Rect { x: 100, y: 100, width: 400, height: 300 },
            colour: [90, 90, 90],
            full_screen: false,
            override_redirect: false,
        }
    }
}

/// A window of the test's own; dropping it closes it.
pub struct OwnWindow {
    display: Display,
    id: u32,
    typed: std::cell::RefCell<String>,
}

impl OwnWindow {
    pub(super) fn open(display: Display, options: &WindowOptions) -> Result<Self> {
        let connection = &display.connection;
        let id = connection.generate_id()?;
        let [red, green, blue] = options.colour.map(u32::from);
        let look = CreateWindowAux::new()
            .background_pixel(red << 16 | green << 8 | blue)
            .override_redirect(u32::from(options.override_redirect))
            .event_mask(EventMask::KEY_PRESS | EventMask::STRUCTURE_NOTIFY);
        let Rect { x, y, width, height } = options.rect;
        let (x, y, width, height) = (x as i16, y as i16, width as u16, height as u16);
        let class = WindowClass::INPUT_OUTPUT;
        let depth = COPY_DEPTH_FROM_PARENT;
        connection.create_window(
            depth,
            id,
            display.root,
            x,
            y,
            width,
            height,
            0,
            class,
            COPY_FROM_PARENT,
            &look,
        )?;
        let (atoms, title) = (&display.atoms, options.title.as_bytes());
        connection.change_property8(PropMode::REPLACE, id, atoms._NET_WM_NAME, atoms.UTF8_STRING, title)?;
        let pid = [std::process::id()];
        connection.change_property32(PropMode::REPLACE, id, atoms._NET_WM_PID, AtomEnum::CARDINAL, &pid)?;
        if options.full_screen {
            let state = [atoms._NET_WM_STATE_FULLSCREEN];
            connection.change_property32(
                PropMode::REPLACE,
                id,
                atoms._NET_WM_STATE,
                AtomEnum::ATOM,
                &state,
            )?;
        }
        connection.map_window(id)?;
        display.sync()?;
        Ok(Self { display, id, typed: std::cell::RefCell::default() })
    }

    /// The X server's number for it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Everything that was typed into it so far (characters of the plain level, in lower case).
    pub fn typed(&self) -> Result<String> {
        self.display.sync()?;
        let mut typed = self.typed.borrow_mut();
        while let Some(event) = self.display.connection.poll_for_event()? {
            if let Event::KeyPress(event) = event {
                let map = self.display.connection.get_keyboard_mapping(event.detail, 1)?.reply()?;
                typed.extend(map.keysyms.first().copied().and_then(char::from_u32));
            }
        }
        Ok(typed.clone())
    }
}

impl Drop for OwnWindow {
    fn drop(&mut self) {
        // A server that is gone has no window left to close.
        let _ = self.display.connection.destroy_window(self.id);
        let _ = self.display.sync();
    }
}
