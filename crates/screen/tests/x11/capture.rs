//! What comes out is what is on the screen, and no more of it than has changed.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use screen::{Area, Capture, Error, MonitorId, Rect, Size};
use virtual_desktop::wait_for;

use crate::{
    server::{SIZE, SOON, XServer},
    viewer::Viewer,
};

const ALL: Rect = Rect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 };
const LEFT: Rect = Rect { x: 0, y: 0, width: 400, height: 480 };
const RIGHT: Rect = Rect { x: 400, y: 0, width: 240, height: 480 };

/// Pixels of which no two neighbours are alike.
fn noise(count: usize, seed: u32) -> Vec<u32> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state & 0xff_ffff
    };
    (0..count).map(|_| next()).collect()
}

fn monitor(server: &XServer, name: &str) -> MonitorId {
    let monitors = screen::monitors(&server.display()).unwrap();
    monitors.iter().find(|monitor| monitor.name == name).unwrap_or_else(|| panic!("{monitors:?}")).id
}

fn shows_what_is_drawn(server: &XServer, viewer: &mut Viewer) {
    let window = server.open(ALL, 0);
    for seed in [1, 2] {
        let pixels = noise(viewer.picture.len(), seed);
        server.draw(window, SIZE, &pixels);
        wait_for("the picture", SOON, || {
            viewer.grab().unwrap();
            (viewer.picture == pixels).then_some(())
        })
        .unwrap();
    }
}

#[test]
fn a_known_picture_is_captured_bit_for_bit() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    assert_eq!(viewer.size, Size { width: SIZE.0, height: SIZE.1 });
    assert_eq!(viewer.grab().unwrap(), [ALL], "the first grab is of everything");
    shows_what_is_drawn(&server, &mut viewer);
}

#[test]
fn a_server_that_shares_no_memory_sends_the_same_picture() {
    let server = XServer::start_with(24, &["-extension", "MIT-SHM", "-nolisten", "tcp"]);
    shows_what_is_drawn(&server, &mut Viewer::start(&server.display(), Area::Whole));
}

#[test]
fn a_server_on_another_computer_sends_the_same_picture() {
    let server = XServer::start_with(24, &["-listen", "tcp", "-ac"]);
    shows_what_is_drawn(&server, &mut Viewer::start(&server.remote_display(), Area::Whole));
}

#[test]
fn only_what_has_changed_comes() {
    let server = XServer::start();
    let window = server.open(ALL, 0x20_2020);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.grab().unwrap();
    while !viewer.grab().unwrap().is_empty() {}
    assert_eq!(viewer.grab().unwrap(), []);

    let near = Rect { x: 10, y: 20, width: 30, height: 7 };
    server.fill(window, near, 0xff_0000);
    assert_eq!(viewer.next(), [near]);
    assert_eq!(viewer.pixel(10, 20), 0xff_0000);
    assert_eq!(viewer.pixel(39, 26), 0xff_0000);

    let far = Rect { x: 600, y: 440, width: 40, height: 40 };
    server.fill(window, near, 0x00_ff00);
    server.fill(window, far, 0x00_00ff);
    viewer.wait_for_pixel(639, 479, 0x00_00ff);
    assert_eq!(viewer.pixel(10, 20), 0x00_ff00);

    viewer.capture.refresh();
    assert_eq!(viewer.grab().unwrap(), [ALL], "a refresh is of everything");
}

#[test]
fn much_that_happens_at_once_is_told_once() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.grab().unwrap();
    viewer.capture.cursor().unwrap();
    while !viewer.grab().unwrap().is_empty() {}
    let before = viewer.calls.load(SeqCst);
    for x in 0..200 {
        server.fill(server.root, Rect { x, y: 100, width: 5, height: 5 }, u32::from(x));
        server.set_cursor(8 + x % 8, (0, 0), (0, 0, 0));
    }
    viewer.wait_for_call(before);
    viewer.wait_for_pixel(203, 104, 199);
    let calls = viewer.calls.load(SeqCst) - before;
    assert!(calls <= 4, "called {calls} times");
}

