//! Rectangles, and how many of them are worth fetching one by one.

/// A width and a height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Pixels in a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Size {
    /// How many pixels there are.
    pub(crate) fn pixels(self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    pub(crate) fn rect(self) -> Rect {
        Rect { x: 0, y: 0, width: self.width, height: self.height }
    }
}

impl Rect {
    /// The rectangle between these edges, as far as it lies within 16 bits; `None` where nothing is left of it.
    pub(crate) fn between(left: i32, top: i32, right: i32, bottom: i32) -> Option<Self> {
        let edge = |value: i32| u16::try_from(value.clamp(0, u16::MAX.into())).unwrap_or_default();
        let (x, y) = (edge(left), edge(top));
        let (width, height) = (edge(right).saturating_sub(x), edge(bottom).saturating_sub(y));
        (width > 0 && height > 0).then_some(Self { x, y, width, height })
    }

    pub(crate) fn size(self) -> Size {
        Size { width: self.width, height: self.height }
    }

    pub(crate) fn pixels(self) -> usize {
        self.size().pixels()
    }

    fn right(self) -> i32 {
        i32::from(self.x) + i32::from(self.width)
    }

    fn bottom(self) -> i32 {
        i32::from(self.y) + i32::from(self.height)
    }

    /// The part of it inside `area`, seen from the area's top left corner.
    pub(crate) fn within(self, area: Self) -> Option<Self> {
        let (left, top) = (i32::from(area.x), i32::from(area.y));
        let x = i32::from(self.x).max(left) - left;
        let y = i32::from(self.y).max(top) - top;
        Self::between(x, y, self.right().min(area.right()) - left, self.bottom().min(area.bottom()) - top)
    }

    /// The smallest rectangle around both.
    fn around(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let span = |end: i32, start: u16| u16::try_from(end - i32::from(start)).unwrap_or(u16::MAX);
        let width = span(self.right().max(other.right()), x);
        let height = span(self.bottom().max(other.bottom()), y);
        Self { x, y, width, height }
    }
}

/// So many pixels are copied in the time that asking for one more rectangle takes.
const WORTH_A_REQUEST: usize = 16 * 1024;
/// More rectangles than this are fetched as the one around them.
const MOST: usize = 64;

/// Joins rectangles where fetching a few unchanged pixels between them costs less than asking twice.
///
/// What comes out is never more pixels in all than the rectangle around everything.
pub(crate) fn gather(rects: impl IntoIterator<Item = Rect>) -> Vec<Rect> {
    let mut gathered: Vec<Rect> = Vec::new();
    let mut bounds: Option<Rect> = None;
    for rect in rects {
        bounds = Some(bounds.map_or(rect, |bounds| bounds.around(rect)));
        let near =
            |other: &Rect| rect.around(*other).pixels() <= rect.pixels() + other.pixels() + WORTH_A_REQUEST;
        match gathered.iter().rposition(near) {
            Some(at) => gathered[at] = gathered[at].around(rect),
            // From here on only the bounds count.
            None if gathered.len() == MOST => {}
            None => gathered.push(rect),
        }
    }
    let Some(bounds) = bounds else { return gathered };
    let total: usize = gathered.iter().map(|rect| rect.pixels()).sum();
    if gathered.len() == MOST || total >= bounds.pixels() { vec![bounds] } else { gathered }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    fn covers(rects: &[Rect], wanted: Rect) -> bool {
        rects.iter().any(|rect| wanted.within(*rect).is_some_and(|part| part.size() == wanted.size()))
    }

    #[test]
    fn what_lies_outside_an_area_is_cut_off() {
        let monitor = rect(1920, 100, 800, 600);
        assert_eq!(rect(1900, 90, 40, 20).within(monitor), Some(rect(0, 0, 20, 10)));
        assert_eq!(rect(2700, 690, 500, 500).within(monitor), Some(rect(780, 590, 20, 10)));
        assert_eq!(rect(0, 0, 1920, 1080).within(monitor), None);
        assert_eq!(rect(2720, 100, 10, 10).within(monitor), None);
        assert_eq!(Rect::between(-5, -5, 5, 5), Some(rect(0, 0, 5, 5)));
        assert_eq!(Rect::between(70_000, 0, 80_000, 5), None);
    }

    #[test]
    fn the_largest_screen_has_room_in_every_number() {
        let largest = rect(0, 0, u16::MAX, u16::MAX);
        assert_eq!(largest.within(largest), Some(largest));
        assert_eq!(largest.around(rect(u16::MAX - 1, 0, 1, 1)), largest);
        assert_eq!(largest.pixels(), 65_535 * 65_535);
    }

    #[test]
    fn neighbours_are_fetched_together_and_strangers_apart() {
        let (clock, beside, far) = (rect(1800, 0, 50, 20), rect(1860, 0, 50, 20), rect(10, 900, 300, 100));
        let gathered = gather([clock, beside, far]);
        assert_eq!(gathered, [rect(1800, 0, 110, 20), far]);
    }

    #[test]
    fn nothing_is_lost_and_never_more_fetched_than_lies_around_it() {
        let dots = (0..600).map(|n| rect(n * 61 % 3000, n * 97 % 2000, 3, 3));
        let dots: Vec<_> = dots.collect();
        let gathered = gather(dots.iter().copied());
        assert!(gathered.len() <= MOST);
        assert!(dots.iter().all(|dot| covers(&gathered, *dot)));
        let total: usize = gathered.iter().map(|rect| rect.pixels()).sum();
        assert!(total <= 3003 * 2003);
        assert!(gather([]).is_empty());
    }
}
