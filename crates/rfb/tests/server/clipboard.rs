//! The clipboard, both ways.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rfb::{Error, Event, MAX_CLIPBOARD, Size};

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
fn while_viewing_only_nothing_goes_either_way() {
    let mut viewer = viewer();
    assert!(viewer.server.offer_clipboard("secret"));
    viewer.send(&provide(b"before\0"));
    viewer.server.set_view_only(true);
    viewer.receive();
    viewer.cut_texts.clear();
    for message in
        [extended(NOTIFY | 1, &[]), extended(REQUEST | 1, &[]), extended(PEEK, &[]), provide(b"x\0")]
    {
        viewer.send(&message);
    }
    viewer.send(b"\x06\0\0\0\0\0\0\x01x");
    viewer.server.request_clipboard();
    assert!(!viewer.server.offer_clipboard("more"));
    viewer.receive();
    assert_eq!(viewer.cut_texts, []);
    assert_eq!(viewer.server.poll_event(), None);
    // The offer made before does not come back.
    viewer.server.set_view_only(false);
    viewer.send(&extended(REQUEST | 1, &[]));
    viewer.receive();
    assert_eq!(viewer.cut_texts, []);
}

#[test]
fn too_much_text_is_refused_both_ways() {
    let mut viewer = viewer();
    assert!(!viewer.server.offer_clipboard(&"x".repeat(MAX_CLIPBOARD + 1)));
    assert!(viewer.server.offer_clipboard(&"x".repeat(MAX_CLIPBOARD)));
    let bomb = provide(&vec![b'x'; 8 * MAX_CLIPBOARD]);
    assert!(bomb.len() < 10_000);
    let error = viewer.server.handle_bytes(&bomb, viewer.now);
    assert_eq!(error, Err(Error::TooLong("clipboard text")));
}

#[test]
fn a_client_that_asks_again_and_again_without_reading_is_not_served() {
    let mut viewer = viewer();
    let mut random = 1_u32;
    let text: String = (0..MAX_CLIPBOARD)
        .map(|_| {
            random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            char::from(0x20 + (random >> 16) as u8 % 0x5F)
        })
        .collect();
    assert!(viewer.server.offer_clipboard(&text));
    let requests = extended(REQUEST | 1, &[]).repeat(1000);
    assert_eq!(viewer.server.handle_bytes(&requests, viewer.now), Err(Error::NotReading));
    assert!(viewer.server.output().len() < 8 * 1024 * 1024);
}
