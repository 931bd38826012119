//! Whom the agent believes: verifies signed requests, and remembers the keys of organisations.

use super::disk::Disk;
use crate::{places::Places, private};
use crypto::PublicKey;
use protocol::{
    Operator, Organisation, OrganisationId, Timestamp, TrustLevel,
    event::RequestEvent,
    signed::{Audience, REQUEST_TYP, RequestTerms},
    text::{MAX_NAME_CHARS, one_line},
};
use serde::{Deserialize, Serialize};
use session::{Request, Responder};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// The longest time between a request's signature and its expiry.
const LONGEST_LIFE: i64 = 660;
/// How far the clock of the service's signer may be ahead of the one that stamps its answers.
const CLOCK_DIFFERENCE: i64 = 60;

/// Whom the agent is asked for, and by whom it can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The agent's invitation or device.
    pub(crate) audience: Audience,
    /// Whose operators may ask.
    pub(crate) organisation_id: OrganisationId,
    /// The key that signs their requests, got when the agent joined.
    pub(crate) organisation_key: PublicKey,
    /// The fingerprint of the agent's own key.
    pub(crate) agent_key: String,
}

/// The longest signed request. The journal keeps it, and once more in its receipt.
const LONGEST_SIGNED: usize = 16 * 1024;

/// Why a request is not shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No request is so long.
    #[error("it is longer than 16 KiB")]
    TooLong,
    /// The signature is wrong.
    #[error("its signature does not fit")]
    Signature(#[from] crypto::VerifyError),
    /// It is of a version that this agent does not know.
    #[error("it is of version {0}")]
    Version(u32),
    /// The event and the signed terms are of different requests.
    #[error("it is signed for another request")]
    OtherRequest,
    /// Another organisation is named.
    #[error("it is of another organisation")]
    OtherOrganisation,
    /// It is meant for another agent.
    #[error("it is meant for another agent")]
    OtherAgent,
    /// It is over, or its times make no sense.
    #[error("its time is over or not sane")]
    Time,
    /// Its nonce is too short.
    #[error("its nonce is too short")]
    Nonce,
    /// Its nonce was used for another request.
    #[error("it repeats another request")]
    Replayed,
}

/// What became of a request that came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// A request to be shown.
    New(Box<Request>),
    /// The same request once more: events come at least once.
    Repeated,
}

/// Verifies requests and remembers keys.
#[derive(Debug)]
pub(crate) struct Trust {
    pinned: BTreeMap<OrganisationId, PublicKey>,
    remembered: BTreeMap<OrganisationId, Remembered>,
    path: PathBuf,
    /// The nonces seen in this run, with their request and their expiry.
    nonces: BTreeMap<String, (protocol::RequestId, Timestamp)>,
}

/// An organisation with which a session was finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    public_key: String,
    last_session: Timestamp,
}

