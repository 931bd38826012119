//! Bodies of the operator side, `/operator/v1/…`, as the console and other clients use them.

mod audit;
mod manage;
mod passkey;
mod second_factor;

pub use audit::{AuditAction, AuditEntry, AuditPage, AuditQuery};
pub use manage::{
    AccountView, AccountWithPassword, AddEnrolmentToken, AddGroup, AddOperator, ChangeBranding, ChangeGroup,
    ChangeOperator, ChangePolicy, DomainBy, DomainRecord, EnrolmentTokenAdded, EnrolmentTokenView,
    EnrolmentView, OrganisationSettings, ProveDomain, Role,
};
pub use passkey::{
    AddPasskey, BeginPasskeySignIn, PasskeyAdded, PasskeyChallenge, PasskeySignIn, PasskeyView, RemovePasskey,
};
pub use second_factor::{
    BeginSecondFactor, ConfirmSecondFactor, ProveSecondFactor, RecoveryCodes, SecondFactorSetup,
    SecondFactorView,
};

use crate::{
    Actions, DeviceId, EndReason, GroupId, HelpId, InputMethod, InvitationId, MessageId, Operator,
    OperatorId, Organisation, Permission, Permissions, RejectReason, RequestId, Secret, SessionCode,
    SessionId, Timestamp, UnansweredCause, agent::AgentDescription, event::MessageKind,
};
use serde::{Deserialize, Serialize};

/// `POST /operator/v1/sign-in`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The operator's sign-in name, unique in the service.
    pub login: String,
    /// The operator's password.
    pub password: Secret,
    /// Where the answer to the password alone was `second_factor_required`: the six digits that the app shows, or a
    /// recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
}

/// Who is signed in; the answer to sign-in and to `GET /operator/v1/me`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Me {
    /// The operator.
    pub operator: Operator,
    /// The operator's organisation.
    pub organisation: Organisation,
    /// The sign-in name.
    pub login: String,
    /// What the operator may manage.
    pub role: Role,
    /// True after signing in with a one-time password: until an own one is chosen, nothing else is answered.
    pub must_change_password: bool,
    /// True while the organisation demands a second factor and there is none: until it is set up, nothing else is answered.
    #[serde(default)]
    pub must_set_second_factor: bool,
    /// Since when whoever runs the service has suspended the organisation: nothing can be asked of users meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_since: Option<Timestamp>,
    /// To be sent as `X-CSRF-Token` with everything but GET.
    pub csrf_token: Secret,
}

/// `POST /operator/v1/me/password`: an operator chooses a new password.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// The present one, or the one-time password.
    pub current_password: Secret,
    /// 12 characters or more, and not a repetition of the sign-in name.
    pub new_password: Secret,
}

/// `POST /operator/v1/invitations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateInvitation {
    /// How long the unused invitation lives: 60 to 86400 seconds, 7200 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_secs: Option<u32>,
    /// The operator's own note of whom it is for; never sent to the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// An invitation as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvitationView {
    /// The invitation.
    pub id: InvitationId,
    /// The code to tell the user; gone once the invitation is no longer open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_code: Option<SessionCode>,
    /// The link to send to the user, with the code in its fragment; gone with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The operator's own note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Who made it.
    pub operator: Operator,
    /// When it was made.
    pub created_at: Timestamp,
    /// Seconds until it expires; 0 once it is over.
    pub expires_in_secs: u32,
    /// How it stands.
    pub state: InvitationState,
    /// The agent that joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentView>,
}

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Nobody has joined yet.
    Open,
    /// An agent has joined.
    Joined,
    /// A session came of it and is running or over.
    Used,
    /// Its operator withdrew it.
    Withdrawn,
    /// Nobody used it in time.
    Expired,
    /// The user left without a session.
    Left,
}

/// An agent as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AgentView {
    /// Version and operating system.
    pub description: AgentDescription,
    /// Whether it is there.
    pub presence: Presence,
    /// The request that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestView>,
    /// The session that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
}

/// Whether an agent is there: a poll is open, or ended less than 15 seconds ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Presence {
    /// Whether it is there now.
    pub present: bool,
    /// When its last poll ended; absent while it is there, if it never polled, and of a session that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// A device as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeviceView {
    /// The device.
    pub id: DeviceId,
    /// The computer's name.
    pub computer: String,
    /// The user's name on it.
    pub user: String,
    /// Its group.
    pub group: GroupView,
    /// False while it waits to be accepted.
    pub accepted: bool,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Its agent.
    pub agent: AgentView,
}

/// A device group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GroupView {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The most that may be asked for on its devices.
    pub permissions: Permissions,
}

/// `POST /operator/v1/requests`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateRequest {
    /// Whom to ask.
    pub target: Target,
    /// What to ask for; during a session, what to ask for in addition.
    pub permissions: Permissions,
    /// Seconds to answer: 30 to 300, 120 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_within_secs: Option<u32>,
}

