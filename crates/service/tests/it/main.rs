//! The real service over real HTTP, with a scripted agent and a scripted operator.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod branding;
mod document;
mod enrolment;
mod files;
mod files_passed_on;
mod guessing;
mod history;
mod lifecycle;
mod migration;
mod operators;
mod polling;
mod program;
mod refusals;
mod roles;
mod slow;
mod store;
mod story;
mod support;
mod tunnels;
