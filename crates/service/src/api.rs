//! The HTTP side: routes, who may use them, limits, and how a *no* is written.
//!
//! Handlers turn a request into one call of the domain and its answer into JSON; they decide nothing themselves.

mod agent;
mod auth;
mod body;
mod document;
mod downloads;
mod files;
pub(crate) mod limits;
mod live;
mod manage;
mod operator;
mod page;
mod passkeys;
mod problem;
mod proxies;
mod security;
mod tunnel;

use crate::service::Service;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use problem::Refusal;
use std::{path::PathBuf, sync::Arc, time::Duration};
use utoipa_axum::router::OpenApiRouter;

pub(crate) use limits::{Admission, Peer};
pub(crate) use proxies::Proxies;

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a request may take that is not meant to wait.
const MAX_DURATION: Duration = Duration::from_secs(30);
/// Scripts, styles and requests from here only, framed by nobody.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'self'";

/// The routes, with what they are about.
fn documented() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(document::frame())
        .merge(agent::routes())
        .merge(tunnel::agent_routes())
        .merge(operator::routes())
        .merge(tunnel::operator_routes())
        .merge(files::routes())
        .merge(manage::routes())
        .merge(security::routes())
        .merge(passkeys::routes())
}

/// The OpenAPI document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    document::finish(documented().into_openapi())
}

/// Everything the service answers.
pub(crate) fn router(service: Arc<Service>, downloads: Option<PathBuf>) -> Router {
    let (routes, _) = documented().split_for_parts();
    routes
        .route("/healthz", get(page::health))
        .route("/openapi.json", get(page::openapi))
        .route("/join", get(page::join))
        .merge(downloads::routes(downloads))
        .fallback(page::console)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(within_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), auth::same_origin))
        .layer(middleware::from_fn_with_state(limits::Addresses::default(), limits::per_address))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), while_running))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), with_headers))
        .with_state(service)
}

/// Whether a path belongs to the interface rather than to the pages.
fn is_api(uri: &Uri) -> bool {
    ["/agent", "/operator"].iter().any(|start| {
        uri.path().strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

async fn method_not_allowed() -> Refusal {
    Refusal::method_not_allowed()
}

async fn within_time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if matches!(path, agent::EVENTS_PATH | live::PATH) || files::is_in_folder(path) {
        return next.run(request).await;
    }
    match tokio::time::timeout(MAX_DURATION, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::took_too_long().into_response(),
    }
}

async fn while_running(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if service.hub.is_stopping() {
        return Refusal::from(crate::error::Error::ShuttingDown).into_response();
    }
    next.run(request).await
}

async fn with_headers(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if service.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    for (name, value) in
        [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)]
    {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
