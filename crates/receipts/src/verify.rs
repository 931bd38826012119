//! The verification: each receipt for itself, and each in its chain.

use crate::{Entry, File, Finding, KeyReport, Kind, Report, walk::Walk};
use crypto::{PublicKey, Successions, VerifyError};
use protocol::{
    OrganisationId, Outcome,
    signed::{
        CHAIN_TYP, COUNTERSIGNATURE_TYP, ChainEnd, ChainTerms, CountersignatureTerms, FormerChain,
        RECEIPT_TYP, REQUEST_TYP, ReceiptTerms, RequestTerms,
    },
    text::{MAX_NAME_CHARS, one_line},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is known beforehand.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Agents' public keys, or their fingerprints. Receipts of other keys are foreign; where there are none, the file's
    /// word is taken, and said to be that.
    pub agent_keys: Vec<String>,
    /// Organisations' public keys, likewise.
    pub organisation_keys: Vec<String>,
    /// The file is meant to hold only some receipts: missing ones are no finding.
    pub excerpt: bool,
}

/// Looks at everything that can be looked at with public keys alone.
pub fn verify(file: &File, expected: &Expected) -> Report {
    let mut verifier = Verifier::new(file, expected);
    for (at, entry) in file.receipts.iter().enumerate() {
        verifier.entry(at + 1, entry);
    }
    verifier.finish(file.receipts.len())
}

struct Verifier<'a> {
    expected: &'a Expected,
    file: &'a File,
    chains: BTreeMap<PublicKey, ChainTerms>,
    /// Of each organisation in the file.
    successions: BTreeMap<OrganisationId, Successions>,
    walks: Vec<Walk>,
    /// What services say of chains.
    heads: Vec<(PublicKey, ChainEnd)>,
    organisations: BTreeSet<KeyReport>,
    findings: Vec<Finding>,
    notes: Vec<String>,
    unread: u64,
}

/// A receipt of which every signature fits.
struct Sound {
    key: PublicKey,
    terms: ReceiptTerms,
    request: RequestTerms,
}

/// Why a receipt is not looked at further.
enum Bad {
    /// It stands for a receipt of a chain that cannot be told.
    Unread(Kind, &'static str),
    /// It belongs to none of the chains.
    Foreign(String),
}

fn successions(file: &File) -> BTreeMap<OrganisationId, Successions> {
    let mut stated: BTreeMap<&OrganisationId, Vec<&String>> = BTreeMap::new();
    for known in &file.organisations {
        stated.entry(&known.id).or_default().extend(&known.key_successions);
    }
    stated.into_iter().map(|(id, statements)| (id.clone(), Successions::new(id, statements))).collect()
}

impl<'a> Verifier<'a> {
    fn new(file: &'a File, expected: &'a Expected) -> Self {
        let mut verifier = Self {
            expected,
            file,
            chains: BTreeMap::new(),
            successions: successions(file),
            walks: Vec::new(),
            heads: Vec::new(),
            organisations: BTreeSet::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            unread: 0,
        };
        for chain in &file.chains {
            let of =
                crypto::peek::<ChainTerms>(chain).ok().and_then(|terms| terms.agent_public_key.parse().ok());
            let terms = of.and_then(|key: PublicKey| {
                let terms: ChainTerms = crypto::verify(chain, CHAIN_TYP, &key).ok()?;
                (terms.version == 1).then_some((key, terms))
            });
            match terms {
                Some((key, terms)) => drop(verifier.chains.insert(key, terms)),
                None => verifier.findings.push(Finding {
                    kind: Kind::Changed,
                    receipt: None,
                    number: None,
                    agent_key: None,
                    meaning: "What the agent says of its own chain was changed, or cannot be read.".into(),
                }),
            }
        }
        verifier
    }

