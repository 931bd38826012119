//! What Linux and macOS have in common.

use super::{Identity, Space};
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions};
use rustix::{fs::RenameFlags, io::Errno};
use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

/// Every name that is one.
pub(crate) fn is_name(_name: &str) -> bool {
    true
}

pub(crate) fn identity(metadata: &Metadata) -> Option<Identity> {
    Some(Identity { device: metadata.dev(), number: metadata.ino() })
}

pub(crate) fn dir_identity(dir: &Dir) -> io::Result<Option<Identity>> {
    dir.dir_metadata().map(|metadata| identity(&metadata))
}

pub(crate) fn file_identity(file: &File) -> io::Result<Option<Identity>> {
    let metadata = file.metadata()?;
    Ok(Some(Identity { device: metadata.dev(), number: metadata.ino() }))
}

pub(crate) fn identity_of(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    Some(Identity { device: metadata.dev(), number: metadata.ino() })
}

/// Opens what has this name in `dir`, if it is a folder and no link to one.
pub(crate) fn open_dir(dir: &Dir, name: &str) -> io::Result<Dir> {
    dir.open_dir_nofollow(name).map_err(link_is_missing)
}

/// A link is as if it was not there.
pub(crate) fn link_is_missing(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        io::ErrorKind::NotFound.into()
    } else {
        error
    }
}

/// Opens what has this name for reading; waits for nobody, should it be a pipe.
pub(crate) fn open_file(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    dir.open_with(name, &options).map(cap_std::fs::File::into_std).map_err(link_is_missing)
}

/// Renames where nothing has the new name.
pub(crate) fn rename_new(dir: &Dir, name: &str, to_dir: &Dir, to: &str) -> io::Result<()> {
    match rustix::fs::renameat_with(dir, name, to_dir, to, RenameFlags::NOREPLACE) {
        // Not every file system can do it in one step.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to_dir.symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            dir.rename(name, to_dir, to)
        }
        renamed => Ok(renamed?),
    }
}

pub(crate) fn free_space(dir: &Dir, _path: &Path) -> io::Result<Space> {
    let found = rustix::fs::fstatvfs(dir)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space { total: bytes(found.f_blocks), available: bytes(found.f_bavail) })
}

/// Lets no more people read the new file than could read what it replaces, and nobody run it.
pub(crate) fn same_mode(file: &File, replaced: &Metadata) -> io::Result<()> {
    let own = file.metadata()?.permissions().mode();
    file.set_permissions(Permissions::from_mode(own & replaced.mode() & 0o666 | 0o600 & replaced.mode()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;
    use std::{os::unix::fs::symlink, process::Command};

    /// What Linux does in one call where it can is done here in several.
    #[test]
    fn older_kernels_follow_no_link_and_wait_for_no_pipe_either() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("dir")).unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        symlink("dir", folder.path().join("dir-link")).unwrap();
        symlink("file", folder.path().join("file-link")).unwrap();
        assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        assert!(
            open_dir(&dir, "dir").is_ok()
                && open_file(&dir, "file").is_ok()
                && open_file(&dir, "pipe").is_ok()
        );
        for link in ["dir-link", "file-link"] {
            assert!(open_dir(&dir, link).is_err(), "{link}");
            assert_eq!(open_file(&dir, link).unwrap_err().kind(), io::ErrorKind::NotFound, "{link}");
        }
    }
}
