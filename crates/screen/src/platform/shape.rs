//! The pointer's shape as Windows describes it, in pixels.

/// How the bytes of a shape are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bit a pixel, twice: first what stays of the screen, then what is turned over.
    Masks,
    /// Blue, green, red, alpha.
    Colours,
    /// Blue, green, red; where the fourth byte is set, they turn over what is below.
    MaskedColours,
}

const NOTHING: u32 = 0;
const BLACK: u32 = 0xff00_0000;
const WHITE: u32 = 0xffff_ffff;
/// A pixel that turns over what is below it. A viewer does not know what that is; black is seen on most of it.
const TURNED_OVER: u32 = BLACK;

/// The pixels of a shape as `0xAARRGGBB`, colours multiplied by alpha; `None` where there are too few bytes.
///
/// `height` is that of the pointer, also for two masks, which lie one below the other.
pub(crate) fn pixels(
    kind: Kind,
    (width, height): (usize, usize),
    pitch: usize,
    bytes: &[u8],
) -> Option<Vec<u32>> {
    let mut pixels = Vec::new();
    for y in 0..height {
        let row = bytes.get(y.checked_mul(pitch)?..)?;
        for x in 0..width {
            pixels.push(match kind {
                Kind::Masks => {
                    let turns = bytes.get((y + height).checked_mul(pitch)?..)?;
                    let bit = |mask: &[u8]| Some(mask.get(x / 8)? & 0x80 >> (x % 8) != 0);
                    match (bit(row)?, bit(turns)?) {
                        (false, false) => BLACK,
                        (false, true) => WHITE,
                        (true, false) => NOTHING,
                        (true, true) => TURNED_OVER,
                    }
                }
                Kind::Colours => multiplied(four(row, x)?),
                Kind::MaskedColours => match four(row, x)? {
                    [blue, green, red, 0] => u32::from_le_bytes([blue, green, red, 0xff]),
                    [0, 0, 0, _] => NOTHING,
                    _ => TURNED_OVER,
                },
            });
        }
    }
    Some(pixels)
}

fn four(row: &[u8], x: usize) -> Option<[u8; 4]> {
    row.get(x * 4..)?.first_chunk().copied()
}

fn multiplied([blue, green, red, alpha]: [u8; 4]) -> u32 {
    let part = |colour: u8| ((u16::from(colour) * u16::from(alpha) + 127) / 255) as u8;
    u32::from_le_bytes([part(blue), part(green), part(red), alpha])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_multiplied_by_their_alpha() {
        let bytes = [10, 20, 30, 255, 255, 128, 0, 128, 9, 9, 9, 0, 77, 77];
        let expected = vec![0xff1e_140a, 0x8000_4080, 0];
        assert_eq!(pixels(Kind::Colours, (3, 1), 14, &bytes), Some(expected));
    }

    #[test]
    fn masks_give_black_white_and_nothing() {
        let bytes = [0b0011_0000, 0, 0b0101_0000, 0];
        let expected = vec![BLACK, WHITE, NOTHING, TURNED_OVER];
        assert_eq!(pixels(Kind::Masks, (4, 1), 2, &bytes), Some(expected));
    }

    #[test]
    fn masked_colours_are_solid_or_turn_over() {
        let bytes = [1, 2, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255];
        let expected = vec![0xff03_0201, NOTHING, TURNED_OVER];
        assert_eq!(pixels(Kind::MaskedColours, (3, 1), 12, &bytes), Some(expected));
    }

    #[test]
    fn too_few_bytes_give_nothing() {
        assert_eq!(pixels(Kind::Colours, (2, 2), 8, &[0; 15]), None);
        assert_eq!(pixels(Kind::Masks, (9, 1), 2, &[0; 3]), None);
        assert_eq!(pixels(Kind::Colours, (1, 2), usize::MAX, &[0; 16]), None);
        assert_eq!(pixels(Kind::Colours, (0, 0), 0, &[]), Some(vec![]));
    }
}
