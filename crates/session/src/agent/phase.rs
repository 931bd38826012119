//! The phases and the data that lives in each of them.

use super::files::Files;
use crate::{
    Assurance, ChatLine, ClipboardDone, ClipboardView, FilesDone, Grant, HelpStatus, IdleProblem, Request,
    Responder, SharedFolder,
};
use protocol::{
    Actions, EndReason, HelpId, InputMethod, InvitationId, MessageId, Operator, Organisation, Outcome,
    Permission, Permissions, SessionCode, SessionId, Timestamp, TrustLevel, agent::DeviceStanding,
};
use std::{collections::VecDeque, time::Duration};

/// Where the agent is. `Approved` of the design is the last stage of a [`Prompt`], because a request for more goes
/// through the same stages inside `Active`.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it is moved a few times a session")]
pub(crate) enum Phase {
    Idle(Option<IdleProblem>),
    Joining(Joining),
    /// Waiting (an invitation) or Ready (a device).
    Home(Base),
    Requested(Base, Prompt),
    Active(Base, Session),
    Ended(Option<Base>, Summary),
}

impl Default for Phase {
    fn default() -> Self {
        Self::Idle(None)
    }
}

#[derive(Debug)]
pub(crate) enum Joining {
    LookingUp { code: SessionCode },
    Confirming { code: SessionCode, organisation: Organisation, trust: TrustLevel },
    Entering { organisation: Organisation },
}

/// What lies below a request or session and stays when it is over.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    Invitation {
        id: InvitationId,
        organisation: Responder,
        /// When waiting ends, by both clocks.
        expires: (Duration, Timestamp),
    },
    Device {
        standing: DeviceStanding,
        organisation: Responder,
        help: Option<(Option<HelpId>, HelpStatus)>,
    },
}

impl Base {
    pub(crate) fn organisation(&self) -> &Responder {
        match self {
            Self::Invitation { organisation, .. } | Self::Device { organisation, .. } => organisation,
        }
    }

    /// What the device's group allows; an invitation has no group.
    pub(crate) fn permissions(&self) -> Permissions {
        match self {
            Self::Invitation { .. } => Permissions::all(),
            Self::Device { standing, .. } => standing.permissions,
        }
    }
}

/// A request that is not settled.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) request: Request,
    /// Requested ∩ machine policy ∩ device group ∩ what the trust level allows.
    pub(crate) offered: Permissions,
    pub(crate) received: Duration,
    pub(crate) stage: Stage,
    /// Since when the popup has been wholly visible.
    pub(crate) visible: Option<(Duration, Assurance)>,
    /// Where files are shared if it is approved: what is preset until the user said something else.
    pub(crate) folder: Option<SharedFolder>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The operator's input is being held back before the popup may be shown.
    Holding,
    /// Not shown: came too soon after another, or the user does not want to be disturbed.
    Quiet,
    Asking,
    Approved {
        approval: Approval,
        /// Whether the receipt is durable and on its way.
        recorded: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) permissions: Permissions,
    pub(crate) limit: Duration,
    pub(crate) given_by: Option<InputMethod>,
    pub(crate) decided_at: Timestamp,
}

impl Approval {
    pub(crate) fn outcome(&self) -> Outcome {
        let limit_secs = u32::try_from(self.limit.as_secs()).unwrap_or(u32::MAX);
        Outcome::Approved { permissions: self.permissions, limit_secs, given_by: self.given_by }
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) operator: Operator,
    pub(crate) organisation: Responder,
    pub(crate) granted: Permissions,
    /// All that was granted at some time, for the summary.
    pub(crate) ever_granted: Permissions,
    pub(crate) started: (Duration, Timestamp),
    pub(crate) limit: Duration,
    pub(crate) access: Access,
    /// The number with which the access process was last asked to confirm, and the one that confirms a hold of the input.
    pub(crate) asked: u64,
    pub(crate) hold: u64,
    pub(crate) tunnel: Tunnel,
    /// What the access process says that it cannot serve here.
    pub(crate) unsupported: Permissions,
    /// What the access process says is being done.
    pub(crate) doing: Actions,
    pub(crate) chatting: bool,
    /// What the journal was last told, and everything that was done at some time.
    pub(crate) recorded: Actions,
    pub(crate) done: Actions,
    /// What the service was last told.
    pub(crate) reported: Option<Reported>,
    pub(crate) operator_present: bool,
    /// The link was lost because the computer went to sleep.
    pub(crate) asleep: bool,
    pub(crate) chat: Chat,
    pub(crate) folder: Option<SharedFolder>,
    pub(crate) files: Files,
    pub(crate) clipboard: ClipboardView,
    pub(crate) more: Option<Prompt>,
}

impl Session {
    pub(crate) fn grant(&self) -> Grant {
        let permissions = self.granted.intersection(served());
        let folder = self.folder.clone().filter(|_| shares_files(permissions));
        Grant { session_id: self.id.clone(), permissions, folder }
    }

    pub(crate) fn needs_access(&self) -> bool {
        !self.grant().permissions.is_empty()
    }

    /// Whether the operator cannot reach what is served.
    pub(crate) fn lacks_tunnel(&self) -> bool {
        self.access != Access::None && self.tunnel != Tunnel::Stands
    }

    /// Whether the operator could reach it before and cannot any more.
    pub(crate) fn lost_tunnel(&self) -> bool {
        self.access != Access::None && self.tunnel == Tunnel::Lost
    }
}

/// How a session stands. What is left of its time follows from the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported {
    pub(crate) actions: Actions,
    pub(crate) suspended: bool,
    pub(crate) unsupported: Permissions,
    pub(crate) limit: Duration,
}

/// Whether there is a folder to share.
pub(crate) fn shares_files(permissions: Permissions) -> bool {
    let files = Permissions::from([Permission::FilesRead, Permission::FilesWrite]);
    !permissions.intersection(files).is_empty()
}

fn served() -> Permissions {
    protocol::Permission::served_by_access()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    None,
    Running,
    /// Running, and the operator's input is held back for a request that is on screen.
    Held,
}

/// The access process's connection to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tunnel {
    /// Being made for the first time.
    Coming,
    Stands,
    Lost,
}

#[derive(Debug, Default)]
pub(crate) struct Chat {
    /// The user's with their numbers.
    pub(crate) lines: VecDeque<(Option<u32>, ChatLine)>,
    pub(crate) unread: u32,
    /// How many messages the user has sent.
    pub(crate) sent: u32,
    /// Events may come twice; the last of them are remembered.
    pub(crate) seen: VecDeque<MessageId>,
}

#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) session_id: SessionId,
    pub(crate) operator: Operator,
    pub(crate) organisation: Responder,
    pub(crate) reason: EndReason,
    pub(crate) lasted: Duration,
    pub(crate) started: Timestamp,
    pub(crate) granted: Permissions,
    pub(crate) done: Actions,
    /// The user's lines that have not arrived, with their numbers.
    pub(crate) unsent: Vec<(u32, ChatLine)>,
    pub(crate) files: FilesDone,
    pub(crate) clipboard: ClipboardDone,
    pub(crate) suspicious: bool,
}
