//! The picture kept in memory, for systems that push frames instead of being asked for pixels.
//!
//! One or more sources put what has changed, a viewer takes it. A source waits until what it put was taken, so that
//! a slow viewer costs no more than a quick one, and pixels that no source has shown yet are never given out.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Changed;
use crate::{Cursor, Error, Rect, Size, geometry::gather};

/// Pictures are compared in squares of this many pixels a side.
const TILE: u16 = 32;

pub(crate) struct Canvas {
    state: Mutex<State>,
    taken: Condvar,
    changed: Mutex<Option<Changed>>,
}

#[derive(Default)]
struct State {
    size: Size,
    pixels: Vec<u32>,
    /// Where sources have put pixels.
    shown: Vec<Rect>,
    dirty: Vec<Rect>,
    cursor: Option<Cursor>,
    /// Where it is seen, and which source says so, by its place.
    pointer: Option<(Rect, (u16, u16))>,
    /// Nobody has asked for the monitors since this was laid out.
    laid_out: bool,
    condition: Condition,
    resized: bool,
    /// `changed` was called and nobody has asked since.
    told: bool,
    ended: bool,
}

/// Whether the area can be seen at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Condition {
    #[default]
    Seen,
    #[cfg_attr(all(target_os = "macos", not(test)), expect(dead_code, reason = "there it is never told"))]
    Hidden,
    #[cfg_attr(all(target_os = "macos", not(test)), expect(dead_code, reason = "there it is asked for"))]
    Disconnected,
    #[cfg_attr(all(target_os = "windows", not(test)), expect(dead_code, reason = "there it comes back"))]
    Lost,
}

/// How a source's rows lie on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    all(target_os = "macos", not(test)),
    expect(dead_code, reason = "other systems turn pictures themselves")
)]
pub(crate) enum Turn {
    Upright,
    Right,
    UpsideDown,
    Left,
}

/// Pixels of a source, `0x??RRGGBB`, and where they belong.
pub(crate) struct Frame<'a> {
    /// The source's place on the canvas.
    pub(crate) place: Rect,
    pub(crate) turn: Turn,
    /// The source's own size, before it is turned.
    pub(crate) size: Size,
    pub(crate) pixels: &'a [u32],
    /// Pixels from one row to the next.
    pub(crate) stride: usize,
}

