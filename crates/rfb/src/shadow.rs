//! The picture as the client has it, or will have it after the next update.
//!
//! New pixels are compared with it in tiles, so what is sent is what changed and not what was said to have changed. It
//! is the only copy of the picture: a tile that is marked as changed is newer here than at the client.

use std::ops::Range;
use std::time::Duration;

use crate::encode::{Cursor, Picture, Piece};
use crate::geometry::{Corner, Rect, Size};
use crate::pixel::{RGB, differs};
use crate::scroll::{Move, Rows, Search};

/// The side of a tile. Smaller ones cost more rectangles, larger ones more pixels around what changed.
const TILE: u16 = 16;
/// So many moves between two updates are plenty; each is searched for at some cost.
const MAX_MOVES: usize = 32;

pub(crate) struct Shadow {
    size: Size,
    pixels: Vec<u32>,
    columns: u16,
    tiles: Vec<Tile>,
    moves: Vec<Move>,
    search: Search,
    /// Where the cursor is drawn over the client's picture; it is never in this one.
    covered: Rect,
}

/// What the cursor is drawn over, to be put back.
pub(crate) struct Under {
    rect: Rect,
    pixels: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Tile {
    /// There are pixels for it. What was never seen is not sent: black is not what the screen shows.
    known: bool,
    changed: bool,
    /// The client has something similar.
    lossy: bool,
    /// When it was sent that way, in milliseconds.
    sent_at: u32,
}

impl Shadow {
    pub(crate) fn new(size: Size) -> Self {
        let columns = size.width.div_ceil(TILE);
        let rows = size.height.div_ceil(TILE);
        Self {
            size,
            pixels: vec![0; size.area()],
            columns,
            tiles: vec![Tile::default(); usize::from(columns) * usize::from(rows)],
            moves: Vec::new(),
            search: Search::default(),
            covered: Rect::default(),
        }
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn picture(&self) -> Picture<'_> {
        Picture { pixels: &self.pixels, stride: self.size.width.into() }
    }

    /// Takes in new pixels, which stand at `rect`; what is outside the picture is left out. Where `moves` may be sent,
    /// they are looked for.
    pub(crate) fn take_in(&mut self, rect: Rect, pixels: &[u32], stride: usize, moves: bool) {
        let inside = rect.intersection(self.size.rect());
        let height = whole_rows(pixels.len(), stride, inside);
        let rect = Rect { height, ..inside };
        if rect.is_empty() {
            return;
        }
        if moves && self.moves.len() < MAX_MOVES && self.is_settled(rect) {
            self.follow_move(rect, Rows { pixels, stride });
        }
        let width = usize::from(self.size.width);
        for row in 0..height {
            let y = rect.y + row;
            let source = &pixels[usize::from(row) * stride..][..usize::from(rect.width)];
            let target = &mut self.pixels[usize::from(y) * width + usize::from(rect.x)..][..source.len()];
            let tiles = &mut self.tiles[usize::from(y / TILE) * usize::from(self.columns)..];
            take_in_row(rect.x, source, target, &mut tiles[usize::from(rect.x / TILE)..]);
        }
    }

    /// Whether the client has all of it as it is here.
    fn is_settled(&self, rect: Rect) -> bool {
        self.places(rect).all(|place| self.tiles[place].known && !self.tiles[place].changed)
    }

    fn follow_move(&mut self, rect: Rect, new: Rows<'_>) {
        let width = usize::from(self.size.width);
        let first = usize::from(rect.y) * width + usize::from(rect.x);
        let old = Rows { pixels: &self.pixels[first..], stride: width };
        let found = self.search.find(old, new, rect.width.into(), rect.height.into());
        let Some(Move { from_y, to }) = found else { return };
        let found = Move { from_y: rect.y + from_y, to: Rect { x: rect.x + to.x, y: rect.y + to.y, ..to } };
        self.apply(found);
        self.moves.push(found);

        // The client copies with the cursor in it, and over the cursor what is without.
        let dragged = found.from().intersection(self.covered);
        if !dragged.is_empty() {
            self.mark_changed(Rect { y: dragged.y - found.from_y + found.to.y, ..dragged });
        }
        self.mark_changed(found.to.intersection(self.covered));
    }

