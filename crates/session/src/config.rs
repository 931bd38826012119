//! What the core is told at its start, and between sessions.

use protocol::Permissions;
use std::{path::PathBuf, time::Duration};

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
    /// Whom the user can ask about this program.
    pub contact: Option<String>,
    /// Whether machine policy says anything, which the user is told.
    pub managed: bool,
    /// Whether the user may quit the agent.
    pub may_quit: bool,
    /// The folder that is preset for files.
    pub folder: Option<PathBuf>,
    /// The user's home folder, which is shared as a whole only where [`Config::whole_home`] says so.
    pub home: Option<PathBuf>,
    /// Machine policy lets the user share the whole home folder.
    pub whole_home: bool,
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
            contact: None,
            managed: false,
            may_quit: true,
            folder: None,
            home: None,
            whole_home: false,
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
    /// Those too; but whoever the agent belongs to already may ask, pinned or not.
    PinnedToJoin,
    /// Any.
    Any,
}
