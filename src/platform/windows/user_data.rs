//! What the agent keeps in the profiles of this computer's users.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use windows_registry::LOCAL_MACHINE;

const PROFILES: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
/// Where `Places` puts it: `%LOCALAPPDATA%` and `%APPDATA%`.
const FOLDERS: [&str; 2] = [r"AppData\Local\ondemand-agent", r"AppData\Roaming\ondemand-agent"];

/// Removes it, for all users. Who may not write there can only remove their own.
pub(crate) fn remove_user_data() -> io::Result<()> {
    let mut result = Ok(());
    for profile in profiles().map_err(|error| io::Error::other(error.to_string()))? {
        for folder in FOLDERS {
            result = result.and(remove(&profile.join(folder)));
        }
    }
    result
}

fn profiles() -> windows_registry::Result<Vec<PathBuf>> {
    let list = LOCAL_MACHINE.open(PROFILES)?;
    let folder = |user: String| list.open(&user).ok()?.get_string("ProfileImagePath").ok().map(PathBuf::from);
    Ok(list.keys()?.filter_map(folder).filter(|path| path.is_absolute()).collect())
}

/// A link in place of the folder is removed and not followed.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
