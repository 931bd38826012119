//! `/operator/v1/…`: what the console and other operators' clients call.

use super::{
    auth::{FromOperator, FromSignedIn},
    body::{Asked, Body, Named},
    limits::Peer,
    live,
    problem::Answer,
};
use crate::{
    credentials, devices, error::Error, help, history, invitations, outcomes, requests, service::Service,
    sessions, views,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use protocol::{
    DeviceId, HelpId, InvitationId, RequestId, SessionId,
    agent::{RequestPath, SessionPath},
    operator::{
        CreateInvitation, CreateRequest, DeviceView, GroupView, HelpView, HistoryPage, HistoryQuery,
        InvitationView, Me, MessageView, PostMessage, ReceiptView, RequestView, Role, SessionView, SignIn,
    },
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

type Shared = State<Arc<Service>>;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(live::live))
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(withdraw_invitation))
        .routes(routes!(list_devices))
        .routes(routes!(accept_device))
        .routes(routes!(retire_device))
        .routes(routes!(list_device_groups))
        .routes(routes!(list_help))
        .routes(routes!(take_help))
        .routes(routes!(close_help))
        .routes(routes!(create_request))
        .routes(routes!(get_request, withdraw_request))
        .routes(routes!(list_sessions))
        .routes(routes!(session_history))
        .routes(routes!(get_session))
        .routes(routes!(list_messages, post_message))
        .routes(routes!(end_session_as_operator))
        .routes(routes!(list_receipts))
}

/// Sign in.
///
/// Sets the cookie that goes with every other call, and answers with the token for `X-CSRF-Token`. A sign-in lasts 12 hours
/// at most. Wrong passwords are counted for the sign-in name and for the address.
///
/// `second_factor_required`: the password is right, and the account has a second factor, `second_factors` saying which;
/// send both again with `code`, or sign in with a passkey. Each code is taken once, and wrong ones are counted for the
/// sign-in name too.
#[utoipa::path(
    post, path = "/operator/v1/sign-in", tag = "operator",
    request_body = SignIn,
    responses((status = 200, description = "Signed in.", body = Me, headers(("Set-Cookie", description = "The sign-in.")))),
    extensions(("x-problem-codes" = json!(["unauthenticated", "too_many_attempts", "forbidden", "account_disabled",
        "second_factor_required", "wrong_second_factor"]))),
)]
async fn sign_in(
    State(service): Shared,
    Peer(from): Peer,
    Body(wanted): Body<SignIn>,
) -> Answer<impl IntoResponse> {
    let (token, signed_in) = credentials::sign_in(&service, wanted, from).await?;
    let me = service.run(move |work| credentials::me(work, &signed_in)).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, service.cookie_set(&token))]), Json(me)))
}

