//! What is signed: the terms of a request by the organisation, the receipt and an enrolment by the agent, a receipt's
//! countersignature and a change of keys by the organisation again.
//!
//! All travel as compact JWS (RFC 7515) with `alg` `EdDSA` (RFC 8037, Ed25519) and the `typ` given here, so that a
//! signature over one can never be taken for a signature over another.

use crate::{
    DeviceId, InvitationId, Operator, OrganisationId, Outcome, Permissions, RequestId, SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The JWS header's `typ` over [`RequestTerms`].
pub const REQUEST_TYP: &str = "ondemand-request+jws";
/// The JWS header's `typ` over [`ReceiptTerms`].
pub const RECEIPT_TYP: &str = "ondemand-receipt+jws";
/// The JWS header's `typ` over [`EnrolmentTerms`].
pub const ENROLMENT_TYP: &str = "ondemand-enrolment+jws";
/// The JWS header's `typ` over [`CountersignatureTerms`].
pub const COUNTERSIGNATURE_TYP: &str = "ondemand-countersignature+jws";
/// The JWS header's `typ` over [`ChainTerms`].
pub const CHAIN_TYP: &str = "ondemand-chain+jws";
/// The JWS header's `typ` over [`KeySuccessionTerms`].
pub const KEY_SUCCESSION_TYP: &str = "ondemand-key-succession+jws";

/// What an organisation signs when one of its operators asks. The agent shows exactly this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RequestTerms {
    /// 1.
    pub version: u32,
    /// The request.
    pub request_id: RequestId,
    /// Whose key signs.
    pub organisation_id: OrganisationId,
    /// The organisation's name.
    pub organisation_name: String,
    /// The domain the service vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_domain: Option<String>,
    /// Who asks.
    pub operator: Operator,
    /// Whose agent is asked.
    pub audience: Audience,
    /// The fingerprint of that agent's key: base64url of the SHA-256 of its 32 bytes.
    pub agent_key: String,
    /// What is asked for.
    pub permissions: Permissions,
    /// Present when the operator of a running session asks for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// 16 random bytes or more, which are 22 characters of base64url or more; never used twice.
    pub nonce: String,
    /// The service's clock when it was signed.
    pub issued_at: Timestamp,
    /// By the service's clock; 660 seconds after `issued_at` at most, and best just that, since *More time* reaches so far.
    pub expires_at: Timestamp,
    /// Reserved for a chain organisation → operator key → request; ignored by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_key: Option<String>,
}

/// Whose agent is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The agent that joined this invitation.
    Invitation(InvitationId),
    /// This device's agent.
    Device(DeviceId),
}

/// What the agent signs: how a request ended on the user's computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReceiptTerms {
    /// 1.
    pub version: u32,
    /// The request that ended.
    pub request_id: RequestId,
    /// The signed request, whole, so that the receipt can be checked with two public keys and nothing else.
    pub signed_request: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The user's computer's clock when it was decided.
    pub decided_at: Timestamp,
    /// The agent's Ed25519 public key: 32 bytes, base64url without padding.
    pub agent_public_key: String,
    /// Counts the receipts that this key signed, from 1.
    pub number: u64,
    /// base64url of the SHA-256 of the previous receipt's compact JWS; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// In the first receipt of a key that took the place of another: the newest receipt of that one, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<FormerChain>,
}

/// A receipt, by its place in its key's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChainEnd {
    /// Its number.
    pub number: u64,
    /// base64url of the SHA-256 of its compact JWS.
    pub receipt: String,
}

/// The chain of an agent's earlier key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FormerChain {
    /// The fingerprint of that key.
    pub agent_key: String,
    /// Its newest receipt.
    #[serde(flatten)]
    pub end: ChainEnd,
}

/// What the agent signs to show that the key it enrols is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentTerms {
    /// 1.
    pub version: u32,
    /// base64url of the SHA-256 of the enrolment token's text.
    pub token: String,
    /// The user's computer's clock when it was signed.
    pub signed_at: Timestamp,
}

/// What the organisation signs when its service has taken a receipt in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CountersignatureTerms {
    /// 1.
    pub version: u32,
    /// Whose key signs.
    pub organisation_id: OrganisationId,
    /// The fingerprint of the agent's key.
    pub agent_key: String,
    /// The receipt.
    #[serde(flatten)]
    pub receipt: ChainEnd,
    /// When it was taken in, by the service's clock.
    pub received_at: Timestamp,
    /// The receipt of this key with the highest number that the organisation holds, this one included.
    pub head: ChainEnd,
    /// The hash of a receipt taken in earlier that cannot stand in one chain with this one: the key signed twice for one
    /// place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradicts: Option<String>,
}

/// What the agent signs about its own chain when the user takes a copy of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChainTerms {
    /// 1.
    pub version: u32,
    /// The agent's Ed25519 public key: 32 bytes, base64url without padding.
    pub agent_public_key: String,
    /// Its newest receipt; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<ChainEnd>,
    /// Which numbers, first and last, are not kept on the computer: receipts of requests that nobody saw and that are only
    /// counted, and those of months that were deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_kept: Vec<(u64, u64)>,
    /// The user's computer's clock when the copy was taken.
    pub exported_at: Timestamp,
}

/// What an organisation signs, with the old key, when another key takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeySuccessionTerms {
    /// 1.
    pub version: u32,
    /// Whose keys.
    pub organisation_id: OrganisationId,
    /// The key that signs this: 32 bytes, base64url without padding.
    pub former_key: String,
    /// The key that signs the organisation's requests from now on, in the same form.
    pub key: String,
    /// The service's clock when it was signed.
    pub issued_at: Timestamp,
    /// Until then what the former key signed is good as well.
    pub former_until: Timestamp,
}
