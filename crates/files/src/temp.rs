//! A file that is being written and is not there yet: without a name where the system has such files, and else with a hidden
//! one. It appears under its name whole or not at all.

use crate::{platform, refusal::Refusal};
use cap_std::fs::{Dir, OpenOptions};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const PREFIX: &str = ".ondemand-agent-";
const SUFFIX: &str = ".part";

/// Names of files on their way. One for each folder that is served.
#[derive(Debug, Default)]
pub(crate) struct Names(AtomicU64);

impl Names {
    fn next(&self) -> String {
        format!("{PREFIX}{}-{}{SUFFIX}", process::id(), self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether another process left it behind; there is one at a time that serves a user's files.
    fn is_left(name: &str) -> bool {
        let own = format!("{PREFIX}{}-", process::id());
        name.starts_with(PREFIX) && name.ends_with(SUFFIX) && !name.starts_with(&own)
    }
}

/// The file, with the folder in which it has a name of its own, if it has one.
#[derive(Debug)]
pub(crate) struct Temp {
    dir: Dir,
    pub(crate) file: Arc<File>,
    name: Option<String>,
    names: Arc<Names>,
}

impl Temp {
    /// Makes one in `dir`, which lies at `path`, and marks it as coming from `origin`.
    pub(crate) fn new(dir: Dir, path: &Path, names: Arc<Names>, origin: &str) -> Result<Self, Refusal> {
        let temp = match platform::nameless(&dir) {
            Some(file) => Self { dir, file: Arc::new(file), name: None, names },
            None => Self::named(dir, names)?,
        };
        let path = temp.name.as_ref().map_or_else(PathBuf::new, |name| path.join(name));
        platform::mark(&temp.file, &path, origin);
        Ok(temp)
    }

    fn named(dir: Dir, names: Arc<Names>) -> io::Result<Self> {
        for entry in dir.entries()?.flatten() {
            if entry.file_name().to_str().is_some_and(Names::is_left) {
                drop(dir.remove_file(entry.file_name()));
            }
        }
        let name = names.next();
        let mut options = OpenOptions::new();
        let file = dir.open_with(&name, options.read(true).write(true).create_new(true))?.into_std();
        Ok(Self { dir, file: Arc::new(file), name: Some(name), names })
    }

    /// Lets it appear in `dir`, which is asked for anew: the folder in which it was begun may lie elsewhere by now. With
    /// `replace` it takes the place of a file; without, nothing may have the name.
    pub(crate) fn appear(mut self, dir: Dir, name: &str, replace: bool) -> io::Result<()> {
        let Some(own) = self.name.take() else {
            if !replace {
                return platform::link_new(&self.file, &dir, name);
            }
            let own = self.names.next();
            self.dir = dir.try_clone()?;
            platform::link_new(&self.file, &dir, &own)?;
            return self.rename(own, &dir, name, true);
        };
        self.rename(own, &dir, name, replace)
    }

    fn rename(&mut self, own: String, to: &Dir, name: &str, replace: bool) -> io::Result<()> {
        let renamed = if replace {
            self.dir.rename(&own, to, name)
        } else {
            platform::rename_new(&self.dir, &own, to, name)
        };
        if renamed.is_err() {
            self.name = Some(own);
        }
        renamed
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            drop(self.dir.remove_file(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;
    use std::{fs, io::Write as _};

    #[test]
    fn a_file_with_a_name_of_its_own_leaves_nothing_behind_either() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".ondemand-agent-0-7.part");
        fs::write(&left, "of a process that was killed").unwrap();
        let dir = || Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        let names = Arc::new(Names::default());

        drop(Temp::named(dir(), names.clone()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let (one, two) = (Temp::named(dir(), names.clone()).unwrap(), Temp::named(dir(), names).unwrap());
        (&*one.file).write_all(b"one").unwrap();
        one.appear(dir(), "file", false).unwrap();
        assert!(two.appear(dir(), "file", false).is_err(), "something has the name");
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
