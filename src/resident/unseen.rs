//! Which requests the journal tells one by one. A service can send requests that nobody sees without end: while the user is
//! busy, the screen is locked, or there is no display. Some an hour are told; the others are counted, and only what became
//! of the count is written down. A request whose popup was on the screen is always told.

use crate::journal::{MoreUnseen, ReceiptEnd};
use protocol::{OrganisationId, RequestId, Timestamp};
use session::{Entry, Now};
use std::{collections::BTreeMap, time::Duration};

/// So many requests of an organisation are told one by one in an [`HOUR`].
pub(crate) const IN_FULL: u32 = 10;
/// After it an organisation's requests are told one by one again.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What was not told yet, and what is only counted.
#[derive(Debug, Default)]
pub(crate) struct Unseen {
    hours: BTreeMap<OrganisationId, Hour>,
    /// Requests that are open and not told.
    held: BTreeMap<RequestId, Held>,
}

#[derive(Debug)]
struct Hour {
    began: Duration,
    in_full: u32,
    more: Option<More>,
}

#[derive(Debug)]
struct More {
    count: MoreUnseen,
    /// How many of them the journal knows of.
    written: u64,
}

#[derive(Debug)]
struct Held {
    organisation_id: OrganisationId,
    entry: Entry,
    at: Timestamp,
}

impl Unseen {
    /// A request came in: its entry comes back where it is to be told now.
    pub(crate) fn received(
        &mut self,
        organisation_id: &OrganisationId,
        request_id: &RequestId,
        entry: Entry,
        now: Now,
    ) -> Option<Entry> {
        let hour = self.hour(organisation_id, now);
        if hour.in_full < IN_FULL {
            hour.in_full += 1;
            return Some(entry);
        }
        let held = Held { organisation_id: organisation_id.clone(), entry, at: now.wall };
        self.held.insert(request_id.clone(), held);
        None
    }

    /// The user sees the request: its entry, where it was not told yet.
    pub(crate) fn seen(&mut self, request_id: &RequestId) -> Option<Entry> {
        Some(self.held.remove(request_id)?.entry)
    }

    /// Whether a request was not told yet.
    pub(crate) fn is_held(&self, request_id: &RequestId) -> bool {
        self.held.contains_key(request_id)
    }

    /// A request that was not told was answered with this receipt: what is to be written down of the count, at the first of
    /// them and each time there are twice as many.
    pub(crate) fn answered(
        &mut self,
        request_id: &RequestId,
        newest_receipt: ReceiptEnd,
        now: Now,
    ) -> Option<MoreUnseen> {
        let Held { organisation_id, entry, at } = self.held.remove(request_id)?;
        let Entry::RequestReceived { organisation_name, .. } = entry else { return None };
        let hour = self.hour(&organisation_id, now);
        let more = hour.more.get_or_insert_with(|| {
            let newest_receipt = newest_receipt.clone();
            let count = MoreUnseen { organisation_name, since: at, requests: 0, newest_receipt };
            More { count, written: 0 }
        });
        more.count.requests += 1;
        more.count.newest_receipt = newest_receipt;
        let due = more.count.requests >= more.written.saturating_mul(2);
        due.then(|| more.write())
    }

    fn hour(&mut self, organisation_id: &OrganisationId, now: Now) -> &mut Hour {
        let fresh = || Hour { began: now.boot, in_full: 0, more: None };
        self.hours.entry(organisation_id.clone()).or_insert_with(fresh)
    }

    /// What is left to be written down of hours that are over, or of all.
    pub(crate) fn rest(&mut self, now: Now, all: bool) -> Vec<MoreUnseen> {
        let over = |_: &OrganisationId, hour: &mut Hour| all || now.boot >= hour.began + HOUR;
        let hours: Vec<Hour> = self.hours.extract_if(.., over).map(|(_, hour)| hour).collect();
        let counts = hours.into_iter().filter_map(|hour| hour.more);
        counts.filter(|more| more.count.requests > more.written).map(|mut more| more.write()).collect()
    }
}

impl More {
    fn write(&mut self) -> MoreUnseen {
        self.written = self.count.requests;
        self.count.clone()
    }
}
