//! What clients say once they are connected.

use crate::clipboard::MAX_CLIPBOARD;
use crate::error::Error;
use crate::geometry::Rect;
use crate::pixel::PixelFormat;

/// No message is taken that is longer than this, in bytes; kinds that need less have a lower limit of their own.
pub const MAX_MESSAGE: usize = MAX_CUT_TEXT + 8;

/// Text that deflate makes longer instead of shorter grows by less than this.
const MAX_CUT_TEXT: usize = MAX_CLIPBOARD + 64 * 1024;
/// Viewers list a few dozen; a list is not kept, so this is only about patience.
const MAX_ENCODINGS: u16 = 1024;
const MAX_FENCE: usize = 64;

/// The numbers of messages that go both ways.
pub(crate) const CONTINUOUS_UPDATES: u8 = 150;
pub(crate) const FENCE: u8 = 248;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    SetPixelFormat(PixelFormat),
    /// Four bytes each.
    SetEncodings(&'a [u8]),
    UpdateRequested {
        incremental: bool,
        area: Rect,
    },
    Key {
        down: bool,
        keysym: u32,
        scancode: Option<u32>,
    },
    Pointer {
        x: u16,
        y: u16,
        buttons: u16,
    },
    /// Latin-1.
    CutText(&'a [u8]),
    /// Flags and what they say follows.
    ExtendedCutText(&'a [u8]),
    /// So many bytes of text follow, more than are taken; they are no part of the message.
    LongCutText(u32),
    ContinuousUpdates {
        enable: bool,
        area: Rect,
    },
    Fence {
        flags: u32,
        payload: &'a [u8],
    },
    /// Which one is not kept: none is given.
    SetDesktopSize,
}

/// Reads the message that `bytes` begin with, and says how long it is; nothing as long as it is not complete.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, Error> {
    let mut rest = Rest(bytes);
    match rest.message() {
        Ok(message) => Ok(Some((message, bytes.len() - rest.0.len()))),
        Err(Stop::Incomplete) => Ok(None),
        Err(Stop::Wrong(error)) => Err(error),
    }
}

enum Stop {
    Incomplete,
    Wrong(Error),
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn message(&mut self) -> Result<Message<'a>, Stop> {
        match self.u8()? {
            0 => {
                self.bytes(3)?;
                Ok(Message::SetPixelFormat(PixelFormat::from_wire(self.array()?)))
            }
            2 => {
                self.u8()?;
                let count = self.u16()?;
                if count > MAX_ENCODINGS {
                    return Err(Stop::Wrong(Error::TooLong("list of encodings")));
                }
                Ok(Message::SetEncodings(self.bytes(usize::from(count) * 4)?))
            }
            3 => Ok(Message::UpdateRequested { incremental: self.bool()?, area: self.rect()? }),
            4 => {
                let down = self.bool()?;
                self.u16()?;
                Ok(Message::Key { down, keysym: self.u32()?, scancode: None })
            }
            5 => self.pointer(),
            6 => self.cut_text(),
            CONTINUOUS_UPDATES => Ok(Message::ContinuousUpdates { enable: self.bool()?, area: self.rect()? }),
            FENCE => {
                self.bytes(3)?;
                let flags = self.u32()?;
                let length = usize::from(self.u8()?);
                if length > MAX_FENCE {
                    return Err(Stop::Wrong(Error::TooLong("fence")));
                }
                Ok(Message::Fence { flags, payload: self.bytes(length)? })
            }
            251 => {
                self.u8()?;
                self.bytes(4)?;
                let screens = usize::from(self.u8()?);
                self.bytes(1 + screens * 16)?;
                Ok(Message::SetDesktopSize)
            }
            255 => match self.u8()? {
                0 => {
                    let down = self.u16()? != 0;
                    Ok(Message::Key { down, keysym: self.u32()?, scancode: Some(self.u32()?) })
                }
                _ => Err(Stop::Wrong(Error::UnknownMessage(255))),
            },
            kind => Err(Stop::Wrong(Error::UnknownMessage(kind))),
        }
    }

    /// The top bit says that buttons beyond the seventh follow.
    fn pointer(&mut self) -> Result<Message<'a>, Stop> {
        let low = u16::from(self.u8()?);
        let (x, y) = (self.u16()?, self.u16()?);
        let high = if low & 0x80 == 0 { 0 } else { u16::from(self.u8()?) };
        Ok(Message::Pointer { x, y, buttons: low & 0x7F | high << 7 })
    }

    /// A negative length says that it is an extended one.
    fn cut_text(&mut self) -> Result<Message<'a>, Stop> {
        self.bytes(3)?;
        let length = i32::from_be_bytes(self.array()?);
        let size = length.unsigned_abs();
        if size > MAX_CUT_TEXT as u32 {
            return Ok(Message::LongCutText(size));
        }
        let text = self.bytes(size as usize)?;
        Ok(if length < 0 { Message::ExtendedCutText(text) } else { Message::CutText(text) })
    }

    fn rect(&mut self) -> Result<Rect, Stop> {
        Ok(Rect { x: self.u16()?, y: self.u16()?, width: self.u16()?, height: self.u16()? })
    }

    fn bool(&mut self) -> Result<bool, Stop> {
        Ok(self.u8()? != 0)
    }

    fn u8(&mut self) -> Result<u8, Stop> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, Stop> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Stop::Incomplete)?;
        self.0 = rest;
        Ok(*array)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Stop::Incomplete)?;
        self.0 = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_when_its_last_byte_is_there() {
        let message = [5, 0b1000_0101, 1, 0, 0, 7, 0b10];
        for length in 0..message.len() {
            assert_eq!(read(&message[..length]), Ok(None));
        }
        let pointer = Message::Pointer { x: 256, y: 7, buttons: 0b1_0000_0101 };
        assert_eq!(read(&message), Ok(Some((pointer, 7))));
    }

    #[test]
    fn a_length_beyond_the_limit_is_an_error_before_its_bytes_arrive() {
        let too_long = |message: &[u8], what| assert_eq!(read(message), Err(Error::TooLong(what)));
        too_long(&[2, 0, 0xFF, 0xFF], "list of encodings");
        too_long(&[248, 0, 0, 0, 0, 0, 0, 0, 65], "fence");
    }

    #[test]
    fn a_text_that_is_too_long_is_known_before_it_arrives() {
        let long = |length: i32, told| {
            let message = [[6, 0, 0, 0], length.to_be_bytes()].concat();
            assert_eq!(read(&message), Ok(Some((Message::LongCutText(told), 8))));
        };
        long(MAX_CUT_TEXT as i32 + 1, MAX_CUT_TEXT as u32 + 1);
        long(-(MAX_CUT_TEXT as i32 + 1), MAX_CUT_TEXT as u32 + 1);
        long(i32::MIN, 1 << 31);
    }

    #[test]
    fn kinds_that_nobody_agreed_on_are_errors() {
        assert_eq!(read(&[77, 1, 2, 3]), Err(Error::UnknownMessage(77)));
        assert_eq!(read(&[255, 1]), Err(Error::UnknownMessage(255)));
    }
}