impl Trust {
    /// Reads what is remembered. A file that cannot be read makes every organisation new: the careful side.
    pub(crate) fn load(places: &Places, pinned: BTreeMap<OrganisationId, PublicKey>) -> Self {
        let path = places.organisations();
        let remembered = private::read_json(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "the organisations known from earlier sessions cannot be read");
            None
        });
        Self { pinned, remembered: remembered.unwrap_or_default(), path, nonces: BTreeMap::new() }
    }

    /// What this computer knows of an organisation's key.
    pub(crate) fn level(&self, id: &OrganisationId, key: &str) -> TrustLevel {
        let same = |known: &str| if known == key { None } else { Some(TrustLevel::Changed) };
        if let Some(pinned) = self.pinned.get(id) {
            return same(&pinned.to_string()).unwrap_or(TrustLevel::Pinned);
        }
        match self.remembered.get(id) {
            Some(remembered) => same(&remembered.public_key).unwrap_or(TrustLevel::Known),
            None => TrustLevel::New,
        }
    }

    /// An organisation as the user sees it.
    pub(crate) fn responder(&self, organisation: &Organisation) -> Responder {
        self.shown(
            &organisation.id,
            &organisation.public_key,
            &organisation.name,
            organisation.domain.as_deref(),
        )
    }

    /// Remembers the key of an organisation with which a session was finished. A changed key is not taken over: it
    /// would be enough to finish one session to pass for somebody else from then on.
    pub(crate) fn session_finished(&mut self, disk: &Disk, id: &OrganisationId, key: &str, at: Timestamp) {
        if self.level(id, key) == TrustLevel::Changed {
            return;
        }
        self.remembered.insert(id.clone(), Remembered { public_key: key.into(), last_session: at });
        disk.write_json(self.path.clone(), self.remembered.clone());
    }

    /// Checks everything that makes a request one for this agent, now.
    pub(crate) fn verify(
        &mut self,
        event: &RequestEvent,
        asked: &Asked,
        service_time: Timestamp,
    ) -> Result<Verified, Refusal> {
        if event.signed_request.len() > LONGEST_SIGNED {
            return Err(Refusal::TooLong);
        }
        let terms: RequestTerms =
            crypto::verify(&event.signed_request, REQUEST_TYP, &asked.organisation_key)?;
        if terms.version != 1 {
            return Err(Refusal::Version(terms.version));
        }
        if terms.request_id != event.request_id {
            return Err(Refusal::OtherRequest);
        }
        if terms.organisation_id != asked.organisation_id {
            return Err(Refusal::OtherOrganisation);
        }
        if terms.audience != asked.audience || terms.agent_key != asked.agent_key {
            return Err(Refusal::OtherAgent);
        }
        let (now, issued, expires) =
            (service_time.as_second(), terms.issued_at.as_second(), terms.expires_at.as_second());
        if expires <= now
            || issued > now + CLOCK_DIFFERENCE
            || expires <= issued
            || expires - issued > LONGEST_LIFE
        {
            return Err(Refusal::Time);
        }
        // 16 bytes are 22 characters of base64url.
        if terms.nonce.len() < 22 {
            return Err(Refusal::Nonce);
        }
        self.nonces.retain(|_, (_, expires)| *expires > service_time);
        if let Some((seen, _)) = self.nonces.get(&terms.nonce) {
            return if *seen == terms.request_id { Ok(Verified::Repeated) } else { Err(Refusal::Replayed) };
        }
        self.nonces.insert(terms.nonce.clone(), (terms.request_id.clone(), terms.expires_at));
        let key = asked.organisation_key.to_string();
        let domain = terms.organisation_domain.as_deref();
        Ok(Verified::New(Box::new(Request {
            id: terms.request_id,
            organisation: self.shown(&terms.organisation_id, &key, &terms.organisation_name, domain),
            operator: Operator {
                id: terms.operator.id,
                name: one_line(&terms.operator.name, MAX_NAME_CHARS, "unnamed operator"),
            },
            permissions: terms.permissions,
            session_id: terms.session_id,
            answer_within: Duration::from_secs(u64::from(event.answer_within_secs)),
        })))
    }

    fn shown(&self, id: &OrganisationId, key: &str, name: &str, domain: Option<&str>) -> Responder {
        Responder {
            id: id.clone(),
            name: one_line(name, MAX_NAME_CHARS, "unnamed organisation"),
            // A domain is ASCII; anything else could look like one.
            domain: domain.filter(|domain| domain.is_ascii()).map(|domain| one_line(domain, 253, "?")),
            trust: self.level(id, key),
            last_session: self.remembered.get(id).map(|remembered| remembered.last_session),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::KeyPair;
    use protocol::{Permission, Permissions};

    const NOW: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    struct Case {
        organisation: KeyPair,
        asked: Asked,
        trust: Trust,
        terms: RequestTerms,
        _folder: tempfile::TempDir,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let places = Places::all_in(folder.path());
            places.prepare().unwrap();
            let (organisation, _) = KeyPair::generate();
            let asked = Asked {
                audience: Audience::Device("dev1".parse().unwrap()),
                organisation_id: "org1".parse().unwrap(),
                organisation_key: organisation.public(),
                agent_key: KeyPair::generate().0.public().fingerprint(),
            };
            let terms = RequestTerms {
                version: 1,
                request_id: "r1".parse().unwrap(),
                organisation_id: asked.organisation_id.clone(),
                organisation_name: "Example Support".into(),
                organisation_domain: Some("support.example".into()),
                operator: Operator { id: "op1".parse().unwrap(), name: "Olivia\u{202e} Example".into() },
                audience: asked.audience.clone(),
                agent_key: asked.agent_key.clone(),
                permissions: Permissions::from([Permission::View]),
                session_id: None,
                nonce: crypto::random_id(),
                issued_at: at(NOW),
                expires_at: at(NOW + 120),
                operator_key: None,
            };
            let trust = Trust::load(&places, BTreeMap::new());
            Self { organisation, asked, trust, terms, _folder: folder }
        }

        fn event(&self) -> RequestEvent {
            RequestEvent {
                request_id: "r1".parse().unwrap(),
                signed_request: crypto::sign(&self.organisation, REQUEST_TYP, &self.terms).unwrap(),
                answer_within_secs: 90,
            }
        }

        fn verify(&mut self) -> Result<Verified, Refusal> {
            let event = self.event();
            self.trust.verify(&event, &self.asked, at(NOW + 1))
        }
    }

    #[test]
    fn a_request_is_shown_as_it_was_signed_and_safe_to_read() {
        let mut case = Case::new();
        let Ok(Verified::New(request)) = case.verify() else { panic!("refused") };
        assert_eq!(request.operator.name, "Olivia Example");
        assert_eq!(request.permissions, Permissions::from([Permission::View]));
        assert_eq!(request.answer_within, Duration::from_secs(90));
        assert_eq!(request.organisation.trust, TrustLevel::New);
        assert_eq!(case.verify().unwrap(), Verified::Repeated);
    }

    #[test]
    fn a_request_that_another_key_signed_is_refused() {
        let mut case = Case::new();
        case.organisation = KeyPair::generate().0;
        assert!(matches!(case.verify(), Err(Refusal::Signature(_))));
    }

    #[test]
    fn nothing_of_the_terms_may_be_meant_for_somebody_else() {
        type Change = fn(&mut RequestTerms);
        let changes: [(Change, &str); 9] = [
            (|terms| terms.version = 2, "version"),
            (|terms| terms.request_id = "r2".parse().unwrap(), "another request"),
            (|terms| terms.organisation_id = "org2".parse().unwrap(), "another organisation"),
            (|terms| terms.audience = Audience::Device("dev2".parse().unwrap()), "another agent"),
            (|terms| terms.agent_key = "someone".into(), "another agent"),
            (|terms| terms.expires_at = at(NOW), "time"),
            (|terms| terms.expires_at = at(NOW + 661), "time"),
            (|terms| terms.issued_at = at(NOW + 62), "time"),
            (|terms| terms.nonce = "short".into(), "nonce"),
        ];
        for (change, why) in changes {
            let mut case = Case::new();
            change(&mut case.terms);
            let refusal = case.verify().unwrap_err().to_string();
            assert!(refusal.contains(why), "{refusal}: {why}");
        }
    }

    #[test]
    fn a_signed_request_that_is_too_long_is_refused() {
        let mut case = Case::new();
        case.terms.organisation_name = "x".repeat(12 * 1024);
        assert!(matches!(case.verify(), Err(Refusal::TooLong)));
        case.terms.organisation_name = "x".repeat(8 * 1024);
        assert!(matches!(case.verify(), Ok(Verified::New(_))));
    }

    #[test]
    fn a_nonce_is_good_for_one_request() {
        let mut case = Case::new();
        case.verify().unwrap();
        case.terms.request_id = "r2".parse().unwrap();
        let event = RequestEvent { request_id: "r2".parse().unwrap(), ..case.event() };
        assert!(matches!(case.trust.verify(&event, &case.asked, at(NOW + 1)), Err(Refusal::Replayed)));
    }

    #[test]
    fn a_key_is_known_after_a_session_and_another_one_is_changed() {
        let mut case = Case::new();
        let id: OrganisationId = "org1".parse().unwrap();
        let disk = Disk::start().unwrap();
        assert_eq!(case.trust.level(&id, "key"), TrustLevel::New);
        case.trust.session_finished(&disk, &id, "key", at(NOW));
        assert_eq!(case.trust.level(&id, "key"), TrustLevel::Known);
        case.trust.session_finished(&disk, &id, "other", at(NOW));
        assert_eq!(case.trust.level(&id, "other"), TrustLevel::Changed);
        assert_eq!(case.trust.level(&id, "key"), TrustLevel::Known);

        let (pinned, _) = KeyPair::generate();
        case.trust.pinned.insert(id.clone(), pinned.public());
        assert_eq!(case.trust.level(&id, &pinned.public().to_string()), TrustLevel::Pinned);
        assert_eq!(case.trust.level(&id, "key"), TrustLevel::Changed);
    }
}
