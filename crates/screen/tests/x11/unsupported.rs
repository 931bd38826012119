//! What cannot be captured is said to be so.

use screen::{Area, Border, Capture, Display, Error, Reason};

use crate::server::XServer;

fn refusal(display: &Display) -> Reason {
    match Capture::start(display, Area::Whole, || {}) {
        Err(Error::Unsupported { reason }) => reason,
        Err(error) => panic!("not unsupported but {error:?}"),
        Ok(_) => panic!("supported"),
    }
}

#[test]
fn a_server_without_account_of_what_is_drawn() {
    let server = XServer::start_with(24, &["-extension", "DAMAGE", "-nolisten", "tcp"]);
    assert_eq!(refusal(&server.display()), Reason::Extension("DAMAGE"));
}

#[test]
fn a_server_without_the_cursors_picture() {
    let start = || XServer::start_with(24, &["-extension", "XFIXES", "-nolisten", "tcp"]);
    assert_eq!(refusal(&start().display()), Reason::Extension("XFIXES"));
    // That server does not survive its first client that leaves.
    let server = start();
    let border = Border::show(&server.display(), Area::Whole, 0xff_0000).err();
    let expected = Some(Error::Unsupported { reason: Reason::Extension("XFIXES") });
    assert_eq!(format!("{border:?}"), format!("{expected:?}"));
}

#[test]
fn a_screen_of_few_colours() {
    for depth in [8, 16] {
        let server = XServer::start_with(depth, &["-nolisten", "tcp"]);
        assert_eq!(refusal(&server.display()), Reason::Colours);
    }
}

#[test]
fn a_server_beside_a_wayland_desktop_even_where_no_variable_says_so() {
    use x11rb::protocol::randr::ConnectionExt as _;
    let server = XServer::start();
    server.set_monitor("XWAYLAND0", screen::Rect { x: 0, y: 0, width: 640, height: 480 });
    let monitors = server.connection.randr_get_monitors(server.root, true).unwrap().reply().unwrap();
    assert_eq!(monitors.monitors.len(), 1);
    assert_eq!(refusal(&server.display()), Reason::Wayland);
}

#[test]
fn a_display_that_nobody_serves() {
    let mut server = XServer::start();
    let display = server.display();
    server.kill();
    assert_eq!(refusal(&display), Reason::Unreachable);
}
