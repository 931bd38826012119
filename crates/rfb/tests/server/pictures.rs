//! What a viewer shows is what is on the screen.

use std::time::Duration;

use proptest::prelude::*;
use rfb::{Cursor, Rect, Size};

use crate::scene::{Change, Scene, changes, cursor, sizes};
use crate::viewer::*;

const SIZE: Size = Size { width: 640, height: 480 };

/// A viewer and what it should see.
struct Desk {
    scene: Scene,
    viewer: Viewer,
    pointer: Pointer,
}

/// The user's pointer, as it should be seen.
#[derive(Default)]
struct Pointer {
    shape: Option<Cursor>,
    place: Option<(u16, u16)>,
    has_place: bool,
    view_only: bool,
    by_viewer: bool,
    /// Where the viewer put it last.
    of_viewer: Option<(u16, u16)>,
}

/// Something that happens to a desk.
#[derive(Clone, Debug)]
enum Step {
    Change(Change),
    Shape(Cursor),
    /// The user moves the pointer.
    Point(Option<(u16, u16)>),
    /// The viewer does.
    Control(u16, u16),
    ViewOnly(bool),
    Update,
}

fn steps(size: Size) -> impl Strategy<Value = Vec<Step>> {
    let place = (0..size.width, 0..size.height);
    let shape = (1..40_u16, 1..40_u16, any::<u32>()).prop_flat_map(|(width, height, seed)| {
        (0..width, 0..height).prop_map(move |hot| cursor(Size { width, height }, hot, seed))
    });
    let step = prop_oneof![
        6 => changes(size).prop_map(Step::Change),
        1 => shape.prop_map(Step::Shape),
        3 => prop::option::weighted(0.9, place.clone()).prop_map(Step::Point),
        1 => place.prop_map(|(x, y)| Step::Control(x, y)),
        1 => any::<bool>().prop_map(Step::ViewOnly),
        4 => Just(Step::Update),
    ];
    // Left to chance, something seldom scrolls below the pointer.
    let whole = Rect { x: 0, y: 0, width: size.width, height: size.height };
    let shape = cursor(Size { width: 20, height: 20 }, (4, 4), 5);
    let point = Step::Point(Some((size.width / 2, size.height / 2)));
    let scroll = (-40..40_i16).prop_map(move |by| {
        let scroll = Step::Change(Change::Scroll(whole, by));
        vec![
            Step::Change(Change::Text(whole)),
            Step::Shape(shape.clone()),
            point.clone(),
            Step::Update,
            scroll,
        ]
    });
    let first = prop_oneof![scroll, Just(Vec::new())];
    (first, prop::collection::vec(step, 0..14)).prop_map(|(first, then)| [first, then].concat())
}

impl Desk {
    fn new(size: Size, encodings: &[i32], format: Format) -> Self {
        let mut viewer = Viewer::connect(size, encodings);
        viewer.set_format(format);
        let mut desk = Self { scene: Scene::new(size), viewer, pointer: Pointer::default() };
        desk.grab(desk.scene.all());
        desk.viewer.request(false);
        assert!(desk.viewer.update());
        desk
    }

    fn grab(&mut self, rect: Rect) {
        let width = self.scene.width();
        self.viewer.server.take_in(rect, self.scene.from(rect), width);
    }

    fn change(&mut self, change: &Change) {
        self.scene.apply(change);
        self.grab(change.rect());
    }

