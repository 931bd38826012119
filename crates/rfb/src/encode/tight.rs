//! Tight: text as indices into a palette, photographs as JPEG.
//!
//! A rectangle is looked at in cells. Those with few colours are text and drawings, which JPEG would smear and a palette
//! makes small; the others are photographs. Neighbouring cells of the same kind are sent together, because each
//! rectangle costs its head and each JPEG file its tables.

use super::deflate::Deflate;
use super::jpeg::{self, Jpeg};
use super::palette::{MAX_COLOURS, Palette};
use super::{Job, Picture};
use crate::abilities::number;
use crate::geometry::Rect;
use crate::pixel::Converter;

/// The side of a cell; a multiple of the tiles in which changes are found.
const CELL: u16 = 64;
/// A cell with more colours is a photograph: anti-aliased text stays below.
const FEW_COLOURS: usize = 64;
/// Decoders give up beyond 2048.
const WIDEST: u16 = 1024;
/// Pixels of a rectangle: so that the client can begin to draw before all has arrived.
const LARGEST_FLAT: usize = 1 << 16;
const LARGEST_PHOTO: usize = 1 << 19;
/// Shorter data is sent as it is, without its length.
const LEAST_TO_DEFLATE: usize = 12;

/// Tight has four zlib streams; these say which is for what.
const FULL: usize = 0;
const MONO: usize = 1;
const INDEXED: usize = 2;

pub(super) struct Tight {
    streams: [Deflate; 3],
    palette: Palette,
    jpeg: Jpeg,
    data: Vec<u8>,
    deflated: Vec<u8>,
    /// Those of the row of cells above that may still grow, and those of this row.
    above: Vec<Part>,
    row: Vec<Part>,
}

impl Default for Tight {
    fn default() -> Self {
        Self {
            streams: [Deflate::new(2), Deflate::new(2), Deflate::new(2)],
            palette: Palette::default(),
            jpeg: Jpeg::default(),
            data: Vec::new(),
            deflated: Vec::new(),
            above: Vec::new(),
            row: Vec::new(),
        }
    }
}

/// Cells of one kind.
#[derive(Clone, Copy)]
struct Part {
    rect: Rect,
    photo: bool,
}

impl Part {
    fn largest(self) -> usize {
        if self.photo { LARGEST_PHOTO } else { LARGEST_FLAT }
    }
}

impl Tight {
    pub(super) fn encode(&mut self, job: &mut Job<'_>, rect: Rect) {
        let mut above = std::mem::take(&mut self.above);
        let mut row = std::mem::take(&mut self.row);
        for y in (0..rect.height).step_by(CELL.into()) {
            let height = (rect.height - y).min(CELL);
            self.classify(job.picture, Rect { y: rect.y + y, height, ..rect }, &mut row);
            for part in &mut row {
                let grows = |other: &Part| {
                    let below = u32::from(part.rect.y) == other.rect.bottom();
                    let same = other.rect.x == part.rect.x && other.rect.width == part.rect.width;
                    let fits = other.rect.area() + part.rect.area() <= part.largest();
                    below && same && other.photo == part.photo && fits
                };
                if let Some(place) = above.iter().position(grows) {
                    part.rect = part.rect.union(above.swap_remove(place).rect);
                }
            }
            above.drain(..).for_each(|part| self.part(job, part));
            std::mem::swap(&mut above, &mut row);
        }
        above.drain(..).for_each(|part| self.part(job, part));
        (self.above, self.row) = (above, row);
    }

    /// Cuts a row of cells where their kind changes.
    fn classify(&mut self, picture: Picture<'_>, cells: Rect, parts: &mut Vec<Part>) {
        for x in (0..cells.width).step_by(CELL.into()) {
            let rect = Rect { x: cells.x + x, width: (cells.width - x).min(CELL), ..cells };
            let photo = !self.palette.scan(picture, rect, FEW_COLOURS);
            match parts.last_mut() {
                Some(last) if last.photo == photo && last.rect.width + rect.width <= WIDEST => {
                    last.rect.width += rect.width;
                }
                _ => parts.push(Part { rect, photo }),
            }
        }
    }

