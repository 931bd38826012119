//! The organisations of which the user does not want to hear: kept until they say otherwise, in a file that all agents of
//! the user share, a downloaded copy among them.
//!
//! A file that is damaged mutes nobody, and is replaced by the next thing that the user says.

use super::Disk;
use crate::private;
use protocol::OrganisationId;
use std::{collections::BTreeSet, path::Path, path::PathBuf};

/// Those that are muted.
pub(super) fn load(path: &Path) -> BTreeSet<OrganisationId> {
    let muted = private::read_json(path).unwrap_or_else(|error| {
        tracing::error!(%error, "whose requests the user does not want to see is not known any more");
        None
    });
    muted.unwrap_or_default()
}

/// Adds one to the file, or takes it out. Another agent of the user may have changed it meanwhile.
pub(super) fn keep(disk: &Disk, path: PathBuf, organisation: OrganisationId, is_muted: bool) {
    disk.run(move || {
        let mut muted = load(&path);
        let changed = if is_muted { muted.insert(organisation) } else { muted.remove(&organisation) };
        if let Err(error) = if changed { private::write_json(&path, &muted) } else { Ok(()) } {
            tracing::error!(%error, "whom the user does not want to hear is forgotten with this run");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Places;
    use std::{fs, time::Duration};

    #[test]
    fn who_is_muted_in_a_copy_is_muted_in_the_installed_agent_until_the_user_says_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let installed = Places::all_in(folder.path());
        let copy = installed.clone().of_copy();
        copy.prepare().unwrap();
        let [first, second] = ["first", "second"].map(|id| id.parse::<OrganisationId>().unwrap());
        assert!(load(&copy.muted()).is_empty());
        let disk = Disk::start().unwrap();
        keep(&disk, copy.muted(), first.clone(), true);
        keep(&disk, installed.muted(), second.clone(), true);
        keep(&disk, copy.muted(), first, false);
        disk.finish(Duration::from_secs(10));
        assert_eq!(load(&installed.muted()), BTreeSet::from([second]));
        fs::write(installed.muted(), "{").unwrap();
        assert!(load(&copy.muted()).is_empty());
    }
}
