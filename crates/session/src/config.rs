//! What the core is told at its start, and between sessions.

use protocol::Permissions;
use std::time::Duration;

/// Settings and machine policy as far as they decide. Frozen while a request is open or a session runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The most that machine policy and the user's settings allow, together.
    pub permissions: Permissions,
    /// Of what trust would preselect, machine policy preselects only this.
    pub preselect: Permissions,
    /// Which organisations may be joined.
    pub organisations: OrganisationPolicy,
    /// The longest session; 8 hours unless policy says less.
    pub longest_session: Duration,
    /// Leave when the one session is over (`run --once`).
    pub once: bool,
    /// The number to call that policy names, shown when something looks suspicious.
    pub number_to_call: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            permissions: Permissions::all(),
            preselect: Permissions::all(),
            organisations: OrganisationPolicy::Any,
            longest_session: Duration::from_secs(8 * 60 * 60),
            once: false,
            number_to_call: None,
        }
    }
}

/// Which organisations may be joined by a session code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationPolicy {
    /// None.
    Off,
    /// Those whose key came with the installation or from policy.
    Pinned,
    /// Any.
    Any,
}