/// Sign out.
///
/// Voids the cookie everywhere and ends live connections that were opened with it.
#[utoipa::path(
    post, path = "/operator/v1/sign-out", tag = "operator",
    responses((status = 204, description = "Signed out.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn sign_out(State(service): Shared, FromSignedIn(who): FromSignedIn) -> Answer<impl IntoResponse> {
    service.run_for(who, credentials::sign_out).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, service.cookie_cleared())]), StatusCode::NO_CONTENT))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/operator/v1/me", tag = "operator",
    responses((status = 200, description = "The operator.", body = Me)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn me(State(service): Shared, FromSignedIn(who): FromSignedIn) -> Answer<Json<Me>> {
    Ok(Json(service.run_for(who, credentials::me).await?))
}

/// The organisation's invitations.
///
/// Newest first; those that ended more than a day ago are left out.
#[utoipa::path(
    get, path = "/operator/v1/invitations", tag = "operator",
    responses((status = 200, description = "Invitations.", body = Vec<InvitationView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn list_invitations(
    State(service): Shared,
    FromOperator(who): FromOperator,
) -> Answer<Json<Vec<InvitationView>>> {
    let list =
        service.run_for(who, move |work, who| views::invitations(work, &who.operator.organisation)).await?;
    Ok(Json(list))
}

/// Make an invitation.
#[utoipa::path(
    post, path = "/operator/v1/invitations", tag = "operator",
    request_body = CreateInvitation,
    responses((status = 201, description = "The invitation, with its code and link.", body = InvitationView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn create_invitation(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Body(wanted): Body<CreateInvitation>,
) -> Answer<(StatusCode, Json<InvitationView>)> {
    let view = service
        .run_for(who, move |work, who| {
            let id = invitations::create(work, &who.operator, &wanted)?;
            views::invitation_by_id(work, &id)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Withdraw an invitation.
///
/// An agent that joined it is told. Not possible once a session came of it.
#[utoipa::path(
    delete, path = "/operator/v1/invitations/{invitation_id}", tag = "operator",
    params(("invitation_id" = InvitationId, Path, description = "The invitation.")),
    responses((status = 204, description = "It is over.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "invalid"]))),
)]
async fn withdraw_invitation(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<InvitationId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| invitations::withdraw(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organisation's devices, by computer name.
#[utoipa::path(
    get, path = "/operator/v1/devices", tag = "operator",
    responses((status = 200, description = "Devices.", body = Vec<DeviceView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn list_devices(
    State(service): Shared,
    FromOperator(who): FromOperator,
) -> Answer<Json<Vec<DeviceView>>> {
    let list =
        service.run_for(who, move |work, who| views::devices(work, &who.operator.organisation)).await?;
    Ok(Json(list))
}

/// Accept a device that waits for it.
#[utoipa::path(
    post, path = "/operator/v1/devices/{device_id}/accept", tag = "operator",
    params(("device_id" = DeviceId, Path, description = "The device.")),
    responses((status = 204, description = "It can be reached.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn accept_device(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<DeviceId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| devices::accept(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Retire a device.
///
/// Ends what runs on it. Its token can fetch what is pending for 15 more minutes. Its key enrols again only with an enrolment
/// token that is made later.
#[utoipa::path(
    delete, path = "/operator/v1/devices/{device_id}", tag = "operator",
    params(("device_id" = DeviceId, Path, description = "The device.")),
    responses((status = 204, description = "It is no longer a device.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn retire_device(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<DeviceId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| devices::retire(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organisation's device groups, by name.
#[utoipa::path(
    get, path = "/operator/v1/device-groups", tag = "operator",
    responses((status = 200, description = "Groups.", body = Vec<GroupView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn list_device_groups(
    State(service): Shared,
    FromOperator(who): FromOperator,
) -> Answer<Json<Vec<GroupView>>> {
    let groups =
        service.run_for(who, move |work, who| Ok(work.tx.groups(&who.operator.organisation)?)).await?;
    Ok(Json(groups.into_iter().map(|group| group.public).collect()))
}

/// The organisation's help queue, oldest first.
#[utoipa::path(
    get, path = "/operator/v1/help", tag = "operator",
    responses((status = 200, description = "Help requests.", body = Vec<HelpView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn list_help(State(service): Shared, FromOperator(who): FromOperator) -> Answer<Json<Vec<HelpView>>> {
    let queue =
        service.run_for(who, move |work, who| views::help_queue(work, &who.operator.organisation)).await?;
    Ok(Json(queue))
}

/// Take a help request up, or over from a colleague.
#[utoipa::path(
    post, path = "/operator/v1/help/{help_id}/take", tag = "operator",
    params(("help_id" = HelpId, Path, description = "The help request.")),
    responses((status = 200, description = "It is yours.", body = HelpView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn take_help(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<HelpId>,
) -> Answer<Json<HelpView>> {
    let view = service
        .run_for(who, move |work, who| {
            let record = help::take(work, &who.operator, &id)?;
            views::help(work, record)
        })
        .await?;
    Ok(Json(view))
}

/// Close a help request.
#[utoipa::path(
    delete, path = "/operator/v1/help/{help_id}", tag = "operator",
    params(("help_id" = HelpId, Path, description = "The help request.")),
    responses((status = 204, description = "It is closed.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn close_help(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<HelpId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| help::close(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask to connect, or for more during a session.
///
/// The service signs the request with the organisation's key. Any operator of the organisation can ask through its
/// invitations, once they are joined (`invalid` before), and on its devices. An agent has one open request at a time, and one
/// session. On a device only what its group allows can be asked for. During a session only its own operator can ask for
/// more, and what is granted already is left out.
#[utoipa::path(
    post, path = "/operator/v1/requests", tag = "operator",
    request_body = CreateRequest,
    responses((status = 201, description = "The request is on its way.", body = RequestView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "agent_busy", "device_pending", "invitation_closed",
        "session_ended"]))),
)]
async fn create_request(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Body(wanted): Body<CreateRequest>,
) -> Answer<(StatusCode, Json<RequestView>)> {
    let view = service
        .run_for(who, move |work, who| {
            let id = requests::create(work, &who.operator, &wanted)?;
            views::request_by_id(work, &id)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// A request.
#[utoipa::path(
    get, path = "/operator/v1/requests/{request_id}", tag = "operator",
    params(RequestPath),
    responses((status = 200, description = "How it stands.", body = RequestView)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn get_request(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<RequestId>,
) -> Answer<Json<RequestView>> {
    let view = service
        .run_for(who, move |work, who| {
            let record = requests::own(work, &who.operator, &id)?;
            Ok(views::request(work, record))
        })
        .await?;
    Ok(Json(view))
}

/// Take a request back.
///
/// Where this meets an approval, the one that the service took in first counts; `request_closed` says that it was answered.
#[utoipa::path(
    delete, path = "/operator/v1/requests/{request_id}", tag = "operator",
    params(RequestPath),
    responses((status = 204, description = "It is closed.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "request_closed"]))),
)]
async fn withdraw_request(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<RequestId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| requests::withdraw(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organisation's sessions.
///
/// Newest first: the running ones and those of the last day.
#[utoipa::path(
    get, path = "/operator/v1/sessions", tag = "operator",
    responses((status = 200, description = "Sessions.", body = Vec<SessionView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn list_sessions(
    State(service): Shared,
    FromOperator(who): FromOperator,
) -> Answer<Json<Vec<SessionView>>> {
    let list =
        service.run_for(who, move |work, who| views::sessions(work, &who.operator.organisation)).await?;
    Ok(Json(list))
}

/// The organisation's sessions of all times, searched and page by page.
///
/// Newest first, running ones included. All that is named in the query must fit.
#[utoipa::path(
    get, path = "/operator/v1/session-history", tag = "operator",
    params(HistoryQuery),
    responses((status = 200, description = "One page.", body = HistoryPage)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "invalid"]))),
)]
async fn session_history(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Asked(wanted): Asked<HistoryQuery>,
) -> Answer<Json<HistoryPage>> {
    Ok(Json(service.run_for(who, move |work, who| history::page(work, &who.operator, wanted)).await?))
}

/// A session.
#[utoipa::path(
    get, path = "/operator/v1/sessions/{session_id}", tag = "operator",
    params(SessionPath),
    responses((status = 200, description = "How it stands.", body = SessionView)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn get_session(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
) -> Answer<Json<SessionView>> {
    let view = service
        .run_for(who, move |work, who| {
            let session = sessions::own(work, &who.operator, &id)?;
            views::session_by_id(work, &session.id)
        })
        .await?;
    Ok(Json(view))
}

/// A session's messages, oldest first; for its own operator only.
#[utoipa::path(
    get, path = "/operator/v1/sessions/{session_id}/messages", tag = "operator",
    params(SessionPath),
    responses((status = 200, description = "Messages.", body = Vec<MessageView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "forbidden"]))),
)]
async fn list_messages(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
) -> Answer<Json<Vec<MessageView>>> {
    Ok(Json(service.run_for(who, move |work, who| sessions::messages(work, &who.operator, &id)).await?))
}

/// Say something to the user.
///
/// A line of the chat needs `chat`, a note needs `messages`.
#[utoipa::path(
    post, path = "/operator/v1/sessions/{session_id}/messages", tag = "operator",
    params(SessionPath),
    request_body = PostMessage,
    responses((status = 201, description = "It is on its way.", body = MessageView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "session_ended", "not_granted"]))),
)]
async fn post_message(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
    Body(said): Body<PostMessage>,
) -> Answer<(StatusCode, Json<MessageView>)> {
    let message = service
        .run_for(who, move |work, who| sessions::message_from_operator(work, &who.operator, &id, &said))
        .await?;
    Ok((StatusCode::CREATED, Json(message)))
}

/// End a session. Any operator of the organisation can; a session that is over stays as it ended.
#[utoipa::path(
    post, path = "/operator/v1/sessions/{session_id}/end", tag = "operator",
    params(SessionPath),
    responses((status = 204, description = "It is over.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn end_session_as_operator(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| sessions::end_by_operator(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session's receipts, oldest first.
///
/// Those of the request it came of and of every request during it. Each can be checked with the organisation's public key
/// and the agent's, both of which are in it or in `Me`; `docs/api/receipts.md` says how. A no whose reason is `suspicious`
/// is told to administrators only.
#[utoipa::path(
    get, path = "/operator/v1/sessions/{session_id}/receipts", tag = "operator",
    params(SessionPath),
    responses((status = 200, description = "Receipts.", body = Vec<ReceiptView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn list_receipts(
    State(service): Shared,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
) -> Answer<Json<Vec<ReceiptView>>> {
    let receipts = service
        .run_for(who, move |work, who| {
            let session = sessions::own(work, &who.operator, &id)?;
            let mut receipts = work.tx.receipts(&session.id)?;
            if who.operator.role != Role::Administrator {
                receipts.retain(|record| !outcomes::is_suspicion(&record.receipt));
            }
            Ok::<_, Error>(receipts)
        })
        .await?;
    let view = |record: crate::store::ReceiptRecord| ReceiptView {
        request_id: record.request,
        receipt: record.receipt,
        received_at: record.received_at,
        countersignature: record.countersignature,
    };
    Ok(Json(receipts.into_iter().map(view).collect()))
}
