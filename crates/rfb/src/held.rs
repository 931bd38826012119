//! Which keys and buttons the client holds down, so that they can be let go of.

use crate::geometry::Size;
use crate::server::Event;

/// A hand has ten fingers; whoever holds down more than this presses nothing further.
const MAX_KEYS: usize = 64;

/// Which keys and buttons the client holds down, and which of them were passed on.
#[derive(Debug, Default)]
pub(crate) struct Held {
    keys: Vec<Key>,
    x: u16,
    y: u16,
    /// Those passed on.
    buttons: u16,
    /// Those pressed while nothing was passed on: they count only when pressed anew.
    ignored: u16,
}

#[derive(Debug)]
struct Key {
    keysym: u32,
    scancode: Option<u32>,
    passed_on: bool,
}

impl Held {
    /// A key that goes up is the one that went down: the same scan code, else the same symbol, else the same letter in
    /// the other case, because viewers report the letter that goes with the modifiers of the moment.
    pub(crate) fn key(
        &mut self,
        view_only: bool,
        down: bool,
        keysym: u32,
        scancode: Option<u32>,
    ) -> Option<Event> {
        let known = scancode.filter(|&code| code != 0);
        let same_code = |key: &Key| known.is_some() && key.scancode == known;
        let place = self
            .keys
            .iter()
            .position(same_code)
            .or_else(|| self.keys.iter().position(|key| key.keysym == keysym))
            .or_else(|| self.keys.iter().position(|key| lower_case(key.keysym) == lower_case(keysym)));
        match (place, down) {
            (Some(place), false) => {
                let key = self.keys.remove(place);
                key.passed_on.then_some(Event::Key { down, keysym: key.keysym, scancode: key.scancode })
            }
            // Held down long enough for the client to repeat it; or pressed before that was allowed.
            (Some(place), true) if same_key(&self.keys[place], keysym, known) => {
                let key = &self.keys[place];
                key.passed_on.then_some(Event::Key { down, keysym: key.keysym, scancode: key.scancode })
            }
            (_, true) if self.keys.len() < MAX_KEYS => {
                self.keys.push(Key { keysym, scancode: known, passed_on: !view_only });
                (!view_only).then_some(Event::Key { down, keysym, scancode: known })
            }
            (_, true) | (None, false) => None,
        }
    }

    pub(crate) fn pointer(
        &mut self,
        view_only: bool,
        x: u16,
        y: u16,
        buttons: u16,
        size: Size,
    ) -> Option<Event> {
        if view_only {
            self.ignored = buttons;
            return None;
        }
        self.ignored &= buttons;
        self.buttons = buttons & !self.ignored;
        self.x = x.min(size.width.saturating_sub(1));
        self.y = y.min(size.height.saturating_sub(1));
        Some(Event::Pointer { x: self.x, y: self.y, buttons: self.buttons })
    }

    /// Whether anything is down that was passed on.
    pub(crate) fn is_anything_down(&self) -> bool {
        self.buttons != 0 || self.keys.iter().any(|key| key.passed_on)
    }

    /// Lets go of everything, the last key first.
    pub(crate) fn release(&mut self) -> impl Iterator<Item = Event> {
        let passed_on = |key: &mut Key| std::mem::take(&mut key.passed_on);
        let keys = self.keys.iter_mut().rev().filter_map(move |key| {
            passed_on(key).then_some(Event::Key { down: false, keysym: key.keysym, scancode: key.scancode })
        });
        self.ignored |= self.buttons;
        let pressed = std::mem::take(&mut self.buttons) != 0;
        let pointer = pressed.then_some(Event::Pointer { x: self.x, y: self.y, buttons: 0 });
        keys.chain(pointer)
    }
}

/// Whether a press says again what is held down already; the same letter in the other case is another press.
fn same_key(key: &Key, keysym: u32, scancode: Option<u32>) -> bool {
    key.keysym == keysym || scancode.is_some() && key.scancode == scancode
}

/// Of symbols that are Latin-1 letters the lower case; every other symbol is itself.
fn lower_case(keysym: u32) -> u32 {
    match keysym {
        0x41..=0x5A | 0xC0..=0xD6 | 0xD8..=0xDE => keysym + 0x20,
        _ => keysym,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u32 = 0x61;
    const SHIFT: u32 = 0xFFE1;
    const SIZE: Size = Size { width: 100, height: 100 };

    fn key(down: bool, keysym: u32) -> Option<Event> {
        Some(Event::Key { down, keysym, scancode: None })
    }

    #[test]
    fn a_letter_let_go_of_in_the_other_case_is_the_one_pressed() {
        let mut held = Held::default();
        assert_eq!(held.key(false, true, A - 0x20, None), key(true, A - 0x20));
        assert_eq!(held.key(false, false, A, None), key(false, A - 0x20));
        assert_eq!(held.key(false, false, A, None), None);
    }

    #[test]
    fn everything_is_let_go_of_once_and_the_last_first() {
        let mut held = Held::default();
        held.key(false, true, SHIFT, None);
        held.key(false, true, A, Some(30));
        held.key(false, true, A, Some(30));
        held.pointer(false, 5, 200, 0b101, SIZE);
        let released: Vec<_> = held.release().collect();
        let a = Event::Key { down: false, keysym: A, scancode: Some(30) };
        let shift = Event::Key { down: false, keysym: SHIFT, scancode: None };
        assert_eq!(released, [a, shift, Event::Pointer { x: 5, y: 99, buttons: 0 }]);
        assert_eq!(held.release().count(), 0);
    }

    #[test]
    fn what_was_pressed_while_it_did_not_count_counts_only_when_pressed_anew() {
        let mut held = Held::default();
        assert_eq!(held.key(true, true, A, None), None);
        assert_eq!(held.pointer(true, 1, 1, 1, SIZE), None);
        assert_eq!(held.key(false, true, A, None), None);
        assert_eq!(held.pointer(false, 1, 1, 0b11, SIZE), Some(Event::Pointer { x: 1, y: 1, buttons: 0b10 }));
        assert_eq!(held.key(false, false, A, None), None);
        assert_eq!(held.key(false, true, A, None), key(true, A));
        held.pointer(false, 1, 1, 0b10, SIZE);
        assert_eq!(held.pointer(false, 1, 1, 0b11, SIZE), Some(Event::Pointer { x: 1, y: 1, buttons: 0b11 }));
    }

    #[test]
    fn a_client_with_a_thousand_fingers_presses_no_more_than_are_remembered() {
        let mut held = Held::default();
        let pressed = (0..1000).filter(|&n| held.key(false, true, 0x1000 + n, None).is_some()).count();
        assert_eq!(pressed, MAX_KEYS);
        assert_eq!(held.release().count(), MAX_KEYS);
    }
}
