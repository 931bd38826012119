//! Where a window appears that opens by itself. All sizes are in pixels of the screen unless they say logical.

use super::Place;

/// Between the popup's frame and the edges of the work area.
const MARGIN: i32 = 12;
/// What is kept free beside the popup where there is room, in logical pixels: desktops draw notifications above
/// everything in one of the corners at this side, up to this wide, and the request's own must not hide who asks.
const NOTIFICATIONS: f64 = 400.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Rect {
    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }

    #[cfg(target_os = "linux")]
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    #[cfg(target_os = "linux")]
    pub(super) fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }
}

/// A monitor, and what panels and task bars leave of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) monitor: Rect,
    pub(super) free: Rect,
}

/// The edge of the screen from which a window is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Top,
    Bottom,
}

/// Where a window's content goes, and how high it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) edge: Edge,
    pub(super) room: i32,
}

impl Area {
    /// The spot of a window of this `width` and `height`, where a logical pixel is `scale` pixels and the frame's title is
    /// `frame` high.
    pub(super) fn spot(self, place: Place, (width, height): (i32, i32), scale: f64, frame: i32) -> Spot {
        let Self { monitor, free } = self;
        let below = if let Place::TrayCorner(below) = place { below } else { 0 };
        let room = free.height - 2 * MARGIN - frame - below;
        if place == Place::Top {
            return Spot { x: free.x + (free.width - width) / 2, y: free.y, edge: Edge::Top, room };
        }
        let beside = (free.width - 2 * MARGIN - width).clamp(0, (NOTIFICATIONS * scale) as i32);
        let x = free.right() - MARGIN - beside - width;
        // A panel at the top has the tray at the top.
        if free.y > monitor.y && free.bottom() >= monitor.bottom() {
            Spot { x, y: free.y + MARGIN + below, edge: Edge::Top, room }
        } else {
            Spot { x, y: free.bottom() - MARGIN - height.min(room), edge: Edge::Bottom, room }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POPUP: (i32, i32) = (480, 600);
    const TITLE: i32 = 36;

    fn screen(width: i32, height: i32, top: i32, bottom: i32) -> Area {
        let monitor = Rect { x: 0, y: 0, width, height };
        Area { monitor, free: Rect { y: top, height: height - top - bottom, ..monitor } }
    }

    #[test]
    fn the_popup_is_at_the_trays_corner_and_leaves_the_notifications_theirs() {
        let below = screen(1920, 1080, 0, 40).spot(Place::TrayCorner(64), POPUP, 1.0, TITLE);
        assert_eq!((below.x + 480, below.y + 600, below.edge), (1920 - 12 - 400, 1040 - 12, Edge::Bottom));
        let above = screen(1920, 1080, 28, 0).spot(Place::TrayCorner(64), POPUP, 1.0, TITLE);
        assert_eq!((above.x, above.y, above.edge), (below.x, 28 + 12 + 64, Edge::Top));
        let twice = screen(3840, 2160, 0, 80).spot(Place::TrayCorner(0), (960, 1200), 2.0, TITLE);
        assert_eq!(twice.x + 960, 3840 - 12 - 800);
    }

    #[test]
    fn on_a_small_screen_it_is_whole() {
        let spot = screen(640, 480, 0, 40).spot(Place::TrayCorner(0), POPUP, 1.0, TITLE);
        assert_eq!((spot.x, spot.room), (12, 440 - 24 - 36));
        assert_eq!(spot.y, 12 + 36, "its title is on the screen");
    }
}
