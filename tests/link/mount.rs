//! A file system of a test's own: small enough to be filled, and put away where nothing can be written.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// A folder with a file system of its own. It is gone with this.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Puts one at an empty folder. Only root may, and not everywhere; everybody else is told that the test tries nothing.
    pub(crate) fn at(folder: &Path, size: &str) -> Option<Self> {
        let size = format!("size={size},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder);
        if !mount.status().unwrap().success() {
            eprintln!("left out: it has to be run by who may mount");
            return None;
        }
        Some(Self(folder.to_owned()))
    }

    /// Takes up what is free, to the last byte.
    pub(crate) fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        while file.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    }

    pub(crate) fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// From here on nothing can be written. Nobody may have a file of it open for writing.
    pub(crate) fn make_read_only(&self) {
        assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Also where somebody still has a file of it open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
