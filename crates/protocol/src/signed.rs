//! What is signed: the terms of a request by the organisation, the receipt by the agent.
//!
//! Both travel as compact JWS (RFC 7515) with `alg` `EdDSA` (RFC 8037, Ed25519) and the `typ` given here, so that a
//! signature over one can never be taken for a signature over the other.

use crate::{
    DeviceId, InvitationId, Operator, OrganisationId, Outcome, Permissions, RequestId, SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// The JWS header's `typ` over [`RequestTerms`].
pub const REQUEST_TYP: &str = "ondemand-request+jws";
/// The JWS header's `typ` over [`ReceiptTerms`].
pub const RECEIPT_TYP: &str = "ondemand-receipt+jws";

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
}
