//! The keyboard as the X server lays it out (XKB): which symbol a key gives with which modifiers, and the other way
//! round. It asks nobody; the server's answer is turned into it.

use x11rb::protocol::xkb::GetMapReply;

use super::symbol;

pub(super) const SHIFT: u8 = 1;
pub(super) const LOCK: u8 = 1 << 1;
pub(super) const CONTROL: u8 = 1 << 2;
/// Alt, on every keyboard of today.
pub(super) const ALT: u8 = 1 << 3;
const SUPER: u8 = 1 << 6;
/// With one of these a key is a shortcut, and not a character to be typed.
const SHORTCUT: u8 = CONTROL | ALT | SUPER;

/// What chooses among the levels of a key while it is held: Shift, AltGr and the fifth level's.
const CHOOSERS: [&[u32]; 3] = [&[0xffe1, 0xffe2], &[0xfe03], &[0xfe11]];
const NO_SYMBOL: u32 = 0;

/// The keyboard.
#[derive(Debug, Default)]
pub(super) struct Keymap {
    first: u8,
    types: Vec<Type>,
    keys: Vec<Key>,
    choosers: Vec<Chooser>,
}

/// How modifiers choose a level.
#[derive(Debug)]
struct Type {
    mask: u8,
    /// Modifiers and the level they give; all others give the first.
    levels: Vec<(u8, u8)>,
}

#[derive(Debug, Default)]
struct Key {
    groups: Vec<Group>,
    /// What is done where the keyboard has more groups than this key.
    beyond: u8,
    modifiers: u8,
}

#[derive(Debug)]
struct Group {
    kind: usize,
    symbols: Vec<u32>,
}

/// A key that is held to reach another level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chooser {
    mask: u8,
    code: u8,
}

/// What a press is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) code: u8,
    /// What must hold of [`Keymap::choosing`]'s modifiers; `None` where they are none of this key's business.
    pub(super) modifiers: Option<u8>,
}

/// What is in force apart from the operator's keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) group: u8,
    /// Caps Lock, Num Lock and whatever else stays without being held.
    pub(super) locked: u8,
}

impl Keymap {
    pub(super) fn new(reply: GetMapReply) -> Self {
        let types = reply.map.types_rtrn.unwrap_or_default().into_iter().map(|kind| Type {
            mask: u16::from(kind.mods_mask) as u8,
            levels: kind
                .map
                .iter()
                .filter(|entry| entry.active)
                .map(|entry| (u16::from(entry.mods_mask) as u8, entry.level))
                .collect(),
        });
        let keys = reply.map.syms_rtrn.unwrap_or_default().into_iter().map(|key| {
            let count = usize::from(key.group_info & 0x0f).min(key.kt_index.len());
            let symbols = key.syms.chunks(usize::from(key.width).max(1));
            let groups = key.kt_index.iter().zip(symbols).take(count);
            Key {
                groups: groups
                    .map(|(kind, symbols)| Group { kind: usize::from(*kind), symbols: symbols.to_vec() })
                    .collect(),
                beyond: key.group_info,
                modifiers: 0,
            }
        });
        let mut map = Self {
            first: reply.first_key_sym,
            types: types.collect(),
            keys: keys.collect(),
            choosers: Vec::new(),
        };
        for entry in reply.map.modmap_rtrn.unwrap_or_default() {
            let index = usize::from(entry.keycode).checked_sub(usize::from(map.first));
            if let Some(key) = index.and_then(|index| map.keys.get_mut(index)) {
                key.modifiers = u16::from(entry.mods) as u8;
            }
        }
        map.choosers = CHOOSERS.iter().filter_map(|symbols| map.chooser(symbols)).collect();
        map
    }

    fn chooser(&self, symbols: &[u32]) -> Option<Chooser> {
        let chooses = |code: &u8| {
            let key = self.key(*code)?;
            let first = *key.groups.first()?.symbols.first()?;
            (key.modifiers.count_ones() == 1 && symbols.contains(&first)).then_some(key.modifiers)
        };
        let code = self.codes().find(|code| chooses(code).is_some())?;
        Some(Chooser { mask: chooses(&code)?, code })
    }

    fn codes(&self) -> impl Iterator<Item = u8> {
        (self.first..=u8::MAX).take(self.keys.len())
    }

    fn key(&self, code: u8) -> Option<&Key> {
        self.keys.get(usize::from(code).checked_sub(usize::from(self.first))?)
    }

    /// The modifiers that a key gives while it is held.
    pub(super) fn modifiers(&self, code: u8) -> u8 {
        self.key(code).map_or(0, |key| key.modifiers)
    }

    /// The modifiers that choose a level and that can be held for it.
    pub(super) fn choosing(&self) -> u8 {
        self.choosers.iter().fold(0, |mask, chooser| mask | chooser.mask)
    }

    /// The keys to hold for these of the choosing modifiers.
    pub(super) fn choosers(&self, mask: u8) -> impl Iterator<Item = u8> {
        self.choosers.iter().filter(move |chooser| chooser.mask & mask != 0).map(|chooser| chooser.code)
    }