    fn part(&mut self, job: &mut Job<'_>, part: Part) {
        let Part { rect, photo } = part;
        if photo {
            // Clients have no colours to show a JPEG file with 8 bits in.
            if let Some(level) = job.quality.filter(|_| job.converter.bits_per_pixel() > 8)
                && rect.area() >= jpeg::LEAST_PIXELS
                && let Ok(file) = self.jpeg.encode(job.picture, rect, level)
            {
                begin(job, rect, 0x90, true);
                put_length(file.len(), job.out);
                job.out.extend_from_slice(file);
            } else {
                self.full(job, rect);
            }
        } else if self.palette.scan(job.picture, rect, most_colours(job.converter)) {
            self.indexed(job, rect);
        } else if rect.width > CELL {
            // Few colours in each cell and many in all of them.
            let left = (rect.width / 2).next_multiple_of(CELL);
            self.part(job, Part { rect: Rect { width: left, ..rect }, photo });
            let right = Rect { x: rect.x + left, width: rect.width - left, ..rect };
            self.part(job, Part { rect: right, photo });
        } else if rect.height > CELL {
            let top = (rect.height / 2).next_multiple_of(CELL);
            self.part(job, Part { rect: Rect { height: top, ..rect }, photo });
            let bottom = Rect { y: rect.y + top, height: rect.height - top, ..rect };
            self.part(job, Part { rect: bottom, photo });
        } else {
            self.full(job, rect);
        }
    }

    /// As indices into the palette, which holds the rectangle's colours.
    fn indexed(&mut self, job: &mut Job<'_>, rect: Rect) {
        let colours = self.palette.colours();
        if let [colour] = *colours {
            begin(job, rect, 0x80, false);
            job.converter.put_tight(colour, job.out);
            return;
        }
        let stream = if colours.len() == 2 { MONO } else { INDEXED };
        begin(job, rect, 0x40 | (stream as u8) << 4, false);
        job.out.extend_from_slice(&[1, (colours.len() - 1) as u8]);
        colours.iter().for_each(|&colour| job.converter.put_tight(colour, job.out));
        self.data.clear();
        if let [_, second] = *colours {
            for row in job.picture.rows(rect) {
                let bits = |pixels: &[u32]| {
                    let bit = |place: usize| u8::from(pixels[place] == second) << (7 - place);
                    (0..pixels.len()).fold(0, |bits, place| bits | bit(place))
                };
                let (eights, rest) = row.as_chunks::<8>();
                self.data.extend(eights.iter().map(|eight| bits(eight)));
                self.data.extend((!rest.is_empty()).then(|| bits(rest)));
            }
        } else {
            let mut last = (u32::MAX, 0);
            for row in job.picture.rows(rect) {
                self.data.extend(row.iter().map(|&pixel| {
                    if pixel != last.0 {
                        last = (pixel, self.palette.index(pixel));
                    }
                    last.1
                }));
            }
        }
        self.deflate(stream, job.out);
    }

    /// Every pixel.
    fn full(&mut self, job: &mut Job<'_>, rect: Rect) {
        // Photographs may be larger than what is good for a rectangle that keeps every pixel.
        let rows = (LARGEST_FLAT / usize::from(rect.width)).clamp(1, usize::from(rect.height)) as u16;
        for y in (0..rect.height).step_by(rows.into()) {
            let rect = Rect { y: rect.y + y, height: (rect.height - y).min(rows), ..rect };
            begin(job, rect, (FULL as u8) << 4, false);
            self.data.clear();
            for row in job.picture.rows(rect) {
                row.iter().for_each(|&pixel| job.converter.put_tight(pixel, &mut self.data));
            }
            self.deflate(FULL, job.out);
        }
    }

    fn deflate(&mut self, stream: usize, out: &mut Vec<u8>) {
        if self.data.len() < LEAST_TO_DEFLATE {
            out.extend_from_slice(&self.data);
            return;
        }
        self.deflated.clear();
        self.streams[stream].deflate(&self.data, &mut self.deflated);
        put_length(self.deflated.len(), out);
        out.extend_from_slice(&self.deflated);
    }
}

/// Begins a rectangle with the byte that says how it is encoded.
fn begin(job: &mut Job<'_>, rect: Rect, control: u8, lossy: bool) {
    job.begin(rect, number::TIGHT, lossy);
    job.out.push(control);
}

/// An index into more than two colours is a byte, which saves nothing over pixels of a byte.
fn most_colours(converter: &Converter) -> usize {
    if converter.bits_per_pixel() > 8 { MAX_COLOURS } else { 2 }
}

/// Seven bits a byte, the lowest first, the third with eight; what is longer is not made.
fn put_length(length: usize, out: &mut Vec<u8>) {
    debug_assert!(length < 1 << 22);
    let low = (length & 0x7F) as u8;
    let middle = (length >> 7 & 0x7F) as u8;
    match length {
        0..0x80 => out.push(low),
        0x80..0x4000 => out.extend_from_slice(&[low | 0x80, middle]),
        _ => out.extend_from_slice(&[low | 0x80, middle | 0x80, (length >> 14) as u8]),
    }
}
