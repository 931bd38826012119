//! What differs between operating systems, behind the same function names on each.
//!
//! `#[cfg(target_os)]` and `unsafe` stand here and in the files below and nowhere else in the agent.

mod desktop;
#[cfg(not(target_os = "linux"))]
mod event_loop;
#[cfg(unix)]
mod unix;

#[cfg(target_os = "linux")]
#[path = "platform/linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "platform/macos.rs"]
mod system;
#[cfg(windows)]
#[path = "platform/windows.rs"]
mod system;

pub(crate) use desktop::{DesktopFacts, NotificationServer, desktop_facts};
pub(crate) use system::{
    LineEnds, LocalStream, boot_time, computer_name, connect_local, foreign_access, harden, let_go_of_memory,
    listen_local, machine_settings, notice_dead_lines, own_program, private_file, private_folder,
    save_memory, show_notification, sync_folder, terminated, user_name, watch_system, with_tray,
};

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What the operating system tells about computer and screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux tells so far"))]
pub(crate) enum SystemFact {
    /// The screen was locked, or belongs to another user now.
    ScreenLocked,
    /// The screen is this user's.
    ScreenUnlocked,
    /// The computer is about to sleep.
    Suspending,
    /// It slept; for how long, the clocks tell.
    Awake,
    /// The desktop has no place for a tray icon.
    NoTray,
}

/// A settings document of the whole computer, that only administrators can write.
#[derive(Clone, Debug)]
pub(crate) struct MachineSettings {
    /// Its file.
    pub(crate) path: PathBuf,
    /// Whether it is policy, which nobody overrides, or what the installer set.
    pub(crate) is_policy: bool,
}

/// `settings.toml` and then, in the order of their names, the policies in `policy.d`.
fn machine_settings_in(folder: &Path) -> Vec<MachineSettings> {
    let mut policies: Vec<PathBuf> = fs::read_dir(folder.join("policy.d"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    policies.sort();
    let installer = MachineSettings { path: folder.join("settings.toml"), is_policy: false };
    let policies = policies.into_iter().map(|path| MachineSettings { path, is_policy: true });
    std::iter::once(installer).chain(policies).collect()
}

/// Environment variables that a child process may see: display, session bus, language and folders, and no more.
pub(crate) fn environment_for_children() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        system::CHILD_ENVIRONMENT.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *allowed,
        })
    })
}

/// Environment variables that name the system's proxies. Only who talks to the network gets them: they may hold a password.
pub(crate) fn proxy_environment() -> impl Iterator<Item = (OsString, OsString)> {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
    let names = names.into_iter().flat_map(|name| [name.to_owned(), name.to_lowercase()]);
    names.filter_map(|name| std::env::var_os(&name).map(|value| (name.into(), value)))
}

/// The name under which the service knows this operating system.
pub(crate) const OPERATING_SYSTEM: &str = std::env::consts::OS;
