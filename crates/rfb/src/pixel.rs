//! What a client wants pixels to look like, and how they are turned into that.

use crate::error::Error;

/// The bits of a pixel that mean something here: red, green and blue, a byte each.
pub(crate) const RGB: u32 = 0x00FF_FFFF;

/// Whether any of as many pixels is another one.
pub(crate) fn differs(old: &[u32], new: &[u32]) -> bool {
    // To the end, because vectors do not stop halfway: as quick as comparing memory, whatever the unused bytes hold.
    old.iter().zip(new).fold(0, |bits, (old, new)| bits | (old ^ new)) & RGB != 0
}

/// A pixel format as it is told on the wire, without what follows from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PixelFormat {
    pub(crate) bits_per_pixel: u8,
    pub(crate) depth: u8,
    pub(crate) big_endian: bool,
    /// A client without true colour looks pixels up in a map that the server sends.
    pub(crate) true_colour: bool,
    /// The largest value of red, green and blue.
    pub(crate) max: [u16; 3],
    /// How far left in the pixel they stand.
    pub(crate) shift: [u8; 3],
}

impl PixelFormat {
    /// What a client gets that asks for nothing else: the bytes blue, green, red, nothing.
    pub(crate) const NATIVE: Self = Self {
        bits_per_pixel: 32,
        depth: 24,
        big_endian: false,
        true_colour: true,
        max: [255; 3],
        shift: [16, 8, 0],
    };

    /// What pixels mean that a client looks up in [`put_colour_map`].
    const MAPPED: Self = Self {
        bits_per_pixel: 8,
        depth: 8,
        big_endian: false,
        true_colour: true,
        max: [7, 7, 3],
        shift: [5, 2, 0],
    };

    pub(crate) fn from_wire(bytes: [u8; 16]) -> Self {
        let max = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        Self {
            bits_per_pixel: bytes[0],
            depth: bytes[1],
            big_endian: bytes[2] != 0,
            true_colour: bytes[3] != 0,
            max: [max(4), max(6), max(8)],
            shift: [bytes[10], bytes[11], bytes[12]],
        }
    }

    pub(crate) fn to_wire(self) -> [u8; 16] {
        let [red, green, blue] = self.max.map(u16::to_be_bytes);
        let [red_shift, green_shift, blue_shift] = self.shift;
        [
            self.bits_per_pixel,
            self.depth,
            self.big_endian.into(),
            self.true_colour.into(),
            red[0],
            red[1],
            green[0],
            green[1],
            blue[0],
            blue[1],
            red_shift,
            green_shift,
            blue_shift,
            0,
            0,
            0,
        ]
    }

    /// The bits that each colour takes of a pixel.
    fn masks(self) -> [u64; 3] {
        [0, 1, 2].map(|colour| u64::from(self.max[colour]) << self.shift[colour].min(32))
    }
}

/// The colours of [`PixelFormat::MAPPED`], as the message `SetColourMapEntries` tells them.
pub(crate) fn put_colour_map(out: &mut Vec<u8>) {
    out.extend([1, 0, 0, 0, 1, 0]);
    for index in 0..=255_u16 {
        for (shift, max) in [(5, 7), (2, 7), (0, 3)] {
            let value = u32::from(index >> shift & max) * 0xFFFF / u32::from(max);
            out.extend((value as u16).to_be_bytes());
        }
    }
}

/// Turns pixels into those of a client.
pub(crate) struct Converter {
    format: PixelFormat,
    /// For each colour and each of its values the bits of the pixel, in the order of bytes that goes out.
    tables: Box<[[u32; 256]; 3]>,
    /// Bytes of a pixel.
    bytes: usize,
    /// Which of its bytes ZRLE sends.
    compact: std::ops::Range<usize>,
    /// Whether Tight sends red, green and blue instead of the pixel.
    tight_rgb: bool,
}

impl Converter {
    #[expect(clippy::expect_used, reason = "it is as sound as every compiled-in value")]
    pub(crate) fn native() -> Self {
        Self::new(PixelFormat::NATIVE).expect("the native format makes sense")
    }

    /// # Errors
    ///
    /// When colours overlap, do not fit the pixel, or are counted in something else than whole bits.
    pub(crate) fn new(format: PixelFormat) -> Result<Self, Error> {
        if !format.true_colour && format.bits_per_pixel != 8 {
            return Err(Error::PixelFormat);
        }
        let format = if format.true_colour { format } else { PixelFormat::MAPPED };
        let [red, green, blue] = format.masks();
        let whole_bits = format.max.iter().all(|&max| max > 0 && max & max.wrapping_add(1) == 0);
        let apart = red & green == 0 && green & blue == 0 && red & blue == 0;
        let all = red | green | blue;
        if !matches!(format.bits_per_pixel, 8 | 16 | 32) || !whole_bits || !apart {
            return Err(Error::PixelFormat);
        }
        if all >> format.bits_per_pixel != 0 {
            return Err(Error::PixelFormat);
        }

        let in_order = |pixel: u32| match (format.big_endian, format.bits_per_pixel) {
            (true, 32) => pixel.swap_bytes(),
            (true, 16) => u32::from((pixel as u16).swap_bytes()),
            _ => pixel,
        };
        let mut tables = Box::new([[0; 256]; 3]);
        for (colour, table) in tables.iter_mut().enumerate() {
            let max = u32::from(format.max[colour]);
            for (value, entry) in (0_u32..).zip(table.iter_mut()) {
                *entry = in_order(((value * max + 127) / 255) << format.shift[colour]);
            }
        }

        let bytes = usize::from(format.bits_per_pixel / 8);
        let low = all <= 0x00FF_FFFF;
        let high = all & 0xFF == 0;
        let compact = match format.bits_per_pixel == 32 && format.depth <= 24 && (low || high) {
            true if low != format.big_endian => 0..3,
            true => 1..4,
            false => 0..bytes,
        };
        let tight_rgb = format.bits_per_pixel == 32 && format.depth == 24 && format.max == [255; 3];
        Ok(Self { format, tables, bytes, compact, tight_rgb })
    }

