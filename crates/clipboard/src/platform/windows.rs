//! Windows: the system numbers the clipboard's contents, so nothing has to be watched to know whether something was copied.

use std::num::NonZeroU32;

use clipboard_win::{Clipboard, formats::CF_UNICODETEXT, options::NoClear, raw};

use super::worker;
use crate::{Display, Error, LONGEST, front::Front};

/// Another program may have the clipboard open, as a rule for some milliseconds.
const ATTEMPTS: usize = 50;

/// Formats whose presence alone says that the entry is not for other programs to keep.
const SECRET: [&str; 2] = ["ExcludeClipboardContentFromMonitorProcessing", "Clipboard Viewer Ignore"];
/// Formats that say so with a value of zero.
const SECRET_IF_ZERO: [&str; 2] = ["CanIncludeInClipboardHistory", "CanUploadToCloudClipboard"];
/// Stands beside what was put here.
const OURS: &str = "ondemand-agent Operator's Text";

/// The number of the contents that lay there when this began.
struct Numbered(Option<NonZeroU32>);

impl Numbered {
    /// A program may leave the text to be made when somebody asks for it, which counts as a change: it is asked for now,
    /// and not looked at, so that nothing that was copied before counts as copied after.
    fn now() -> Self {
        if let Ok(_open) = open_clipboard()
            && !is_secret()
        {
            let _ = raw::get_clipboard_data(CF_UNICODETEXT);
        }
        Self(raw::seq_num())
    }
}

impl worker::Clipboard for Numbered {
    fn copied(&mut self) -> Result<String, Error> {
        if raw::seq_num() == self.0 || is_marked(OURS) {
            return Err(Error::Nothing);
        }
        let _open = open_clipboard()?;
        if is_secret() {
            return Err(Error::Secret);
        }
        if !raw::is_format_avail(CF_UNICODETEXT) {
            return Err(if raw::count_formats() == Some(0) { Error::Nothing } else { Error::NoText });
        }
        // Two bytes a character at least, and a zero at its end.
        if raw::size(CF_UNICODETEXT).is_some_and(|size| size.get() > 2 * LONGEST + 2) {
            return Err(Error::TooLong);
        }
        let mut text = Vec::new();
        raw::get_string(&mut text).map_err(|_| Error::NoAnswer)?;
        if text.len() > LONGEST {
            return Err(Error::TooLong);
        }
        String::from_utf8(text).map_err(|_| Error::NoText)
    }

    fn put(&mut self, text: &str) -> Result<(), Error> {
        let _open = open_clipboard()?;
        raw::empty().map_err(|_| Error::NoAnswer)?;
        if let Some(ours) = raw::register_format(OURS) {
            raw::set_without_clear(ours.get(), &[1]).map_err(|_| Error::NoAnswer)?;
        }
        raw::set_string_with(text, NoClear).map_err(|_| Error::NoAnswer)
    }
}

fn open_clipboard() -> Result<Clipboard, Error> {
    Clipboard::new_attempts(ATTEMPTS).map_err(|_| Error::NoAnswer)
}

fn is_secret() -> bool {
    SECRET.into_iter().any(is_marked) || SECRET_IF_ZERO.into_iter().any(is_zero)
}

fn is_marked(name: &str) -> bool {
    raw::register_format(name).is_some_and(|format| raw::is_format_avail(format.get()))
}

/// A mark that cannot be read counts.
fn is_zero(name: &str) -> bool {
    let mut value = [0; 4];
    is_marked(name)
        && raw::register_format(name).is_some_and(|format| {
            raw::get(format.get(), &mut value).is_err() || u32::from_ne_bytes(value) == 0
        })
}

pub(crate) fn open(_display: &Display) -> Result<Front, Error> {
    worker::start(Numbered::now)
}
