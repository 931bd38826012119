use super::*;
use crate::platform::linux::keys::Keys;

const LEVEL3: u8 = 1 << 7;
const NUM_LOCK: u8 = 1 << 4;

const SHIFT_KEY: u8 = 10;
const CONTROL_KEY: u8 = 11;
const ALT_GR_KEY: u8 = 12;
const LETTER: u8 = 13;
const DIGIT: u8 = 14;
const Q: u8 = 15;
const TAB: u8 = 16;
const KEYPAD: u8 = 17;
const FREE: u8 = 18;

/// A small German keyboard with a second, Russian group.
pub(crate) fn keyboard() -> Keymap {
    let kind = |mask, levels: &[(u8, u8)]| Type { mask, levels: levels.to_vec() };
    let types = vec![
        kind(0, &[]),
        kind(SHIFT, &[(SHIFT, 1)]),
        kind(SHIFT | LOCK, &[(SHIFT, 1), (LOCK, 1)]),
        kind(SHIFT | LEVEL3, &[(SHIFT, 1), (LEVEL3, 2), (SHIFT | LEVEL3, 3)]),
        kind(SHIFT | NUM_LOCK, &[(NUM_LOCK, 1)]),
    ];
    let key = |modifiers, groups: &[(usize, &[u32])]| Key {
        groups: groups
            .iter()
            .map(|(kind, symbols)| Group { kind: *kind, symbols: symbols.to_vec() })
            .collect(),
        beyond: 0,
        modifiers,
    };
    let keys = vec![
        key(SHIFT, &[(0, &[0xffe1])]),
        key(CONTROL, &[(0, &[0xffe3])]),
        key(LEVEL3, &[(0, &[0xfe03])]),
        key(0, &[(2, &[0x61, 0x41]), (2, &[0x06c1, 0x06e1])]),
        key(0, &[(1, &[0x31, 0x21])]),
        key(0, &[(3, &[0x71, 0x51, 0x40, NO_SYMBOL]), (2, &[0x06ca, 0x06ea])]),
        key(0, &[(1, &[0xff09, 0xfe20])]),
        key(0, &[(4, &[0xff9c, 0xffb1])]),
        key(0, &[]),
        key(0, &[(0, &[NO_SYMBOL])]),
    ];
    let mut map = Keymap { first: SHIFT_KEY, types, keys, choosers: Vec::new() };
    map.choosers = CHOOSERS.iter().filter_map(|symbols| map.chooser(symbols)).collect();
    map
}

fn locked(locked: u8) -> State {
    State { group: 0, locked }
}

fn found(symbol: u32, locks: u8, held: u8) -> Option<(u8, Option<u8>)> {
    keyboard().find(symbol, locked(locks), held).map(|stroke| (stroke.code, stroke.modifiers))
}

#[test]
fn a_symbol_is_found_on_its_level() {
    assert_eq!(found(0x61, 0, 0), Some((LETTER, Some(0))));
    assert_eq!(found(0x41, 0, 0), Some((LETTER, Some(SHIFT))));
    assert_eq!(found(0x40, 0, 0), Some((Q, Some(LEVEL3))));
    assert_eq!(
        found(0x40, 0, SHIFT),
        Some((Q, Some(LEVEL3))),
        "what the operator holds for it does not matter"
    );
    assert_eq!(found(0x20ac, 0, 0), None);
}

#[test]
fn caps_lock_turns_shift_around_for_letters_only() {
    assert_eq!(found(0x61, LOCK, 0), Some((LETTER, Some(SHIFT))));
    assert_eq!(found(0x41, LOCK, 0), Some((LETTER, Some(0))));
    assert_eq!(found(0x31, LOCK, 0), Some((DIGIT, Some(0))));
    assert_eq!(found(0x71, LOCK, 0), None, "a key that leaves Caps Lock to the program has no small letter");
    assert_eq!(found(0x51, LOCK, 0), Some((Q, Some(0))));
}

#[test]
fn a_shortcut_is_pressed_as_the_operator_holds_it() {
    assert_eq!(found(0x41, 0, CONTROL), Some((LETTER, Some(0))));
    assert_eq!(found(0x61, LOCK, CONTROL), Some((LETTER, Some(0))));
    assert_eq!(found(0x41, 0, CONTROL | SHIFT), Some((LETTER, Some(SHIFT))));
}

