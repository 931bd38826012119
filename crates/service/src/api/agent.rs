//! `/agent/v1/…`: what agents call.

use super::{
    auth::FromAgent,
    body::{Asked, Body, Named},
    limits::Peer,
    manage::serve_logo,
    problem::Answer,
};
use crate::{branding, devices, events, help, invitations, outcomes, requests, service::Service, sessions};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use protocol::{
    RequestId, SessionId,
    agent::{
        AskForHelp, CancelRequest, EndSession, EnrolRequest, EnrolResponse, EventsQuery, EventsResponse,
        HelpAsked, JoinRequest, JoinResponse, LookupRequest, LookupResponse, OutcomeRequest, OutcomeResponse,
        ReportActions, RequestPath, SendMessage, SessionPath, TakeBack,
    },
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where agents poll; not held to the usual time limit.
pub(super) const EVENTS_PATH: &str = "/agent/v1/events";

type Shared = State<Arc<Service>>;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(lookup))
        .routes(routes!(join))
        .routes(routes!(enrol))
        .routes(routes!(poll_events))
        .routes(routes!(branding_logo))
        .routes(routes!(request_shown))
        .routes(routes!(request_outcome))
        .routes(routes!(cancel_request))
        .routes(routes!(send_message))
        .routes(routes!(take_back))
        .routes(routes!(report_actions))
        .routes(routes!(end_session))
        .routes(routes!(ask_for_help, withdraw_help))
        .routes(routes!(leave))
}

/// Who made this session code?
///
/// Sends nothing but the code, so that the user can decide whether to join before the service learns anything about the
/// computer. Changes nothing. Wrong codes are counted; see *Session codes*.
#[utoipa::path(
    post, path = "/agent/v1/lookup", tag = "agent",
    request_body = LookupRequest,
    responses((status = 200, description = "The organisation that waits behind the code.", body = LookupResponse)),
    extensions(("x-problem-codes" = json!(["wrong_code", "invitation_closed", "invitation_taken", "too_many_attempts",
        "proof_of_work_required"]))),
)]
async fn lookup(
    State(service): Shared,
    Peer(from): Peer,
    Body(wanted): Body<LookupRequest>,
) -> Answer<Json<LookupResponse>> {
    Ok(Json(service.run(move |work| invitations::look_up(work, &wanted, from)).await?))
}

/// Use up a session code.
///
/// The first agent to join has the invitation. A repeat with the same code and key, until a session comes of the invitation,
/// gets a fresh token; the earlier one is void. Afterwards, as for other keys, the code is `invitation_taken`.
#[utoipa::path(
    post, path = "/agent/v1/join", tag = "agent",
    request_body = JoinRequest,
    responses((status = 200, description = "The agent has the invitation.", body = JoinResponse)),
    extensions(("x-problem-codes" = json!(["wrong_code", "invitation_closed", "invitation_taken", "too_many_attempts",
        "proof_of_work_required"]))),
)]
async fn join(
    State(service): Shared,
    Peer(from): Peer,
    Body(wanted): Body<JoinRequest>,
) -> Answer<Json<JoinResponse>> {
    Ok(Json(service.run(move |work| invitations::join(work, &wanted, from)).await?))
}

/// Make this user's agent a device.
///
/// A repeat with the same token and key is the same device and gets a fresh agent token; the earlier one is void. Where the
/// group wants its devices accepted, `device.accepted` is false until a `device_changed` event says otherwise.
/// `enrolment_refused`: the token is not good for this agent, which goes too for a token that is not newer than the
/// retirement of this key's device. `key_cloned`: the key was found on two computers that took turns with one token, as copies of a disk do. The device is
/// retired; each of them makes a key of its own and enrols anew.
#[utoipa::path(
    post, path = "/agent/v1/enrol", tag = "agent",
    request_body = EnrolRequest,
    responses((status = 200, description = "The agent is a device.", body = EnrolResponse)),
    extensions(("x-problem-codes" = json!(["enrolment_refused", "invalid", "key_cloned", "organisation_suspended", "too_many"]))),
)]
async fn enrol(State(service): Shared, Body(wanted): Body<EnrolRequest>) -> Answer<Json<EnrolResponse>> {
    Ok(Json(service.run(move |work| devices::enrol(work, &wanted)).await?))
}

