//! Everything tray, window and `status --json` show. No widget holds truth: each shows a [`View`] and nothing else.

use crate::{ClipboardDone, ClipboardView, FilesDone, RunningTransfer};
use protocol::{
    Action, Actions, EndReason, Operator, Permission, Permissions, RequestId, SessionCode, Timestamp,
    TrustLevel, UnansweredCause, event::MessageKind,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All that is to be shown, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// What the session window shows.
    pub screen: Screen,
    /// The request that waits for the user, if there is one: shown by the popup.
    pub prompt: Option<PromptView>,
    /// Whose invitation or device this is.
    pub organisation: Option<OrganisationView>,
    /// Since when the service has not been reached.
    pub offline_since: Option<Timestamp>,
    /// Why not, where that is known.
    #[serde(default)]
    pub link_trouble: Option<LinkTrouble>,
    /// A line about something that happened beside the main matter.
    pub notice: Option<Notice>,
    /// Seconds until requests ring again.
    pub do_not_disturb_secs: Option<u64>,
    /// What whoever looks after this computer has decided about the agent.
    #[serde(default)]
    pub managed: Managed,
}

/// What whoever looks after a computer has decided about the agent, as far as the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managed {
    /// Whether machine policy says anything.
    pub by_policy: bool,
    /// Whether the user may quit the agent.
    pub may_quit: bool,
    /// Whom the user can ask.
    pub contact: Option<String>,
}

impl Default for Managed {
    fn default() -> Self {
        Self { by_policy: false, may_quit: true, contact: None }
    }
}

/// Why the service is not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTrouble {
    /// It does not answer, or something that is not it does.
    Unreachable,
    /// Its certificate is not trusted by this computer.
    CertificateNotTrusted,
}

/// What the session window shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "screen", rename_all = "snake_case")]
pub enum Screen {
    /// The field for the session code.
    Idle {
        /// A code that a link or another program offered, to be filled in.
        code: Option<SessionCode>,
        /// Why the last try failed.
        problem: Option<IdleProblem>,
        /// Seconds until the next code may be tried.
        retry_secs: Option<u64>,
        /// Whether policy lets session codes be used at all.
        codes_allowed: bool,
    },
    /// Between *Start* and being joined.
    Joining(JoiningStage),
    /// Joined an invitation; no operator has asked yet.
    Waiting {
        /// When waiting ends, by the computer's clock.
        expires_at: Timestamp,
    },
    /// A device that can be reached.
    Ready {
        /// False while the device waits to be accepted.
        accepted: bool,
        /// The user's request for help.
        help: Option<HelpStatus>,
    },
    /// A session.
    Session(SessionView),
    /// The summary of a session that ended.
    Ended(EndedView),
}

/// Where joining stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum JoiningStage {
    /// Asking the service whose code this is.
    LookingUp,
    /// "Join *organisation* (*domain*)?"
    Confirm(OrganisationView),
    /// Joining.
    Entering,
}

/// An organisation, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationView {
    /// Its name, made safe to show.
    pub name: String,
    /// The domain the service vouches for.
    pub domain: Option<String>,
    /// What this computer knows of its key.
    pub trust: TrustLevel,
    /// When the last finished session with it was.
    pub last_session: Option<Timestamp>,
}

/// Why the last try to join failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum IdleProblem {
    /// No open invitation has this code.
    WrongCode,
    /// The invitation expired or was withdrawn.
    Closed,
    /// The code was used on another computer.
    Taken,
    /// Too many tries.
    TooMany,
    /// The service did not answer.
    Unreachable,
    /// The service's certificate is not trusted.
    CertificateNotTrusted,
    /// Policy does not let this organisation be joined.
    NotAllowed,
    /// The service answered something else.
    Refused {
        /// What it said, made safe to show.
        detail: String,
    },
    /// Nobody asked in time.
    WaitedInVain,
    /// The organisation closed the invitation.
    InvitationClosed,
    /// The organisation retired the device.
    DeviceRetired,
    /// The service does not take this computer as a device.
    NotEnrolled {
        /// What it said, made safe to show.
        detail: String,
    },
}

