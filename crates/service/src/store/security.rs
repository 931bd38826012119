//! Second factors, the audit log, reports to the abuse desk.

use super::Result;
use protocol::{
    Operator, OperatorId, OrganisationId, Permissions, RequestId, Timestamp,
    operator::{AuditAction, AuditEntry},
};
use std::fmt;

/// A second factor by codes, confirmed or still being set up. `Debug` hides the key.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactorRecord {
    /// The key that the app shares, 160 bits.
    pub key: [u8; 20],
    /// When a first code was confirmed; until then it counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The newest time step whose code was taken.
    pub last_step: i64,
}

impl fmt::Debug for SecondFactorRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { confirmed_at, last_step, .. } = self;
        f.debug_struct("SecondFactorRecord")
            .field("confirmed_at", confirmed_at)
            .field("last_step", last_step)
            .finish_non_exhaustive()
    }
}

/// A line for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// In whose log.
    pub organisation: OrganisationId,
    /// Who; absent: whoever runs the service.
    pub operator: Option<Operator>,
    /// What.
    pub action: AuditAction,
    /// About what or whom.
    pub about: Option<String>,
    /// The identifier of that.
    pub about_id: Option<String>,
    /// The permissions in question.
    pub permissions: Option<Permissions>,
    /// From where.
    pub address: Option<String>,
}

/// Which lines of the audit log are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Operator's name, subject or address contain all of these, in upper or lower case.
    pub words: Vec<String>,
    /// Of this operator.
    pub operator: Option<OperatorId>,
    /// Of this kind.
    pub action: Option<AuditAction>,
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Older than the line with this number.
    pub before: Option<i64>,
}

/// A user found a request suspicious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRecord {
    /// Counts the service's reports.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Whose operator asked.
    pub organisation: OrganisationId,
    /// The organisation's name, as it is now.
    pub organisation_name: String,
    /// Who asked.
    pub operator: Operator,
    /// The operator's sign-in name.
    pub login: String,
    /// The request.
    pub request: RequestId,
}

/// What an organisation has a limited number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Countable {
    /// Accounts, disabled ones too.
    Operators,
    /// Device groups.
    Groups,
    /// Enrolment tokens that could still enrol.
    TokensInForce,
    /// Devices that are not retired.
    Devices,
    /// Invitations that nobody has joined.
    OpenInvitations,
}

/// Second factors, audit log, reports, and how much there is.
pub trait Security {
    /// An operator's second factor by codes.
    fn second_factor(&mut self, of: &OperatorId) -> Result<Option<SecondFactorRecord>>;
    /// Replaces an operator's second factor by codes, or takes it away.
    fn set_second_factor(&mut self, of: &OperatorId, factor: Option<&SecondFactorRecord>) -> Result<()>;
    /// Replaces an operator's recovery codes, known by their hashes.
    fn set_recovery_codes(&mut self, of: &OperatorId, hashes: &[String]) -> Result<()>;
    /// Uses up a recovery code; false if there is none with this hash.
    fn use_recovery_code(&mut self, of: &OperatorId, hash: &str) -> Result<bool>;
    /// How many recovery codes an operator has left.
    fn count_recovery_codes(&mut self, of: &OperatorId) -> Result<u32>;

    /// Counts a try to sign in with a name that nobody has.
    fn count_unknown_login(&mut self) -> Result<()>;

    /// How many an organisation has.
    fn count(&mut self, what: Countable, of: &OrganisationId, now: Timestamp) -> Result<u32>;

    /// Adds a line to the audit log.
    fn add_audit(&mut self, entry: &AuditRecord) -> Result<()>;
    /// At most `limit` lines, newest first, each with whose it is.
    fn audit(&mut self, wanted: &AuditFilter, limit: u32) -> Result<Vec<(OrganisationId, AuditEntry)>>;
    /// At most `limit` lines with a number above `after`, oldest first; `before` of the filter does not matter.
    fn audit_after(
        &mut self,
        wanted: &AuditFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AuditEntry)>>;
    /// Forgets lines older than `time`.
    fn prune_audit_before(&mut self, time: Timestamp) -> Result<()>;

    /// Notes that a request was found suspicious; the number of the record does not matter. A second report of the same
    /// request changes nothing.
    fn add_report(&mut self, request: &RequestId, at: Timestamp) -> Result<()>;
    /// Every report, newest first.
    fn reports(&mut self) -> Result<Vec<ReportRecord>>;
    /// Organisations that are suspended.
    fn suspended_organisations(&mut self) -> Result<Vec<OrganisationId>>;

    /// Notes that a key was found on two computers.
    fn add_cloned_key(&mut self, public_key: &str, at: Timestamp) -> Result<()>;
    /// Whether a key was found on two computers.
    fn is_cloned_key(&mut self, public_key: &str) -> Result<bool>;
}
