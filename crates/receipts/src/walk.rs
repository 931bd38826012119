//! One agent's chain, receipt by receipt.

use crate::{ChainReport, Finding, Kind};
use crypto::PublicKey;
use protocol::{
    RequestId,
    signed::{ChainEnd, ChainTerms, ReceiptTerms},
};
use std::collections::BTreeMap;

/// What is known of a chain so far.
pub(crate) struct Walk {
    pub(crate) key: PublicKey,
    pub(crate) key_was_given: bool,
    /// Where the first of its receipts stands in the file, and what it says.
    pub(crate) began: (usize, ReceiptTerms),
    /// The agent's own word on the chain.
    own: Option<ChainTerms>,
    first: u64,
    last: ChainEnd,
    seen: BTreeMap<u64, String>,
    requests: BTreeMap<RequestId, u64>,
    /// How many receipts after the last could not be read: they explain as many missing numbers.
    unread: u64,
    gaps: bool,
    countersigned: usize,
}

/// What is to be said of a receipt's place.
pub(crate) type Said = Option<(Kind, String)>;

impl Walk {
    /// Begins with the first receipt of a key.
    pub(crate) fn begin(
        key: PublicKey,
        key_was_given: bool,
        own: Option<ChainTerms>,
        at: usize,
        terms: &ReceiptTerms,
        unread: u64,
    ) -> Self {
        Self {
            key,
            key_was_given,
            began: (at, terms.clone()),
            own,
            first: terms.number,
            last: ChainEnd { number: 0, receipt: String::new() },
            seen: BTreeMap::new(),
            requests: BTreeMap::new(),
            unread,
            gaps: false,
            countersigned: 0,
        }
    }

    /// A receipt follows that cannot be read.
    pub(crate) fn skip(&mut self) {
        self.unread += 1;
    }

    /// The service countersigned the receipt.
    pub(crate) fn countersigned(&mut self) {
        self.countersigned += 1;
    }

    /// The next receipt; says what is wrong with its place.
    pub(crate) fn step(&mut self, terms: &ReceiptTerms, hash: &str) -> Vec<(Kind, String)> {
        let mut said = Vec::new();
        let number = terms.number;
        if let Some(known) = self.seen.get(&number) {
            said.push(if known == hash {
                (Kind::Replayed, "it is in the file twice: a copy was put in".to_owned())
            } else {
                let text = format!(
                    "the agent's key signed another receipt with number {number}: one of them was put in the other's \
                     place, the computer's disk was full, or it was put back to an earlier state"
                );
                (Kind::Contradictory, text)
            });
            return said;
        }
        if number < self.last.number {
            let text = format!("it stands after number {}: the order was changed", self.last.number);
            said.push((Kind::Reordered, text));
            // It is not missing after all, but where it stood it was.
            self.keep(terms, hash);
            return said;
        }
        said.extend(self.links(terms));
        if let Some(before) = self.requests.get(&terms.request_id) {
            let text = format!(
                "its request was answered by number {before} before: a request cannot be answered twice"
            );
            said.push((Kind::Replayed, text));
        }
        self.keep(terms, hash);
        self.last = ChainEnd { number, receipt: hash.to_owned() };
        self.unread = 0;
        said
    }

    fn keep(&mut self, terms: &ReceiptTerms, hash: &str) {
        self.seen.insert(terms.number, hash.to_owned());
        self.requests.insert(terms.request_id.clone(), terms.number);
    }

    /// Whether the receipt follows the last one.
    fn links(&mut self, terms: &ReceiptTerms) -> Said {
        let (number, expected) = (terms.number, self.last.number.saturating_add(1));
        if number > expected {
            let missing = number - expected;
            if self.not_kept(expected, number - 1) || missing <= self.unread {
                return None;
            }
            self.gaps = true;
            let text = match missing {
                1 => format!("number {expected} before it is missing: a receipt was taken out"),
                _ => format!(
                    "numbers {expected} to {} before it are missing: receipts were taken out",
                    number - 1
                ),
            };
            return Some((Kind::Missing, text));
        }
        let previous = (expected > 1).then_some(&self.last.receipt);
        (terms.previous.as_ref() != previous && self.unread == 0).then(|| {
            let text = format!(
                "it does not follow number {} as that is in the file: one of them was put in another's place",
                self.last.number
            );
            (Kind::Contradictory, text)
        })
    }

    fn not_kept(&self, from: u64, to: u64) -> bool {
        let Some(own) = &self.own else { return false };
        // Ranges that touch are as good as one.
        let mut next = from;
        let mut ranges = own.not_kept.clone();
        ranges.sort_unstable();
        for (first, last) in ranges {
            if first <= next && last >= next {
                next = last.saturating_add(1);
            }
        }
        next > to
    }

    /// What somebody who signed it says of a receipt of this chain.
    pub(crate) fn compare(&self, known: &ChainEnd, who: &str) -> Said {
        match self.seen.get(&known.number) {
            Some(hash) if *hash != known.receipt => Some((
                Kind::Contradictory,
                format!(
                    "{who} knows another receipt with number {}: one took the other's place",
                    known.number
                ),
            )),
            Some(_) => None,
            None if known.number > self.last.number
                && known.number - self.last.number > self.unread
                && !self.not_kept(self.last.number.saturating_add(1), known.number) =>
            {
                Some((
                    Kind::Cut,
                    format!(
                        "it goes on to number {} at least, as {who} says, and ends here with {}: receipts at the end were \
                         taken away",
                        known.number, self.last.number
                    ),
                ))
            }
            None => None,
        }
    }

    /// What the agent itself says of the end, or that it does not.
    pub(crate) fn finish(&self) -> Said {
        match &self.own {
            Some(own) => own.end.as_ref().and_then(|end| self.compare(end, "the agent")),
            None => Some((
                Kind::NoEnd,
                format!(
                    "nothing in the file says where it ends: receipts after number {} could be missing",
                    self.last.number
                ),
            )),
        }
    }

    /// Whether this chain says that it took the place of `other`.
    pub(crate) fn follows(&self, other: &Self) -> bool {
        let former = self.began.1.follows.as_ref();
        former.is_some_and(|former| former.agent_key == other.key.fingerprint())
    }

    pub(crate) fn last(&self) -> &ChainEnd {
        &self.last
    }

    pub(crate) fn finding(&self, (kind, meaning): (Kind, String)) -> Finding {
        Finding { kind, receipt: None, number: None, agent_key: Some(self.key.fingerprint()), meaning }
    }

    pub(crate) fn report(&self) -> ChainReport {
        ChainReport {
            agent_key: self.key.fingerprint(),
            key_was_given: self.key_was_given,
            first: self.first,
            last: self.last.number,
            whole: !self.gaps && self.finish().is_none(),
            countersigned: self.countersigned,
        }
    }
}
