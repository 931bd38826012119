//! Pointer and keyboard, as real events of the X server.

use std::time::Duration;

use x11rb::CURRENT_TIME;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    KeyButMask, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::{Desktop, Error, Point, Result};

/// How long a click holds the button down.
const PRESS: Duration = Duration::from_millis(40);

/// A mouse button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Button {
    Left = 1,
    Middle = 2,
    Right = 3,
}

/// A key that types no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names on the keys")]
pub enum Key {
    Enter,
    Escape,
    Tab,
    Space,
    Backspace,
    Delete,
    Home,
    End,
    Left,
    Right,
    Up,
    Down,
    Shift,
    Control,
    Alt,
    Super,
    /// A function key, from 1.
    F(u8),
    /// A letter or digit, for use in a chord.
    Char(char),
}

impl Key {
    fn keysym(self) -> u32 {
        match self {
            Self::Enter => 0xff0d,
            Self::Escape => 0xff1b,
            Self::Tab => 0xff09,
            Self::Space => 0x20,
            Self::Backspace => 0xff08,
            Self::Delete => 0xffff,
            Self::Home => 0xff50,
            Self::End => 0xff57,
            Self::Left => 0xff51,
            Self::Up => 0xff52,
            Self::Right => 0xff53,
            Self::Down => 0xff54,
            Self::Shift => 0xffe1,
            Self::Control => 0xffe3,
            Self::Alt => 0xffe9,
            Self::Super => 0xffeb,
            Self::F(number) => 0xffbd + u32::from(number),
            Self::Char(character) => keysym(character),
        }
    }
}

/// X names Latin-1 characters by their code, all others by their code with a bit set.
fn keysym(character: char) -> u32 {
    match u32::from(character) {
        0x0a => 0xff0d,
        code @ (0x20..=0x7e | 0xa0..=0xff) => code,
        code => 0x0100_0000 | code,
    }
}

impl Desktop {
    /// Moves the pointer.
    pub fn move_pointer(&self, to: Point) -> Result<()> {
        let (x, y) = (to.x as i16, to.y as i16);
        self.x.connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, CURRENT_TIME, self.x.root, x, y, 0)?;
        self.x.sync()
    }

    /// Where the pointer is.
    pub fn pointer(&self) -> Result<Point> {
        let reply = self.x.connection.query_pointer(self.x.root)?.reply()?;
        Ok(Point { x: reply.root_x.into(), y: reply.root_y.into() })
    }

    /// Whether any key or mouse button is pressed, by whomever.
    pub fn is_anything_pressed(&self) -> Result<bool> {
        let keys = self.x.connection.query_keymap()?;
        let pointer = self.x.connection.query_pointer(self.x.root)?;
        let buttons = KeyButMask::BUTTON1
            | KeyButMask::BUTTON2
            | KeyButMask::BUTTON3
            | KeyButMask::BUTTON4
            | KeyButMask::BUTTON5;
        Ok(keys.reply()?.keys.iter().any(|&bits| bits != 0) || pointer.reply()?.mask.intersects(buttons))
    }

    /// Moves the pointer and clicks with the left button.
    pub fn click(&self, at: Point) -> Result<()> {
        self.click_with(Button::Left, at)
    }

    /// Moves the pointer and clicks.
    pub fn click_with(&self, button: Button, at: Point) -> Result<()> {
        // A first motion beside the target: some toolkits want to see the pointer come in.
        self.move_pointer(Point { x: at.x - 1, y: at.y })?;
        self.move_pointer(at)?;
        self.press_button(button, true)?;
        // No finger is quicker, and no program is written for one that is.
        std::thread::sleep(PRESS);
        self.press_button(button, false)
    }

    /// Presses a mouse button or lets it go.
    pub fn press_button(&self, button: Button, down: bool) -> Result<()> {
        self.event(if down { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT }, button as u8)
    }

    /// Types text into whatever has the keyboard focus.
    pub fn type_text(&self, text: &str) -> Result<()> {
        text.chars().try_for_each(|character| self.chord(&[Key::Char(character)]))
    }

    /// Presses a key and lets it go.
    pub fn press(&self, key: Key) -> Result<()> {
        self.chord(&[key])
    }

    /// Presses several keys one after the other and lets them go in reverse, as in `[Control, Char('c')]`.
    pub fn chord(&self, keys: &[Key]) -> Result<()> {
        let mut codes = Vec::new();
        for &key in keys {
            let (code, shifted) = self.key_code(key)?;
            if shifted {
                codes.push(self.key_code(Key::Shift)?.0);
            }
            codes.push(code);
        }
        codes.iter().try_for_each(|&code| self.event(KEY_PRESS_EVENT, code))?;
        codes.iter().rev().try_for_each(|&code| self.event(KEY_RELEASE_EVENT, code))
    }

    fn event(&self, kind: u8, detail: u8) -> Result<()> {
        self.x.connection.xtest_fake_input(kind, detail, CURRENT_TIME, self.x.root, 0, 0, 0)?;
        self.x.sync()
    }

    /// The key that gives the character, and whether Shift must be held.
    fn key_code(&self, key: Key) -> Result<(u8, bool)> {
        let setup = self.x.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.x.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let levels = usize::from(map.keysyms_per_keycode);
        let wanted = key.keysym();
        // The plain level of every key first, so that no Shift is pressed without need.
        (0..levels.min(2))
            .find_map(|level| {
                let code = map.keysyms.chunks(levels).position(|symbols| symbols[level] == wanted)?;
                Some((first + code as u8, level == 1))
            })
            .ok_or_else(|| match key {
                Key::Char(character) => Error::NoKeyFor(character),
                other => Error::NotThere(format!("key {other:?}")),
            })
    }
}
