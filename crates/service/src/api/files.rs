//! Files as WebDAV, passed on to the access process.
//!
//! Read here are credentials, the session in the path, and where `Destination` leads; all else is the access process's
//! business, down to dots and slashes that were written in another way. What it says comes from a computer that may be
//! anybody's: of its answers only what is listed here reaches an operator, and nothing that a browser would show or run.

mod exchange;

use super::{
    auth::{self, FromOperator},
    body::Named,
    limits::{Admission, Peer},
    live,
    problem::{Answer, Refusal},
    tunnel::{TUNNEL_WAIT, sign_in_over},
};
use crate::{
    credentials::SignedIn,
    error::Error,
    files::{self, InForce},
    hub::Listener,
    service::{Service, Work},
    tunnels::{self, FilesUse, Place, Way},
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{self, HOST},
        request, response,
    },
    response::{IntoResponse, Response},
    routing::any,
};
use exchange::{Failure, Upload, exchange};
use protocol::{SessionId, agent::SessionPath, operator::FilesCredential};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tunnel::{Close, Kind, Stream};
use utoipa_axum::{router::OpenApiRouter, routes};

const DESTINATION: &str = "destination";

const ALLOWED: &str = "OPTIONS, GET, HEAD, PROPFIND, PUT, MKCOL, COPY, MOVE, DELETE, PROPPATCH, LOCK, UNLOCK";

/// What of a request the access process gets to see: no credentials, and no lengths, which follow from the body.
const ASKED: [&str; 16] = [
    "accept",
    "content-range",
    "content-type",
    "depth",
    "if",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "lock-token",
    "overwrite",
    "range",
    "timeout",
    "translate",
    "x-expected-entity-length",
];

/// What of an answer an operator gets to see.
const ANSWERED: [&str; 9] = [
    "accept-ranges",
    "allow",
    "content-range",
    "dav",
    "etag",
    "last-modified",
    "lock-token",
    "ms-author-via",
    "upload-offset",
];

/// Whatever a file holds, it is no page of this service, and what it holds is not told from its first bytes.
const HARDENED: [(HeaderName, &str); 4] = [
    (header::CONTENT_DISPOSITION, "attachment"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
];

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(make_files_credential))
        .route("/operator/v1/sessions/{session_id}/files", any(files))
        .route("/operator/v1/sessions/{session_id}/files/", any(files))
        .route("/operator/v1/sessions/{session_id}/files/{*path}", any(files))
}

/// Make a password for a WebDAV client.
///
/// User name and password for HTTP Basic at the session's folder, for the session's own operator. It is good for as long as
/// the session and this sign-in, and takes the place of one that was made before; what is being done with that ends.
#[utoipa::path(
    post, path = "/operator/v1/sessions/{session_id}/files-credential", tag = "operator",
    params(SessionPath),
    responses((status = 201, description = "It is told this once.", body = FilesCredential)),
    security(("operator_cookie" = [], "csrf_token" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "session_ended", "not_granted"]))),
)]
async fn make_files_credential(
    State(service): State<Arc<Service>>,
    FromOperator(who): FromOperator,
    Named(id): Named<SessionId>,
) -> Answer<(StatusCode, Json<FilesCredential>)> {
    let credential = service.run_for(who, move |work, who| files::make_credential(work, who, &id)).await?;
    Ok((StatusCode::CREATED, Json(credential)))
}

