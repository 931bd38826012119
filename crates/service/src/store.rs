//! What the service remembers, in the words of the domain.
//!
//! [`Store::transact`] runs one use case as one transaction; inside it, [`Tx`] reads and writes records. The rules of the
//! domain are not here: they are in the modules that use the store. [`sqlite`] is the implementation that ships; another
//! database implements the same traits.

mod accounts;
mod agents;
mod passkeys;
mod reach;
mod security;
mod sessions;
pub mod sqlite;

pub use accounts::{Accounts, LogoRecord, OperatorRecord, OrganisationRecord};
pub use agents::{AgentKey, AgentRecord, Agents, Runs};
pub use passkeys::{PasskeyRecord, Passkeys};
pub use reach::{DeviceRecord, EnrolmentTokenRecord, GroupRecord, HelpRecord, InvitationRecord, Reach};
pub use security::{AuditFilter, AuditRecord, Countable, ReportRecord, SecondFactorRecord, Security};
pub use sessions::{
    HistoryFilter, HistoryPlace, MessageRecord, ReceiptPlace, ReceiptRecord, RequestRecord, SessionRecord,
    Sessions,
};

use std::path::PathBuf;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database file cannot be opened or made.
    #[error("failed to open the database {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}; use a newer program"
    )]
    Newer {
        /// What the file says.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// A value that must be unique exists already.
    #[error("it exists already")]
    Exists,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a store operation comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether a transaction's changes stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They stay, and are durable when `transact` returns.
    Commit,
    /// Nothing has happened.
    RollBack,
}

/// A database.
pub trait Store: Send + Sync {
    /// Runs `work` once, as a transaction that no other can interleave with.
    ///
    /// # Errors
    ///
    /// When the transaction cannot be started or committed; nothing has happened then.
    fn transact(&self, work: &mut dyn FnMut(&mut dyn Tx) -> Verdict) -> Result<()>;
}

impl dyn Store {
    /// Runs `work` as a transaction; an error undoes it.
    ///
    /// # Errors
    ///
    /// `work`'s own, or the store's.
    pub fn run<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut work = Some(work);
        let mut outcome = None;
        self.transact(&mut |tx| {
            outcome = work.take().map(|work| work(tx));
            if matches!(outcome, Some(Ok(_))) { Verdict::Commit } else { Verdict::RollBack }
        })?;
        outcome.unwrap_or_else(|| Err(Error::Database("the transaction did not run".into()).into()))
    }
}

/// Everything that can be done within a transaction.
pub trait Tx: Accounts + Reach + Agents + Sessions + Security + Passkeys {}
impl<T: Accounts + Reach + Agents + Sessions + Security + Passkeys> Tx for T {}
