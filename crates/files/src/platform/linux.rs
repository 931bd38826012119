//! Linux: one step down a folder tree is one system call that follows no link and crosses no mount.

pub(crate) use super::unix::{
    dir_identity, file_identity, free_space, identity, identity_of, is_name, rename_new, same_mode,
};

use super::unix;
use cap_std::fs::{Dir, Metadata};
use rustix::{
    fs::{AtFlags, Mode, OFlags, ResolveFlags, XattrFlags},
    io::Errno,
};
use std::{
    fs::File,
    io,
    os::fd::{AsRawFd as _, OwnedFd},
    path::Path,
};

/// What tells other programs where a file came from.
const ORIGIN: &str = "user.xdg.origin.url";

/// Only names hide files here.
pub(crate) fn is_hidden(_dir: &Dir, _name: &str, _metadata: &Metadata) -> bool {
    false
}

fn open(dir: &Dir, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let down_only = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // The kernel cannot always tell at the first try that nothing was renamed meanwhile.
    for _ in 0..16 {
        match rustix::fs::openat2(dir, name, flags, Mode::empty(), down_only) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            opened => return opened,
        }
    }
    Err(Errno::NOENT)
}

/// Whether the kernel is older than the call, or a sandbox does not know it.
fn is_unknown(error: Errno) -> bool {
    matches!(error, Errno::NOSYS | Errno::PERM)
}

pub(crate) fn open_dir(dir: &Dir, name: &str) -> io::Result<Dir> {
    match open(dir, name, OFlags::DIRECTORY) {
        Ok(opened) => Ok(Dir::from_std_file(opened.into())),
        Err(error) if is_unknown(error) => unix::open_dir(dir, name),
        Err(error) => Err(unix::link_is_missing(error.into())),
    }
}

pub(crate) fn open_file(dir: &Dir, name: &str) -> io::Result<File> {
    match open(dir, name, OFlags::NONBLOCK) {
        Ok(opened) => Ok(opened.into()),
        Err(error) if is_unknown(error) => unix::open_file(dir, name),
        Err(error) => Err(unix::link_is_missing(error.into())),
    }
}

/// A file that has no name yet and is gone with the process, where the file system has such.
pub(crate) fn nameless(dir: &Dir) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::openat(dir, ".", flags, Mode::from_raw_mode(0o666)).ok().map(File::from)
}

/// Gives such a file a name that nothing has.
pub(crate) fn link_new(file: &File, dir: &Dir, name: &str) -> io::Result<()> {
    let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(rustix::fs::CWD, itself, dir, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// Not every file system can keep it.
pub(crate) fn mark(file: &File, _path: &Path, origin: &str) {
    if let Err(error) = rustix::fs::fsetxattr(file, ORIGIN, origin.as_bytes(), XattrFlags::empty()) {
        tracing::debug!(%error, "a file cannot be marked as coming from the internet");
    }
}
