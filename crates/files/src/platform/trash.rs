//! The trash of the freedesktop specification: what is moved there keeps its name nearby and can be put back from any file
//! manager. What is moved is named by the handle of its folder, so that no link can put something else in its place.

use cap_fs_ext::DirExt as _;
use cap_std::{
    ambient_authority,
    fs::{Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

/// What stays as it is in the path that is noted.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How many names are tried.
const TRIES: u32 = 1000;

/// The trash of a folder's file system.
pub(crate) struct Trash {
    files: Dir,
    info: Dir,
    /// What the noted paths are relative to: nothing in the user's own trash.
    top: Option<PathBuf>,
}

impl Trash {
    /// Finds the trash for what lies in `folder`, or makes it: the user's own, which lies at `home`, or the one of the
    /// folder's file system.
    pub(crate) fn find(folder: &Path, home: Option<&Path>) -> io::Result<Self> {
        let device = fs::metadata(folder)?.dev();
        if let Some(home) = home.map(Path::to_owned).or_else(own) {
            if let Some(data) = home.parent() {
                fs::create_dir_all(data)?;
            }
            make(&home)?;
            if fs::metadata(&home)?.dev() == device {
                return Self::open(Dir::open_ambient_dir(&home, ambient_authority())?, None);
            }
        }
        let is_same = |path: &&Path| fs::metadata(path).is_ok_and(|metadata| metadata.dev() == device);
        let top = folder.ancestors().take_while(is_same).last().unwrap_or(folder);
        let top_dir = Dir::open_ambient_dir(top, ambient_authority())?;
        let user = rustix::process::getuid().as_raw().to_string();
        let place = shared(&top_dir, &user).or_else(|_| own_of_many(&top_dir, &format!(".Trash-{user}")))?;
        Self::open(place, Some(top.to_owned()))
    }

    fn open(place: Dir, top: Option<PathBuf>) -> io::Result<Self> {
        Ok(Self { files: own_of_many(&place, "files")?, info: own_of_many(&place, "info")?, top })
    }

    /// Moves what has this name in `dir`, which lies at `path`.
    pub(crate) fn put(&self, dir: &Dir, name: &str, path: &Path) -> io::Result<()> {
        let noted = self.top.as_ref().and_then(|top| path.strip_prefix(top).ok()).unwrap_or(path);
        let noted = percent_encode(noted.as_os_str().as_bytes(), KEPT);
        let when = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let note = format!("[Trash Info]\nPath={noted}\nDeletionDate={when}\n");
        for number in 1..=TRIES {
            // The note's name is longer, and must not become too long.
            let short = &name[..name.floor_char_boundary(230)];
            let kept = if number == 1 { short.to_owned() } else { format!("{short}.{number}") };
            let info = format!("{kept}.trashinfo");
            let mut options = OpenOptions::new();
            match self.info.open_with(&info, options.write(true).create_new(true)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                opened => opened?.write_all(note.as_bytes())?,
            }
            match super::rename_new(dir, name, &self.files, &kept) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    drop(self.info.remove_file(&info));
                    if error.kind() != io::ErrorKind::AlreadyExists {
                        return Err(error);
                    }
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Where the user's own trash lies.
fn own() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("Trash"))
}

fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The user's part of a trash that an administrator made for all; no link, and nobody may take away from others there.
fn shared(top: &Dir, user: &str) -> io::Result<Dir> {
    let trash = top.open_dir_nofollow(".Trash")?;
    if trash.dir_metadata()?.mode() & 0o1000 == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    own_of_many(&trash, user)
}

/// A folder that belongs to this user alone.
fn own_of_many(parent: &Dir, name: &str) -> io::Result<Dir> {
    let mut private = DirBuilder::new();
    match parent.create_dir_with(name, private.mode(0o700)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let dir = parent.open_dir_nofollow(name)?;
    if cap_std::fs::MetadataExt::uid(&dir.dir_metadata()?) != rustix::process::getuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(dir)
}