    /// Whether the key gives the symbol on its first level, in any group.
    pub(super) fn gives(&self, code: u8, symbol: u32) -> bool {
        let first = |group: &Group| group.symbols.first() == Some(&symbol);
        self.key(code).is_some_and(|key| key.groups.iter().any(first))
    }

    /// Keys that mean nothing in any group, and are no modifiers.
    pub(super) fn unused(&self) -> impl Iterator<Item = u8> {
        self.codes().filter(|code| {
            self.key(*code).is_some_and(|key| {
                key.modifiers == 0
                    && key.groups.iter().all(|group| group.symbols.iter().all(|symbol| *symbol == NO_SYMBOL))
            })
        })
    }

    /// What a program takes the key for.
    pub(super) fn symbol(&self, code: u8, group: u8, modifiers: u8) -> Option<u32> {
        let group = self.key(code)?.group(group)?;
        let kind = self.types.get(group.kind)?;
        let wanted = modifiers & kind.mask;
        let level = kind.levels.iter().find(|(mask, _)| *mask == wanted).map_or(0, |(_, level)| *level);
        let symbol = *group.symbols.get(usize::from(level))?;
        if symbol == NO_SYMBOL {
            return None;
        }
        // Where the key itself does not know Caps Lock, programs make capitals by themselves.
        let capital = modifiers & LOCK != 0 && kind.mask & LOCK == 0;
        Some(if capital { symbol::upper(symbol) } else { symbol })
    }

    /// How to give the symbol while the operator holds `held`; of several ways the one that changes least.
    pub(super) fn find(&self, wanted: u32, state: State, held: u8) -> Option<Stroke> {
        if symbol::is_modifier(wanted) {
            return self.find_modifier(wanted, state.group);
        }
        let found = self.find_function(wanted, state.group).or_else(|| self.find_text(wanted, state, held));
        found.or_else(|| self.find(symbol::beside_keypad(wanted)?, state, held))
    }

    fn find_text(&self, wanted: u32, state: State, held: u8) -> Option<Stroke> {
        let choosing = self.choosing();
        if held & SHORTCUT != 0 {
            // Ctrl+C is Ctrl+C, whatever Caps Lock makes of the letter at either end.
            let letter = |code: &u8| {
                let given = self.symbol(*code, state.group, held | state.locked);
                given.is_some_and(|given| symbol::same_letter(given, wanted))
            };
            if let Some(code) = self.codes().find(letter) {
                return Some(Stroke { code, modifiers: Some(held & choosing) });
            }
        }
        let mut best: Option<(u32, Stroke)> = None;
        for code in self.codes() {
            for modifiers in subsets(choosing) {
                let changes = (modifiers ^ (held & choosing)).count_ones();
                if best.is_some_and(|(fewest, _)| fewest <= changes) {
                    continue;
                }
                let all = held & !choosing | modifiers | state.locked;
                if self.symbol(code, state.group, all).is_some_and(|given| symbol::same(given, wanted)) {
                    best = Some((changes, Stroke { code, modifiers: Some(modifiers) }));
                }
            }
        }
        best.map(|(_, stroke)| stroke)
    }

    /// The key that does this, whatever is held with it.
    fn find_function(&self, wanted: u32, group: u8) -> Option<Stroke> {
        let does = |code: &u8| {
            let group = self.key(*code).and_then(|key| key.group(group));
            group.is_some_and(|group| group.symbols.first() == Some(&wanted))
        };
        let code = self.codes().find(does).filter(|_| symbol::is_function(wanted))?;
        Some(Stroke { code, modifiers: None })
    }

    /// The key that has the modifier on its lowest level, rather one that gives it by itself.
    fn find_modifier(&self, wanted: u32, group: u8) -> Option<Stroke> {
        let place = |code: u8| {
            let key = self.key(code)?;
            let level = key.group(group)?.symbols.iter().position(|symbol| *symbol == wanted)?;
            Some((level, key.modifiers == 0, code))
        };
        let (_, _, code) = self.codes().filter_map(place).min()?;
        Some(Stroke { code, modifiers: None })
    }
}

impl Key {
    fn group(&self, group: u8) -> Option<&Group> {
        let (group, count) = (usize::from(group), self.groups.len());
        let index = match self.beyond >> 6 {
            _ if group < count => group,
            1 => count.checked_sub(1)?,
            2 => usize::from(self.beyond >> 4 & 0b11),
            _ => group.checked_rem(count)?,
        };
        self.groups.get(index).or_else(|| self.groups.first())
    }
}

/// Every choice among the bits of a mask, none of them first.
fn subsets(mask: u8) -> impl Iterator<Item = u8> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let subset = next?;
        next = (subset != mask).then(|| subset.wrapping_sub(mask) & mask);
        Some(subset)
    })
}

#[cfg(test)]
#[path = "keymap/tests.rs"]
pub(super) mod tests;