    pub(crate) fn bits_per_pixel(&self) -> u8 {
        self.format.bits_per_pixel
    }

    /// Bytes of a pixel as ZRLE sends it.
    pub(crate) fn compact_bytes(&self) -> usize {
        self.compact.len()
    }

    fn convert(&self, pixel: u32) -> [u8; 4] {
        let [blue, green, red, _] = pixel.to_le_bytes();
        let [reds, greens, blues] = &*self.tables;
        (reds[usize::from(red)] | greens[usize::from(green)] | blues[usize::from(blue)]).to_le_bytes()
    }

    pub(crate) fn put(&self, pixel: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.convert(pixel)[..self.bytes]);
    }

    /// Pixels in a row, as Raw sends them.
    pub(crate) fn put_row(&self, row: &[u32], out: &mut Vec<u8>) {
        if self.format == PixelFormat::NATIVE {
            out.extend(row.iter().flat_map(|pixel| pixel.to_le_bytes()));
        } else {
            row.iter().for_each(|&pixel| self.put(pixel, out));
        }
    }

    /// A pixel as ZRLE sends it.
    pub(crate) fn put_compact(&self, pixel: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.convert(pixel)[self.compact.clone()]);
    }

    /// A pixel as Tight sends it.
    pub(crate) fn put_tight(&self, pixel: u32, out: &mut Vec<u8>) {
        if self.tight_rgb {
            let [blue, green, red, _] = pixel.to_le_bytes();
            out.extend_from_slice(&[red, green, blue]);
        } else {
            self.put(pixel, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(format: PixelFormat, pixel: u32) -> Vec<u8> {
        let mut out = Vec::new();
        Converter::new(format).unwrap().put(pixel, &mut out);
        out
    }

    const RGB565: PixelFormat = PixelFormat {
        bits_per_pixel: 16,
        depth: 16,
        big_endian: false,
        true_colour: true,
        max: [31, 63, 31],
        shift: [11, 5, 0],
    };

    #[test]
    fn the_format_on_the_wire_is_read_as_it_was_written() {
        for format in [PixelFormat::NATIVE, PixelFormat::MAPPED, RGB565] {
            assert_eq!(PixelFormat::from_wire(format.to_wire()), format);
        }
    }

    #[test]
    fn pixels_come_in_the_clients_order_of_bytes() {
        let big = PixelFormat { big_endian: true, ..PixelFormat::NATIVE };
        assert_eq!(put(PixelFormat::NATIVE, 0x12_3456), [0x56, 0x34, 0x12, 0]);
        assert_eq!(put(big, 0x12_3456), [0, 0x12, 0x34, 0x56]);
        assert_eq!(put(RGB565, 0xFF_0000), [0, 0xF8]);
        assert_eq!(put(PixelFormat { big_endian: true, ..RGB565 }, 0xFF_0000), [0xF8, 0]);
        assert_eq!(put(PixelFormat::MAPPED, 0xFF_FFFF), [0xFF]);
    }

    #[test]
    fn the_colour_map_holds_what_mapped_pixels_mean() {
        let mut map = Vec::new();
        put_colour_map(&mut map);
        assert_eq!(map.len(), 6 + 256 * 6);
        let white = usize::from(put(PixelFormat::MAPPED, 0xFF_FFFF)[0]);
        assert_eq!(map[6 + white * 6..][..6], [0xFF; 6]);
        let red = usize::from(put(PixelFormat::MAPPED, 0xFF_0000)[0]);
        assert_eq!(map[6 + red * 6..][..6], [0xFF, 0xFF, 0, 0, 0, 0]);
    }

    #[test]
    fn formats_that_make_no_sense_are_refused() {
        let native = PixelFormat::NATIVE;
        let refused = [
            PixelFormat { bits_per_pixel: 24, ..native },
            PixelFormat { bits_per_pixel: 0, ..native },
            PixelFormat { max: [255, 255, 0], ..native },
            PixelFormat { max: [255, 100, 255], ..native },
            PixelFormat { shift: [16, 16, 0], ..native },
            PixelFormat { shift: [255, 8, 0], ..native },
            PixelFormat { shift: [25, 8, 0], ..native },
            PixelFormat { bits_per_pixel: 16, ..native },
            PixelFormat { true_colour: false, ..native },
        ];
        for format in refused {
            assert_eq!(Converter::new(format).err(), Some(Error::PixelFormat), "{format:?}");
        }
    }
}
