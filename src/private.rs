//! Files that only their user can read, written whole or not at all.

use crate::platform;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Tokens are in what is written and read here. Room enough that no copy is left behind by growing.
const ROOM: usize = 8 * 1024;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Reading failed.
    #[error("failed to read {path}", path = path.display())]
    Read {
        /// That file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing failed; what was there before is unchanged.
    #[error("failed to write {path}", path = path.display())]
    Write {
        /// That file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} cannot be understood", path = path.display())]
    Content {
        /// That file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// The file's bytes, or nothing where there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// What [`write_json`] wrote, or nothing where there is no file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = read(path)?.map(Zeroizing::new) else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| Error::Content { path: path.to_owned(), source })
}

/// Replaces the file: readers see the old or the new bytes, also after a power cut.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let unfinished = path.with_extension(format!("{}.new", crypto::random_id()));
    let written = write_and_rename(&unfinished, path, bytes);
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    written.map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// As [`write()`], as JSON.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    write(path, &json(path, value)?)
}

/// As [`write_json`], but returns before it is sure to outlast a power cut; then the old bytes may be there, or none.
pub(crate) fn write_json_soon<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let bytes = json(path, value)?;
    let unfinished = path.with_extension("new");
    let file =
        platform::private_file(OpenOptions::new().write(true).create(true).truncate(true)).open(&unfinished);
    file.and_then(|mut file| file.write_all(&bytes))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn json<T: Serialize>(path: &Path, value: &T) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *bytes, value)
        .map_err(|source| Error::Content { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// Removes the file; that there is none is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Write { path: path.to_owned(), source }),
    }
}

/// Opens a file that only the user can read for adding lines, making it where there is none.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    platform::private_file(OpenOptions::new().read(true).append(true).create(true)).open(path)
}

/// Makes a file that only the user can read, for adding lines; an error where there is one already.
pub(crate) fn append_new(path: &Path) -> io::Result<File> {
    platform::private_file(OpenOptions::new().append(true).create_new(true)).open(path)
}

fn write_and_rename(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        platform::private_file(OpenOptions::new().write(true).create_new(true)).open(unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(unfinished, path)?;
    platform::sync_folder(path.parent().unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credential.json");
        assert!(read(&path).unwrap().is_none());
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pk8");
        write(&path, b"secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
