//! What of the folder must never be touched, by name and by identity.
//!
//! By name, because what is not there yet could be made; by identity, because one place can have several names: in capitals,
//! shortened, composed differently, or through a link that leads into the folder.

use crate::{
    platform::{self, Identity},
    way::{self, Way},
};
use std::{
    collections::HashSet,
    path::{Component, Path, PathBuf},
};

/// What is excluded, as it is at the moment.
#[derive(Debug, Default)]
pub(crate) struct Protected {
    /// Ways from the folder to what is excluded, folded.
    ways: Vec<Vec<String>>,
    excluded: HashSet<Identity>,
    /// Folders on the way to something excluded.
    holding: HashSet<Identity>,
}

impl Protected {
    /// Looks at where the excluded places are, seen from `root`, which has no links in its path.
    pub(crate) fn look(root: &Path, excluded: &[PathBuf]) -> Self {
        let mut protected = Self::default();
        let root_names = names(root);
        for place in excluded {
            let place = resolve(place);
            if let Some(identity) = platform::identity_of(&place) {
                protected.excluded.insert(identity);
            }
            let place_names = names(&place);
            if !place_names.starts_with(&root_names) {
                continue;
            }
            let below = &place_names[root_names.len()..];
            let above = place.ancestors().skip(1).take(below.len().saturating_sub(1));
            protected.holding.extend(above.filter_map(platform::identity_of));
            protected.ways.push(below.to_vec());
        }
        protected
    }

    /// Whether this is excluded, or lies in what is.
    pub(crate) fn excludes(&self, names: &[String]) -> bool {
        let names = way::fold(names);
        self.ways.iter().any(|excluded| names.starts_with(excluded))
    }

    /// Whether what is found here is excluded, whatever its name.
    pub(crate) fn excludes_identity(&self, identity: Option<Identity>) -> bool {
        identity.is_some_and(|identity| self.excluded.contains(&identity))
    }

    /// Whether something excluded lies in it.
    pub(crate) fn is_holding(&self, way: &Way, identity: Option<Identity>) -> bool {
        let names = way.folded();
        identity.is_some_and(|identity| self.holding.contains(&identity))
            || self.ways.iter().any(|excluded| excluded.starts_with(&names))
    }
}

/// The path without links, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) = (existing.canonicalize(), path.strip_prefix(existing)) {
            return resolved.join(rest);
        }
    }
    path.to_owned()
}

fn names(path: &Path) -> Vec<String> {
    let name = |component: Component<'_>| component.as_os_str().to_string_lossy().to_lowercase();
    path.components().map(name).collect()
}
