//! What is known of a file or folder without opening it.

use crate::platform::{self, Identity};
use cap_std::fs::Metadata;
use dav_server::fs::{DavMetaData, FsError, FsResult};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file or a folder; nothing else is shared.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    is_dir: bool,
    len: u64,
    modified: Option<SystemTime>,
    created: Option<SystemTime>,
    pub(crate) identity: Option<Identity>,
    pub(crate) read_only: bool,
}

impl Entry {
    /// None for links, pipes, sockets and devices.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        let is_dir = metadata.is_dir();
        if !is_dir && !metadata.is_file() {
            return None;
        }
        let date = |date: std::io::Result<cap_std::time::SystemTime>| {
            date.ok().map(cap_std::time::SystemTime::into_std).filter(can_be_written)
        };
        Some(Self {
            is_dir,
            len: if is_dir { 0 } else { metadata.len() },
            modified: date(metadata.modified()),
            created: date(metadata.created()),
            identity: platform::identity(metadata),
            read_only: metadata.permissions().readonly(),
        })
    }
}

/// Whether HTTP's dates have a name for it: what writes them takes years from 1970 to 9999 and panics at others, which files
/// out of archives have.
fn can_be_written(date: &SystemTime) -> bool {
    const YEAR_10000: u64 = 253_402_300_800;
    date.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() < YEAR_10000)
}

impl DavMetaData for Entry {
    fn len(&self) -> u64 {
        self.len
    }

    fn modified(&self) -> FsResult<SystemTime> {
        self.modified.ok_or(FsError::NotImplemented)
    }

    fn is_dir(&self) -> bool {
        self.is_dir
    }

    fn created(&self) -> FsResult<SystemTime> {
        self.created.ok_or(FsError::NotImplemented)
    }

    /// Another one for whatever replaces the file, even of the same size and in the same moment.
    fn etag(&self) -> Option<String> {
        let modified = self.modified?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        let number = self.identity.map(|identity| identity.number()).unwrap_or_default();
        Some(format!("{number:x}-{:x}-{modified:x}", self.len))
    }
}