#[test]
fn keys_that_do_something_leave_modifiers_alone() {
    assert_eq!(found(0xff09, 0, SHIFT), Some((TAB, None)));
    assert_eq!(found(0xfe20, 0, 0), Some((TAB, Some(SHIFT))));
    assert_eq!(found(0xffe1, 0, 0), Some((SHIFT_KEY, None)));
    assert_eq!(found(0xfe03, 0, SHIFT), Some((ALT_GR_KEY, None)));
}

#[test]
fn the_keypad_is_two_keys_in_one() {
    assert_eq!(found(0xff9c, 0, 0), Some((KEYPAD, Some(0))));
    assert_eq!(found(0xffb1, NUM_LOCK, 0), Some((KEYPAD, Some(0))));
    assert_eq!(found(0xff9c, NUM_LOCK, 0), Some((KEYPAD, Some(SHIFT))));
    assert_eq!(found(0xffb1, 0, 0), Some((DIGIT, Some(0))), "without Num Lock the digit beside the keypad");
}

#[test]
fn only_the_group_in_use_counts() {
    let map = keyboard();
    let russian = State { group: 1, locked: 0 };
    assert_eq!(map.find(0x61, russian, 0), None);
    assert_eq!(map.find(0x0100_0430, russian, 0).map(|stroke| stroke.code), Some(LETTER));
    assert_eq!(
        map.find(0x31, russian, 0).map(|stroke| stroke.code),
        Some(DIGIT),
        "a key of one group has it always"
    );
}

#[test]
fn keys_without_a_meaning_are_free() {
    assert_eq!(keyboard().unused().collect::<Vec<_>>(), [FREE, FREE + 1]);
}

fn press(keys: &mut Keys, symbol: u32) -> Vec<(bool, u8)> {
    let map = keyboard();
    let stroke = map.find(symbol, State::default(), keys.modifiers(&map)).unwrap();
    let next = keys.after_press(symbol, stroke, &map);
    let steps = next.steps_from(keys, Some(stroke.code));
    *keys = next;
    steps
}

fn release(keys: &mut Keys, symbol: u32) -> Vec<(bool, u8)> {
    let next = keys.after_release(symbol, &keyboard()).unwrap();
    let steps = next.steps_from(keys, None);
    *keys = next;
    steps
}

#[test]
fn modifiers_that_a_symbol_needs_stay_until_its_key_goes_up() {
    let mut keys = Keys::default();
    assert_eq!(press(&mut keys, 0x41), [(true, SHIFT_KEY), (true, LETTER)]);
    assert_eq!(release(&mut keys, 0x41), [(false, LETTER), (false, SHIFT_KEY)]);
    assert_eq!(keys, Keys::default());
}

#[test]
fn modifiers_that_are_in_the_way_come_back() {
    let mut keys = Keys::default();
    assert_eq!(press(&mut keys, 0xffe1), [(true, SHIFT_KEY)]);
    assert_eq!(press(&mut keys, 0x31), [(false, SHIFT_KEY), (true, DIGIT)]);
    assert_eq!(release(&mut keys, 0x31), [(false, DIGIT), (true, SHIFT_KEY)]);
    assert_eq!(press(&mut keys, 0x40), [(false, SHIFT_KEY), (true, ALT_GR_KEY), (true, Q)]);
    assert_eq!(press(&mut keys, 0xffe3), [(false, ALT_GR_KEY), (true, SHIFT_KEY), (true, CONTROL_KEY)]);
    assert_eq!(keys.pressed(), [Q, SHIFT_KEY, CONTROL_KEY]);
}

#[test]
fn a_key_that_is_down_for_another_symbol_goes_down_again() {
    let mut keys = Keys::default();
    assert_eq!(press(&mut keys, 0x61), [(true, LETTER)]);
    assert_eq!(press(&mut keys, 0x41), [(false, LETTER), (true, SHIFT_KEY), (true, LETTER)]);
    assert!(keys.after_release(0x61, &keyboard()).is_none());
    assert_eq!(release(&mut keys, 0x41), [(false, LETTER), (false, SHIFT_KEY)]);
}
