//! The core by scenario, on simulated time, and by property, against a reference model.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

#[path = "core/model.rs"]
mod model;
#[path = "core/properties.rs"]
mod properties;
#[path = "core/scenarios.rs"]
mod scenarios;
#[path = "core/sim.rs"]
mod sim;
