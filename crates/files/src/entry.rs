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
        Some(Self {
            is_dir,
            len: if is_dir { 0 } else { metadata.len() },
            modified: metadata.modified().ok().map(cap_std::time::SystemTime::into_std),
            created: metadata.created().ok().map(cap_std::time::SystemTime::into_std),
            identity: platform::identity(metadata),
            read_only: metadata.permissions().readonly(),
        })
    }
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