/// Files as WebDAV.
///
/// The folder that the user shares, for the session's own operator, with `GET`, `HEAD` and `PROPFIND` while
/// `files_read` is granted, `OPTIONS` while that or `files_write` is, and `PUT`, `MKCOL`, `COPY`, `MOVE`, `DELETE`, `PROPPATCH`, `LOCK` and `UNLOCK` while
/// `files_write` is; see *Tunnel*. Credentials are those of `files-credential`, or the cookie, and with methods that change
/// something `X-CSRF-Token`; where `Authorization` comes too, the cookie does not count. Problems that are about a file come
/// from the user's computer and have codes of their own.
#[utoipa::path(
    get, path = "/operator/v1/sessions/{session_id}/files/{path}", tag = "operator",
    params(SessionPath, ("path" = String, Path, description = "From the folder down; may be empty.")),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream"),
        (status = 502, description = "`agent_unreachable`: the agent's answer cannot be passed on. `invalid`: the destination is elsewhere.",
            body = protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 504, description = "`agent_unreachable`: the agent did not answer in time.",
            body = protocol::problem::Problem, content_type = "application/problem+json"),
    ),
    security(("operator_cookie" = []), ("operator_cookie" = [], "csrf_token" = []), ("files_credential" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required", "not_found", "session_ended", "not_granted",
        "agent_unreachable"]))),
)]
pub(super) async fn files(
    State(service): State<Arc<Service>>,
    Peer(from): Peer,
    request: Request,
) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let id = session_of(parts.uri.path()).ok_or_else(Refusal::not_found)?;
    let Some(wanted) = wanted(&parts.method) else {
        return Ok(([(header::ALLOW, ALLOWED)], Refusal::method_not_allowed()).into_response());
    };
    let (who, in_force) = who(&service, &parts, from, &id, wanted).await?;
    let with_password = in_force.is_some();
    let listener = live::arrive(&service, &who).await?;
    let session = id.clone();
    let entering = move |work: &mut Work<'_>, who: &SignedIn| {
        tunnels::enter_files(work, &who.operator, &session, wanted)
    };
    let place = service.run_for(who.clone(), entering).await;
    let place = place.map_err(|error| challenged(error, with_password))?;
    set_destination(&mut parts, &id, &service.public_url)?;
    let mut under_way = UnderWay { service, who, listener, in_force, place, turn: None };
    let reaching = reach(under_way.place.queue(), under_way.place.way());
    let reached = tokio::select! {
        biased;
        close = under_way.over() => return Err(over(&close, with_password)),
        reached = reaching => reached,
    };
    let (turn, stream) = reached?;
    under_way.turn = Some(turn);
    let is_head = parts.method == Method::HEAD;
    let answer = exchange(stream, passed_on(parts, body), async move { under_way.over().await }).await;
    let answer = answer.map_err(|failure| match failure {
        Failure::Over(close) => over(&close, with_password),
        Failure::Slow => Refusal::no_answer(),
        Failure::UploadStalled => Refusal::body_too_slow(),
        Failure::Odd => Refusal::bad_answer(),
    })?;
    let (parts, body) = answer.into_parts();
    Ok(Response::from_parts(passed_back(parts, is_head)?, Body::new(body)))
}

/// Whether a path leads to files, which take as long as they take.
pub(super) fn is_in_folder(path: &str) -> bool {
    session_of(path).is_some()
}

/// The session whose folder a path leads to. It stands there as the service writes it: what comes after it is passed on as
/// it is, and the access process finds its own prefix in it.
fn session_of(path: &str) -> Option<SessionId> {
    let (session, rest) = path.strip_prefix("/operator/v1/sessions/")?.split_once('/')?;
    let rest = rest.strip_prefix("files")?;
    session.parse().ok().filter(|_| rest.is_empty() || rest.starts_with('/'))
}

fn wanted(method: &Method) -> Option<FilesUse> {
    match method.as_str() {
        "OPTIONS" => Some(FilesUse::Ask),
        "GET" | "HEAD" | "PROPFIND" => Some(FilesUse::Read),
        "PUT" | "MKCOL" | "COPY" | "MOVE" | "DELETE" | "PROPPATCH" | "LOCK" | "UNLOCK" => {
            Some(FilesUse::Write)
        }
        _ => None,
    }
}

/// Who asks. With `Authorization` nothing else counts, so that a page cannot lend its cookie to a wrong password.
async fn who(
    service: &Arc<Service>,
    parts: &request::Parts,
    from: IpAddr,
    id: &SessionId,
    wanted: FilesUse,
) -> Answer<(SignedIn, Option<InForce>)> {
    let headers = &parts.headers;
    // Browsers send what they were once told for HTTP Basic from any page too, and say which it was.
    if !auth::is_same_origin(&service.public_url, headers, &parts.uri) {
        return Err(auth::FOREIGN.into());
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let found = auth::basic(headers)
            .and_then(|(user_name, password)| service.files_credentials.find(id, &user_name, &password));
        let Some((who, in_force)) = found else {
            service.credentials.take(format!("wrong files password from {from}"), Instant::now())?;
            return Err(challenged(Error::Unauthenticated, true));
        };
        Admission::known_by(&parts.extensions, &who.token_hash);
        service.credentials.take(format!("files of {id}"), Instant::now())?;
        return Ok((who, Some(in_force)));
    }
    // A browser would ask the operator for a password where the page is to ask for a sign-in.
    let is_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(header::COOKIE);
    let who = auth::by_cookie(parts, service).await.map_err(|error| challenged(error, !is_browser))?;
    who.must_be_ready()?;
    if wanted == FilesUse::Write {
        auth::check_csrf(headers, service, &who)?;
    }
    Ok((who, None))
}

fn challenged(error: Error, with_basic: bool) -> Refusal {
    let refusal = Refusal::from(error);
    if with_basic { refusal.wanting_basic() } else { refusal }
}

/// Why it was over before there was an answer.
fn over(close: &Close, with_password: bool) -> Refusal {
    let error = match close.code {
        code if code == Close::SESSION_ENDED.code => Error::SessionEnded,
        code if code == Close::NOT_GRANTED.code => Error::NotGranted,
        code if code == Close::SIGNED_OUT.code => Error::Unauthenticated,
        code if code == Close::SHUTTING_DOWN.code => Error::ShuttingDown,
        _ => Error::AgentUnreachable,
    };
    challenged(error, with_password)
}

