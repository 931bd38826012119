//! How requests and sessions end.

use crate::Permissions;
use serde::{Deserialize, Serialize};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The user said yes, to these permissions and for this long.
    Approved {
        /// What was granted; never more than was asked.
        permissions: Permissions,
        /// The session's limit, counted from its start: 1 to 28800.
        limit_secs: u32,
        /// How the yes was given, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given_by: Option<InputMethod>,
    },
    /// The user said no.
    Rejected {
        /// Why, where the user said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<RejectReason>,
    },
    /// Nobody decided.
    Unanswered {
        /// What came in the way.
        cause: UnansweredCause,
    },
}

/// How an answer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InputMethod {
    /// Mouse, pen or touch.
    Pointer,
    /// A key press in the window.
    Keyboard,
    /// An assistive technology, through the accessibility tree.
    Accessibility,
}

/// Why a user said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// "Not now".
    NotNow,
    /// "I did not ask for this".
    NotRequested,
    /// "Looks suspicious". For the abuse desk; operators are told of a plain no.
    Suspicious,
}

/// Why nobody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnansweredCause {
    /// The time to answer ran out.
    Expired,
    /// The operator took the request back.
    Withdrawn,
    /// Another request or session was in the way.
    Busy,
    /// The screen was locked or belonged to another user.
    Locked,
    /// The popup could not be shown, or died.
    PromptFailed,
    /// There is no display to show it on.
    NoDisplay,
    /// The agent was started again while the request was open.
    AgentRestarted,
    /// The link to the service was lost while the request was open.
    LinkLost,
    /// Policy, device group or trust level allow nothing of what was asked.
    NotPermitted,
    /// The approval could not be recorded on the user's computer, and so was not given.
    NotRecorded,
}

/// How a session ended. The first of several ends that meet wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The user ended it.
    User,
    /// The operator ended it.
    Operator,
    /// The service ended it.
    Service,
    /// Whoever runs the service suspended the organisation, which ended all that it had open.
    OrganisationSuspended,
    /// The agreed time ran out.
    Expired,
    /// The link did not come back in time.
    LinkLost,
    /// The screen stayed locked for too long.
    Locked,
    /// The computer slept for too long.
    Slept,
    /// The user logged off, or the agent was told to stop.
    AgentStopped,
    /// The agent was started again while the session was open.
    AgentRestarted,
    /// The process that serves the operator died.
    AccessFailed,
    /// The approval came to nothing: the service refused it or did not answer in time.
    NotStarted,
}
