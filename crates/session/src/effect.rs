//! Everything the core asks its owner to do.

use crate::{FileDeed, SharedFolder, Speaker};
use protocol::{
    Actions, EndReason, Operator, OrganisationId, Outcome, Permission, Permissions, RequestId, SessionCode,
    SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Something to do. The owner carries out every effect, in order, and drops none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the service; retried until it arrived, in order for each session.
    Send(Send),
    /// Write to the journal. For an approval the answer is `Recorded` or `RecordFailed`; nothing waits for the others.
    Record(Entry),
    /// Show the popup for the request in [`View::prompt`](crate::View::prompt), in its own process.
    ShowPrompt(RequestId),
    /// Close the popup.
    ClosePrompt(RequestId),
    /// Start the access process with this grant and nothing more.
    StartAccess(Grant),
    /// Replace the access process's grant.
    ChangeGrant(Grant),
    /// The access process: hold the operator's input back, release what is pressed.
    HoldInput,
    /// The access process: let the operator's input through again.
    ResumeInput,
    /// The access process: input released and held, picture and transfers stopped.
    Pause,
    /// The access process: go on.
    Resume,
    /// The access process: cut this transfer, and keep nothing of it.
    CancelTransfer(u64),
    /// The access process: send the operator what was copied last.
    SendCopied,
    /// The access process: answer `Confirmed` with this number once everything before is carried out.
    Confirm(u64),
    /// Kill the access process, now, and release what it held.
    StopAccess,
    /// Stop polling: nothing more comes of this invitation.
    StopListening,
    /// Stop polling and, once everything sent before has arrived, forget the invitation's agent token.
    ForgetInvitation,
    /// Remember over restarts that the user does not want to hear of this organisation, or does again.
    KeepMuted {
        /// That organisation.
        organisation: OrganisationId,
        /// Whether it is muted.
        muted: bool,
    },
    /// Tell the user, beside window and tray.
    Notify(Notification),
    /// Open the session window: the user's yes came to nothing, and nobody else says so.
    ShowWindow,
    /// Leave the program.
    Exit(Exit),
}

/// What the service is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// Whose is this code?
    LookUp(SessionCode),
    /// Use the code up.
    Join(SessionCode),
    /// Stop looking up or joining.
    StopJoining,
    /// The user leaves the invitation.
    Leave,
    /// The request is on the user's screen.
    Shown(RequestId),
    /// How a request ended. For an approval: the receipt that was recorded before.
    Outcome {
        /// The request.
        request_id: RequestId,
        /// How it ended.
        outcome: Outcome,
        /// When.
        decided_at: Timestamp,
    },
    /// Whatever comes or came of this request's approval is over.
    Cancel {
        /// The request.
        request_id: RequestId,
        /// Why.
        reason: EndReason,
    },
    /// The user says something.
    Message {
        /// In this session.
        session_id: SessionId,
        /// Counts from 1 in a session.
        number: u32,
        /// What.
        text: String,
    },
    /// What is still granted after a take-back.
    Granted {
        /// In this session.
        session_id: SessionId,
        /// The rest.
        granted: Permissions,
    },
    /// What is being done now. Only the newest counts.
    Actions {
        /// In this session.
        session_id: SessionId,
        /// The whole set.
        actions: Actions,
        /// Until the limit.
        remaining: Duration,
        /// Whether the screen is locked.
        suspended: bool,
        /// What is granted and cannot be done on this computer.
        unsupported: Permissions,
    },
    /// The session is over here.
    End {
        /// That session.
        session_id: SessionId,
        /// Why.
        reason: EndReason,
        /// Whether the user says that something was wrong. Operators never learn it.
        suspicious: bool,
    },
    /// The user asks for help.
    AskForHelp {
        /// What it is about.
        text: String,
    },
    /// The user takes the help request back.
    WithdrawHelp,
}

/// What the journal keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// An operator asked.
    RequestReceived {
        /// The request.
        request_id: RequestId,
        /// Who.
        operator: Operator,
        /// For whom.
        organisation_name: String,
        /// What for.
        permissions: Permissions,
        /// During this session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
    },
    /// A request ended. With an approval the receipt must be durable before anything comes of it.
    Outcome {
        /// The request.
        request_id: RequestId,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// An approval came to nothing: withdrawn, refused or not answered by the service, or ended before it began.
    NotStarted {
        /// The approved request.
        request_id: RequestId,
        /// Why.
        reason: EndReason,
    },
    /// A session started, or was widened.
    SessionStarted {
        /// The session.
        session_id: SessionId,
        /// The request it came of.
        request_id: RequestId,
        /// What is granted from now on.
        granted: Permissions,
        /// Where files are shared, if they are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<PathBuf>,
    },
    /// A permission was taken back.
    TakenBack {
        /// In this session.
        session_id: SessionId,
        /// That permission.
        permission: Permission,
    },
    /// The user let the session last longer.
    Prolonged {
        /// The session.
        session_id: SessionId,
        /// Its limit now, counted from its start.
        limit_secs: u64,
    },
    /// A text went over the clipboard.
    Clipboard {
        /// In this session.
        session_id: SessionId,
        /// Whose.
        from: Speaker,
        /// How long.
        characters: u64,
    },
    /// What the operator is doing changed.
    Actions {
        /// In this session.
        session_id: SessionId,
        /// The whole set.
        actions: Actions,
    },
    /// What the operator did with files.
    Files {
        /// In this session.
        session_id: SessionId,
        /// Oldest first.
        deeds: Vec<FileDeed>,
    },
    /// A session ended.
    SessionEnded {
        /// The session.
        session_id: SessionId,
        /// Why.
        reason: EndReason,
        /// How long it lasted, time asleep included; unknown after a restart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasted_secs: Option<u64>,
        /// Whether the user said that something was wrong.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        suspicious: bool,
    },
    /// The user said after a session's end that something was wrong in it.
    Reported {
        /// The session.
        session_id: SessionId,
    },
}

/// What the access process may serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// For this session.
    pub session_id: SessionId,
    /// Exactly this.
    pub permissions: Permissions,
    /// Where files are shared, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<SharedFolder>,
}

/// A hint beside window and tray; the texts are made where languages are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// An operator wants to connect. Sent after the popup is shown, withdrawn with it.
    Request(RequestId),
    /// The request is over.
    WithdrawRequest(RequestId),
    /// A session started.
    SessionStarted,
    /// The operator's page was closed.
    OperatorLeft,
    /// A chat line or note came in.
    Message,
    /// A session ended.
    SessionEnded(EndReason),
}

/// How to leave the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is said and done.
    Finished,
    /// As told from outside; ends already sent are given a moment to arrive.
    Terminated,
}
