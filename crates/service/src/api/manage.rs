//! `/operator/v1/…` for administrators: operators, the organisation's looks, device groups, enrolment tokens; and what each
//! operator does with the own account.

use super::{
    auth::{FromAdministrator, FromOperator, FromSignedIn},
    body::{Body, Named, Picture},
    limits::Peer,
    problem::Answer,
};
use crate::{branding, enrolment, operators, service::Service, store::LogoRecord};
use axum::{
    Json,
    body::Body as Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{
    EnrolmentTokenId, GroupId, OperatorId,
    operator::{
        AccountView, AccountWithPassword, AddEnrolmentToken, AddGroup, AddOperator, ChangeBranding,
        ChangeGroup, ChangeOperator, ChangePassword, EnrolmentTokenAdded, EnrolmentView,
        OrganisationSettings,
    },
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

type Shared = State<Arc<Service>>;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    // The limit is on the upload alone.
    let logo = OpenApiRouter::new()
        .routes(routes!(get_logo, put_logo, delete_logo))
        .layer(DefaultBodyLimit::max(branding::picture::MAX_UPLOAD_BYTES));
    OpenApiRouter::new()
        .routes(routes!(change_password))
        .routes(routes!(list_operators, add_operator))
        .routes(routes!(change_operator))
        .routes(routes!(reset_password))
        .routes(routes!(get_organisation))
        .routes(routes!(change_branding))
        .routes(routes!(list_enrolment))
        .routes(routes!(add_group))
        .routes(routes!(change_group))
        .routes(routes!(add_enrolment_token))
        .routes(routes!(revoke_enrolment_token))
        .merge(logo)
}

/// Choose a new password.
///
/// Sign-ins elsewhere are over. After signing in with a one-time password this comes first: all else is answered with
/// `password_change_required` until then.
#[utoipa::path(
    post, path = "/operator/v1/me/password", tag = "operator",
    request_body = ChangePassword,
    responses((status = 204, description = "The new password is in force.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_password", "weak_password", "too_many_attempts"]))),
)]
async fn change_password(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(wanted): Body<ChangePassword>,
) -> Answer<StatusCode> {
    operators::change_password(&service, who, wanted, from).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organisation's operators, by name. For administrators.
#[utoipa::path(
    get, path = "/operator/v1/operators", tag = "operator",
    responses((status = 200, description = "Accounts.", body = Vec<AccountView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["forbidden", "password_change_required", "second_factor_setup_required"]))),
)]
async fn list_operators(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
) -> Answer<Json<Vec<AccountView>>> {
    Ok(Json(service.run_for(who, move |work, who| operators::list(work, &who.operator)).await?))
}

/// Add an operator. For administrators.
///
/// The answer has a one-time password, which is told this once: hand it over in person or by telephone. It is good for one
/// sign-in within 7 days, at which the operator chooses an own one.
#[utoipa::path(
    post, path = "/operator/v1/operators", tag = "operator",
    request_body = AddOperator,
    responses((status = 201, description = "The account, and how to sign in first.", body = AccountWithPassword)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "login_taken"]))),
)]
async fn add_operator(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<AddOperator>,
) -> Answer<(StatusCode, Json<AccountWithPassword>)> {
    Ok((StatusCode::CREATED, Json(operators::add(&service, who, wanted).await?)))
}

/// Change an operator's name or role, or disable or enable the account. For administrators.
///
/// An operator whose role changes or who is disabled is signed out at once; running sessions and open requests of a disabled
/// operator end. `last_administrator`: one who can sign in must remain.
#[utoipa::path(
    patch, path = "/operator/v1/operators/{operator_id}", tag = "operator",
    params(("operator_id" = OperatorId, Path, description = "The operator.")),
    request_body = ChangeOperator,
    responses((status = 200, description = "The account as it is now.", body = AccountView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "last_administrator"]))),
)]
async fn change_operator(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<OperatorId>,
    Body(wanted): Body<ChangeOperator>,
) -> Answer<Json<AccountView>> {
    Ok(Json(
        service.run_for(who, move |work, who| operators::change(work, &who.operator, &id, &wanted)).await?,
    ))
}

/// Replace an operator's password by a one-time password. For administrators.
///
/// Whoever is signed in to the account is signed out. Not for one's own account: change the password there.
#[utoipa::path(
    post, path = "/operator/v1/operators/{operator_id}/one-time-password", tag = "operator",
    params(("operator_id" = OperatorId, Path, description = "The operator.")),
    responses((status = 200, description = "How to sign in next.", body = AccountWithPassword)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn reset_password(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<OperatorId>,
) -> Answer<Json<AccountWithPassword>> {
    Ok(Json(operators::reset_password(&service, who, id).await?))
}

/// The organisation and how it looks on users' screens. For administrators.
///
/// Name, domain and key are what users go by; whoever runs the service vouches for them, and nothing here changes them.
#[utoipa::path(
    get, path = "/operator/v1/organisation", tag = "operator",
    responses((status = 200, description = "The settings.", body = OrganisationSettings)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["forbidden", "password_change_required", "second_factor_setup_required"]))),
)]
async fn get_organisation(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
) -> Answer<Json<OrganisationSettings>> {
    Ok(Json(service.run_for(who, move |work, who| branding::settings(work, &who.operator)).await?))
}

