//! Agents and what they are told.

use super::Result;
use protocol::{OrganisationId, Timestamp, agent::AgentDescription, event::Event, signed::Audience};

/// An agent in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentKey(pub i64);

/// An agent: what joined an invitation, or a device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    /// The store's name for it.
    pub key: AgentKey,
    /// Whose operators reach it.
    pub organisation: OrganisationId,
    /// Its invitation or device.
    pub audience: Audience,
    /// Its Ed25519 public key, base64url.
    pub public_key: String,
    /// Version and operating system.
    pub description: AgentDescription,
    /// When it was last known to be there, if it is not there now.
    pub last_seen: Option<Timestamp>,
    /// Since when nothing new can start.
    pub closed_at: Option<Timestamp>,
    /// The number of its newest event; 0 before the first.
    pub last_event: i64,
    /// Events up to this one are no longer kept.
    pub pruned_through: i64,
    /// Which runs of it polled.
    pub runs: Runs,
}

/// The runs of an agent that polled last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// The one that polled last.
    pub latest: Option<String>,
    /// Those before it, the last one first.
    pub before: Vec<String>,
    /// How many times one has come back after another had taken its place, since the last that was new.
    pub returned: u32,
}

/// Agents and what they are told.
pub trait Agents {
    /// Adds an agent with the hash of its token.
    fn add_agent(
        &mut self,
        organisation: &OrganisationId,
        audience: &Audience,
        public_key: &str,
        description: &AgentDescription,
        token_hash: &str,
    ) -> Result<AgentKey>;
    /// Finds an agent.
    fn agent(&mut self, key: AgentKey) -> Result<Option<AgentRecord>>;
    /// Finds an agent by the hash of its token.
    fn agent_by_token(&mut self, token_hash: &str) -> Result<Option<AgentRecord>>;
    /// The agent of an invitation or device.
    fn agent_of(&mut self, audience: &Audience) -> Result<Option<AgentRecord>>;
    /// An organisation's agents that are not closed.
    fn open_agents(&mut self, of: &OrganisationId) -> Result<Vec<AgentKey>>;
    /// Gives an agent a new token and description.
    fn renew_agent(&mut self, key: AgentKey, description: &AgentDescription, token_hash: &str) -> Result<()>;
    /// From `at` on nothing new can start.
    fn close_agent(&mut self, key: AgentKey, at: Timestamp) -> Result<()>;
    /// Notes which runs of an agent polled.
    fn set_runs(&mut self, key: AgentKey, runs: &Runs) -> Result<()>;
    /// Notes when an agent was last there.
    fn set_last_seen(&mut self, key: AgentKey, at: Timestamp) -> Result<()>;

    /// Appends an event and gives its number, one more than that of the agent's last.
    fn append_event(&mut self, to: AgentKey, event: &Event, at: Timestamp) -> Result<i64>;
    /// At most `limit` events after number `after`, in order.
    fn events_after(&mut self, of: AgentKey, after: i64, limit: u32) -> Result<Vec<(i64, Event)>>;
    /// What tells an event from every other that has its number in some copy of this database; nothing where there is no such
    /// event.
    fn event_mark(&mut self, of: AgentKey, number: i64) -> Result<Option<String>>;
    /// Drops events older than `time`, remembering how far; each agent's newest stays.
    fn prune_events_before(&mut self, time: Timestamp) -> Result<()>;
}
