//! Organisations, operators and their sign-ins.

use super::Result;
use protocol::{
    Operator, OperatorId, Organisation, OrganisationId, Timestamp,
    operator::{DomainBy, Role},
};

/// An organisation and its signing key.
#[derive(Clone, Debug)]
pub struct OrganisationRecord {
    /// What agents and operators see of it.
    pub public: Organisation,
    /// The colour it wants, as `#rrggbb`.
    pub accent: Option<String>,
    /// Who says that the domain is the organisation's.
    pub domain_by: Option<DomainBy>,
    /// Whether all its operators need a second factor.
    pub second_factor_required: bool,
    /// Since when nothing can be asked of users.
    pub suspended_at: Option<Timestamp>,
    /// The key that signs its requests, PKCS #8.
    pub signing_key: Vec<u8>,
}

/// An organisation's logo, drawn by this service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoRecord {
    /// Hash of the file.
    pub etag: String,
    /// The file.
    pub png: Vec<u8>,
}

/// An operator's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRecord {
    /// What others see.
    pub public: Operator,
    /// Whose operator.
    pub organisation: OrganisationId,
    /// The sign-in name.
    pub login: String,
    /// argon2, PHC form.
    pub password_hash: String,
    /// What the operator may manage.
    pub role: Role,
    /// Since when signing in is impossible.
    pub disabled_at: Option<Timestamp>,
    /// Until when the password is good, if it is a one-time password.
    pub one_time_until: Option<Timestamp>,
    /// When the account was made, where that was noted.
    pub created_at: Option<Timestamp>,
    /// The latest sign-in.
    pub last_sign_in: Option<Timestamp>,
    /// Since when signing in takes a second factor; set with
    /// [`Security::set_second_factor`](super::Security::set_second_factor) and
    /// [`Passkeys::add_passkey`](super::Passkeys::add_passkey).
    pub second_factor_since: Option<Timestamp>,
}

/// Organisations, operators and their sign-ins.
pub trait Accounts {
    /// 32 random bytes that belong to this database and never leave it; made with it.
    fn service_key(&mut self) -> Result<[u8; 32]>;
    /// Adds an organisation.
    fn add_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()>;
    /// Finds an organisation.
    fn organisation(&mut self, id: &OrganisationId) -> Result<Option<OrganisationRecord>>;
    /// Every organisation.
    fn organisations(&mut self) -> Result<Vec<Organisation>>;
    /// Sets what can change of an organisation: all but identifier and keys.
    fn update_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()>;
    /// Gives an organisation another key, with the statement of its former one, whose private half is forgotten.
    fn replace_key(
        &mut self,
        of: &OrganisationId,
        public_key: &str,
        signing_key: &[u8],
        statement: &str,
    ) -> Result<()>;
    /// An organisation's logo.
    fn logo(&mut self, of: &OrganisationId) -> Result<Option<LogoRecord>>;
    /// The entity tag of an organisation's logo.
    fn logo_etag(&mut self, of: &OrganisationId) -> Result<Option<String>>;
    /// Replaces an organisation's logo, or takes it away.
    fn set_logo(&mut self, of: &OrganisationId, logo: Option<&LogoRecord>) -> Result<()>;
    /// Adds an operator; [`Error::Exists`](super::Error::Exists) if the login is taken.
    fn add_operator(&mut self, operator: &OperatorRecord) -> Result<()>;
    /// Finds an operator by sign-in name.
    fn operator_by_login(&mut self, login: &str) -> Result<Option<OperatorRecord>>;
    /// Finds an operator.
    fn operator(&mut self, id: &OperatorId) -> Result<Option<OperatorRecord>>;
    /// An organisation's operators, by name.
    fn operators(&mut self, of: &OrganisationId) -> Result<Vec<OperatorRecord>>;
    /// Sets what can change of an operator: all but identifier, organisation and sign-in name.
    fn update_operator(&mut self, operator: &OperatorRecord) -> Result<()>;
    /// The hashes of an operator's sign-ins.
    fn sign_ins_of(&mut self, operator: &OperatorId) -> Result<Vec<String>>;
    /// Remembers a sign-in by the hash of its token.
    fn add_sign_in(&mut self, token_hash: &str, operator: &OperatorId, expires_at: Timestamp) -> Result<()>;
    /// The operator who signed in with this token, and until when it is good.
    fn sign_in(&mut self, token_hash: &str) -> Result<Option<(OperatorRecord, Timestamp)>>;
    /// Forgets a sign-in.
    fn delete_sign_in(&mut self, token_hash: &str) -> Result<()>;
    /// Forgets the sign-ins that are over.
    fn delete_sign_ins_before(&mut self, now: Timestamp) -> Result<()>;
}
