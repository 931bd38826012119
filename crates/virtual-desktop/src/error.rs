//! What can go wrong with a desktop, in words that say what to do.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that the desktop is made of is not installed.
    #[error(
        "the virtual desktop needs {missing}; on Debian or Ubuntu: \
         sudo apt-get install --no-install-recommends {packages}"
    )]
    ToolsMissing {
        /// The programs that were not found.
        missing: String,
        /// The packages that bring them.
        packages: String,
    },
    /// A program could not be started.
    #[error("cannot start {program}")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something did not happen in time.
    #[error("waited {seconds:.1} s for {what}{detail}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        seconds: f32,
        /// What was seen instead, or nothing.
        detail: String,
    },
    /// A file of the desktop's folder could not be written or read.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A picture could not be encoded.
    #[error("cannot write the picture")]
    Picture(#[from] png::EncodingError),
    /// A picture could not be decoded.
    #[error("cannot read the picture")]
    PictureRead(#[from] png::DecodingError),
    /// The X server refused or went away.
    #[error("the X server did not do as asked")]
    X(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A bus refused or went away.
    #[error("a call over D-Bus failed")]
    Bus(#[from] zbus::Error),
    /// No key of the keyboard map gives this character.
    #[error("no key gives the character {0:?}")]
    NoKeyFor(char),
    /// There is no such thing on the desktop.
    #[error("there is no {0}")]
    NotThere(String),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! x_errors {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::X(Box::new(error))
            }
        }
    )*};
}

x_errors!(
    x11rb::errors::ConnectError,
    x11rb::errors::ConnectionError,
    x11rb::errors::ReplyError,
    x11rb::errors::ReplyOrIdError
);

impl From<zbus::zvariant::Error> for Error {
    fn from(error: zbus::zvariant::Error) -> Self {
        Self::Bus(error.into())
    }
}

impl From<zbus::names::Error> for Error {
    fn from(error: zbus::names::Error) -> Self {
        Self::Bus(error.into())
    }
}

impl From<zbus::fdo::Error> for Error {
    fn from(error: zbus::fdo::Error) -> Self {
        Self::Bus(error.into())
    }
}
