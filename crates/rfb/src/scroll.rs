//! Finds what has moved up or down in a part of the picture, so that it need not be sent again.
//!
//! Rows are compared by hashes, in bands as wide as a column of text, so that what moves is found beside what does not.
//! Each new row that stood elsewhere before votes for the distance, if only one row before looked like it. The bands
//! that gain by the winning distance are taken together, cut to the rows that gain, and widened in small steps.
//!
//! A proposal may be wrong for some pixels: what is copied is compared with what is there afterwards, like everything.

use crate::geometry::Rect;
use crate::pixel::{RGB, differs};

const BAND: usize = 64;
const STEP: usize = 16;
/// Less than this is found sooner by sending it.
const LEAST_ROWS: usize = 24;
const LEAST_WIDTH: usize = 48;
/// Rows of bands that have to be right because of it.
const LEAST_GAIN: i32 = 32;

/// What has moved: the pixels now at `to` stood in the same columns, `to.y` lower or higher by `from_y - to.y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) from_y: u16,
    pub(crate) to: Rect,
}

impl Move {
    pub(crate) fn from(self) -> Rect {
        Rect { y: self.from_y, ..self.to }
    }
}

/// Rows of pixels; their top bytes mean nothing.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) pixels: &'a [u32],
    pub(crate) stride: usize,
}

impl<'a> Rows<'a> {
    fn below(self, y: usize) -> Self {
        Self { pixels: &self.pixels[y * self.stride..], ..self }
    }

    fn piece(self, y: usize, x: usize, width: usize) -> &'a [u32] {
        &self.pixels[y * self.stride + x..][..width]
    }
}

/// What a search needs besides the pixels; kept, because it is needed for each frame.
#[derive(Default)]
pub(crate) struct Search {
    bands: Vec<Band>,
    places: Vec<Place>,
    votes: Vec<u32>,
    gains: Vec<i32>,
}

/// The hashes of a band's rows.
#[derive(Default)]
struct Band {
    old: Vec<u64>,
    new: Vec<u64>,
    changed: usize,
}

/// Where the old row with a hash stands.
#[derive(Clone, Copy, Default)]
struct Place {
    hash: u64,
    /// One more than the row; 0 in an empty place.
    row: u32,
    several: bool,
}

impl Search {
    /// What has moved between two versions of `width` × `height` pixels, as a place in them.
    pub(crate) fn find(&mut self, old: Rows<'_>, new: Rows<'_>, width: usize, height: usize) -> Option<Move> {
        let (top, bottom) = changed_rows(old, new, width, height)?;
        let rows = bottom - top;
        if rows < LEAST_ROWS || width < LEAST_WIDTH {
            return None;
        }
        let (old, new) = (old.below(top), new.below(top));
        self.hash(old, new, width, rows);
        let distance = self.elect(rows)?;
        let (first, last) = self.gaining_bands(distance)?;
        let (from, to) = self.gaining_rows(first, last, distance)?;
        let mut left = first * BAND;
        let mut right = ((last + 1) * BAND).min(width);

        // The bands are where they are by chance: what moves may begin and end in their neighbours.
        let gains = |x: usize, width: usize| {
            let gain = |y: usize| {
                let source = y.checked_add_signed(distance).filter(|&source| source < rows);
                let source = source.map(|source| old.piece(source, x, width));
                row_gain(old.piece(y, x, width), new.piece(y, x, width), source)
            };
            (from..to).map(gain).sum::<i32>() > 0
        };
        while left >= STEP && gains(left - STEP, STEP) {
            left -= STEP;
        }
        while right < width && gains(right, STEP.min(width - right)) {
            right = (right + STEP).min(width);
        }
        let to_rect = Rect {
            x: left as u16,
            y: (top + from) as u16,
            width: (right - left) as u16,
            height: (to - from) as u16,
        };
        Some(Move { from_y: (top + from).checked_add_signed(distance)? as u16, to: to_rect })
    }

    fn hash(&mut self, old: Rows<'_>, new: Rows<'_>, width: usize, rows: usize) {
        self.bands.resize_with(width.div_ceil(BAND), Band::default);
        for band in &mut self.bands {
            band.old.clear();
            band.new.clear();
        }
        // Row by row, as they lie in memory: the new pixels have just been written by another process.
        for y in 0..rows {
            let pieces = old.piece(y, 0, width).chunks(BAND).zip(new.piece(y, 0, width).chunks(BAND));
            for (band, (old, new)) in self.bands.iter_mut().zip(pieces) {
                let before = hash(old);
                band.old.push(before);
                // Most of a picture is as it was.
                band.new.push(if differs(old, new) { hash(new) } else { before });
            }
        }
        for band in &mut self.bands {
            band.changed = band.old.iter().zip(&band.new).filter(|(old, new)| old != new).count();
        }
    }

