//! How often an organisation may ring: what keeps a popup from being a siege.

use protocol::OrganisationId;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// At most one popup in this time.
const APART: Duration = Duration::from_secs(60);
/// This many popups within [`PATIENCE`] without a yes, and requests come in quietly: an operator who withdraws before
/// anybody can say no is a siege too.
const MOST: usize = 5;
/// This many noes within [`PATIENCE`], and requests come in quietly.
const NOES: usize = 2;
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What each organisation has done to the user's patience in this run, and whom they no longer want to hear in any.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    rings: BTreeMap<OrganisationId, Ring>,
    muted: BTreeSet<OrganisationId>,
}

#[derive(Debug, Default)]
struct Ring {
    /// The last [`MOST`] popups.
    rang: VecDeque<Duration>,
    noes: VecDeque<Duration>,
}

impl Rings {
    pub(crate) fn may_ring(&self, organisation: &OrganisationId, now: Duration) -> bool {
        let Some(ring) = self.rings.get(organisation) else { return true };
        let recent = |times: &VecDeque<Duration>| times.iter().filter(|&&then| now < then + PATIENCE).count();
        let rested = ring.rang.back().is_none_or(|&last| now >= last + APART);
        rested && recent(&ring.noes) < NOES && recent(&ring.rang) < MOST
    }

    pub(crate) fn rang(&mut self, organisation: &OrganisationId, now: Duration) {
        // Organisations that rang and were refused long ago are forgotten, so that a hostile service cannot make this grow.
        self.rings.retain(|_, ring| ring.rang.iter().chain(&ring.noes).any(|&then| now < then + PATIENCE));
        let rang = &mut self.rings.entry(organisation.clone()).or_default().rang;
        rang.push_back(now);
        if rang.len() > MOST {
            rang.pop_front();
        }
    }

    /// There was no display for the popup: nobody was disturbed, and the next request is answered as soon.
    pub(crate) fn unseen(&mut self, organisation: &OrganisationId) {
        if let Some(ring) = self.rings.get_mut(organisation) {
            ring.rang.pop_back();
        }
    }

    pub(crate) fn no(&mut self, organisation: &OrganisationId, now: Duration) {
        let noes = &mut self.rings.entry(organisation.clone()).or_default().noes;
        noes.push_back(now);
        if noes.len() > NOES {
            noes.pop_front();
        }
    }

    /// A yes clears the account: the user wants this organisation, and its next request is not a siege.
    pub(crate) fn yes(&mut self, organisation: &OrganisationId) {
        self.rings.remove(organisation);
    }

    pub(crate) fn mute(&mut self, organisation: &OrganisationId) {
        self.muted.insert(organisation.clone());
    }

    pub(crate) fn unmute(&mut self, organisation: &OrganisationId) {
        self.muted.remove(organisation);
    }

    pub(crate) fn is_muted(&self, organisation: &OrganisationId) -> bool {
        self.muted.contains(organisation)
    }
}
