//! Which key of Windows gives a symbol.

use windows::Win32::UI::{
    Input::KeyboardAndMouse::{GetKeyState, GetKeyboardLayout, VK_CAPITAL, VkKeyScanExW},
    WindowsAndMessaging::{GetForegroundWindow, GetWindowThreadProcessId},
};
use xkeysym::Keysym;

use crate::platform::symbol;

const SHIFTS: [u16; 2] = [0xa0, 0xa1];
const CONTROLS: [u16; 2] = [0xa2, 0xa3];
const ALTS: [u16; 2] = [0xa4, 0xa5];
const WINDOWS: [u16; 2] = [0x5b, 0x5c];
const SPACE: u16 = 0x20;
const DELETE: u16 = 0x2e;
/// What [`Key::number`] adds to a character's code.
const CHARACTER: u32 = 1 << 31;

/// What is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A key of the keyboard.
    Virtual(u16),
    /// A character, whatever key it has.
    Character(char),
}

impl Key {
    /// As [`crate::Held`] keeps it.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Virtual(code) => code.into(),
            Self::Character(character) => CHARACTER | u32::from(character),
        }
    }

    pub(super) fn from_number(number: u32) -> Option<Self> {
        if number & CHARACTER != 0 {
            char::from_u32(number & !CHARACTER).map(Self::Character)
        } else {
            u16::try_from(number).ok().map(Self::Virtual)
        }
    }

    /// Whether it is among the keys that the keyboard marks as added to those of the first one.
    pub(super) fn is_extended(code: u16) -> bool {
        matches!(code, 0x21..=0x28 | 0x2c..=0x2e | 0x5b..=0x5d | 0x6f | 0x90 | 0xa3 | 0xa5)
    }

    /// The key for a symbol, while these are held.
    pub(super) fn find(wanted: u32, held: &[Self]) -> Option<Self> {
        if let Some(code) = by_name(wanted) {
            return Some(Self::Virtual(code));
        }
        if !symbol::is_text(wanted) {
            return symbol::beside_keypad(wanted).and_then(by_name).map(Self::Virtual);
        }
        let character = Keysym::new(wanted).key_char()?;
        Some(by_layout(character, held).map_or(Self::Character(character), Self::Virtual))
    }
}

fn holds(held: &[Key], codes: &[u16]) -> bool {
    held.iter().any(|key| matches!(key, Key::Virtual(code) if codes.contains(code)))
}

/// What only chooses among the symbols of a keyboard: characters are typed without it.
pub(super) fn is_chooser(symbol: u32) -> bool {
    matches!(symbol, 0xfe01..=0xfe13 | 0xff7e)
}

/// Whether that is the key with which the user answers a request: Ctrl+Alt+Shift and the space bar.
pub(super) fn is_users(held: &[Key]) -> bool {
    [&SHIFTS[..], &CONTROLS, &ALTS, &[SPACE]].iter().all(|codes| holds(held, codes))
}

/// Whether that is Ctrl+Alt+Del, which Windows takes from no program.
pub(super) fn is_systems(held: &[Key]) -> bool {
    [&CONTROLS[..], &ALTS, &[DELETE]].iter().all(|codes| holds(held, codes))
}

/// The key of a character where programs may look for the key: in a shortcut, and letters, digits and the space bar.
fn by_layout(character: char, held: &[Key]) -> Option<u16> {
    let shortcut = [CONTROLS, ALTS, WINDOWS].iter().any(|codes| holds(held, codes));
    let plain = character.is_ascii_alphanumeric() || character == ' ';
    if !shortcut && !plain {
        return None;
    }
    let unit =
        u16::try_from(u32::from(if shortcut { character.to_ascii_lowercase() } else { character })).ok()?;
    // SAFETY: these functions are given numbers and handles of the system's; one that is gone gives no layout.
    let (found, caps_lock) = unsafe {
        let layout = GetKeyboardLayout(GetWindowThreadProcessId(GetForegroundWindow(), None));
        (VkKeyScanExW(unit, layout), GetKeyState(VK_CAPITAL.0.into()) & 1 == 1)
    };
    let [code, modifiers] = found.to_le_bytes();
    if found == -1 {
        return None;
    }
    let shift = if holds(held, &SHIFTS) { 1 } else { 0 };
    let as_is = modifiers == shift && !(caps_lock && character.is_ascii_alphabetic());
    (shortcut || as_is).then_some(code.into())
}

fn by_name(symbol: u32) -> Option<u16> {
    Some(match symbol {
        0xff08 => 0x08,
        0xff09 | 0xfe20 => 0x09,
        0xff0d | 0xff8d => 0x0d,
        0xff13 => 0x13,
        0xff14 => 0x91,
        0xff1b => 0x1b,
        0xff50 => 0x24,
        0xff51..=0xff54 => 0x25 + (symbol - 0xff51) as u16,
        0xff55 => 0x21,
        0xff56 => 0x22,
        0xff57 => 0x23,
        0xff61 => 0x2c,
        0xff63 => 0x2d,
        0xff67 => 0x5d,
        0xff7f => 0x90,
        0xffaa..=0xffaf => 0x6a + (symbol - 0xffaa) as u16,
        0xffb0..=0xffb9 => 0x60 + (symbol - 0xffb0) as u16,
        0xffbe..=0xffd5 => 0x70 + (symbol - 0xffbe) as u16,
        0xffe1..=0xffe4 => 0xa0 + (symbol - 0xffe1) as u16,
        0xffe5 => VK_CAPITAL.0,
        0xffe7 | 0xffeb => 0x5b,
        0xffe8 | 0xffec => 0x5c,
        0xffe9 => 0xa4,
        0xffea => 0xa5,
        0xffff => 0x2e,
        _ => return None,
    })
}
