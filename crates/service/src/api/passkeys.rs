//! `/operator/v1/…`: passkeys.

use super::{
    auth::FromSignedIn,
    body::{Body, Named},
    limits::Peer,
    problem::Answer,
};
use crate::{credentials, passkeys, service::Service};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use protocol::{
    PasskeyId,
    operator::{
        AddPasskey, BeginPasskeySignIn, BeginSecondFactor, Me, PasskeyAdded, PasskeyChallenge, PasskeySignIn,
        RemovePasskey,
    },
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

type Shared = State<Arc<Service>>;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(begin_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(remove_passkey))
        .routes(routes!(begin_passkey_sign_in))
        .routes(routes!(passkey_sign_in))
}

/// Begin to add a passkey.
///
/// The answer is what `navigator.credentials.create` is given. `forbidden` where the service's own address is no name over
/// TLS: passkeys belong to a name.
#[utoipa::path(
    post, path = "/operator/v1/me/passkeys", tag = "operator",
    request_body = BeginSecondFactor,
    responses((status = 200, description = "What the browser is given.", body = PasskeyChallenge)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_password", "too_many_attempts", "too_many"]))),
)]
async fn begin_passkey(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Body(wanted): Body<BeginSecondFactor>,
) -> Answer<Json<PasskeyChallenge>> {
    Ok(Json(passkeys::begin_adding(&service, who, wanted.current_password, from).await?))
}

/// Add the passkey with which the browser answers.
///
/// From now on signing in takes a second factor, which this is, and this passkey alone is enough. Where it is the first,
/// sign-ins elsewhere are over, and the answer has recovery codes, which are told this once.
#[utoipa::path(
    post, path = "/operator/v1/me/passkeys/confirm", tag = "operator",
    request_body = AddPasskey,
    responses((status = 200, description = "It is in force.", body = PasskeyAdded)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["wrong_second_factor", "too_many", "invalid"]))),
)]
async fn add_passkey(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Body(wanted): Body<AddPasskey>,
) -> Answer<Json<PasskeyAdded>> {
    Ok(Json(passkeys::add(&service, who, wanted).await?))
}

/// Remove a passkey.
///
/// `second_factor_required`: nothing but the password would be left; send a recovery code too. `forbidden` where the
/// organisation demands a second factor and this is the last.
#[utoipa::path(
    post, path = "/operator/v1/me/passkeys/{passkey_id}/remove", tag = "operator",
    params(("passkey_id" = PasskeyId, Path, description = "The passkey.")),
    request_body = RemovePasskey,
    responses((status = 204, description = "It opens nothing any more.")),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["not_found", "wrong_password", "second_factor_required",
        "wrong_second_factor", "too_many_attempts"]))),
)]
async fn remove_passkey(
    State(service): Shared,
    FromSignedIn(who): FromSignedIn,
    Peer(from): Peer,
    Named(id): Named<PasskeyId>,
    Body(shown): Body<RemovePasskey>,
) -> Answer<StatusCode> {
    passkeys::remove(&service, who, id, shown, from).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin to sign in with a passkey.
///
/// The answer is what `navigator.credentials.get` is given. With name and password: for the account's passkeys, and
/// `not_found` where it has none. With neither: for whichever the browser or authenticator knows.
#[utoipa::path(
    post, path = "/operator/v1/sign-in/passkey", tag = "operator",
    request_body = BeginPasskeySignIn,
    responses((status = 200, description = "What the browser is given.", body = PasskeyChallenge)),
    extensions(("x-problem-codes" = json!(["unauthenticated", "too_many_attempts", "forbidden", "account_disabled",
        "not_found"]))),
)]
async fn begin_passkey_sign_in(
    State(service): Shared,
    Peer(from): Peer,
    Body(wanted): Body<BeginPasskeySignIn>,
) -> Answer<Json<PasskeyChallenge>> {
    Ok(Json(passkeys::begin_sign_in(&service, wanted, from).await?))
}

/// Sign in with the passkey with which the browser answers.
///
/// As `POST /operator/v1/sign-in`, without a code. A challenge is taken once, whatever comes of it.
#[utoipa::path(
    post, path = "/operator/v1/sign-in/passkey/confirm", tag = "operator",
    request_body = PasskeySignIn,
    responses((status = 200, description = "Signed in.", body = Me, headers(("Set-Cookie", description = "The sign-in.")))),
    extensions(("x-problem-codes" = json!(["wrong_second_factor", "too_many_attempts", "forbidden", "account_disabled",
        "invalid"]))),
)]
async fn passkey_sign_in(
    State(service): Shared,
    Peer(from): Peer,
    Body(wanted): Body<PasskeySignIn>,
) -> Answer<impl IntoResponse> {
    let (token, signed_in) = passkeys::sign_in(&service, wanted, from).await?;
    let me = service.run(move |work| credentials::me(work, &signed_in)).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, service.cookie_set(&token))]), Json(me)))
}