/// The user's request for help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "help", rename_all = "snake_case")]
pub enum HelpStatus {
    /// On its way to the service.
    Sending,
    /// In the queue.
    Queued,
    /// An operator took it up.
    Taken {
        /// Who.
        operator_name: String,
    },
    /// It could not be sent.
    Failed,
}

/// The request that waits for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptView {
    /// The request.
    pub request_id: RequestId,
    /// Who asks; the name is made safe to show.
    pub operator: Operator,
    /// For whom.
    pub organisation: OrganisationView,
    /// Whether it asks for more during a session.
    pub during_session: bool,
    /// Everything that was asked for, in reading order, with what can come of it.
    pub choices: Vec<Choice>,
    /// Seconds until silence becomes a no.
    pub answer_secs: u64,
    /// Whether *More time* can add to them.
    pub more_time: bool,
    /// Where it stands.
    pub stage: PromptStage,
    /// The session lengths offered, in seconds, shortest first; empty during a session.
    pub limits_secs: Vec<u64>,
    /// The one that is preselected, in seconds.
    pub limit_secs: u64,
    /// Whether a press of *Approve* would count now: visible for long enough, and the service within reach.
    pub approvable: bool,
    /// Whom to call when something looks suspicious.
    pub number_to_call: Option<String>,
    /// Where files would be shared, where files are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderChoice>,
}

/// Where files would be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderChoice {
    /// The folder that is preset, or shared already.
    pub path: PathBuf,
    /// Whether the user can choose another: not where files are shared already.
    pub can_change: bool,
    /// Whether it may be the whole home folder.
    pub whole_home: bool,
}

/// One thing that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What.
    pub permission: Permission,
    /// Whether it can be granted; policy, group or trust may forbid it.
    pub grantable: bool,
    /// Whether it starts switched on.
    pub preselected: bool,
}

/// Where a prompt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptStage {
    /// Came in without ringing; a line in window and tray, until the user reviews it.
    Quiet,
    /// The popup is being shown.
    Asking,
    /// Approved; being recorded and told to the service.
    Approving,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Who; the name is made safe to show.
    pub operator: Operator,
    /// What is granted now.
    pub granted: Permissions,
    /// What is being done now.
    pub actions: Actions,
    /// Whether it runs.
    pub status: SessionStatus,
    /// Seconds since it started, time asleep included.
    pub elapsed_secs: u64,
    /// Seconds until its limit.
    pub remaining_secs: u64,
    /// Whether it can be prolonged further.
    pub can_prolong: bool,
    /// Whether the operator's page is open.
    pub operator_present: bool,
    /// What is granted and cannot be served, because this system does not let it be.
    #[serde(default)]
    pub unsupported: Permissions,
    /// Oldest first; the last 500.
    pub chat: Vec<ChatLine>,
    /// Lines the user has not seen.
    pub unread: u32,
    /// Where files are shared, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The files that are being transferred, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<RunningTransfer>,
    /// What was done with files before.
    #[serde(default)]
    pub files: FilesDone,
    /// What goes over the clipboard.
    #[serde(default)]
    pub clipboard: ClipboardView,
    /// Whom to call when something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_to_call: Option<String>,
}

/// Whether a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// It does.
    Running,
    /// The link is lost; it ends unless the link comes back within a minute.
    Reconnecting,
    /// The screen is locked; it ends unless it is unlocked within five minutes.
    Suspended,
}

/// A line of the chat, or a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Who said it.
    pub from: Speaker,
    /// Chat or note.
    pub kind: MessageKind,
    /// What, made safe to show.
    pub text: String,
    /// When, by the computer's clock.
    pub at: Timestamp,
    /// Whether the other side has it.
    #[serde(default)]
    pub delivery: Delivery,
}