/// The long poll.
///
/// Without `after` the answer is a snapshot and a cursor, at once. With `after` it comes as soon as there are events after
/// that cursor, or, with no events, when `wait_secs` are over, a newer poll with the same token arrived, or the service
/// stops. See *Events and cursors*.
#[utoipa::path(
    get, path = "/agent/v1/events", tag = "agent",
    params(EventsQuery),
    responses((status = 200, description = "What happened, and from where to go on.", body = EventsResponse)),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["cursor_expired", "invalid"]))),
)]
async fn poll_events(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Asked(query): Asked<EventsQuery>,
) -> Answer<Json<EventsResponse>> {
    Ok(Json(events::poll(&service, agent, query).await?))
}

/// The organisation's logo.
///
/// A PNG of at most 624 × 158 pixels. `branding.logo` names its entity tag, so an agent asks when that is one it does not
/// hold, and sends `If-None-Match` with the one it has. See *Branding*.
#[utoipa::path(
    get, path = "/agent/v1/branding/logo", tag = "agent",
    responses(
        (status = 200, description = "The logo.", content_type = "image/png", body = inline(super::document::Png),
            headers(("ETag", description = "`branding.logo` in quotes."))),
        (status = 304, description = "It is the one that `If-None-Match` names."),
    ),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found"]))),
)]
async fn branding_logo(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    headers: HeaderMap,
) -> Answer<Response> {
    let logo =
        service.run_for(agent, move |work, agent| branding::logo(work, &agent.record.organisation)).await?;
    Ok(serve_logo(logo, &headers))
}

/// The request is on the user's screen.
///
/// Due within 5 seconds of delivery; the operator is told "not reached" otherwise, until it comes. May be repeated.
#[utoipa::path(
    post, path = "/agent/v1/requests/{request_id}/shown", tag = "agent",
    params(RequestPath),
    responses((status = 204, description = "Taken in.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "request_closed"]))),
)]
async fn request_shown(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<RequestId>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| requests::shown(work, agent, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How the request ended.
///
/// The body carries the receipt; see *Receipts*. For an approval the answer names the session and carries the ticket for its
/// tunnel. The same receipt sent again gets the same answer, so an agent repeats it until it has one. `request_closed`:
/// another receipt for the request was taken in, or it is an approval and the operator took the request back, it ran out
/// at the service, or its session ended: the approval has come to nothing. `session_ended`: so has one of more.
#[utoipa::path(
    post, path = "/agent/v1/requests/{request_id}/outcome", tag = "agent",
    params(RequestPath),
    request_body = OutcomeRequest,
    responses((status = 200, description = "The receipt is kept.", body = OutcomeResponse)),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "receipt_invalid", "request_closed", "session_ended"]))),
)]
async fn request_outcome(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<RequestId>,
    Body(said): Body<OutcomeRequest>,
) -> Answer<Json<OutcomeResponse>> {
    Ok(Json(
        service.run_for(agent, move |work, agent| outcomes::report(work, agent, &id, &said.receipt)).await?,
    ))
}

