//! The keys that the operator holds, and those that are pressed for it.
//!
//! Both differ where a symbol needs other modifiers than the operator holds: these are pressed or let go of together
//! with the key, and put right when the key goes up or another goes down. Until then, so that a key that repeats
//! repeats the same symbol.

use super::keymap::{Keymap, Stroke};

/// What is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// Symbol and key, in the order of their presses.
    held: Vec<(u32, u8)>,
    /// The key for which the choosing modifiers were set, and to what.
    adjusted: Option<(u8, u8)>,
    /// The keys that are pressed, in the order of their presses.
    pressed: Vec<u8>,
}

/// Presses (true) and releases, in their order.
pub(super) type Steps = Vec<(bool, u8)>;

impl Keys {
    pub(super) fn holds(&self, symbol: u32) -> bool {
        self.held.iter().any(|(held, _)| *held == symbol)
    }

    pub(super) fn pressed(&self) -> &[u8] {
        &self.pressed
    }

    /// The modifiers that the operator holds.
    pub(super) fn modifiers(&self, map: &Keymap) -> u8 {
        self.held.iter().fold(0, |mask, (_, code)| mask | map.modifiers(*code))
    }

    /// The modifiers that are pressed.
    pub(super) fn pressed_modifiers(&self, map: &Keymap) -> u8 {
        self.pressed.iter().fold(0, |mask, code| mask | map.modifiers(*code))
    }

    /// How it is after a press.
    pub(super) fn after_press(&self, symbol: u32, stroke: Stroke, map: &Keymap) -> Self {
        let mut after = self.clone();
        after.held.retain(|(_, code)| *code != stroke.code);
        after.held.push((symbol, stroke.code));
        // It goes down last, after what it needs.
        after.pressed.retain(|code| *code != stroke.code);
        after.adjusted = stroke.modifiers.map(|modifiers| (stroke.code, modifiers));
        after.settle(map);
        after
    }

    /// How it is after a release; `None` where the key is not held.
    pub(super) fn after_release(&self, symbol: u32, map: &Keymap) -> Option<Self> {
        let place = self.held.iter().position(|(held, _)| *held == symbol)?;
        let mut after = self.clone();
        let (_, code) = after.held.remove(place);
        after.adjusted = after.adjusted.filter(|(adjusted, _)| *adjusted != code);
        after.settle(map);
        Some(after)
    }

    /// Presses nothing that is not pressed in `before`.
    pub(super) fn without_new(mut self, before: &Self) -> Self {
        self.pressed.retain(|code| before.pressed.contains(code));
        self
    }

    fn settle(&mut self, map: &Keymap) {
        let mut wanted: Vec<u8> = self.held.iter().map(|(_, code)| *code).collect();
        if let Some((_, target)) = self.adjusted {
            let choosing = map.choosing();
            wanted.retain(|code| map.modifiers(*code) & choosing & !target == 0);
            let given = wanted.iter().fold(0, |mask, code| mask | map.modifiers(*code));
            let missing: Vec<u8> = map.choosers(target & !given).collect();
            wanted.splice(0..0, missing);
        }
        self.pressed.retain(|code| wanted.contains(code));
        for code in wanted {
            if !self.pressed.contains(&code) {
                self.pressed.push(code);
            }
        }
    }

    /// How to get here from `before`; `again` is the key that has to go down even where it is down already.
    pub(super) fn steps_from(&self, before: &Self, again: Option<u8>) -> Steps {
        let stays = |keys: &Self, code: &u8| keys.pressed.contains(code) && again != Some(*code);
        let released = before.pressed.iter().rev().filter(|code| !stays(self, code));
        let pressed = self.pressed.iter().filter(|code| !stays(before, code));
        released.map(|code| (false, *code)).chain(pressed.map(|code| (true, *code))).collect()
    }
}
