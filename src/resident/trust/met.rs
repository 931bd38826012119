//! Under which keys organisations asked, and how they came from one key to the next.
//!
//! Says nothing of trust: that a key is written down here means that it signed something once. Receipts are checked with
//! these keys years later, and a change of keys is believed only where it begins at a key that is trusted.

use crate::{places::Places, private, resident::Disk};
use crypto::{PublicKey, successors};
use protocol::{OrganisationId, Timestamp};
use receipts::KnownOrganisation;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Nobody is asked by more organisations, and none changes its key more often; what is beyond is not remembered.
const MOST: usize = 500;
/// As many changes of its key as an organisation is followed through, and as many keys as are kept of one.
const MOST_KEYS: usize = 32;

/// Every organisation that asked.
#[derive(Debug)]
pub(crate) struct Met {
    organisations: BTreeMap<OrganisationId, Known>,
    path: PathBuf,
    changed: bool,
}

/// An organisation that asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    keys: Vec<String>,
    #[serde(default)]
    successions: Vec<String>,
}

impl Met {
    /// Reads what is remembered. Where that is not possible changed keys are not recognised: the careful side.
    pub(crate) fn load(places: &Places) -> Self {
        let path = places.organisation_keys();
        let organisations = private::read_json(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "the keys under which organisations asked cannot be read");
            None
        });
        Self { organisations: organisations.unwrap_or_default(), path, changed: false }
    }

    /// An organisation's request was signed with this key.
    pub(super) fn meet(&mut self, id: &OrganisationId, name: &str, domain: Option<&str>, key: &PublicKey) {
        let Some(known) = self.known_mut(id) else { return };
        let key = key.to_string();
        let before = known.clone();
        (known.name, known.domain) = (Some(name.to_owned()), domain.map(str::to_owned));
        if !known.keys.contains(&key) && known.keys.len() < MOST_KEYS {
            known.keys.push(key);
        }
        self.changed |= *known != before;
    }

    /// Takes in what leads from one of `roots` to other keys.
    pub(super) fn learn(&mut self, id: &OrganisationId, roots: &[PublicKey], statements: &[String]) {
        let Some(known) = self.known_mut(id) else { return };
        let before = known.successions.len();
        // What was learned first comes first, and so counts where two statements contradict.
        let offered: Vec<String> =
            known.successions.iter().chain(statements.iter().take(MOST_KEYS)).cloned().collect();
        for next in roots.iter().flat_map(|root| successors(id, root, &offered)) {
            if !known.successions.contains(&next.statement) && known.successions.len() < MOST_KEYS {
                tracing::info!(organisation = %id, key = next.key.fingerprint(), "the organisation has a new key");
                known.successions.push(next.statement);
            }
        }
        self.changed |= known.successions.len() != before;
    }

    /// The keys that follow each other from `root` on, each with until when it is good, the last one without end.
    pub(super) fn line(&self, id: &OrganisationId, root: &PublicKey) -> Vec<(PublicKey, Option<Timestamp>)> {
        let statements = self.organisations.get(id).map_or(&[][..], |known| &known.successions);
        let mut line = vec![(*root, None)];
        for next in successors(id, root, statements) {
            if let Some((_, until)) = line.last_mut() {
                *until = Some(next.former_until);
            }
            line.push((next.key, None));
        }
        line
    }

    /// Lets `disk` write what is new.
    pub(super) fn keep(&mut self, disk: &Disk) {
        if std::mem::take(&mut self.changed) {
            disk.write_json(self.path.clone(), self.organisations.clone());
        }
    }

    /// Every key, as files of receipts name them.
    pub(crate) fn organisations(&self) -> Vec<KnownOrganisation> {
        let keys_of = |(id, known): (&OrganisationId, &Known)| {
            let (id, known) = (id.clone(), known.clone());
            known.keys.clone().into_iter().map(move |public_key| KnownOrganisation {
                id: id.clone(),
                name: known.name.clone(),
                domain: known.domain.clone(),
                public_key,
                key_successions: known.successions.clone(),
            })
        };
        self.organisations.iter().flat_map(keys_of).collect()
    }

    fn known_mut(&mut self, id: &OrganisationId) -> Option<&mut Known> {
        if self.organisations.len() >= MOST && !self.organisations.contains_key(id) {
            tracing::warn!("more organisations asked than are remembered");
            return None;
        }
        Some(self.organisations.entry(id.clone()).or_default())
    }
}
