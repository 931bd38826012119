//! The state machine.
use crate::{Config, Effect, Input, Now, Timer, View};
use std::time::Duration;

/// The state machine.
#[derive(Debug)]
pub struct Agent;

impl Agent {
    /// Starts in `Idle`.
    pub fn new(_config: Config, _now: Now) -> Self {
        Self
    }
    /// Takes in what happened.
    pub fn handle_input(&mut self, _input: Input, _now: Now) {}
    /// Runs what is due.
    pub fn handle_timeout(&mut self, _now: Now) {}
    /// What to do next.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        None
    }
    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Duration, Timer)> {
        None
    }
    /// All that is to be shown.
    pub fn view(&self, _now: Now) -> View {
        unimplemented!()
    }
}
