//! What a symbol stands for, on every system.

use xkeysym::Keysym;

/// Whether it puts something into a text: a character, or the accent of one that follows.
///
/// Only these may be lent a key. Among all others are some with which the X server ends itself or a lock screen.
pub(crate) fn is_text(symbol: u32) -> bool {
    matches!(symbol, 0xfe50..=0xfe93) || character(symbol).is_some_and(|character| !character.is_control())
}

/// The key beside the keypad that does the same: for keypads whose Num Lock is in the way.
pub(crate) fn beside_keypad(symbol: u32) -> Option<u32> {
    Some(match symbol {
        0xff95..=0xff9d => symbol - 0xff95 + 0xff50,
        0xff9e => 0xff63,
        0xff9f => 0xffff,
        0xff89 | 0xff8d => symbol - 0x80,
        // Their lower seven bits are the character.
        0xff80 | 0xffaa..=0xffb9 | 0xffbd => symbol - 0xff80,
        _ => return None,
    })
}

/// The character that it types. The digits of the keypad are keys of their own, and Return is not the character it once was.
pub(crate) fn character(symbol: u32) -> Option<char> {
    if matches!(symbol, 0xff00..=0xffff) { None } else { Keysym::new(symbol).key_char() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keypad_has_a_double_beside_it() {
        let doubles = [(0xffb1, 0x31), (0xffab, 0x2b), (0xff8d, 0xff0d), (0xff95, 0xff50), (0xff9c, 0xff57)];
        for (keypad, beside) in doubles {
            assert_eq!(beside_keypad(keypad), Some(beside));
        }
        assert_eq!(beside_keypad(0x31), None);
    }

    #[test]
    fn a_key_is_lent_only_to_what_types_something() {
        for text in [0x20ac, 0xe9, 0xfe51, 0x0101_f600] {
            assert!(is_text(text), "{text:#x}");
        }
        // Return, ending the X server, ending grabs, switching consoles, pointer keys, nothing.
        for other in [0xff0d, 0xfed5, 0x1008_fe21, 0x1008_fe01, 0xfef9, 0, 0x0100_0007, 0xffff_ffff] {
            assert!(!is_text(other), "{other:#x}");
        }
    }
}
