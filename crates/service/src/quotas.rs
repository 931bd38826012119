//! How much one account and one organisation may have and do, so that none takes the service from the others.
//!
//! # The arithmetic
//!
//! - **Calls**: an account 50 a second (200 at once), an address and an organisation 500 a second (2,000 at once). Ten
//!   thousand agents that poll every 55 seconds make 182 calls a second; a page of the console makes a handful.
//! - **Asking users**: an operator makes 120 requests and 120 invitations a minute at most, 300 at once. Nobody helps
//!   so many; a stolen account reaches no more than that until it is disabled. The agents show one request a minute.
//! - **Messages**: user and operator of a session one a second each, 60 at once. Nobody types faster; who writes a program
//!   with a stolen token fills the disk with a quarter of a gigabyte in eight hours at most, and not with 20.
//! - **Things**: per organisation 1,000 operators, 500 device groups, 1,000 enrolment tokens in force, 1,000 open
//!   invitations, 100,000 devices. Open invitations weigh most: with 1,000 open, a guessed code hits with one in a
//!   million (`guessing`).

use crate::{
    api::limits::Buckets,
    error::{Error, Result},
    service::Work,
    store::Countable,
};
use protocol::{OperatorId, OrganisationId, SessionId, operator::Speaker};
use std::time::Instant;

/// How fast operators ask, and organisations call.
pub(crate) struct Quotas {
    organisations: Buckets<OrganisationId>,
    requests: Buckets<OperatorId>,
    invitations: Buckets<OperatorId>,
    /// Of sessions, and whether they are the user's.
    messages: Buckets<(SessionId, bool)>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            organisations: Buckets::new(500.0, 2000.0),
            requests: Buckets::new(2.0, 300.0),
            invitations: Buckets::new(2.0, 300.0),
            messages: Buckets::new(1.0, 60.0),
        }
    }
}

impl Quotas {
    /// A call of an operator or agent of this organisation.
    pub(crate) fn call(&self, organisation: &OrganisationId) -> Result<()> {
        self.organisations.take(organisation.clone(), Instant::now())
    }

    /// A request to a user.
    pub(crate) fn request(&self, by: &OperatorId) -> Result<()> {
        self.requests.take(by.clone(), Instant::now())
    }

    /// A message in a session.
    pub(crate) fn message(&self, within: &SessionId, by: Speaker) -> Result<()> {
        self.messages.take((within.clone(), by == Speaker::User), Instant::now())
    }

    /// An invitation.
    pub(crate) fn invitation(&self, by: &OperatorId) -> Result<()> {
        self.invitations.take(by.clone(), Instant::now())
    }
}

/// The most that an organisation may have of something.
pub(crate) fn most(what: Countable) -> u32 {
    match what {
        Countable::Operators | Countable::TokensInForce | Countable::OpenInvitations => 1_000,
        Countable::Groups => 500,
        Countable::Devices => 100_000,
    }
}

/// Refuses one more where there are as many as there may be.
pub(crate) fn one_more(work: &mut Work<'_>, what: Countable, of: &OrganisationId) -> Result<()> {
    if work.tx.count(what, of, work.now)? < most(what) { Ok(()) } else { Err(Error::TooMany(most(what))) }
}
