//! The second factor: a code from an app beside the password.

use super::PasskeyView;
use crate::{Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// `GET /operator/v1/me/second-factor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SecondFactorView {
    /// Since when signing in takes more than the password; absent while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Since when codes of an authenticator app are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_since: Option<Timestamp>,
    /// The passkeys, oldest first.
    pub passkeys: Vec<PasskeyView>,
    /// Where passkeys can be added and used: the service's own address, which has a name and is safe; absent where its address
    /// is an IP address or lacks TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey_origin: Option<String>,
    /// Whether the organisation demands it of its operators.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

/// `POST /operator/v1/me/second-factor`: who holds a signed-in browser has to show the password too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BeginSecondFactor {
    /// The present password.
    pub current_password: Secret,
}

/// What an authenticator app is given. It counts once a code of it was confirmed; asking again makes a new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SecondFactorSetup {
    /// The key in base32, for typing: HMAC-SHA-1, 6 digits, 30 seconds (RFC 6238).
    pub key: Secret,
    /// The same as `otpauth://` link.
    pub link: Secret,
    /// The link as a QR code: an SVG picture.
    pub picture: Secret,
}

/// `POST /operator/v1/me/second-factor/confirm`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConfirmSecondFactor {
    /// The six digits that the app shows.
    pub code: Secret,
}

/// `POST /operator/v1/me/second-factor/recovery-codes` and `…/remove`: password and code once more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProveSecondFactor {
    /// The present password.
    pub current_password: Secret,
    /// The six digits that the app shows, or a recovery code.
    pub code: Secret,
}

/// Fresh recovery codes, which are told this once; earlier ones are void.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Each takes the place of a code at one sign-in.
    pub recovery_codes: Vec<Secret>,
}
