//! ZRLE: tiles with palettes and runs, in one zlib stream.

use super::deflate::Deflate;
use super::palette::Palette;
use super::{Job, Picture};
use crate::abilities::number;
use crate::geometry::Rect;
use crate::pixel::Converter;

/// The side of a tile, by definition of the encoding.
const TILE: u16 = 64;
/// What the byte that says how a tile is encoded has room for.
const MOST_COLOURS: usize = 127;
/// More colours are not packed into bits.
const MOST_PACKED: usize = 16;
const PLAIN_RUNS: u8 = 128;

pub(super) struct Zrle {
    stream: Deflate,
    palette: Palette,
    data: Vec<u8>,
}

impl Default for Zrle {
    fn default() -> Self {
        Self { stream: Deflate::new(2), palette: Palette::default(), data: Vec::new() }
    }
}

impl Zrle {
    pub(super) fn encode(&mut self, job: &mut Job<'_>, rect: Rect) {
        job.begin(rect, number::ZRLE, false);
        self.data.clear();
        for y in (0..rect.height).step_by(TILE.into()) {
            let height = (rect.height - y).min(TILE);
            for x in (0..rect.width).step_by(TILE.into()) {
                let width = (rect.width - x).min(TILE);
                let tile = Rect { x: rect.x + x, y: rect.y + y, width, height };
                self.tile(job.picture, tile, job.converter);
            }
        }
        let length_at = job.out.len();
        job.out.extend_from_slice(&[0; 4]);
        self.stream.deflate(&self.data, job.out);
        let length = (job.out.len() - length_at - 4) as u32;
        job.out[length_at..][..4].copy_from_slice(&length.to_be_bytes());
    }

    /// In whichever way takes the fewest bytes before deflating.
    fn tile(&mut self, picture: Picture<'_>, tile: Rect, converter: &Converter) {
        let few = self.palette.scan(picture, tile, MOST_COLOURS);
        let count = self.palette.colours().len();
        let pixel = converter.compact_bytes();
        let (runs, single) = runs(picture, tile)
            .fold((0, 0), |(runs, single), (_, length)| (runs + 1, single + usize::from(length == 1)));
        let plain_runs = runs * (pixel + 1);
        let raw = tile.area() * pixel;
        if !few {
            return if plain_runs < raw {
                self.plain_runs(picture, tile, converter)
            } else {
                self.raw(picture, tile, converter)
            };
        }
        if let [colour] = *self.palette.colours() {
            self.data.push(1);
            return converter.put_compact(colour, &mut self.data);
        }
        let packed = match count {
            ..=MOST_PACKED => {
                let row = usize::from(tile.width) * usize::from(bits(count));
                count * pixel + usize::from(tile.height) * row.div_ceil(8)
            }
            _ => usize::MAX,
        };
        let indexed_runs = count * pixel + 2 * runs - single;
        if packed <= indexed_runs.min(plain_runs).min(raw) {
            self.packed(picture, tile, converter);
        } else if indexed_runs <= plain_runs.min(raw) {
            self.indexed_runs(picture, tile, converter);
        } else if plain_runs < raw {
            self.plain_runs(picture, tile, converter);
        } else {
            self.raw(picture, tile, converter);
        }
    }

    fn raw(&mut self, picture: Picture<'_>, tile: Rect, converter: &Converter) {
        self.data.push(0);
        for row in picture.rows(tile) {
            row.iter().for_each(|&pixel| converter.put_compact(pixel, &mut self.data));
        }
    }

    fn put_palette(&mut self, kind: u8, converter: &Converter) {
        self.data.push(kind + self.palette.colours().len() as u8);
        self.palette.colours().iter().for_each(|&colour| converter.put_compact(colour, &mut self.data));
    }

    fn packed(&mut self, picture: Picture<'_>, tile: Rect, converter: &Converter) {
        self.put_palette(0, converter);
        let bits = bits(self.palette.colours().len());
        for row in picture.rows(tile) {
            for pixels in row.chunks(usize::from(8 / bits)) {
                let mut byte = 0;
                for (place, &pixel) in (1..).zip(pixels) {
                    byte |= self.palette.index(pixel) << (8 - bits * place);
                }
                self.data.push(byte);
            }
        }
    }

    fn indexed_runs(&mut self, picture: Picture<'_>, tile: Rect, converter: &Converter) {
        self.put_palette(PLAIN_RUNS, converter);
        for (colour, length) in runs(picture, tile) {
            let index = self.palette.index(colour);
            if length == 1 {
                self.data.push(index);
            } else {
                self.data.push(index | 0x80);
                put_run(length, &mut self.data);
            }
        }
    }

    fn plain_runs(&mut self, picture: Picture<'_>, tile: Rect, converter: &Converter) {
        self.data.push(PLAIN_RUNS);
        for (colour, length) in runs(picture, tile) {
            converter.put_compact(colour, &mut self.data);
            put_run(length, &mut self.data);
        }
    }
}

/// The bits of an index into so many colours.
fn bits(colours: usize) -> u8 {
    match colours {
        ..=2 => 1,
        3..=4 => 2,
        _ => 4,
    }
}

/// Equal pixels in a row, which go on from the end of a line to the next.
fn runs(picture: Picture<'_>, tile: Rect) -> impl Iterator<Item = (u32, usize)> {
    let mut pixels = picture.rows(tile).flatten().copied().peekable();
    std::iter::from_fn(move || {
        let colour = pixels.next()?;
        let mut length = 1;
        while pixels.next_if_eq(&colour).is_some() {
            length += 1;
        }
        Some((colour, length))
    })
}

fn put_run(length: usize, out: &mut Vec<u8>) {
    let more = length - 1;
    out.extend(std::iter::repeat_n(255, more / 255));
    out.push((more % 255) as u8);
}