/// Whether the other side has a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It does; so does the user, what the operator said.
    #[default]
    Arrived,
    /// Not yet: it is tried until it arrives or is refused.
    OnItsWay,
    /// The service refused it: the session was over, or the chat taken back.
    NotSent,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The user.
    User,
    /// The operator.
    Operator,
}

/// The summary of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedView {
    /// Who.
    pub operator: Operator,
    /// For whom.
    pub organisation: OrganisationView,
    /// Why it ended.
    pub reason: EndReason,
    /// How long it lasted.
    pub lasted_secs: u64,
    /// When it started.
    pub started_at: Timestamp,
    /// What was granted in its course.
    pub granted: Permissions,
    /// What was done in its course.
    pub done: Actions,
    /// The user's lines that have not arrived, oldest first.
    #[serde(default)]
    pub unsent: Vec<ChatLine>,
    /// What was done with files in its course.
    #[serde(default)]
    pub files: FilesDone,
    /// What went over the clipboard in its course.
    #[serde(default, skip_serializing_if = "ClipboardDone::is_empty")]
    pub clipboard: ClipboardDone,
    /// Whether the user said, when it ended or later, that something was wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspicious: bool,
    /// Whom to call when something was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_to_call: Option<String>,
}

/// A line about something beside the main matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// Another request came and was told that the user is busy.
    ToldBusy {
        /// Who asked.
        operator_name: String,
        /// For whom.
        organisation_name: String,
    },
    /// A request ended without the user's answer.
    Unanswered {
        /// Who asked.
        operator_name: String,
        /// Why.
        cause: UnansweredCause,
    },
    /// The user said no.
    Rejected {
        /// Who asked.
        operator_name: String,
    },
    /// The user called a request suspicious, or said that something was wrong in a session: its organisation is muted.
    Muted {
        /// For whom it asked.
        organisation_name: String,
        /// Whom to call.
        number_to_call: Option<String>,
        /// Whether it is the one whose invitation or device this is, so that the user can hear it again.
        #[serde(default)]
        can_undo: bool,
    },
    /// An approval came to nothing.
    NotStarted {
        /// Who asked.
        operator_name: String,
    },
}

/// What the tray icon tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrayState {
    /// The service is not reached.
    Offline,
    /// Nothing is going on.
    Idle,
    /// Waiting for an operator, or a device that can be reached.
    Ready,
    /// A request waits for the user.
    Request,
    /// A session in which the desktop is seen.
    Viewing,
    /// A session in which keyboard or mouse are used.
    Controlling,
    /// A session in which files are transferred.
    Files,
    /// A session in which nothing of that is done now.
    Connected,
    /// A session that is suspended or reconnecting.
    Suspended,
}

impl View {
    /// What the tray icon tells.
    pub fn tray_state(&self) -> TrayState {
        if self.prompt.is_some() {
            return TrayState::Request;
        }
        match &self.screen {
            Screen::Session(session) => match session.status {
                SessionStatus::Reconnecting | SessionStatus::Suspended => TrayState::Suspended,
                SessionStatus::Running if session.actions.contains(Action::Controlling) => {
                    TrayState::Controlling
                }
                SessionStatus::Running if session.actions.contains(Action::TransferringFiles) => {
                    TrayState::Files
                }
                SessionStatus::Running if session.actions.contains(Action::Viewing) => TrayState::Viewing,
                SessionStatus::Running => TrayState::Connected,
            },
            Screen::Idle { .. }
            | Screen::Joining(_)
            | Screen::Waiting { .. }
            | Screen::Ready { .. }
            | Screen::Ended(_)
                if self.offline_since.is_some() =>
            {
                TrayState::Offline
            }
            Screen::Waiting { .. } | Screen::Ready { .. } => TrayState::Ready,
            Screen::Idle { .. } | Screen::Joining(_) | Screen::Ended(_) => TrayState::Idle,
        }
    }

    /// Whether there is something that *End Session* would end.
    pub fn can_end(&self) -> bool {
        self.prompt.is_some()
            || matches!(self.screen, Screen::Joining(_) | Screen::Waiting { .. } | Screen::Session(_))
    }
}
