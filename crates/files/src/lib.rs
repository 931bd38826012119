//! One folder of the user's, as WebDAV over any byte stream.
//!
//! A [`Folder`] is opened once, by its path; from then on it is a handle, and everything that is asked for is found by going
//! from handle to handle, one name at a time. No link is ever followed, whether it leads out of the folder or not, and no
//! other file system that is mounted inside it is entered. Hidden files, and places that the [`Rules`] exclude, are neither
//! listed nor reached. What cannot be told is a hard link: a file that also has a name elsewhere is a file of this folder.
//!
//! [`serve`] serves one connection, as long as [`May`] says so: what is taken back is cut off in the same moment. What
//! happens is told as [`Transfer`]s. Who may, and who is told, is the caller's business; so is the connection.
//!
//! `docs/api/files.md` describes what a client sees, and `docs/adr/0020-files.md` why it is so.

mod body;
mod dav;
mod download;
mod entry;
mod folder;
mod gate;
mod io;
mod locks;
mod pace;
mod platform;
mod protected;
mod refusal;
mod request;
mod serve;
mod temp;
mod transfer;
mod upload;
mod uploads;
mod way;
mod xml;

pub use folder::{Folder, Rules};
pub use pace::Pace;
pub use serve::serve;
pub use transfer::{Change, Direction, How, Transfer};

use std::{io::Error as IoError, path::PathBuf, time::Duration};

/// How much is read from or written to the disk at a time.
pub const CHUNK: usize = 256 * 1024;

/// The longest head of a request, its address included.
pub const MAX_HEAD: usize = 64 * 1024;

/// The longest address of a file, as it stands in a request.
pub const MAX_ADDRESS: usize = 8 * 1024;

/// The deepest that folders may lie in each other.
pub const MAX_DEPTH: usize = 64;

/// The longest XML document in a request.
pub const MAX_XML: usize = 64 * 1024;

/// How deep elements may lie in each other there.
pub const MAX_XML_DEPTH: usize = 32;

/// How many elements there may be: each one of a question may be answered at length.
pub const MAX_XML_ELEMENTS: usize = 128;

/// The most files and folders that one COPY may copy.
pub const MAX_COPIED: usize = 10_000;

/// The most locks at a time, and how long one lasts that nobody renews.
pub const MAX_LOCKS: usize = 256;
/// See [`MAX_LOCKS`].
pub const LONGEST_LOCK: Duration = Duration::from_secs(10 * 60);

/// How long a connection may be open without a request.
pub const IDLE_LIMIT: Duration = Duration::from_secs(3 * 60);

/// How long a transfer may stand still.
pub const STALL_LIMIT: Duration = Duration::from_secs(60);

/// For how long a client that is still sending something refused is listened to, so that it reads why.
pub const LINGER_LIMIT: Duration = Duration::from_secs(5);

/// How many uploads that were cut are kept, and for how long, so that they can be resumed.
pub const MAX_KEPT: usize = 8;
/// See [`MAX_KEPT`].
pub const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// How long a file that the user cancelled is not transferred again.
pub const CANCELLED_FOR: Duration = Duration::from_secs(60);

/// What may be done in the folder. It may change while a connection is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct May {
    /// List, and copy files from the computer.
    pub read: bool,
    /// Place files on the computer, rename, copy and delete them.
    pub write: bool,
}

/// Why a folder cannot be served, or is served no longer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, is no folder, or cannot be entered.
    #[error("cannot open the folder {}", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: IoError,
    },
    /// It lies in a place that must not be served.
    #[error("the folder {} lies where no folder may be shared", .0.display())]
    Excluded(PathBuf),
    /// The connection broke, or what came is not HTTP.
    #[error("the connection of a WebDAV client broke")]
    Connection(#[from] hyper::Error),
}
