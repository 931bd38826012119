//! macOS.

use super::MachineSettings;
pub(crate) use super::event_loop::{
    let_go_of_memory, notice_dead_lines, save_memory, show_notification, watch_system, with_tray,
};
pub(crate) use super::unix::{
    LineEnds, LocalStream, computer_name, connect_local, foreign_access, listen_local, private_file,
    private_folder, sync_folder, terminated, user_name,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tao::{
    event_loop::EventLoop,
    platform::macos::{ActivationPolicy, EventLoopExtMacOS as _},
};

/// What a child may know of this process's environment.
pub(super) const CHILD_ENVIRONMENT: &[&str] =
    &["HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "TMPDIR", "__CF_USER_TEXT_ENCODING"];

/// Since the computer started, time asleep included.
pub(crate) fn boot_time() -> Duration {
    super::unix::clock(libc::CLOCK_MONOTONIC_RAW)
}

/// Keeps debuggers of the same user out. A child ends with its line, which ends with its parent.
pub(crate) fn harden(_is_child: bool) {
    super::unix::no_core_dumps();
    // SAFETY: this request takes no process, address or data.
    unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) };
}

/// The program that runs now.
pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// What the installer set, in a folder that administrators alone can write.
pub(crate) fn machine_settings() -> Vec<MachineSettings> {
    super::machine_settings_in(Path::new("/Library/Application Support/ondemand-agent"))
}

/// A program without a place in the Dock.
pub(super) fn prepare<T>(event_loop: &mut EventLoop<T>) {
    event_loop.set_activation_policy(ActivationPolicy::Accessory);
}
