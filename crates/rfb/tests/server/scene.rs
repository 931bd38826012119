//! Pictures that look a little like what is on screens, and what happens to them.

use proptest::prelude::*;
use rfb::{Cursor, Rect, Size};

/// A screen: text, flat areas, photographs.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) size: Size,
    pub(crate) pixels: Vec<u32>,
    random: u32,
}

/// Something that happens on a screen.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Fill(Rect, u32),
    /// Few colours, hard edges.
    Text(Rect),
    /// Many colours.
    Photo(Rect),
    /// Everything in it moves up or down by so many rows; what is left behind stays.
    Scroll(Rect, i16),
}

impl Scene {
    pub(crate) fn new(size: Size) -> Self {
        Self { size, pixels: vec![0x20_2020; area(size)], random: 1 }
    }

    pub(crate) fn width(&self) -> usize {
        self.size.width.into()
    }

    pub(crate) fn apply(&mut self, change: &Change) {
        match *change {
            Change::Fill(rect, colour) => self.paint(rect, |_, _, _| colour),
            Change::Text(rect) => self.paint(rect, |random, x, _| match (random >> 28, x % 7) {
                (_, 0) | (0..9, _) => 0xF8_F8F8,
                (9..13, _) => 0x10_1010,
                (shade, _) => shade * 0x10_0C08,
            }),
            Change::Photo(rect) => self.paint(rect, |random, x, y| {
                let noise = random >> 28;
                let channel = |a: u32| (a + noise) & 0xFF;
                channel(x * 2 + y) << 16 | channel(y * 2) << 8 | channel(200 + x - y.min(x))
            }),
            Change::Scroll(rect, by) => {
                let before = self.pixels.clone();
                let width = self.width();
                for y in rect.y..rect.y + rect.height {
                    let from = i32::from(y) + i32::from(by);
                    if from < rect.y.into() || from >= i32::from(rect.y + rect.height) {
                        continue;
                    }
                    let (to, from) = (usize::from(y) * width, from as usize * width);
                    let x = usize::from(rect.x)..usize::from(rect.x + rect.width);
                    self.pixels[to + x.start..to + x.end]
                        .copy_from_slice(&before[from + x.start..from + x.end]);
                }
            }
        }
    }

    fn paint(&mut self, rect: Rect, mut colour: impl FnMut(u32, u32, u32) -> u32) {
        let width = self.width();
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                let pixel = colour(self.random, (x - rect.x).into(), (y - rect.y).into());
                self.pixels[usize::from(y) * width + usize::from(x)] = pixel & 0xFF_FFFF;
            }
        }
    }

    /// The pixels with the cursor over them that points at `place`.
    pub(crate) fn with_cursor(&self, cursor: &Cursor, place: (u16, u16)) -> Vec<u32> {
        let mut pixels = self.pixels.clone();
        let Size { width, height } = cursor.size;
        for (n, &pixel) in cursor.pixels.iter().enumerate() {
            let (column, row) = (n % usize::from(width), n / usize::from(width));
            assert!(row < usize::from(height));
            let x = usize::from(place.0) + column;
            let y = usize::from(place.1) + row;
            let x = x.checked_sub(cursor.hot_x.into()).filter(|&x| x < self.width());
            let y = y.checked_sub(cursor.hot_y.into()).filter(|&y| y < self.size.height.into());
            if let Some((x, y)) = x.zip(y) {
                let below = &mut pixels[y * self.width() + x];
                let [own, under] = [pixel, *below].map(u32::to_be_bytes);
                let rest = f64::from(255 - own[0]) / 255.0;
                let colour = |place: usize| (f64::from(under[place]) * rest).round() as u8 + own[place];
                *below = u32::from_be_bytes([0, colour(1), colour(2), colour(3)]);
            }
        }
        pixels
    }

    /// The pixels from a rectangle on, as a grabber would give them.
    pub(crate) fn from(&self, rect: Rect) -> &[u32] {
        &self.pixels[usize::from(rect.y) * self.width() + usize::from(rect.x)..]
    }

    pub(crate) fn all(&self) -> Rect {
        Rect { x: 0, y: 0, width: self.size.width, height: self.size.height }
    }
}

impl Change {
    pub(crate) fn rect(&self) -> Rect {
        match *self {
            Self::Fill(rect, _) | Self::Text(rect) | Self::Photo(rect) | Self::Scroll(rect, _) => rect,
        }
    }
}

pub(crate) fn area(size: Size) -> usize {
    usize::from(size.width) * usize::from(size.height)
}

/// A cursor of this size, with every transparency, no colour brighter than its own.
pub(crate) fn cursor(size: Size, hot: (u16, u16), seed: u32) -> Cursor {
    let mut random = seed;
    let mut pixel = || {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let alpha = match random >> 30 {
            0 => 0,
            1 => 255,
            _ => random >> 8 & 0xFF,
        };
        let colour = |shift: u32| ((random >> shift & 0xFF) * alpha / 255) << shift;
        alpha << 24 | colour(16) | colour(8) | colour(0)
    };
    let pixels = (0..area(size)).map(|_| pixel()).collect();
    Cursor { size, hot_x: hot.0, hot_y: hot.1, pixels }
}

pub(crate) fn sizes() -> impl Strategy<Value = Size> {
    (1..300_u16, 1..220_u16).prop_map(|(width, height)| Size { width, height })
}

/// Something that happens on a screen of this size.
pub(crate) fn changes(size: Size) -> impl Strategy<Value = Change> {
    let side = |whole: u16| {
        (0..whole)
            .prop_flat_map(move |start| (Just(start), prop_oneof![1..=whole - start, Just(whole - start)]))
    };
    let rect = (side(size.width), side(size.height)).prop_map(|((x, width), (y, height))| Rect {
        x,
        y,
        width,
        height,
    });
    let whole = Just(Rect { x: 0, y: 0, width: size.width, height: size.height });
    let rect = prop_oneof![4 => rect, 1 => whole];
    (rect, 0..4, any::<u32>(), -40..40_i16).prop_map(|(rect, kind, colour, by)| match kind {
        0 => Change::Fill(rect, colour & 0xFF_FFFF),
        1 => Change::Text(rect),
        2 => Change::Photo(rect),
        _ => Change::Scroll(rect, by),
    })
}
