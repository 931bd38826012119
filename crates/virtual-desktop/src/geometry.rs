//! Places on the screen, in pixels from its top left corner.

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: i32,
    /// Pixels from the top edge.
    pub y: i32,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Rect {
    /// The point in the middle.
    pub fn centre(self) -> Point {
        Point { x: self.x + (self.width / 2) as i32, y: self.y + (self.height / 2) as i32 }
    }

    /// Whether the point lies inside.
    pub fn contains(self, point: Point) -> bool {
        (self.x..self.x + self.width as i32).contains(&point.x)
            && (self.y..self.y + self.height as i32).contains(&point.y)
    }
}
