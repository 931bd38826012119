//! The frame is seen, is in nobody's way, and goes with its owner.

use screen::{Area, Border, Error, MonitorId, Rect};
use virtual_desktop::{Desktop, Options, Point, wait_for, windows::WindowOptions};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConfigureWindowAux, ConnectionExt as _, StackMode},
};

use crate::{
    server::{SIZE, SOON, XServer},
    viewer::Viewer,
};

const ORANGE: u32 = 0xff_8000;
const GREY: u32 = 0x40_4040;
const ALL: Rect = Rect { x: 0, y: 0, width: SIZE.0, height: SIZE.1 };
const LEFT: Rect = Rect { x: 0, y: 0, width: 400, height: 480 };
const RIGHT: Rect = Rect { x: 400, y: 0, width: 240, height: 480 };

/// The pixels of a rectangle that have the frame's colour.
fn orange(viewer: &Viewer, rect: Rect) -> usize {
    let rows = rect.y..rect.y + rect.height;
    let pixels = rows.flat_map(|y| (rect.x..rect.x + rect.width).map(move |x| (x, y)));
    pixels.filter(|&(x, y)| viewer.pixel(x, y) == ORANGE).count()
}

/// How many pixels a frame of 4 has.
fn frame(rect: Rect) -> usize {
    let (width, height) = (usize::from(rect.width), usize::from(rect.height));
    width * height - (width - 8) * (height - 8)
}

fn wait_for_frames(viewer: &mut Viewer, rects: &[Rect]) {
    let wanted: usize = rects.iter().map(|rect| frame(*rect)).sum();
    wait_for(&format!("a frame around {rects:?}"), SOON, || {
        viewer.grab().unwrap();
        let all = Rect { x: 0, y: 0, width: viewer.size.width, height: viewer.size.height };
        let found: usize = rects.iter().map(|rect| orange(viewer, *rect)).sum();
        (found == wanted && orange(viewer, all) == wanted).then_some(())
    })
    .unwrap();
}

#[test]
fn it_is_seen_at_the_edges_and_gone_when_dropped() {
    let server = XServer::start();
    server.open(ALL, GREY);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let border = Border::show(&server.display(), Area::Whole, ORANGE).unwrap();
    wait_for_frames(&mut viewer, &[ALL]);
    drop(border);
    wait_for_frames(&mut viewer, &[]);
    assert!(viewer.picture.iter().all(|pixel| *pixel == GREY));
}

#[test]
fn each_monitor_that_is_viewed_has_one() {
    let server = XServer::start();
    server.set_monitor("LEFT", LEFT);
    server.set_monitor("RIGHT", RIGHT);
    let monitors = screen::monitors(&server.display()).unwrap();
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let both = Border::show(&server.display(), Area::Whole, ORANGE).unwrap();
    wait_for_frames(&mut viewer, &[LEFT, RIGHT]);
    drop(both);
    let one = Border::show(&server.display(), Area::Monitor(monitors[1].id), ORANGE).unwrap();
    wait_for_frames(&mut viewer, &[RIGHT]);

    server.delete_monitor("RIGHT");
    wait_for_frames(&mut viewer, &[]);
    server.set_monitor("RIGHT", RIGHT);
    wait_for_frames(&mut viewer, &[RIGHT]);
    drop(one);
    let none = Border::show(&server.display(), Area::Monitor(MonitorId(1)), ORANGE);
    assert!(matches!(none, Err(Error::NoSuchMonitor)));
}

#[test]
fn it_follows_a_new_resolution() {
    let server = XServer::start();
    let _border = Border::show(&server.display(), Area::Whole, ORANGE).unwrap();
    server.resize(320, 240);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    assert_eq!(viewer.size.width, 320);
    wait_for_frames(&mut viewer, &[Rect { x: 0, y: 0, width: 320, height: 240 }]);
}

#[test]
fn a_click_at_it_reaches_the_window_below() {
    let server = XServer::start();
    let below = server.open(ALL, GREY);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let _border = Border::show(&server.display(), Area::Whole, ORANGE).unwrap();
    wait_for_frames(&mut viewer, &[ALL]);
    for (x, y) in [(1, 200), (638, 200), (300, 1), (300, 478)] {
        server.click(x, y);
        assert_eq!(server.clicked(), below);
    }
}

#[test]
fn windows_that_come_or_rise_later_do_not_hide_it() {
    let server = XServer::start();
    let first = server.open(Rect { x: 0, y: 100, width: 100, height: 100 }, GREY);
    let mut viewer = Viewer::start(&server.display(), Area::Whole);
    let _border = Border::show(&server.display(), Area::Whole, ORANGE).unwrap();
    server.open(Rect { x: 500, y: 300, width: 140, height: 180 }, GREY);
    wait_for_frames(&mut viewer, &[ALL]);
    let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
    server.connection.configure_window(first, &above).unwrap();
    server.sync();
    wait_for_frames(&mut viewer, &[ALL]);
}

#[test]
fn it_takes_no_focus_and_is_in_no_list_of_windows() {
    let desktop = Desktop::start(Options::default()).unwrap();
    let display = screen::Display::from_variables(|name| {
        desktop.env().iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    let name = desktop.env().iter().find(|(name, _)| *name == "DISPLAY").map(|(_, value)| value.as_str());
    let (connection, screen) = x11rb::connect(name).unwrap();
    let root = connection.setup().roots[screen].root;
    let listed = || {
        let list = connection.intern_atom(false, b"_NET_CLIENT_LIST").unwrap().reply().unwrap().atom;
        let reply = connection.get_property(false, root, list, AtomEnum::WINDOW, 0, 1000).unwrap();
        reply.reply().unwrap().value
    };

    let window = desktop.open_window(&WindowOptions { title: "work".into(), ..Default::default() }).unwrap();
    let place = desktop.wait_for_title("work", SOON).unwrap().rect.centre();
    desktop.click(place).unwrap();
    let has_focus = || desktop.focused().unwrap().is_some_and(|focused| focused.id == window.id());
    wait_for("the focus", SOON, || has_focus().then_some(())).unwrap();
    let before = listed();

    let _border = Border::show(&display, Area::Whole, ORANGE).unwrap();
    wait_for("the frame", SOON, || {
        let corner = desktop.picture().unwrap().pixel(Point { x: 1, y: 1 });
        (corner == [0xff, 0x80, 0]).then_some(())
    })
    .unwrap();
    desktop.type_text("abc").unwrap();
    wait_for("what was typed", SOON, || (window.typed().unwrap() == "abc").then_some(())).unwrap();
    assert!(has_focus());
    assert_eq!(listed(), before);
}