    fn apply(&mut self, moved: Move) {
        let width = usize::from(self.size.width);
        let x = usize::from(moved.to.x);
        let mut copy = |row: u16| {
            let source = usize::from(moved.from_y + row) * width + x;
            let target = usize::from(moved.to.y + row) * width + x;
            self.pixels.copy_within(source..source + usize::from(moved.to.width), target);
        };
        // No row may be overwritten before it was copied.
        if moved.from_y > moved.to.y {
            (0..moved.to.height).for_each(&mut copy);
        } else {
            (0..moved.to.height).rev().for_each(&mut copy);
        }
        let lossy = self.places(moved.from()).filter(|&place| self.tiles[place].lossy);
        if let Some(sent_at) = lossy.map(|place| self.tiles[place].sent_at).max() {
            // Which of them each came from is not followed up: sent once more, they are right.
            for place in self.places(moved.to) {
                self.tiles[place].lossy = true;
                self.tiles[place].sent_at = sent_at;
            }
        }
    }

    /// What moved since the last update, in order; it comes before what changed.
    pub(crate) fn take_moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    /// The moves can not be sent: what they cover has changed instead.
    pub(crate) fn forget_moves(&mut self) {
        for moved in self.take_moves() {
            self.mark_changed(moved.to);
        }
    }

    /// Has the cursor drawn over this part of the client's picture, and no longer over that of before.
    pub(crate) fn cover(&mut self, rect: Rect) {
        self.mark_changed(self.covered);
        self.covered = rect;
        self.mark_changed(rect);
    }

    /// Draws the cursor over the picture, until it is put back.
    pub(crate) fn draw(&mut self, cursor: &Cursor, corner: Corner) -> Under {
        let mut under = Under { rect: Rect::at(corner, cursor.size, self.size), pixels: Vec::new() };
        cursor.draw(corner, under.rect, &mut self.pixels, self.size.width.into(), &mut under.pixels);
        under
    }

    pub(crate) fn put_back(&mut self, under: &Under) {
        let Under { rect, pixels } = under;
        let rows = pixels.chunks(usize::from(rect.width).max(1));
        for (y, row) in (usize::from(rect.y)..).zip(rows) {
            let first = y * usize::from(self.size.width) + usize::from(rect.x);
            self.pixels[first..first + row.len()].copy_from_slice(row);
        }
    }

    /// Has what is known of an area sent again, whatever the client has.
    pub(crate) fn mark_changed(&mut self, area: Rect) {
        for place in self.places(area) {
            self.tiles[place].changed = self.tiles[place].known;
        }
    }

    /// Whether anything in the area waits to be sent.
    pub(crate) fn has_changed(&self, area: Rect) -> bool {
        !self.moves.is_empty() || self.places(area).any(|place| self.tiles[place].changed)
    }

    /// What changed in an area, as rectangles of whole tiles, `most` tiles at most.
    pub(crate) fn changed(&self, area: Rect, most: usize) -> Vec<Rect> {
        self.rects(area, most, |tile| tile.changed)
    }

    /// What in the area was last sent as something similar, at `before` or earlier.
    pub(crate) fn lossy(&self, area: Rect, before: Duration, most: usize) -> Vec<Rect> {
        let before = milliseconds(before);
        self.rects(area, most, |tile| tile.lossy && !tile.changed && tile.sent_at <= before)
    }

    /// When the oldest part of the picture was sent that the client has only something similar of.
    pub(crate) fn oldest_lossy(&self, area: Rect) -> Option<Duration> {
        let lossy = self.places(area).filter(|&place| self.tiles[place].lossy && !self.tiles[place].changed);
        lossy.map(|place| self.tiles[place].sent_at).min().map(|at| Duration::from_millis(at.into()))
    }

    /// Notes that the client has this now.
    pub(crate) fn mark_sent(&mut self, piece: Piece, now: Duration) {
        for place in self.places(piece.rect) {
            let tile = &mut self.tiles[place];
            tile.changed = false;
            tile.lossy = piece.lossy;
            tile.sent_at = milliseconds(now);
        }
    }

