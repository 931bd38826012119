//! The core by scenario, on simulated time, and by property, against a reference model.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

#[path = "core/clipboard.rs"]
mod clipboard;
#[path = "core/confirming.rs"]
mod confirming;
#[path = "core/files.rs"]
mod files;
#[path = "core/joining.rs"]
mod joining;
#[path = "core/model.rs"]
mod model;
#[path = "core/properties.rs"]
mod properties;
#[path = "core/requests.rs"]
mod requests;
#[path = "core/sessions.rs"]
mod sessions;
#[path = "core/sim.rs"]
mod sim;
