//! The agent's own windows are never clicked nor typed into; others are.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use input::{Display, Done, Injector, Options, Refusal};
use virtual_desktop::{Desktop, wait_for, windows::WindowOptions};
use x11rb::{
    protocol::{
        shape::{self, ConnectionExt as _},
        xproto::{AtomEnum, ClipOrdering, ConnectionExt as _, PropMode},
    },
    wrapper::ConnectionExt as _,
};

use crate::{
    server::{SIZE, SOON, XServer, symbol, type_text},
    terminal::Terminal,
};

const REFUSED: Done = Done::Refused(Refusal::OwnWindow);
const LEFT: u16 = 1;
const WHEEL_UP: u16 = 1 << 3;

/// The windows of this process are own.
fn own() -> Options {
    Options::new(vec![std::process::id()])
}

#[test]
fn a_foreign_window_is_clicked_and_typed_into() {
    let server = XServer::start();
    let window = server.open(server.root, (0, 0, 100, 100));
    server.focus(window);
    let mut operator = server.operator_with(Options::new(vec![1]));
    for buttons in [LEFT, 0, WHEEL_UP, 0] {
        assert_eq!(operator.pointer(50, 50, buttons).unwrap(), Done::Injected);
    }
    assert_eq!(operator.key(true, symbol('a')).unwrap(), Done::Injected);
    let seen: String = server.events().iter().map(|event| event.0).collect();
    assert_eq!(seen, "()()+");
}

#[test]
fn an_own_window_is_neither_clicked_nor_typed_into() {
    let server = XServer::start();
    let window = server.open(server.root, (100, 100, 100, 100));
    let inner = server.open(window, (10, 10, 50, 50));
    // Anybody can write that; it changes nothing.
    let pid = server.connection.intern_atom(false, b"_NET_WM_PID").unwrap().reply().unwrap().atom;
    server.connection.change_property32(PropMode::REPLACE, window, pid, AtomEnum::CARDINAL, &[1]).unwrap();
    server.focus(inner);
    let mut operator = server.operator_with(own());
    for at in [(100, 100), (120, 120), (199, 199)] {
        assert_eq!(operator.pointer(at.0, at.1, 0).unwrap(), Done::Injected, "it may be pointed at");
        assert_eq!(operator.pointer(at.0, at.1, LEFT).unwrap(), REFUSED);
        assert_eq!(operator.pointer(at.0, at.1, WHEEL_UP).unwrap(), REFUSED);
        operator.pointer(at.0, at.1, 0).unwrap();
    }
    assert_eq!(operator.key(true, symbol('a')).unwrap(), REFUSED);
    assert_eq!(operator.key(false, symbol('a')).unwrap(), Done::Injected);
    assert_eq!(server.events(), []);
    assert!(operator.held().is_empty());

    assert_eq!(operator.pointer(99, 99, LEFT).unwrap(), Done::Injected, "one pixel beside it is not own");
    operator.pointer(99, 99, 0).unwrap();
    operator.set_own(Vec::new());
    assert_eq!(operator.pointer(120, 120, LEFT).unwrap(), Done::Injected);
}

#[test]
fn nothing_is_dragged_into_an_own_window() {
    let server = XServer::start();
    server.open(server.root, (100, 0, 100, 100));
    let mut operator = server.operator_with(own());
    assert_eq!(operator.pointer(50, 50, LEFT).unwrap(), Done::Injected);
    assert_eq!(operator.pointer(90, 50, LEFT).unwrap(), Done::Injected);
    assert_eq!(operator.pointer(150, 50, LEFT).unwrap(), REFUSED);
    assert_eq!(server.pointer(), (90, 50));
    assert_eq!(operator.pointer(150, 50, 0).unwrap(), REFUSED, "it ends where it was");
    assert_eq!((server.pointer(), server.mask()), ((90, 50), 0));
    assert_eq!(server.events(), []);
}

#[test]
fn keys_that_follow_the_pointer_do_not_follow_it_into_an_own_window() {
    let server = XServer::start();
    let window = server.open(server.root, (100, 100, 100, 100));
    let mut operator = server.operator_with(own());
    for focus in [server.root, 1] {
        server.focus(focus);
        operator.pointer(150, 150, 0).unwrap();
        assert_eq!(operator.key(true, symbol('a')).unwrap(), REFUSED);
        operator.pointer(50, 50, 0).unwrap();
        assert_eq!(operator.key(true, symbol('a')).unwrap(), Done::Injected);
        operator.key(false, symbol('a')).unwrap();
    }
    assert!(!server.events().iter().any(|event| event.2 == window));
}

