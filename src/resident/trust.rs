//! Whom the agent believes: verifies signed requests, and remembers the keys of organisations.

pub(crate) mod met;

use super::disk::Disk;
use crate::{places::Places, private};
use crypto::PublicKey;
use met::Met;
use protocol::{
    Operator, Organisation, OrganisationId, Timestamp, TrustLevel,
    event::RequestEvent,
    signed::{Audience, REQUEST_TYP, RequestTerms},
    text::{MAX_NAME_CHARS, one_line},
};
use receipts::KnownOrganisation;
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
    met: Met,
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
        let remembered = remembered.unwrap_or_default();
        Self { pinned, remembered, met: Met::load(places), path, nonces: BTreeMap::new() }
    }

    /// What this computer knows of an organisation's key at this time.
    pub(crate) fn level(&self, id: &OrganisationId, key: &str, at: Timestamp) -> TrustLevel {
        let (root, trusted) = match (self.pinned.get(id), self.remembered.get(id)) {
            (Some(pinned), _) => (pinned.to_string(), TrustLevel::Pinned),
            (None, Some(remembered)) => (remembered.public_key.clone(), TrustLevel::Known),
            (None, None) => return TrustLevel::New,
        };
        let is_of_its_line = match root.parse() {
            Ok(root) => {
                let line = self.met.line(id, &root);
                line.iter().any(|(known, until)| is_good(*until, at) && known.to_string() == key)
            }
            Err(_) => root == key,
        };
        if is_of_its_line { trusted } else { TrustLevel::Changed }
    }

    /// Takes in how an organisation came to another key, as far as that begins at a key that is known here: pinned,
    /// remembered, or got when the agent joined.
    pub(crate) fn learn(
        &mut self,
        disk: &Disk,
        id: &OrganisationId,
        joined: Option<&PublicKey>,
        statements: &[String],
    ) {
        if statements.is_empty() {
            return;
        }
        let remembered = self.remembered.get(id).and_then(|known| known.public_key.parse().ok());
        let roots = [self.pinned.get(id).copied(), remembered, joined.copied()];
        let roots: Vec<PublicKey> = roots.into_iter().flatten().collect();
        if !roots.is_empty() {
            self.met.learn(id, &roots, statements);
            self.met.keep(disk);
        }
    }

    /// The key that an organisation has by now, where it had this one when the agent joined.
    pub(crate) fn newest_key(&self, id: &OrganisationId, joined: &PublicKey) -> PublicKey {
        self.met.line(id, joined).last().map_or(*joined, |(key, _)| *key)
    }

    /// The keys whose signature is good at this time, for an agent that joined under this one: that, what took its place,
    /// and what it took the place of, for as long as that overlaps.
    pub(crate) fn good_keys(&self, id: &OrganisationId, joined: &PublicKey, at: Timestamp) -> Vec<PublicKey> {
        let remembered = self.remembered.get(id).and_then(|known| known.public_key.parse().ok());
        let roots = [self.pinned.get(id).copied(), remembered].into_iter().flatten();
        let mut lines = roots.map(|root| self.met.line(id, &root));
        let line = lines.find(|line| line.iter().any(|(key, _)| key == joined));
        let line = line.unwrap_or_else(|| self.met.line(id, joined));
        line.into_iter().filter(|(_, until)| is_good(*until, at)).map(|(key, _)| key).collect()
    }

    /// Lets `disk` write down under which keys requests came in.
    pub(crate) fn keep(&mut self, disk: &Disk) {
        self.met.keep(disk);
    }

    /// Every key that is known of an organisation, for whatever reason, as files of receipts name them.
    pub(crate) fn organisations(&self) -> Vec<KnownOrganisation> {
        let mut known = self.met.organisations();
        let pinned = self.pinned.iter().map(|(id, key)| (id, key.to_string()));
        let remembered = self.remembered.iter().map(|(id, known)| (id, known.public_key.clone()));
        known.extend(pinned.chain(remembered).map(|(id, public_key)| KnownOrganisation {
            id: id.clone(),
            name: None,
            domain: None,
            public_key,
            key_successions: Vec::new(),
        }));
        known
    }

    /// An organisation as the user sees it at this time.
    pub(crate) fn responder(&self, organisation: &Organisation, at: Timestamp) -> Responder {
        self.shown(
            &organisation.id,
            &organisation.public_key,
            &organisation.name,
            organisation.domain.as_deref(),
            at,
        )
    }

    /// Remembers the key of an organisation with which a session was finished. A changed key is not taken over: it
    /// would be enough to finish one session to pass for somebody else from then on.
    pub(crate) fn session_finished(&mut self, disk: &Disk, id: &OrganisationId, key: &str, at: Timestamp) {
        if self.level(id, key, at) == TrustLevel::Changed {
            return;
        }
        self.remembered.insert(id.clone(), Remembered { public_key: key.into(), last_session: at });
        disk.write_json(self.path.clone(), self.remembered.clone());
    }

    /// Checks everything that makes a request one for this agent, now. `wall` is the computer's clock: whoever holds a key
    /// that is over must not be able to turn back time with the service's.
    pub(crate) fn verify(
        &mut self,
        event: &RequestEvent,
        asked: &Asked,
        service_time: Timestamp,
        wall: Timestamp,
    ) -> Result<Verified, Refusal> {
        if event.signed_request.len() > LONGEST_SIGNED {
            return Err(Refusal::TooLong);
        }
        let at = service_time.max(wall);
        let (key, terms) = self.signed_terms(event, asked, at)?;
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
        let domain = terms.organisation_domain.as_deref();
        self.met.meet(&terms.organisation_id, &terms.organisation_name, domain, &key);
        let key = key.to_string();
        Ok(Verified::New(Box::new(Request {
            id: terms.request_id,
            organisation: self.shown(&terms.organisation_id, &key, &terms.organisation_name, domain, at),
            operator: Operator {
                id: terms.operator.id,
                name: one_line(&terms.operator.name, MAX_NAME_CHARS, "unnamed operator"),
            },
            permissions: terms.permissions,
            session_id: terms.session_id,
            answer_within: Duration::from_secs(u64::from(event.answer_within_secs)),
        })))
    }

    /// What was signed, and by which of the organisation's keys.
    fn signed_terms(
        &self,
        event: &RequestEvent,
        asked: &Asked,
        at: Timestamp,
    ) -> Result<(PublicKey, RequestTerms), Refusal> {
        let mut refused = crypto::VerifyError::WrongSignature;
        for key in self.good_keys(&asked.organisation_id, &asked.organisation_key, at) {
            match crypto::verify(&event.signed_request, REQUEST_TYP, &key) {
                Ok(terms) => return Ok((key, terms)),
                Err(error) => refused = error,
            }
        }
        Err(refused.into())
    }

    fn shown(
        &self,
        id: &OrganisationId,
        key: &str,
        name: &str,
        domain: Option<&str>,
        at: Timestamp,
    ) -> Responder {
        Responder {
            id: id.clone(),
            name: one_line(name, MAX_NAME_CHARS, "unnamed organisation"),
            // A domain is ASCII; anything else could look like one.
            domain: domain.filter(|domain| domain.is_ascii()).map(|domain| one_line(domain, 253, "?")),
            trust: self.level(id, key, at),
            last_session: self.remembered.get(id).map(|remembered| remembered.last_session),
        }
    }
}

