//! Passkeys (WebAuthn): beside the password, and in its place.

use crate::{PasskeyId, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasskeyView {
    /// The passkey.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
}

/// What the browser's `navigator.credentials` is given. It can be answered for five minutes, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasskeyChallenge {
    /// Goes back with the browser's answer.
    pub challenge: Secret,
    /// `PublicKeyCredentialCreationOptionsJSON` for a new passkey, `PublicKeyCredentialRequestOptionsJSON` at sign-in, both
    /// of WebAuthn level 3.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub options: Value,
}

/// `POST /operator/v1/me/passkeys/confirm`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddPasskey {
    /// Of the challenge.
    pub challenge: Secret,
    /// What its owner calls it.
    pub name: String,
    /// `RegistrationResponseJSON` of WebAuthn level 3.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub credential: Value,
}

/// A passkey that counts from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasskeyAdded {
    /// The passkey.
    pub passkey: PasskeyView,
    /// Where it is the account's first second factor: recovery codes, which are told this once.
    pub recovery_codes: Vec<Secret>,
}

/// `POST /operator/v1/me/passkeys/{passkey_id}/remove`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RemovePasskey {
    /// The present password.
    pub current_password: Secret,
    /// A recovery code, where nothing but the password would be left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
}

/// `POST /operator/v1/sign-in/passkey`: with name and password for the account's own passkeys, with neither for whichever
/// the browser knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BeginPasskeySignIn {
    /// The operator's sign-in name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The operator's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// `POST /operator/v1/sign-in/passkey/confirm`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasskeySignIn {
    /// Of the challenge.
    pub challenge: Secret,
    /// `AuthenticationResponseJSON` of WebAuthn level 3.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub credential: Value,
}
