//! The colours of a rectangle, as long as they are few.

use super::Picture;
use crate::geometry::Rect;

const SLOTS: usize = 1024;
const SHIFT: u32 = u32::BITS - SLOTS.ilog2();
/// No more than Tight can name with a byte, and few enough for the table to have gaps.
pub(super) const MAX_COLOURS: usize = 256;

/// The colours of a rectangle in the order in which they appear, as long as they are few.
///
/// An open hash table that is emptied by counting its rounds; it is filled for every few thousand pixels.
pub(super) struct Palette {
    colours: Vec<u32>,
    slots: Box<[Slot; SLOTS]>,
    round: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    round: u32,
    colour: u32,
    index: u8,
}

impl Default for Palette {
    fn default() -> Self {
        Self { colours: Vec::with_capacity(MAX_COLOURS), slots: Box::new([Slot::default(); SLOTS]), round: 0 }
    }
}

impl Palette {
    /// Takes the colours of the rectangle; no if there are more than `most`, and then the palette is useless.
    pub(super) fn scan(&mut self, picture: Picture<'_>, rect: Rect, most: usize) -> bool {
        debug_assert!(most <= MAX_COLOURS);
        self.clear();
        // No pixel is this one: the top byte is not used.
        let mut last = u32::MAX;
        for row in picture.rows(rect) {
            for &pixel in row {
                if pixel != last {
                    last = pixel;
                    if !self.insert(pixel, most) {
                        return false;
                    }
                }
            }
        }
        true
    }

    pub(super) fn colours(&self) -> &[u32] {
        &self.colours
    }

    /// Where in [`colours`](Self::colours) a colour stands that was scanned.
    pub(super) fn index(&self, colour: u32) -> u8 {
        let mut place = place(colour);
        // The table is never full, so the search ends even for a colour that is not there.
        while self.slots[place].round == self.round {
            if self.slots[place].colour == colour {
                return self.slots[place].index;
            }
            place = (place + 1) % SLOTS;
        }
        0
    }

    fn clear(&mut self) {
        self.colours.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            *self.slots = [Slot::default(); SLOTS];
            self.round = 1;
        }
    }

    fn insert(&mut self, colour: u32, most: usize) -> bool {
        let mut place = place(colour);
        while self.slots[place].round == self.round {
            if self.slots[place].colour == colour {
                return true;
            }
            place = (place + 1) % SLOTS;
        }
        if self.colours.len() == most {
            return false;
        }
        self.slots[place] = Slot { round: self.round, colour, index: self.colours.len() as u8 };
        self.colours.push(colour);
        true
    }
}

/// Neighbouring colours are common in pictures, so every bit has to count.
fn place(colour: u32) -> usize {
    (colour.wrapping_mul(0x9E37_79B1) >> SHIFT) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_keep_the_order_of_their_first_appearance() {
        let pixels: Vec<u32> = (0..256).flat_map(|colour| [colour * 0x01_0101, 0]).collect();
        let picture = Picture { pixels: &pixels, stride: 512 };
        let rect = Rect { x: 0, y: 0, width: 512, height: 1 };
        let mut palette = Palette::default();
        assert!(!palette.scan(picture, rect, 255));
        assert!(palette.scan(picture, rect, 256));
        assert!((0..256).all(|colour| u32::from(palette.index(colour * 0x01_0101)) == colour));
    }
}
