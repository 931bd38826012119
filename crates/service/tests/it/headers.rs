//! Headers that protect, on every answer; and whose address counts behind a proxy.

use crate::support::{Stage, outcome};
use protocol::{
    Secret,
    operator::{Me, SignIn},
    problem::ProblemCode,
};
use reqwest::{Client, Method};
use serde_json::Value;
use service::Limits;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_headers_that_protect() {
    let stage = Stage::configured(|config| config.public_url = Some("https://support.example".into())).await;
    let address = format!("http://{}", stage.running.address);
    let document: Value = serde_json::from_str(&service::openapi().unwrap()).unwrap();
    let mut routes: Vec<(Method, String)> = ["/", "/join", "/healthz", "/openapi.json", "/nowhere", "/no.js"]
        .map(|path| (Method::GET, path.to_owned()))
        .to_vec();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter(|name| *name != "parameters");
        routes.extend(
            methods.map(|method| (method.to_uppercase().parse().unwrap(), path.replace(['{', '}'], ""))),
        );
    }
    assert!(routes.len() > 60);
    let client = Client::new();
    for (method, path) in routes {
        let answer = client.request(method.clone(), format!("{address}{path}")).send().await.unwrap();
        let value = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let expect = |name: &str, wanted: &str| {
            assert_eq!(value(name).as_deref(), Some(wanted), "{method} {path}: {name}");
        };
        // What comes from users' computers is kept from running at all.
        if !path.contains("/files/") {
            expect("content-security-policy", POLICY);
        }
        expect("x-content-type-options", "nosniff");
        expect("referrer-policy", "no-referrer");
        expect("cross-origin-opener-policy", "same-origin");
        expect("cross-origin-resource-policy", "same-origin");
        expect("strict-transport-security", "max-age=31536000");
        assert!(value("cache-control").is_some(), "{method} {path}");
        assert!(value("server").is_none(), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_sender_has_limits_of_their_own() {
    let stage = Stage::configured(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits = Limits { passwords_per_login_and_address: 2, ..Limits::default() };
    })
    .await;
    let client = Client::new();
    let sign_in = async |from: &str, password: &str| {
        let body = SignIn { login: "olivia".into(), password: Secret::new(password), code: None };
        let url = format!("{}/operator/v1/sign-in", stage.running.url);
        let request = client.post(url).header("X-Forwarded-For", from).json(&body);
        outcome::<Me>(request.send().await.unwrap()).await.map(|_| ()).map_err(|problem| problem.code)
    };
    for _ in 0..2 {
        assert_eq!(sign_in("192.0.2.1", "wrong").await, Err(ProblemCode::Unauthenticated));
    }
    let forged = sign_in("198.51.100.7, 192.0.2.1", crate::support::PASSWORD).await;
    assert_eq!(forged, Err(ProblemCode::TooManyAttempts));
    sign_in("192.0.2.2", crate::support::PASSWORD).await.unwrap();
}
