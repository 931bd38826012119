//! Everything that can happen to the core.

use crate::{ClipboardFact, FilesFact, LinkTrouble};
use protocol::{
    Actions, EndReason, HelpId, InputMethod, InvitationId, MessageId, Operator, Organisation, OrganisationId,
    Permission, Permissions, RejectReason, RequestId, SessionCode, SessionId, TrustLevel,
    agent::DeviceStanding, event::MessageKind,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// What the user does, in the window or a menu. The only inputs that can approve; the shell makes `Approve`,
/// `ConfirmJoin`, `Prolong` and `MoreTime` from the window process's line and from nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "user", rename_all = "snake_case")]
pub enum UserInput {
    /// Start with a session code.
    Start {
        /// What was typed.
        code: SessionCode,
    },
    /// "Join *organisation*?" — yes.
    ConfirmJoin,
    /// "Join *organisation*?" — no; also stops looking up and joining.
    CancelJoin,
    /// Yes to the request on screen.
    Approve {
        /// The request that was on screen when the button was pressed.
        request_id: RequestId,
        /// What is granted.
        permissions: Permissions,
        /// For how long, counted from the session's start.
        limit: Duration,
        /// How the yes was given, where the system tells.
        given_by: Option<InputMethod>,
        /// Where files are to be shared, if they are; what was preset where the user says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<PathBuf>,
    },
    /// No to a request.
    Reject {
        /// That request.
        request_id: RequestId,
        /// Why, where the user says so.
        reason: Option<RejectReason>,
    },
    /// No to a request that looks suspicious, which is reported, and an end to whatever else there is. One input, because
    /// nothing is heard from the popup after its no.
    RejectAndEnd {
        /// That request.
        request_id: RequestId,
    },
    /// The user needs longer to decide.
    MoreTime {
        /// The request on screen.
        request_id: RequestId,
    },
    /// Show the request that came in quietly.
    Review,
    /// Take a permission back.
    TakeBack {
        /// That permission.
        permission: Permission,
    },
    /// Cut a transfer.
    CancelTransfer {
        /// Which.
        id: u64,
    },
    /// Send the operator what was copied last.
    SendCopied,
    /// Let the session last longer.
    Prolong {
        /// By how much.
        by: Duration,
    },
    /// End whatever there is: joining, waiting, a request, a session.
    End,
    /// Something is wrong in this session: end it where it runs, and report who asked for it.
    Report,
    /// Hear again of whoever this invitation or device belongs to.
    Unmute,
    /// Say something in the chat.
    Say {
        /// What.
        text: String,
    },
    /// The chat is on screen.
    ChatSeen,
    /// Ask for help (device).
    AskForHelp {
        /// What it is about.
        text: String,
    },
    /// Take the help request back.
    WithdrawHelp,
    /// Do not disturb for an hour, or do again (device).
    DoNotDisturb {
        /// On or off.
        on: bool,
    },
    /// Close the summary of the ended session.
    CloseSummary,
    /// A notice was read.
    CloseNotice,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The user did something.
    User(UserInput),
    /// Another program of this user, or a link, offers a session code; it is filled in and nothing else.
    CodeOffered(SessionCode),
    /// The user's choice in a menu or notification, which may refuse and never approve: the request on screen.
    RejectedElsewhere(RequestId),

    /// The journal shows that these were open when the agent last stopped without saying so.
    FoundOpen(Vec<OpenThing>),
    /// Of these organisations the user did not want to hear any more.
    FoundMuted(BTreeSet<OrganisationId>),
    /// The code's organisation is found.
    LookedUp {
        /// Who made the code.
        organisation: Organisation,
        /// What this computer knows of its key.
        trust: TrustLevel,
    },
    /// Joined, or a remembered device credential is in use.
    Joined(JoinedAs),
    /// Looking up or joining failed.
    JoinFailed(JoinFailure),
    /// The device was retired, its credential refused, or the invitation closed.
    StandingLost,
    /// The service refused to enrol this computer as a device.
    EnrolmentRefused {
        /// What it said, made safe to show.
        detail: String,
    },
    /// The device was accepted, or its group's permissions changed.
    DeviceChanged(DeviceStanding),

    /// The long poll is gone; said again when the reason changes.
    LinkLost(LinkTrouble),
    /// The long poll is answered again.
    LinkRestored,

    /// An operator asks; the shell has verified the signature and that it is meant for this agent.
    RequestReceived(Request),
    /// An operator took a request back.
    RequestWithdrawn(RequestId),
    /// The snapshot after a gap: what the service holds open. What is open here and missing there is over.
    Synchronised {
        /// The request that waits for an answer.
        request_id: Option<RequestId>,
        /// The session that is running.
        session_id: Option<SessionId>,
        /// The help request that is open.
        help_id: Option<HelpId>,
    },
    /// The service took the approval.
    ApprovalAccepted(Accepted),
    /// The service refused the approval, for good.
    ApprovalRefused(RequestId),
    /// The session is over at the service.
    SessionEnded {
        /// That session.
        session_id: SessionId,
        /// Why.
        reason: EndReason,
    },
    /// The session's operator said something.
    MessageReceived {
        /// In this session.
        session_id: SessionId,
        /// The message; may come twice.
        message_id: MessageId,
        /// Chat or note.
        kind: MessageKind,
        /// What was said.
        text: String,
    },
    /// A message of the user's is at the service.
    MessageDelivered {
        /// In this session.
        session_id: SessionId,
        /// Its number.
        number: u32,
    },
    /// The service refused a message of the user's, for good.
    MessageRefused {
        /// In this session.
        session_id: SessionId,
        /// Its number.
        number: u32,
    },
    /// The operator's page was closed or came back.
    OperatorPresence {
        /// In this session.
        session_id: SessionId,
        /// Whether the operator is there.
        present: bool,
    },
    /// The help request is in the queue.
    HelpAsked(HelpId),
    /// The help request could not be made.
    HelpFailed,
    /// An operator took the help request up.
    HelpTaken {
        /// That help request.
        help_id: HelpId,
        /// Who.
        operator: Operator,
    },
    /// The help request was closed.
    HelpClosed(HelpId),

    /// What the popup reports about itself.
    Prompt(RequestId, PromptFact),
    /// What the access process reports.
    Access(AccessFact),
    /// What an access process reported before it was killed, and is heard only now; at last that it has ended.
    AccessLate {
        /// In this session.
        session_id: SessionId,
        /// What it did.
        fact: AccessFact,
    },

    /// The receipt of this request is durable.
    Recorded(RequestId),
    /// The receipt of this request could not be made durable.
    RecordFailed(RequestId),

    /// The screen was locked, or the user switched away.
    ScreenLocked,
    /// The screen is the user's again.
    ScreenUnlocked,
    /// The computer is about to sleep.
    Suspending,
    /// The computer slept.
    Resumed {
        /// For how long.
        asleep: Duration,
    },
    /// Log-off, SIGTERM or the user's *Quit*.
    Terminating,
}

/// A verified request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request.
    pub id: RequestId,
    /// Who asks, as signed; names already made safe to show.
    pub operator: Operator,
    /// For whom, as signed.
    pub organisation: Responder,
    /// What is asked for, as signed.
    pub permissions: Permissions,
    /// The running session, when its operator asks for more.
    pub session_id: Option<SessionId>,
    /// How long the service waits for an answer; kept within 30 to 300 s.
    pub answer_within: Duration,
}