#[test]
fn where_nothing_moves_nobody_is_called_and_nothing_runs() {
    let server = XServer::start();
    let thread = Arc::new(Mutex::new(None));
    let calls = Arc::new(AtomicUsize::new(0));
    let (own, counted) = (thread.clone(), calls.clone());
    let mut capture = Capture::start(&server.display(), Area::Whole, move || {
        *own.lock().unwrap() = fs::read_link("/proc/thread-self").ok();
        counted.fetch_add(1, SeqCst);
    })
    .unwrap();
    server.fill(server.root, ALL, 0x12_3456);
    wait_for("the first call", SOON, || (calls.load(SeqCst) > 0).then_some(())).unwrap();
    let mut grabbed = 1;
    while grabbed > 0 {
        grabbed = 0;
        capture.grab(&mut |_, _, _| grabbed += 1).unwrap();
    }
    capture.cursor().unwrap();
    capture.pointer().unwrap();

    let thread = thread.lock().unwrap().clone().unwrap();
    let status = Path::new("/proc").join(thread).join("status");
    let lines = |word: &str| {
        let status = fs::read_to_string(&status).unwrap();
        status.lines().filter(|line| line.contains(word)).map(str::to_owned).collect::<Vec<_>>()
    };
    let switches = || lines("ctxt_switches");
    wait_for("the thread to sleep", SOON, || lines("State:")[0].contains("sleeping").then_some(())).unwrap();
    let before = (switches(), calls.load(SeqCst));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!((switches(), calls.load(SeqCst)), before);
    let mut grabbed = 0;
    capture.grab(&mut |_, _, _| grabbed += 1).unwrap();
    assert_eq!(grabbed, 0);

    // The first movement is told, and what follows wakes nobody until somebody has asked.
    server.move_pointer(10, 10);
    wait_for("the pointer", SOON, || (calls.load(SeqCst) > before.1).then_some(())).unwrap();
    wait_for("the thread to sleep", SOON, || lines("State:")[0].contains("sleeping").then_some(())).unwrap();
    server.move_pointer(11, 10);
    let before = switches();
    (0..500).for_each(|x| server.move_pointer(x, 20));
    assert_eq!(switches(), before);
}

#[test]
fn the_cursor_comes_when_it_changes() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let first = viewer.capture.cursor().unwrap().expect("there is a cursor from the start");
    assert_eq!(first.pixels.len(), usize::from(first.size.width) * usize::from(first.size.height));
    viewer.grab().unwrap();
    wait_for("the first events", SOON, || viewer.capture.cursor().unwrap().is_none().then_some(())).unwrap();

    let calls = viewer.calls.load(SeqCst);
    server.set_cursor(9, (3, 5), (0xffff, 0x8080, 0));
    viewer.wait_for_call(calls);
    let cursor = wait_for("the cursor", SOON, || viewer.capture.cursor().unwrap()).unwrap();
    assert_eq!(cursor.size, Size { width: 9, height: 9 });
    assert_eq!((cursor.hot_x, cursor.hot_y), (3, 5));
    assert_eq!(cursor.pixels, [0xffff_8000; 81]);
    assert_eq!(viewer.capture.cursor().unwrap(), None);
}

#[test]
fn a_pointer_that_moves_is_told_once_until_somebody_asks_where_it_is() {
    let server = XServer::start();
    server.move_pointer(20, 30);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    viewer.capture.cursor().unwrap();
    assert_eq!(viewer.capture.pointer().unwrap(), Some((20, 30)));

    for round in 0..3_i16 {
        let calls = viewer.calls.load(SeqCst);
        (0..500).for_each(|x| server.move_pointer(100 + x, 100 + round));
        viewer.wait_for_call(calls);
        wait_for("the pointer", SOON, || {
            (viewer.capture.pointer().unwrap() == Some((599, 100 + round as u16))).then_some(())
        })
        .unwrap();
        let called = viewer.calls.load(SeqCst) - calls;
        assert!(called <= 3, "called {called} times");
    }
}

#[test]
fn a_pointer_that_a_program_has_for_itself_is_told_too() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    viewer.capture.cursor().unwrap();
    viewer.capture.pointer().unwrap();
    let window = server.open(Rect { x: 50, y: 50, width: 100, height: 100 }, 0);
    server.grab_pointer(window);
    while !viewer.grab().unwrap().is_empty() {}
    viewer.capture.cursor().unwrap();
    viewer.capture.pointer().unwrap();
    let calls = viewer.calls.load(SeqCst);
    server.move_pointer(300, 200);
    viewer.wait_for_call(calls);
    assert_eq!(viewer.capture.pointer().unwrap(), Some((300, 200)));
}

#[test]
fn in_one_of_several_monitors_the_pointer_is_where_it_is_in_that_one() {
    let server = XServer::start();
    server.set_monitor("LEFT", LEFT);
    server.set_monitor("RIGHT", RIGHT);
    let mut viewer = Viewer::start(&server.display(), Area::Monitor(monitor(&server, "RIGHT")));
    server.move_pointer(410, 5);
    assert_eq!(viewer.capture.pointer().unwrap(), Some((10, 5)));
    server.move_pointer(399, 5);
    assert_eq!(viewer.capture.pointer().unwrap(), None);
}

#[test]
fn the_monitors_are_told_when_they_change() {
    let server = XServer::start();
    server.set_monitor("LEFT", LEFT);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let told = |viewer: &mut Viewer| {
        let monitors = viewer.capture.monitors().unwrap();
        monitors.map(|monitors| monitors.into_iter().map(|monitor| monitor.rect).collect::<Vec<_>>())
    };
    assert_eq!(told(&mut viewer), Some(vec![LEFT]));
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    assert_eq!(told(&mut viewer), None);
    let calls = viewer.calls.load(SeqCst);
    server.set_monitor("RIGHT", RIGHT);
    viewer.wait_for_call(calls);
    let both = wait_for("both", SOON, || told(&mut viewer).filter(|rects| rects.len() == 2)).unwrap();
    assert_eq!(both, [LEFT, RIGHT]);
}

