//! What is true only while the service runs: open polls, who is there, who is to be woken, who listens.
//!
//! Nothing here is stored and nothing here decides; after a restart it fills up again as agents and operators come back.

use crate::{clock, store::AgentKey};
use protocol::{
    OperatorId, OrganisationId, PRESENCE_GRACE_SECS, Timestamp,
    operator::{LiveEvent, Presence},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{broadcast, watch};

/// An operator whose page was closed for longer than this is gone; a reload takes less.
const OPERATOR_GRACE_SECS: u32 = 5;
/// A listener that falls behind by more than this many events is told everything again.
const LIVE_BACKLOG: usize = 256;

/// What goes out to live connections.
#[derive(Clone, Debug)]
pub(crate) enum Live {
    /// Something changed; told to one operator if `only` says so.
    Changed { event: Arc<LiveEvent>, only: Option<OperatorId> },
    /// The sign-in with this token hash is over.
    SignedOut { token_hash: String },
    /// So much changed that everything is told again.
    Everything,
}

#[derive(Default)]
struct State {
    agents: HashMap<AgentKey, AgentLine>,
    operators: HashMap<OperatorId, OperatorLine>,
    /// How many listeners each sign-in has, by its token's hash.
    listening: HashMap<String, (OrganisationId, u32)>,
    live: HashMap<OrganisationId, broadcast::Sender<Live>>,
}

struct AgentLine {
    /// The number of the newest poll; also touched to wake it.
    newest_poll: watch::Sender<u64>,
    open: u32,
    last_poll_ended: Timestamp,
}

struct OperatorLine {
    open: u32,
    last_closed: Timestamp,
    told_absent: bool,
}

/// The live state; clones share it.
#[derive(Clone)]
pub(crate) struct Hub {
    state: Arc<Mutex<State>>,
    stopping: watch::Sender<bool>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default(), stopping: watch::Sender::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on polls and live connections answer at once.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the service is about to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the service is about to stop.
    pub(crate) async fn stopped(&self) {
        // The hub holds the sender, so waiting cannot fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Opens a poll and tells an older one of the same agent to answer. True with it if the agent was not there before.
    pub(crate) fn open_poll(&self, agent: AgentKey, clock: &clock::Clock) -> (Poll, bool) {
        let mut state = self.lock();
        let mut arrived = false;
        let line = state.agents.entry(agent).or_insert_with(|| {
            arrived = true;
            AgentLine { newest_poll: watch::Sender::new(0), open: 0, last_poll_ended: Timestamp::MIN }
        });
        line.open += 1;
        line.newest_poll.send_modify(|number| *number += 1);
        let number = *line.newest_poll.borrow();
        let woken = line.newest_poll.subscribe();
        (Poll { hub: self.clone(), agent, clock: clock.clone(), number, woken }, arrived)
    }

    /// Makes an agent's open poll look for events.
    pub(crate) fn wake(&self, agent: AgentKey) {
        if let Some(line) = self.lock().agents.get(&agent) {
            line.newest_poll.send_modify(|_| ());
        }
    }

    /// Whether an agent is there; `last_seen` is what the store says of one that is not.
    pub(crate) fn presence(&self, agent: AgentKey, last_seen: Option<Timestamp>) -> Presence {
        let present = self.lock().agents.contains_key(&agent);
        Presence { present, last_seen: last_seen.filter(|_| !present) }
    }

    /// Whether an agent is there.
    pub(crate) fn is_present(&self, agent: AgentKey) -> bool {
        self.lock().agents.contains_key(&agent)
    }

    /// Takes out the agents whose last poll ended too long ago, with when that was.
    pub(crate) fn take_lapsed(&self, now: Timestamp) -> Vec<(AgentKey, Timestamp)> {
        let limit = clock::before(now, PRESENCE_GRACE_SECS);
        let gone = |line: &AgentLine| line.open == 0 && line.last_poll_ended <= limit;
        let mut state = self.lock();
        let lapsed = state.agents.extract_if(|_, line| gone(line));
        lapsed.map(|(agent, line)| (agent, line.last_poll_ended)).collect()
    }

    /// Every agent that is there, with when it was last known to be.
    pub(crate) fn everyone(&self, now: Timestamp) -> Vec<(AgentKey, Timestamp)> {
        let seen = |line: &AgentLine| if line.open > 0 { now } else { line.last_poll_ended };
        self.lock().agents.iter().map(|(agent, line)| (*agent, seen(line))).collect()
    }

    /// Tells an organisation's live connections.
    pub(crate) fn publish(&self, organisation: &OrganisationId, live: Live) {
        if let Some(sender) = self.lock().live.get(organisation) {
            // No listener is not a failure.
            let _ = sender.send(live);
        }
    }

    /// Opens a live connection. True with it if agents had been told that the operator is gone.
    pub(crate) fn listen(
        &self,
        organisation: &OrganisationId,
        operator: &OperatorId,
        token_hash: &str,
        clock: &clock::Clock,
    ) -> (Listener, bool) {
        let mut state = self.lock();
        let changes = state
            .live
            .entry(organisation.clone())
            .or_insert_with(|| broadcast::Sender::new(LIVE_BACKLOG))
            .subscribe();
        let line = state.operators.entry(operator.clone()).or_insert(OperatorLine {
            open: 0,
            last_closed: Timestamp::MIN,
            told_absent: false,
        });
        line.open += 1;
        let returned = std::mem::take(&mut line.told_absent);
        state.listening.entry(token_hash.to_owned()).or_insert_with(|| (organisation.clone(), 0)).1 += 1;
        let listener = Listener {
            hub: self.clone(),
            operator: operator.clone(),
            token_hash: token_hash.to_owned(),
            clock: clock.clone(),
            changes,
        };
        (listener, returned)
    }

    /// The sign-ins that have something open, by their tokens' hashes.
    pub(crate) fn listening(&self) -> Vec<(OrganisationId, String)> {
        let state = self.lock();
        state.listening.iter().map(|(hash, (organisation, _))| (organisation.clone(), hash.clone())).collect()
    }

    /// After a restart: an operator with a running session who does not come back counts as gone.
    pub(crate) fn expect_operator(&self, operator: &OperatorId, now: Timestamp) {
        self.lock().operators.entry(operator.clone()).or_insert(OperatorLine {
            open: 0,
            last_closed: now,
            told_absent: false,
        });
    }

    /// The operators who have just been gone for too long; each is named once.
    pub(crate) fn take_absent_operators(&self, now: Timestamp) -> Vec<OperatorId> {
        let limit = clock::before(now, OPERATOR_GRACE_SECS);
        let mut absent = Vec::new();
        for (operator, line) in &mut self.lock().operators {
            if line.open == 0 && !line.told_absent && line.last_closed <= limit {
                line.told_absent = true;
                absent.push(operator.clone());
            }
        }
        absent
    }
}

/// An open poll; the agent is there at least until some time after it is dropped.
pub(crate) struct Poll {
    hub: Hub,
    agent: AgentKey,
    clock: clock::Clock,
    number: u64,
    woken: watch::Receiver<u64>,
}

impl Poll {
    /// Whether a newer poll of the same agent has taken its place.
    pub(crate) fn is_superseded(&self) -> bool {
        *self.woken.borrow() != self.number
    }

    /// From here on, [`Poll::woken`] tells of what happens.
    pub(crate) fn look(&mut self) {
        self.woken.mark_unchanged();
    }

    /// Waits until there may be something new.
    pub(crate) async fn woken(&mut self) {
        if self.woken.changed().await.is_err() {
            // The line lives as long as its polls, so this does not happen; waiting for the time limit is harmless.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let now = self.clock.now();
        if let Some(line) = self.hub.lock().agents.get_mut(&self.agent) {
            line.open = line.open.saturating_sub(1);
            line.last_poll_ended = now;
        }
    }
}

/// An open live connection.
pub(crate) struct Listener {
    hub: Hub,
    operator: OperatorId,
    token_hash: String,
    clock: clock::Clock,
    changes: broadcast::Receiver<Live>,
}

impl Listener {
    /// The next change; `None` if some were missed.
    pub(crate) async fn next(&mut self) -> Option<Live> {
        match self.changes.recv().await {
            Ok(live) => Some(live),
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            // The hub keeps the sender for ever.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let now = self.clock.now();
        let mut state = self.hub.lock();
        if let Some(line) = state.operators.get_mut(&self.operator) {
            line.open = line.open.saturating_sub(1);
            line.last_closed = now;
        }
        if let Some((_, open)) = state.listening.get_mut(&self.token_hash) {
            *open -= 1;
            if *open == 0 {
                state.listening.remove(&self.token_hash);
            }
        }
    }
}
