//! What happens because time passes: expiry, lapsed presence, pruning.

use crate::{
    abuse, clock::before, credentials, error::Result, invitations, requests, service::Service, sessions,
    store::AgentKey,
};
use protocol::{OperatorId, OrganisationId, Timestamp, operator::InvitationState};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior};

/// Nothing that depends on time is later than this.
const EVERY: Duration = Duration::from_secs(1);
/// What only saves room is done less often.
const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
/// Events are kept this long; an agent that was away longer starts with a snapshot.
const KEEP_EVENTS_SECS: u32 = 24 * 60 * 60;
/// So long a late comer is told that the invitation is over, rather than that the code is wrong.
const KEEP_CODES_SECS: u32 = 24 * 60 * 60;

/// The audit log goes back a year.
const KEEP_AUDIT_SECS: u32 = 365 * 24 * 60 * 60;

/// Runs until the service stops.
pub(crate) async fn run(service: Arc<Service>) {
    let started = service.clock.now();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut advances = service.clock.advances();
    let mut next_prune = Instant::now();
    // Nobody listens yet who could have been told otherwise.
    let mut suspended = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Ok(()) = advances.changed() => next_prune = Instant::now(),
            () = service.hub.stopped() => return,
        }
        let prune = next_prune <= Instant::now();
        if prune {
            next_prune = Instant::now() + PRUNE_EVERY;
        }
        match once(&service, started, prune, suspended.clone()).await {
            Ok(now) => suspended = Some(now),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what was due could not be done");
            }
        }
    }
}

async fn once(
    service: &Arc<Service>,
    started: Timestamp,
    prune: bool,
    suspended: Option<Vec<OrganisationId>>,
) -> Result<Vec<OrganisationId>> {
    let now = service.clock.now();
    service.guessing.forget(now);
    let listening = service.hub.listening();
    let lapsed = service.hub.take_lapsed(now);
    let absent = service.hub.take_absent_operators(now);
    service
        .run(move |work| {
            note_absence(work, &lapsed, &absent)?;
            for invitation in work.tx.invitations_expired_by(work.now)? {
                invitations::close(work, &invitation, InvitationState::Expired)?;
            }
            credentials::sweep(work, listening)?;
            let suspended = abuse::sweep(work, suspended)?;
            requests::sweep(work)?;
            sessions::sweep(work, started)?;
            if prune {
                work.tx.prune_events_before(before(work.now, KEEP_EVENTS_SECS))?;
                work.tx.forget_codes_closed_before(before(work.now, KEEP_CODES_SECS))?;
                work.tx.delete_sign_ins_before(work.now)?;
                work.tx.prune_audit_before(before(work.now, KEEP_AUDIT_SECS))?;
            }
            Ok(suspended)
        })
        .await
}

fn note_absence(
    work: &mut crate::service::Work<'_>,
    agents: &[(AgentKey, Timestamp)],
    operators: &[OperatorId],
) -> Result<()> {
    for (agent, last_seen) in agents {
        work.tx.set_last_seen(*agent, *last_seen)?;
        sessions::announce_presence(work, *agent)?;
    }
    for operator in operators {
        sessions::tell_presence(work, operator, false)?;
    }
    Ok(())
}