#[test]
fn a_window_of_a_child_is_own_and_so_is_the_frame_around_it() {
    let server = XServer::start();
    let _terminal = Terminal::open(&server);
    let mut operator = server.operator_with(own());
    assert_eq!(operator.pointer(50, 50, LEFT).unwrap(), REFUSED);
    assert_eq!(operator.key(true, symbol('a')).unwrap(), REFUSED);
    operator.pointer(50, 50, 0).unwrap();

    // What a window manager does: a frame of its own around another program's window.
    let windows = server.connection.query_tree(server.root).unwrap().reply().unwrap().children;
    let frame = server.open(server.root, (200, 200, 300, 200));
    for window in windows {
        server.connection.reparent_window(window, frame, 10, 30).unwrap();
    }
    server.sync();
    // The frame is not own by itself: it is this process that stands for the window manager.
    let terminal = server.connection.query_tree(frame).unwrap().reply().unwrap().children[0];
    let mut operator = server.operator_with(Options::new(vec![process(&server, terminal)]));
    assert_eq!(operator.pointer(205, 205, LEFT).unwrap(), REFUSED, "its title bar");
    operator.pointer(205, 205, 0).unwrap();
    assert_eq!(operator.pointer(100, 100, LEFT).unwrap(), Done::Injected);
}

#[test]
fn a_frame_around_what_is_viewed_is_in_nobodys_way() {
    let server = XServer::start();
    // A window of the agent over everything that lets all clicks through.
    let frame = server.open(server.root, (0, 0, SIZE.0, SIZE.1));
    let (set, input, order) = (shape::SO::SET, shape::SK::INPUT, ClipOrdering::UNSORTED);
    server.connection.shape_rectangles(set, input, order, frame, 0, 0, &[]).unwrap().check().unwrap();
    let mut operator = server.operator_with(own());
    assert_eq!(operator.pointer(50, 50, LEFT).unwrap(), Done::Injected);
}

#[test]
fn a_window_that_a_window_manager_has_framed_is_left_alone_with_its_frame() {
    let desktop = Desktop::start(virtual_desktop::Options::default()).unwrap();
    let about = WindowOptions { title: "own".into(), ..WindowOptions::default() };
    let window = desktop.open_window(&about).unwrap();
    let place = desktop.wait_for_title("own", SOON).unwrap().rect;
    wait_for("the focus", SOON, || (desktop.focused().unwrap()?.title == "own").then_some(())).unwrap();
    let display = Display::from_variables(|name| {
        desktop.env().iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    let mut operator = Injector::open(&display, own(), |_| {}).unwrap();
    let (x, y) = (place.x as u16, place.y as u16);
    for (x, y) in [(x + 5, y + 5), (x + 5, y - 5)] {
        assert_eq!(operator.pointer(x, y, LEFT).unwrap(), REFUSED);
        operator.pointer(x, y, 0).unwrap();
    }
    assert_eq!(operator.key(true, symbol('a')).unwrap(), REFUSED);
    assert_eq!(window.typed().unwrap(), "");
    assert_eq!(operator.pointer(x - 50, y, LEFT).unwrap(), Done::Injected);
}

/// Whose window it is.
fn process(server: &XServer, window: u32) -> u32 {
    use x11rb::protocol::res::{ClientIdMask, ClientIdSpec, ConnectionExt as _};
    let spec = ClientIdSpec { client: window, mask: ClientIdMask::LOCAL_CLIENT_PID };
    server.connection.res_query_client_ids(&[spec]).unwrap().reply().unwrap().ids[0].value[0]
}

#[test]
fn a_window_that_comes_between_look_and_press_gets_nothing() {
    let server = XServer::start();
    let (other, _) = x11rb::connect(Some(server.name())).unwrap();
    let window = server.open(server.root, (0, 0, 300, 300));
    let mut operator = server.operator_with(own());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(SeqCst) {
                other.unmap_window(window).unwrap();
                other.sync().unwrap();
                other.map_window(window).unwrap();
                other.sync().unwrap();
            }
        });
        for step in 0..3000 {
            operator.pointer(20, 20, step % 2).unwrap();
        }
        stop.store(true, SeqCst);
    });
    assert!(!server.events().iter().any(|event| event.0 == '('));
}

#[test]
fn a_key_that_is_held_does_not_repeat_into_an_own_window() {
    let server = XServer::start();
    let window = server.open(server.root, (100, 100, 100, 100));
    let mut operator = server.operator_with(own());
    assert_eq!(operator.key(true, symbol('a')).unwrap(), Done::Injected);
    server.focus(window);
    let active = server.connection.intern_atom(false, b"_NET_ACTIVE_WINDOW").unwrap().reply().unwrap().atom;
    server
        .connection
        .change_property32(PropMode::REPLACE, server.root, active, AtomEnum::WINDOW, &[window])
        .unwrap();
    server.sync();
    wait_for("the key to be let go of", SOON, || operator.held().is_empty().then_some(())).unwrap();
    assert!(!server.events().iter().any(|event| event.0 == '+'));
}

#[test]
fn a_terminal_that_is_nobodys_of_the_agent_is_typed_into() {
    let server = XServer::start();
    let terminal = Terminal::open(&server);
    let mut operator = server.operator_with(Options::new(vec![1]));
    type_text(&mut operator, "hello");
    terminal.wait_for_text("hello");
}
