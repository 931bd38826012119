//! Versions, abilities and what they bring.

use std::time::Duration;

use rfb::{Cursor, Error, Event, Options, Rect, Screen, Server, Size};

use crate::scene::Scene;
use crate::viewer::*;

const SIZE: Size = Size { width: 100, height: 80 };

fn server() -> Server {
    Server::new(Options { name: "Test ✓".into(), size: SIZE, view_only: false })
}

fn show(viewer: &mut Viewer, size: Size, colour: u32) {
    let pixels = vec![colour; usize::from(size.width) * usize::from(size.height)];
    let all = Rect { x: 0, y: 0, width: size.width, height: size.height };
    viewer.server.take_in(all, &pixels, size.width.into());
}

#[test]
fn clients_of_every_version_are_greeted_in_theirs() {
    let greet = |version: &[u8], steps: &[(&[u8], &[u8])]| {
        let mut viewer = Viewer::beside(server());
        viewer.take();
        viewer.send(version);
        for (answer, next) in steps {
            assert_eq!(viewer.take(), *answer, "{}", version.escape_ascii());
            viewer.send(next);
        }
        viewer.server_init();
        assert_eq!(viewer.server.poll_event(), Some(Event::Ready { shared: false }));
    };
    let new: &[(&[u8], &[u8])] = &[(&[1, 1], &[1]), (&[0; 4], &[0])];
    greet(b"RFB 003.003\n", &[(&[0, 0, 0, 1], &[0])]);
    greet(b"RFB 003.005\n", &[(&[0, 0, 0, 1], &[0])]);
    greet(b"RFB 003.007\n", &[(&[1, 1], &[1, 0])]);
    greet(b"RFB 003.008\n", new);
    greet(b"RFB 003.889\n", new);
    greet(b"RFB 005.000\n", new);
}

#[test]
fn who_does_not_speak_rfb_is_not_served() {
    for greeting in [&b"GET / HTTP/1.1\r\n"[..], b"RFX", b"RFB 003x008\n", b"RFB 002.001\n", b"RFB 00a.008\n"]
    {
        let mut server = server();
        assert_eq!(server.handle_bytes(greeting, Duration::ZERO), Err(Error::NotRfb));
        assert_eq!(server.handle_bytes(b"RFB 003.008\n", Duration::ZERO), Err(Error::Over));
    }
    let mut server = server();
    assert_eq!(server.handle_bytes(b"RFB 003.008\n\x02", Duration::ZERO), Err(Error::Security(2)));
}

#[test]
fn a_client_with_a_colour_map_gets_one() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    let mut message = vec![0, 0, 0, 0, 8, 8, 0, 0];
    message.extend([0; 12]);
    viewer.send(&message);
    viewer.format = Format { bits: 8, depth: 8, big_endian: false, max: [7, 7, 3], shift: [5, 2, 0] };
    show(&mut viewer, SIZE, 0xFF_0000);
    viewer.request(false);
    viewer.update();
    assert_eq!(viewer.pixels[0], [7, 0, 0]);
    assert_eq!(viewer.colour_map[0b1110_0000 * 6..][..6], [0xFF, 0xFF, 0, 0, 0, 0]);
}

