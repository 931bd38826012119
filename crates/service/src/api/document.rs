//! The OpenAPI document: the frame around what the routes say of themselves.

use super::problem;
use protocol::{
    agent::{LookupRequest, Standing},
    event::Event,
    operator::LiveEvent,
    problem::{MEDIA_TYPE, Problem, ProblemCode},
    signed::{CountersignatureTerms, EnrolmentTerms, KeySuccessionTerms, ReceiptTerms, RequestTerms},
};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{
    OpenApi,
    openapi::{
        Content, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder, Type,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "On-demand Agent service",
        description = include_str!("document.md"),
        license(name = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "agent", description = "What agents call."),
        (name = "operator", description = "What the console and other operators' clients call."),
    ),
    paths(super::files::files),
    components(schemas(RequestTerms, ReceiptTerms, EnrolmentTerms, CountersignatureTerms, KeySuccessionTerms, Event, LiveEvent, Standing, Problem, ProblemCode, LookupRequest)),
)]
struct Frame;

/// The bytes of a picture.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Png(#[expect(dead_code, reason = "only its schema is used")] Vec<u8>);

/// One of a stream of events.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Told {
    /// `heartbeat`, whose data says nothing; absent otherwise.
    event: Option<String>,
    /// A `LiveEvent` as JSON.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// The document without its routes.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    let components = document.components.get_or_insert_default();
    let mut add = |name: &str, scheme| {
        components.security_schemes.insert(name.to_owned(), RefOr::T(scheme));
    };
    add("agent_token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    add("files_credential", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    add("tunnel_ticket", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let cookie = "`ondemand-operator`, set by signing in; over TLS its name is `__Host-ondemand-operator`.";
    let cookie = ApiKeyValue::with_description("ondemand-operator", cookie);
    add("operator_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let csrf = "From `Me`; with everything but GET.";
    let csrf = ApiKeyValue::with_description("X-CSRF-Token", csrf);
    add("csrf_token", SecurityScheme::ApiKey(ApiKey::Header(csrf)));
    document
}

/// Problems that any route can answer with.
const ALWAYS: [&str; 3] = ["rate_limited", "shutting_down", "internal"];

/// Writes out the problems that each route names, and those that follow from what it takes.
pub(super) fn finish(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            add_problems(operation);
        }
    }
    document
}

fn add_problems(operation: &mut Operation) {
    let own = operation.extensions.as_mut().and_then(|extensions| extensions.remove("x-problem-codes"));
    let own: Vec<String> = own.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default();
    operation.extensions = operation.extensions.take().filter(|extensions| !extensions.is_empty());
    let mut codes: Vec<&str> = own.iter().map(String::as_str).collect();
    let security = serde_json::to_string(&operation.security).unwrap_or_default();
    if ["agent_token", "tunnel_ticket", "operator_cookie"].iter().any(|name| security.contains(name)) {
        codes.push("unauthenticated");
    }
    if security.contains("csrf_token") {
        codes.push("forbidden");
    }
    let mut by_status: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    if let Some(body) = &operation.request_body {
        codes.extend(["invalid", "too_large"]);
        by_status.insert("408".into(), vec!["invalid"]);
        if matches!(body, RefOr::T(body) if body.content.contains_key("application/json")) {
            by_status.insert("415".into(), vec!["invalid"]);
        }
    }
    codes.extend(ALWAYS);

    for name in codes {
        let code = serde_json::from_value(Value::from(name)).unwrap_or(ProblemCode::Unknown);
        let names = by_status.entry(problem::status(code).as_str().to_owned()).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (status, names) in by_status {
        let list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let mut response = ResponseBuilder::new()
            .description(list.join(", "))
            .content(MEDIA_TYPE, Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem")))));
        if status == "429" || status == "503" {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer);
            let header =
                HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build();
            response = response.header("Retry-After", header);
        }
        operation.responses.responses.insert(status, RefOr::T(response.build()));
    }
}
