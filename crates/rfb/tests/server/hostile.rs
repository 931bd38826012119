//! Clients that mean no good.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use rfb::{Error, Event, MAX_CLIPBOARD, MAX_UNREAD, Options, Rect, Server, Size};

const SIZE: Size = Size { width: 70, height: 50 };
const GREETING: &[u8] = b"RFB 003.008\n\x01\x01";

/// Bytes that are messages, or almost.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let numbers = prop::sample::select(vec![
        0,
        1,
        7,
        16,
        -32,
        -23,
        -223,
        -224,
        -239,
        -258,
        -308,
        -312,
        -313,
        -314,
        -316,
        0x574D_5664,
        -1_063_131_698,
        9999,
    ]);
    let encodings = prop::collection::vec(numbers, 0..12).prop_map(|numbers| {
        let mut message = vec![2, 0, 0, numbers.len() as u8];
        message.extend(numbers.iter().flat_map(|number: &i32| number.to_be_bytes()));
        message
    });
    let format = (
        prop::sample::select(vec![8_u8, 16, 24, 32]),
        any::<[bool; 2]>(),
        prop::sample::select(vec![[0, 7], [0, 31], [0, 255], [3, 255], [1, 2]]),
        any::<[u8; 3]>(),
    );
    let format = format.prop_map(|(bits, [big, true_colour], max, shift)| {
        let mut message = vec![0, 0, 0, 0, bits, 24, big.into(), true_colour.into()];
        message.extend([max, max, max].concat());
        message.extend(shift.map(|shift| shift % 33));
        message.extend([0; 3]);
        message
    });
    let area = |kind: u8| {
        (any::<bool>(), any::<[u8; 8]>()).prop_map(move |(flag, area)| {
            let mut message = vec![kind, flag.into()];
            // Areas inside and outside.
            message.extend(
                area.iter().enumerate().map(|(place, byte)| if place % 2 == 0 { byte / 250 } else { *byte }),
            );
            message
        })
    };
    let key = any::<[u8; 7]>().prop_map(|rest| [&[4][..], &rest].concat());
    let pointer = any::<[u8; 5]>().prop_map(|rest| [&[5][..], &rest].concat());
    let text = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(extended, text)| {
        let length = text.len() as i32;
        let mut message = vec![6, 0, 0, 0];
        message.extend(if extended { -length } else { length }.to_be_bytes());
        message.extend(text);
        message
    });
    let fence = (any::<u32>(), prop::collection::vec(any::<u8>(), 0..70)).prop_map(|(flags, payload)| {
        let mut message = vec![248, 0, 0, 0];
        message.extend(flags.to_be_bytes());
        message.push(payload.len() as u8);
        message.extend(payload);
        message
    });
    let size = any::<[u8; 5]>().prop_map(|rest| {
        let screens = usize::from(rest[4] % 3);
        let mut message = vec![251, 0, rest[0], rest[1], rest[2], rest[3], screens as u8, 0];
        message.extend(vec![0; screens * 16]);
        message
    });
    let anything = prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        4 => encodings, 2 => format, 6 => area(3), 2 => area(150), 4 => key, 4 => pointer, 2 => text, 3 => fence,
        1 => size, 1 => anything,
    ]
}

fn server() -> Server {
    let mut server = Server::new(Options { name: "Test".into(), size: SIZE, view_only: false });
    server.set_clipboard(true);
    server.handle_bytes(GREETING, Duration::ZERO).unwrap();
    server
}

fn events(server: &mut Server) -> Vec<Event> {
    std::iter::from_fn(|| server.poll_event()).collect()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        messages in prop::collection::vec((messages(), 0..4_u8), 0..40),
    ) {
        let mut server = server();
        let mut pixels = vec![0_u32; usize::from(SIZE.width) * usize::from(SIZE.height)];
        let all = Rect { x: 0, y: 0, width: SIZE.width, height: SIZE.height };
        for (round, (message, then)) in (1_u32..).zip(messages) {
            let now = Duration::from_millis(200 * u64::from(round));
            let result = server.handle_bytes(&message, now);
            for (place, pixel) in (0..).zip(pixels.iter_mut()) {
                *pixel = round.wrapping_mul(place * place % 1000);
            }
            server.take_in(all, &pixels, SIZE.width.into());
            server.update(now);
            match then {
                0 => server.resize(Size { width: message.len() as u16 * 3, height: SIZE.height }),
                1 => server.set_view_only(message.len() % 2 == 0),
                2 => server.set_clipboard(message.len() % 2 == 0),
                _ => server.output().clear(),
            }
            server.poll_timeout();
            if result.is_err() {
                break;
            }
        }
    }

    #[test]
    fn however_the_bytes_are_cut_the_same_comes_of_them(
        messages in prop::collection::vec(messages(), 0..40),
        cuts in prop::collection::vec(1..64_usize, 1..20),
    ) {
        let bytes = messages.concat();
        let mut whole = server();
        let result = whole.handle_bytes(&bytes, Duration::ZERO);

        let mut by_byte = server();
        let results = bytes.chunks(1).map(|byte| by_byte.handle_bytes(byte, Duration::ZERO));
        let last = results.take_while_inclusive(Result::is_ok).last().unwrap_or(Ok(()));

        let mut cut = server();
        let (mut rest, mut at, mut cut_result) = (bytes.as_slice(), 0, Ok(()));
        while !rest.is_empty() && cut_result.is_ok() {
            let (piece, next) = rest.split_at(cuts[at % cuts.len()].min(rest.len()));
            cut_result = cut.handle_bytes(piece, Duration::ZERO);
            (rest, at) = (next, at + 1);
        }
        prop_assert_eq!(&result, &last);
        prop_assert_eq!(&result, &cut_result);
        let seen = (events(&mut whole), std::mem::take(whole.output()));
        prop_assert_eq!(&seen, &(events(&mut by_byte), std::mem::take(by_byte.output())));
        prop_assert_eq!(&seen, &(events(&mut cut), std::mem::take(cut.output())));
    }
}

