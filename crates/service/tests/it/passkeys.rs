//! Passkeys, shown by an authenticator made of software.

use crate::support::{Operator, PASSWORD, Stage, code, outcome};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use protocol::{
    Secret,
    operator::{
        AccountView, AddPasskey, AuditAction, AuditPage, BeginPasskeySignIn, BeginSecondFactor, ChangePolicy,
        Me, OrganisationSettings, PasskeyAdded, PasskeyChallenge, PasskeySignIn, RemovePasskey,
        SecondFactorView,
    },
    problem::{Problem, ProblemCode, SecondFactors},
};
use reqwest::{Client, Method};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::time::Duration;

const ORIGIN: &str = "http://localhost:8470";
/// User present and verified.
const FLAGS: u8 = 0x05;

/// One passkey on a device.
struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    handle: String,
    origin: String,
    counter: u32,
}

impl Authenticator {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let id = crypto::random_bytes();
        Self { key, id, handle: String::new(), origin: ORIGIN.into(), counter: 1 }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        serde_json::to_vec(&data).unwrap()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, b"localhost").as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn create(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(FLAGS | 0x40);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // COSE: an EC2 key for ES256 on P-256, in CBOR.
        let point = &self.key.public_key().as_ref()[1..];
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[..32]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[32..]);
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let id = BASE64URL.encode(self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": {
            "attestationObject": BASE64URL.encode(attestation),
            "clientDataJSON": BASE64URL.encode(self.client_data("webauthn.create", options)),
        }})
    }

    fn get_with(&self, options: &Value, flags: u8) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(flags);
        let signed = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let id = BASE64URL.encode(self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": {
            "authenticatorData": BASE64URL.encode(data),
            "clientDataJSON": BASE64URL.encode(client_data),
            "signature": BASE64URL.encode(signature),
            "userHandle": self.handle,
        }})
    }

    fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        self.get_with(options, FLAGS)
    }
}

/// A service that has a name.
async fn stage() -> (Stage, String) {
    let stage = Stage::configured(|config| config.public_url = Some(ORIGIN.into())).await;
    let url = stage.running.listening_url();
    (stage, url)
}

async fn post<T: serde::de::DeserializeOwned>(
    client: &Client,
    url: &str,
    path: &str,
    body: &impl serde::Serialize,
) -> Result<T, Problem> {
    outcome(client.post(format!("{url}/operator/v1/{path}")).json(body).send().await.unwrap()).await
}

async fn begin_adding(operator: &Operator) -> PasskeyChallenge {
    let body = BeginSecondFactor { current_password: Secret::new(PASSWORD) };
    operator.post("me/passkeys", &body).await.unwrap()
}

async fn confirm(
    operator: &Operator,
    challenge: &PasskeyChallenge,
    credential: Value,
) -> Result<PasskeyAdded, Problem> {
    let challenge = challenge.challenge.clone();
    operator.post("me/passkeys/confirm", &AddPasskey { challenge, name: "Key ring".into(), credential }).await
}

async fn add(operator: &Operator) -> (Authenticator, PasskeyAdded) {
    let mut authenticator = Authenticator::new();
    let challenge = begin_adding(operator).await;
    let credential = authenticator.create(&challenge.options);
    (authenticator, confirm(operator, &challenge, credential).await.unwrap())
}

async fn begin_with(url: &str, wanted: &BeginPasskeySignIn) -> Result<PasskeyChallenge, Problem> {
    post(&Client::new(), url, "sign-in/passkey", wanted).await
}

async fn begin(url: &str) -> PasskeyChallenge {
    begin_with(url, &BeginPasskeySignIn::default()).await.unwrap()
}

async fn show(url: &str, challenge: &PasskeyChallenge, credential: Value) -> Result<Operator, Problem> {
    let client = Client::builder().cookie_store(true).build().unwrap();
    let body = PasskeySignIn { challenge: challenge.challenge.clone(), credential };
    let me: Me = post(&client, url, "sign-in/passkey/confirm", &body).await?;
    Ok(Operator { url: url.to_owned(), client, me })
}

