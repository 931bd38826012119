//! Slow lines and fast ones, on simulated time.

use std::collections::VecDeque;
use std::time::Duration;

use rfb::{Rect, Size};

use crate::scene::{Change, Scene};
use crate::viewer::*;

const SIZE: Size = Size { width: 640, height: 480 };
const FRAME: Duration = Duration::from_millis(40);
const STEP: Duration = Duration::from_millis(1);

/// A line of so many bytes a second, with a queue that never overflows.
struct Line {
    bytes_per_second: f64,
    /// One way.
    delay: Duration,
    /// When all that was put in has left.
    free_at: Duration,
    /// What is on its way, and when it arrives.
    down: VecDeque<(Duration, Vec<u8>)>,
    /// Answers to fences.
    up: VecDeque<Duration>,
}

/// A viewer at the other end of a line.
struct Watch {
    viewer: Viewer,
    line: Line,
    scene: Scene,
    /// From grab to arrival, of each update.
    lags: Vec<Duration>,
    arrived: usize,
}

impl Watch {
    fn new(bytes_per_second: f64, delay: Duration) -> Self {
        let mut viewer = Viewer::connect(SIZE, &[TIGHT, QUALITY_0 + 8, FENCE, CONTINUOUS_UPDATES]);
        viewer.enable_continuous();
        // The first fence is on its way.
        let up = VecDeque::from([viewer.now + 2 * delay]);
        let line = Line { bytes_per_second, delay, free_at: viewer.now, down: VecDeque::new(), up };
        Self { viewer, line, scene: Scene::new(SIZE), lags: Vec::new(), arrived: 0 }
    }

    /// A film of the given size for the given time.
    fn play(&mut self, size: u16, time: Duration) {
        let end = self.viewer.now + time;
        let film = Rect { x: 64, y: 64, width: size, height: size };
        let mut next_frame = self.viewer.now;
        let mut fresh = false;
        while self.viewer.now < end {
            if self.viewer.now >= next_frame {
                self.scene.apply(&Change::Photo(film));
                next_frame += FRAME;
                fresh = true;
            }
            if fresh && self.viewer.server.is_waiting() {
                let width = self.scene.width();
                self.viewer.server.take_in(self.scene.all(), &self.scene.pixels, width);
                fresh = false;
            }
            self.step();
        }
    }

    fn stand_still(&mut self, time: Duration) {
        let end = self.viewer.now + time;
        while self.viewer.now < end {
            self.step();
        }
    }

    fn step(&mut self) {
        let now = self.viewer.now;
        if self.viewer.server.update(now) {
            let update = self.viewer.take();
            let takes = Duration::from_secs_f64(update.len() as f64 / self.line.bytes_per_second);
            self.line.free_at = self.line.free_at.max(now) + takes;
            let arrives = self.line.free_at + self.line.delay;
            self.lags.push(arrives - now);
            self.line.down.push_back((arrives, update));
            assert!(self.line.down.len() <= 3);
        }
        while self.line.down.front().is_some_and(|(at, _)| *at <= now) {
            let (_, update) = self.line.down.pop_front().unwrap();
            self.viewer.decode(&update);
            self.arrived += 1;
            self.line.up.push_back(now + self.line.delay);
        }
        while self.line.up.front().is_some_and(|at| *at <= now) {
            self.line.up.pop_front();
            assert!(self.viewer.answer_fence());
        }
        self.viewer.now += STEP;
    }

    /// The lag that half of the last updates stay below.
    fn usual_lag(&self, of: usize) -> Duration {
        let mut lags = self.lags[self.lags.len().saturating_sub(of)..].to_vec();
        lags.sort();
        lags[lags.len() / 2]
    }
}

#[test]
fn a_fast_line_carries_every_frame_in_full_quality() {
    let mut watch = Watch::new(2_500_000.0, Duration::from_millis(30));
    watch.play(128, Duration::from_secs(4));
    assert!(watch.arrived >= 96, "{} frames", watch.arrived);
    let per_frame = watch.viewer.bytes / watch.arrived;
    watch.play(128, Duration::from_secs(2));
    let later = watch.viewer.bytes / watch.arrived;
    assert!(later.abs_diff(per_frame) < per_frame / 10, "the quality stays: {per_frame}, then {later}");
}

#[test]
fn a_slow_line_gets_a_worse_picture_instead_of_an_old_one() {
    let mut slow = Watch::new(60_000.0, Duration::from_millis(30));
    slow.play(128, Duration::from_secs(10));
    let lag = slow.usual_lag(20);
    assert!(lag < Duration::from_millis(250), "{lag:?}");
    let before = (slow.viewer.bytes, slow.arrived);
    slow.play(128, Duration::from_secs(4));
    let per_frame = (slow.viewer.bytes - before.0) / (slow.arrived - before.1);
    let mut fast = Watch::new(2_500_000.0, Duration::from_millis(30));
    fast.play(128, Duration::from_secs(4));
    let in_full = fast.viewer.bytes / fast.arrived;
    assert!(per_frame * 2 < in_full, "{per_frame} bytes a frame, {in_full} in full");
    // And it is used: a picture that is worse than the line allows helps nobody.
    let used = (slow.viewer.bytes - before.0) as f64 / 4.0 / 60_000.0;
    assert!(used > 0.5, "{used} of the line");
}

#[test]
fn the_picture_gets_better_again_when_the_line_does() {
    let mut watch = Watch::new(60_000.0, Duration::from_millis(20));
    watch.play(128, Duration::from_secs(8));
    watch.line.bytes_per_second = 5_000_000.0;
    watch.play(128, Duration::from_secs(20));
    let before = (watch.viewer.bytes, watch.arrived);
    watch.play(128, Duration::from_secs(2));
    let per_frame = (watch.viewer.bytes - before.0) / (watch.arrived - before.1);
    let mut fast = Watch::new(5_000_000.0, Duration::from_millis(20));
    fast.play(128, Duration::from_secs(4));
    let in_full = fast.viewer.bytes / fast.arrived;
    assert!(per_frame * 10 > in_full * 9, "{per_frame} bytes a frame, {in_full} in full");
}

#[test]
fn on_a_slow_line_too_the_picture_becomes_exact_when_it_stands_still() {
    let mut watch = Watch::new(200_000.0, Duration::from_millis(50));
    watch.play(128, Duration::from_secs(4));
    let lag_before = watch.lags.len();
    watch.stand_still(Duration::from_secs(5));
    let exact = watch.scene.pixels.iter().map(|&pixel| NATIVE.colours(pixel));
    assert!(exact.eq(watch.viewer.pixels.iter().copied()));
    let longest = watch.lags[lag_before..].iter().max().unwrap();
    assert!(*longest < Duration::from_millis(500), "refining kept the line busy for {longest:?} at a time");
}

#[test]
fn a_client_that_never_answers_gets_three_updates() {
    let mut viewer = Viewer::connect(SIZE, &[TIGHT, FENCE, CONTINUOUS_UPDATES]);
    viewer.enable_continuous();
    let mut scene = Scene::new(SIZE);
    for round in 0..10 {
        scene.apply(&Change::Fill(scene.all(), round));
        viewer.server.take_in(scene.all(), &scene.pixels, scene.width());
        viewer.now += Duration::from_secs(10);
        viewer.update();
    }
    // The fence that says that fences are known is one of the three.
    assert_eq!(viewer.updates, 2);
}