    fn step(&mut self, step: Step) {
        let Self { viewer, pointer, .. } = self;
        match step {
            Step::Change(change) => self.change(&change),
            Step::Shape(shape) => {
                viewer.server.set_cursor(shape.clone());
                pointer.shape = Some(shape);
            }
            Step::Point(place) => {
                // Where the viewer's own pointer is, nobody can tell whose it is.
                let near = |(a, b): ((u16, u16), (u16, u16))| a.0.abs_diff(b.0) < 5 && a.1.abs_diff(b.1) < 5;
                if pointer.of_viewer.zip(place).is_some_and(near) {
                    return;
                }
                viewer.server.set_pointer(place);
                pointer.by_viewer &= place == pointer.place;
                pointer.has_place |= place.is_some();
                pointer.place = place;
            }
            Step::Control(x, y) => {
                let [[a, b], [c, d]] = [x, y].map(u16::to_be_bytes);
                viewer.send(&[5, 0, a, b, c, d]);
                if !pointer.view_only {
                    viewer.server.set_pointer(Some((x, y)));
                    *pointer = Pointer {
                        place: Some((x, y)),
                        has_place: true,
                        by_viewer: true,
                        of_viewer: Some((x, y)),
                        shape: pointer.shape.take(),
                        ..*pointer
                    };
                }
            }
            Step::ViewOnly(view_only) => {
                viewer.server.set_view_only(view_only);
                pointer.view_only = view_only;
                pointer.by_viewer &= !view_only;
                pointer.of_viewer = pointer.of_viewer.filter(|_| !view_only);
            }
            Step::Update => {
                self.update();
            }
        }
    }

    /// Whether the cursor is to be drawn into the picture.
    fn points(&self, has_cursor: bool) -> bool {
        let Pointer { has_place, view_only, by_viewer, .. } = self.pointer;
        has_place && (view_only || !by_viewer || !has_cursor)
    }

    /// The viewer has the picture with the pointer in it, and draws one of its own only where that is right.
    fn assert_pointed(&mut self, has_cursor: bool) {
        let clean = self.scene.pixels.clone();
        if self.points(has_cursor)
            && let Pointer { shape: Some(shape), place: Some(place), .. } = &self.pointer
        {
            self.scene.pixels = self.scene.with_cursor(shape, *place);
        }
        self.assert_exact();
        self.scene.pixels = clean;
        let Some(shape) = self.pointer.shape.as_ref().filter(|_| has_cursor) else { return };
        let (_, told) = self.viewer.cursor.as_ref().unwrap();
        let told = (Size { width: told.width, height: told.height }, told.hot);
        let expected = match self.points(has_cursor) {
            true => (Size { width: 1, height: 1 }, (0, 0)),
            false => (shape.size, (shape.hot_x, shape.hot_y)),
        };
        assert_eq!(told, expected);
    }

    fn update(&mut self) -> bool {
        self.viewer.request(true);
        self.viewer.now += Duration::from_millis(40);
        self.viewer.update()
    }

    fn expected(&self) -> Vec<[u16; 3]> {
        self.scene.pixels.iter().map(|&pixel| self.viewer.format.colours(pixel)).collect()
    }

    fn assert_exact(&self) {
        let expected = self.expected();
        let wrong = expected.iter().zip(&self.viewer.pixels).position(|(expected, seen)| expected != seen);
        if let Some(place) = wrong {
            let (x, y) = (place % self.scene.width(), place / self.scene.width());
            panic!("{x}, {y}: {:?} instead of {:?}", self.viewer.pixels[place], expected[place]);
        }
    }