async fn sign_in(url: &str, with: &mut Authenticator) -> Result<Operator, Problem> {
    let challenge = begin(url).await;
    let credential = with.get(&challenge.options);
    show(url, &challenge, credential).await
}

fn refused(result: Result<Operator, Problem>) -> ProblemCode {
    code(result.map(|operator| operator.me))
}

async fn with_password(url: &str, login: &str, code: Option<&Secret>) -> Result<Operator, Problem> {
    Operator::sign_in_with_code(url, login, PASSWORD, code.map(Secret::expose)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_alone_signs_in_and_is_a_second_factor_beside_the_password() {
    let (_stage, url) = stage().await;
    let (olivia, elsewhere) =
        (Operator::sign_in(&url, "olivia").await, Operator::sign_in(&url, "olivia").await);
    let (mut key, added) = add(&olivia).await;
    assert_eq!(added.recovery_codes.len(), 10);
    assert_eq!(code(elsewhere.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let answer = with_password(&url, "olivia", None).await.map(|it| it.me).unwrap_err();
    assert_eq!(answer.code, ProblemCode::SecondFactorRequired);
    assert_eq!(answer.second_factors, Some(SecondFactors { app: false, passkey: true }));
    with_password(&url, "olivia", Some(&added.recovery_codes[0])).await.map(|_| ()).unwrap();

    let signed_in = sign_in(&url, &mut key).await.unwrap();
    assert_eq!(signed_in.me.login, "olivia");
    let known = BeginPasskeySignIn { login: Some("olivia".into()), password: Some(Secret::new(PASSWORD)) };
    let challenge = begin_with(&url, &known).await.unwrap();
    assert_eq!(challenge.options["allowCredentials"][0]["id"], BASE64URL.encode(key.id));
    let credential = key.get(&challenge.options);
    show(&url, &challenge, credential).await.map(|_| ()).unwrap();

    let (_, second) = add(&olivia).await;
    assert!(second.recovery_codes.is_empty(), "there are some already");
    let view: SecondFactorView = olivia.get("me/second-factor").await.unwrap();
    assert_eq!(view.passkeys.len(), 2);
    assert_eq!(view.passkey_origin.as_deref(), Some(ORIGIN));
    assert!(view.passkeys.iter().any(|it| it.last_used.is_some()) && view.app_since.is_none());
    let log: AuditPage = olivia.get("audit?action=passkey_added").await.unwrap();
    assert_eq!(log.entries[0].about.as_deref(), Some("Key ring"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_answered_once_within_five_minutes_from_the_services_own_page() {
    let (stage, url) = stage().await;
    let olivia = Operator::sign_in(&url, "olivia").await;
    let (mut key, _) = add(&olivia).await;
    let wrong = ProblemCode::WrongSecondFactor;

    let challenge = begin(&url).await;
    let credential = key.get(&challenge.options);
    show(&url, &challenge, credential.clone()).await.map(|_| ()).unwrap();
    assert_eq!(refused(show(&url, &challenge, credential).await), wrong, "replayed");

    let (asked, other) = (begin(&url).await, begin(&url).await);
    let credential = key.get(&asked.options);
    assert_eq!(refused(show(&url, &other, credential).await), wrong, "of another challenge");

    let late = begin(&url).await;
    stage.clock.advance(Duration::from_secs(5 * 60 + 1));
    let credential = key.get(&late.options);
    assert_eq!(refused(show(&url, &late, credential).await), wrong, "expired");

    let challenge = begin(&url).await;
    key.counter += 1;
    let unverified = key.get_with(&challenge.options, 0x01);
    assert_eq!(refused(show(&url, &challenge, unverified).await), wrong, "nobody was verified");

    key.origin = "http://localhost:9999".into();
    assert_eq!(refused(sign_in(&url, &mut key).await), wrong, "shown to another page");
    key.origin = ORIGIN.into();
    sign_in(&url, &mut key).await.map(|_| ()).unwrap();

    let mut another = Authenticator::new();
    let adding = begin_adding(&olivia).await;
    stage.clock.advance(Duration::from_secs(5 * 60 + 1));
    let credential = another.create(&adding.options);
    assert_eq!(code(confirm(&olivia, &adding, credential).await), wrong, "expired");
    let adding = begin_adding(&olivia).await;
    another.origin = "https://evil.example".into();
    let credential = another.create(&adding.options);
    assert_eq!(code(confirm(&olivia, &adding, credential).await), wrong, "made for another page");
    let body = BeginSecondFactor { current_password: Secret::new("not it") };
    assert_eq!(code(olivia.post::<PasskeyChallenge>("me/passkeys", &body).await), ProblemCode::WrongPassword);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_operators_passkey_opens_nothing_of_ones_own() {
    let (stage, url) = stage().await;
    let password = Secret::new(PASSWORD);
    stage.admin().add_operator(&stage.organisation.id, "oscar", "Oscar Example", &password).unwrap();
    let (olivia, oscar) = (Operator::sign_in(&url, "olivia").await, Operator::sign_in(&url, "oscar").await);
    let (_olivias, _) = add(&olivia).await;
    let (mut oscars, _) = add(&oscar).await;

    let known = BeginPasskeySignIn { login: Some("olivia".into()), password: Some(password) };
    let challenge = begin_with(&url, &known).await.unwrap();
    let credential = oscars.get(&challenge.options);
    assert_eq!(refused(show(&url, &challenge, credential).await), ProblemCode::WrongSecondFactor);
    let challenge = begin(&url).await;
    let mut credential = oscars.get(&challenge.options);
    credential["response"]["userHandle"] = BASE64URL.encode([7; 16]).into();
    assert_eq!(refused(show(&url, &challenge, credential).await), ProblemCode::WrongSecondFactor);

    let olivias: SecondFactorView = olivia.get("me/second-factor").await.unwrap();
    let path = format!("me/passkeys/{}/remove", olivias.passkeys[0].id);
    let body = RemovePasskey { current_password: Secret::new(PASSWORD), code: None };
    assert_eq!(code(oscar.post::<()>(&path, &body).await), ProblemCode::NotFound);

    let adding = begin_adding(&olivia).await;
    let credential = oscars.create(&adding.options);
    assert_eq!(code(confirm(&olivia, &adding, credential).await), ProblemCode::WrongSecondFactor, "known");
    let adding = begin_adding(&olivia).await;
    let credential = Authenticator::new().create(&adding.options);
    assert_eq!(code(confirm(&oscar, &adding, credential).await), ProblemCode::WrongSecondFactor);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_counts_backwards_is_refused_and_noted() {
    let (_stage, url) = stage().await;
    let olivia = Operator::sign_in(&url, "olivia").await;
    let (mut key, _) = add(&olivia).await;
    let signed_in = sign_in(&url, &mut key).await.unwrap();
    key.counter -= 1;
    assert_eq!(refused(sign_in(&url, &mut key).await), ProblemCode::WrongSecondFactor);
    let log: AuditPage = signed_in.get("audit?action=passkey_copied").await.unwrap();
    assert_eq!(log.entries[0].action, AuditAction::PasskeyCopied);
    assert_eq!(log.entries[0].about.as_deref(), Some("Key ring"));
    for _ in 0..4 {
        key.counter = 0;
        assert_eq!(refused(sign_in(&url, &mut key).await), ProblemCode::WrongSecondFactor);
    }
    key.counter = 99;
    assert_eq!(refused(sign_in(&url, &mut key).await), ProblemCode::TooManyAttempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_passkey_opens_nothing_and_the_last_one_goes_only_with_a_recovery_code() {
    let (_stage, url) = stage().await;
    let olivia = Operator::sign_in(&url, "olivia").await;
    let (mut first, added) = add(&olivia).await;
    let (mut second, other) = add(&olivia).await;
    let remove = async |of: &PasskeyAdded, password: &str, code: Option<Secret>| {
        let path = format!("me/passkeys/{}/remove", of.passkey.id);
        olivia.post::<()>(&path, &RemovePasskey { current_password: Secret::new(password), code }).await
    };
    assert_eq!(code(remove(&added, "not it", None).await), ProblemCode::WrongPassword);
    let challenge = begin(&url).await;
    let credential = first.get(&challenge.options);
    remove(&added, PASSWORD, None).await.unwrap();
    assert_eq!(refused(show(&url, &challenge, credential).await), ProblemCode::WrongSecondFactor);
    sign_in(&url, &mut second).await.map(|_| ()).unwrap();

    assert_eq!(code(remove(&other, PASSWORD, None).await), ProblemCode::SecondFactorRequired);
    let wrong = Some(Secret::new("not a code"));
    assert_eq!(code(remove(&other, PASSWORD, wrong).await), ProblemCode::WrongSecondFactor);
    let demand = ChangePolicy { second_factor_required: true };
    olivia.put::<OrganisationSettings>("organisation/policy", &demand).await.unwrap();
    let right = Some(added.recovery_codes[0].clone());
    assert_eq!(code(remove(&other, PASSWORD, right.clone()).await), ProblemCode::Forbidden);
    let demand = ChangePolicy { second_factor_required: false };
    olivia.put::<OrganisationSettings>("organisation/policy", &demand).await.unwrap();
    remove(&other, PASSWORD, right).await.unwrap();
    assert_eq!(refused(sign_in(&url, &mut second).await), ProblemCode::WrongSecondFactor);
    with_password(&url, "olivia", None).await.map(|_| ()).expect("the password is enough again");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_second_factor_away_takes_passkeys_too() {
    let (stage, url) = stage().await;
    let password = Secret::new(PASSWORD);
    stage.admin().add_operator(&stage.organisation.id, "oscar", "Oscar Example", &password).unwrap();
    let olivia = Operator::sign_in(&url, "olivia").await;
    let demand = ChangePolicy { second_factor_required: true };
    olivia.put::<OrganisationSettings>("organisation/policy", &demand).await.unwrap();
    let oscar = Operator::sign_in(&url, "oscar").await;
    assert!(oscar.me.must_set_second_factor);
    let (mut oscars, _) = add(&oscar).await;
    assert!(!oscar.get::<Me>("me").await.unwrap().must_set_second_factor, "a passkey satisfies it");
    let (mut olivias, _) = add(&olivia).await;

    let path = format!("operators/{}/second-factor", oscar.me.operator.id);
    let account: AccountView = olivia.send(Method::DELETE, &path, None::<&()>).await.unwrap();
    assert!(!account.second_factor);
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    assert_eq!(refused(sign_in(&url, &mut oscars).await), ProblemCode::WrongSecondFactor);
    stage.admin().update_operator("olivia", None, None, false, true).unwrap();
    assert_eq!(refused(sign_in(&url, &mut olivias).await), ProblemCode::WrongSecondFactor);

    let again = Operator::sign_in(&url, "oscar").await;
    let (mut oscars, _) = add(&again).await;
    let olivia = Operator::sign_in(&url, "olivia").await;
    let _ = add(&olivia).await;
    let path = format!("operators/{}", again.me.operator.id);
    olivia.patch::<AccountView>(&path, &json!({ "disabled": true })).await.unwrap();
    assert_eq!(refused(sign_in(&url, &mut oscars).await), ProblemCode::AccountDisabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_address_is_an_ip_address_passkeys_are_not_offered() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let view: SecondFactorView = olivia.get("me/second-factor").await.unwrap();
    assert_eq!(view.passkey_origin, None);
    let body = BeginSecondFactor { current_password: Secret::new(PASSWORD) };
    assert_eq!(code(olivia.post::<PasskeyChallenge>("me/passkeys", &body).await), ProblemCode::Forbidden);
    let answer = begin_with(&stage.running.url, &BeginPasskeySignIn::default()).await;
    assert_eq!(code(answer), ProblemCode::Forbidden);
    let half = BeginPasskeySignIn { login: Some("olivia".into()), password: None };
    let (_stage, url) = self::stage().await;
    assert_eq!(code(begin_with(&url, &half).await), ProblemCode::Invalid);
    let known = BeginPasskeySignIn { password: Some(Secret::new(PASSWORD)), ..half };
    assert_eq!(code(begin_with(&url, &known).await), ProblemCode::NotFound, "there is none");
}
