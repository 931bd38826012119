//! Errors on the wire: RFC 9457 problem documents with a stable `code`.

use crate::agent::ProofOfWorkChallenge;
use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// What happened, for programs.
    pub code: ProblemCode,
    /// What happened, in a few words.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What happened and what to do, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds to wait before another try; the header `Retry-After` says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
    /// With `proof_of_work_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWorkChallenge>,
    /// With `second_factor_required`, at sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factors: Option<SecondFactors>,
}

/// What can be shown beside the password; a recovery code always can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SecondFactors {
    /// A code from an authenticator app.
    pub app: bool,
    /// A passkey, for which `POST /operator/v1/sign-in/passkey` gives the challenge.
    pub passkey: bool,
}

/// What happened. Stable: codes are added, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// No open invitation has this code.
    WrongCode,
    /// The invitation expired or was withdrawn.
    InvitationClosed,
    /// Another agent joined the invitation first.
    InvitationTaken,
    /// Too many wrong codes or sign-ins from here; wait.
    TooManyAttempts,
    /// Solve the challenge and send the same request again with its solution.
    ProofOfWorkRequired,
    /// The enrolment token is unknown, used up, expired or revoked.
    EnrolmentRefused,
    /// The cursor is older than the events the service keeps; poll without `after`.
    CursorExpired,
    /// No valid credential came with the request.
    Unauthenticated,
    /// The credential does not allow this.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// The request is no longer open.
    RequestClosed,
    /// The receipt's signature, request or permissions do not fit.
    ReceiptInvalid,
    /// The session is over.
    SessionEnded,
    /// The agent is not reachable for another request now.
    AgentBusy,
    /// The device waits to be accepted.
    DevicePending,
    /// The session goes on, but its access process does not answer; try again.
    AgentUnreachable,
    /// What was sent does not fit the schema or a limit.
    Invalid,
    /// The body is too large.
    TooLarge,
    /// Too many requests; wait.
    RateLimited,
    /// The session's permissions do not include this.
    NotGranted,
    /// The sign-in name is taken.
    LoginTaken,
    /// The new password is too short, too long or too easy to guess.
    WeakPassword,
    /// The present password is wrong.
    WrongPassword,
    /// The password was given for one sign-in: choose an own one first.
    PasswordChangeRequired,
    /// The password is right, and the second factor is needed with it: a code, or a passkey.
    SecondFactorRequired,
    /// The code of the second factor is wrong or was used before, or the passkey was not accepted.
    WrongSecondFactor,
    /// The organisation demands a second factor: set one up first.
    SecondFactorSetupRequired,
    /// Whoever runs the service has suspended the organisation.
    OrganisationSuspended,
    /// The TXT record that shows whose the domain is was not found.
    DomainNotProven,
    /// The agent's key was used on two computers at once; it must make a new one and enrol anew.
    KeyCloned,
    /// There are as many as there may be.
    TooMany,
    /// The operator's account is disabled, or its one-time password was not used in time.
    AccountDisabled,
    /// An organisation needs an administrator who can sign in.
    LastAdministrator,
    /// What was sent is not a PNG or JPEG picture and nothing else.
    LogoFormat,
    /// The picture is cut off or damaged.
    LogoDamaged,
    /// The picture is too small, or too large to be unpacked.
    LogoDimensions,
    /// The service is about to stop; try again.
    ShuttingDown,
    /// Something broke in the service.
    Internal,
    /// A code of a later version.
    #[serde(other)]
    Unknown,
}