    /// In decibels, of pictures with eight bits a colour.
    fn fidelity(&self) -> f64 {
        let expected = self.expected();
        let pairs = expected.iter().flatten().zip(self.viewer.pixels.iter().flatten());
        let error: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        10.0 * (255.0 * 255.0 / (error / (3 * expected.len()) as f64)).log10()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Setting {
    encoding: i32,
    copy_rect: bool,
    cursor: bool,
    quality: Option<i32>,
    format: Format,
}

impl Setting {
    fn encodings(&self) -> Vec<i32> {
        let copy_rect = self.copy_rect.then_some(COPY_RECT);
        let quality = self.quality.map(|quality| QUALITY_0 + quality);
        let cursor = self.cursor.then_some(CURSOR);
        [Some(self.encoding), copy_rect, cursor, quality].into_iter().flatten().collect()
    }
}

fn settings() -> impl Strategy<Value = Setting> {
    let encoding = prop::sample::select(vec![RAW, TIGHT, ZRLE]);
    let format = prop::sample::select(&Format::ALL[..]);
    let quality = prop_oneof![Just(None), (0..10).prop_map(Some)];
    (encoding, any::<[bool; 2]>(), quality, format).prop_map(
        |(encoding, [copy_rect, cursor], quality, format)| Setting {
            encoding,
            copy_rect,
            cursor,
            quality,
            format,
        },
    )
}

proptest! {
    #[test]
    fn without_jpeg_every_pixel_is_right_after_every_update(
        (size, steps) in sizes().prop_flat_map(|size| (Just(size), steps(size))),
        setting in settings(),
    ) {
        let mut desk = Desk::new(size, &Setting { quality: None, ..setting }.encodings(), setting.format);
        desk.assert_exact();
        for step in steps {
            let update = matches!(step, Step::Update);
            desk.step(step);
            if update {
                desk.assert_pointed(setting.cursor);
            }
        }
        desk.update();
        desk.assert_pointed(setting.cursor);
    }

    #[test]
    fn with_jpeg_the_picture_becomes_exact_when_it_stands_still(
        (size, steps) in sizes().prop_flat_map(|size| (Just(size), steps(size))),
        setting in settings(),
    ) {
        let mut desk = Desk::new(size, &setting.encodings(), setting.format);
        for step in steps {
            desk.step(step);
        }
        desk.update();
        desk.viewer.request(true);
        let mut rounds = 0;
        while let Some(at) = desk.viewer.server.poll_timeout() {
            desk.viewer.now = desk.viewer.now.max(at);
            prop_assert!(desk.viewer.update(), "there was something to do");
            desk.viewer.request(true);
            rounds += 1;
            prop_assert!(rounds < 200);
        }
        desk.assert_pointed(setting.cursor);
    }
}

#[test]
fn photographs_go_as_jpeg_and_are_good_enough_while_they_move() {
    let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + 6], NATIVE);
    desk.change(&Change::Photo(Rect { x: 100, y: 60, width: 320, height: 240 }));
    assert!(desk.update());
    assert!(desk.viewer.photos > 0);
    let moving = desk.fidelity();
    assert!(moving > 35.0, "{moving} dB");
}

#[test]
fn better_quality_is_closer_and_larger() {
    let run = |quality| {
        let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + quality], NATIVE);
        let before = desk.viewer.bytes;
        desk.change(&Change::Photo(desk.scene.all()));
        desk.update();
        (desk.fidelity(), desk.viewer.bytes - before)
    };
    let all: Vec<_> = [1, 4, 6, 9].map(run).into_iter().collect();
    assert!(all.is_sorted_by(|worse, better| worse.0 < better.0 && worse.1 < better.1), "{all:?}");
}

#[test]
fn text_is_never_sent_as_jpeg() {
    let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + 6], NATIVE);
    desk.change(&Change::Text(Rect { x: 33, y: 17, width: 500, height: 400 }));
    assert!(desk.update());
    assert_eq!(desk.viewer.photos, 0);
    desk.assert_exact();
}

#[test]
fn what_was_photographed_is_refined_after_a_moment_and_only_then() {
    let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + 6], NATIVE);
    desk.change(&Change::Photo(Rect { x: 0, y: 0, width: 160, height: 120 }));
    desk.update();
    desk.viewer.request(true);
    assert!(!desk.viewer.update());
    let due = desk.viewer.server.poll_timeout().unwrap();
    assert_eq!(due - desk.viewer.now, Duration::from_millis(300));
    desk.viewer.now = due;
    assert!(desk.viewer.update());
    // It moves again: nothing is refined that will not stay.
    desk.change(&Change::Photo(Rect { x: 0, y: 0, width: 160, height: 120 }));
    desk.update();
    desk.viewer.request(true);
    assert!(desk.viewer.server.poll_timeout().unwrap() > desk.viewer.now);
}

#[test]
fn beside_something_that_moves_on_what_has_stopped_is_refined_seldom() {
    let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + 6], NATIVE);
    let mut refined = 0;
    for step in 0..50 {
        desk.viewer.now += Duration::from_millis(40);
        desk.change(&Change::Photo(Rect { x: step * 4, y: step * 4, width: 160, height: 120 }));
        desk.update();
        desk.viewer.request(true);
        refined += usize::from(desk.viewer.update());
    }
    assert!((1..=8).contains(&refined), "{refined} times in two seconds");
}

