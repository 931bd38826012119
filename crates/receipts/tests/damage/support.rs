//! Agents and organisations that sign.

use crypto::KeyPair;
use protocol::{
    Operator, OrganisationId, Outcome, Permissions, Timestamp,
    signed::{
        Audience, CHAIN_TYP, COUNTERSIGNATURE_TYP, ChainEnd, ChainTerms, CountersignatureTerms, FormerChain,
        KEY_SUCCESSION_TYP, KeySuccessionTerms, RECEIPT_TYP, REQUEST_TYP, ReceiptTerms, RequestTerms,
    },
};
use receipts::{Entry, File, KnownOrganisation};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An organisation whose service countersigns.
pub(crate) struct Organisation {
    pub(crate) id: OrganisationId,
    pub(crate) key: KeyPair,
    /// Its clock.
    pub(crate) at: i64,
    /// The number of the newest receipt that it says it holds, if not that of each receipt.
    pub(crate) head: Option<u64>,
    /// Whether it says that receipts contradict others.
    pub(crate) contradicts: bool,
}

impl Organisation {
    pub(crate) fn new(id: &str) -> Self {
        let key = KeyPair::generate().0;
        Self { id: id.parse().unwrap(), key, at: 1_000, head: None, contradicts: false }
    }

    pub(crate) fn asks(&self, agent: &Agent, permissions: Permissions) -> String {
        let terms = RequestTerms {
            version: 1,
            request_id: crypto::random_id().parse().unwrap(),
            organisation_id: self.id.clone(),
            organisation_name: "Example Support".into(),
            organisation_domain: None,
            operator: Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() },
            audience: Audience::Device("dev1".parse().unwrap()),
            agent_key: agent.key.public().fingerprint(),
            permissions,
            session_id: None,
            nonce: crypto::random_id(),
            issued_at: at(self.at),
            expires_at: at(self.at + 660),
            operator_key: None,
        };
        crypto::sign(&self.key, REQUEST_TYP, &terms).unwrap()
    }

    fn countersign(&self, agent: &Agent, receipt: &str) -> String {
        let this = ChainEnd { number: agent.number, receipt: crypto::hash(receipt.as_bytes()) };
        let head = self.head.map(|number| ChainEnd { number, receipt: "another".into() });
        let terms = CountersignatureTerms {
            version: 1,
            organisation_id: self.id.clone(),
            agent_key: agent.key.public().fingerprint(),
            head: head.unwrap_or_else(|| this.clone()),
            receipt: this,
            received_at: at(self.at + 1),
            contradicts: self.contradicts.then(|| "another".into()),
        };
        crypto::sign(&self.key, COUNTERSIGNATURE_TYP, &terms).unwrap()
    }
}

/// An agent and what it signed.
pub(crate) struct Agent {
    pub(crate) key: KeyPair,
    document: Vec<u8>,
    pub(crate) number: u64,
    last: Option<String>,
    follows: Option<FormerChain>,
    /// Receipts with their countersignatures.
    pub(crate) receipts: Vec<(String, String)>,
}

impl Agent {
    pub(crate) fn new() -> Self {
        let (key, document) = KeyPair::generate();
        Self { key, document, number: 0, last: None, follows: None, receipts: Vec::new() }
    }

    /// The same agent with a new key.
    pub(crate) fn after(old: &Self) -> Self {
        let end = ChainEnd { number: old.number, receipt: old.last.clone().unwrap() };
        let follows = Some(FormerChain { agent_key: old.key.public().fingerprint(), end });
        Self { follows, ..Self::new() }
    }

    /// The same agent as it was after so many receipts.
    pub(crate) fn copied_after(&self, receipts: usize) -> Self {
        Self {
            key: KeyPair::from_pkcs8(&self.document).unwrap(),
            document: self.document.clone(),
            number: receipts as u64,
            last: Some(crypto::hash(self.receipts[receipts - 1].0.as_bytes())),
            follows: self.follows.clone(),
            receipts: Vec::new(),
        }
    }

    /// Signs how `request` ended, and has it countersigned.
    pub(crate) fn answer(&mut self, organisation: &Organisation, request: &str, outcome: Outcome) {
        let asked: RequestTerms = crypto::peek(request).unwrap();
        let terms = ReceiptTerms {
            version: 1,
            request_id: asked.request_id,
            signed_request: request.to_owned(),
            outcome,
            decided_at: at(organisation.at + 1),
            agent_public_key: self.key.public().to_string(),
            number: self.number.wrapping_add(1),
            previous: self.last.clone(),
            follows: self.follows.clone().filter(|_| self.number == 0),
        };
        let receipt = crypto::sign(&self.key, RECEIPT_TYP, &terms).unwrap();
        self.number = self.number.wrapping_add(1);
        self.last = Some(crypto::hash(receipt.as_bytes()));
        let countersignature = organisation.countersign(self, &receipt);
        self.receipts.push((receipt, countersignature));
    }

    /// Is asked, and says no.
    pub(crate) fn answers(&mut self, organisation: &Organisation) {
        let request = organisation.asks(self, Permissions::all());
        self.answer(organisation, &request, Outcome::Rejected { reason: None });
    }

    fn chain(&self) -> String {
        let terms = ChainTerms {
            version: 1,
            agent_public_key: self.key.public().to_string(),
            end: self.last.clone().map(|receipt| ChainEnd { number: self.number, receipt }),
            not_kept: Vec::new(),
            exported_at: at(5_000),
        };
        crypto::sign(&self.key, CHAIN_TYP, &terms).unwrap()
    }
}

/// What `agents` signed, as they export it.
pub(crate) fn file(agents: &[&Agent], organisations: &[&Organisation]) -> File {
    let known = organisations.iter().map(|organisation| KnownOrganisation {
        id: organisation.id.clone(),
        name: Some("Example Support".into()),
        domain: None,
        public_key: organisation.key.public().to_string(),
        key_successions: Vec::new(),
    });
    let entries = agents.iter().flat_map(|agent| &agent.receipts);
    let entries = entries.map(|(receipt, counter)| Entry::new(receipt.clone(), Some(counter.clone())));
    File::new(known.collect(), agents.iter().map(|agent| agent.chain()).collect(), entries.collect())
}

/// That `to` takes the place of `from`, which stays good until then.
pub(crate) fn statement(from: &KeyPair, to: &KeyPair, former_until: i64) -> String {
    let terms = KeySuccessionTerms {
        version: 1,
        organisation_id: "org1".parse().unwrap(),
        former_key: from.public().to_string(),
        key: to.public().to_string(),
        issued_at: at(1_000),
        former_until: at(former_until),
    };
    crypto::sign(from, KEY_SUCCESSION_TYP, &terms).unwrap()
}
