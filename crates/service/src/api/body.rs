//! Reading what was sent: body, query and path, each with a problem document where it does not fit.

use super::problem::Refusal;
use crate::error::Error;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a body may take to arrive.
const MAX_BODY_DURATION: Duration = Duration::from_secs(10);

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if essence(&request).as_deref() != Some("application/json") {
            return Err(Refusal::wrong_media_type());
        }
        let bytes = arrived(request, state, MAX_BODY_DURATION, "A body may have at most 64 KiB.").await?;
        // A list of the right length would do for an object, and any list for one whose members may all be absent.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::invalid("The body must be a JSON object."));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Refusal::invalid(format!("The body does not fit the schema: {error}.")))
    }
}

/// How long a picture may take to arrive: three megabytes over a slow line.
const MAX_PICTURE_DURATION: Duration = Duration::from_secs(25);

/// A picture.
pub(super) struct Picture(pub(super) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Picture {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !matches!(essence(&request).as_deref(), Some("image/png" | "image/jpeg")) {
            return Err(Error::LogoFormat.into());
        }
        let bytes = arrived(request, state, MAX_PICTURE_DURATION, "A logo may have at most 3 MiB.").await?;
        Ok(Self(bytes.into()))
    }
}

/// The media type without its parameters.
fn essence(request: &Request) -> Option<String> {
    let media_type = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    media_type.split(';').next().map(|essence| essence.trim().to_ascii_lowercase())
}

/// The whole body, in time and not too large.
async fn arrived<S: Send + Sync>(
    request: Request,
    state: &S,
    within: Duration,
    limit: &str,
) -> Result<Bytes, Refusal> {
    let bytes = tokio::time::timeout(within, Bytes::from_request(request, state)).await;
    bytes.map_err(|_| Refusal::body_too_slow())?.map_err(|rejection| {
        match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(limit),
            _ => Refusal::invalid("The body could not be read."),
        }
    })
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Refusal::invalid(format!("{}.", rejection.body_text())))
    }
}

/// An identifier in the path. What cannot be one names nothing.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|_| Refusal::not_found())
    }
}
