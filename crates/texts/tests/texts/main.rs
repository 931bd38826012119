//! The catalogues against the sources.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail anywhere")]

mod catalogues;
mod sources;