impl Canvas {
    pub(crate) fn new(size: Size, changed: Changed) -> Self {
        let state = State { size, pixels: vec![0; size.pixels()], laid_out: true, ..State::default() };
        Self { state: Mutex::new(state), taken: Condvar::new(), changed: Mutex::new(Some(changed)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in `take` leaves the canvas as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew with this size.
    pub(crate) fn lay_out(&self, size: Size) {
        let mut state = self.state();
        let resized = state.resized || state.size != size;
        let (cursor, told, ended) = (state.cursor.take(), state.told, state.ended);
        // The old pixels go before there are new ones.
        state.pixels = Vec::new();
        let pixels = vec![0; size.pixels()];
        *state = State { size, pixels, cursor, resized, told, ended, laid_out: true, ..State::default() };
        drop(state);
        self.tell();
    }

    /// Takes in rectangles of a frame, in the source's own coordinates.
    pub(crate) fn put(&self, frame: &Frame<'_>, rects: impl IntoIterator<Item = Rect>) {
        let mut state = self.state();
        let placed: Vec<Rect> = rects.into_iter().filter_map(|rect| state.copy(frame, rect)).collect();
        if placed.is_empty() {
            return;
        }
        if !state.shown.contains(&frame.place) {
            state.shown.push(frame.place);
        }
        state.dirty = gather(state.dirty.iter().copied().chain(placed));
        drop(state);
        self.tell();
    }

    /// Where an upright frame differs from what is on the canvas.
    #[cfg_attr(
        all(target_os = "macos", not(test)),
        expect(dead_code, reason = "there the system says what has changed")
    )]
    pub(crate) fn differing(&self, frame: &Frame<'_>) -> Vec<Rect> {
        let state = self.state();
        let stride = usize::from(state.size.width);
        let mut differing = Vec::new();
        for y in (0..frame.size.height).step_by(TILE.into()) {
            for x in (0..frame.size.width).step_by(TILE.into()) {
                let (width, height) = (TILE.min(frame.size.width - x), TILE.min(frame.size.height - y));
                let tile = Rect { x, y, width, height };
                let differs = |y: u16| {
                    let new = row(frame.pixels, frame.stride, (x, y), width);
                    let place = frame.place.x.checked_add(x).zip(frame.place.y.checked_add(y));
                    new != place.and_then(|at| row(&state.pixels, stride, at, width))
                };
                if (y..y + height).any(differs) {
                    differing.push(tile);
                }
            }
        }
        differing
    }

    #[cfg_attr(
        all(target_os = "macos", not(test)),
        expect(dead_code, reason = "there the system draws the cursor")
    )]
    pub(crate) fn set_cursor(&self, cursor: Cursor) {
        self.state().cursor = Some(cursor);
        self.tell();
    }

    /// Where on the canvas the source at `place` sees the pointer, if it does.
    #[cfg_attr(
        all(target_os = "macos", not(test)),
        expect(dead_code, reason = "there the system draws the cursor")
    )]
    pub(crate) fn set_pointer(&self, place: Rect, pointer: Option<(u16, u16)>) {
        let mut state = self.state();
        match pointer {
            Some(pointer) => state.pointer = Some((place, pointer)),
            // Another source may have seen it before this one knew that it left.
            None if state.pointer.is_some_and(|(source, _)| source == place) => state.pointer = None,
            None => return,
        }
        drop(state);
        self.tell();
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        if std::mem::replace(&mut self.state().condition, condition) != condition {
            self.tell();
        }
    }

    /// Calls whoever looks, once until they have asked.
    fn tell(&self) {
        if !std::mem::replace(&mut self.state().told, true)
            && let Some(changed) = &*self.changed.lock().unwrap_or_else(PoisonError::into_inner)
        {
            changed();
        }
    }

    /// Waits until everything that was put has been taken. Returns whether there is still somebody to put for.
    #[cfg_attr(
        all(target_os = "macos", not(test)),
        expect(dead_code, reason = "there the system drops what is late")
    )]
    pub(crate) fn wait_until_taken(&self) -> bool {
        let waiting = |state: &mut State| !state.dirty.is_empty() && !state.ended;
        let state = self.taken.wait_while(self.state(), waiting).unwrap_or_else(PoisonError::into_inner);
        !state.ended
    }

    #[cfg_attr(all(target_os = "macos", not(test)), expect(dead_code, reason = "there nothing waits"))]
    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Nobody looks any more: `changed` is not called again.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.taken.notify_all();
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn size(&self) -> Size {
        self.state().size
    }

    pub(crate) fn grab(&self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        let mut state = self.state();
        state.told = false;
        match state.condition {
            Condition::Seen => {}
            Condition::Hidden => return Err(Error::Hidden),
            Condition::Disconnected => return Err(Error::NoSuchMonitor),
            Condition::Lost => return Err(Error::Lost("the system has ended the capture".into())),
        }
        if std::mem::take(&mut state.resized) {
            state.dirty = state.shown.clone();
            return Err(Error::Resized);
        }
        let stride = usize::from(state.size.width);
        for rect in std::mem::take(&mut state.dirty) {
            let start = usize::from(rect.y) * stride + usize::from(rect.x);
            take(rect, &state.pixels[start..], stride);
        }
        drop(state);
        self.taken.notify_all();
        Ok(())
    }

    pub(crate) fn refresh(&self) {
        let mut state = self.state();
        state.dirty = state.shown.clone();
    }

    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let mut state = self.state();
        state.told = false;
        state.cursor.take()
    }

    pub(crate) fn pointer(&self) -> Option<(u16, u16)> {
        let mut state = self.state();
        state.told = false;
        state.pointer.map(|(_, pointer)| pointer)
    }

    /// Whether this was laid out since the last call.
    pub(crate) fn was_laid_out(&self) -> bool {
        std::mem::take(&mut self.state().laid_out)
    }
}

