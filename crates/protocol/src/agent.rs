//! Bodies of the agent side, `/agent/v1/…`.

use crate::{
    Actions, Branding, DeviceId, EndReason, GroupId, HelpId, InvitationId, Organisation, Permissions,
    RequestId, Secret, SessionCode, SessionId, Timestamp,
    event::{Event, RequestEvent},
};
use serde::{Deserialize, Serialize};

/// `POST /agent/v1/lookup`: who made this session code? Nothing but the code is sent, so that the user can decide whether
/// to join before the service learns anything about the computer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LookupRequest {
    /// The code the user typed.
    pub session_code: SessionCode,
    /// The solution of a challenge, where an earlier answer asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWork>,
}

/// Answer to [`LookupRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LookupResponse {
    /// Who waits behind the code.
    pub organisation: Organisation,
    /// Seconds until the unused invitation expires.
    pub expires_in_secs: u32,
}

/// `POST /agent/v1/join`: use up a session code. The first agent to join has the invitation; a repeat by the same key
/// gets a fresh token, so that a lost answer costs nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JoinRequest {
    /// The code the user typed.
    pub session_code: SessionCode,
    /// The agent's Ed25519 public key: 32 bytes, base64url without padding.
    pub public_key: String,
    /// What is joining.
    pub agent: AgentDescription,
    /// The solution of a challenge, where an earlier answer asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWork>,
}

/// All that the service learns of a computer before an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AgentDescription {
    /// The agent's version, as in `1.2.3`; at most 32 ASCII characters.
    pub version: String,
    /// `linux`, `macos` or `windows`.
    pub operating_system: String,
}

/// Answer to [`JoinRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JoinResponse {
    /// Sent as `Authorization: Bearer …` from now on; dies with the invitation.
    pub agent_token: Secret,
    /// Who waits behind the code.
    pub organisation: Organisation,
    /// How it wants to look.
    #[serde(default)]
    pub branding: Branding,
    /// The invitation that was joined.
    pub invitation_id: InvitationId,
    /// Seconds until the invitation expires unless a session comes of it.
    pub expires_in_secs: u32,
}

/// `POST /agent/v1/enrol`: make this user's agent a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// The token that IT deployed.
    pub enrolment_token: Secret,
    /// The agent's Ed25519 public key: 32 bytes, base64url without padding. A repeat by the same key is the same device.
    pub public_key: String,
    /// Compact JWS with `typ` `ondemand-enrolment+jws` over `EnrolmentTerms`, signed with that key: a token is known to many
    /// and a public key to more, and neither shows whose agent this is.
    pub proof: String,
    /// What is enrolling.
    pub agent: AgentDescription,
    /// The computer's name, for the operators' list; cut to 128 characters, and may be empty.
    pub computer: String,
    /// The user's name on that computer; likewise.
    pub user: String,
}

/// Answer to [`EnrolRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolResponse {
    /// Sent as `Authorization: Bearer …` from now on; lives until the device is retired.
    pub agent_token: Secret,
    /// Whose operators can reach the device.
    pub organisation: Organisation,
    /// How it wants to look.
    #[serde(default)]
    pub branding: Branding,
    /// What the agent is now.
    pub device: DeviceStanding,
}

/// A device as its own agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeviceStanding {
    /// This device.
    pub device_id: DeviceId,
    /// The group its enrolment token belonged to.
    pub group_id: GroupId,
    /// The group's name.
    pub group_name: String,
    /// The most that may be granted on devices of this group.
    pub permissions: Permissions,
    /// False while the group's administrators have not accepted the device; no requests come until then.
    pub accepted: bool,
}

/// Asked for when too many wrong codes come in from everywhere at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProofOfWorkChallenge {
    /// Opaque; carries its own expiry and cannot be used twice.
    pub challenge: String,
    /// How many leading zero bits `SHA-256(challenge || solution)` must have.
    pub zero_bits: u8,
}

/// A solved [`ProofOfWorkChallenge`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProofOfWork {
    /// The challenge, unchanged.
    pub challenge: String,
    /// The text that solves it; at most 32 characters.
    pub solution: String,
}

