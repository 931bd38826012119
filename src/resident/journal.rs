//! The user's append-only history: one JSON line an entry, each naming the hash of the line before it.
//!
//! At start the file is read once, to find what was left open and where the chains of lines and receipts end.

use super::disk::Disk;
use crate::private;
use anyhow::Context as _;
use protocol::{Outcome, RequestId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use session::{Entry, OpenThing};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    /// The version of this format.
    version: u32,
    /// By the computer's clock.
    at: Timestamp,
    /// The hash of the line before, without its line break; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(flatten)]
    entry: Entry,
    #[serde(flatten)]
    proof: Proof,
}

/// The signed documents that belong to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The request as its organisation signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed_request: Option<String>,
    /// The receipt as the agent signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<String>,
}

/// What the journal of earlier runs shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What was left open.
    pub(crate) open: Vec<OpenThing>,
    /// The signed requests of what was left open.
    pub(crate) signed_requests: BTreeMap<RequestId, String>,
    /// The newest receipt.
    pub(crate) last_receipt: Option<String>,
}

/// The journal's file and where its chain of lines ends.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    file: Arc<Mutex<(File, Writer)>>,
}

impl Journal {
    /// Opens the file and reads what is there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, Found)> {
        let mut file = private::append(path).with_context(|| format!("failed to open {}", path.display()))?;
        let (writer, found) =
            Writer::read(&mut file).with_context(|| format!("failed to read {}", path.display()))?;
        Ok((Self { file: Arc::new(Mutex::new((file, writer))) }, found))
    }

    /// Lets `disk` write an entry; `written` learns whether it is durable.
    pub(crate) fn record(
        &self,
        disk: &Disk,
        at: Timestamp,
        entry: Entry,
        proof: Proof,
        written: impl FnOnce(bool) + Send + 'static,
    ) {
        let journal = Arc::clone(&self.file);
        disk.run(move || {
            let (file, writer) = &mut *journal.lock().unwrap_or_else(PoisonError::into_inner);
            let result = writer.write(file, at, entry, proof);
            if let Err(error) = &result {
                tracing::error!(%error, "the journal could not be written: is the disk full?");
            }
            written(result.is_ok());
        });
    }
}

/// Where the chain of lines ends.
#[derive(Debug, Default)]
struct Writer {
    previous: Option<String>,
    /// Bytes of whole lines; what stands behind them is a line that was cut.
    length: u64,
}

impl Writer {
    fn read(file: &mut File) -> io::Result<(Self, Found)> {
        let (mut writer, mut found) = (Self::default(), Found::default());
        let mut requests = BTreeMap::new();
        let mut sessions: Vec<SessionId> = Vec::new();
        let mut reader = BufReader::new(&*file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            reader.read_until(b'\n', &mut bytes)?;
            let Some((b'\n', text)) = bytes.split_last() else { break };
            match serde_json::from_slice::<Line>(text) {
                Ok(line) => {
                    if line.previous != writer.previous {
                        tracing::warn!(at = %line.at, "the journal was changed before this entry");
                    }
                    found.last_receipt = line.proof.receipt.or(found.last_receipt);
                    match line.entry {
                        Entry::RequestReceived { request_id, .. } => {
                            requests.insert(request_id, line.proof.signed_request);
                        }
                        Entry::Outcome { request_id, outcome } => {
                            // An approval without a session: the service may have started one all the same.
                            if matches!(outcome, Outcome::Rejected { .. } | Outcome::Unanswered { .. }) {
                                requests.remove(&request_id);
                            }
                        }
                        Entry::NotStarted { request_id, .. } => {
                            requests.remove(&request_id);
                        }
                        Entry::SessionStarted { session_id, request_id, .. } => {
                            requests.remove(&request_id);
                            if !sessions.contains(&session_id) {
                                sessions.push(session_id);
                            }
                        }
                        Entry::SessionEnded { session_id, .. } => sessions.retain(|open| *open != session_id),
                        Entry::TakenBack { .. } | Entry::Prolonged { .. } | Entry::Actions { .. } => {}
                    }
                }
                Err(error) => tracing::warn!(%error, "a line of the journal cannot be read"),
            }
            writer.previous = Some(crypto::hash(text));
            writer.length += bytes.len() as u64;
        }
        if !bytes.is_empty() {
            tracing::warn!("the journal's last line was cut when the agent last stopped; it is removed");
            file.set_len(writer.length)?;
        }
        found.open = requests.keys().cloned().map(OpenThing::Request).collect();
        found.open.extend(sessions.into_iter().map(OpenThing::Session));
        found.signed_requests = requests.into_iter().filter_map(|(id, signed)| Some((id, signed?))).collect();
        Ok((writer, found))
    }

