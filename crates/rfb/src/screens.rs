//! The screens that the picture is made of.

use std::num::NonZeroU32;

use crate::abilities::number;
use crate::encode::head;
use crate::geometry::{Rect, Size};

/// As many as their count, a byte, has room for.
const MOST: usize = 255;

/// A screen: a part of the picture that a client can show alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The same for as long as it is the same screen; libvncclient passes over one with the number 0.
    pub id: NonZeroU32,
    /// Where it is in the picture.
    pub rect: Rect,
}

/// All of them; none where the picture is one.
#[derive(Debug, Default)]
pub(crate) struct Screens(Vec<Screen>);

impl Screens {
    /// No if they are as they were.
    pub(crate) fn set(&mut self, screens: &[Screen]) -> bool {
        let screens = &screens[..screens.len().min(MOST)];
        let new = self.0 != screens;
        if new {
            self.0 = screens.to_vec();
        }
        new
    }

    /// Writes a rectangle with the picture's size and the screens in it, and `why`: a reason and a result.
    pub(crate) fn encode(&self, size: Size, (why, result): (u16, u16), out: &mut Vec<u8>) {
        const FLAGS: u32 = 0;
        let inside = |screen: &Screen| Screen { rect: screen.rect.intersection(size.rect()), ..*screen };
        let mut screens: Vec<_> = self.0.iter().map(inside).collect();
        screens.retain(|screen| !screen.rect.is_empty());
        if screens.is_empty() {
            screens.push(Screen { id: NonZeroU32::MIN, rect: size.rect() });
        }
        let rect = Rect { x: why, y: result, width: size.width, height: size.height };
        head(rect, number::EXTENDED_DESKTOP_SIZE, out);
        out.extend_from_slice(&[screens.len() as u8, 0, 0, 0]);
        for Screen { id, rect } in screens {
            out.extend_from_slice(&id.get().to_be_bytes());
            for value in [rect.x, rect.y, rect.width, rect.height] {
                out.extend_from_slice(&value.to_be_bytes());
            }
            out.extend_from_slice(&FLAGS.to_be_bytes());
        }
    }
}