/// An organisation as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responder {
    /// Its identifier.
    pub id: protocol::OrganisationId,
    /// Its name, made safe to show.
    pub name: String,
    /// The domain the service vouches for.
    pub domain: Option<String>,
    /// What this computer knows of its key.
    pub trust: TrustLevel,
    /// When the last finished session with it was, for "connected before".
    pub last_session: Option<protocol::Timestamp>,
}

/// What joining or enrolling led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinedAs {
    /// The agent of an invitation.
    Invitation {
        /// That invitation.
        invitation_id: InvitationId,
        /// Whose.
        organisation: Responder,
        /// Until it expires, unless a session comes of it.
        expires_in: Duration,
    },
    /// A device.
    Device {
        /// What it is to the service.
        standing: DeviceStanding,
        /// Whose operators can reach it.
        organisation: Responder,
    },
}

/// Why looking up or joining failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinFailure {
    /// No open invitation has this code.
    WrongCode,
    /// The invitation expired or was withdrawn.
    Closed,
    /// Another agent was first.
    Taken,
    /// The service wants a pause.
    TooMany {
        /// For how long.
        retry_after: Duration,
    },
    /// The service did not answer in time.
    Unreachable,
    /// The service's certificate is not trusted by this computer.
    CertificateNotTrusted,
    /// The service answered something else.
    Refused {
        /// What it said, made safe to show.
        detail: String,
    },
}

/// What was open when the agent last stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenThing {
    /// A request without an outcome.
    Request(RequestId),
    /// A session without an end.
    Session(SessionId),
}

/// The service took an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The approved request.
    pub request_id: RequestId,
    /// Its session.
    pub session_id: SessionId,
}

/// What the popup reports about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "prompt", rename_all = "snake_case")]
pub enum PromptFact {
    /// It is on the screen.
    Shown,
    /// Whether the user can see it whole, now; reported at each change, also when it was moved.
    Visibility(Visibility),
    /// It could not be shown, or died.
    Failed,
    /// There is no display.
    NoDisplay,
}

/// Whether the popup can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Wholly visible, and so sure.
    Visible(Assurance),
    /// Covered by a foreign window, moved just now, minimised, or (where the system cannot tell) not the active window.
    Covered,
}

/// How sure the popup is of being visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// The system tells what covers a window.
    Proven,
    /// It does not; the popup is the active window.
    Active,
}

/// What the access process reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "access", rename_all = "snake_case")]
pub enum AccessFact {
    /// It serves the grant.
    Started,
    /// Its tunnel to the service stands.
    TunnelStands,
    /// Its tunnel is gone: what was pressed is released, and nothing is served until it stands again.
    TunnelLost,
    /// This system does not let it serve something that is granted.
    Unsupported {
        /// What.
        permission: Permission,
    },
    /// What is being done now, the whole set.
    Doing {
        /// What.
        actions: Actions,
    },
    /// What is done with files.
    Files(FilesFact),
    /// What goes over the clipboard.
    Clipboard(ClipboardFact),
    /// Everything is carried out that it was told before it was asked to confirm with this number.
    Confirmed {
        /// Which; see [`Effect::Confirm`](crate::Effect::Confirm).
        number: u64,
    },
    /// It ended by itself.
    Ended,
}