#[test]
fn nothing_new_is_nothing_sent() {
    let mut desk = Desk::new(SIZE, &[TIGHT, QUALITY_0 + 6], NATIVE);
    let before = desk.viewer.bytes;
    // Grabbed again, with something in the bytes that mean nothing.
    let noisy: Vec<u32> = desk.scene.pixels.iter().map(|pixel| pixel | 0xAB00_0000).collect();
    desk.viewer.server.take_in(desk.scene.all(), &noisy, desk.scene.width());
    assert!(!desk.update());
    assert_eq!(desk.viewer.bytes, before);
    assert_eq!(desk.viewer.server.poll_timeout(), None);
}

#[test]
fn scrolled_text_is_copied_by_the_viewer() {
    for (by, format) in [(13, NATIVE), (-13, RGB565), (1, NATIVE), (200, NATIVE)] {
        let mut desk = Desk::new(SIZE, &[COPY_RECT, TIGHT], format);
        let window = Rect { x: 37, y: 50, width: 400, height: 400 };
        desk.change(&Change::Text(window));
        desk.update();
        let before = desk.viewer.bytes;
        let line = if by > 0 { window.y + window.height - 13 } else { window.y };
        desk.scene.apply(&Change::Scroll(window, by));
        desk.scene.apply(&Change::Text(Rect { y: line, height: 13, ..window }));
        // Something else changes beside it.
        desk.scene.apply(&Change::Photo(Rect { x: 500, y: 200, width: 60, height: 60 }));
        desk.grab(Rect { x: 20, y: 40, width: 600, height: 430 });
        desk.update();
        desk.assert_exact();
        assert_eq!(desk.viewer.rects.get(&COPY_RECT), Some(&1));
        let sent = desk.viewer.bytes - before;
        assert!(sent < 32_000, "{sent} bytes for a line of text and a small picture");
    }
}

#[test]
fn scrolling_below_the_pointer_leaves_nothing_of_it_behind() {
    let window = Rect { x: 100, y: 60, width: 400, height: 400 };
    let shape = cursor(Size { width: 24, height: 24 }, (3, 4), 9);
    // Within the window, and over each edge of it.
    for place in [(300, 250), (300, 58), (300, 455), (98, 250), (498, 58)] {
        for by in [13, -13, 100] {
            let mut desk = Desk::new(SIZE, &[COPY_RECT, TIGHT], NATIVE);
            desk.change(&Change::Text(window));
            desk.step(Step::Shape(shape.clone()));
            desk.step(Step::Point(Some(place)));
            desk.update();
            for _ in 0..3 {
                desk.change(&Change::Scroll(window, by));
                desk.update();
                desk.assert_pointed(false);
            }
            let copies = desk.viewer.rects.get(&COPY_RECT).copied();
            assert!(copies >= Some(2), "{copies:?} at {place:?} by {by}");
        }
    }
}

#[test]
fn a_pointer_that_moves_costs_what_is_below_it() {
    let mut desk = Desk::new(SIZE, &[RAW], NATIVE);
    desk.step(Step::Shape(cursor(Size { width: 16, height: 16 }, (0, 0), 9)));
    desk.step(Step::Point(Some((100, 100))));
    desk.update();
    let before = desk.viewer.bytes;
    desk.step(Step::Point(Some((300, 300))));
    assert_eq!(desk.viewer.server.poll_timeout(), None, "nobody waits for it");
    assert!(desk.update());
    desk.assert_pointed(false);
    let sent = desk.viewer.bytes - before;
    assert!(sent <= 2 * 4 * 16 * 16 * 4 + 100, "{sent} bytes for where it was and where it is");
}