/// Whatever comes or came of this request is over.
///
/// Ends the session that its approval started, takes back what its approval added to a running session, or, if it is still
/// open, closes it so that no approval of it is taken any more. May be repeated, and sent at any time; of several, the first
/// counts. A receipt that states how the request ended may still follow.
#[utoipa::path(
    post, path = "/agent/v1/requests/{request_id}/cancel", tag = "agent",
    params(RequestPath),
    request_body = CancelRequest,
    responses((status = 204, description = "It is over.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found"]))),
)]
async fn cancel_request(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<RequestId>,
    Body(said): Body<CancelRequest>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| requests::cancel(work, agent, &id, said.reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user says something.
///
/// Needs `chat`. A message with a number that was sent before is taken for a repeat and changes nothing, whatever its text.
#[utoipa::path(
    post, path = "/agent/v1/sessions/{session_id}/messages", tag = "agent",
    params(SessionPath),
    request_body = SendMessage,
    responses((status = 204, description = "The operator has it.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "session_ended", "not_granted"]))),
)]
async fn send_message(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<SessionId>,
    Body(said): Body<SendMessage>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| sessions::message_from_user(work, agent, &id, &said)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user took permissions back.
///
/// Carries what is still granted. The service intersects it with what it knows, so this can only narrow, and may be
/// repeated.
#[utoipa::path(
    post, path = "/agent/v1/sessions/{session_id}/permissions", tag = "agent",
    params(SessionPath),
    request_body = TakeBack,
    responses((status = 204, description = "Nothing more than this is granted.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "session_ended"]))),
)]
async fn take_back(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<SessionId>,
    Body(said): Body<TakeBack>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| sessions::take_back(work, agent, &id, said.granted)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the operator is doing now, and how long the session may last.
///
/// Sent when the session starts and when something in it changes; the newest report counts. What the permissions do not
/// allow is left out of the actions.
#[utoipa::path(
    post, path = "/agent/v1/sessions/{session_id}/actions", tag = "agent",
    params(SessionPath),
    request_body = ReportActions,
    responses((status = 204, description = "The operator sees it.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "session_ended"]))),
)]
async fn report_actions(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<SessionId>,
    Body(said): Body<ReportActions>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| sessions::report(work, agent, &id, &said)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The session is over on this computer.
///
/// The first of several ends that meet wins; a later one is answered the same. With the session of an invitation, the
/// invitation is over: the token can fetch and report what is pending for 15 more minutes, and nothing new starts.
/// `suspicious` tells whoever runs the service that the user found something wrong, also where the session was ended before;
/// operators read of a plain end.
#[utoipa::path(
    post, path = "/agent/v1/sessions/{session_id}/end", tag = "agent",
    params(SessionPath),
    request_body = EndSession,
    responses((status = 204, description = "It is over.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found"]))),
)]
async fn end_session(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Named(id): Named<SessionId>,
    Body(said): Body<EndSession>,
) -> Answer<StatusCode> {
    service.run_for(agent, move |work, agent| sessions::end_by_agent(work, agent, &id, &said)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user of a device asks for help.
///
/// A device has one help request at a time: asking again changes its text and keeps its place in the queue.
#[utoipa::path(
    post, path = "/agent/v1/help", tag = "agent",
    request_body = AskForHelp,
    responses((status = 200, description = "Operators see it.", body = HelpAsked)),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["forbidden", "device_pending"]))),
)]
async fn ask_for_help(
    State(service): Shared,
    FromAgent(agent): FromAgent,
    Body(wanted): Body<AskForHelp>,
) -> Answer<Json<HelpAsked>> {
    let help_id = service.run_for(agent, move |work, agent| help::ask(work, agent, &wanted.text)).await?;
    Ok(Json(HelpAsked { help_id }))
}

/// The user no longer needs help.
#[utoipa::path(
    delete, path = "/agent/v1/help", tag = "agent",
    responses((status = 204, description = "No help request is open.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["forbidden"]))),
)]
async fn withdraw_help(State(service): Shared, FromAgent(agent): FromAgent) -> Answer<StatusCode> {
    service.run_for(agent, help::withdraw).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The user of an invitation's agent leaves.
///
/// The invitation is over, and a session that is running ends. A device is retired by its operators instead.
#[utoipa::path(
    post, path = "/agent/v1/leave", tag = "agent",
    responses((status = 204, description = "The invitation is over.")),
    security(("agent_token" = [])),
    extensions(("x-problem-codes" = json!(["forbidden"]))),
)]
async fn leave(State(service): Shared, FromAgent(agent): FromAgent) -> Answer<StatusCode> {
    service.run_for(agent, invitations::leave).await?;
    Ok(StatusCode::NO_CONTENT)
}