/// Waits for a turn and for the agent.
async fn reach(queue: Arc<Semaphore>, way: Way) -> Answer<(OwnedSemaphorePermit, Stream)> {
    let turn = timeout(TUNNEL_WAIT, queue.acquire_owned()).await;
    let Ok(Ok(turn)) = turn else {
        return Err(Error::RateLimited { retry_after: Duration::from_secs(1) }.into());
    };
    let stream = way.open(Kind::Files, TUNNEL_WAIT).await.ok_or(Error::AgentUnreachable)?;
    Ok((turn, stream))
}

/// A request that was let in, as long as it may go on.
struct UnderWay {
    service: Arc<Service>,
    who: SignedIn,
    /// Also keeps the operator present.
    listener: Listener,
    in_force: Option<InForce>,
    place: Place,
    turn: Option<OwnedSemaphorePermit>,
}

impl UnderWay {
    /// Waits until it is not allowed any more, and says why. Not to be called again after that.
    async fn over(&mut self) -> Close {
        let in_force = &mut self.in_force;
        let void = async {
            match in_force {
                Some(in_force) => in_force.over().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            close = self.place.revoked() => close,
            close = sign_in_over(&self.service, &self.who, &mut self.listener) => close,
            () = void => Close::SIGNED_OUT,
        }
    }
}

/// Makes `Destination` the path that it means, if that lies in the folder of the same session.
fn set_destination(parts: &mut request::Parts, id: &SessionId, public_url: &str) -> Answer<()> {
    if !matches!(parts.method.as_str(), "COPY" | "MOVE") {
        parts.headers.remove(DESTINATION);
        return Ok(());
    }
    let mut values = parts.headers.get_all(DESTINATION).iter();
    let value = values.next().filter(|_| values.next().is_none());
    let to = value.and_then(|value| Uri::try_from(value.as_bytes()).ok());
    let to = to.ok_or_else(|| Refusal::bad_request("The header Destination must name one address."))?;
    if let Some(authority) = to.authority() {
        let own = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        // HTTP/2 carries the host in the request line.
        let own = own.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
        let public = public_url.split_once("://").map(|(_, host)| host);
        let meant = without_port(to.scheme_str(), authority.as_str());
        let is_web = matches!(to.scheme_str(), Some("http" | "https"));
        let same = |host: Option<&str>| host.is_some_and(|host| without_port(to.scheme_str(), host) == meant);
        if !is_web || !(same(own) || same(public)) {
            return Err(Refusal::destination_elsewhere());
        }
    }
    let path = to.path();
    if session_of(path).as_ref() != Some(id) {
        return Err(Refusal::destination_elsewhere());
    }
    let path = HeaderValue::from_str(path);
    let path = path.map_err(|_| Refusal::bad_request("The header Destination cannot be read."))?;
    parts.headers.insert(DESTINATION, path);
    Ok(())
}

/// A host without the port that its scheme has anyway.
fn without_port(scheme: Option<&str>, host: &str) -> String {
    let usual = if scheme == Some("https") { ":443" } else { ":80" };
    let host = host.to_ascii_lowercase();
    host.strip_suffix(usual).map(str::to_owned).unwrap_or(host)
}

/// A request as the access process gets it: the same path, and of the headers what files need.
fn passed_on(parts: request::Parts, body: Body) -> Request<Upload> {
    let mut passed = Request::new(Upload::new(body));
    *passed.method_mut() = parts.method;
    let path = parts.uri.into_parts().path_and_query;
    *passed.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    let headers = passed.headers_mut();
    // Any does; addresses in answers are paths.
    headers.insert(HOST, HeaderValue::from_static("files"));
    copy_listed(&parts.headers, headers, &ASKED);
    copy_listed(&parts.headers, headers, &[DESTINATION]);
    passed
}

fn copy_listed(from: &HeaderMap, to: &mut HeaderMap, names: &[&'static str]) {
    for name in names {
        for value in from.get_all(*name) {
            to.append(HeaderName::from_static(name), value.clone());
        }
    }
}

/// An answer as the operator gets it.
fn passed_back(said: response::Parts, is_head: bool) -> Answer<response::Parts> {
    let status = said.status;
    // No redirects, and nobody but the service asks for credentials.
    let is_plain = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let is_no = (400..600).contains(&status.as_u16())
        && !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    if !is_plain && !is_no {
        return Err(Refusal::bad_answer());
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    copy_listed(&said.headers, &mut parts.headers, &ANSWERED);
    if is_head {
        copy_listed(&said.headers, &mut parts.headers, &["content-length"]);
    }
    if let Some(media_type) = said.headers.get(header::CONTENT_TYPE) {
        let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let media_type = match essence.to_ascii_lowercase().as_str() {
            "application/xml" | "text/xml" => "application/xml; charset=utf-8",
            "application/problem+json" => "application/problem+json",
            _ => "application/octet-stream",
        };
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    for (name, value) in HARDENED {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(parts)
}
