//! What can be wrong with receipts, and what it means, in words.

use serde::Serialize;
use std::fmt;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// Which receipt of the file, counted from 1; absent where it is about a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<usize>,
    /// Its number in its chain, as far as that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The fingerprint of the agent's key, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_key: Option<String>,
    /// What it means, for people.
    pub meaning: String,
}

/// What is wrong. Stable: kinds are added, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It cannot be read as a receipt.
    Unreadable,
    /// A signature does not fit what it is over.
    Changed,
    /// The text beside it says something else than what was signed.
    CopyDiffers,
    /// It belongs to another agent, or its request to another agent or an organisation that is not known.
    Foreign,
    /// It does not say what a receipt can say, such as more granted than asked.
    NotValid,
    /// Receipts before it are missing.
    Missing,
    /// Receipts at the end are missing.
    Cut,
    /// Nothing says where the chain ends.
    NoEnd,
    /// It stands in the wrong place.
    Reordered,
    /// It, or its request, is there a second time.
    Replayed,
    /// The agent's key signed two histories.
    Contradictory,
    /// The service's countersignature is not one of this receipt.
    Countersignature,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.receipt, self.number) {
            (Some(at), Some(number)) => write!(f, "Receipt {at} of the file (number {number}): ")?,
            (Some(at), None) => write!(f, "Receipt {at} of the file: ")?,
            (None, _) => {}
        }
        if let (None, Some(key)) = (self.receipt, &self.agent_key) {
            write!(f, "Chain of the key {key}: ")?;
        }
        f.write_str(&self.meaning)
    }
}
