//! The user's folders, for choosing one in the popup: from the home folder down, and nowhere else.
//!
//! There is no dialog of the desktop's: it would cover the popup, and some of them belong to other programs. What is listed
//! is looked at by name only, so that no slow network drive is waited for before the user goes there.

use crate::{transcript, ui::left_to_right};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// So many folders of one folder are listed.
const MOST: usize = 500;

/// Where the user is while choosing.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    home: PathBuf,
    here: PathBuf,
    /// The names of the folders in it, as they are shown.
    pub(crate) names: Vec<String>,
}

impl Browser {
    /// Begins beside the folder that is chosen now, where that lies in the home folder.
    pub(crate) fn beside(home: PathBuf, chosen: &Path) -> Self {
        let beside = chosen.parent().filter(|beside| beside.starts_with(&home) && beside.is_dir());
        let here = beside.unwrap_or(&home).to_owned();
        let names = folders_in(&here);
        Self { home, here, names }
    }

    /// Goes into the folder of this number.
    pub(crate) fn enter(&mut self, index: usize) {
        if let Some(name) = self.names.get(index) {
            self.here.push(name);
            self.names = folders_in(&self.here);
        }
    }

    /// Goes to what this folder lies in, but not out of the home folder.
    pub(crate) fn leave(&mut self) {
        if self.above().is_some() {
            self.here.pop();
            self.names = folders_in(&self.here);
        }
    }

    /// The folder.
    pub(crate) fn here(&self) -> &Path {
        &self.here
    }

    /// What it lies in, unless it is the home folder.
    pub(crate) fn above(&self) -> Option<&Path> {
        self.here.parent().filter(|_| self.here != self.home)
    }

    /// Whether it is the home folder.
    pub(crate) fn is_home(&self) -> bool {
        self.here == self.home
    }
}

/// `path` as people write it, for a line of text.
pub(crate) fn shown(path: &Path, home: Option<&Path>) -> String {
    left_to_right(&transcript::short_below(path, home))
}

/// Without hidden ones, links, and names that are no text. Empty where it cannot be read.
fn folders_in(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_by_cached_key(|name| name.to_lowercase());
    names.truncate(MOST);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_goes_from_folder_to_folder_and_not_out_of_the_home() {
        let home = tempfile::tempdir().unwrap();
        for folder in ["Downloads/new", "documents", ".config", "Music"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("file"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", home.path().join("link")).unwrap();
        let mut browser = Browser::beside(home.path().to_owned(), &home.path().join("Downloads"));
        assert_eq!(browser.names, ["documents", "Downloads", "Music"]);
        assert!(browser.is_home());
        browser.leave();
        assert_eq!(browser.here(), home.path());
        browser.enter(1);
        browser.enter(0);
        browser.enter(9);
        assert_eq!(browser.here(), home.path().join("Downloads/new"));
        assert!(browser.names.is_empty());
        browser.leave();
        assert_eq!((browser.here(), browser.is_home()), (home.path().join("Downloads").as_path(), false));
    }

    #[test]
    fn a_folder_elsewhere_or_gone_begins_at_home() {
        let home = tempfile::tempdir().unwrap();
        for chosen in ["/", "/srv/files", "Downloads"] {
            assert!(Browser::beside(home.path().to_owned(), Path::new(chosen)).is_home(), "{chosen}");
        }
    }
}
