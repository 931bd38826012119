//! What a request is checked for before it is answered, and what every answer says.

use crate::{
    May,
    refusal::Refusal,
    request::{Part, Request},
    transfer::Tell,
    way::Way,
};
use dav_server::body::Body;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri,
    header::{self, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST, RANGE},
    request::Parts,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How much of a file is there that is uploaded in parts.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const DESTINATION: HeaderName = HeaderName::from_static("destination");
const DEPTH: HeaderName = HeaderName::from_static("depth");
const DAV: HeaderName = HeaderName::from_static("dav");

const READING: [&str; 4] = ["OPTIONS", "GET", "HEAD", "PROPFIND"];
const WRITING: [&str; 8] = ["PUT", "MKCOL", "MOVE", "COPY", "DELETE", "LOCK", "UNLOCK", "PROPPATCH"];

/// Whether the method changes something.
pub(crate) fn changes(method: &Method) -> bool {
    !READING.contains(&method.as_str())
}

/// Checks what a request asks for, and makes it plain: afterwards there is one reading of it only.
pub(crate) fn check(parts: &mut Parts, may: May, prefix: &str, tell: &Tell) -> Result<Request, Refusal> {
    let method = parts.method.clone();
    if !READING.contains(&method.as_str()) && !WRITING.contains(&method.as_str()) {
        return Err(Refusal::NotOffered);
    }
    let is_granted = match method {
        Method::OPTIONS => may.read || may.write,
        _ if changes(&method) => may.write,
        _ => may.read,
    };
    if !is_granted {
        return Err(Refusal::NotGranted);
    }
    let way = match parts.uri.path() {
        "*" if method == Method::OPTIONS => Way::default(),
        path => Way::of_address(path, prefix)?,
    };
    let headers = &mut parts.headers;
    // It would allow lists of everything at once.
    headers.remove("x-litmus");
    if headers.get(RANGE).is_some_and(|range| !is_plain_range(range)) {
        headers.remove(RANGE);
    }
    let mut destination = None;
    if matches!(method.as_str(), "COPY" | "MOVE") {
        let to = destined(headers)?;
        let to_way = Way::of_address(to.path(), prefix)?;
        if way.leads_to(&to_way) || to_way.leads_to(&way) {
            return Err(Refusal::IntoItself);
        }
        let path = HeaderValue::from_str(to.path()).map_err(|_| Refusal::BadName)?;
        headers.insert(DESTINATION, path);
        destination = Some(to_way);
    }
    if method == Method::DELETE {
        // The folder as it is, and not one by one what is in it.
        headers.insert(DEPTH, HeaderValue::from_static("0"));
    }
    let part = if method == Method::PUT { part(headers)? } else { None };
    Ok(Request::new(method, way, destination, part, tell.clone()))
}

/// One range, of positions that files have: many small ones make much of little, and whoever counts up to the end of a file
/// of 2^64 bytes may begin again at nothing.
fn is_plain_range(range: &HeaderValue) -> bool {
    let positions = range.to_str().ok().and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let is_position = |digits: &str| digits.is_empty() || digits.parse::<i64>().is_ok();
    positions.is_some_and(|(first, last)| is_position(first.trim()) && is_position(last.trim()))
}

/// Where something is to be copied or moved to: on this host.
fn destined(headers: &HeaderMap) -> Result<Uri, Refusal> {
    let mut values = headers.get_all(DESTINATION).iter();
    let value = values.next().filter(|_| values.next().is_none()).ok_or(Refusal::BadName)?;
    // Whatever else begins with two slashes, here it is a path.
    let path = value.as_bytes();
    let to = Uri::try_from(path).map_err(|_| Refusal::BadName)?;
    if path.starts_with(b"/") {
        return Ok(to);
    }
    let port = match to.scheme_str() {
        Some("http") => "80",
        Some("https") => "443",
        _ => return Err(Refusal::OtherHost),
    };
    let plain = |host: &str| {
        let host = host.to_ascii_lowercase();
        host.strip_suffix(port).and_then(|host| host.strip_suffix(':')).map(str::to_owned).unwrap_or(host)
    };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok()).map(plain);
    let meant = to.authority().map(|authority| plain(authority.as_str()));
    if own.is_none() || own != meant { Err(Refusal::OtherHost) } else { Ok(to) }
}