    /// The columns and rows of tiles that an area touches.
    fn span(&self, area: Rect) -> (Range<u16>, Range<u16>) {
        let area = area.intersection(self.size.rect());
        if area.is_empty() {
            return (0..0, 0..0);
        }
        let last = |end: u32| end.div_ceil(TILE.into()) as u16;
        (area.x / TILE..last(area.right()), area.y / TILE..last(area.bottom()))
    }

    /// Where in `tiles` those stand that an area touches.
    fn places(&self, area: Rect) -> impl Iterator<Item = usize> + use<> {
        let (across, down) = self.span(area);
        let columns = usize::from(self.columns);
        down.flat_map(move |row| {
            across.clone().map(move |column| usize::from(row) * columns + usize::from(column))
        })
    }

    /// Neighbours in a row become one, and rows of the same width on top of each other.
    fn rects(&self, area: Rect, most: usize, pick: impl Fn(&Tile) -> bool) -> Vec<Rect> {
        let mut left = most;
        let (mut rects, mut above, mut row) = (Vec::new(), Vec::<Run>::new(), Vec::new());
        let (across, down) = self.span(area);
        for y in down {
            let tiles = &self.tiles[usize::from(y) * usize::from(self.columns)..];
            let mut x = across.start;
            while x < across.end && left > 0 {
                let picked = tiles[usize::from(x)..usize::from(across.end)].iter().take(left);
                let width = picked.take_while(|&tile| pick(tile)).count() as u16;
                if width > 0 {
                    let same = above.iter().position(|run| run.x == x && run.width == width);
                    let top = same.map_or(y, |place| above.swap_remove(place).top);
                    row.push(Run { x, width, top, bottom: y + 1 });
                    left -= usize::from(width);
                }
                x += width.max(1);
            }
            rects.extend(above.drain(..).map(|run| run.rect(self.size)));
            std::mem::swap(&mut above, &mut row);
        }
        rects.extend(above.into_iter().map(|run| run.rect(self.size)));
        rects
    }
}

/// Tiles beside and below each other, counted in tiles.
struct Run {
    x: u16,
    width: u16,
    top: u16,
    bottom: u16,
}

impl Run {
    fn rect(&self, picture: Size) -> Rect {
        let pixels = |tiles: u16, most: u16| (u32::from(tiles) * u32::from(TILE)).min(most.into()) as u16;
        let (x, y) = (self.x * TILE, self.top * TILE);
        let right = pixels(self.x + self.width, picture.width);
        let bottom = pixels(self.bottom, picture.height);
        Rect { x, y, width: right - x, height: bottom - y }
    }
}

/// How many rows of the rectangle there are pixels for.
fn whole_rows(pixels: usize, stride: usize, rect: Rect) -> u16 {
    let width = usize::from(rect.width);
    if stride < width {
        return 0;
    }
    match pixels.checked_sub(width) {
        Some(rest) if width > 0 => (rest / stride + 1).min(rect.height.into()) as u16,
        _ => 0,
    }
}

/// Compares and copies a row of pixels tile by tile, beginning in the first of `tiles`.
fn take_in_row(x: u16, mut source: &[u32], mut target: &mut [u32], tiles: &mut [Tile]) {
    let mut width = usize::from(TILE - x % TILE).min(source.len());
    for tile in tiles {
        if source.is_empty() {
            return;
        }
        let (new, new_rest) = source.split_at(width);
        let (old, old_rest) = target.split_at_mut(width);
        // The usual case is worth code of its own, where the compiler knows how many there are.
        let differs = match (<&mut [u32; TILE as usize]>::try_from(&mut *old), new.try_into()) {
            (Ok(old), Ok(new)) => copy_whole(old, new),
            _ => copy(old, new),
        };
        tile.changed |= differs || !tile.known;
        tile.known = true;
        (source, target) = (new_rest, old_rest);
        width = usize::from(TILE).min(source.len());
    }
}

fn copy_whole(old: &mut [u32; TILE as usize], new: &[u32; TILE as usize]) -> bool {
    copy(old, new)
}

#[inline(always)]
fn copy(old: &mut [u32], new: &[u32]) -> bool {
    let differs = differs(old, new);
    if differs {
        old.iter_mut().zip(new).for_each(|(old, new)| *old = new & RGB);
    }
    differs
}

/// Fifty days are enough for a session.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
