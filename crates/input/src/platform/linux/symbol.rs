//! What there is to know about a symbol of the keyboard, whatever the layout.

use xkeysym::Keysym;

pub(super) use crate::platform::symbol::{beside_keypad, is_text};

use crate::platform::symbol::character;

/// Modifiers and what switches levels and groups: Shift to Hyper, `ISO_Level3_Shift` and its like, `Mode_switch`,
/// Num Lock.
pub(super) fn is_modifier(symbol: u32) -> bool {
    matches!(symbol, 0xffe1..=0xffee | 0xfe01..=0xfe13 | 0xff7e | 0xff7f)
}

/// A key that does something and whose meaning stays when modifiers are held: Shift+Tab is Tab with Shift.
///
/// The keys of the keypad are not among them: Num Lock makes two keys of each.
pub(super) fn is_function(symbol: u32) -> bool {
    matches!(symbol, 0xfe20..=0xfe4f | 0xfed0..=0xfeff | 0xff00..=0xff7d | 0xffbe..=0xffe0 | 0xffff)
        || symbol >> 16 == 0x1008
}

/// Whether two symbols mean the same: many characters have an old name and one by their code.
pub(super) fn same(one: u32, other: u32) -> bool {
    one == other || character(one).is_some_and(|character_of_one| character(other) == Some(character_of_one))
}

/// Whether they are the same letter, whatever the case.
pub(super) fn same_letter(one: u32, other: u32) -> bool {
    same(lower(one), lower(other))
}

/// The small letter; what is none stays.
pub(super) fn lower(symbol: u32) -> u32 {
    cased(symbol, |character| single(character.to_lowercase()))
}

/// The capital letter; what has none stays.
pub(super) fn upper(symbol: u32) -> u32 {
    // Caps Lock makes one letter of ß, and not two.
    cased(symbol, |character| if character == 'ß' { Some('ẞ') } else { single(character.to_uppercase()) })
}

/// Small and capital letter, where they are two.
pub(super) fn pair(symbol: u32) -> Option<[u32; 2]> {
    let (small, capital) = (lower(symbol), upper(symbol));
    (small != capital && same(lower(capital), small)).then_some([small, capital])
}

fn cased(symbol: u32, change: impl Fn(char) -> Option<char>) -> u32 {
    let Some(before) = character(symbol) else { return symbol };
    match change(before) {
        Some(after) if after != before => Keysym::from_char(after).raw(),
        _ => symbol,
    }
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_by_its_old_name_and_by_its_code_is_the_same() {
        assert!(same(0x20ac, 0x0100_20ac));
        assert!(same(0xe9, 0x0100_00e9));
        assert!(!same(0x31, 0xffb1), "the 1 of the keypad is a key of its own");
        assert!(!same(0x41, 0x61));
        assert!(same_letter(0x41, 0x61));
    }

    #[test]
    fn letters_have_a_case_and_others_none() {
        assert_eq!((lower(0xc9), upper(0xe9)), (0xe9, 0xc9));
        assert_eq!(upper(0x0100_0149), 0x0100_0149, "a capital of two letters is none");
        assert_eq!(upper(0x20ac), 0x20ac);
        assert_eq!(lower(upper(0x06c1)), 0x06c1, "Cyrillic by its old names");
        assert!(
            pair(0x0100_0440).is_some_and(|[small, capital]| same(small, 0x06d2) && same(capital, 0x06f2))
        );
        assert_eq!(pair(0xc9), Some([0xe9, 0xc9]));
        assert_eq!(pair(0x20ac), None);
    }
}
