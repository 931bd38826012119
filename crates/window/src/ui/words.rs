//! The core's names in the markup's words. No wildcard: a name that is added has to find its words.

use super::{Action, Cause, EndReason, Permission, Problem, Reason, TransferEnd, Trust, UsedBy};
use protocol::{InputMethod, RejectReason, TrustLevel, UnansweredCause};
use session::IdleProblem;

/// Implements `From` between enums whose variants correspond one to one.
macro_rules! same {
    ($from:ty => $to:ident: $($theirs:ident => $ours:ident),* $(,)?) => {
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                match from { $(<$from>::$theirs => Self::$ours,)* }
            }
        }
    };
}

same!(protocol::Permission => Permission:
    View => View, Control => Control, FilesRead => FilesRead, FilesWrite => FilesWrite, Clipboard => Clipboard,
    Chat => Chat, Messages => Messages);

impl From<Permission> for protocol::Permission {
    fn from(from: Permission) -> Self {
        match from {
            Permission::View => Self::View,
            Permission::Control => Self::Control,
            Permission::FilesRead => Self::FilesRead,
            Permission::FilesWrite => Self::FilesWrite,
            Permission::Clipboard => Self::Clipboard,
            Permission::Chat => Self::Chat,
            Permission::Messages => Self::Messages,
        }
    }
}

same!(protocol::Action => Action:
    Viewing => Viewing, Controlling => Controlling, TransferringFiles => TransferringFiles, Chatting => Chatting);

same!(TrustLevel => Trust: Changed => Changed, New => New, Known => Known, Pinned => Pinned);

same!(protocol::EndReason => EndReason:
    User => User, Operator => Operator, Service => Service, OrganisationSuspended => OrganisationSuspended,
    Expired => Expired, LinkLost => LinkLost, Locked => Locked, Slept => Slept, AgentStopped => AgentStopped, AgentRestarted => AgentRestarted,
    AccessFailed => AccessFailed, NotStarted => NotStarted);

same!(session::TransferEnd => TransferEnd:
    Done => Done, Cut => Cut, Cancelled => Cancelled, Failed => Failed);

same!(UnansweredCause => Cause:
    Expired => Expired, Withdrawn => Withdrawn, Busy => Busy, Locked => Locked, PromptFailed => PromptFailed,
    NoDisplay => NoDisplay, AgentRestarted => AgentRestarted, LinkLost => LinkLost, NotPermitted => NotPermitted,
    NotRecorded => NotRecorded);

impl From<Reason> for RejectReason {
    fn from(from: Reason) -> Self {
        match from {
            Reason::NotNow => Self::NotNow,
            Reason::NotRequested => Self::NotRequested,
            Reason::Suspicious => Self::Suspicious,
        }
    }
}

impl From<UsedBy> for InputMethod {
    fn from(from: UsedBy) -> Self {
        match from {
            UsedBy::Pointer => Self::Pointer,
            UsedBy::Keyboard => Self::Keyboard,
            UsedBy::Accessibility => Self::Accessibility,
        }
    }
}

impl From<Option<&IdleProblem>> for Problem {
    fn from(from: Option<&IdleProblem>) -> Self {
        match from {
            None => Self::None,
            Some(IdleProblem::WrongCode) => Self::WrongCode,
            Some(IdleProblem::Closed) => Self::Closed,
            Some(IdleProblem::Taken) => Self::Taken,
            Some(IdleProblem::TooMany) => Self::TooMany,
            Some(IdleProblem::Unreachable) => Self::Unreachable,
            Some(IdleProblem::CertificateNotTrusted) => Self::CertificateNotTrusted,
            Some(IdleProblem::NotAllowed) => Self::NotAllowed,
            Some(IdleProblem::Refused { .. }) => Self::Refused,
            Some(IdleProblem::WaitedInVain) => Self::WaitedInVain,
            Some(IdleProblem::InvitationClosed) => Self::InvitationClosed,
            Some(IdleProblem::DeviceRetired) => Self::DeviceRetired,
            Some(IdleProblem::NotEnrolled { .. }) => Self::NotEnrolled,
        }
    }
}
