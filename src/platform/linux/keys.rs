//! Keys that count wherever the user is, through the X server. Wayland's compositors give no program such keys without
//! their own dialog; there the popup and the window are reached as every window is.
//!
//! The keys are taken from other programs only while they mean something. Nothing is asked repeatedly: a thread sleeps
//! until the server tells of a press.

use crate::resident::menu::Choice;
use std::{env, sync::Arc, thread};
use x11rb::{
    connection::Connection as _,
    errors::{ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        xproto::{ConnectionExt as _, GrabMode, Keycode, ModMask, Window},
    },
    rust_connection::RustConnection,
};

/// The keys, as X names them; every keyboard has them, whatever its layout: Escape and the space bar.
const KEYS: [(u32, Choice); 2] = [(0xff1b, Choice::End), (0x0020, Choice::Review)];
const CHORD: u16 = 1 << 0 | 1 << 2 | 1 << 3;
/// A chord counts with Caps Lock and Num Lock as without; for the server these are modifiers like others.
const LOCKS: [u16; 4] = [0, 1 << 1, 1 << 4, 1 << 1 | 1 << 4];

/// The keys Ctrl+Alt+Shift+Escape and Ctrl+Alt+Shift+Space.
pub(super) struct Keys {
    pressed: Arc<dyn Fn(Choice) + Send + Sync>,
    server: Option<Server>,
    held: bool,
}

struct Server {
    connection: Arc<RustConnection>,
    root: Window,
    codes: Vec<(Keycode, Choice)>,
}

impl Keys {
    /// Nothing is held yet; `pressed` is called on a thread of its own.
    pub(super) fn new(pressed: impl Fn(Choice) + Send + Sync + 'static) -> Self {
        Self { pressed: Arc::new(pressed), server: None, held: false }
    }

    /// Takes the keys, or gives them back.
    pub(super) fn hold(&mut self, hold: bool) {
        if self.held == hold || env::var_os("DISPLAY").is_none() {
            return;
        }
        self.held = hold;
        if let Err(error) = self.change(hold) {
            tracing::info!(%error, "the keys for ending and reviewing are not to be had");
            self.server = None;
        }
    }

    fn change(&mut self, hold: bool) -> anyhow::Result<()> {
        let server = match &mut self.server {
            Some(server) => server,
            none => none.insert(Server::connect(&self.pressed)?),
        };
        let (connection, root) = (&server.connection, server.root);
        for &(code, choice) in &server.codes {
            for locks in LOCKS {
                let modifiers = ModMask::from(CHORD | locks);
                let done = if hold {
                    let mode = GrabMode::ASYNC;
                    connection.grab_key(false, root, modifiers, code, mode, mode)?.check()
                } else {
                    connection.ungrab_key(code, root, modifiers)?.check()
                };
                match done {
                    // Another program has this one; the others are still worth having.
                    Err(ReplyError::X11Error(_)) => {
                        tracing::info!(?choice, "a key belongs to another program")
                    }
                    done => done?,
                }
            }
        }
        Ok(())
    }
}

impl Server {
    fn connect(pressed: &Arc<dyn Fn(Choice) + Send + Sync>) -> anyhow::Result<Self> {
        let (connection, screen) = RustConnection::connect(None)?;
        let connection = Arc::new(connection);
        let root = connection.setup().roots[screen].root;
        let codes = key_codes(&connection)?;
        let (events, meanings, pressed) = (connection.clone(), codes.clone(), pressed.clone());
        thread::Builder::new().name("keys".into()).spawn(move || {
            while let Ok(event) = events.wait_for_event() {
                let Event::KeyPress(press) = event else { continue };
                if let Some((_, choice)) = meanings.iter().find(|(code, _)| *code == press.detail) {
                    pressed(*choice);
                }
            }
        })?;
        Ok(Self { connection, root, codes })
    }
}

/// Which of this keyboard's codes stand for [`KEYS`].
fn key_codes(connection: &RustConnection) -> Result<Vec<(Keycode, Choice)>, ReplyOrIdError> {
    let (first, last) = (connection.setup().min_keycode, connection.setup().max_keycode);
    let mapping = connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
    let symbols = mapping.keysyms.chunks(usize::from(mapping.keysyms_per_keycode).max(1));
    let codes = (first..=last).zip(symbols).filter_map(|(code, symbols)| {
        let (_, choice) = KEYS.iter().find(|(symbol, _)| symbols.first() == Some(symbol))?;
        Some((code, *choice))
    });
    Ok(codes.collect())
}