#[test]
fn what_the_viewer_does_not_have_yet_is_not_copied() {
    let mut desk = Desk::new(SIZE, &[COPY_RECT, TIGHT], NATIVE);
    let window = Rect { x: 100, y: 100, width: 300, height: 256 };
    desk.change(&Change::Text(Rect { height: 200, ..window }));
    desk.change(&Change::Scroll(window, -40));
    desk.update();
    desk.assert_exact();
}

#[test]
fn photographs_that_scroll_are_refined_where_they_are_then() {
    let mut desk = Desk::new(SIZE, &[COPY_RECT, TIGHT, QUALITY_0 + 5], NATIVE);
    let window = Rect { x: 64, y: 64, width: 256, height: 256 };
    desk.change(&Change::Photo(window));
    desk.update();
    desk.change(&Change::Scroll(window, 21));
    desk.update();
    assert_eq!(desk.viewer.rects.get(&COPY_RECT), Some(&1));
    desk.viewer.request(true);
    while let Some(at) = desk.viewer.server.poll_timeout() {
        desk.viewer.now = desk.viewer.now.max(at);
        desk.viewer.update();
        desk.viewer.request(true);
    }
    desk.assert_exact();
}

#[test]
fn rows_and_columns_outside_the_picture_are_left_out() {
    let mut desk = Desk::new(Size { width: 50, height: 40 }, &[RAW], NATIVE);
    let beyond = Rect { x: 45, y: 35, width: u16::MAX, height: u16::MAX };
    let pixels = vec![0x12_3456; 10 * 3];
    desk.viewer.server.take_in(beyond, &pixels, 10);
    desk.update();
    let seen = |x: usize, y: usize| desk.viewer.pixels[y * 50 + x];
    assert_eq!(seen(45, 35), [0x12, 0x34, 0x56]);
    assert_eq!(seen(49, 37), [0x12, 0x34, 0x56]);
    assert_eq!(seen(45, 38), [0x20; 3], "there were pixels for three rows");
    desk.viewer.server.take_in(Rect { x: 60, y: 0, width: 5, height: 5 }, &pixels, 5);
    desk.viewer.server.take_in(Rect { x: 0, y: 0, width: 5, height: 5 }, &pixels, 4);
    desk.viewer.server.take_in(Rect { x: 0, y: 0, width: 5, height: 5 }, &[], 5);
    assert!(!desk.update());
}

#[test]
fn a_picture_that_was_never_seen_is_not_sent_as_black() {
    let mut viewer = Viewer::connect(SIZE, &[TIGHT]);
    viewer.request(false);
    assert!(!viewer.update());
    assert!(viewer.server.is_waiting(), "it is sent when there is one");
    let scene = Scene::new(SIZE);
    viewer.server.take_in(scene.all(), &scene.pixels, scene.width());
    assert!(viewer.update());
}

#[test]
fn only_the_area_that_was_asked_for_is_sent() {
    let mut desk = Desk::new(SIZE, &[RAW], NATIVE);
    desk.change(&Change::Fill(desk.scene.all(), 0xFF_0000));
    let before = desk.viewer.bytes;
    desk.viewer.request_area(true, Rect { x: 0, y: 0, width: 64, height: 64 });
    assert!(desk.viewer.update());
    assert!(desk.viewer.bytes - before < 64 * 64 * 4 + 64);
    desk.viewer.request_area(true, Rect { x: 0, y: 0, width: 64, height: 64 });
    assert!(!desk.viewer.update());
    desk.viewer.request(true);
    assert!(desk.viewer.update());
    desk.assert_exact();
}

#[test]
fn the_widest_and_the_highest_pictures_have_room_to_change_in_their_last_corner() {
    for size in [Size { width: u16::MAX, height: 20 }, Size { width: 20, height: u16::MAX }] {
        for encoding in [RAW, TIGHT, ZRLE] {
            let mut desk = Desk::new(size, &[encoding, COPY_RECT], NATIVE);
            let (x, y) = (size.width - 3, size.height - 3);
            desk.change(&Change::Text(Rect { x, y, width: 3, height: 3 }));
            desk.update();
            desk.change(&Change::Scroll(desk.scene.all(), 1));
            desk.update();
            desk.assert_exact();
        }
    }
}