fn is_good(until: Option<Timestamp>, at: Timestamp) -> bool {
    until.is_none_or(|until| until >= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::KeyPair;
    use protocol::{
        Permission, Permissions,
        signed::{KEY_SUCCESSION_TYP, KeySuccessionTerms},
    };

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
                key_successions: Vec::new(),
            }
        }

        fn verify(&mut self) -> Result<Verified, Refusal> {
            let event = self.event();
            self.trust.verify(&event, &self.asked, at(NOW + 1), at(NOW + 1))
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

    /// What is over is told by the service's clock, which signed it; this computer's is often wrong.
    #[test]
    fn a_clock_of_this_computer_that_is_years_off_keeps_no_request_away_and_lets_no_old_one_in() {
        let years = 5 * 365 * 24 * 60 * 60;
        for wall in [NOW - years, NOW + years] {
            let mut case = Case::new();
            let event = case.event();
            let new = case.trust.verify(&event, &case.asked, at(NOW + 1), at(wall));
            assert!(matches!(new, Ok(Verified::New(_))), "{wall}");
            let mut case = Case::new();
            let event = case.event();
            assert!(case.trust.verify(&event, &case.asked, at(NOW + years), at(wall)).is_err(), "{wall}");
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
        assert!(matches!(
            case.trust.verify(&event, &case.asked, at(NOW + 1), at(NOW + 1)),
            Err(Refusal::Replayed)
        ));
    }

    #[test]
    fn a_key_is_known_after_a_session_and_another_one_is_changed() {
        let mut case = Case::new();
        let id: OrganisationId = "org1".parse().unwrap();
        let disk = Disk::start().unwrap();
        assert_eq!(case.trust.level(&id, "key", at(NOW)), TrustLevel::New);
        case.trust.session_finished(&disk, &id, "key", at(NOW));
        assert_eq!(case.trust.level(&id, "key", at(NOW)), TrustLevel::Known);
        case.trust.session_finished(&disk, &id, "other", at(NOW));
        assert_eq!(case.trust.level(&id, "other", at(NOW)), TrustLevel::Changed);
        assert_eq!(case.trust.level(&id, "key", at(NOW)), TrustLevel::Known);

        let (pinned, _) = KeyPair::generate();
        case.trust.pinned.insert(id.clone(), pinned.public());
        assert_eq!(case.trust.level(&id, &pinned.public().to_string(), at(NOW)), TrustLevel::Pinned);
        assert_eq!(case.trust.level(&id, "key", at(NOW)), TrustLevel::Changed);
    }

    fn succession(from: &KeyPair, to: &KeyPair, former_until: i64) -> Vec<String> {
        let terms = KeySuccessionTerms {
            version: 1,
            organisation_id: "org1".parse().unwrap(),
            former_key: from.public().to_string(),
            key: to.public().to_string(),
            issued_at: at(NOW),
            former_until: at(former_until),
        };
        vec![crypto::sign(from, KEY_SUCCESSION_TYP, &terms).unwrap()]
    }

    #[test]
    fn a_key_that_the_old_one_named_is_trusted_as_that_was_and_the_old_one_for_a_stated_time() {
        let mut case = Case::new();
        let (id, disk) = (case.asked.organisation_id.clone(), Disk::start().unwrap());
        let (old, new) = (case.asked.organisation_key, KeyPair::generate().0);
        case.trust.pinned.insert(id.clone(), old);
        let statements = succession(&case.organisation, &new, NOW + 100);
        let text = new.public().to_string();
        assert_eq!(case.trust.level(&id, &text, at(NOW)), TrustLevel::Changed);
        case.trust.learn(&disk, &id, Some(&old), &statements);
        assert_eq!(case.trust.newest_key(&id, &old), new.public());
        assert_eq!(case.trust.level(&id, &text, at(NOW)), TrustLevel::Pinned);
        assert_eq!(case.trust.level(&id, &old.to_string(), at(NOW + 100)), TrustLevel::Pinned);
        assert_eq!(case.trust.level(&id, &old.to_string(), at(NOW + 101)), TrustLevel::Changed);

        // Both sign requests until then; which of them the agent joined under makes no difference.
        assert!(
            matches!(case.verify(), Ok(Verified::New(request)) if request.organisation.trust == TrustLevel::Pinned)
        );
        let old_pair = std::mem::replace(&mut case.organisation, new);
        case.terms.nonce = crypto::random_id();
        assert!(
            matches!(case.verify(), Ok(Verified::New(request)) if request.organisation.trust == TrustLevel::Pinned)
        );
        case.asked.organisation_key = case.organisation.public();
        case.organisation = old_pair;
        case.terms.nonce = crypto::random_id();
        assert!(matches!(case.verify(), Ok(Verified::New(_))));
        case.terms.nonce = crypto::random_id();
        let event = case.event();
        let late = case.trust.verify(&event, &case.asked, at(NOW + 1), at(NOW + 101));
        assert!(matches!(late, Err(Refusal::Signature(_))), "a service cannot turn back time for an old key");
    }

    #[test]
    fn what_was_learned_of_keys_lasts_and_a_thief_of_the_old_key_cannot_name_another_heir() {
        let mut case = Case::new();
        let places = Places::all_in(case._folder.path());
        let (id, disk) = (case.asked.organisation_id.clone(), Disk::start().unwrap());
        let (old, new, thief) = (case.asked.organisation_key, KeyPair::generate().0, KeyPair::generate().0);
        case.trust.session_finished(&disk, &id, &old.to_string(), at(NOW));
        case.trust.learn(&disk, &id, None, &succession(&case.organisation, &new, NOW));
        case.trust.learn(&disk, &id, None, &succession(&case.organisation, &thief, NOW));
        disk.finish(Duration::from_secs(5));
        let trust = Trust::load(&places, BTreeMap::new());
        assert_eq!(trust.level(&id, &new.public().to_string(), at(NOW)), TrustLevel::Known);
        assert_eq!(trust.level(&id, &thief.public().to_string(), at(NOW)), TrustLevel::Changed);
    }

    #[test]
    fn a_statement_of_a_key_that_nobody_knows_makes_nothing_known() {
        let mut case = Case::new();
        let (id, disk) = (case.asked.organisation_id.clone(), Disk::start().unwrap());
        let (stranger, new) = (KeyPair::generate().0, KeyPair::generate().0);
        let known = KeyPair::generate().0.public().to_string();
        case.trust.session_finished(&disk, &id, &known, at(NOW));
        case.trust.learn(&disk, &id, None, &succession(&stranger, &new, NOW));
        assert_eq!(case.trust.level(&id, &new.public().to_string(), at(NOW)), TrustLevel::Changed);
        // Not even where an agent joined under that key: it is trusted no more for it.
        case.trust.learn(&disk, &id, Some(&stranger.public()), &succession(&stranger, &new, NOW));
        assert_eq!(case.trust.level(&id, &new.public().to_string(), at(NOW)), TrustLevel::Changed);
    }
}
