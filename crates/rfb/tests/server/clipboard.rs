//! The clipboard, both ways.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rfb::{Error, Event, MAX_CLIPBOARD, Options, Server, Size};

use crate::viewer::*;

const SIZE: Size = Size { width: 16, height: 16 };
const CAPS: u32 = 1 << 24;
const REQUEST: u32 = 1 << 25;
const PEEK: u32 = 1 << 26;
const NOTIFY: u32 = 1 << 27;
const PROVIDE: u32 = 1 << 28;

fn extended(flags: u32, data: &[u8]) -> Vec<u8> {
    let mut message = vec![6, 0, 0, 0];
    message.extend((-(4 + data.len() as i32)).to_be_bytes());
    message.extend(flags.to_be_bytes());
    message.extend(data);
    message
}

fn provide(text: &[u8]) -> Vec<u8> {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::new(9));
    deflated.write_all(&(text.len() as u32).to_be_bytes()).unwrap();
    deflated.write_all(text).unwrap();
    extended(PROVIDE | 1, &deflated.finish().unwrap())
}

fn random_text() -> String {
    let mut random = 1_u32;
    let random = |_| {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        char::from(0x20 + (random >> 16) as u8 % 0x5F)
    };
    (0..MAX_CLIPBOARD).map(random).collect()
}

fn flags(message: &(bool, Vec<u8>)) -> u32 {
    assert!(message.0);
    u32::from_be_bytes(message.1[..4].try_into().unwrap())
}

fn viewer() -> Viewer {
    let mut viewer = Viewer::connect(SIZE, &[RAW, EXTENDED_CLIPBOARD]);
    let caps = std::mem::take(&mut viewer.cut_texts);
    assert_eq!(caps.len(), 1);
    assert_eq!(flags(&caps[0]), CAPS | REQUEST | PEEK | NOTIFY | PROVIDE | 1);
    assert_eq!(caps[0].1[4..], (MAX_CLIPBOARD as u32).to_be_bytes());
    viewer.send(&extended(CAPS | REQUEST | PEEK | NOTIFY | PROVIDE | 1, &[0; 4]));
    viewer
}

#[test]
fn the_clients_text_comes_when_it_is_asked_for() {
    let mut viewer = viewer();
    viewer.send(&extended(NOTIFY | 1, &[]));
    assert_eq!(viewer.server.poll_event(), Some(Event::ClipboardOffered));
    viewer.server.request_clipboard();
    viewer.receive();
    assert_eq!(flags(&viewer.cut_texts[0]), REQUEST | 1);
    viewer.send(&provide("Grüße,\r\n世界\0".as_bytes()));
    assert_eq!(viewer.server.poll_event(), Some(Event::Clipboard("Grüße,\n世界".into())));
    assert_eq!(viewer.server.poll_event(), None);
}

#[test]
fn an_offered_text_goes_to_the_client_that_asks_for_it() {
    let mut viewer = viewer();
    viewer.send(&extended(REQUEST | 1, &[]));
    viewer.send(&extended(PEEK, &[]));
    viewer.receive();
    assert_eq!(viewer.cut_texts.len(), 1, "without an offer there is only the answer to a peek");
    assert_eq!(flags(&viewer.cut_texts[0]), NOTIFY);
    viewer.cut_texts.clear();

    assert!(viewer.server.offer_clipboard("two\nlines, 世界"));
    viewer.receive();
    assert_eq!(flags(&viewer.cut_texts[0]), NOTIFY | 1);
    viewer.send(&extended(PEEK, &[]));
    viewer.send(&extended(REQUEST | 1, &[]));
    viewer.receive();
    assert_eq!(flags(&viewer.cut_texts[1]), NOTIFY | 1);
    assert_eq!(flags(&viewer.cut_texts[2]), PROVIDE | 1);
    let mut text = Vec::new();
    ZlibDecoder::new(&viewer.cut_texts[2].1[4..]).read_to_end(&mut text).unwrap();
    let expected = "two\r\nlines, 世界\0".as_bytes();
    assert_eq!(text, [&(expected.len() as u32).to_be_bytes()[..], expected].concat());
}

#[test]
fn clients_without_the_extension_have_plain_text() {
    let mut viewer = Viewer::connect(SIZE, &[RAW]);
    viewer.send(b"\x06\0\0\0\0\0\0\x04caf\xE9");
    assert_eq!(viewer.server.poll_event(), Some(Event::Clipboard("café".into())));
    assert!(viewer.server.offer_clipboard("Größe €"));
    viewer.receive();
    assert_eq!(viewer.cut_texts, [(false, b"Gr\xF6\xDFe ?".to_vec())]);
}

