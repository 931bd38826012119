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
    HOW_TO_UPDATE, KeyStore, LineEnds, LocalStream, boot_time, borrow_console, computer_name, connect_local,
    foreign_access, harden, installed_token, leave_console, let_go_of_memory, listen_local, machine_settings,
    notice_dead_lines, own_program, private_file, private_folder, remove_user_data, save_memory,
    show_notification, sync_folder, tell_system_log, terminated, user_name, watch_system, with_tray,
};

use std::{
    ffi::OsString,
    fs, io,
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

/// What this process is to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that starts the others.
    Parent,
    /// Nothing to lose: it dies with its parent.
    Window,
    /// It has keys to let go of: it dies a second after its parent at the latest.
    Access,
}

/// Whether `program` lies where administrators alone install programs.
pub(crate) fn is_installed(program: &Path) -> bool {
    lies_in(program, &system::program_folders())
}

/// However either is spelled. A program whose file is gone cannot be looked up any more; it is where it was.
fn lies_in(program: &Path, folders: &[PathBuf]) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let program = real(program);
    folders.iter().any(|folder| program.starts_with(real(folder)))
}

/// A settings document of the whole computer, that only administrators can write.
#[derive(Debug)]
pub(crate) struct MachineSettings {
    /// Its file, or what else to call it.
    pub(crate) place: PathBuf,
    /// Whether it is policy, which nobody overrides, or what the installer set.
    pub(crate) is_policy: bool,
    /// What it says.
    pub(crate) content: Content,
}

/// What a settings document of the whole computer says.
#[derive(Debug)]
pub(crate) enum Content {
    /// What is in the file at its place.
    File,
    /// These values, from where the system keeps such.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "here everything is in files"))]
    Values(toml::Table),
    /// Nobody knows: it may have been meant to forbid.
    Unreadable(io::Error),
    /// Nobody knows who: others than administrators can write it, for this reason.
    Foreign(String),
}

/// `settings.toml` and then, in the order of their names, the policies in `policy.d`.
///
/// What somebody else than administrators could have written is not theirs, whatever it says: it counts as one that
/// cannot be read. `foreign` says who else can write a file or folder.
fn machine_settings_in(
    folder: &Path,
    foreign: impl Fn(&Path) -> io::Result<Option<String>>,
) -> Vec<MachineSettings> {
    let in_doubt = |path: &Path| match foreign(path) {
        Ok(None) => None,
        Ok(Some(why)) => Some(Content::Foreign(format!("{}: {why}", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Content::Unreadable(error)),
    };
    let document = |place: PathBuf, is_policy| {
        let content = in_doubt(&place).unwrap_or(Content::File);
        MachineSettings { place, is_policy, content }
    };
    let policies = folder.join("policy.d");
    // Who can write a folder can put another file in the place of any in it.
    if let Some(content) = in_doubt(folder).or_else(|| in_doubt(&policies)) {
        return vec![MachineSettings { place: policies, is_policy: true, content }];
    }
    let installer = document(folder.join("settings.toml"), false);
    let policies = match policies_in(&policies) {
        Ok(paths) => paths.into_iter().map(|path| document(path, true)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            vec![MachineSettings { place: policies, is_policy: true, content: Content::Unreadable(error) }]
        }
    };
    std::iter::once(installer).chain(policies).collect()
}

fn policies_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
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

/// Whether a folder can be removed while a file in it is open.
pub(crate) const REMOVES_OPEN_FILES: bool = cfg!(unix);

/// The name under which the service knows this operating system.
pub(crate) const OPERATING_SYSTEM: &str = std::env::consts::OS;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_is_installed_where_it_really_lies() {
        let folder = tempfile::tempdir().unwrap();
        let [programs, home, link] = ["programs", "home", "link"].map(|name| folder.path().join(name));
        for place in [&programs, &home] {
            fs::create_dir(place).unwrap();
            fs::write(place.join("agent"), "").unwrap();
        }
        std::os::unix::fs::symlink(&programs, &link).unwrap();
        std::os::unix::fs::symlink(home.join("agent"), programs.join("linked")).unwrap();
        let is_in = |program: PathBuf, folder: &Path| lies_in(&program, &[folder.to_owned()]);
        assert!(is_in(programs.join("agent"), &link) && is_in(link.join("agent"), &programs));
        assert!(!is_in(programs.join("../home/agent"), &programs));
        assert!(!is_in(programs.join("linked"), &programs));
        assert!(is_in(programs.join("gone"), &programs));
    }

    #[test]
    fn policies_are_read_in_the_order_of_their_names_and_what_cannot_be_listed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let settings = || machine_settings_in(folder.path(), |_| Ok(None));
        assert_eq!(settings().len(), 1);
        let policies = folder.path().join("policy.d");
        fs::create_dir(&policies).unwrap();
        for name in ["60-b.toml", "50-a.toml", "notes.txt"] {
            fs::write(policies.join(name), "").unwrap();
        }
        let found = settings();
        let names: Vec<_> = found.iter().filter_map(|found| found.place.file_name()?.to_str()).collect();
        assert_eq!(names, ["settings.toml", "50-a.toml", "60-b.toml"]);
        fs::remove_dir_all(&policies).unwrap();
        fs::write(&policies, "a file where the folder should be").unwrap();
        let found = settings();
        assert!(found[1].is_policy && matches!(found[1].content, Content::Unreadable(_)));
    }

    #[test]
    fn what_others_than_administrators_could_have_written_is_no_word_of_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let policies = folder.path().join("policy.d");
        fs::create_dir(&policies).unwrap();
        for file in [folder.path().join("settings.toml"), policies.join("a.toml"), policies.join("b.toml")] {
            fs::write(file, "").unwrap();
        }
        // Which of them count as files, where this one can be written by others.
        let believed = |foreign: &Path| {
            let others = |path: &Path| Ok((path == foreign).then(|| "anybody may".to_owned()));
            let found = machine_settings_in(folder.path(), others);
            let told = found.iter().filter(|found| !matches!(found.content, Content::File)).count();
            (found.len(), told, found.iter().any(|found| found.is_policy))
        };
        assert_eq!(believed(Path::new("nothing")), (3, 0, true));
        assert_eq!(believed(&policies.join("a.toml")), (3, 1, true));
        assert_eq!(believed(&folder.path().join("settings.toml")), (3, 1, true));
        for folder in [folder.path(), &policies] {
            assert_eq!(believed(folder), (1, 1, true), "the whole forbids, as a policy");
        }
    }
}
