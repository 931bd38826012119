//! What the journal is given to keep, with the signed documents that belong to it.

use super::{Event, Known, Resident};
use crate::{journal::Proof, system_log};
use protocol::{Outcome, RequestId};
use session::{Entry, Now};

impl Resident {
    /// Writes an entry down, or counts the request that it is about.
    pub(super) fn record(&mut self, entry: Entry, now: Now) {
        self.write_counts(now, false);
        match entry {
            Entry::RequestReceived { ref request_id, .. } => {
                let request_id = request_id.clone();
                let told = match &self.known {
                    Some(Known { asked, .. }) => {
                        self.unseen.received(&asked.organisation_id, &request_id, entry, now)
                    }
                    None => Some(entry),
                };
                if let Some(entry) = told {
                    self.write(entry, now);
                }
            }
            Entry::Outcome { ref request_id, ref outcome } if self.unseen.is_held(request_id) => {
                if matches!(outcome, Outcome::Approved { .. }) {
                    self.tell_seen(&request_id.clone(), now);
                    self.write(entry, now);
                } else {
                    self.count(request_id, outcome, now);
                }
            }
            Entry::Outcome { .. }
            | Entry::NotStarted { .. }
            | Entry::SessionStarted { .. }
            | Entry::TakenBack { .. }
            | Entry::Prolonged { .. }
            | Entry::Actions { .. }
            | Entry::Files { .. }
            | Entry::Clipboard { .. }
            | Entry::Reported { .. }
            | Entry::SessionEnded { .. } => self.write(entry, now),
        }
    }

    /// The user sees the request: it is told, however many there were.
    pub(super) fn tell_seen(&mut self, request_id: &RequestId, now: Now) {
        if let Some(entry) = self.unseen.seen(request_id) {
            self.write(entry, now);
        }
    }

    /// Writes down how many requests were only counted, where their hour is over, or all.
    pub(super) fn write_counts(&mut self, now: Now, all: bool) {
        for count in self.unseen.rest(now, all) {
            let receipt = count.newest_receipt.clone();
            self.journal.count(&self.disk, now.wall, receipt, Some(count), |_| {});
        }
    }

    fn count(&mut self, request_id: &RequestId, outcome: &Outcome, now: Now) {
        let receipt = self.receipts.receipt(request_id, outcome, now.wall);
        let Some(newest) = receipt.and_then(|_| self.receipts.end()) else {
            tracing::warn!(%request_id, "the request's signed terms are lost: it is not counted");
            return drop(self.unseen.seen(request_id));
        };
        self.receipts.only_counted(request_id);
        let line = self.unseen.answered(request_id, newest.clone(), now);
        let done = self.recorded(Some(request_id.clone()), false);
        self.journal.count(&self.disk, now.wall, newest, line, done);
    }

    fn write(&mut self, entry: Entry, now: Now) {
        if let Some(event) = system_log::Event::of_entry(&entry) {
            self.disk.run(move || event.tell());
        }
        let (mut proof, mut outcome_of) = (Proof::default(), None);
        match &entry {
            Entry::RequestReceived { request_id, .. } => {
                proof.signed_request = self.receipts.request(request_id);
            }
            Entry::Outcome { request_id, outcome } => {
                proof.receipt = self.receipts.receipt(request_id, outcome, now.wall);
                outcome_of = Some(request_id.clone());
            }
            Entry::SessionEnded { session_id, lasted_secs, .. } => {
                self.tickets.remove(session_id);
                if let (Some(known), Some(_)) = (&self.known, lasted_secs) {
                    let organisation = &known.credential.organisation;
                    let (id, key) = (&organisation.id, &organisation.public_key);
                    self.trust.session_finished(&self.disk, id, key, now.wall);
                    self.show_look();
                }
            }
            Entry::SessionStarted { .. }
            | Entry::NotStarted { .. }
            | Entry::TakenBack { .. }
            | Entry::Prolonged { .. }
            | Entry::Actions { .. }
            | Entry::Files { .. }
            | Entry::Clipboard { .. }
            | Entry::Reported { .. } => {}
        }
        let without_receipt = outcome_of.is_some() && proof.receipt.is_none();
        let done = self.recorded(outcome_of, without_receipt);
        self.journal.record(&self.disk, now.wall, entry, proof, done);
    }

    /// Lets the core know whether an outcome is durable.
    fn recorded(
        &self,
        outcome_of: Option<RequestId>,
        without_receipt: bool,
    ) -> impl FnOnce(bool) + Send + use<> {
        let events = self.events.clone();
        move |written| {
            if let Some(request_id) = outcome_of {
                let durable = written && !without_receipt;
                drop(events.send(Event::Recorded { request_id, durable }));
            }
        }
    }
}
