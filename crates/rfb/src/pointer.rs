//! The cursor: its shape, its place, and who draws it.
//!
//! Clients draw a cursor where their own pointer is. That is the right place for as long as the client's pointer is the
//! last that was moved; else the cursor belongs into the picture, and the client is given a shape that cannot be seen.

use std::collections::VecDeque;

use crate::abilities::CursorKind;
use crate::encode::Cursor;
use crate::geometry::{Corner, Rect, Size};
use crate::pixel::Converter;

/// So far from where the client put it the pointer may be told to be: some systems count in units of their own.
const NEAR: u16 = 2;
/// So many of the client's places may be on their way through the system.
const MOST_ON_THE_WAY: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Pointer {
    shape: Option<Cursor>,
    /// Counts the shapes.
    version: u32,
    place: Option<(u16, u16)>,
    /// There has been a place, so none means that it is elsewhere.
    has_place: bool,
    /// The client moved it last.
    by_client: bool,
    /// Where the client has put it, up to the last place that came back, the oldest first.
    on_the_way: VecDeque<(u16, u16)>,
    shown: Shown,
}

/// What the client has of the cursor, or should have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Which shape the client draws.
    pub(crate) by_client: Option<(CursorKind, Shape)>,
    /// Where it is drawn into the picture, and the version of its shape.
    pub(crate) in_picture: Option<(Corner, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Hidden,
    Version(u32),
}

impl Pointer {
    pub(crate) fn set_shape(&mut self, shape: Cursor) {
        if self.shape.as_ref() != Some(&shape) {
            self.shape = Some(shape);
            self.version = self.version.wrapping_add(1);
        }
    }

    /// It is there now, whoever moved it.
    pub(crate) fn moved(&mut self, place: Option<(u16, u16)>) {
        if place == self.place {
            return;
        }
        self.place = place;
        self.has_place |= place.is_some();
        let came_back = |place| self.on_the_way.iter().position(|&sent| is_near(sent, place));
        let came_back = place.and_then(came_back);
        self.by_client = came_back.is_some();
        // What was sent before is not to be expected any more; the client's own pointer is at the last of them.
        let done = came_back.unwrap_or(self.on_the_way.len().saturating_sub(1));
        self.on_the_way.drain(..done);
    }

    /// It is going to be there, because the client says so.
    pub(crate) fn moved_by_client(&mut self, place: (u16, u16)) {
        self.by_client = true;
        if self.on_the_way.back() != Some(&place) {
            if self.on_the_way.len() == MOST_ON_THE_WAY {
                self.on_the_way.pop_front();
            }
            self.on_the_way.push_back(place);
        }
    }

    /// What the client does with its own pointer counts for nothing any more.
    pub(crate) fn taken_from_client(&mut self) {
        self.by_client = false;
        self.on_the_way.clear();
    }

    /// The client's picture, with what was drawn into it, is no more.
    pub(crate) fn wiped_out(&mut self) {
        self.shown.in_picture = None;
    }

    /// What a client with these abilities should have now.
    pub(crate) fn to_show(&self, view_only: bool, kind: CursorKind) -> Shown {
        let Some(shape) = &self.shape else { return Shown::default() };
        let is_told = kind != CursorKind::Hidden;
        let in_picture = self.has_place && (view_only || !self.by_client || !is_told);
        let told = if in_picture { Shape::Hidden } else { Shape::Version(self.version) };
        let corner = |(x, y)| (i32::from(x) - i32::from(shape.hot_x), i32::from(y) - i32::from(shape.hot_y));
        Shown {
            by_client: is_told.then_some((kind, told)),
            in_picture: self
                .place
                .filter(|_| in_picture)
                .map(|place: (u16, u16)| (corner(place), self.version)),
        }
    }

    pub(crate) fn shown(&self) -> Shown {
        self.shown
    }

    pub(crate) fn set_shown(&mut self, shown: Shown) {
        self.shown = shown;
    }

    /// What it covers of the picture.
    pub(crate) fn cover(&self, shown: Shown, picture: Size) -> Rect {
        let rect = |((corner, _), shape): (_, &Cursor)| Rect::at(corner, shape.size, picture);
        shown.in_picture.zip(self.shape.as_ref()).map(rect).unwrap_or_default()
    }

    /// What is drawn into the picture, and where.
    pub(crate) fn drawn(&self) -> Option<(&Cursor, Corner)> {
        self.shape.as_ref().zip(self.shown.in_picture.map(|(corner, _)| corner))
    }

    /// Writes the shape that the client draws.
    pub(crate) fn encode(&self, converter: &Converter, out: &mut Vec<u8>) {
        match (self.shown.by_client, &self.shape) {
            (Some((kind, Shape::Version(_))), Some(shape)) if !shape.pixels.is_empty() => {
                shape.encode(kind, converter, out);
            }
            (Some((kind, _)), _) => Cursor::hidden().encode(kind, converter, out),
            (None, _) => {}
        }
    }
}

fn is_near(a: (u16, u16), b: (u16, u16)) -> bool {
    a.0.abs_diff(b.0) <= NEAR && a.1.abs_diff(b.1) <= NEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(place: (u16, u16)) -> Pointer {
        let mut pointer = Pointer::default();
        pointer.set_shape(Cursor {
            size: Size { width: 1, height: 1 },
            hot_x: 0,
            hot_y: 0,
            pixels: vec![!0],
        });
        pointer.moved(Some(place));
        pointer
    }

    /// Whether it is drawn into the picture for a client that controls.
    fn is_drawn(pointer: &Pointer) -> bool {
        pointer.to_show(false, CursorKind::Alpha).in_picture.is_some()
    }

    #[test]
    fn the_last_to_move_it_decides_who_draws_it() {
        let mut pointer = pointer((5, 5));
        assert!(is_drawn(&pointer));
        pointer.moved_by_client((50, 50));
        assert!(!is_drawn(&pointer), "the client's own pointer is there at once");
        pointer.moved(Some((51, 49)));
        assert!(!is_drawn(&pointer));
        pointer.moved(Some((60, 50)));
        assert!(is_drawn(&pointer));
        pointer.moved_by_client((61, 50));
        assert!(!is_drawn(&pointer));
    }

    #[test]
    fn what_comes_back_late_is_still_the_clients() {
        let mut pointer = pointer((5, 5));
        (10..200).for_each(|x| pointer.moved_by_client((x * 10, 50)));
        for x in [150, 170, 199] {
            pointer.moved(Some((x * 10, 50)));
            assert!(!is_drawn(&pointer));
        }
        pointer.moved(Some((1700, 50)));
        assert!(is_drawn(&pointer), "that was long ago");
    }

    #[test]
    fn where_no_place_is_told_it_is_the_clients() {
        let mut pointer = Pointer::default();
        pointer.set_shape(Cursor::hidden());
        pointer.moved(None);
        let shown = pointer.to_show(true, CursorKind::Alpha);
        assert_eq!(shown.by_client, Some((CursorKind::Alpha, Shape::Version(1))));
        assert_eq!(shown.in_picture, None);
    }

    #[test]
    fn elsewhere_it_is_drawn_by_nobody() {
        let mut pointer = pointer((5, 5));
        pointer.moved(None);
        let shown = pointer.to_show(true, CursorKind::Alpha);
        assert_eq!(shown, Shown { by_client: Some((CursorKind::Alpha, Shape::Hidden)), in_picture: None });
    }
}