    fn entry(&mut self, at: usize, entry: &Entry) {
        let number = entry.peek().map(|(terms, _)| terms.number);
        let find = |kind, meaning: String| {
            let agent_key = entry.peek().and_then(|(terms, _)| terms.agent_public_key.parse().ok());
            let agent_key = agent_key.map(|key: PublicKey| key.fingerprint());
            Finding { kind, receipt: Some(at), number, agent_key, meaning }
        };
        let sound = match self.sound(entry) {
            Ok(sound) => sound,
            Err(Bad::Unread(kind, why)) => {
                self.findings.push(find(kind, why.into()));
                self.unread += 1;
                return self.walks.iter_mut().for_each(Walk::skip);
            }
            Err(Bad::Foreign(why)) => return self.findings.push(find(Kind::Foreign, why)),
        };
        if !entry.reads_as_signed() {
            let text =
                "what stands beside it for reading is not what was signed; believe the signed text alone";
            self.findings.push(find(Kind::CopyDiffers, text.into()));
        }
        if let Some(why) = cannot_be(&sound) {
            self.findings.push(find(Kind::NotValid, why.into()));
        }
        let hash = crypto::hash(entry.receipt.as_bytes());
        let counter = entry.countersignature.as_ref().map(|text| self.countersignature(text, &sound, &hash));
        let walk = match self.walks.iter().position(|walk| walk.key == sound.key) {
            Some(known) => &mut self.walks[known],
            None => {
                let given = is_given(&self.expected.agent_keys, &sound.key);
                let own = self.chains.get(&sound.key).cloned();
                let walk = Walk::begin(sound.key, given, own, at, &sound.terms, self.unread);
                self.walks.push(walk);
                let last = self.walks.len() - 1;
                &mut self.walks[last]
            }
        };
        let said = walk.step(&sound.terms, &hash);
        match counter {
            None => {}
            Some(Ok(terms)) => {
                walk.countersigned();
                if terms.contradicts.is_some() {
                    let text = "the service had taken in another receipt for its place in the chain: the agent's key was \
                                copied, the computer's disk was full, or it was put back to an earlier state";
                    self.findings.push(find(Kind::Contradictory, text.into()));
                }
                self.heads.push((sound.key, terms.head));
            }
            Some(Err(why)) => self.findings.push(find(Kind::Countersignature, why.into())),
        }
        let excerpt = self.expected.excerpt;
        let said = said.into_iter().filter(|(kind, _)| !(excerpt && *kind == Kind::Missing));
        self.findings.extend(said.map(|(kind, meaning)| find(kind, meaning)));
    }

    fn sound(&mut self, entry: &Entry) -> Result<Sound, Bad> {
        const UNREADABLE: Bad =
            Bad::Unread(Kind::Unreadable, "it cannot be read as a receipt; nothing can be said of it");
        let terms: ReceiptTerms = crypto::peek(&entry.receipt).map_err(|_| UNREADABLE)?;
        let key: PublicKey = terms.agent_public_key.parse().map_err(|_| UNREADABLE)?;
        let terms: ReceiptTerms = match crypto::verify(&entry.receipt, RECEIPT_TYP, &key) {
            Ok(terms) => terms,
            Err(VerifyError::WrongSignature) => {
                let text = "its signature does not fit: it was changed after the agent signed it, or another key signed it";
                return Err(Bad::Unread(Kind::Changed, text));
            }
            Err(_) => return Err(UNREADABLE),
        };
        if terms.version != 1 {
            let text = "it is of a later version, which this program cannot judge";
            return Err(Bad::Unread(Kind::Unreadable, text));
        }
        if !self.expected.agent_keys.is_empty() && !is_given(&self.expected.agent_keys, &key) {
            return Err(Bad::Foreign(format!(
                "it is another agent's: the key {} signed it, which is none of those given",
                key.fingerprint()
            )));
        }
        let request = self.request(&terms)?;
        if request.agent_key != key.fingerprint() {
            return Err(Bad::Foreign("the request in it was meant for another agent".into()));
        }
        Ok(Sound { key, terms, request })
    }