#[test]
fn the_cursor_is_told_once_in_the_best_way_the_client_knows() {
    let cursor =
        Cursor { size: Size { width: 2, height: 1 }, hot_x: 1, hot_y: 0, pixels: vec![0xFF10_2030, 0] };
    for (encodings, expected) in [
        (&[RAW, CURSOR][..], Some((CURSOR, vec![0x30, 0x20, 0x10, 0, 0, 0, 0, 0, 0x80]))),
        (&[RAW, CURSOR, VMWARE_CURSOR], Some((VMWARE_CURSOR, vec![0x10, 0x20, 0x30, 0xFF, 0, 0, 0, 0]))),
        (&[RAW, ALPHA_CURSOR, CURSOR], Some((ALPHA_CURSOR, vec![0x10, 0x20, 0x30, 0xFF, 0, 0, 0, 0]))),
        (&[RAW], None),
    ] {
        let mut viewer = Viewer::connect(SIZE, encodings);
        viewer.server.set_cursor(cursor.clone());
        viewer.request(true);
        assert_eq!(viewer.update(), expected.is_some());
        viewer.request(true);
        viewer.server.set_cursor(cursor.clone());
        assert!(!viewer.update(), "the same shape is not told again");
        let seen = viewer.cursor.map(|(kind, shape)| {
            assert_eq!((shape.width, shape.height, shape.hot), (2, 1, (1, 0)));
            (kind, shape.bytes)
        });
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_hidden_cursor_is_told_too() {
    for kind in [CURSOR, VMWARE_CURSOR, ALPHA_CURSOR] {
        let mut viewer = Viewer::connect(SIZE, &[RAW, kind]);
        viewer.server.set_cursor(Cursor::default());
        viewer.request(true);
        assert!(viewer.update());
        assert_hidden(&viewer, kind);
    }
}

/// The viewer draws a cursor that cannot be seen.
fn assert_hidden(viewer: &Viewer, kind: i32) {
    let (told, shape) = viewer.cursor.as_ref().unwrap();
    assert_eq!((*told, shape.width, shape.height), (kind, 1, 1), "one without pixels is passed over by some");
    assert!(shape.bytes.iter().all(|&byte| byte == 0), "{shape:?}");
}

#[test]
fn a_viewers_own_cursor_is_hidden_while_the_pointer_is_drawn_for_it() {
    let cursor = Cursor { size: Size { width: 2, height: 2 }, hot_x: 0, hot_y: 0, pixels: vec![!0; 4] };
    for kind in [CURSOR, VMWARE_CURSOR, ALPHA_CURSOR] {
        let mut viewer = Viewer::connect_with(SIZE, &[RAW, kind], true);
        show(&mut viewer, SIZE, 0);
        viewer.server.set_cursor(cursor.clone());
        viewer.server.set_pointer(Some((10, 20)));
        viewer.request(true);
        assert!(viewer.update());
        assert_hidden(&viewer, kind);
        assert_eq!(viewer.pixels[20 * 100 + 10], [255; 3]);

        // Control alone changes nothing: the pointer is where the user has put it.
        viewer.server.set_view_only(false);
        viewer.request(true);
        assert!(!viewer.update());
        viewer.send(&[5, 0, 0, 50, 0, 60]);
        assert_eq!(viewer.server.poll_timeout(), Some(Duration::ZERO), "it does not wait for the screen");
        assert!(viewer.update());
        assert_eq!(viewer.cursor.as_ref().unwrap().1.width, 2);
        assert_eq!(viewer.pixels[20 * 100 + 10], [0; 3]);
        viewer.server.set_pointer(Some((50, 60)));
        viewer.request(true);
        assert!(!viewer.update());

        viewer.server.set_pointer(Some((11, 20)));
        assert!(viewer.update());
        assert_hidden(&viewer, kind);
        assert_eq!(viewer.pixels[20 * 100 + 11], [255; 3]);
    }
}

#[test]
fn the_screens_are_told_with_their_size_and_when_they_change() {
    let mut viewer = Viewer::connect(SIZE, &[RAW, EXTENDED_DESKTOP_SIZE]);
    show(&mut viewer, SIZE, 0);
    viewer.request(true);
    assert!(viewer.update());
    let all = Rect { x: 0, y: 0, width: 100, height: 80 };
    assert_eq!(viewer.screens, [(1, all)]);

    let screen =
        |id: u32, x, width| Screen { id: id.try_into().unwrap(), rect: Rect { x, y: 0, width, height: 80 } };
    let (left, right) = (screen(7, 0, 60), screen(9, 60, 500));
    let right_inside = Rect { x: 60, y: 0, width: 40, height: 80 };
    viewer.server.set_screens(&[left, right]);
    viewer.request(true);
    assert!(viewer.update());
    assert_eq!(viewer.screens, [(7, left.rect), (9, right_inside)]);
    viewer.server.set_screens(&[left, right]);
    viewer.request(true);
    assert!(!viewer.update(), "the same screens are not told again");

    viewer.server.resize(Size { width: 50, height: 80 });
    assert!(viewer.update());
    assert_eq!(viewer.screens, [(7, Rect { width: 50, ..left.rect })], "none lies outside");
    viewer.server.set_screens(&[]);
    viewer.request(true);
    assert!(viewer.update());
    assert_eq!(viewer.screens, [(1, Rect { width: 50, ..all })]);
}

#[test]
fn extensions_are_confirmed() {
    let mut viewer = Viewer::connect(SIZE, &[RAW, EXTENDED_KEY, EXTENDED_MOUSE, FENCE, CONTINUOUS_UPDATES]);
    assert_eq!(viewer.continuous_ended, 1);
    assert_eq!(viewer.fences.len(), 1);
    viewer.request(true);
    assert!(viewer.update());
    assert_eq!(viewer.rects.get(&EXTENDED_KEY), Some(&1));
    assert_eq!(viewer.rects.get(&EXTENDED_MOUSE), Some(&1));
}

#[test]
fn fences_are_answered_in_order() {
    let mut viewer = Viewer::connect(SIZE, &[RAW, FENCE]);
    viewer.send(&[248, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 2, 3]);
    viewer.send(&[248, 0, 0, 0, 0x80, 0, 0, 1, 0]);
    viewer.receive();
    assert_eq!(viewer.fence_answers, [(0b111, vec![1, 2, 3]), (1, vec![])]);
}

#[test]
fn a_new_size_is_told_before_its_pixels() {
    for (encodings, told) in
        [(&[TIGHT, DESKTOP_SIZE][..], true), (&[TIGHT, EXTENDED_DESKTOP_SIZE], true), (&[TIGHT], false)]
    {
        let mut viewer = Viewer::connect(SIZE, encodings);
        show(&mut viewer, SIZE, 0x10_1010);
        viewer.request(false);
        while viewer.update() {
            viewer.request(true);
        }
        for size in [Size { width: 90, height: 120 }, Size { width: 333, height: 10 }] {
            viewer.server.resize(size);
            show(&mut viewer, size, 0x40_5060);
            viewer.request(true);
            while viewer.update() {
                viewer.request(true);
            }
            assert_eq!(viewer.size, if told { size } else { SIZE });
            let visible = usize::from(size.width.min(viewer.size.width));
            assert!(viewer.pixels[..visible].iter().all(|&pixel| pixel == [0x40, 0x50, 0x60]));
        }
    }
}

#[test]
fn a_client_that_wants_another_size_is_refused_politely() {
    let mut viewer = Viewer::connect(SIZE, &[RAW, EXTENDED_DESKTOP_SIZE]);
    viewer.request(true);
    assert!(viewer.update());
    assert_eq!(viewer.layouts, [(0, 0, SIZE)], "the layout is told without being asked for");
    let mut message = vec![251, 0, 7, 0, 5, 0, 1, 0];
    message.extend([0; 16]);
    viewer.send(&message);
    viewer.request(true);
    assert!(viewer.update());
    assert_eq!(viewer.layouts[1..], [(1, 1, SIZE)]);
    assert_eq!(viewer.size, SIZE);
}

#[test]
fn updates_come_without_asking_while_that_is_wanted() {
    let mut viewer = Viewer::connect(SIZE, &[TIGHT, FENCE, CONTINUOUS_UPDATES]);
    viewer.answer_fence();
    viewer.enable_continuous();
    let mut scene = Scene::new(SIZE);
    for round in 0..3 {
        scene.pixels.fill(round);
        viewer.server.take_in(scene.all(), &scene.pixels, scene.width());
        assert!(viewer.update());
    }
    // Three are on their way, and that is enough.
    assert!(!viewer.server.is_waiting());
    viewer.request(true);
    assert!(!viewer.server.is_waiting(), "and asking besides changes nothing");
    viewer.answer_fence();
    assert!(viewer.server.is_waiting());
    viewer.send(&area_message(150, false, Rect::default()));
    viewer.receive();
    assert_eq!(viewer.continuous_ended, 2);
    scene.pixels.fill(7);
    viewer.server.take_in(scene.all(), &scene.pixels, scene.width());
    assert!(viewer.update(), "what was asked for before is still owed");
    assert!(!viewer.server.is_waiting());
}

#[test]
fn nothing_is_made_while_the_last_is_not_sent() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    show(&mut viewer, SIZE, 1);
    viewer.request(false);
    assert!(viewer.server.update(viewer.now));
    viewer.request(false);
    assert!(!viewer.server.is_waiting());
    assert!(!viewer.server.update(viewer.now));
    viewer.receive();
    assert!(viewer.server.is_waiting());
}

#[test]
fn a_server_can_live_on_a_thread_of_its_own() {
    let server = server();
    let mut server = std::thread::spawn(move || server).join().unwrap();
    assert_eq!(server.output(), b"RFB 003.008\n");
}