trait TakeWhileInclusive: Iterator + Sized {
    /// Goes on to the first that is not, and gives that too.
    fn take_while_inclusive(
        mut self,
        goes_on: impl Fn(&Self::Item) -> bool,
    ) -> impl Iterator<Item = Self::Item> {
        let mut over = false;
        std::iter::from_fn(move || {
            if over {
                return None;
            }
            let item = self.next()?;
            over = !goes_on(&item);
            Some(item)
        })
    }
}

impl<I: Iterator> TakeWhileInclusive for I {}

/// What a client with the extended clipboard says of a text: what it is about, how long the text is said to be, how long it
/// is, whether all of it arrives, and where the wire has another byte.
fn clipboard_messages() -> impl Strategy<Value = Vec<u8>> {
    let flags = (any::<[bool; 5]>(), 0..4_u32).prop_map(|(actions, formats)| {
        (0..).zip(actions).fold(formats, |flags, (place, set)| flags | u32::from(set) << (24 + place))
    });
    let flags = prop_oneof![4 => Just(1 << 28 | 1), 1 => flags, 1 => any::<u32>()];
    let lengths = || {
        let limit = MAX_CLIPBOARD as u32;
        prop::sample::select(vec![
            0,
            1,
            2,
            100,
            limit,
            limit + 1,
            limit + 2,
            2 * limit + 1,
            2 * limit + 2,
            4 * limit,
        ])
    };
    let told = prop_oneof![4 => lengths(), 1 => any::<u32>()];
    let byte = prop::sample::select(vec![0, b'x', b'\r', b'\n', 0xC3, 0xFF]);
    let wrong = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    (flags, told, lengths(), byte, any::<bool>(), wrong).prop_map(
        |(flags, told, length, byte, whole, wrong)| {
            let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
            deflated.write_all(&told.to_be_bytes()).unwrap();
            deflated.write_all(&vec![byte; length as usize]).unwrap();
            let mut data = deflated.finish().unwrap();
            if !whole {
                data.truncate(data.len() / 2);
            }
            if let Some((place, byte)) = wrong {
                let place = place.index(data.len());
                data[place] = byte;
            }
            let mut message = vec![6, 0, 0, 0];
            message.extend((-(4 + data.len() as i32)).to_be_bytes());
            message.extend(flags.to_be_bytes());
            message.extend(data);
            message
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_said_of_a_text_none_beyond_the_limit_comes_out(
        messages in prop::collection::vec(clipboard_messages(), 1..4),
    ) {
        let mut server = server();
        server.handle_bytes(&[2, 0, 0, 1, 0xC0, 0xA1, 0xE5, 0xCE], Duration::ZERO).unwrap();
        for message in messages {
            let result = server.handle_bytes(&message, Duration::ZERO);
            for event in events(&mut server) {
                if let Event::Clipboard(text) = event {
                    prop_assert!(text.len() <= MAX_CLIPBOARD);
                }
            }
            if result.is_err() {
                prop_assert_eq!(server.handle_bytes(&[], Duration::ZERO), Err(Error::Over));
                break;
            }
        }
    }
}

#[test]
fn the_longest_text_is_taken() {
    let mut server = server();
    let length = MAX_CLIPBOARD;
    let mut message = vec![6, 0, 0, 0];
    message.extend((length as u32).to_be_bytes());
    message.extend(vec![b'x'; length]);
    for piece in message.chunks(1000) {
        server.handle_bytes(piece, Duration::ZERO).unwrap();
    }
    assert_eq!(server.poll_event(), Some(Event::Ready { shared: true }));
    assert_eq!(server.poll_event(), Some(Event::Clipboard("x".repeat(length))));
}

#[test]
fn a_client_that_asks_without_reading_is_not_served() {
    let mut server = server();
    let mut fence = vec![248, 0, 0, 0, 0x80, 0, 0, 0, 64];
    fence.extend([7; 64]);
    let fences = fence.repeat(100);
    let mut sent = 0;
    let error = loop {
        match server.handle_bytes(&fences, Duration::ZERO) {
            Ok(()) => sent += fences.len(),
            Err(error) => break error,
        }
        assert!(sent <= 2 * MAX_UNREAD);
    };
    assert_eq!(error, Error::NotReading);
}

/// From the first byte on, with the picture changing and everything allowed, as where the operator controls.
#[test]
fn whatever_a_client_sends_is_served_or_the_end() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let mut server = Server::new(Options { name: "Test".into(), size: SIZE, view_only: false });
        server.set_clipboard(true);
        let mut pixels = vec![0; usize::from(SIZE.width) * usize::from(SIZE.height)];
        let all = Rect { x: 0, y: 0, width: SIZE.width, height: SIZE.height };
        for (round, piece) in (1_u32..).zip(bytes.chunks(40)) {
            let now = Duration::from_millis(200 * u64::from(round));
            let result = server.handle_bytes(piece, now);
            for event in events(&mut server) {
                if let Event::Clipboard(text) = event {
                    assert!(text.len() <= MAX_CLIPBOARD);
                }
            }
            pixels.fill(round.wrapping_mul(0x0001_0203));
            server.take_in(all, &pixels, SIZE.width.into());
            server.update(now);
            assert!(server.output().len() <= 2 * MAX_UNREAD);
            if result.is_err() {
                assert_eq!(server.handle_bytes(&[], now), Err(Error::Over));
                break;
            }
        }
    });
}