#[test]
fn while_it_is_forbidden_nothing_goes_either_way() {
    let mut viewer = viewer();
    assert!(viewer.server.offer_clipboard("secret"));
    viewer.send(&provide(b"before\0"));
    viewer.server.set_clipboard(false);
    viewer.receive();
    viewer.cut_texts.clear();
    let messages = [
        extended(NOTIFY | 1, &[]),
        extended(REQUEST | 1, &[]),
        extended(PEEK, &[]),
        provide(b"x\0"),
        provide(&vec![b'x'; 8 * MAX_CLIPBOARD]),
    ];
    for message in messages {
        viewer.send(&message);
    }
    viewer.send(b"\x06\0\0\0\0\0\0\x01x");
    viewer.server.request_clipboard();
    assert!(!viewer.server.offer_clipboard("more"));
    viewer.receive();
    assert_eq!(viewer.cut_texts, []);
    assert_eq!(viewer.server.poll_event(), None);
    // The offer made before does not come back.
    viewer.server.set_clipboard(true);
    viewer.send(&extended(REQUEST | 1, &[]));
    viewer.receive();
    assert_eq!(viewer.cut_texts, []);
}

#[test]
fn it_is_forbidden_until_it_is_allowed_whether_viewing_only_or_not() {
    let mut server = Server::new(Options { name: "Test".into(), size: SIZE, view_only: false });
    server.handle_bytes(b"RFB 003.008\n\x01\x01\x06\0\0\0\0\0\0\x01x", Duration::ZERO).unwrap();
    assert_eq!(server.poll_event(), Some(Event::Ready { shared: true }));
    assert_eq!(server.poll_event(), None);
    server.set_view_only(true);
    server.set_clipboard(true);
    server.handle_bytes(b"\x06\0\0\0\0\0\0\x01y", Duration::ZERO).unwrap();
    assert_eq!(server.poll_event(), Some(Event::Clipboard("y".into())));
    assert!(server.offer_clipboard("z"));
}

#[test]
fn too_much_text_is_passed_over_and_the_client_served_on() {
    let mut viewer = viewer();
    assert!(!viewer.server.offer_clipboard(&"x".repeat(MAX_CLIPBOARD + 1)));
    assert!(viewer.server.offer_clipboard(&"x".repeat(MAX_CLIPBOARD)));
    let bomb = provide(&vec![b'x'; 8 * MAX_CLIPBOARD]);
    assert!(bomb.len() < 10_000);
    let plain = |byte: u8, length: usize| {
        let mut message = vec![6, 0, 0, 0];
        message.extend((length as u32).to_be_bytes());
        message.resize(8 + length, byte);
        message
    };
    // Latin-1 that becomes twice as long in UTF-8; more than is kept; an extended message of the same length.
    let mut long = extended(PROVIDE | 1, &vec![0; 2 * MAX_CLIPBOARD]);
    for message in
        [bomb, plain(0xE9, MAX_CLIPBOARD), plain(b'x', 3 * MAX_CLIPBOARD), std::mem::take(&mut long)]
    {
        for piece in message.chunks(10_001) {
            viewer.send(piece);
        }
        assert_eq!(viewer.server.poll_event(), Some(Event::ClipboardTooLong));
        assert_eq!(viewer.server.poll_event(), None);
        viewer.send(&provide(b"short\0"));
        assert_eq!(viewer.server.poll_event(), Some(Event::Clipboard("short".into())));
    }
}

#[test]
fn the_longest_text_goes_either_way_even_where_it_cannot_be_made_shorter() {
    let mut viewer = viewer();
    let text = random_text();
    viewer.send(&provide(text.as_bytes()));
    assert_eq!(viewer.server.poll_event(), Some(Event::Clipboard(text.clone())));
    assert!(viewer.server.offer_clipboard(&text));
}

#[test]
fn a_client_that_asks_again_and_again_without_reading_is_not_served() {
    let mut viewer = viewer();
    assert!(viewer.server.offer_clipboard(&random_text()));
    let requests = extended(REQUEST | 1, &[]).repeat(1000);
    assert_eq!(viewer.server.handle_bytes(&requests, viewer.now), Err(Error::NotReading));
    assert!(viewer.server.output().len() < 8 * 1024 * 1024);
}
