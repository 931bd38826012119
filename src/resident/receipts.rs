//! Receipts: what the agent signs about how a request ended, and the signed requests they repeat.

use crate::journal::ReceiptEnd;
use crypto::{KeyPair, PublicKey};
use protocol::{
    Outcome, RequestId, Timestamp,
    signed::{ChainEnd, FormerChain, RECEIPT_TYP, ReceiptTerms},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Signs receipts and keeps what is still needed of them.
pub(crate) struct Receipts {
    key: Arc<KeyPair>,
    end: End,
    /// Where the chain of an earlier key ended, as far as the journal knows.
    former: Option<FormerChain>,
    /// Receipts on their way to the journal, oldest first.
    unwritten: Vec<Unwritten>,
    requests: BTreeMap<RequestId, String>,
    receipts: BTreeMap<RequestId, String>,
    /// Those of `receipts` that the journal only counts.
    counted: BTreeSet<RequestId>,
}

/// Where the chain of receipts ends.
#[derive(Clone, Debug, Default)]
struct End {
    /// How many there are.
    signed: u64,
    /// The hash of the last.
    previous: Option<String>,
}

/// A receipt on its way to the journal.
struct Unwritten {
    request_id: RequestId,
    /// The end of the chain before it.
    before: End,
    failed: bool,
}

impl Receipts {
    /// Goes on from the newest receipt that the journal holds or counts.
    pub(crate) fn new(
        key: Arc<KeyPair>,
        last_receipt: Option<&str>,
        last_counted: Option<ReceiptEnd>,
        requests: BTreeMap<RequestId, String>,
    ) -> Self {
        let held = last_receipt.and_then(|receipt| {
            let signer: ReceiptTerms = crypto::peek(receipt).ok()?;
            let signer: PublicKey = signer.agent_public_key.parse().ok()?;
            let terms: ReceiptTerms = crypto::verify(receipt, RECEIPT_TYP, &signer).ok()?;
            Some((signer, ChainEnd { number: terms.number, receipt: crypto::hash(receipt.as_bytes()) }))
        });
        let counted = last_counted.and_then(|counted| {
            let signer: PublicKey = counted.agent_public_key.parse().ok()?;
            Some((signer, ChainEnd { number: counted.number, receipt: counted.hash }))
        });
        let ends: Vec<(PublicKey, ChainEnd)> = held.into_iter().chain(counted).collect();
        let newest = |own: bool| {
            let of = ends.iter().filter(|(signer, _)| (*signer == key.public()) == own);
            of.max_by_key(|(_, end)| end.number).cloned()
        };
        let end = newest(true)
            .map(|(_, end)| End { signed: end.number, previous: Some(end.receipt) })
            .unwrap_or_default();
        let former = newest(false).map(|(signer, end)| FormerChain { agent_key: signer.fingerprint(), end });
        let (receipts, counted) = (BTreeMap::new(), BTreeSet::new());
        Self { key, end, former, unwritten: Vec::new(), requests, receipts, counted }
    }

    /// The agent's key.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Both halves of it.
    pub(crate) fn key(&self) -> Arc<KeyPair> {
        Arc::clone(&self.key)
    }

    /// Signs with another key from now on. Its chain is a new one that names the end of the old.
    pub(crate) fn take_key(&mut self, key: Arc<KeyPair>) {
        let former = std::mem::replace(&mut self.key, key).public().fingerprint();
        let End { signed, previous } = std::mem::take(&mut self.end);
        if let Some(receipt) = previous {
            let end = ChainEnd { number: signed, receipt };
            self.former = Some(FormerChain { agent_key: former, end });
        }
    }

    /// Keeps a signed request until its outcome has arrived.
    pub(crate) fn keep_request(&mut self, id: &RequestId, signed: String) {
        self.requests.insert(id.clone(), signed);
    }

    /// The signed request, while its outcome has not arrived.
    pub(crate) fn request(&self, id: &RequestId) -> Option<String> {
        self.requests.get(id).cloned()
    }

    /// The receipt for this outcome. The same outcome gets the same receipt: what was recorded is what is sent.
    pub(crate) fn receipt(
        &mut self,
        id: &RequestId,
        outcome: &Outcome,
        decided_at: Timestamp,
    ) -> Option<String> {
        if let Some(receipt) = self.receipts.get(id) {
            let made: Option<ReceiptTerms> = crypto::peek(receipt).ok();
            if made.is_some_and(|terms| terms.outcome == *outcome) {
                return Some(receipt.clone());
            }
        }
        let terms = ReceiptTerms {
            version: 1,
            request_id: id.clone(),
            signed_request: self.requests.get(id)?.clone(),
            outcome: outcome.clone(),
            decided_at,
            agent_public_key: self.key.public().to_string(),
            number: self.end.signed + 1,
            previous: self.end.previous.clone(),
            follows: self.former.clone().filter(|_| self.end.signed == 0),
        };
        let receipt = crypto::sign(&self.key, RECEIPT_TYP, &terms).ok()?;
        let end = End { signed: self.end.signed + 1, previous: Some(crypto::hash(receipt.as_bytes())) };
        let before = std::mem::replace(&mut self.end, end);
        self.unwritten.push(Unwritten { request_id: id.clone(), before, failed: false });
        self.receipts.insert(id.clone(), receipt.clone());
        Some(receipt)
    }

    /// The receipt is counted and not kept.
    pub(crate) fn only_counted(&mut self, id: &RequestId) {
        self.counted.insert(id.clone());
    }

    /// The receipt that is in the journal, until its outcome has arrived.
    pub(crate) fn written(&self, id: &RequestId) -> Option<&str> {
        self.receipts.get(id).filter(|_| !self.counted.contains(id)).map(String::as_str)
    }

    /// The newest receipt, where there is one.
    pub(crate) fn end(&self) -> Option<ReceiptEnd> {
        let hash = self.end.previous.clone()?;
        Some(ReceiptEnd { number: self.end.signed, hash, agent_public_key: self.key.public().to_string() })
    }

    /// The receipt is in the journal.
    pub(crate) fn recorded(&mut self, id: &RequestId) {
        if let Some(at) = self.unwritten.iter().position(|unwritten| unwritten.request_id == *id) {
            self.unwritten.drain(..=at);
        }
    }

    /// The receipt could not be written to the journal: the next one takes its place in the chain, unless one that came
    /// after it was written.
    pub(crate) fn not_recorded(&mut self, id: &RequestId) {
        for unwritten in self.unwritten.iter_mut().filter(|unwritten| unwritten.request_id == *id) {
            unwritten.failed = true;
        }
        while let Some(last) = self.unwritten.pop_if(|last| last.failed) {
            self.end = last.before;
            self.receipts.remove(&last.request_id);
        }
    }

    /// The outcome has arrived or was refused for good.
    pub(crate) fn forget(&mut self, id: &RequestId) {
        self.requests.remove(id);
        self.receipts.remove(id);
        self.counted.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_count_on_over_a_restart_and_name_the_one_before() {
        let key = Arc::new(KeyPair::generate().0);
        let read =
            |receipt: &str| -> ReceiptTerms { crypto::verify(receipt, RECEIPT_TYP, &key.public()).unwrap() };
        let (one, two) = ("r1".parse::<RequestId>().unwrap(), "r2".parse::<RequestId>().unwrap());
        let no = Outcome::Rejected { reason: None };

        let mut receipts = Receipts::new(key.clone(), None, None, BTreeMap::new());
        receipts.keep_request(&one, "signed request".into());
        let first = receipts.receipt(&one, &no, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(receipts.receipt(&one, &no, Timestamp::now()).unwrap(), first);
        assert_eq!((read(&first).number, read(&first).previous), (1, None));

        let mut receipts =
            Receipts::new(key.clone(), Some(&first), None, BTreeMap::from([(two.clone(), "x".into())]));
        let second = read(&receipts.receipt(&two, &no, Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!((second.number, second.previous), (2, Some(crypto::hash(first.as_bytes()))));

        // Of the receipts in the journal and those that are only counted the newest counts, if it is of this key.
        let third = |counted: ReceiptEnd| {
            let requests = BTreeMap::from([(one.clone(), "x".into())]);
            let mut receipts = Receipts::new(key.clone(), Some(&first), Some(counted), requests);
            let third = read(&receipts.receipt(&one, &no, Timestamp::UNIX_EPOCH).unwrap());
            (third.number, third.previous)
        };
        let counted = receipts.end().unwrap();
        assert_eq!(third(counted.clone()), (3, Some(counted.hash.clone())));
        assert_eq!(third(ReceiptEnd { agent_public_key: "another".into(), ..counted }).0, 2);
    }

    #[test]
    fn the_first_receipt_of_a_new_key_names_the_last_one_of_the_key_before() {
        let (old, new) = (Arc::new(KeyPair::generate().0), Arc::new(KeyPair::generate().0));
        let one = "r1".parse::<RequestId>().unwrap();
        let no = Outcome::Rejected { reason: None };
        let chain = |key: &Arc<KeyPair>, last: Option<&str>| {
            let mut receipts =
                Receipts::new(key.clone(), last, None, BTreeMap::from([(one.clone(), "x".into())]));
            receipts.receipt(&one, &no, Timestamp::UNIX_EPOCH).unwrap()
        };
        let read = |receipt: &str| crypto::peek::<ReceiptTerms>(receipt).unwrap();
        let last = chain(&old, None);
        assert_eq!(read(&last).follows, None);
        let first = read(&chain(&new, Some(&last)));
        let end = ChainEnd { number: 1, receipt: crypto::hash(last.as_bytes()) };
        assert_eq!((first.number, first.previous), (1, None));
        assert_eq!(
            first.follows,
            Some(FormerChain { agent_key: old.public().fingerprint(), end: end.clone() })
        );
        // The same where the key changes while the agent runs.
        let requests = BTreeMap::from([(one.clone(), "x".into())]);
        let mut receipts = Receipts::new(old.clone(), Some(&last), None, requests);
        receipts.take_key(new.clone());
        let again = read(&receipts.receipt(&one, &no, Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!(
            (again.number, again.follows),
            (1, Some(FormerChain { agent_key: old.public().fingerprint(), end }))
        );
        // Said once, at the beginning.
        assert_eq!(read(&chain(&old, Some(&last))).follows, None);
    }

    #[test]
    fn a_receipt_that_was_not_written_leaves_no_gap() {
        let key = Arc::new(KeyPair::generate().0);
        let ids = ["r1", "r2", "r3"].map(|id| id.parse::<RequestId>().unwrap());
        let requests = ids.iter().map(|id| (id.clone(), "signed".into())).collect();
        let mut receipts = Receipts::new(key.clone(), None, None, requests);
        let yes =
            Outcome::Approved { permissions: protocol::Permissions::all(), limit_secs: 60, given_by: None };
        let no = Outcome::Unanswered { cause: protocol::UnansweredCause::NotRecorded };
        let number = |receipt: Option<String>| -> u64 {
            let terms: ReceiptTerms = crypto::peek(&receipt.unwrap()).unwrap();
            terms.number
        };
        let at = Timestamp::UNIX_EPOCH;
        // The yes cannot be written, nor the no that it becomes.
        assert_eq!(number(receipts.receipt(&ids[0], &yes, at)), 1);
        receipts.not_recorded(&ids[0]);
        assert_eq!(number(receipts.receipt(&ids[0], &no, at)), 1);
        // Another one is made before that is known, and fails as well.
        assert_eq!(number(receipts.receipt(&ids[1], &no, at)), 2);
        receipts.not_recorded(&ids[0]);
        receipts.not_recorded(&ids[1]);
        assert_eq!(number(receipts.receipt(&ids[1], &no, at)), 1);
        receipts.recorded(&ids[1]);
        assert_eq!(number(receipts.receipt(&ids[2], &no, at)), 2);
    }
}