/// `GET /agent/v1/events`: the long poll's query.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
pub struct EventsQuery {
    /// The cursor of the last answer. Without it the answer is a snapshot, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How long the service may hold the answer back while nothing happens; 900 at most, 0 if absent.
    #[serde(default)]
    #[cfg_attr(feature = "schema", param(required = false))]
    pub wait_secs: u32,
    /// A random text of 1 to 64 of the characters A-Z a-z 0-9 _ -, made anew each time the agent starts: two that take turns
    /// with one token are copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", param(pattern = "^[A-Za-z0-9_-]{1,64}$"))]
    pub run: Option<String>,
}

/// Answer to the long poll.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EventsResponse {
    /// Send this back as `after`, once everything in this answer has been taken in.
    pub cursor: String,
    /// The service's clock when the answer was written; `expires_at` of signed requests is meant by it.
    pub service_time: Timestamp,
    /// How things stand; only in answer to a poll without `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// What happened since, in order. The same event may come twice.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// How things stand for one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// What the agent is to the service.
    pub standing: Standing,
    /// How the organisation wants to look.
    #[serde(default)]
    pub branding: Branding,
    /// The request that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestEvent>,
    /// The session that is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The help request that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_id: Option<HelpId>,
}

/// What an agent is to the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    /// The first to join an invitation.
    Invitation {
        /// That invitation.
        invitation_id: InvitationId,
        /// Seconds until it expires unless a session comes of it.
        expires_in_secs: u32,
    },
    /// An enrolled device.
    Device(DeviceStanding),
}

/// `POST /agent/v1/requests/{id}/outcome`: how a request ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OutcomeRequest {
    /// The receipt: a compact JWS over [`ReceiptTerms`](crate::signed::ReceiptTerms), signed with the agent's key.
    pub receipt: String,
}

/// Answer to [`OutcomeRequest`]; a repeat gets the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OutcomeResponse {
    /// Present after an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionStart>,
    /// That the receipt was taken in: a compact JWS over
    /// [`CountersignatureTerms`](crate::signed::CountersignatureTerms), signed with the organisation's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countersignature: Option<String>,
}

/// A session that an approval started or widened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionStart {
    /// The session; for a request during a session, that session.
    pub session_id: SessionId,
    /// Opens the session's tunnel, and nothing else; valid until the session ends.
    pub tunnel_ticket: Secret,
}

/// `POST /agent/v1/sessions/{id}/messages`: the user says something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SendMessage {
    /// Counts the user's messages in this session from 1; a repeat of the same number is the same message.
    pub number: u32,
    /// At most 4000 characters.
    pub text: String,
}

/// `POST /agent/v1/sessions/{id}/permissions`: the user took something back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TakeBack {
    /// What is still granted. The service intersects it with what it knows; this can only narrow.
    pub granted: Permissions,
}

/// `POST /agent/v1/sessions/{id}/actions`: what the operator is doing now, and how long the session may still last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReportActions {
    /// The whole set, not a change to it.
    pub actions: Actions,
    /// Seconds until the session's limit.
    pub remaining_secs: u32,
    /// Whether the session is suspended because the screen is locked.
    #[serde(default)]
    pub suspended: bool,
    /// What is granted and cannot be done on this computer, such as `view` where the system lets nobody see the screen.
    #[serde(default)]
    pub unsupported: Permissions,
}

/// `POST /agent/v1/sessions/{id}/end`: the session is over on this computer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EndSession {
    /// Why.
    pub reason: EndReason,
    /// Whether the user says that something was wrong in this session. For the abuse desk; operators are told of a plain
    /// end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspicious: bool,
}

/// `POST /agent/v1/requests/{id}/cancel`: whatever comes or came of this request is over; ends the session that the
/// approval started, or keeps it from starting.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CancelRequest {
    /// Why.
    pub reason: EndReason,
}

/// `POST /agent/v1/help`: the user of a device asks for help.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AskForHelp {
    /// What it is about; at most 500 characters.
    pub text: String,
}

/// Answer to [`AskForHelp`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HelpAsked {
    /// The help request; asking again changes its text and keeps its place.
    pub help_id: HelpId,
}

/// A request id in a path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Path))]
pub struct RequestPath {
    /// The request.
    pub request_id: RequestId,
}

/// A session id in a path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Path))]
pub struct SessionPath {
    /// The session.
    pub session_id: SessionId,
}
