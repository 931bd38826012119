//! What differs between operating systems, behind the same names on each.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(target_os = "linux"))]
mod system_trash;
#[cfg(target_os = "linux")]
mod trash;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

#[cfg(not(target_os = "linux"))]
pub(crate) use system_trash::Trash;
#[cfg(target_os = "linux")]
pub(crate) use trash::Trash;

pub(crate) use system::{
    dir_identity, file_identity, free_space, identity, identity_of, is_hidden, is_name, link_new, mark,
    nameless, open_dir, open_file, rename_new, same_mode,
};

/// Tells a file or folder from every other one that exists at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    number: u64,
}

impl Identity {
    /// Its file system.
    pub(crate) fn device(self) -> u64 {
        self.device
    }

    /// Its number there.
    pub(crate) fn number(self) -> u64 {
        self.number
    }
}

/// Space on a file system, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    pub(crate) total: u64,
    pub(crate) available: u64,
}