    fn write(&mut self, file: &mut File, at: Timestamp, entry: Entry, proof: Proof) -> io::Result<()> {
        let line = Line { version: 1, at, previous: self.previous.clone(), entry, proof };
        let mut bytes = serde_json::to_vec(&line)?;
        let hash = crypto::hash(&bytes);
        bytes.push(b'\n');
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Half a line would swallow the next one.
            file.set_len(self.length)?;
            return Err(error);
        }
        self.previous = Some(hash);
        self.length += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{EndReason, Operator, Permissions, UnansweredCause};
    use std::fs;

    fn received(id: &str) -> Entry {
        Entry::RequestReceived {
            request_id: id.parse().unwrap(),
            operator: Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() },
            organisation_name: "Example Support".into(),
            permissions: Permissions::all(),
            session_id: None,
        }
    }
    fn outcome(id: &str, outcome: Outcome) -> Entry {
        Entry::Outcome { request_id: id.parse().unwrap(), outcome }
    }
    fn approved() -> Outcome {
        Outcome::Approved { permissions: Permissions::all(), limit_secs: 60, given_by: None }
    }
    fn started(session: &str, request: &str) -> Entry {
        Entry::SessionStarted {
            session_id: session.parse().unwrap(),
            request_id: request.parse().unwrap(),
            granted: Permissions::all(),
        }
    }

    fn write_all(path: &Path, entries: Vec<Entry>) {
        let mut file = private::append(path).unwrap();
        let (mut writer, _) = Writer::read(&mut file).unwrap();
        for entry in entries {
            let proof = Proof { signed_request: Some("signed".into()), receipt: None };
            writer.write(&mut file, Timestamp::UNIX_EPOCH, entry, proof).unwrap();
        }
    }
    fn found(path: &Path) -> Found {
        Writer::read(&mut private::append(path).unwrap()).unwrap().1
    }

    #[test]
    fn what_was_left_open_is_found_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let expired = Outcome::Unanswered { cause: UnansweredCause::Expired };
        write_all(&path, vec![received("r1"), outcome("r1", expired), received("r2")]);
        assert_eq!(found(&path).open, [OpenThing::Request("r2".parse().unwrap())]);
        assert_eq!(found(&path).signed_requests["r2".parse::<RequestId>().as_ref().unwrap()], "signed");

        write_all(&path, vec![outcome("r2", approved())]);
        assert_eq!(found(&path).open, [OpenThing::Request("r2".parse().unwrap())]);
        write_all(&path, vec![started("s1", "r2"), started("s1", "r3")]);
        assert_eq!(found(&path).open, [OpenThing::Session("s1".parse().unwrap())]);
        let end = Entry::SessionEnded {
            session_id: "s1".parse().unwrap(),
            reason: EndReason::User,
            lasted_secs: Some(5),
        };
        write_all(&path, vec![end]);
        assert_eq!(found(&path), Found::default());
    }

    #[test]
    fn a_line_that_was_cut_is_removed_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        write_all(&path, vec![received("r1"), received("r2")]);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 7]).unwrap();
        assert_eq!(found(&path).open, [OpenThing::Request("r1".parse().unwrap())]);
        write_all(&path, vec![received("r3")]);
        assert_eq!(found(&path).open.len(), 2);
    }

    #[test]
    fn every_line_names_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        write_all(&path, vec![received("r1")]);
        write_all(&path, vec![outcome("r1", approved())]);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let second: Line = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(second.previous, Some(crypto::hash(lines[0].as_bytes())));
    }

    #[test]
    fn the_first_version_of_a_line_stays_readable() {
        let line = r#"{"version":1,"at":"2026-11-22T10:00:00Z","previous":"abc","entry":"outcome","request_id":"r1","outcome":"approved","permissions":["view"],"limit_secs":3600,"receipt":"a.b.c"}"#;
        let read: Line = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
    }
}
