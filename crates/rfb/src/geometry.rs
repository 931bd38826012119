//! Sizes and rectangles, in pixels from the top left corner.

/// The size of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Size {
    pub(crate) fn area(self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    pub(crate) fn rect(self) -> Rect {
        Rect { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// What lies in both.
    pub(crate) fn least(self, other: Self) -> Self {
        Self { width: self.width.min(other.width), height: self.height.min(other.height) }
    }
}

/// The column and row of a top left corner that may lie outside the picture.
pub(crate) type Corner = (i32, i32);

/// A part of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// The leftmost column.
    pub x: u16,
    /// The topmost row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Rect {
    /// The first column to the right of it; more than a column can be when a client says so.
    pub(crate) fn right(self) -> u32 {
        u32::from(self.x) + u32::from(self.width)
    }

    /// The first row below it.
    pub(crate) fn bottom(self) -> u32 {
        u32::from(self.y) + u32::from(self.height)
    }

    /// Of a picture whose top left corner may lie outside, what is inside; empty where nothing is.
    pub(crate) fn at(corner: Corner, size: Size, inside: Size) -> Self {
        let edge = |value: i32, most: u16| value.clamp(0, most.into()) as u16;
        let (x, y) = (edge(corner.0, inside.width), edge(corner.1, inside.height));
        let right = edge(corner.0 + i32::from(size.width), inside.width);
        let bottom = edge(corner.1 + i32::from(size.height), inside.height);
        Self { x, y, width: right - x, height: bottom - y }
    }

    pub(crate) fn area(self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = self.right().min(other.right()).saturating_sub(x.into());
        let height = self.bottom().min(other.bottom()).saturating_sub(y.into());
        // Neither is wider than the narrower of the two.
        Self { x, y, width: width as u16, height: height as u16 }
    }

    /// The smallest that holds both, as far as there are columns and rows.
    pub(crate) fn union(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other } else { self };
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let span = |from: u16, to: u32| (to - u32::from(from)).min(u16::MAX.into()) as u16;
        let width = span(x, self.right().max(other.right()));
        let height = span(y, self.bottom().max(other.bottom()));
        Self { x, y, width, height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_picture_over_the_edge_the_inside_is_left() {
        let at = |corner| {
            let Rect { x, y, width, height } =
                Rect::at(corner, Size { width: 5, height: 4 }, Size { width: 20, height: 10 });
            (x, y, width, height)
        };
        assert_eq!(at((3, 2)), (3, 2, 5, 4));
        assert_eq!(at((-2, -3)), (0, 0, 3, 1));
        assert_eq!(at((17, 9)), (17, 9, 3, 1));
        assert!(
            [(-5, 0), (20, 0), (0, -70_000), (0, 70_000)]
                .iter()
                .all(|&corner| at(corner).2 * at(corner).3 == 0)
        );
    }

    #[test]
    fn rects_beyond_the_last_column_do_not_overflow() {
        let far = Rect { x: 65_000, y: 65_000, width: 65_000, height: 65_000 };
        let near = Rect { x: 10, y: 0, width: 20, height: 5 };
        assert!(far.intersection(near).is_empty());
        let both = Rect { x: 10, y: 0, width: u16::MAX, height: u16::MAX };
        assert_eq!(far.union(near), both);
        assert_eq!(both.intersection(near), near);
    }
}
