//! macOS.

#[path = "macos/key_store.rs"]
mod key_store;
#[path = "macos/preferences.rs"]
mod preferences;
#[path = "macos/system_log.rs"]
mod system_log;

pub(crate) use key_store::KeyStore;
pub(crate) use system_log::tell_system_log;

pub(crate) use super::event_loop::{
    let_go_of_memory, notice_dead_lines, save_memory, show_notification, watch_system, with_tray,
};
pub(crate) use super::unix::{
    LineEnds, LocalStream, borrow_console, computer_name, connect_local, foreign_access, installed_token,
    leave_console, listen_local, private_file, private_folder, remove_user_data, sync_folder, terminated,
    user_name,
};
use super::{MachineSettings, Role};
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
pub(crate) fn harden(_role: Role) {
    super::unix::no_core_dumps();
    // SAFETY: this request takes no process, address or data.
    unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) };
}

/// The program that runs now.
pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// What the installer and administrators set in a folder that they alone can write, and what device management forces.
pub(crate) fn machine_settings() -> Vec<MachineSettings> {
    let folder = Path::new("/Library/Application Support/ondemand-agent");
    let mut settings = super::machine_settings_in(folder, super::unix::foreign_writers);
    settings.extend(preferences::managed());
    settings
}

/// Where installers put programs.
pub(super) fn program_folders() -> Vec<PathBuf> {
    ["/Applications", "/Library"].map(PathBuf::from).into()
}

/// What a newer version is installed with.
pub(crate) const HOW_TO_UPDATE: &str = "Install it as this one was installed: by your organisation's device management, or with the new package.";

/// A program without a place in the Dock.
pub(super) fn prepare<T>(event_loop: &mut EventLoop<T>) {
    event_loop.set_activation_policy(ActivationPolicy::Accessory);
}

/// The system knows whose it is by the application's bundle.
pub(super) fn sign_notification(_notification: &mut notify_rust::Notification) {}