/// So many pixels of a row from this place on.
fn row(pixels: &[u32], stride: usize, (x, y): (u16, u16), width: u16) -> Option<&[u32]> {
    let start = usize::from(y) * stride + usize::from(x);
    pixels.get(start..start + usize::from(width))
}

impl State {
    /// Copies a rectangle of the frame and returns where it came to lie.
    fn copy(&mut self, frame: &Frame<'_>, rect: Rect) -> Option<Rect> {
        let rect = rect.within(frame.size.rect())?;
        let (width, height) = (frame.size.width, frame.size.height);
        let (x, y) = (frame.place.x, frame.place.y);
        let (right, bottom) = (width - rect.x - rect.width, height - rect.y - rect.height);
        let (left, top, wide, high) = match frame.turn {
            Turn::Upright => (rect.x, rect.y, rect.width, rect.height),
            Turn::Right => (bottom, rect.x, rect.height, rect.width),
            Turn::UpsideDown => (right, bottom, rect.width, rect.height),
            Turn::Left => (rect.y, right, rect.height, rect.width),
        };
        let placed = Rect { x: x.checked_add(left)?, y: y.checked_add(top)?, width: wide, height: high };
        let placed = placed.within(self.size.rect())?;
        let stride = usize::from(self.size.width);
        for row in placed.y..placed.y + placed.height {
            let start = usize::from(row) * stride + usize::from(placed.x);
            let to = self.pixels.get_mut(start..start + usize::from(placed.width))?;
            let (column, row) = (placed.x - x, row - y);
            // The first pixel of the row in the source, and the way from one to the next.
            let (from_x, from_y, down) = match frame.turn {
                Turn::Upright => (column, row, false),
                Turn::Right => (row, height - 1 - column, true),
                Turn::UpsideDown => (width - 1 - column, height - 1 - row, false),
                Turn::Left => (width - 1 - row, column, true),
            };
            let first = usize::from(from_y) * frame.stride + usize::from(from_x);
            if frame.turn == Turn::Upright {
                to.copy_from_slice(frame.pixels.get(first..first + to.len())?);
                continue;
            }
            let step = if down { frame.stride } else { 1 };
            let backwards = matches!(frame.turn, Turn::Right | Turn::UpsideDown);
            for (n, pixel) in to.iter_mut().enumerate() {
                let at = if backwards { first.checked_sub(n * step)? } else { first + n * step };
                *pixel = *frame.pixels.get(at)?;
            }
        }
        Some(placed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use super::*;

    const TWO_BY_THREE: [u32; 6] = [1, 2, 3, 4, 5, 6];

    fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
        Rect { x, y, width, height }
    }

    fn canvas(width: u16, height: u16) -> (Canvas, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let changed = Box::new(move || {
            counted.fetch_add(1, SeqCst);
        });
        (Canvas::new(Size { width, height }, changed), calls)
    }

    fn frame(place: Rect, turn: Turn) -> Frame<'static> {
        let size = Size { width: 2, height: 3 };
        Frame { place, turn, size, pixels: &TWO_BY_THREE, stride: 2 }
    }

    /// What comes out, row by row.
    fn grab(canvas: &Canvas) -> Vec<(Rect, Vec<u32>)> {
        let mut all = Vec::new();
        canvas
            .grab(&mut |rect, pixels, stride| {
                let rows = pixels.chunks(stride).take(rect.height.into());
                all.push((rect, rows.flat_map(|row| &row[..rect.width.into()]).copied().collect()));
            })
            .unwrap();
        all
    }