/// Set display text and accent colour. For administrators.
///
/// The organisation's agents are told. Any colour is taken: whoever draws with it keeps enough contrast.
#[utoipa::path(
    put, path = "/operator/v1/organisation/branding", tag = "operator",
    request_body = ChangeBranding,
    responses((status = 200, description = "The settings as they are now.", body = OrganisationSettings)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn change_branding(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<ChangeBranding>,
) -> Answer<Json<OrganisationSettings>> {
    Ok(Json(service.run_for(who, move |work, who| branding::change(work, &who.operator, &wanted)).await?))
}

/// The organisation's logo, as agents get it.
#[utoipa::path(
    get, path = "/operator/v1/organisation/logo", tag = "operator",
    responses(
        (status = 200, description = "The logo.", content_type = "image/png", body = inline(super::document::Png)),
        (status = 304, description = "It is the one that `If-None-Match` names."),
    ),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn get_logo(
    State(service): Shared,
    FromOperator(who): FromOperator,
    headers: HeaderMap,
) -> Answer<Response> {
    let logo =
        service.run_for(who, move |work, who| branding::logo(work, &who.operator.organisation)).await?;
    Ok(serve_logo(logo, &headers))
}

/// Replace the organisation's logo. For administrators.
///
/// The body is a PNG or JPEG picture of at most 3 MiB, each side 16 to 4096 pixels. It is unpacked, fitted into 624 × 158
/// pixels with its proportions kept, and drawn anew as PNG; nothing else of the upload is kept. `logo_format`: it is
/// something else, or something else as well. `logo_damaged`: it is cut off or broken. `logo_dimensions`: too small or too
/// large. The organisation's agents are told.
#[utoipa::path(
    put, path = "/operator/v1/organisation/logo", tag = "operator",
    request_body(content(
        (inline(super::document::Png) = "image/png"),
        (inline(super::document::Png) = "image/jpeg"),
    ), description = "The picture."),
    responses((status = 200, description = "The settings as they are now.", body = OrganisationSettings)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "logo_format", "logo_damaged",
        "logo_dimensions"]))),
)]
async fn put_logo(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Picture(upload): Picture,
) -> Answer<Json<OrganisationSettings>> {
    Ok(Json(branding::set_logo(&service, who, upload).await?))
}

/// Take the organisation's logo away. For administrators.
#[utoipa::path(
    delete, path = "/operator/v1/organisation/logo", tag = "operator",
    responses((status = 204, description = "There is none.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn delete_logo(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| branding::remove_logo(work, &who.operator)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers with a logo, or says that the caller has it.
pub(super) fn serve_logo(LogoRecord { etag, png }: LogoRecord, headers: &HeaderMap) -> Response {
    let quoted = format!("\"{etag}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
    let known = known.any(|tag| tag == "*" || tag.trim_start_matches("W/") == quoted);
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { Bytes::from(png).into_response() };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if !known {
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    }
    // A hash in base64url is always a header value.
    if let Ok(etag) = HeaderValue::from_str(&quoted) {
        answer.insert(header::ETAG, etag);
    }
    response
}

/// The device groups with their enrolment tokens, by name. For administrators.
#[utoipa::path(
    get, path = "/operator/v1/enrolment", tag = "operator",
    responses((status = 200, description = "Groups and tokens.", body = Vec<EnrolmentView>)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["forbidden", "password_change_required", "second_factor_setup_required"]))),
)]
async fn list_enrolment(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
) -> Answer<Json<Vec<EnrolmentView>>> {
    Ok(Json(service.run_for(who, move |work, who| enrolment::list(work, &who.operator)).await?))
}

/// Add a device group. For administrators.
#[utoipa::path(
    post, path = "/operator/v1/device-groups", tag = "operator",
    request_body = AddGroup,
    responses((status = 201, description = "The group.", body = EnrolmentView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn add_group(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<AddGroup>,
) -> Answer<(StatusCode, Json<EnrolmentView>)> {
    let group =
        service.run_for(who, move |work, who| enrolment::add_group(work, &who.operator, &wanted)).await?;
    Ok((StatusCode::CREATED, Json(group)))
}

/// Change a device group. For administrators.
///
/// Its devices are told (`device_changed`), and sessions on them keep no more than the group still allows. Devices that wait
/// to be accepted go on waiting.
#[utoipa::path(
    patch, path = "/operator/v1/device-groups/{group_id}", tag = "operator",
    params(("group_id" = GroupId, Path, description = "The group.")),
    request_body = ChangeGroup,
    responses((status = 200, description = "The group as it is now.", body = EnrolmentView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn change_group(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<GroupId>,
    Body(wanted): Body<ChangeGroup>,
) -> Answer<Json<EnrolmentView>> {
    Ok(Json(
        service
            .run_for(who, move |work, who| enrolment::change_group(work, &who.operator, &id, &wanted))
            .await?,
    ))
}

/// Make an enrolment token for a group. For administrators.
///
/// The answer has the token, which is told this once.
#[utoipa::path(
    post, path = "/operator/v1/device-groups/{group_id}/enrolment-tokens", tag = "operator",
    params(("group_id" = GroupId, Path, description = "The group.")),
    request_body = AddEnrolmentToken,
    responses((status = 201, description = "The token.", body = EnrolmentTokenAdded)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn add_enrolment_token(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<GroupId>,
    Body(wanted): Body<AddEnrolmentToken>,
) -> Answer<(StatusCode, Json<EnrolmentTokenAdded>)> {
    let added = service
        .run_for(who, move |work, who| enrolment::add_token(work, &who.operator, &id, &wanted))
        .await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Revoke an enrolment token. For administrators.
///
/// It enrols nothing from now on. Devices that it enrolled stay until they are retired.
#[utoipa::path(
    delete, path = "/operator/v1/enrolment-tokens/{token_id}", tag = "operator",
    params(("token_id" = EnrolmentTokenId, Path, description = "The token.")),
    responses((status = 204, description = "It is void.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn revoke_enrolment_token(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<EnrolmentTokenId>,
) -> Answer<StatusCode> {
    service.run_for(who, move |work, who| enrolment::revoke_token(work, &who.operator, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
