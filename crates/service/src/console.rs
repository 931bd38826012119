//! The operator console and the join page, built into the program.
//!
//! They are built from `console/` by Node; where that was not done the program builds all the same and serves a page that
//! says how.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write as _;

#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Dist;

/// One of the two pages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Page {
    /// For operators.
    Console,
    /// For users who open an invitation's link.
    Join,
}

const NOT_BUILT: &str = include_str!("console/not_built.html");
const NOT_BUILT_JOIN: &str = include_str!("console/not_built_join.html");

/// A page, or what stands in for it where it was not built.
pub(crate) fn page(page: Page, headers: &HeaderMap) -> Response {
    let (name, substitute) = match page {
        Page::Console => ("index.html", NOT_BUILT),
        Page::Join => ("join.html", NOT_BUILT_JOIN),
    };
    match Dist::get(name) {
        Some(found) => serve(name, found, headers),
        None => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")],
            substitute,
        )
            .into_response(),
    }
}

/// A file of the build.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let name = path.trim_start_matches('/');
    Dist::get(name).map(|found| serve(name, found, headers))
}

fn serve(name: &str, found: EmbeddedFile, headers: &HeaderMap) -> Response {
    let mut etag = String::from('"');
    for byte in &found.metadata.sha256_hash()[..16] {
        // Writing to a string cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    // The build puts a hash into the names of these.
    let caching =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(found.data.into_owned()).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        answer.insert(header::ETAG, etag);
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