    fn request(&mut self, terms: &ReceiptTerms) -> Result<RequestTerms, Bad> {
        const UNREADABLE: Bad = Bad::Unread(Kind::Unreadable, "the request in it cannot be read");
        let peeked: RequestTerms = crypto::peek(&terms.signed_request).map_err(|_| UNREADABLE)?;
        let keys = self.keys_of(&peeked);
        for (key, given) in &keys {
            match crypto::verify::<RequestTerms>(&terms.signed_request, REQUEST_TYP, key) {
                Ok(request) => {
                    self.organisations.insert(KeyReport {
                        organisation_id: request.organisation_id.clone(),
                        name: one_line(&request.organisation_name, MAX_NAME_CHARS, "unnamed organisation"),
                        key: key.fingerprint(),
                        key_was_given: *given,
                    });
                    return Ok(request);
                }
                Err(VerifyError::WrongSignature) => {}
                Err(_) => return Err(UNREADABLE),
            }
        }
        Err(Bad::Foreign(if keys.is_empty() {
            format!(
                "no key of the organisation {} is known, so nobody can say who asked; give it with --organisation-key",
                peeked.organisation_id
            )
        } else {
            "no known key of its organisation signed the request in it: the request was changed, or somebody else asked"
                .into()
        }))
    }

    /// The keys that were good for this organisation's signature at the time that the request names, each with whether it
    /// was given.
    fn keys_of(&self, request: &RequestTerms) -> Vec<(PublicKey, bool)> {
        let of_file = self.file.organisations.iter().filter(|known| known.id == request.organisation_id);
        let in_file: Vec<PublicKey> = of_file.filter_map(|known| known.public_key.parse().ok()).collect();
        let none = Successions::default();
        let successions = self.successions.get(&request.organisation_id).unwrap_or(&none);
        let given = &self.expected.organisation_keys;
        let roots: Vec<PublicKey> = if given.is_empty() {
            // Whose own former key is known is found from that one.
            let heirs: BTreeSet<&PublicKey> = successions.heirs().collect();
            let first = successions.formers().filter(|key| !heirs.contains(key)).copied();
            in_file.into_iter().chain(first).collect()
        } else {
            let named = in_file.into_iter().filter(|key| is_given(given, key));
            named.chain(given.iter().filter_map(|key| key.parse().ok())).collect()
        };
        let mut keys = Vec::new();
        let mut good = |key: PublicKey| {
            if keys.iter().all(|(known, _)| *known != key) {
                keys.push((key, !given.is_empty()));
            }
        };
        for root in roots {
            let mut current = root;
            for next in successions.after(&root) {
                if request.issued_at <= next.former_until {
                    good(current);
                }
                current = next.key;
            }
            good(current);
        }
        keys
    }

    fn countersignature(
        &self,
        text: &str,
        Sound { key, terms, request }: &Sound,
        hash: &str,
    ) -> Result<CountersignatureTerms, &'static str> {
        let said: CountersignatureTerms =
            crypto::peek(text).map_err(|_| "the service's countersignature cannot be read")?;
        // Signed later than the request, maybe with the next key.
        let at = RequestTerms { issued_at: said.received_at, ..request.clone() };
        let keys = self.keys_of(&at);
        let verified = keys
            .iter()
            .any(|(key, _)| crypto::verify::<CountersignatureTerms>(text, COUNTERSIGNATURE_TYP, key).is_ok());
        if !verified {
            return Err("the service's countersignature was changed, or somebody else signed it");
        }
        let fits = said.version == 1
            && said.organisation_id == request.organisation_id
            && said.agent_key == key.fingerprint()
            && said.receipt == ChainEnd { number: terms.number, receipt: hash.to_owned() };
        if fits { Ok(said) } else { Err("the service's countersignature is that of another receipt") }
    }

