//! Bodies of the operator side, `/operator/v1/…`, as the console and other clients use them.

use crate::{
    Actions, Branding, DeviceId, EndReason, EnrolmentTokenId, GroupId, HelpId, InputMethod, InvitationId,
    MessageId, Operator, OperatorId, Organisation, Permission, Permissions, RejectReason, RequestId, Secret,
    SessionCode, SessionId, Timestamp, UnansweredCause, agent::AgentDescription, event::MessageKind,
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
    /// To be sent as `X-CSRF-Token` with everything but GET.
    pub csrf_token: Secret,
}

/// What an operator may manage. Helping users takes neither more nor less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Operators, organisation settings, device groups and enrolment tokens.
    Administrator,
    /// Nothing of these.
    Operator,
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

/// An operator's account as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// The operator.
    pub operator: Operator,
    /// The sign-in name.
    pub login: String,
    /// What the operator may manage.
    pub role: Role,
    /// Whether signing in is possible.
    pub disabled: bool,
    /// Present while the password is a one-time password that was not replaced: until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_until: Option<Timestamp>,
    /// When the account was made, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The latest sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<Timestamp>,
}

/// `POST /operator/v1/operators`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddOperator {
    /// The sign-in name, unique in the service.
    pub login: String,
    /// The name users see.
    pub name: String,
    /// What the operator may manage.
    pub role: Role,
}

/// An account with a fresh one-time password, which is told this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountWithPassword {
    /// The account.
    pub account: AccountView,
    /// Good for one sign-in within 7 days, at which an own one is chosen.
    pub one_time_password: Secret,
}

/// `PATCH /operator/v1/operators/{id}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeOperator {
    /// The name users see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the operator may manage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether signing in is impossible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// An organisation's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrganisationSettings {
    /// Name, domain and key are in the keeping of whoever runs the service.
    pub organisation: Organisation,
    /// How it looks on users' screens.
    pub branding: Branding,
}

/// `PUT /operator/v1/organisation/branding`: what is absent is taken away. The logo has its own route.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeBranding {
    /// One line of at most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// A colour as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
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

/// A device group with what administrators manage of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentView {
    /// The group.
    pub group: GroupView,
    /// Whether each device waits until an operator accepts it.
    pub requires_acceptance: bool,
    /// How many devices it has.
    pub devices: u32,
    /// Its enrolment tokens, newest first; those that are over for more than 30 days are left out.
    pub tokens: Vec<EnrolmentTokenView>,
}

/// An enrolment token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenView {
    /// The token's identifier.
    pub id: EnrolmentTokenId,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was made, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Until when it is good; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many devices it can still enrol; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// How many devices were enrolled with it and are not retired.
    pub devices: u32,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// `POST /operator/v1/device-groups`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddGroup {
    /// Its name.
    pub name: String,
    /// The most that may be asked for on its devices; at least one.
    pub permissions: Permissions,
    /// Whether each device waits until an operator accepts it.
    #[serde(default)]
    pub requires_acceptance: bool,
}

/// `PATCH /operator/v1/device-groups/{id}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeGroup {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most that may be asked for on its devices; at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// Whether each new device waits until an operator accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_acceptance: Option<bool>,
}

/// `POST /operator/v1/device-groups/{id}/enrolment-tokens`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddEnrolmentToken {
    /// What it is for; only operators see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How many devices it can enrol; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// For how many days it is good, 3650 at most; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// A fresh enrolment token, which is told this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenAdded {
    /// What administrators see of it from now on.
    pub token: EnrolmentTokenView,
    /// What IT deploys.
    pub enrolment_token: Secret,
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
