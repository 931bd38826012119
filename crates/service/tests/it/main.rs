//! The real service over real HTTP, with a scripted agent and a scripted operator.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod abuse;
mod audit;
mod authorisation;
mod branding;
mod copies;
mod crowds;
#[cfg(target_os = "linux")]
mod disk;
mod document;
mod domains;
mod enrolment;
mod files;
mod files_passed_on;
mod guessing;
mod headers;
mod history;
mod lifecycle;
mod migration;
#[cfg(target_os = "linux")]
#[path = "../../../../tests/link/mount.rs"]
mod mount;
mod operators;
mod passkeys;
mod polling;
mod program;
mod receipts;
mod refusals;
mod roles;
mod second_factor;
mod slow;
mod store;
mod story;
mod support;
mod tunnels;
