//! What a verification comes to.

use crate::Finding;
use protocol::OrganisationId;
use serde::Serialize;
use std::fmt;

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub sound: bool,
    /// How many receipts there are.
    pub receipts: usize,
    /// The chains that they belong to, in the order in which they begin.
    pub chains: Vec<ChainReport>,
    /// The organisations that the receipts are about.
    pub organisations: Vec<KeyReport>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is not wrong and good to know.
    pub notes: Vec<String>,
}

/// The receipts of one agent's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// The fingerprint of the key.
    pub agent_key: String,
    /// Whether the key was given; otherwise only the file says so.
    pub key_was_given: bool,
    /// The number of its first receipt in the file.
    pub first: u64,
    /// The number of its last.
    pub last: u64,
    /// Whether all that the agent keeps of the chain is there.
    pub whole: bool,
    /// How many of its receipts the service countersigned.
    pub countersigned: usize,
}

/// An organisation, by a key that signed its requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyReport {
    /// Which.
    pub organisation_id: OrganisationId,
    /// Its name, as it signed it.
    pub name: String,
    /// The fingerprint of the key.
    pub key: String,
    /// Whether the key, or one that it took the place of, was given; otherwise only the file says so.
    pub key_was_given: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = |given| if given { "a key that was given" } else { "only the file says whose it is" };
        for chain in &self.chains {
            let ChainReport { agent_key, key_was_given, first, last, whole, countersigned } = chain;
            let extent = if *whole { "the whole chain" } else { "an excerpt" };
            writeln!(f, "Agent's key {agent_key} ({}):", whose(*key_was_given))?;
            writeln!(f, "  numbers {first} to {last}, {extent}; {countersigned} countersigned")?;
        }
        for organisation in &self.organisations {
            let KeyReport { organisation_id, name, key, key_was_given } = organisation;
            writeln!(f, "{name} ({organisation_id}), key {key} ({})", whose(*key_was_given))?;
        }
        for note in &self.notes {
            writeln!(f, "Note: {note}")?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        match (self.receipts, self.findings.len()) {
            (0, 0) => writeln!(f, "There are no receipts."),
            (1, 0) => writeln!(f, "The receipt is as it was signed."),
            (receipts, 0) => writeln!(f, "All {receipts} receipts are as they were signed."),
            (_, 1) => writeln!(f, "One thing is wrong."),
            (_, findings) => writeln!(f, "{findings} things are wrong."),
        }
    }
}
