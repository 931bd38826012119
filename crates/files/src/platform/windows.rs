//! Windows: names that mean devices or streams, hidden and system files, and the mark of the internet zone.

use super::{Identity, Space};
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, Metadata, OpenOptions};
use std::{
    fs::{self, File},
    io,
    os::windows::{
        ffi::OsStrExt as _,
        fs::OpenOptionsExt as _,
        io::{AsRawHandle as _, RawHandle},
    },
    path::{Path, PathBuf},
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_SYSTEM, FILE_FLAG_BACKUP_SEMANTICS,
    GetDiskFreeSpaceExW, GetFileInformationByHandle,
};

/// Names that have meant devices for forty years, whatever follows a dot after them.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

pub(crate) fn is_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    });
    let reserved = name.contains(['<', '>', ':', '"', '|', '?', '*']);
    let units = name.encode_utf16().count();
    if is_short(name) {
        return false;
    }
    !DEVICES.contains(&stem.as_str()) && !numbered && !reserved && !name.ends_with([' ', '.']) && units <= 255
}

/// Whether it may be the short name (`SECRET~1`) of a file that has another, and is hidden by it.
fn is_short(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let number = stem.rsplit_once('~').map(|(_, number)| number);
    let numbered =
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    numbered && stem.len() <= 8 && extension.len() <= 3
}

/// Only an open handle tells.
pub(crate) fn identity(_metadata: &Metadata) -> Option<Identity> {
    None
}

pub(crate) fn dir_identity(dir: &Dir) -> io::Result<Option<Identity>> {
    handle_identity(dir.as_raw_handle()).map(Some)
}

pub(crate) fn file_identity(file: &File) -> io::Result<Option<Identity>> {
    handle_identity(file.as_raw_handle()).map(Some)
}

pub(crate) fn identity_of(path: &Path) -> Option<Identity> {
    // Without this flag folders cannot be opened; nothing is read.
    let file =
        fs::OpenOptions::new().access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path).ok()?;
    handle_identity(file.as_raw_handle()).ok()
}

fn handle_identity(handle: RawHandle) -> io::Result<Identity> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open for as long as its owner is borrowed, and the structure is the one the call fills in.
    if unsafe { GetFileInformationByHandle(handle, &mut found) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let number = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok(Identity { device: found.dwVolumeSerialNumber.into(), number })
}

pub(crate) fn is_hidden(_dir: &Dir, _name: &str, metadata: &Metadata) -> bool {
    use cap_std::fs::MetadataExt as _;
    metadata.file_attributes() & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM) != 0
}

pub(crate) fn open_dir(dir: &Dir, name: &str) -> io::Result<Dir> {
    dir.open_dir_nofollow(name)
}

pub(crate) fn open_file(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    dir.open_with(name, options.read(true).follow(FollowSymlinks::No)).map(cap_std::fs::File::into_std)
}

pub(crate) fn rename_new(dir: &Dir, name: &str, to_dir: &Dir, to: &str) -> io::Result<()> {
    if to_dir.symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    dir.rename(name, to_dir, to)
}

pub(crate) fn free_space(_dir: &Dir, path: &Path) -> io::Result<Space> {
    let path: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let (mut available, mut total) = (0, 0);
    // SAFETY: the path ends with a zero, both numbers can be written to, and the third may be left out.
    let told =
        unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &mut available, &mut total, std::ptr::null_mut()) };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Space { total, available })
}

/// Who may read a file is inherited from its folder.
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
pub(crate) fn same_mode(_file: &File, _replaced: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Every file has a name here.
pub(crate) fn nameless(_dir: &Dir) -> Option<File> {
    None
}

/// Never called, because every file has a name.
pub(crate) fn link_new(_file: &File, _dir: &Dir, _name: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Zone 3 is the internet; programs are asked about before they start, and documents open protected.
pub(crate) fn mark(_file: &File, path: &Path, origin: &str) {
    let mut stream = path.as_os_str().to_owned();
    stream.push(":Zone.Identifier");
    let text = format!("[ZoneTransfer]\r\nZoneId=3\r\nHostUrl={origin}\r\n");
    if let Err(error) = fs::write(PathBuf::from(stream), text) {
        tracing::warn!(%error, "a file cannot be marked as coming from the internet");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_and_streams_are_none() {
        for name in [
            "CON", "nul.txt", "Aux .log", "COM1", "lpt9.x", "COM¹", "a:b", "x.", "x ", "a?b", "CONIN$",
            "SECRET~1", "A~12.TXT",
        ] {
            assert!(!is_name(name), "{name}");
        }
        for name in ["console", "com", "com10", "null", "a.b c", "~$a.docx", "copy of a~1.txt"] {
            assert!(is_name(name), "{name}");
        }
    }
}
