//! What the organisation says of a receipt that its service took in, and of its own keys.

use super::{Enrolling, Resident, credential};
use crate::receipt::countersignatures::{self, Countersigned};
use protocol::{
    RequestId,
    agent::OutcomeResponse,
    signed::{COUNTERSIGNATURE_TYP, CountersignatureTerms},
};
use session::Now;
use std::sync::Arc;

/// No countersignature is so long.
const LONGEST: usize = 8 * 1024;

impl Resident {
    /// Keeps the countersignature that came with the answer to an outcome, if it is one of that receipt. Nothing depends on
    /// it: an organisation that signs nothing, or nonsense, has no proof to show, and the user has a receipt all the same.
    pub(super) fn keep_countersignature(&mut self, request_id: &RequestId, answer: &[u8], now: Now) {
        let Some(known) = &self.known else { return };
        let Some(receipt) = self.receipts.written(request_id) else { return };
        let answer = serde_json::from_slice::<OutcomeResponse>(answer).ok();
        let Some(text) = answer.and_then(|answer| answer.countersignature) else { return };
        let asked = &known.asked;
        let keys = self.trust.good_keys(&asked.organisation_id, &asked.organisation_key, now.wall);
        let verify = |key| crypto::verify::<CountersignatureTerms>(&text, COUNTERSIGNATURE_TYP, key).ok();
        let terms = keys.iter().find_map(verify).filter(|_| text.len() <= LONGEST);
        let hash = crypto::hash(receipt.as_bytes());
        let fits = |terms: &CountersignatureTerms| {
            terms.agent_key == asked.agent_key && terms.receipt.receipt == hash
        };
        let Some(terms) = terms.filter(fits) else {
            return tracing::warn!(%request_id, "the service's countersignature is none of this receipt");
        };
        if terms.contradicts.is_some() {
            tracing::warn!(%request_id, "the service holds another receipt of this agent's key for the same place");
        }
        let path = self.places.countersignatures();
        self.disk.run(move || {
            let line = Countersigned { receipt: hash, countersignature: text };
            if let Err(error) = countersignatures::add(&path, &line) {
                tracing::error!(%error, "a countersignature could not be written: is the disk full?");
            }
        });
    }

    /// The agent's key is on another computer as well, as copies of a disk have it. The agent makes a key of its own, whose
    /// receipts begin a new chain, and enrols with that, once: a service that calls each new key a copy is not believed.
    pub(super) fn renew_key(&mut self, refused: Enrolling) {
        if refused.with_new_key {
            return tracing::error!(
                "the service calls the agent's new key a copy too; this computer is no device"
            );
        }
        let key = match credential::renew_key(&self.places) {
            Ok(key) => key,
            Err(error) => {
                let error = format!("{error:#}");
                return tracing::error!(error, "the agent's key could not be renewed");
            }
        };
        // An invitation's answers and ends are signed with the key that joined it.
        if self.known.is_some() || self.joining.is_some() {
            return tracing::warn!("the agent has a new key from its next start on, and enrols with it");
        }
        tracing::warn!(
            fingerprint = key.public().fingerprint(),
            "the agent has a new key and enrols with it"
        );
        self.receipts.take_key(Arc::new(key));
        self.enrol(Enrolling { with_new_key: true, ..refused });
    }

    /// Goes on with the organisation's newest key, so that a session that ends is one with that.
    pub(super) fn take_over_key(&mut self) {
        let Some(known) = &mut self.known else { return };
        let newest = self.trust.newest_key(&known.asked.organisation_id, &known.asked.organisation_key);
        if newest != known.asked.organisation_key {
            known.asked.organisation_key = newest;
            known.credential.organisation.public_key = newest.to_string();
            self.disk.write_json(self.places.credential(), known.credential.clone());
        }
    }
}
