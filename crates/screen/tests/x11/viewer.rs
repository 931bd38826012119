//! Somebody who looks: a capture with the picture that came out of it so far.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use screen::{Area, Capture, Display, Error, Rect, Size};
use virtual_desktop::wait_for;

use crate::server::SOON;

pub(crate) struct Viewer {
    pub(crate) capture: Capture,
    pub(crate) size: Size,
    pub(crate) picture: Vec<u32>,
    /// How often `changed` was called.
    pub(crate) calls: Arc<AtomicUsize>,
    /// How often before the last grab began. What is called after that is called once for all until the next grab.
    pub(crate) heard: usize,
}

impl Viewer {
    pub(crate) fn start(display: &Display, area: Area) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let capture = Capture::start(display, area, move || {
            counted.fetch_add(1, SeqCst);
        })
        .unwrap();
        let size = capture.size();
        let picture = vec![0; usize::from(size.width) * usize::from(size.height)];
        Self { capture, size, picture, calls, heard: 0 }
    }

    /// Takes in what is new and returns which rectangles that were.
    pub(crate) fn grab(&mut self) -> Result<Vec<Rect>, Error> {
        self.heard = self.calls.load(SeqCst);
        let mut rects = Vec::new();
        let (picture, width) = (&mut self.picture, usize::from(self.size.width));
        self.capture.grab(&mut |rect, pixels, stride| {
            rects.push(rect);
            for row in 0..usize::from(rect.height) {
                let start = (usize::from(rect.y) + row) * width + usize::from(rect.x);
                let from = &pixels[row * stride..][..usize::from(rect.width)];
                for (to, from) in picture[start..][..from.len()].iter_mut().zip(from) {
                    *to = from & 0xff_ffff;
                }
            }
        })?;
        Ok(rects)
    }

    /// Grabs until something comes out.
    pub(crate) fn next(&mut self) -> Vec<Rect> {
        wait_for("something new", SOON, || Some(self.grab().unwrap()).filter(|rects| !rects.is_empty()))
            .unwrap()
    }

    /// Grabs until that gives an error.
    pub(crate) fn error(&mut self) -> Error {
        wait_for("an error", SOON, || self.grab().err()).unwrap()
    }

    /// Begins anew with the size the capture has now.
    pub(crate) fn adapt(&mut self) {
        self.size = self.capture.size();
        self.picture = vec![0; usize::from(self.size.width) * usize::from(self.size.height)];
    }

    pub(crate) fn pixel(&self, x: u16, y: u16) -> u32 {
        self.picture[usize::from(y) * usize::from(self.size.width) + usize::from(x)]
    }

    /// Grabs until the pixel has this colour.
    pub(crate) fn wait_for_pixel(&mut self, x: u16, y: u16, colour: u32) {
        let what = format!("{colour:06x} at {x}, {y}");
        wait_for(&what, SOON, || {
            self.grab().unwrap();
            (self.pixel(x, y) == colour).then_some(())
        })
        .unwrap();
    }

    /// Waits until `changed` was called more often than this.
    pub(crate) fn wait_for_call(&self, after: usize) {
        wait_for("to be called", SOON, || (self.calls.load(SeqCst) > after).then_some(())).unwrap();
    }
}
