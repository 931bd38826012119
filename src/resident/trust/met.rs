//! Under which keys organisations asked, and how they came from one key to the next.
//!
//! Says nothing of trust: that a key is written down here means that it signed something once. Receipts are checked with
//! these keys years later, and a change of keys is believed only where it begins at a key that is trusted.

use crate::{places::Places, private, resident::Disk};
use crypto::{PublicKey, successors};
use protocol::{MOST_KEY_SUCCESSIONS, OrganisationId, Timestamp, signed::KeySuccessionTerms};
use receipts::KnownOrganisation;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Nobody is asked by more organisations; what is beyond is not remembered.
const MOST: usize = 500;
/// As many keys as are kept of an organisation, the latest, and as many changes of each kind.
const MOST_KEYS: usize = MOST_KEY_SUCCESSIONS;

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
    /// The latest, each as the former key signed it.
    #[serde(default)]
    successions: Vec<String>,
    /// What those before them came to.
    #[serde(default)]
    earlier: Vec<Earlier>,
}

/// A key that another one took the place of, perhaps after some that nobody needs to be told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Earlier {
    former: String,
    former_until: Timestamp,
    key: String,
}

impl Known {
    /// Each statement with the key that it says signed it.
    fn stated(&self) -> Vec<(String, &String)> {
        let stated = self.successions.iter();
        stated.filter_map(|statement| Some((terms(statement)?.former_key, statement))).collect()
    }

    /// The key that took the place of this one, and until when this one is good.
    fn after(
        &self,
        id: &OrganisationId,
        key: &PublicKey,
        stated: &[(String, &String)],
    ) -> Option<(PublicKey, Timestamp)> {
        let former = key.to_string();
        if let Some(step) = self.earlier.iter().find(|step| step.former == former) {
            return Some((step.key.parse().ok()?, step.former_until));
        }
        let (_, statement) = stated.iter().find(|(by, _)| *by == former)?;
        let next = successors(id, key, std::slice::from_ref(*statement)).pop()?;
        Some((next.key, next.former_until))
    }

    /// Whether something else was learned of what took this key's place.
    fn leads_on(&self, key: &PublicKey) -> bool {
        let former = key.to_string();
        self.earlier.iter().any(|step| step.former == former)
            || self.stated().iter().any(|(by, _)| *by == former)
    }

    /// See [`Met::line`].
    fn line(&self, id: &OrganisationId, root: &PublicKey) -> Vec<(PublicKey, Option<Timestamp>)> {
        let mut line = vec![(*root, None)];
        let (mut last, stated) = (*root, self.stated());
        while let Some((key, former_until)) = self.after(id, &last, &stated) {
            if line.iter().any(|(known, _)| *known == key) {
                break;
            }
            if let Some((_, until)) = line.last_mut() {
                *until = Some(former_until);
            }
            line.push((key, None));
            last = key;
        }
        line
    }

    /// Keeps of what is long ago only what leads on from one of `roots`.
    fn compact(&mut self, roots: &[PublicKey]) {
        while self.successions.len() > MOST_KEYS {
            let KeySuccessionTerms { former_key, former_until, key, .. } =
                match terms(&self.successions.remove(0)) {
                    Some(terms) => terms,
                    None => continue,
                };
            self.earlier.push(Earlier { former: former_key, former_until, key });
        }
        while self.earlier.len() > MOST_KEYS {
            let is_root = |step: &Earlier| roots.iter().any(|root| root.to_string() == step.former);
            let Some(at) = self.earlier.iter().position(|step| !is_root(step)) else { break };
            let gone = self.earlier.remove(at);
            for step in self.earlier.iter_mut().filter(|step| step.key == gone.former) {
                step.key.clone_from(&gone.key);
            }
        }
    }
}

