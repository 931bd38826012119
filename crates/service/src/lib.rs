//! The reference service: what agents poll, and what operators work with.
//!
//! [`start`] runs it inside any tokio runtime, on port 0 with a temporary database in tests; [`admin`] sets a database up.
//! The program `ondemand-service` is a command line around the two.
//!
//! Inside, `api` is HTTP and decides nothing; the modules named after the domain's words (`invitations`, `requests`,
//! `outcomes`, `sessions`, …) decide and know no HTTP; [`store`] remembers; `hub` knows what is true only now: who polls,
//! who listens. Each use case is one transaction, so two that meet (a withdrawal and an approval) happen one after the
//! other, and what operators and agents are told comes after it is durable, in the same order.
//!
//! Not here: what goes through tunnels, which is passed on and not looked into, and adding organisations over HTTP: that
//! is for whoever runs the service.

mod abuse;
pub mod admin;
mod api;
mod audit;
mod branding;
mod clock;
mod clones;
mod connections;
mod console;
mod credentials;
mod descriptors;
mod devices;
mod domains;
mod enrolment;
mod error;
mod events;
mod files;
mod guessing;
mod help;
mod history;
mod hub;
mod ids;
mod invitations;
mod operators;
mod outcomes;
mod passkeys;
mod passwords;
mod quotas;
mod receipts;
mod requests;
mod second_factor;
mod secrets;
mod server;
mod service;
mod sessions;
pub mod store;
mod sweep;
mod tunnels;
mod views;

pub use clock::Clock;
pub use connections::ConnectionLimits;
pub use guessing::Limits;
pub use server::{Config, Running, StartError, TlsFiles, start};

/// The OpenAPI document, as pretty-printed JSON with a line break at its end.
///
/// # Errors
///
/// When it cannot be written as JSON.
pub fn openapi() -> Result<String, serde_json::Error> {
    api::openapi().to_pretty_json().map(|json| json + "\n")
}
