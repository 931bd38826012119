//! Passkeys.

use super::Result;
use protocol::{OperatorId, PasskeyId, Timestamp};

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRecord {
    /// The passkey.
    pub id: PasskeyId,
    /// Whose it is.
    pub operator: OperatorId,
    /// What the authenticator calls it, in base64url.
    pub credential_id: String,
    /// What its owner calls it.
    pub name: String,
    /// Public key and counter, as JSON.
    pub credential: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
}

/// Operators' passkeys.
pub trait Passkeys {
    /// Adds a passkey; [`Error::Exists`](super::Error::Exists) if the service knows the authenticator's name for it.
    fn add_passkey(&mut self, passkey: &PasskeyRecord) -> Result<()>;
    /// An operator's passkeys, oldest first.
    fn passkeys(&mut self, of: &OperatorId) -> Result<Vec<PasskeyRecord>>;
    /// The passkey that the authenticator calls this.
    fn passkey_by_credential(&mut self, credential_id: &str) -> Result<Option<PasskeyRecord>>;
    /// Notes that a passkey was used, with what its credential is since then.
    fn passkey_used(&mut self, id: &PasskeyId, credential: &str, at: Timestamp) -> Result<()>;
    /// Removes a passkey.
    fn delete_passkey(&mut self, id: &PasskeyId) -> Result<()>;
    /// Takes everything away with which an operator could sign in beside the password: codes, passkeys, recovery codes.
    fn clear_second_factors(&mut self, of: &OperatorId) -> Result<()>;
}
