//! The clipboard of the user's computer, as text, on every system behind the same two functions.
//!
//! [`Clipboard::copied`] gives what was copied since the clipboard was opened, and nothing that lay there before;
//! entries that a program marks as secret, as password managers do, are left alone. [`Clipboard::put`] puts a text there
//! for the user to paste. Nothing is read, kept or passed on but by these calls, and every wait for another program has
//! a limit.
//!
//! It knows no network and nobody who may have the text; what it holds it never logs.

mod error;
mod front;
mod platform;

pub use display::Display;
pub use error::{Error, Reason};

use std::time::Duration;

/// The longest text that is read or put, in bytes of UTF-8.
pub const LONGEST: usize = 1024 * 1024;

/// No call takes longer, whatever the display and the other programs do.
pub const LIMIT: Duration = Duration::from_secs(4);

/// The clipboard, from the moment at which it was opened.
pub struct Clipboard(front::Front);

impl Clipboard {
    /// Takes notice from now on of what is copied.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where this display has no clipboard that can be used.
    pub fn open(display: &Display) -> Result<Self, Error> {
        platform::open(display).map(Self)
    }

    /// What was copied last, with line breaks as `\n`, if that was after the clipboard was opened.
    ///
    /// # Errors
    ///
    /// [`Error::Nothing`] where nothing was copied since, or what was put here lies there; [`Error::Secret`],
    /// [`Error::NoText`] and [`Error::TooLong`] where it is not to be had; [`Error::NoAnswer`] where the program that it
    /// was copied in does not give it in time.
    pub fn copied(&self) -> Result<String, Error> {
        self.0.copied().map(|text| text.replace("\r\n", "\n"))
    }

    /// Puts a text there, in place of whatever was.
    ///
    /// On X11 it stays until something else is copied or this is dropped, also where its process is killed. On Windows
    /// and macOS the system has it then, as anything that was copied.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], or where the clipboard cannot be had.
    pub fn put(&self, text: String) -> Result<(), Error> {
        if text.len() > LONGEST {
            return Err(Error::TooLong);
        }
        self.0.put(text)
    }
}

/// It may be opened on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Clipboard>();
};