    /// The distance that most rows vote for: where they stood before, less where they stand now.
    fn elect(&mut self, rows: usize) -> Option<isize> {
        self.votes.clear();
        self.votes.resize(2 * rows, 0);
        let slots = (2 * rows).next_power_of_two();
        let mut voters = 0;
        for band in self.bands.iter().filter(|band| band.changed >= LEAST_ROWS) {
            self.places.clear();
            self.places.resize(slots, Place::default());
            for (row, &hash) in (1..).zip(&band.old) {
                let place = find_place(&mut self.places, hash);
                *place = Place { hash, several: place.row != 0, row };
            }
            for (y, (old, new)) in band.old.iter().zip(&band.new).enumerate() {
                if old == new {
                    continue;
                }
                voters += 1;
                let place = *find_place(&mut self.places, *new);
                if place.row != 0 && !place.several {
                    self.votes[rows + place.row as usize - 1 - y] += 1;
                }
            }
        }
        let (winner, &votes) = self.votes.iter().enumerate().max_by_key(|&(_, &votes)| votes)?;
        let enough = votes as usize >= LEAST_ROWS / 2 && votes as usize >= voters / 16;
        enough.then_some(winner as isize - rows as isize).filter(|&distance| distance != 0)
    }

    /// The neighbouring bands that gain most.
    fn gaining_bands(&self, distance: isize) -> Option<(usize, usize)> {
        let gains = self.bands.iter().map(|band| band.gains(distance).sum::<i32>());
        let (first, last, gain) = best_run(gains)?;
        (gain >= LEAST_GAIN).then_some((first, last))
    }

    /// The rows of these bands, one after the other, that gain most; only those that have a source.
    fn gaining_rows(&mut self, first: usize, last: usize, distance: isize) -> Option<(usize, usize)> {
        self.gains.clear();
        for band in &self.bands[first..=last] {
            if self.gains.is_empty() {
                self.gains.extend(band.gains(distance));
            } else {
                self.gains.iter_mut().zip(band.gains(distance)).for_each(|(sum, gain)| *sum += gain);
            }
        }
        let beyond = distance.unsigned_abs();
        let skipped = if distance < 0 { beyond } else { 0 };
        let gains = self.gains.iter().skip(skipped).take(self.gains.len() - beyond);
        let (from, to, gain) = best_run(gains.copied())?;
        let enough = gain >= LEAST_GAIN && to - from >= LEAST_ROWS / 2;
        enough.then_some((skipped + from, skipped + to + 1))
    }
}

impl Band {
    /// For each row what copying it from there gains.
    fn gains(&self, distance: isize) -> impl Iterator<Item = i32> {
        self.new.iter().enumerate().map(move |(y, new)| {
            let source = y.checked_add_signed(distance).and_then(|source| self.old.get(source));
            row_gain(&self.old[y], new, source)
        })
    }
}

/// A row gains that becomes right by being copied, and loses that was right. One without a source stays as it is.
fn row_gain<T: PartialEq + ?Sized>(old: &T, new: &T, source: Option<&T>) -> i32 {
    let Some(source) = source else { return 0 };
    match (old == new, source == new) {
        (false, true) => 1,
        (true, false) => -1,
        (true, true) | (false, false) => 0,
    }
}

/// The first and last of the neighbours that gain most together, and what.
fn best_run(gains: impl Iterator<Item = i32>) -> Option<(usize, usize, i32)> {
    let mut best = None;
    let (mut sum, mut first) = (0_i32, 0);
    for (place, gain) in gains.enumerate() {
        if sum <= 0 {
            (sum, first) = (0, place);
        }
        sum = sum.saturating_add(gain);
        if sum > best.map_or(0, |(_, _, gain)| gain) {
            best = Some((first, place, sum));
        }
    }
    best
}

/// The first changed row, and the one after the last.
fn changed_rows(old: Rows<'_>, new: Rows<'_>, width: usize, height: usize) -> Option<(usize, usize)> {
    let changed = |&y: &usize| differs(old.piece(y, 0, width), new.piece(y, 0, width));
    let top = (0..height).find(changed)?;
    let bottom = (top..height).rev().find(changed)?;
    Some((top, bottom + 1))
}

fn find_place(places: &mut [Place], hash: u64) -> &mut Place {
    let mask = places.len() - 1;
    let mut at = (hash >> 32) as usize & mask;
    while places[at].row != 0 && places[at].hash != hash {
        at = (at + 1) & mask;
    }
    &mut places[at]
}

/// Four lanes, so that the multiplications do not wait for each other.
fn hash(row: &[u32]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    const TWO_PIXELS: u64 = (RGB as u64) << 32 | RGB as u64;
    let mix = |lane: u64, low: u32, high: u32| {
        // Put together before the unused bytes go, two pixels are read as one number.
        let pixels = u64::from(low) | u64::from(high) << 32;
        (lane ^ pixels & TWO_PIXELS).wrapping_mul(FACTOR).rotate_left(29)
    };
    let mut lanes = [1, 2, 3, 4];
    let (eights, rest) = row.as_chunks::<8>();
    for eight in eights {
        for (lane, pair) in lanes.iter_mut().zip(eight.as_chunks::<2>().0) {
            *lane = mix(*lane, pair[0], pair[1]);
        }
    }
    for &pixel in rest {
        lanes[0] = mix(lanes[0], pixel, 0);
    }
    lanes.into_iter().fold(FACTOR, |hash, lane| (hash ^ lane).wrapping_mul(FACTOR).rotate_left(29))
}
