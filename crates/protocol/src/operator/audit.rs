//! The audit log: what operators and whoever runs the service did.

use crate::{Operator, OperatorId, Permissions, Timestamp};
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// Signed in.
    SignedIn,
    /// Tried to sign in with a wrong password or code.
    SignInFailed,
    /// Signed in with a recovery code in the place of a code.
    RecoveryCodeUsed,
    /// Signed out.
    SignedOut,
    /// Chose a new password.
    PasswordChanged,
    /// Set the second factor up.
    SecondFactorSet,
    /// Took the own second factor away.
    SecondFactorRemoved,
    /// Had new recovery codes made.
    RecoveryCodesRenewed,
    /// Added a passkey.
    PasskeyAdded,
    /// Removed a passkey.
    PasskeyRemoved,
    /// A passkey counted backwards, as a copy of it would; it was not accepted.
    PasskeyCopied,
    /// Added an operator.
    OperatorAdded,
    /// Changed an operator's name.
    OperatorRenamed,
    /// Made an operator an administrator.
    MadeAdministrator,
    /// Took an administrator's role away.
    MadeOperator,
    /// Disabled an operator.
    OperatorDisabled,
    /// Enabled an operator.
    OperatorEnabled,
    /// Gave an operator a new password.
    PasswordReset,
    /// Took an operator's second factor away.
    SecondFactorReset,
    /// Set display text or accent colour.
    BrandingChanged,
    /// Replaced the logo or took it away.
    LogoChanged,
    /// Began to demand a second factor of all operators.
    SecondFactorDemanded,
    /// No longer demands a second factor.
    SecondFactorOptional,
    /// Proved a domain through DNS.
    DomainProven,
    /// Added a device group.
    GroupAdded,
    /// Changed a device group.
    GroupChanged,
    /// Made an enrolment token.
    TokenMade,
    /// Revoked an enrolment token.
    TokenRevoked,
    /// Accepted a device.
    DeviceAccepted,
    /// Retired a device.
    DeviceRetired,
    /// The service retired a device whose key and token were found on two computers.
    DeviceCopied,
    /// Made an invitation.
    InvitationMade,
    /// Withdrew an invitation.
    InvitationWithdrawn,
    /// Asked to connect, or for more.
    RequestMade,
    /// Took a request back.
    RequestWithdrawn,
    /// Ended a session.
    SessionEnded,
    /// Took up a help request.
    HelpTaken,
    /// Closed a help request.
    HelpClosed,
    /// Whoever runs the service added the organisation.
    OrganisationAdded,
    /// Whoever runs the service renamed the organisation.
    OrganisationRenamed,
    /// Whoever runs the service gave the organisation a new signing key.
    KeyRotated,
    /// Whoever runs the service approved a domain.
    DomainApproved,
    /// Whoever runs the service took the domain away.
    DomainRemoved,
    /// Whoever runs the service suspended the organisation.
    OrganisationSuspended,
    /// Whoever runs the service lifted the suspension.
    OrganisationResumed,
}

/// One line of the audit log. It is added to and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Counts the lines of the whole service.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by the name at that time; absent: the service itself, or whoever runs it, at its command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What was done.
    pub action: AuditAction,
    /// About what or whom, by the name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The identifier of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_id: Option<String>,
    /// The permissions that were asked for or set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// `GET /operator/v1/audit`: which lines, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
pub struct AuditQuery {
    /// Words that the operator's name, what it was about, or the address contain, all of them, in upper or lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Of this operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    /// Of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<AuditAction>,
    /// Then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// How many: 1 to 100, 50 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 100))]
    pub limit: Option<u32>,
}

/// One page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Leads to the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}
