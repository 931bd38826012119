//! Making the database file private before anything is written to it.

use std::{fs::OpenOptions, io, path::Path};

/// Makes `path` if it does not exist, readable and writable by its owner only; SQLite gives its side files the same
/// rights. On Windows, who may read it follows from its folder.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    private().create(true).open(path).map(drop)
}

/// Makes `path` as [`make_private`] does, and fails where there is anything of that name, be it a link to nowhere.
pub(super) fn make_new_private(path: &Path) -> io::Result<()> {
    private().create_new(true).open(path).map(drop)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