/// Whom a request or session concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The agent that joined this invitation.
    Invitation(InvitationId),
    /// This device.
    Device(DeviceId),
    /// The user of a running session, who is asked for more.
    Session(SessionId),
}

/// A request as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RequestView {
    /// The request.
    pub id: RequestId,
    /// Who asks.
    pub operator: Operator,
    /// Who is asked.
    pub target: Target,
    /// What is asked for.
    pub permissions: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// Seconds left to answer; 0 once it is over.
    pub answer_within_secs: u32,
    /// How it stands.
    pub state: RequestState,
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RequestState {
    /// On its way.
    Sent,
    /// Delivered, or 5 seconds old, and still not shown to the user.
    NotReached,
    /// On the user's screen.
    Shown,
    /// The user said yes.
    Approved {
        /// What was granted.
        permissions: Permissions,
        /// The session.
        session_id: SessionId,
        /// How the yes was given, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        given_by: Option<InputMethod>,
    },
    /// The user said no. `suspicious` is never told to operators.
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

/// A session as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// The session.
    pub id: SessionId,
    /// Its operator.
    pub operator: Operator,
    /// The invitation or device it came of.
    pub target: Target,
    /// What the user called the computer, or the invitation's label: for the list.
    pub title: String,
    /// What is granted now.
    pub granted: Permissions,
    /// What the agent says is being done now.
    pub actions: Actions,
    /// Whether the user's screen is locked.
    pub suspended: bool,
    /// What is granted and cannot be done on the user's computer, as its agent says.
    #[serde(default)]
    pub unsupported: Permissions,
    /// When it started.
    pub started_at: Timestamp,
    /// Seconds since it started, or that it lasted.
    pub running_secs: u32,
    /// Seconds until its limit; 0 once it is over.
    pub remaining_secs: u32,
    /// Whether the agent is there.
    pub presence: Presence,
    /// A request for more that waits, or the last one that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestView>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<SessionEnd>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionEnd {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// `GET /operator/v1/session-history`: which sessions, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
pub struct HistoryQuery {
    /// Words that computer, user, label or operator's name contain, all of them, in upper or lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Of this operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    /// In which this was granted at some time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(inline = false))]
    pub permission: Option<Permission>,
    /// That ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
    /// That started then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// That started before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many: 1 to 100, 25 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 100))]
    pub limit: Option<u32>,
}

/// One page of the session history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// Newest first.
    pub sessions: Vec<SessionView>,
    /// Leads to the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /operator/v1/sessions/{id}/messages`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PostMessage {
    /// Chat or note.
    pub kind: MessageKind,
    /// At most 4000 characters.
    pub text: String,
}

/// The answer to `POST /operator/v1/sessions/{id}/files-credential`: what a WebDAV client signs in with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FilesCredential {
    /// The address of the folder.
    pub url: String,
    /// The user name for HTTP Basic.
    pub user_name: String,
    /// The password, 256 bits. It is told once.
    pub password: Secret,
}

/// A message of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MessageView {
    /// The message.
    pub id: MessageId,
    /// Its session.
    pub session_id: SessionId,
    /// Who said it.
    pub from: Speaker,
    /// Chat or note.
    pub kind: MessageKind,
    /// What was said.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The user.
    User,
    /// The operator.
    Operator,
}

/// A user's request for help as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HelpView {
    /// The help request.
    pub id: HelpId,
    /// Whose user asks.
    pub device_id: DeviceId,
    /// The computer's name.
    pub computer: String,
    /// The user's name on it.
    pub user: String,
    /// What it is about.
    pub text: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Who took it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<Operator>,
}

/// A receipt as the service keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReceiptView {
    /// The request it is about.
    pub request_id: RequestId,
    /// The compact JWS.
    pub receipt: String,
    /// When the service took it in.
    pub received_at: Timestamp,
    /// The service's word on that, as the agent got it; absent for receipts of an earlier version of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countersignature: Option<String>,
}

/// One event of `GET /operator/v1/live` (server-sent events; `data` is this, as JSON). The first is `everything`;
/// each later one carries a thing whole, to replace what the client holds under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum LiveEvent {
    /// All that the operator may see.
    Everything(Everything),
    /// An invitation is new or changed.
    Invitation(InvitationView),
    /// A device is new or changed.
    Device(DeviceView),
    /// A device was retired.
    DeviceRetired(DeviceId),
    /// A help request is new or changed.
    Help(HelpView),
    /// A help request is closed.
    HelpClosed(HelpId),
    /// A request is new or changed.
    Request(RequestView),
    /// A session is new or changed.
    Session(SessionView),
    /// A message is new.
    Message(MessageView),
}

/// All that an operator may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Everything {
    /// Newest first; those that ended more than a day ago are left out.
    pub invitations: Vec<InvitationView>,
    /// By computer name.
    pub devices: Vec<DeviceView>,
    /// Oldest first.
    pub help: Vec<HelpView>,
    /// Newest first: the running ones and those of the last day.
    pub sessions: Vec<SessionView>,
}
