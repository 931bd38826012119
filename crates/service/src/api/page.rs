//! What is not the interface: health, the document, the console's files.

use super::{is_api, problem::Refusal};
use crate::{console, error::Error, service::Service};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether the service can do its work: the store answers.
pub(super) async fn health(State(service): State<Arc<Service>>) -> Result<Json<Value>, Refusal> {
    service.run(|work| Ok::<_, Error>(work.tx.service_key()?)).await?;
    Ok(Json(json!({ "status": "ok" })))
}

pub(super) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(super::openapi())
}

/// The page that an invitation's link opens.
pub(super) async fn join(headers: HeaderMap) -> Response {
    console::page(console::Page::Join, &headers)
}

/// The console's files; any other address of the console is a place within it.
pub(super) async fn console(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if is_api(&uri) {
        return Refusal::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Refusal::method_not_allowed().into_response();
    }
    match console::file(uri.path(), &headers) {
        Some(response) => response,
        // A missing script must not be answered with a page.
        None if uri.path().rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            Refusal::not_found().into_response()
        }
        None => console::page(console::Page::Console, &headers),
    }
}
