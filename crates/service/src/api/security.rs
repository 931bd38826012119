//! `/operator/v1/…`: second factors, the organisation's policy and domain, the audit log.

use super::{
    auth::{FromAdministrator, FromSignedIn},
    body::{Asked, Body, Named},
    limits::Peer,
    problem::Answer,
};
use crate::{audit, domains, operators, second_factor, service::Service};
use axum::{Json, extract::State, http::StatusCode};
use protocol::{
    OperatorId,
    operator::{
        AccountView, AuditPage, AuditQuery, BeginSecondFactor, ChangePolicy, ConfirmSecondFactor,
        DomainRecord, OrganisationSettings, ProveDomain, ProveSecondFactor, RecoveryCodes, SecondFactorSetup,
        SecondFactorView,
    },
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

type Shared = State<Arc<Service>>;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(get_second_factor, begin_second_factor))
        .routes(routes!(confirm_second_factor))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(remove_second_factor))
        .routes(routes!(reset_second_factor))
        .routes(routes!(change_policy))
        .routes(routes!(domain_record))
        .routes(routes!(prove_domain))
        .routes(routes!(audit_log))
}

/// How the own second factor stands.
#[utoipa::path(
    get, path = "/operator/v1/me/second-factor", tag = "operator",
    responses((status = 200, description = "How it stands.", body = SecondFactorView)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn get_second_factor(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
) -> Answer<Json<SecondFactorView>> {
    Ok(Json(service.run_for(who, second_factor::view).await?))
}

/// Begin to set up a second factor by codes.
///
/// The answer is a key for an authenticator app (RFC 6238). It counts for nothing until a code of it is confirmed, and
/// beginning again makes another. `forbidden` where there is an app already.
#[utoipa::path(
    post, path = "/operator/v1/me/second-factor", tag = "operator",
    request_body = BeginSecondFactor,
    responses((status = 200, description = "What the app is given.", body = SecondFactorSetup)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_password", "too_many_attempts"]))),
)]
async fn begin_second_factor(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(wanted): Body<BeginSecondFactor>,
) -> Answer<Json<SecondFactorSetup>> {
    Ok(Json(second_factor::begin(&service, who, wanted.current_password, from).await?))
}

/// Confirm the second factor with a first code.
///
/// From now on signing in takes a code. Sign-ins elsewhere are over. The answer has recovery codes, which are told this
/// once.
#[utoipa::path(
    post, path = "/operator/v1/me/second-factor/confirm", tag = "operator",
    request_body = ConfirmSecondFactor,
    responses((status = 200, description = "It is in force.", body = RecoveryCodes)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_second_factor", "too_many_attempts"]))),
)]
async fn confirm_second_factor(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(wanted): Body<ConfirmSecondFactor>,
) -> Answer<Json<RecoveryCodes>> {
    Ok(Json(second_factor::confirm(&service, who, wanted, from).await?))
}

/// Make new recovery codes. Those there were are void.
#[utoipa::path(
    post, path = "/operator/v1/me/second-factor/recovery-codes", tag = "operator",
    request_body = ProveSecondFactor,
    responses((status = 200, description = "The codes.", body = RecoveryCodes)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_password", "wrong_second_factor", "too_many_attempts"]))),
)]
async fn renew_recovery_codes(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(shown): Body<ProveSecondFactor>,
) -> Answer<Json<RecoveryCodes>> {
    Ok(Json(second_factor::renew_codes(&service, who, shown, from).await?))
}

/// Take the own app away, and with it the second factor where there is no passkey.
///
/// `forbidden` where the organisation demands one and there is no other; `not_found` where there is no app.
#[utoipa::path(
    post, path = "/operator/v1/me/second-factor/remove", tag = "operator",
    request_body = ProveSecondFactor,
    responses((status = 204, description = "Codes are no longer taken.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_password", "not_found", "wrong_second_factor", "too_many_attempts"]))),
)]
async fn remove_second_factor(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(shown): Body<ProveSecondFactor>,
) -> Answer<StatusCode> {
    second_factor::remove(&service, who, shown, from).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take an operator's second factor away, whose devices and recovery codes are lost. For administrators.
///
/// App, passkeys and recovery codes go. Whoever is signed in to the account is signed out. Not for one's own account.
#[utoipa::path(
    delete, path = "/operator/v1/operators/{operator_id}/second-factor", tag = "operator",
    params(("operator_id" = OperatorId, Path, description = "The operator.")),
    responses((status = 200, description = "The account as it is now.", body = AccountView)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found"]))),
)]
async fn reset_second_factor(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Named(id): Named<OperatorId>,
) -> Answer<Json<AccountView>> {
    Ok(Json(service.run_for(who, move |work, who| second_factor::reset(work, &who.operator, &id)).await?))
}

/// Set what the organisation demands of its operators. For administrators.
///
/// Where a second factor is demanded, those who have none are signed out, and set one up when they sign in next: all else is
/// answered with `second_factor_setup_required` until then.
#[utoipa::path(
    put, path = "/operator/v1/organisation/policy", tag = "operator",
    request_body = ChangePolicy,
    responses((status = 200, description = "The settings as they are now.", body = OrganisationSettings)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn change_policy(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<ChangePolicy>,
) -> Answer<Json<OrganisationSettings>> {
    Ok(Json(service.run_for(who, move |work, who| operators::change_policy(work, who, &wanted)).await?))
}

/// What a domain's DNS must say to show that it is the organisation's. For administrators.
///
/// Changes nothing.
#[utoipa::path(
    post, path = "/operator/v1/organisation/domain-record", tag = "operator",
    request_body = ProveDomain,
    responses((status = 200, description = "The record.", body = DomainRecord)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
async fn domain_record(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<ProveDomain>,
) -> Answer<Json<DomainRecord>> {
    Ok(Json(
        service.run_for(who, move |work, who| domains::record(work, &who.operator, &wanted.domain)).await?,
    ))
}

/// Look for the record and show users the domain from now on. For administrators.
///
/// It takes the place of the domain there was. `domain_not_proven`: the record was not found.
#[utoipa::path(
    post, path = "/operator/v1/organisation/domain", tag = "operator",
    request_body = ProveDomain,
    responses((status = 200, description = "The settings as they are now.", body = OrganisationSettings)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required",
        "domain_not_proven"]))),
)]
async fn prove_domain(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Body(wanted): Body<ProveDomain>,
) -> Answer<Json<OrganisationSettings>> {
    Ok(Json(domains::prove(&service, who, wanted.domain).await?))
}

/// The organisation's audit log, searched and page by page. For administrators.
///
/// Newest first, and a year back. All that is named in the query must fit.
#[utoipa::path(
    get, path = "/operator/v1/audit", tag = "operator",
    params(AuditQuery),
    responses((status = 200, description = "One page.", body = AuditPage)),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["forbidden", "password_change_required", "second_factor_setup_required",
        "invalid"]))),
)]
async fn audit_log(
    State(service): Shared,
    FromAdministrator(who): FromAdministrator,
    Asked(wanted): Asked<AuditQuery>,
) -> Answer<Json<AuditPage>> {
    Ok(Json(service.run_for(who, move |work, who| audit::page(work, &who.operator, wanted)).await?))
}
