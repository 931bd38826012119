//! The abuse desk: what users found suspicious, and organisations that are suspended for it.
//!
//! Reports and suspensions are for whoever runs the service, at its command line (`admin`); operators learn of neither
//! report. What a suspension stops is stopped by the running service within a second.

use crate::{
    error::{Error, Result},
    invitations, requests,
    service::{Change, Work},
    sessions,
    store::RequestRecord,
};
use protocol::{EndReason, OrganisationId, SessionId, Timestamp, UnansweredCause, operator::InvitationState};

/// Notes that a user found a request suspicious.
pub(crate) fn report(work: &mut Work<'_>, request: &RequestRecord) -> Result<()> {
    work.tx.add_report(&request.id, work.now)?;
    tracing::warn!(
        request = %request.id, organisation = %request.organisation, operator = %request.operator.id,
        "a user found a request suspicious"
    );
    Ok(())
}

/// Notes that a user found something wrong in a session, as a report of the request that it came of.
pub(crate) fn report_session(work: &mut Work<'_>, id: &SessionId) -> Result<()> {
    let request = work.tx.request_of_session(id)?.ok_or(Error::Broken("a session that nobody asked for"))?;
    work.tx.add_report(&request.id, work.now)?;
    tracing::warn!(
        session = %id, organisation = %request.organisation, operator = %request.operator.id,
        "a user found something wrong in a session"
    );
    Ok(())
}

/// Refuses what a suspended organisation cannot do: whatever reaches a user.
pub(crate) fn check(work: &mut Work<'_>, id: &OrganisationId) -> Result<()> {
    let organisation = work.tx.organisation(id)?;
    match organisation.and_then(|organisation| organisation.suspended_at) {
        Some(_) => Err(Error::OrganisationSuspended),
        None => Ok(()),
    }
}

/// Stops what suspended organisations have open: requests, sessions, invitations. Operators are told where one is suspended
/// now that was not `before`, or the other way round.
pub(crate) fn sweep(work: &mut Work<'_>, before: Option<Vec<OrganisationId>>) -> Result<Vec<OrganisationId>> {
    let suspended = work.tx.suspended_organisations()?;
    if let Some(before) = before {
        let others = |these: &[OrganisationId], those: &[OrganisationId]| -> Vec<OrganisationId> {
            these.iter().filter(|it| !those.contains(it)).cloned().collect()
        };
        for organisation in others(&suspended, &before).iter().chain(&others(&before, &suspended)) {
            work.changed(organisation, Change::Everything);
        }
    }
    if suspended.is_empty() {
        return Ok(suspended);
    }
    for request in work.tx.open_requests()? {
        if suspended.contains(&request.organisation) {
            requests::close_open(work, request.agent, UnansweredCause::Withdrawn)?;
        }
    }
    for session in work.tx.running_sessions()? {
        if suspended.contains(&session.organisation) {
            sessions::end(work, &session, EndReason::OrganisationSuspended)?;
        }
    }
    for organisation in &suspended {
        // Open ones are listed whatever their age.
        for invitation in work.tx.invitations(organisation, Timestamp::MAX)? {
            if matches!(invitation.state, InvitationState::Open | InvitationState::Joined) {
                invitations::close(work, &invitation, InvitationState::Withdrawn)?;
                work.changed(organisation, Change::Invitation(invitation.id));
            }
        }
    }
    Ok(suspended)
}
