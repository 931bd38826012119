//! Receipts for people at a terminal.

use crate::history::words::{lasted, rejected, time, unanswered};
use crypto::PublicKey;
use jiff::tz::TimeZone;
use protocol::{
    InputMethod, Member as _, Outcome, Permissions, Timestamp,
    signed::{CountersignatureTerms, ReceiptTerms, RequestTerms},
    text::{MAX_NAME_CHARS, one_line},
};
use receipts::{Entry, File};
use serde::Serialize;

/// What a receipt says, unchecked; `receipt verify` checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The fingerprint of the agent's key.
    pub(super) agent_key: String,
    /// Its number in that key's chain.
    pub(super) number: u64,
    /// When it was decided, by this computer's clock.
    pub(super) decided_at: Timestamp,
    /// Who asked.
    pub(super) operator: String,
    /// For whom.
    pub(super) organisation: String,
    /// The domain that the service vouched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<String>,
    /// What was asked for.
    pub(super) asked: Permissions,
    /// How it ended.
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    /// When the service took it in, by its clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) countersigned_at: Option<Timestamp>,
    /// Its hash, which the next one names.
    pub(super) hash: String,
}

/// Each receipt of a file that can be read.
pub(super) fn rows(file: &File) -> Vec<Row> {
    file.receipts.iter().filter_map(row).collect()
}

fn row(entry: &Entry) -> Option<Row> {
    let terms: ReceiptTerms = crypto::peek(&entry.receipt).ok()?;
    let request: RequestTerms = crypto::peek(&terms.signed_request).ok()?;
    let key: PublicKey = terms.agent_public_key.parse().ok()?;
    let countersigned = entry.countersignature.as_ref();
    let countersigned = countersigned.and_then(|text| crypto::peek::<CountersignatureTerms>(text).ok());
    Some(Row {
        agent_key: key.fingerprint(),
        number: terms.number,
        decided_at: terms.decided_at,
        operator: one_line(&request.operator.name, MAX_NAME_CHARS, "unnamed operator"),
        organisation: one_line(&request.organisation_name, MAX_NAME_CHARS, "unnamed organisation"),
        domain: request.organisation_domain.map(|domain| one_line(&domain, 253, "?")),
        asked: request.permissions,
        outcome: terms.outcome,
        countersigned_at: countersigned.map(|terms| terms.received_at),
        hash: crypto::hash(entry.receipt.as_bytes()),
    })
}

/// A line a receipt, oldest first, the chains of different keys one after the other.
pub(super) fn table(rows: &[Row], zone: &TimeZone) -> String {
    if rows.is_empty() {
        return "There are no receipts yet.\n".into();
    }
    let mut text = String::new();
    for chain in rows.chunk_by(|one, next| one.agent_key == next.agent_key) {
        text += &format!("Signed by the key {}:\n", chain[0].agent_key);
        let heading = ["NUMBER", "WHEN", "WHO", "ORGANISATION", "OUTCOME", "COUNTERSIGNED"].map(String::from);
        let lines: Vec<[String; 6]> =
            std::iter::once(heading).chain(chain.iter().map(|row| row.cells(zone))).collect();
        let widths: [usize; 6] = std::array::from_fn(|column| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        });
        for line in &lines {
            let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            text += cells.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
        }
    }
    text
}

impl Row {
    fn cells(&self, zone: &TimeZone) -> [String; 6] {
        [
            self.number.to_string(),
            time(self.decided_at, zone),
            self.operator.clone(),
            self.organisation.clone(),
            outcome(&self.outcome),
            self.countersigned_at.map_or_else(|| "—".into(), |at| time(at, zone)),
        ]
    }

    /// Everything, a line each.
    pub(super) fn in_full(&self, zone: &TimeZone) -> String {
        let domain = self.domain.as_ref().map(|domain| format!(" ({domain})")).unwrap_or_default();
        let countersigned = match self.countersigned_at {
            Some(at) => format!("taken in by the service at {}", time(at, zone)),
            None => "the service has not said that it took it in".into(),
        };
        format!(
            "Receipt {} of the key {}\n  asked by:       {} for {}{domain}\n  asked for:      {}\n  outcome:        {}\n  \
             decided:        {}\n  countersigned:  {countersigned}\n  hash:           {}\n",
            self.number,
            self.agent_key,
            self.operator,
            self.organisation,
            names(self.asked),
            outcome(&self.outcome),
            time(self.decided_at, zone),
            self.hash,
        )
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Approved { permissions, limit_secs, given_by } => {
            let by = match given_by {
                None => "",
                Some(InputMethod::Pointer) => ", by pointer",
                Some(InputMethod::Keyboard) => ", by keyboard",
                Some(InputMethod::Accessibility) => ", through assistive technology",
            };
            format!("approved{by}: {} for {}", names(*permissions), lasted(u64::from(*limit_secs)))
        }
        Outcome::Rejected { reason } => rejected(*reason).into(),
        Outcome::Unanswered { cause } => unanswered(*cause).into(),
    }
}

fn names(permissions: Permissions) -> String {
    permissions.iter().map(|permission| permission.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Permission, RejectReason};

    fn example(number: u64, key: &str, outcome: Outcome) -> Row {
        Row {
            agent_key: key.into(),
            number,
            decided_at: "2026-11-01T08:00:00Z".parse().unwrap(),
            operator: "Olivia Example".into(),
            organisation: "Example Support".into(),
            domain: Some("support.example".into()),
            asked: Permissions::from([Permission::View, Permission::Chat]),
            outcome,
            countersigned_at: (number == 1).then(|| "2026-11-01T08:00:01Z".parse().unwrap()),
            hash: "hash".into(),
        }
    }

    #[test]
    fn the_table_says_what_was_decided_how_and_who_confirmed_it() {
        let yes = Outcome::Approved {
            permissions: Permissions::from([Permission::View]),
            limit_secs: 3600,
            given_by: Some(InputMethod::Keyboard),
        };
        let no = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
        let rows = [example(1, "KEY1", yes.clone()), example(2, "KEY1", no.clone()), example(1, "KEY2", no)];
        let told = table(&rows, &TimeZone::UTC);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!((lines[0], lines[4]), ("Signed by the key KEY1:", "Signed by the key KEY2:"));
        assert!(lines[1].starts_with("NUMBER  WHEN"), "{told}");
        for (line, words) in [
            (2, ["approved, by keyboard: view for 1 h 0 min", "  2026-11-01 08:00"]),
            (3, ["rejected: looks suspicious", "—"]),
            (6, ["rejected: looks suspicious", "  2026-11-01 08:00"]),
        ] {
            assert!(lines[line].contains("Olivia Example  Example Support"), "{told}");
            assert!(lines[line].contains(words[0]) && lines[line].ends_with(words[1]), "{told}");
        }
        assert_eq!(table(&[], &TimeZone::UTC), "There are no receipts yet.\n");
        let full = rows[0].in_full(&TimeZone::UTC);
        assert!(full.contains("Olivia Example for Example Support (support.example)"), "{full}");
        assert!(full.contains("view, chat") && full.contains("taken in by the service"), "{full}");
        assert!(rows[1].in_full(&TimeZone::UTC).contains("has not said"));
    }
}
