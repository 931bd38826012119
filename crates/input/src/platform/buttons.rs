//! The buttons that the operator holds, and those that are pressed for it.

/// How many buttons RFB knows, the wheels among them.
const COUNT: u8 = 9;

/// What is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Buttons {
    /// What the operator was last told to hold, whether it was let through or not.
    seen: u16,
    /// The operator's button and the one that is pressed for it, in the order of their presses.
    pressed: Vec<(u8, u8)>,
}

impl Buttons {
    /// Takes in what the operator holds now and returns what went down, as the server numbers buttons.
    pub(crate) fn take(&mut self, mask: u16) -> Vec<u8> {
        let new = mask & !self.seen;
        self.seen = mask;
        (1..=COUNT).filter(|button| new >> (button - 1) & 1 == 1).collect()
    }

    pub(crate) fn is_pressed(&self) -> bool {
        !self.pressed.is_empty()
    }

    pub(crate) fn pressed(&self) -> Vec<u8> {
        self.pressed.iter().map(|(_, button)| *button).collect()
    }

    /// Forgets what the operator does not hold any more, and returns which buttons go up.
    pub(crate) fn let_go(&mut self) -> Vec<u8> {
        let held = |button: u8| self.seen >> (button - 1) & 1 == 1;
        let (stay, go): (Vec<_>, Vec<_>) = self.pressed.iter().partition(|(button, _)| held(*button));
        self.pressed = stay;
        go.into_iter().map(|(_, button)| button).collect()
    }

    /// Presses a button; `mapping` is what the user has made of each. Returns the one that does what is meant.
    pub(crate) fn press(&mut self, button: u8, mapping: &[u8]) -> Option<u8> {
        let place = mapping.iter().position(|meaning| *meaning == button)?;
        let physical = u8::try_from(place + 1).ok()?;
        self.pressed.push((button, physical));
        Some(physical)
    }

    /// Lets go of everything; what the operator holds meanwhile counts only when pressed anew.
    pub(crate) fn clear(&mut self) -> Vec<u8> {
        let pressed = self.pressed();
        self.pressed.clear();
        pressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    #[test]
    fn a_refused_press_counts_only_when_pressed_anew() {
        let mut buttons = Buttons::default();
        assert_eq!(buttons.take(0b101), [1, 3]);
        assert_eq!(buttons.take(0b101), []);
        assert_eq!(buttons.take(0b100), []);
        assert_eq!(buttons.take(0b101), [1]);
        assert_eq!(buttons.press(1, &PLAIN), Some(1));
        assert_eq!(buttons.let_go(), []);
        assert_eq!(buttons.clear(), [1]);
        assert_eq!(buttons.take(0b101), []);
    }

    #[test]
    fn the_left_button_of_a_left_handed_user_is_pressed_on_the_right() {
        let mut buttons = Buttons::default();
        buttons.take(1);
        assert_eq!(buttons.press(1, &[3, 2, 1]), Some(3));
        buttons.take(0);
        assert_eq!(buttons.let_go(), [3]);
    }

    #[test]
    fn a_button_that_the_pointer_has_not_is_not_pressed() {
        let mut buttons = Buttons::default();
        assert_eq!(buttons.take(1 << 8), [9]);
        assert_eq!(buttons.press(9, &PLAIN[..7]), None);
        assert!(!buttons.is_pressed());
    }
}
