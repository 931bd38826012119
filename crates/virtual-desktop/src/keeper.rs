//! Sees to it that nothing of a desktop outlives the program that made it.
//!
//! The work is done by a small shell process that waits for its standard input to close: that also happens when
//! the test is killed, and then a destructor would not run.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Error, Result};

pub(crate) struct Keeper {
    folder: PathBuf,
    process: Child,
}

impl Keeper {
    /// Makes the desktop's folder and puts a keeper in front of it.
    pub(crate) fn start() -> Result<Self> {
        let temporary = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("virtual-desktop-")
            .tempdir()
            .map_err(|source| Error::File { path: temporary, source })?
            .keep();
        let process = Command::new("/bin/sh")
            .args(["-c", include_str!("keeper.sh"), "keeper"])
            .arg(&folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // A group of its own, so that Ctrl-C in a terminal leaves it alive to tidy up.
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Start { program: "the desktop's keeper".to_owned(), source })?;
        Ok(Self { folder, process })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program as the leader of a group that ends with the desktop.
    pub(crate) fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        let child = command.process_group(0).spawn()?;
        if let (Some(start), Some(mut keeper)) = (start_time(child.id()), self.process.stdin.as_ref()) {
            writeln!(keeper, "{} {start}", child.id())?;
        }
        Ok(child)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // The wait is bounded by the keeper's own rounds.
        let _ = self.process.wait();
        debug_assert!(!self.folder.exists(), "the folder of a virtual desktop could not be removed");
    }
}

/// When the process started, in the kernel's ticks: with the number it names one process for ever.
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may contain anything, so count from its end: the start time is field 22.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// Waits a little for a child that has been told to end, so that no zombie stays.
pub(crate) fn reap(child: &mut Child) {
    let _ = crate::wait_for("a process to end", Duration::from_secs(1), || child.try_wait().ok().flatten());
}
