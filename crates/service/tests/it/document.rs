//! The OpenAPI document.

use crate::support::Stage;
use serde_json::Value;
use std::path::Path;

fn document() -> Value {
    serde_json::from_str(&service::openapi().unwrap()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap();
            methods.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let fresh = service::openapi().unwrap();
    let hint = "write it anew: cargo run -p service -- openapi > docs/api/openapi.json";
    assert!(committed.replace("\r\n", "\n") == fresh, "docs/api/openapi.json is out of date; {hint}");
}

#[test]
fn every_route_says_what_it_does_and_how_it_can_fail() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert!(operations.len() > 30);
    for (name, operation) in operations {
        assert!(operation["summary"].is_string(), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        for status in ["429", "500", "503"] {
            let problem = &responses[status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{name} {status}");
        }
        // A passkey that is wrong is a second factor that is.
        let takes_password = name.contains("sign-in") && !name.contains("confirm");
        assert_eq!(
            responses.contains_key("401"),
            operation["security"].is_array() || takes_password,
            "{name}"
        );
        assert!(operation.get("x-problem-codes").is_none(), "{name}");
    }
}

#[test]
fn what_a_body_can_be_refused_for_is_said_of_every_route_that_takes_one() {
    let document = document();
    for (name, operation) in operations(&document) {
        let taken = operation["requestBody"]["content"].as_object();
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.contains_key("408"), taken.is_some(), "{name}");
        let is_json = taken.is_some_and(|content| content.contains_key("application/json"));
        assert_eq!(responses.contains_key("415"), is_json, "{name}");
    }
}

#[test]
fn parameters_are_where_the_routes_read_them() {
    let document = document();
    let events = document["paths"]["/agent/v1/events"]["get"]["parameters"].as_array().unwrap();
    let read: Vec<_> = events.iter().map(|it| (&it["name"], &it["in"], &it["required"])).collect();
    let query = Value::from("query");
    let optional = Value::from(false);
    let expected = [("after".into(), &query), ("wait_secs".into(), &query), ("run".into(), &query)];
    assert_eq!(read, expected.each_ref().map(|(name, place): &(Value, _)| (name, *place, &optional)));
    for (name, operation) in operations(&document) {
        let listed = operation["parameters"]
            .as_array()
            .map_or(0, |list| list.iter().filter(|it| it["in"] == "path").count());
        assert_eq!(listed, name.matches('{').count(), "{name}");
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    for name in ["RequestTerms", "ReceiptTerms", "Event", "LiveEvent", "Problem", "ProofOfWorkChallenge"] {
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_serves_its_own_document() {
    let stage = Stage::new().await;
    let served = reqwest::get(format!("{}/openapi.json", stage.running.url)).await.unwrap();
    assert_eq!(served.json::<Value>().await.unwrap(), document());
}
