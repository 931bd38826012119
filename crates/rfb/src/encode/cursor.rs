//! The shape of the cursor, in the ways that viewers know.

use super::{Picture, head};
use crate::abilities::{CursorKind, number};
use crate::geometry::{Corner, Rect, Size};
use crate::pixel::{Converter, RGB};

/// A shape of the cursor. One without pixels hides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// How large it is.
    pub size: Size,
    /// The column that points.
    pub hot_x: u16,
    /// The row that points.
    pub hot_y: u16,
    /// Rows of `0xAARRGGBB`, with the colours already multiplied by the alpha, as the systems give them.
    pub pixels: Vec<u32>,
}

impl Cursor {
    /// No shape is without its pixels, or points beside itself.
    pub(crate) fn is_whole(&self) -> bool {
        self.pixels.len() == self.size.area()
    }

    /// Nothing to be seen. One pixel all the same: libvncclient passes over a shape that has none.
    pub(crate) fn hidden() -> Self {
        Self { size: Size { width: 1, height: 1 }, hot_x: 0, hot_y: 0, pixels: vec![0] }
    }

    /// Draws it over the pixels of `rect`, which are a part of what it covers from `corner` on, and which `under` gets.
    pub(crate) fn draw(
        &self,
        corner: Corner,
        rect: Rect,
        pixels: &mut [u32],
        stride: usize,
        under: &mut Vec<u32>,
    ) {
        if rect.is_empty() {
            return;
        }
        let inset = |edge: u16, corner: i32| (i32::from(edge) - corner) as u16;
        let part = Rect { x: inset(rect.x, corner.0), y: inset(rect.y, corner.1), ..rect };
        let own = Picture { pixels: &self.pixels, stride: self.size.width.into() };
        for (y, own) in (usize::from(rect.y)..).zip(own.rows(part)) {
            let row = &mut pixels[y * stride + usize::from(rect.x)..][..own.len()];
            under.extend_from_slice(row);
            row.iter_mut().zip(own).for_each(|(pixel, &own)| *pixel = over(*pixel, own));
        }
    }

    /// Writes it as a rectangle.
    pub(crate) fn encode(&self, kind: CursorKind, converter: &Converter, out: &mut Vec<u8>) {
        let rect = Rect { x: self.hot_x, y: self.hot_y, width: self.size.width, height: self.size.height };
        match kind {
            CursorKind::Hidden => {}
            CursorKind::Masked => {
                head(rect, number::CURSOR, out);
                self.masked(converter, out);
            }
            CursorKind::Vmware => {
                head(rect, number::VMWARE_CURSOR, out);
                const ALPHA: [u8; 2] = [1, 0];
                out.extend_from_slice(&ALPHA);
                for &pixel in &self.pixels {
                    out.extend_from_slice(&(straight(pixel) << 8 | pixel >> 24).to_be_bytes());
                }
            }
            CursorKind::Alpha => {
                head(rect, number::ALPHA_CURSOR, out);
                out.extend_from_slice(&number::RAW.to_be_bytes());
                for &pixel in &self.pixels {
                    out.extend_from_slice(&pixel.rotate_left(8).to_be_bytes());
                }
            }
        }
    }

    /// What is more there than not, is there.
    fn masked(&self, converter: &Converter, out: &mut Vec<u8>) {
        self.pixels.iter().for_each(|&pixel| converter.put(straight(pixel), out));
        let rect = self.size.rect();
        for row in (Picture { pixels: &self.pixels, stride: self.size.width.into() }).rows(rect) {
            for pixels in row.chunks(8) {
                let there = |&pixel: &u32| u8::from(pixel >> 24 >= 0x80);
                out.push(
                    (0..).zip(pixels).fold(0, |bits, (place, pixel)| bits | there(pixel) << (7 - place)),
                );
            }
        }
    }
}

/// The colour of a pixel of the cursor over one of the picture.
fn over(below: u32, pixel: u32) -> u32 {
    let rest = 255 - (pixel >> 24);
    // Shapes whose colours are more than their alpha are about.
    let colour = |shift: u32| {
        let below = ((below >> shift & 0xFF) * rest + 127) / 255;
        ((pixel >> shift & 0xFF) + below).min(255) << shift
    };
    colour(16) | colour(8) | colour(0)
}

/// The colour without its alpha.
fn straight(pixel: u32) -> u32 {
    let alpha = pixel >> 24;
    if alpha == 0 {
        return 0;
    }
    let colour = |shift: u32| ((pixel >> shift & 0xFF) * 255 / alpha).min(255) << shift;
    (colour(16) | colour(8) | colour(0)) & RGB
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::PixelFormat;

    fn encoded(kind: CursorKind) -> Vec<u8> {
        let cursor = Cursor {
            size: Size { width: 3, height: 1 },
            hot_x: 2,
            hot_y: 0,
            pixels: vec![0, 0x8040_0000, 0xFF12_3456],
        };
        let mut out = Vec::new();
        cursor.encode(kind, &Converter::new(PixelFormat::NATIVE).unwrap(), &mut out);
        out.split_off(12)
    }

    #[test]
    fn the_shape_is_told_in_the_way_the_client_knows() {
        assert_eq!(
            encoded(CursorKind::Masked),
            [0, 0, 0, 0, 0, 0, 0x7F, 0, 0x56, 0x34, 0x12, 0, 0b0110_0000]
        );
        assert_eq!(encoded(CursorKind::Vmware), [1, 0, 0, 0, 0, 0, 0x7F, 0, 0, 0x80, 0x12, 0x34, 0x56, 0xFF]);
        assert_eq!(
            encoded(CursorKind::Alpha),
            [0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0x80, 0x12, 0x34, 0x56, 0xFF]
        );
    }
}
