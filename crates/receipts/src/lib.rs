//! Files of receipts, as agent and console export them, and their verification with public keys alone.
//!
//! `docs/api/receipts.md` describes both, so that a stranger can do the same. [`File`] is the file, [`verify()`] finds what
//! is wrong with one, [`Checks`] the command that both programs have. Nothing here knows where receipts are kept, opens
//! a socket or reads a clock.

mod command;
mod file;
mod finding;
mod report;
mod verify;
mod walk;

pub use command::{Checks, FOUND, print};
pub use file::{Entry, File, KnownOrganisation, MAX_BYTES, ReadError};
pub use finding::{Finding, Kind};
pub use report::{ChainReport, KeyReport, Report};
pub use verify::{Expected, verify};