    #[test]
    fn what_was_never_shown_is_not_given_out() {
        let (canvas, calls) = canvas(100, 100);
        assert_eq!(grab(&canvas), []);
        canvas.refresh();
        assert_eq!(grab(&canvas), []);
        canvas.put(&frame(rect(10, 20, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        assert_eq!(calls.load(SeqCst), 1);
        let all = [(rect(10, 20, 2, 3), TWO_BY_THREE.to_vec())];
        assert_eq!(grab(&canvas), all);
        assert_eq!(grab(&canvas), []);
        canvas.refresh();
        assert_eq!(grab(&canvas), all);
    }

    #[test]
    fn what_differs_is_found_and_nothing_else() {
        const STRIDE: usize = 160;
        fn frame(pixels: &[u32]) -> Frame<'_> {
            let size = Size { width: 150, height: 80 };
            let place = rect(20, 10, 150, 80);
            Frame { place, turn: Turn::Upright, size, pixels, stride: STRIDE }
        }
        let (canvas, _) = canvas(200, 100);
        let mut pixels = [7; STRIDE * 80];
        assert_eq!(canvas.differing(&frame(&pixels)).len(), 5 * 3);
        canvas.put(&frame(&pixels), [rect(0, 0, 150, 80)]);
        assert_eq!(canvas.differing(&frame(&pixels)), []);
        // Beyond the frame's own width.
        pixels[155] = 9;
        assert_eq!(canvas.differing(&frame(&pixels)), []);
        pixels[79 * STRIDE + 149] = 9;
        pixels[STRIDE + 33] = 9;
        let changed = [rect(32, 0, 32, 32), rect(128, 64, 22, 16)];
        assert_eq!(canvas.differing(&frame(&pixels)), changed);
        canvas.put(&frame(&pixels), changed);
        assert_eq!(canvas.differing(&frame(&pixels)), []);
    }

    #[test]
    fn turned_monitors_are_put_upright() {
        for (turn, size, expected) in [
            (Turn::Right, (3, 2), [5, 3, 1, 6, 4, 2]),
            (Turn::UpsideDown, (2, 3), [6, 5, 4, 3, 2, 1]),
            (Turn::Left, (3, 2), [2, 4, 6, 1, 3, 5]),
        ] {
            let (canvas, _) = canvas(10, 10);
            let place = rect(4, 5, size.0, size.1);
            canvas.put(&frame(place, turn), [rect(0, 0, 2, 3)]);
            assert_eq!(grab(&canvas), [(place, expected.to_vec())], "{turn:?}");
        }
    }

    #[test]
    fn a_part_of_a_turned_monitor_lands_where_it_belongs() {
        let (canvas, _) = canvas(10, 10);
        canvas.put(&frame(rect(0, 0, 3, 2), Turn::Right), [rect(1, 0, 1, 2)]);
        assert_eq!(grab(&canvas), [(rect(1, 1, 2, 1), vec![4, 2])]);
    }

    #[test]
    fn what_reaches_over_the_edge_is_cut_off() {
        let (canvas, _) = canvas(5, 5);
        canvas.put(&frame(rect(4, 4, 2, 3), Turn::Upright), [rect(0, 0, 9, 9)]);
        assert_eq!(grab(&canvas), [(rect(4, 4, 1, 1), vec![1])]);
        canvas.put(&frame(rect(5, 5, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        assert_eq!(grab(&canvas), []);
    }

    #[test]
    fn a_new_size_is_told_once_and_everything_comes_again() {
        let (canvas, calls) = canvas(5, 5);
        canvas.put(&frame(rect(0, 0, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        canvas.lay_out(Size { width: 8, height: 8 });
        assert_eq!(calls.load(SeqCst), 1, "once for everything until somebody asks");
        assert!(matches!(canvas.grab(&mut |_, _, _| {}), Err(Error::Resized)));
        assert_eq!(canvas.size(), Size { width: 8, height: 8 });
        assert_eq!(grab(&canvas), []);
        canvas.put(&frame(rect(0, 0, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        assert_eq!(calls.load(SeqCst), 2);
        assert_eq!(grab(&canvas).len(), 1);
    }

    #[test]
    fn what_cannot_be_seen_is_said_and_told() {
        let (canvas, calls) = canvas(5, 5);
        canvas.set_condition(Condition::Hidden);
        assert!(matches!(canvas.grab(&mut |_, _, _| {}), Err(Error::Hidden)));
        canvas.set_condition(Condition::Disconnected);
        assert!(matches!(canvas.grab(&mut |_, _, _| {}), Err(Error::NoSuchMonitor)));
        canvas.set_condition(Condition::Lost);
        assert!(matches!(canvas.grab(&mut |_, _, _| {}), Err(Error::Lost(_))));
        canvas.set_condition(Condition::Seen);
        assert_eq!(grab(&canvas), []);
        assert_eq!(calls.load(SeqCst), 4);
    }

    #[test]
    fn the_cursor_comes_when_it_changes() {
        let (canvas, calls) = canvas(5, 5);
        assert_eq!(canvas.cursor(), None);
        let cursor = Cursor { size: Size { width: 1, height: 1 }, hot_x: 0, hot_y: 0, pixels: vec![7] };
        canvas.set_cursor(cursor.clone());
        assert_eq!(calls.load(SeqCst), 1);
        assert_eq!(canvas.cursor(), Some(cursor));
        assert_eq!(canvas.cursor(), None);
    }

    #[test]
    fn the_pointer_is_where_the_source_that_sees_it_says() {
        let (canvas, calls) = canvas(10, 5);
        let (left, right) = (rect(0, 0, 5, 5), rect(5, 0, 5, 5));
        assert_eq!(canvas.pointer(), None);
        canvas.set_pointer(left, Some((4, 1)));
        canvas.set_pointer(left, Some((4, 2)));
        assert_eq!(calls.load(SeqCst), 1, "once until somebody asks");
        assert_eq!(canvas.pointer(), Some((4, 2)));
        canvas.set_pointer(right, Some((5, 2)));
        canvas.set_pointer(left, None);
        assert_eq!(canvas.pointer(), Some((5, 2)));
        canvas.set_pointer(right, None);
        assert_eq!(canvas.pointer(), None);
        assert_eq!(calls.load(SeqCst), 3);
    }

    #[test]
    fn the_monitors_are_asked_for_once_a_layout() {
        let (canvas, _) = canvas(5, 5);
        assert!(canvas.was_laid_out());
        assert!(!canvas.was_laid_out());
        canvas.lay_out(Size { width: 5, height: 5 });
        assert!(canvas.was_laid_out());
    }

    #[test]
    fn a_source_waits_for_its_viewer_and_not_beyond_the_end() {
        let (canvas, calls) = canvas(5, 5);
        let canvas = Arc::new(canvas);
        canvas.put(&frame(rect(0, 0, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        let waiting = canvas.clone();
        let source = std::thread::spawn(move || (waiting.wait_until_taken(), waiting.wait_until_taken()));
        grab(&canvas);
        assert_eq!(source.join().unwrap(), (true, true));

        canvas.put(&frame(rect(0, 0, 2, 3), Turn::Upright), [rect(0, 0, 2, 3)]);
        let waiting = canvas.clone();
        let source = std::thread::spawn(move || waiting.wait_until_taken());
        canvas.end();
        assert!(!source.join().unwrap());
        assert!(canvas.has_ended());
        let before = calls.load(SeqCst);
        canvas.set_cursor(Cursor { size: Size::default(), hot_x: 0, hot_y: 0, pixels: vec![] });
        canvas.set_condition(Condition::Hidden);
        assert_eq!(calls.load(SeqCst), before);
    }
}
