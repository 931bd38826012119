//! The real service over real HTTP, with a scripted agent and a scripted operator.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod document;
mod guessing;
mod lifecycle;
mod operators;
mod polling;
mod program;
mod refusals;
mod store;
mod story;
mod support;