/// What a statement says, whoever signed it.
fn terms(statement: &str) -> Option<KeySuccessionTerms> {
    crypto::peek(statement).ok()
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
        if !known.keys.contains(&key) {
            known.keys.push(key);
            let older = known.keys.len().saturating_sub(MOST_KEYS);
            known.keys.drain(..older);
        }
        self.changed |= *known != before;
    }

    /// Takes in what leads from one of `roots` to other keys.
    pub(super) fn learn(&mut self, id: &OrganisationId, roots: &[PublicKey], statements: &[String]) {
        let Some(known) = self.known_mut(id) else { return };
        let older = statements.len().saturating_sub(MOST_KEYS);
        let latest = statements[older..].iter().filter(|statement| !known.successions.contains(statement));
        let latest: Vec<String> = latest.cloned().collect();
        let before = known.clone();
        for root in roots {
            // From the end on, so that what was learned first counts where two statements contradict.
            let line = known.line(id, root);
            let Some((end, _)) = line.last() else { continue };
            for next in successors(id, end, &latest) {
                if line.iter().any(|(key, _)| *key == next.key) || known.leads_on(&next.former) {
                    break;
                }
                tracing::info!(organisation = %id, key = next.key.fingerprint(), "the organisation has a new key");
                known.successions.push(next.statement);
            }
        }
        known.compact(roots);
        self.changed |= *known != before;
    }

    /// The keys that follow each other from `root` on, each with until when it is good, the last one without end.
    pub(super) fn line(&self, id: &OrganisationId, root: &PublicKey) -> Vec<(PublicKey, Option<Timestamp>)> {
        self.organisations.get(id).map_or_else(|| vec![(*root, None)], |known| known.line(id, root))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::KeyPair;
    use protocol::signed::KEY_SUCCESSION_TYP;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + secs).unwrap()
    }

    fn succession(id: &OrganisationId, from: &KeyPair, to: &KeyPair, former_until: i64) -> String {
        let terms = KeySuccessionTerms {
            version: 1,
            organisation_id: id.clone(),
            former_key: from.public().to_string(),
            key: to.public().to_string(),
            issued_at: at(0),
            former_until: at(former_until),
        };
        crypto::sign(from, KEY_SUCCESSION_TYP, &terms).unwrap()
    }

    /// The keys of an organisation that changed them this often, and the statements of that.
    fn changes(id: &OrganisationId, count: usize) -> (Vec<KeyPair>, Vec<String>) {
        let keys: Vec<KeyPair> = (0..=count).map(|_| KeyPair::generate().0).collect();
        let statements = keys.windows(2).zip(0..).map(|(pair, at)| succession(id, &pair[0], &pair[1], at));
        let statements = statements.collect();
        (keys, statements)
    }

    #[test]
    fn an_organisation_is_followed_however_often_it_changes_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut met = Met::load(&Places::all_in(folder.path()));
        let id: OrganisationId = "org1".parse().unwrap();
        let (pairs, statements) = changes(&id, 70);
        let keys: Vec<PublicKey> = pairs.iter().map(KeyPair::public).collect();
        let (pinned, joined) = (keys[0], keys[20]);
        for told in 1..=statements.len() {
            let latest = &statements[told.saturating_sub(MOST_KEY_SUCCESSIONS)..told];
            let roots = if told < 20 { vec![pinned] } else { vec![pinned, joined] };
            met.learn(&id, &roots, latest);
            met.meet(&id, "Example Support", None, &keys[told]);
            assert_eq!(met.line(&id, &pinned).last(), Some(&(keys[told], None)), "change {told}");
            // What overlaps is known for as long as it does.
            let former = met.line(&id, &pinned).into_iter().rev().nth(1);
            assert_eq!(former, Some((keys[told - 1], Some(at(i64::try_from(told).unwrap() - 1)))));
        }
        assert_eq!(met.line(&id, &joined).last(), Some(&(keys[70], None)));
        assert_eq!(met.line(&id, &pinned)[0].1, Some(at(0)), "the first is good no longer than it said");
        let known = &met.organisations[&id];
        assert_eq!([known.successions.len(), known.earlier.len(), known.keys.len()], [MOST_KEYS; 3]);
        assert_eq!(met.organisations().last().unwrap().public_key, keys[70].to_string());
    }

    #[test]
    fn a_thief_of_a_key_that_was_replaced_long_ago_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut met = Met::load(&Places::all_in(folder.path()));
        let id: OrganisationId = "org1".parse().unwrap();
        let (keys, statements) = changes(&id, 60);
        let root = keys[0].public();
        for part in statements.chunks(30) {
            met.learn(&id, &[root], part);
        }
        let thief = KeyPair::generate().0;
        for stolen in [&keys[3], &keys[40]] {
            met.learn(&id, &[root], &[succession(&id, stolen, &thief, 1000)]);
        }
        met.learn(&id, &[root], &statements[..5]);
        assert_eq!(met.line(&id, &root).last(), Some(&(keys[60].public(), None)));
        assert!(met.line(&id, &root).iter().all(|(key, _)| *key != thief.public()));
    }
}
