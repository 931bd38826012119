//! The words and wire types shared by agent, service and console.
//!
//! Everything here is plain data with `serde`; with the feature `schema` the same types describe themselves in the
//! OpenAPI document. No input or output, no cryptography, no decisions.
//!
//! Durations on the wire are whole seconds *remaining* when the answer was written, and carry `_secs` in their name.
//! Points in time are RFC 3339 strings in UTC.

pub mod agent;
pub mod event;
mod id;
pub mod operator;
mod organisation;
mod outcome;
mod permission;
pub mod problem;
pub mod release;
mod secret;
pub mod signed;
pub mod text;

pub use id::{
    DeviceId, EnrolmentTokenId, GroupId, HelpId, InvalidId, InvitationId, MessageId, OperatorId,
    OrganisationId, PasskeyId, RequestId, SessionId,
};
pub use jiff::{SignedDuration, Timestamp};
pub use organisation::{Branding, MOST_KEY_SUCCESSIONS, Operator, Organisation, TrustLevel};
pub use outcome::{EndReason, InputMethod, Outcome, RejectReason, UnansweredCause};
pub use permission::{Action, Actions, Member, Permission, Permissions};
pub use secret::{InvalidSessionCode, Secret, SessionCode};

/// How long an unused invitation lives unless its operator chose otherwise.
pub const INVITATION_DEFAULT_SECS: u32 = 2 * 60 * 60;
/// The longest life of an unused invitation.
pub const INVITATION_MAX_SECS: u32 = 24 * 60 * 60;
/// How long a request is answerable unless the service asks for something else within [`ANSWER_RANGE_SECS`].
pub const ANSWER_DEFAULT_SECS: u32 = 120;
/// The shortest and longest time in which the service may ask for an answer.
pub const ANSWER_RANGE_SECS: std::ops::RangeInclusive<u32> = 30..=300;
/// The longest wait of one long poll.
pub const MAX_WAIT_SECS: u32 = 15 * 60;
/// An agent whose last poll ended longer ago than this is not present.
pub const PRESENCE_GRACE_SECS: u32 = 15;
/// The longest chat message or note, in characters.
pub const MAX_MESSAGE_CHARS: usize = 4000;
/// The longest text of a help request, in characters.
pub const MAX_HELP_CHARS: usize = 500;
