//! The file: signed texts, and beside them what they say, for people.

use protocol::{
    OrganisationId,
    signed::{ReceiptTerms, RequestTerms},
};
use serde::{Deserialize, Serialize};

/// A larger file is not read.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What `format` says.
const FORMAT: &str = "ondemand-receipts";

/// Receipts as they are exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// `ondemand-receipts`.
    format: String,
    /// 1.
    version: u32,
    /// The organisations that the receipts are about, with the keys that whoever wrote the file knows of them.
    #[serde(default)]
    pub organisations: Vec<KnownOrganisation>,
    /// What agents say of their own chains: compact JWS over [`ChainTerms`](protocol::signed::ChainTerms).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<String>,
    /// In the order of their chains.
    pub receipts: Vec<Entry>,
}

/// An organisation and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownOrganisation {
    /// Which.
    pub id: OrganisationId,
    /// The name people know it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The internet domain that the service vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// A key that signs or signed for it.
    pub public_key: String,
    /// How it came from key to key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_successions: Vec<String>,
}

/// A receipt with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The compact JWS.
    pub receipt: String,
    /// The service's compact JWS, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countersignature: Option<String>,
    /// What the receipt says, for people; the signed text counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<serde_json::Value>,
    /// What the request in it says, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<serde_json::Value>,
}

/// Why something is not a file of receipts.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("it is not a file of receipts, nor a receipt")]
    NotOne(#[source] serde_json::Error),
    /// It is of another kind, or of a later version.
    #[error("it is a file of another kind, or of a later version of this program")]
    Other,
}

impl File {
    /// A file with these receipts.
    pub fn new(organisations: Vec<KnownOrganisation>, chains: Vec<String>, receipts: Vec<Entry>) -> Self {
        Self { format: FORMAT.into(), version: 1, organisations, chains, receipts }
    }

    /// Reads a file, or a receipt that stands alone, as the console saves one.
    ///
    /// # Errors
    ///
    /// [`ReadError`] says what it is instead.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if let Ok(text) = str::from_utf8(bytes) {
            let text = text.trim();
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if text.matches('.').count() == 2 && text.chars().all(is_part) {
                return Ok(Self::new(Vec::new(), Vec::new(), vec![Entry::new(text.to_owned(), None)]));
            }
        }
        let file: Self = serde_json::from_slice(bytes).map_err(ReadError::NotOne)?;
        if file.format == FORMAT && file.version == 1 { Ok(file) } else { Err(ReadError::Other) }
    }
}

impl Entry {
    /// A receipt with what it says beside it.
    pub fn new(receipt: String, countersignature: Option<String>) -> Self {
        let terms: Option<serde_json::Value> = crypto::peek(&receipt).ok();
        let request = crypto::peek::<ReceiptTerms>(&receipt).ok();
        let request = request.and_then(|terms| crypto::peek(&terms.signed_request).ok());
        Self { receipt, countersignature, terms, request }
    }

    /// Whether what stands beside the signed texts is what they say.
    pub(crate) fn reads_as_signed(&self) -> bool {
        let fresh = Self::new(self.receipt.clone(), None);
        (self.terms.is_none() || self.terms == fresh.terms)
            && (self.request.is_none() || self.request == fresh.request)
    }

    /// What the receipt says, unchecked.
    pub(crate) fn peek(&self) -> Option<(ReceiptTerms, RequestTerms)> {
        let terms: ReceiptTerms = crypto::peek(&self.receipt).ok()?;
        let request = crypto::peek(&terms.signed_request).ok()?;
        Some((terms, request))
    }
}