    fn finish(mut self, receipts: usize) -> Report {
        let mut found: Vec<Finding> = self.walks.iter().flat_map(|walk| self.end(walk)).collect();
        for (index, walk) in self.walks.iter().enumerate() {
            match &walk.began.1.follows {
                Some(former) => found.extend(self.followed(former)),
                None if index > 0 && !walk.key_was_given => found.push(unrelated(walk)),
                None => {}
            }
        }
        found.extend(self.chains.iter().filter_map(|(key, chain)| self.emptied(key, chain)));
        let excerpt = self.expected.excerpt;
        found.retain(|finding| !(excerpt && matches!(finding.kind, Kind::Cut | Kind::NoEnd)));
        for finding in found {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
        let of_extent = |kind: &Kind| matches!(kind, Kind::Missing | Kind::Cut | Kind::NoEnd);
        if !self.findings.is_empty() && self.findings.iter().all(|finding| of_extent(&finding.kind)) {
            let hint = "Where a file is meant to hold only some receipts, such as those of one session, say --excerpt.";
            self.notes.push(hint.into());
        }
        let of_former: Vec<String> = self.walks.iter().filter_map(|walk| self.unseen_former(walk)).collect();
        self.notes.extend(of_former);
        Report {
            sound: self.findings.is_empty(),
            receipts,
            chains: self.walks.iter().map(Walk::report).collect(),
            organisations: self.organisations.into_iter().collect(),
            findings: self.findings,
            notes: self.notes,
        }
    }

    /// What agent and service say of where a chain ends.
    fn end(&self, walk: &Walk) -> Vec<Finding> {
        let is_followed = self.walks.iter().any(|other| other.follows(walk));
        let own = walk.finish().filter(|(kind, _)| !(*kind == Kind::NoEnd && is_followed));
        let heads = self.heads.iter().filter(|(key, _)| *key == walk.key).map(|(_, head)| head);
        let newest = heads.clone().map(|head| head.number).max();
        let service = heads.filter_map(|head| {
            let said = walk.compare(head, "the service");
            // That the chain goes on is said once, as far as it does.
            said.filter(|(kind, _)| *kind == Kind::Contradictory || Some(head.number) == newest)
        });
        own.into_iter().chain(service).map(|said| walk.finding(said)).collect()
    }

    /// A chain that the agent speaks of and that is not there at all.
    fn emptied(&self, key: &PublicKey, chain: &ChainTerms) -> Option<Finding> {
        let end = chain.end.as_ref().filter(|_| self.walks.iter().all(|walk| walk.key != *key))?;
        let meaning = format!("all its receipts up to number {} were taken away", end.number);
        let agent_key = Some(key.fingerprint());
        Some(Finding { kind: Kind::Cut, receipt: None, number: None, agent_key, meaning })
    }

    /// What a key says of the chain of the key whose place it took.
    fn followed(&self, former: &FormerChain) -> Vec<Finding> {
        let Some(chain) = self.walks.iter().find(|walk| walk.key.fingerprint() == former.agent_key) else {
            return Vec::new();
        };
        let goes_on = (chain.last().number > former.end.number).then(|| {
            let number = former.end.number;
            let text = format!("it goes on after number {number}, where another key took its place: the old key was used again");
            (Kind::Contradictory, text)
        });
        let compared = chain.compare(&former.end, "the key that took its place");
        compared.into_iter().chain(goes_on).map(|said| chain.finding(said)).collect()
    }

    fn unseen_former(&self, walk: &Walk) -> Option<String> {
        let former = walk.began.1.follows.as_ref()?;
        let is_there = self.walks.iter().any(|other| other.key.fingerprint() == former.agent_key);
        (!is_there).then(|| {
            format!(
                "The chain of the key {} follows number {} of the key {}, of which the file has no receipts.",
                walk.key.fingerprint(),
                former.end.number,
                former.agent_key
            )
        })
    }
}

fn unrelated(walk: &Walk) -> Finding {
    let (at, first) = &walk.began;
    let text = "it is of another key than the receipts before it, and does not say that it follows one: it is another agent's";
    let finding = walk.finding((Kind::Foreign, text.into()));
    Finding { receipt: Some(*at), number: Some(first.number), ..finding }
}

fn is_given(given: &[String], key: &PublicKey) -> bool {
    given.iter().any(|given| *given == key.to_string() || *given == key.fingerprint())
}

/// What no agent of this design signs.
fn cannot_be(Sound { terms, request, .. }: &Sound) -> Option<&'static str> {
    if terms.request_id != request.request_id {
        return Some("it names another request than the one that it repeats");
    }
    if terms.number == 0 || (terms.number == 1) == terms.previous.is_some() {
        return Some("its number and what it says of the receipt before do not agree");
    }
    match &terms.outcome {
        Outcome::Approved { permissions, .. } if !permissions.is_subset(request.permissions) => {
            Some("it grants more than was asked for")
        }
        Outcome::Approved { permissions, limit_secs, .. } if permissions.is_empty() || *limit_secs == 0 => {
            Some("it is an approval that grants nothing")
        }
        Outcome::Approved { .. } | Outcome::Rejected { .. } | Outcome::Unanswered { .. } => None,
    }
}