#[test]
fn one_of_several_monitors_is_captured_alone() {
    let server = XServer::start();
    server.set_monitor("LEFT", LEFT);
    server.set_monitor("RIGHT", RIGHT);
    let monitors = screen::monitors(&server.display()).unwrap();
    let rects: Vec<_> = monitors.iter().map(|monitor| (monitor.name.as_str(), monitor.rect)).collect();
    assert_eq!(rects, [("LEFT", LEFT), ("RIGHT", RIGHT)]);

    let mut viewer = Viewer::start(&server.display(), Area::Monitor(monitor(&server, "RIGHT")));
    assert_eq!(viewer.size, Size { width: 240, height: 480 });
    viewer.next();
    server.fill(server.root, Rect { x: 390, y: 10, width: 20, height: 20 }, 0xab_cdef);
    viewer.wait_for_pixel(9, 29, 0xab_cdef);
    assert_ne!(viewer.pixel(10, 29), 0xab_cdef);
    server.fill(server.root, Rect { x: 10, y: 10, width: 20, height: 20 }, 0xff_ffff);
    server.fill(server.root, Rect { x: 639, y: 479, width: 1, height: 1 }, 0xfe_dcba);
    viewer.wait_for_pixel(239, 479, 0xfe_dcba);
    assert!(!viewer.picture.contains(&0xff_ffff), "what is on the other monitor stays there");

    let mut whole = Viewer::start(&server.display(), Area::Whole);
    whole.grab().unwrap();
    assert_eq!((whole.pixel(10, 10), whole.pixel(639, 479)), (0xff_ffff, 0xfe_dcba));
}

#[test]
fn a_new_resolution_is_told_and_followed() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    let calls = viewer.calls.load(SeqCst);
    server.resize(320, 240);
    viewer.wait_for_call(calls);
    assert!(matches!(viewer.error(), Error::Resized));
    viewer.adapt();
    assert_eq!(viewer.size, Size { width: 320, height: 240 });
    let small = Rect { x: 0, y: 0, width: 320, height: 240 };
    assert_eq!(viewer.grab().unwrap(), [small], "everything comes again");
}

#[test]
fn a_screen_that_grows_is_captured_whole() {
    let server = XServer::start();
    server.resize(320, 240);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    assert_eq!(viewer.size, Size { width: 320, height: 240 });
    viewer.grab().unwrap();
    server.resize(640, 480);
    assert!(matches!(viewer.error(), Error::Resized));
    viewer.adapt();
    assert_eq!(viewer.grab().unwrap(), [ALL]);
    shows_what_is_drawn(&server, &mut viewer);
}

#[test]
fn a_monitor_that_moves_is_followed_and_one_that_goes_is_an_error_until_it_is_back() {
    let server = XServer::start();
    server.set_monitor("LEFT", LEFT);
    server.set_monitor("RIGHT", RIGHT);
    let mut viewer = Viewer::start(&server.display(), Area::Monitor(monitor(&server, "RIGHT")));
    viewer.next();
    server.fill(server.root, Rect { x: 500, y: 0, width: 1, height: 1 }, 0x11_2233);
    viewer.wait_for_pixel(100, 0, 0x11_2233);
    server.set_monitor("RIGHT", Rect { x: 390, ..RIGHT });
    viewer.wait_for_pixel(110, 0, 0x11_2233);

    server.delete_monitor("RIGHT");
    // The move itself may have had more to tell after the last grab.
    viewer.wait_for_call(viewer.heard);
    assert!(matches!(viewer.error(), Error::NoSuchMonitor));
    assert!(matches!(viewer.error(), Error::NoSuchMonitor));
    server.set_monitor("RIGHT", RIGHT);
    wait_for("the monitor", SOON, || viewer.grab().ok()).unwrap();
    viewer.wait_for_pixel(100, 0, 0x11_2233);
}

#[test]
fn a_server_that_dies_is_told_and_is_an_error() {
    let mut server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    let calls = viewer.calls.load(SeqCst);
    server.kill();
    viewer.wait_for_call(calls);
    assert!(matches!(viewer.grab(), Err(Error::Lost(_))));
    assert!(matches!(viewer.grab(), Err(Error::Lost(_))));
    viewer.capture.refresh();
    assert!(matches!(viewer.grab(), Err(Error::Lost(_))));
}

#[test]
fn a_dropped_capture_leaves_nothing_running_even_where_the_server_hangs() {
    let server = XServer::start();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    viewer.wait_for_call(0);
    while !viewer.grab().unwrap().is_empty() {}
    let calls = viewer.calls.clone();
    let before = calls.load(SeqCst);
    drop(viewer);
    assert_eq!(Arc::strong_count(&calls), 1, "its thread has ended");
    assert_eq!(calls.load(SeqCst), before, "the end itself is nothing to be told");

    let viewer = Viewer::start(&server.display(), Area::Whole);
    let calls = viewer.calls.clone();
    server.signal("-STOP");
    drop(viewer);
    assert_eq!(Arc::strong_count(&calls), 1);
    server.signal("-CONT");
}
