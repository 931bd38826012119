//! macOS: files are hidden by a flag too, and what arrives is put in quarantine.

pub(crate) use super::unix::{
    dir_identity, file_identity, free_space, identity, identity_of, is_name, open_dir, open_file, rename_new,
    same_mode,
};

use cap_std::fs::{Dir, Metadata};
use rustix::fs::{AtFlags, XattrFlags};
use std::{
    fs::File,
    io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

const QUARANTINE: &str = "com.apple.quarantine";
/// `UF_HIDDEN` of the system's headers.
const HIDDEN: u32 = 0x8000;

pub(crate) fn is_hidden(dir: &Dir, name: &str, _metadata: &Metadata) -> bool {
    let found = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
    found.is_ok_and(|found| found.st_flags & HIDDEN != 0)
}

/// Every file has a name here.
pub(crate) fn nameless(_dir: &Dir) -> Option<File> {
    None
}

/// Never called, because every file has a name.
pub(crate) fn link_new(_file: &File, _dir: &Dir, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn mark(file: &File, _path: &Path, _origin: &str) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let value = format!("0081;{seconds:08x};ondemand-agent;");
    if let Err(error) = rustix::fs::fsetxattr(file, QUARANTINE, value.as_bytes(), XattrFlags::empty()) {
        tracing::warn!(%error, "a file cannot be put in quarantine");
    }
}
