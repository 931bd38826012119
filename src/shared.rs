//! Which folder of the user's is preset for files, and what is never shared, whatever folder is chosen.
//!
//! Hidden files are left out too, wherever they lie; `crates/files` knows those.

use crate::places::Places;
use directories::{BaseDirs, UserDirs};
use std::path::PathBuf;

/// The user's home folder.
pub(crate) fn home() -> Option<PathBuf> {
    BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()).filter(|home| home.to_str().is_some())
}

/// Downloads, whether or not it is there yet.
pub(crate) fn preset() -> Option<PathBuf> {
    let dirs = UserDirs::new()?;
    let preset = dirs.download_dir().map_or_else(|| dirs.home_dir().join("Downloads"), ToOwned::to_owned);
    // What cannot be written as text cannot be shown either.
    preset.to_str().is_some().then_some(preset)
}

/// The agent's own data, and places from which programs start by themselves.
pub(crate) fn excluded(places: &Places) -> Vec<PathBuf> {
    let mut excluded: Vec<PathBuf> = places.folders().into_iter().map(ToOwned::to_owned).collect();
    excluded.extend(places.user_settings().parent().map(ToOwned::to_owned));
    if let (Some(base), Some(user)) = (BaseDirs::new(), UserDirs::new()) {
        excluded.extend(starting(&base, &user));
    }
    excluded.retain(|place| place.to_str().is_some());
    excluded
}

/// Where what lies there is run by the desktop, the shell or the service manager without anybody starting it.
fn starting(base: &BaseDirs, user: &UserDirs) -> Vec<PathBuf> {
    let (config, data) = (base.config_dir(), base.data_dir());
    let mut places = vec![
        // Linux.
        config.join("autostart"),
        config.join("autostart-scripts"),
        config.join("plasma-workspace"),
        config.join("systemd"),
        config.join("environment.d"),
        data.join("systemd"),
        data.join("dbus-1"),
        data.join("applications"),
        data.join("gnome-shell"),
        // Windows.
        data.join("Microsoft").join("Windows").join("Start Menu"),
        // macOS: all that belongs to programs and not to the user.
        base.home_dir().join("Library"),
    ];
    if let Some(documents) = user.document_dir() {
        // Profiles of the shell of Windows.
        places.extend(["PowerShell", "WindowsPowerShell"].map(|shell| documents.join(shell)));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_own_data_and_what_starts_by_itself_are_never_shared() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(folder.path());
        let excluded = excluded(&places);
        for own in ["config", "data", "state", "runtime"] {
            assert!(excluded.contains(&folder.path().join(own)), "{own}");
        }
        let config = BaseDirs::new().unwrap().config_dir().to_owned();
        assert!(excluded.contains(&config.join("autostart")));
    }
}
