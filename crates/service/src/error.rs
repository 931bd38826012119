//! Why the service says no. Knows no HTTP: `api::problem` turns these into answers.

use crate::{audit::About, store};
use protocol::{agent::ProofOfWorkChallenge, problem::SecondFactors};
use std::time::Duration;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No open invitation has this code.
    #[error("no open invitation has this code")]
    WrongCode,
    /// The invitation expired, was withdrawn or is over.
    #[error("the invitation is closed")]
    InvitationClosed,
    /// Another agent joined first.
    #[error("another agent has joined the invitation")]
    InvitationTaken,
    /// Too many wrong codes or passwords.
    #[error("too many failed attempts")]
    TooManyAttempts {
        /// Until the next one is looked at.
        retry_after: Duration,
    },
    /// The budget of wrong codes is used up.
    #[error("proof of work is required")]
    ProofOfWorkRequired(ProofOfWorkChallenge),
    /// The enrolment token is no good.
    #[error("the enrolment token is not valid")]
    EnrolmentRefused,
    /// The agent's key was found on two computers.
    #[error("the agent's key was found on two computers")]
    KeyCloned,
    /// The cursor is older than the events that are kept.
    #[error("the cursor is too old")]
    CursorExpired,
    /// No valid credential.
    #[error("no valid credential")]
    Unauthenticated,
    /// Login or password is wrong; which one is not said.
    #[error("wrong sign-in name or password")]
    WrongPassword,
    /// The present password, which a change asks for, is wrong.
    #[error("wrong present password")]
    WrongCurrentPassword,
    /// The new password is no good.
    #[error("weak password: {0}")]
    WeakPassword(&'static str),
    /// Signed in with a one-time password.
    #[error("an own password must be chosen first")]
    PasswordChangeRequired,
    /// The password is right; a code or passkey is needed with it.
    #[error("the second factor is needed")]
    SecondFactorRequired(Option<SecondFactors>),
    /// The passkey is unknown, or its answer wrong, late or repeated.
    #[error("the passkey was not accepted")]
    WrongPasskey,
    /// The passkey counted backwards.
    #[error("the passkey seems to have been copied")]
    PasskeyCopied(About),
    /// The code is wrong, or was used before.
    #[error("wrong code of the second factor")]
    WrongSecondFactor,
    /// The organisation demands a second factor, and there is none.
    #[error("a second factor must be set up first")]
    SecondFactorSetupRequired,
    /// Whoever runs the service suspended the organisation.
    #[error("the organisation is suspended")]
    OrganisationSuspended,
    /// The record that shows whose the domain is was not found.
    #[error("the domain's record was not found")]
    DomainNotProven,
    /// There are as many as there may be.
    #[error("there are {0} already")]
    TooMany(u32),
    /// The account cannot sign in, although the password is right.
    #[error("the account is disabled: {0}")]
    AccountDisabled(&'static str),
    /// The sign-in name is taken.
    #[error("the sign-in name is taken")]
    LoginTaken,
    /// Nobody could manage the organisation any more.
    #[error("the last administrator")]
    LastAdministrator,
    /// Not a PNG or JPEG, or not only that.
    #[error("the logo is not a PNG or JPEG picture")]
    LogoFormat,
    /// Cut off or broken.
    #[error("the logo is damaged")]
    LogoDamaged,
    /// Too small or too large.
    #[error("the logo's dimensions are out of bounds")]
    LogoDimensions,
    /// The credential does not allow it.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// No such thing, or somebody else's.
    #[error("no such thing")]
    NotFound,
    /// The request is over.
    #[error("the request is closed")]
    RequestClosed,
    /// The receipt does not fit.
    #[error("the receipt is not valid: {0}")]
    ReceiptInvalid(&'static str),
    /// The session is over.
    #[error("the session has ended")]
    SessionEnded,
    /// The agent has an open request or a session.
    #[error("the agent is busy")]
    AgentBusy,
    /// The device waits to be accepted.
    #[error("the device has not been accepted")]
    DevicePending,
    /// No tunnel leads to the session's access process, or it was lost.
    #[error("the access process cannot be reached")]
    AgentUnreachable,
    /// What was sent does not fit.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The session's permissions do not include it.
    #[error("the permission was not granted")]
    NotGranted,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// Until the next one is served.
        retry_after: Duration,
    },
    /// The service is about to stop.
    #[error("the service is about to stop")]
    ShuttingDown,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] store::Error),
    /// Something that cannot happen did.
    #[error("{0}")]
    Broken(&'static str),
}

/// What a use case comes to.
pub(crate) type Result<T> = std::result::Result<T, Error>;
