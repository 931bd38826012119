//! Who is calling, and from which page.

use super::{
    limits::{Admission, Peer},
    problem::Refusal,
};
use crate::{
    credentials::{self, Agent, SignedIn},
    error::Error,
    service::Service,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use protocol::{Secret, operator::Role};
use std::{sync::Arc, time::Instant};

/// The header that goes with everything an operator does except GET.
const CSRF_HEADER: &str = "x-csrf-token";

/// What stands behind `Authorization: Bearer`.
pub(super) struct Bearer(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or(Error::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Unauthenticated.into());
        }
        Ok(Self(token.trim().to_owned()))
    }
}

/// An agent, by its bearer token.
pub(super) struct FromAgent(pub(super) Agent);

impl FromRequestParts<Arc<Service>> for FromAgent {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let Bearer(token) = Bearer::from_request_parts(parts, service).await?;
        let agent = service.run(move |work| credentials::agent(work, &token)).await?;
        Admission::known_by(&parts.extensions, &agent.token_hash);
        service.credentials.take(agent.token_hash.clone(), Instant::now())?;
        service.quotas.call(&agent.record.organisation)?;
        Ok(Self(agent))
    }
}

/// An operator who chose the own password, and set a second factor up where one is demanded: what working takes.
pub(super) struct FromOperator(pub(super) SignedIn);

impl FromRequestParts<Arc<Service>> for FromOperator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let FromSignedIn(who) = FromSignedIn::from_request_parts(parts, service).await?;
        who.must_be_ready()?;
        Ok(Self(who))
    }
}

/// An operator who manages the organisation.
pub(super) struct FromAdministrator(pub(super) SignedIn);

impl FromRequestParts<Arc<Service>> for FromAdministrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let FromOperator(who) = FromOperator::from_request_parts(parts, service).await?;
        if who.operator.role != Role::Administrator {
            return Err(Error::Forbidden("only administrators can do this").into());
        }
        Ok(Self(who))
    }
}

/// An operator, by the cookie; with everything but GET the CSRF token is demanded too.
pub(super) struct FromSignedIn(pub(super) SignedIn);

impl FromRequestParts<Arc<Service>> for FromSignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let mut signed_in = by_cookie(parts, service).await?;
        let Ok(Peer(address)) = Peer::from_request_parts(parts, service).await;
        signed_in.address = Some(address);
        if parts.method != Method::GET {
            check_csrf(&parts.headers, service, &signed_in)?;
        }
        Ok(Self(signed_in))
    }
}

/// An operator, by the cookie alone.
pub(super) async fn by_cookie(parts: &Parts, service: &Arc<Service>) -> Result<SignedIn, Error> {
    let token = cookie(&parts.headers, service.cookie_name()).ok_or(Error::Unauthenticated)?.to_owned();
    let signed_in = service.run(move |work| credentials::operator(work, &token)).await?;
    Admission::known_by(&parts.extensions, &signed_in.token_hash);
    service.credentials.take(signed_in.token_hash.clone(), Instant::now())?;
    service.quotas.call(&signed_in.operator.organisation)?;
    Ok(signed_in)
}

/// Refuses a request without the token that goes with the sign-in.
pub(super) fn check_csrf(headers: &HeaderMap, service: &Service, who: &SignedIn) -> Result<(), Error> {
    let expected = service.secrets.csrf_token(&who.token_hash);
    let sent = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    // Hashes are compared, so that the time taken tells nothing about the token.
    if crypto::hash(sent) == crypto::hash(expected.expose().as_bytes()) {
        Ok(())
    } else {
        Err(Error::Forbidden("the header X-CSRF-Token is missing or wrong"))
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// User name and password of HTTP Basic, where that is what came.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded =
        BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(user_name, password)| (user_name.to_owned(), password.to_owned()))
}

impl Service {
    /// Whether browsers reach the service over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The prefix has browsers refuse the cookie from anywhere but this very host over TLS.
    fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-ondemand-operator" } else { "ondemand-operator" }
    }

    fn cookie(&self, value: &str, more: &str) -> HeaderValue {
        let secure = if self.is_https() { "; Secure" } else { "" };
        let name = self.cookie_name();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
        // Tokens are base64url, so the text is always a header value.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    /// `Set-Cookie` after signing in; lives until the browser is closed, or the sign-in is over.
    pub(super) fn cookie_set(&self, token: &Secret) -> HeaderValue {
        self.cookie(token.expose(), "")
    }

    /// `Set-Cookie` after signing out.
    pub(super) fn cookie_cleared(&self) -> HeaderValue {
        self.cookie("", "; Max-Age=0")
    }
}

/// What an operator does must come from this service's own pages, where the browser says where it comes from.
pub(super) async fn same_origin(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let concerned = request.uri().path().starts_with("/operator/") && request.method() != Method::GET;
    if concerned && !is_same_origin(&service.public_url, request.headers(), request.uri()) {
        return Refusal::from(FOREIGN).into_response();
    }
    next.run(request).await
}

pub(super) const FOREIGN: Error = Error::Forbidden("the request comes from another site");

/// A WebSocket from this service's own pages. Browsers let any page open one with the operator's cookies, where they do not
/// keep to `SameSite`, and always say which page it was; who says nothing is asked to.
pub(super) struct SameOrigin;

impl FromRequestParts<Arc<Service>> for SameOrigin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        if !parts.headers.contains_key(header::ORIGIN) {
            return Err(Error::Forbidden("the header Origin is missing; it must name this service").into());
        }
        if !is_same_origin(&service.public_url, &parts.headers, &parts.uri) {
            return Err(FOREIGN.into());
        }
        Ok(Self)
    }
}

pub(super) fn is_same_origin(public_url: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site") {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 carries the host in the request line.
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let sent_host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == public_url || (sent_host.is_some() && sent_host == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = Request::new(axum::body::Body::empty());
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        request
    }

    #[test]
    fn only_the_services_own_pages_are_the_same_origin() {
        let same = |headers| {
            let request = request(headers);
            is_same_origin("https://support.example", request.headers(), request.uri())
        };
        assert!(same(&[("host", "support.example")]), "not a browser");
        assert!(same(&[("host", "inner:8470"), ("origin", "https://support.example")]), "behind a proxy");
        assert!(same(&[("host", "127.0.0.1:8470"), ("origin", "http://127.0.0.1:8470")]));
        assert!(!same(&[("host", "support.example"), ("origin", "https://evil.example")]));
        assert!(!same(&[("host", "support.example"), ("origin", "null")]));
        assert!(!same(&[("host", "support.example"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let request = request(&[("cookie", "a=1; ondemand-operator=token"), ("cookie", "b=2")]);
        assert_eq!(cookie(request.headers(), "ondemand-operator"), Some("token"));
        assert_eq!(cookie(request.headers(), "b"), Some("2"));
        assert_eq!(cookie(request.headers(), "operator"), None);
    }
}
