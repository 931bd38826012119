//! Who asks.

use crate::{OperatorId, OrganisationId};
use serde::{Deserialize, Serialize};

/// So many of its latest changes of keys an organisation tells an agent; who missed more needs the new key from elsewhere.
pub const MOST_KEY_SUCCESSIONS: usize = 32;

/// An organisation as it presents itself to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Organisation {
    /// Stable for the life of the organisation.
    pub id: OrganisationId,
    /// The name people know it by.
    pub name: String,
    /// The internet domain that the service vouches for, in ASCII form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// A short text shown beside the operator's name, never instead of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// The Ed25519 public key that signs its requests: 32 bytes, base64url without padding.
    pub public_key: String,
    /// How it came to this key, oldest first: a compact JWS over
    /// [`KeySuccessionTerms`](crate::signed::KeySuccessionTerms) for each time that another key took a key's place. Agents are
    /// told the latest 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_successions: Vec<String>,
}

/// How an organisation wants to look on a user's screen. It never stands in the place of a name, a warning or a button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Branding {
    /// A short text shown beside the operator's name, never instead of it; the same as the organisation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// A colour as `#rrggbb`. Whoever draws with it keeps enough contrast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(pattern = "^#[0-9a-f]{6}$", example = "#1a56e8"))]
    pub accent: Option<String>,
    /// The entity tag, without quotes, of the picture at `GET /agent/v1/branding/logo`; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// A support technician.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Operator {
    /// Stable for the life of the operator's account.
    pub id: OperatorId,
    /// The name the user sees.
    pub name: String,
}

/// What this computer knows of an organisation's key. Decided by the agent alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustLevel {
    /// Another key than the one remembered.
    Changed,
    /// Never seen in a finished session.
    New,
    /// The same key as in earlier finished sessions.
    Known,
    /// The key came with the installation or from machine policy.
    Pinned,
}
