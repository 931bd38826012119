//! Receipts: what the agent signs about how a request ended, and the signed requests they repeat.

use crypto::{KeyPair, PublicKey};
use protocol::{
    Outcome, RequestId, Timestamp,
    signed::{RECEIPT_TYP, ReceiptTerms},
};
use std::{collections::BTreeMap, rc::Rc};

/// Signs receipts and keeps what is still needed of them.
pub(crate) struct Receipts {
    key: Rc<KeyPair>,
    /// How many receipts this key signed.
    signed: u64,
    previous: Option<String>,
    requests: BTreeMap<RequestId, String>,
    receipts: BTreeMap<RequestId, String>,
}

impl Receipts {
    /// Goes on from the newest receipt in the journal.
    pub(crate) fn new(
        key: Rc<KeyPair>,
        last_receipt: Option<&str>,
        requests: BTreeMap<RequestId, String>,
    ) -> Self {
        let last = last_receipt.and_then(|receipt| {
            let terms: ReceiptTerms = crypto::verify(receipt, RECEIPT_TYP, &key.public()).ok()?;
            Some((terms.number, crypto::hash(receipt.as_bytes())))
        });
        let (signed, previous) = last.map_or((0, None), |(number, hash)| (number, Some(hash)));
        Self { key, signed, previous, requests, receipts: BTreeMap::new() }
    }

    /// The agent's key.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.key.public()
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
            number: self.signed + 1,
            previous: self.previous.clone(),
        };
        let receipt = crypto::sign(&self.key, RECEIPT_TYP, &terms).ok()?;
        self.signed += 1;
        self.previous = Some(crypto::hash(receipt.as_bytes()));
        self.receipts.insert(id.clone(), receipt.clone());
        Some(receipt)
    }

    /// The outcome has arrived or was refused for good.
    pub(crate) fn forget(&mut self, id: &RequestId) {
        self.requests.remove(id);
        self.receipts.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_count_on_over_a_restart_and_name_the_one_before() {
        let key = Rc::new(KeyPair::generate().0);
        let read =
            |receipt: &str| -> ReceiptTerms { crypto::verify(receipt, RECEIPT_TYP, &key.public()).unwrap() };
        let (one, two) = ("r1".parse::<RequestId>().unwrap(), "r2".parse::<RequestId>().unwrap());
        let no = Outcome::Rejected { reason: None };

        let mut receipts = Receipts::new(key.clone(), None, BTreeMap::new());
        receipts.keep_request(&one, "signed request".into());
        let first = receipts.receipt(&one, &no, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(receipts.receipt(&one, &no, Timestamp::now()).unwrap(), first);
        assert_eq!((read(&first).number, read(&first).previous), (1, None));

        let mut receipts =
            Receipts::new(key.clone(), Some(&first), BTreeMap::from([(two.clone(), "x".into())]));
        let second = read(&receipts.receipt(&two, &no, Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!((second.number, second.previous), (2, Some(crypto::hash(first.as_bytes()))));
    }
}
