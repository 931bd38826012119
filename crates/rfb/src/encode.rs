//! How pixels become the bytes of rectangles.

mod cursor;
mod deflate;
mod jpeg;
mod palette;
mod raw;
mod tight;
mod zrle;

pub use cursor::Cursor;

use crate::abilities::Encoding;
use crate::geometry::Rect;
use crate::pixel::Converter;

/// Pixels to encode, without their unused byte.
#[derive(Clone, Copy)]
pub(crate) struct Picture<'a> {
    pub(crate) pixels: &'a [u32],
    pub(crate) stride: usize,
}

impl<'a> Picture<'a> {
    pub(crate) fn rows(self, rect: Rect) -> impl Iterator<Item = &'a [u32]> + Clone {
        let first = usize::from(rect.y) * self.stride + usize::from(rect.x);
        (0..usize::from(rect.height))
            .map(move |row| &self.pixels[first + row * self.stride..][..usize::from(rect.width)])
    }
}

/// What was written as one rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) rect: Rect,
    /// The client has something similar, not the same.
    pub(crate) lossy: bool,
}

/// Where pixels come from and rectangles go, and what is the same for all of an update.
pub(crate) struct Job<'a> {
    pub(crate) picture: Picture<'a>,
    pub(crate) converter: &'a Converter,
    /// Of JPEG, from 0 to 9, for where it pays off; without it nothing is lost.
    pub(crate) quality: Option<u8>,
    pub(crate) pieces: &'a mut Vec<Piece>,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Job<'_> {
    /// Begins a rectangle.
    fn begin(&mut self, rect: Rect, encoding: i32, lossy: bool) {
        head(rect, encoding, self.out);
        self.pieces.push(Piece { rect, lossy });
    }
}

/// The encoders with the state that they share with the client's decoders.
#[derive(Default)]
pub(crate) struct Encoder {
    tight: tight::Tight,
    zrle: zrle::Zrle,
}

impl Encoder {
    /// Writes the rectangle, as one or more.
    pub(crate) fn encode(&mut self, encoding: Encoding, job: &mut Job<'_>, rect: Rect) {
        match encoding {
            Encoding::Raw => raw::encode(job, rect),
            Encoding::Zrle => self.zrle.encode(job, rect),
            Encoding::Tight => self.tight.encode(job, rect),
        }
    }
}

/// The head of a rectangle.
pub(crate) fn head(rect: Rect, encoding: i32, out: &mut Vec<u8>) {
    for value in [rect.x, rect.y, rect.width, rect.height] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    out.extend_from_slice(&encoding.to_be_bytes());
}
