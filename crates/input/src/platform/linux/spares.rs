//! Keys that mean nothing on this keyboard and are lent to characters that it has not.

use std::time::{Duration, Instant};

use super::{keymap::Keymap, symbol};
use crate::Lent;

/// How long a key rests before it means something else. A program that is slow asks what a key means when it gets to
/// the press, and must not be told what the key means by then.
const REST: Duration = Duration::from_secs(1);

/// The keys that are lent.
#[derive(Debug, Default)]
pub(super) struct Spares(Vec<Spare>);

#[derive(Debug)]
struct Spare {
    code: u8,
    symbol: u32,
    used: Instant,
}

/// Which key to lend.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Key(u8),
    /// All of them are in use; the first is free after this time.
    Wait(Duration),
    None,
}

impl Spares {
    pub(super) fn choose(&self, map: &Keymap, pressed: &[u8], now: Instant) -> Choice {
        let lent = |code: &u8| self.0.iter().any(|spare| spare.code == *code);
        if let Some(code) = map.unused().find(|code| !lent(code) && !pressed.contains(code)) {
            return Choice::Key(code);
        }
        let rested =
            self.0.iter().filter(|spare| !pressed.contains(&spare.code)).min_by_key(|spare| spare.used);
        rested.map_or(Choice::None, |spare| {
            match (spare.used + REST).checked_duration_since(now).filter(|wait| !wait.is_zero()) {
                None => Choice::Key(spare.code),
                Some(wait) => Choice::Wait(wait),
            }
        })
    }

    /// Whether the key was lent; now it is not.
    pub(super) fn take_back(&mut self, code: u8) -> bool {
        let before = self.0.len();
        self.0.retain(|spare| spare.code != code);
        self.0.len() < before
    }

    pub(super) fn lend(&mut self, code: u8, symbol: u32, now: Instant) {
        self.0.push(Spare { code, symbol, used: now });
    }

    /// Whether a key is lent to the symbol, or to its small letter.
    pub(super) fn have(&self, symbol: u32) -> bool {
        self.0.iter().any(|spare| symbol::same_letter(spare.symbol, symbol))
    }

    pub(super) fn note_use(&mut self, code: u8, now: Instant) {
        if let Some(spare) = self.0.iter_mut().find(|spare| spare.code == code) {
            spare.used = now;
        }
    }

    /// Forgets keys that somebody else has given another meaning meanwhile.
    pub(super) fn compare(&mut self, map: &Keymap) {
        self.0.retain(|spare| map.gives(spare.code, spare.symbol));
    }

    pub(super) fn lent(&self) -> Vec<Lent> {
        self.0.iter().map(|spare| Lent { key: spare.code.into(), symbol: spare.symbol }).collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::linux::keymap::tests::keyboard;

    #[test]
    fn a_key_rests_before_it_means_something_else() {
        let map = keyboard();
        let free: Vec<u8> = map.unused().collect();
        let mut spares = Spares::default();
        let start = Instant::now();
        for (index, code) in free.iter().enumerate() {
            assert_eq!(spares.choose(&map, &[], start), Choice::Key(*code));
            spares.lend(*code, 0x4e00 + index as u32, start + Duration::from_millis(index as u64));
        }
        assert_eq!(spares.choose(&map, &[], start), Choice::Wait(REST));
        assert_eq!(spares.choose(&map, &[], start + REST), Choice::Key(free[0]));
        assert_eq!(spares.choose(&map, &free, start + REST), Choice::None, "not while all are pressed");
        spares.note_use(free[0], start + REST);
        let later = start + REST + Duration::from_millis(1);
        assert_eq!(spares.choose(&map, &[], later), Choice::Key(free[1]), "what was used last rests longest");
    }
}
