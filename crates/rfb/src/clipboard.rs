//! The clipboard, as text: plain messages in Latin-1, and the extension that has Unicode and asks before it sends.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::error::Error;

/// The longest text that is taken or offered, in bytes of UTF-8.
pub const MAX_CLIPBOARD: usize = 1024 * 1024;

/// Formats.
const TEXT: u32 = 1;
/// Actions.
const CAPS: u32 = 1 << 24;
const REQUEST: u32 = 1 << 25;
const PEEK: u32 = 1 << 26;
const NOTIFY: u32 = 1 << 27;
const PROVIDE: u32 = 1 << 28;

/// What a client says with the extension.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Extended {
    /// It wants what it was told of.
    Request,
    /// It wants to be told whether there is text.
    Peek,
    /// It has text, or has it no longer.
    Notify { text: bool },
    /// Its text.
    Provide(String),
    /// Its text, which is longer than [`MAX_CLIPBOARD`].
    TooLong,
    /// Something about formats that are not text, or about what it can do.
    Other,
}

/// Reads what follows the length of an extended message.
pub(crate) fn read(message: &[u8]) -> Result<Extended, Error> {
    let Some((flags, data)) = message.split_first_chunk() else {
        return Err(Error::Malformed("clipboard message"));
    };
    let flags = u32::from_be_bytes(*flags);
    let text = flags & TEXT != 0;
    Ok(match flags & (CAPS | REQUEST | PEEK | NOTIFY | PROVIDE) {
        REQUEST if text => Extended::Request,
        PEEK => Extended::Peek,
        NOTIFY => Extended::Notify { text },
        PROVIDE if text => inflate(data)?,
        _ => Extended::Other,
    })
}

/// Text is the first of what is sent, with its size before it and a zero at its end.
fn inflate(data: &[u8]) -> Result<Extended, Error> {
    let malformed = |_| Error::Malformed("clipboard text");
    let mut data = ZlibDecoder::new(data);
    let mut size = [0; 4];
    data.read_exact(&mut size).map_err(malformed)?;
    let size = u32::from_be_bytes(size) as usize;
    // Each line break counts twice on the way, and the end once.
    if size > 2 * MAX_CLIPBOARD + 1 {
        return Ok(Extended::TooLong);
    }
    let mut text = Vec::new();
    data.take(size as u64).read_to_end(&mut text).map_err(malformed)?;
    if text.len() < size {
        return Err(Error::Malformed("clipboard text"));
    }
    if text.last() == Some(&0) {
        text.pop();
    }
    let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
    Ok(if text.len() > MAX_CLIPBOARD { Extended::TooLong } else { Extended::Provide(text) })
}

/// Text of a plain message.
pub(crate) fn from_latin1(text: &[u8]) -> String {
    text.iter().map(|&byte| char::from(byte)).collect()
}

/// Says what can be done: everything, with text.
pub(crate) fn put_caps(out: &mut Vec<u8>) {
    put(CAPS | REQUEST | PEEK | NOTIFY | PROVIDE | TEXT, &(MAX_CLIPBOARD as u32).to_be_bytes(), out);
}

/// Says that there is text, or that there is none.
pub(crate) fn put_notify(text: bool, out: &mut Vec<u8>) {
    put(NOTIFY | if text { TEXT } else { 0 }, &[], out);
}

/// Asks for the client's text.
pub(crate) fn put_request(out: &mut Vec<u8>) {
    put(REQUEST | TEXT, &[], out);
}

/// Gives the text.
#[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
pub(crate) fn put_provide(text: &str, out: &mut Vec<u8>) {
    let lines = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::new(6));
    let size = (lines.len() as u32 + 1).to_be_bytes();
    for part in [size.as_slice(), lines.as_bytes(), &[0]] {
        deflated.write_all(part).expect("a vector takes everything");
    }
    put(PROVIDE | TEXT, &deflated.finish().expect("a vector takes everything"), out);
}

fn put(flags: u32, data: &[u8], out: &mut Vec<u8>) {
    let length = 4 + data.len() as i32;
    out.extend_from_slice(&[3, 0, 0, 0]);
    out.extend_from_slice(&(-length).to_be_bytes());
    out.extend_from_slice(&flags.to_be_bytes());
    out.extend_from_slice(data);
}

/// Gives the text to a client without the extension; what Latin-1 lacks becomes a question mark.
pub(crate) fn put_plain(text: &str, out: &mut Vec<u8>) {
    let latin1: Vec<u8> = text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
    out.extend_from_slice(&[3, 0, 0, 0]);
    out.extend_from_slice(&(latin1.len() as u32).to_be_bytes());
    out.extend_from_slice(&latin1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provided(size: u32, content: &[u8]) -> Result<Extended, Error> {
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::new(9));
        deflated.write_all(&size.to_be_bytes()).unwrap();
        deflated.write_all(content).unwrap();
        read(&[&(PROVIDE | TEXT).to_be_bytes()[..], &deflated.finish().unwrap()].concat())
    }

    #[test]
    fn text_arrives_as_it_was_given() {
        for text in ["", "Grüße, 世界 🙂\nsecond line\n", "\0", &"\n".repeat(MAX_CLIPBOARD)] {
            let mut out = Vec::new();
            put_provide(text, &mut out);
            let length = i32::from_be_bytes(out[4..8].try_into().unwrap());
            assert_eq!(out.len(), 8 + length.unsigned_abs() as usize);
            assert_eq!(read(&out[8..]), Ok(Extended::Provide(text.to_owned())));
        }
    }

    #[test]
    fn text_that_inflates_beyond_the_limit_is_not_inflated() {
        let bomb = vec![0x20; 64 * MAX_CLIPBOARD];
        assert_eq!(provided(bomb.len() as u32, &bomb), Ok(Extended::TooLong));
        assert_eq!(provided(2 * MAX_CLIPBOARD as u32, &bomb), Ok(Extended::TooLong));
        assert_eq!(provided(u32::MAX, b"short"), Ok(Extended::TooLong));
        // What follows the size that was told is not even looked at.
        assert_eq!(provided(2, &bomb), Ok(Extended::Provide("  ".into())));
    }

    #[test]
    fn a_stream_that_is_flushed_and_not_ended_has_all_of_the_text() {
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::new(6));
        deflated.write_all(b"\0\0\0\x05text\0").unwrap();
        deflated.flush().unwrap();
        let message = [&(PROVIDE | TEXT).to_be_bytes()[..], deflated.get_ref()].concat();
        assert_eq!(read(&message), Ok(Extended::Provide("text".into())));
    }

    #[test]
    fn text_shorter_than_its_size_is_an_error() {
        assert_eq!(provided(10, b"short\0"), Err(Error::Malformed("clipboard text")));
        assert_eq!(read(&[0, 0]), Err(Error::Malformed("clipboard message")));
        assert_eq!(read(&[0x10, 0, 0, 1, 0xFF, 0xFF]), Err(Error::Malformed("clipboard text")));
    }

    #[test]
    fn formats_other_than_text_are_passed_over() {
        assert_eq!(read(&(PROVIDE | 2).to_be_bytes()), Ok(Extended::Other));
        assert_eq!(read(&(REQUEST | 2).to_be_bytes()), Ok(Extended::Other));
        assert_eq!(read(&(NOTIFY | 2).to_be_bytes()), Ok(Extended::Notify { text: false }));
    }
}
