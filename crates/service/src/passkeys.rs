//! Passkeys (WebAuthn): added by their owner, and taken beside the password or in its place.
//!
//! The user is always verified by the authenticator, with a finger, a face or a PIN: a passkey is something one has and
//! something one is or knows, and so enough by itself. A challenge lives in memory for five minutes and is taken once,
//! whatever comes of it. Everything about keys, signatures, origins and counters is `webauthn-rs`; what a passkey is today
//! is read in the transaction that signs in, so that one that was removed meanwhile opens nothing.

use crate::{
    admin,
    audit::{self, About},
    credentials::{self, SignedIn},
    error::{Error, Result},
    ids, operators,
    passkeys::challenges::Asked,
    second_factor::{self, Proof},
    service::{Service, Work},
    store::{self, OperatorRecord, PasskeyRecord},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{
    OperatorId, PasskeyId, Secret,
    operator::{
        AddPasskey, AuditAction, BeginPasskeySignIn, PasskeyAdded, PasskeyChallenge, PasskeySignIn,
        PasskeyView, RemovePasskey,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{net::IpAddr, sync::Arc};
use webauthn_rs::prelude::{
    CredentialID, Passkey, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};

mod challenges;

/// More than anybody has devices.
const MOST: u32 = 20;
const BROKEN: Error = Error::Broken("a passkey cannot be written or read");

/// What the service can do with passkeys, and which challenges are open.
pub(crate) struct Passkeys {
    webauthn: Option<Webauthn>,
    challenges: challenges::Challenges,
}

impl Passkeys {
    /// For a service that browsers reach at this address: passkeys belong to a name, and browsers keep them from pages that
    /// somebody on the way could have changed.
    pub(crate) fn new(public_url: &str) -> Self {
        Self { webauthn: webauthn(public_url), challenges: challenges::Challenges::default() }
    }

    pub(crate) fn are_offered(&self) -> bool {
        self.webauthn.is_some()
    }

    fn webauthn(&self) -> Result<&Webauthn> {
        self.webauthn.as_ref().ok_or(Error::Forbidden(
            "passkeys need a service whose address is a name, not an IP address, and that is reached over TLS",
        ))
    }
}

fn webauthn(public_url: &str) -> Option<Webauthn> {
    let origin = Url::parse(public_url).ok()?;
    let name = origin.domain()?;
    let local = name == "localhost" || name.ends_with(".localhost");
    if origin.scheme() != "https" && !local {
        return None;
    }
    WebauthnBuilder::new(name, &origin).and_then(WebauthnBuilder::build).ok()
}

/// What an authenticator calls an operator: the same at every passkey, and it tells nothing.
fn handle(of: &OperatorId) -> Uuid {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("passkeys of {of}").as_bytes());
    let mut handle = [0; 16];
    handle.copy_from_slice(&digest.as_ref()[..16]);
    Uuid::from_bytes(handle)
}

fn encoded(credential: &CredentialID) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(credential)
}

fn read<T: DeserializeOwned>(credential: Value) -> Result<T> {
    serde_json::from_value(credential)
        .map_err(|error| Error::Invalid(format!("`credential` is not what a browser answers: {error}")))
}

fn view(record: PasskeyRecord) -> PasskeyView {
    let PasskeyRecord { id, name, added_at, last_used, .. } = record;
    PasskeyView { id, name, added_at, last_used }
}

/// An operator's passkeys.
pub(crate) fn list(work: &mut Work<'_>, of: &OperatorId) -> Result<Vec<PasskeyView>> {
    Ok(work.tx.passkeys(of)?.into_iter().map(view).collect())
}

/// Gives a challenge for a new passkey to who knows the password.
pub(crate) async fn begin_adding(
    service: &Arc<Service>,
    who: SignedIn,
    password: Secret,
    from: IpAddr,
) -> Result<PasskeyChallenge> {
    service.passkeys.webauthn()?;
    credentials::prove_password(service, &who, password, from).await?;
    service
        .run_for(who, move |work, who| {
            let OperatorRecord { public, login, .. } = &who.operator;
            let known = work.tx.passkeys(&public.id)?;
            if known.len() >= MOST as usize {
                return Err(Error::TooMany(MOST));
            }
            let decoded = |it: &PasskeyRecord| BASE64_URL_SAFE_NO_PAD.decode(&it.credential_id).ok();
            let known = known.iter().filter_map(decoded).collect();
            let webauthn = work.service.passkeys.webauthn()?;
            let (options, state) = webauthn
                .start_passkey_registration(handle(&public.id), login, &public.name, Some(known))
                .map_err(|_| BROKEN)?;
            let mut options = serde_json::to_value(options.public_key).map_err(|_| BROKEN)?;
            // Where the authenticator has room for it, it can be used without a name.
            options["authenticatorSelection"]["residentKey"] = json!("preferred");
            let asked = Asked::Adding { token_hash: who.token_hash.clone(), state: Box::new(state) };
            let challenge = work.service.passkeys.challenges.open(asked, from, work.now);
            Ok(PasskeyChallenge { challenge: Secret::new(challenge), options })
        })
        .await
}

/// Adds the passkey that answers the challenge. Where it is the first second factor, sign-ins elsewhere are over.
pub(crate) async fn add(service: &Arc<Service>, who: SignedIn, wanted: AddPasskey) -> Result<PasskeyAdded> {
    let AddPasskey { challenge, name, credential } = wanted;
    let name = admin::checked_name(&name).map_err(|error| Error::Invalid(error.to_string()))?;
    let asked = service.passkeys.challenges.take(challenge.expose(), service.clock.now());
    let credential: RegisterPublicKeyCredential = read(credential)?;
    let Some(Asked::Adding { token_hash, state }) = asked else { return Err(Error::WrongPasskey) };
    service
        .run_for(who, move |work, who| {
            let operator = &who.operator;
            if token_hash != who.token_hash {
                return Err(Error::WrongPasskey);
            }
            let webauthn = work.service.passkeys.webauthn()?;
            let passkey = webauthn.finish_passkey_registration(&credential, &state).map_err(refused)?;
            if work.tx.passkeys(&operator.public.id)?.len() >= MOST as usize {
                return Err(Error::TooMany(MOST));
            }
            let record = PasskeyRecord {
                id: ids::fresh(),
                operator: operator.public.id.clone(),
                credential_id: encoded(passkey.cred_id()),
                name,
                credential: serde_json::to_string(&passkey).map_err(|_| BROKEN)?,
                added_at: work.now,
                last_used: None,
            };
            match work.tx.add_passkey(&record) {
                Err(store::Error::Exists) => return Err(Error::WrongPasskey),
                other => other?,
            }
            audit::note(work, AuditAction::PasskeyAdded, About::named(&*record.name, record.id.as_str()))?;
            let recovery_codes = if operator.second_factor_since.is_none() {
                operators::sign_out_everywhere(work, operator, Some(&who.token_hash))?;
                second_factor::fresh_codes(work, &operator.public.id)?.recovery_codes
            } else {
                Vec::new()
            };
            Ok(PasskeyAdded { passkey: view(record), recovery_codes })
        })
        .await
}

/// Removes a passkey. The account's last second factor goes only with a recovery code, and not where one is demanded.
pub(crate) async fn remove(
    service: &Arc<Service>,
    who: SignedIn,
    id: PasskeyId,
    shown: RemovePasskey,
    from: IpAddr,
) -> Result<()> {
    let RemovePasskey { current_password, code } = shown;
    credentials::prove_password(service, &who, current_password, from).await?;
    let tries = code.is_some();
    let account = who.operator.clone();
    if tries {
        service.guessing.try_second_factor(&account.login, from, service.clock.now())?;
    }
    let removed = service.run_for(who, move |work, who| {
        let operator = &who.operator.public.id;
        let passkeys = work.tx.passkeys(operator)?;
        let passkey = passkeys.iter().find(|it| it.id == id).ok_or(Error::NotFound)?;
        let last = passkeys.len() == 1 && !second_factor::has_app(work, operator)?;
        if last {
            second_factor::must_not_be_demanded(work, who)?;
            let code = code.ok_or(Error::SecondFactorRequired(None))?;
            if second_factor::prove(work, operator, &code)? == Proof::RecoveryCode {
                audit::note(work, AuditAction::RecoveryCodeUsed, About::own())?;
            }
            work.tx.clear_second_factors(operator)?;
        }
        work.tx.delete_passkey(&passkey.id)?;
        audit::note(work, AuditAction::PasskeyRemoved, About::named(&*passkey.name, passkey.id.as_str()))
    });
    match removed.await {
        Err(Error::WrongSecondFactor) => {
            credentials::note_failure(service, account, from).await?;
            Err(Error::WrongSecondFactor)
        }
        removed => {
            removed?;
            if tries {
                service.guessing.second_factor_succeeded(&account.login, from);
            }
            Ok(())
        }
    }
}

/// Gives a challenge for signing in: for the passkeys of who knows name and password, or for whichever the browser has.
pub(crate) async fn begin_sign_in(
    service: &Arc<Service>,
    wanted: BeginPasskeySignIn,
    from: IpAddr,
) -> Result<PasskeyChallenge> {
    let webauthn = service.passkeys.webauthn()?;
    let whose = match wanted {
        BeginPasskeySignIn { login: Some(login), password: Some(password) } => {
            Some(credentials::check_password(service, &login, password, from).await?.public.id)
        }
        BeginPasskeySignIn { login: None, password: None } => None,
        _ => return Err(Error::Invalid("send `login` and `password`, or neither".into())),
    };
    let (options, state) = webauthn.start_discoverable_authentication().map_err(|_| BROKEN)?;
    let mut options = serde_json::to_value(options.public_key).map_err(|_| BROKEN)?;
    if let Some(operator) = whose.clone() {
        let own = service.run(move |work| Ok(work.tx.passkeys(&operator)?)).await?;
        if own.is_empty() {
            return Err(Error::NotFound);
        }
        options["allowCredentials"] =
            own.iter().map(|it| json!({ "type": "public-key", "id": it.credential_id })).collect();
    }
    let asked = Asked::SigningIn { operator: whose, state: Box::new(state) };
    let challenge = service.passkeys.challenges.open(asked, from, service.clock.now());
    Ok(PasskeyChallenge { challenge: Secret::new(challenge), options })
}

/// Signs in whoever's passkey answers the challenge.
pub(crate) async fn sign_in(
    service: &Arc<Service>,
    wanted: PasskeySignIn,
    from: IpAddr,
) -> Result<(Secret, SignedIn)> {
    let now = service.clock.now();
    let asked = service.passkeys.challenges.take(wanted.challenge.expose(), now);
    let credential: PublicKeyCredential = read(wanted.credential)?;
    service.guessing.try_passkey(from, now)?;
    let Some(Asked::SigningIn { operator, state }) = asked else { return Err(Error::WrongPasskey) };
    let name = BASE64_URL_SAFE_NO_PAD.encode(credential.get_credential_id());
    let found = service.run(move |work| owner(work, &name)).await?;
    let Some(account) = found else { return Err(Error::WrongPasskey) };
    let login = account.login.clone();
    service.guessing.try_second_factor(&login, from, now)?;
    let signing_in = service.run(move |work| {
        let record = prove(work, &credential, operator.as_ref(), *state)?;
        let account = work.tx.operator(&record.operator)?.ok_or(Error::WrongPasskey)?;
        credentials::must_be_open(&account, work.now)?;
        credentials::admit(work, account, from)
    });
    match signing_in.await {
        Err(refused @ (Error::WrongPasskey | Error::PasskeyCopied(_))) => {
            if let Error::PasskeyCopied(about) = &refused {
                let (about, account) = (about.clone(), account.clone());
                let who = credentials::actor(&account, Some(from));
                service.run(|work| audit::note_by(work, who, AuditAction::PasskeyCopied, about)).await?;
            }
            credentials::note_failure(service, account, from).await?;
            Err(refused)
        }
        signed_in => {
            let signed_in = signed_in?;
            service.guessing.second_factor_succeeded(&login, from);
            service.guessing.passkey_succeeded(from);
            Ok(signed_in)
        }
    }
}

fn owner(work: &mut Work<'_>, credential_id: &str) -> Result<Option<OperatorRecord>> {
    match work.tx.passkey_by_credential(credential_id)? {
        Some(record) => Ok(work.tx.operator(&record.operator)?),
        None => Ok(None),
    }
}

/// Checks an answer against the passkey as it is now, and keeps its counter.
fn prove(
    work: &mut Work<'_>,
    answer: &PublicKeyCredential,
    expected: Option<&OperatorId>,
    state: webauthn_rs::prelude::DiscoverableAuthentication,
) -> Result<PasskeyRecord> {
    let name = BASE64_URL_SAFE_NO_PAD.encode(answer.get_credential_id());
    let record = work.tx.passkey_by_credential(&name)?.ok_or(Error::WrongPasskey)?;
    // Who showed a password has to show a passkey of that account; an authenticator that says whose it is has to be right.
    let told = answer.get_user_unique_id().map(|it| it == handle(&record.operator).as_bytes());
    let fits = match expected {
        Some(operator) => *operator == record.operator && told != Some(false),
        None => told == Some(true),
    };
    if !fits {
        return Err(Error::WrongPasskey);
    }
    let mut passkey: Passkey = serde_json::from_str(&record.credential).map_err(|_| BROKEN)?;
    let webauthn = work.service.passkeys.webauthn()?;
    let proven =
        webauthn.finish_discoverable_authentication_v2(answer, state, &passkey).map_err(|error| {
            if matches!(error, WebauthnError::CredentialPossibleCompromise) {
                return Error::PasskeyCopied(About::named(&*record.name, record.id.as_str()));
            }
            refused(error)
        })?;
    passkey.update_credential(&proven);
    let credential = serde_json::to_string(&passkey).map_err(|_| BROKEN)?;
    work.tx.passkey_used(&record.id, &credential, work.now)?;
    Ok(record)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
fn refused(error: WebauthnError) -> Error {
    tracing::info!(error = &error as &dyn std::error::Error, "a passkey was not accepted");
    Error::WrongPasskey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_offered_where_the_address_is_a_name_that_browsers_trust() {
        for offered in ["https://support.example", "https://support.example:8443", "http://localhost:8470"] {
            assert!(Passkeys::new(offered).are_offered(), "{offered}");
        }
        for not in ["http://support.example", "https://192.0.2.1", "http://127.0.0.1:8470", "https://[::1]"] {
            assert!(!Passkeys::new(not).are_offered(), "{not}");
        }
    }
}
