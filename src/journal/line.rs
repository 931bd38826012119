//! One line of the journal.

use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::Entry;
use std::collections::BTreeMap;

/// The version of the format that is written. Version 1 was one file without ends; version 2 told every request in full.
pub(super) const VERSION: u32 = 3;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// The version of the format.
    pub(crate) version: u32,
    /// By the computer's clock.
    pub(crate) at: Timestamp,
    /// The hash of the line before, without its line break; absent in the journal's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub(crate) record: Record,
    /// The documents that prove it.
    #[serde(flatten)]
    pub(crate) proof: Proof,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Record {
    /// Requests and sessions.
    Session(Entry),
    /// The journal itself.
    Own(Own),
    /// Something that a later version of the agent wrote.
    Later(BTreeMap<String, Value>),
}

/// What the journal says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(crate) enum Own {
    /// The first line of each file.
    SegmentOpened {
        /// The file's number.
        number: u32,
        /// Damage that was found before this file was opened, and is the reason for opening it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<KnownDamage>,
    },
    /// Files older than the journal is kept for were deleted.
    SegmentsDeleted {
        /// The number of the newest of them.
        through: u32,
        /// Its month.
        month: String,
        /// The hash of its last line, which the first file that is left names.
        last: Option<String>,
    },
    /// Requests that nobody saw were answered and are not told one by one.
    MoreUnseen(MoreUnseen),
}

/// Requests of one organisation that nobody saw, beside those that are told in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoreUnseen {
    /// For whom.
    pub(crate) organisation_name: String,
    /// When the first of them came in. A later line with the same time counts the same requests and more.
    pub(crate) since: Timestamp,
    /// How many there were until this was written.
    pub(crate) requests: u64,
    /// The newest of their receipts, which the organisation has.
    pub(crate) newest_receipt: ReceiptEnd,
}

/// A receipt that is not in the journal: what the next one needs to go on from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReceiptEnd {
    /// Its number.
    pub(crate) number: u64,
    /// The hash of its compact JWS.
    pub(crate) hash: String,
    /// The key that signed it.
    pub(crate) agent_public_key: String,
}

/// Damage that was found and written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownDamage {
    /// The file, which stays as it is.
    pub(crate) file: String,
    /// The first line that is not as it was written, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// The hash of the file as it was found, of its first 64 MiB at most; absent where it is missing or cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
}

/// The signed documents that belong to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The request as its organisation signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed_request: Option<String>,
    /// The receipt as the agent signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<String>,
}
