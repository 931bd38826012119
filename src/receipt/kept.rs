//! The receipts that this computer keeps, from the journal and what lies beside it.

use super::countersignatures;
use crate::{
    journal::{self, Own, ReceiptEnd, Record},
    places::Places,
    private,
    resident::{
        credential::{self, Credential},
        is_device,
        trust::Trust,
    },
    settings::Settings,
};
use anyhow::Context as _;
use crypto::{KeyPair, PublicKey};
use protocol::{
    Timestamp,
    signed::{CHAIN_TYP, ChainEnd, ChainTerms, RECEIPT_TYP, ReceiptTerms},
};
use receipts::{Entry, File, KnownOrganisation};
use std::collections::BTreeSet;

/// What this computer keeps.
pub(super) struct Kept {
    key: Option<KeyPair>,
    organisations: Vec<KnownOrganisation>,
    /// In the order in which they were signed.
    entries: Vec<Entry>,
    /// The newest receipts of requests that were only counted.
    counted: Vec<ReceiptEnd>,
    /// What is wrong with the journal.
    pub(super) damage: Vec<String>,
}

impl Kept {
    pub(super) fn read(places: &Places) -> anyhow::Result<Self> {
        let countersignatures = countersignatures::read(&places.countersignatures())?;
        let (mut entries, mut counted) = (Vec::new(), Vec::new());
        let read = journal::read(places.journal(), &mut |line| {
            if let Record::Own(Own::MoreUnseen(more)) = line.record {
                counted.push(more.newest_receipt);
            }
            if let Some(receipt) = line.proof.receipt {
                let hash = crypto::hash(receipt.as_bytes());
                entries.push(Entry::new(receipt, countersignatures.get(&hash).cloned()));
            }
        });
        let read = read.context("failed to read the journal")?;
        counted.extend(read.counted().cloned());
        Ok(Self {
            key: credential::existing_key(places)?,
            organisations: organisations(places),
            entries,
            counted,
            damage: read.damage.iter().map(ToString::to_string).collect(),
        })
    }

    /// As a file, with the agent's own word on where its chain ends and what it does not keep of it.
    pub(super) fn file(&self) -> anyhow::Result<File> {
        let chain = self.key.as_ref().map(|key| self.chain(key)).transpose()?;
        Ok(File::new(self.organisations.clone(), chain.into_iter().collect(), self.entries.clone()))
    }

    fn chain(&self, key: &KeyPair) -> serde_json::Result<String> {
        let agent_public_key = key.public().to_string();
        let own: Vec<ChainEnd> = self.own(&key.public()).map(|(_, end)| end).collect();
        let counted = self.counted.iter().filter(|counted| counted.agent_public_key == agent_public_key);
        let counted =
            counted.map(|counted| ChainEnd { number: counted.number, receipt: counted.hash.clone() });
        let end = own.iter().cloned().chain(counted).max_by_key(|end| end.number);
        let numbers: BTreeSet<u64> = own.iter().map(|end| end.number).collect();
        let not_kept = match &end {
            // A damaged journal is no witness of what was never in it.
            Some(end) if self.damage.is_empty() => gaps(&numbers, end.number),
            _ => Vec::new(),
        };
        let terms = ChainTerms { version: 1, agent_public_key, end, not_kept, exported_at: Timestamp::now() };
        crypto::sign(key, CHAIN_TYP, &terms)
    }

    /// What this key signed.
    fn own(&self, key: &PublicKey) -> impl Iterator<Item = (ReceiptTerms, ChainEnd)> {
        self.entries.iter().filter_map(move |entry| {
            let terms: ReceiptTerms = crypto::verify(&entry.receipt, RECEIPT_TYP, key).ok()?;
            let end = ChainEnd { number: terms.number, receipt: crypto::hash(entry.receipt.as_bytes()) };
            Some((terms, end))
        })
    }

    /// The fingerprints of this agent's key and of the keys that it took the place of, one after the other.
    pub(super) fn own_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let mut next = self.key.as_ref().map(KeyPair::public);
        while let Some(key) = next.filter(|key| !keys.contains(&key.fingerprint())) {
            keys.push(key.fingerprint());
            let former = self.own(&key).find_map(|(terms, _)| terms.follows);
            next = former.and_then(|former| {
                let of_entry = |entry: &Entry| {
                    crypto::peek::<ReceiptTerms>(&entry.receipt).ok()?.agent_public_key.parse().ok()
                };
                self.entries
                    .iter()
                    .filter_map(of_entry)
                    .find(|key: &PublicKey| key.fingerprint() == former.agent_key)
            });
        }
        keys
    }
}

/// The numbers up to `end` that are not there, as ranges.
fn gaps(numbers: &BTreeSet<u64>, end: u64) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut next = 1;
    for number in numbers.iter().copied().chain([end + 1]) {
        if number > next {
            gaps.push((next, number - 1));
        }
        next = number + 1;
    }
    gaps
}

/// Every organisation whose key this computer knows, for whatever reason.
fn organisations(places: &Places) -> Vec<KnownOrganisation> {
    let settings = Settings::load(places, None, is_device(places));
    let mut known = Trust::load(places, settings.organisation_keys.value.0.clone()).organisations();
    // A credential that cannot be read is the running agent's to complain of.
    if let Ok(Some(Credential { organisation, .. })) = private::read_json(&places.credential()) {
        known.push(KnownOrganisation {
            id: organisation.id,
            name: Some(organisation.name),
            domain: organisation.domain,
            public_key: organisation.public_key,
            key_successions: organisation.key_successions,
        });
    }
    let mut seen = BTreeSet::new();
    known.retain(|known| seen.insert((known.id.clone(), known.public_key.clone())));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_told_as_ranges() {
        assert_eq!(gaps(&[1, 2, 3].into(), 3), []);
        assert_eq!(gaps(&[2, 5].into(), 7), [(1, 1), (3, 4), (6, 7)]);
        assert_eq!(gaps(&[].into(), 2), [(1, 2)]);
    }
}