/// What part of a file comes, unless it is the whole.
fn part(headers: &HeaderMap) -> Result<Option<Part>, Refusal> {
    let Some(range) = headers.get(CONTENT_RANGE) else { return Ok(None) };
    let (range, total) = bytes_of(range)?;
    let (start, end) = range.split_once('-').ok_or(Refusal::BadRange)?;
    let (start, end) = (number(start)?, number(end)?);
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // So that nothing is added up from here on that could overflow.
    if start > end || end >= total || length != Some(end - start + 1) {
        return Err(Refusal::BadRange);
    }
    Ok(Some(Part { start, end, total }))
}

/// Whether a request only asks how much of an upload is there, and how long the file is.
pub(crate) fn asks_for_offset(parts: &Parts) -> Option<u64> {
    let range = parts.headers.get(CONTENT_RANGE).filter(|_| parts.method == Method::PUT)?;
    bytes_of(range).ok().filter(|(range, _)| *range == "*").map(|(_, total)| total)
}

fn bytes_of(range: &HeaderValue) -> Result<(&str, u64), Refusal> {
    let range =
        range.to_str().ok().and_then(|range| range.strip_prefix("bytes ")).ok_or(Refusal::BadRange)?;
    let (range, total) = range.split_once('/').ok_or(Refusal::BadRange)?;
    Ok((range, number(total)?))
}

fn number(digits: &str) -> Result<u64, Refusal> {
    digits.parse().map_err(|_| Refusal::BadRange)
}

/// The answer to one that only asks how much is there, or that brought a part and not the last.
pub(crate) fn kept(offset: u64) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(UPLOAD_OFFSET, offset.into());
    response
}

/// The answer that says why something is refused.
pub(crate) fn refused(refusal: Refusal) -> Response<Body> {
    let (status, code, detail) = refusal.answer();
    let mut response = problem(status, code, detail);
    if let Refusal::WrongOffset { have } = refusal {
        response.headers_mut().insert(UPLOAD_OFFSET, have.into());
    }
    response
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or_default();
    let problem =
        serde_json::json!({ "code": code, "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = Response::new(Body::from(problem.to_string()));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// Says in an answer of `dav-server` what it had no words for, and nothing that a browser would show or keep.
pub(crate) fn complete(request: &Request, mut response: Response<Body>) -> Response<Body> {
    let status = response.status();
    if let Some(offset) = request.kept().filter(|_| status.is_success()) {
        return harden(kept(offset));
    }
    if status.is_client_error() || status.is_server_error() {
        let explained = match request.refused() {
            Some(Refusal::WrongOffset { have }) => refused(Refusal::WrongOffset { have }),
            Some(refusal) if explains(refusal, status) => refused(refusal),
            _ => problem(status, "refused", "This cannot be done now."),
        };
        // The range that would have been right, the lock, and that the connection ends.
        let mut headers = std::mem::take(response.headers_mut());
        for header in [CONTENT_LENGTH, CONTENT_TYPE, header::ETAG] {
            headers.remove(header);
        }
        headers.extend(explained.headers().clone());
        response = explained;
        *response.headers_mut() = headers;
    } else if request.method() == Method::OPTIONS {
        let classes =
            if response.headers().get(header::ALLOW).is_some_and(allows_locks) { "1, 2, 3" } else { "1, 3" };
        response.headers_mut().insert(DAV, HeaderValue::from_static(classes));
    } else if matches!(*request.method(), Method::GET | Method::HEAD) {
        let name = request.way().split().map_or("", |(_, name)| name);
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}")) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
    }
    harden(response)
}

/// Whether `dav-server` answers so because of this.
fn explains(refusal: Refusal, status: StatusCode) -> bool {
    use dav_server::fs::FsError;
    match refusal.in_dav() {
        FsError::NotFound | FsError::Exists => {
            matches!(status.as_u16(), 404 | 405 | 409 | 412)
        }
        FsError::InsufficientStorage => status == StatusCode::INSUFFICIENT_STORAGE,
        FsError::PathTooLong => status == StatusCode::URI_TOO_LONG,
        FsError::GeneralFailure => status.is_server_error(),
        _ => status == StatusCode::FORBIDDEN,
    }
}

fn allows_locks(allow: &HeaderValue) -> bool {
    allow.to_str().is_ok_and(|allow| allow.contains("LOCK"))
}

/// What every answer says to a browser that should come by.
pub(crate) fn harden(mut response: Response<Body>) -> Response<Body> {
    let said = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in said {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
