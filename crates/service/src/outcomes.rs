//! Outcomes: a receipt is checked, kept, and, if it says yes, a session comes of it.

use crate::{
    abuse,
    clock::after,
    credentials::Agent,
    error::{Error, Result},
    ids, receipts, requests,
    service::{Change, Work},
    sessions,
    store::{RequestRecord, SessionRecord},
    views::{is_open, target_of},
};
use protocol::{
    Actions, InputMethod, Outcome, Permissions, RejectReason, RequestId, SessionId,
    agent::{OutcomeResponse, SessionStart},
    operator::{InvitationState, RequestState, Target},
    signed::{Audience, RECEIPT_TYP, ReceiptTerms},
};

/// Takes in how a request ended. The same receipt again gets the same answer.
pub(crate) fn report(
    work: &mut Work<'_>,
    agent: &Agent,
    id: &RequestId,
    receipt: &str,
) -> Result<OutcomeResponse> {
    let request = requests::to(work, agent, id)?;
    if let Some(known) = work.tx.receipt(id)? {
        return if known.receipt == receipt {
            Ok(OutcomeResponse { countersignature: known.countersignature, ..answer(work, &request.state) })
        } else {
            Err(Error::RequestClosed)
        };
    }
    let terms = checked(agent, &request, receipt)?;
    let outcome = terms.outcome.clone();
    let open = is_open(&request.state);
    if !open && matches!(outcome, Outcome::Approved { .. }) {
        return Err(Error::RequestClosed);
    }
    let countersignature = Some(receipts::take_in(work, &request, &terms, receipt)?);
    if is_suspicion(receipt) {
        // Also where the request was closed before: withdrawing it in time would be an abuser's way out.
        abuse::report(work, &request)?;
    }
    if !open {
        // It was closed here first, and the receipt says how the user's side saw it.
        return Ok(OutcomeResponse { session: None, countersignature });
    }
    let state = match outcome {
        Outcome::Approved { permissions, limit_secs, given_by } => {
            let session_id = approve(work, agent, &request, permissions, limit_secs)?;
            approved(permissions, session_id, given_by)
        }
        Outcome::Rejected { reason: Some(RejectReason::Suspicious) } => {
            RequestState::Rejected { reason: None }
        }
        Outcome::Rejected { reason } => RequestState::Rejected { reason },
        Outcome::Unanswered { cause } => RequestState::Unanswered { cause },
    };
    requests::settle(work, request, state.clone())?;
    Ok(OutcomeResponse { countersignature, ..answer(work, &state) })
}

/// Whether a receipt says that the user found the request suspicious, which is for the abuse desk: the operator could be the
/// one who is meant.
pub(crate) fn is_suspicion(receipt: &str) -> bool {
    let suspicious = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
    crypto::peek(receipt).is_ok_and(|terms: ReceiptTerms| terms.outcome == suspicious)
}

fn approved(permissions: Permissions, session_id: SessionId, given_by: Option<InputMethod>) -> RequestState {
    RequestState::Approved { permissions, session_id, given_by }
}

/// What a receipt states, if it is this agent's word on this very request.
fn checked(agent: &Agent, request: &RequestRecord, receipt: &str) -> Result<ReceiptTerms> {
    let key =
        agent.record.public_key.parse().map_err(|_| Error::Broken("a key in the store cannot be read"))?;
    let terms: ReceiptTerms = crypto::verify(receipt, RECEIPT_TYP, &key).map_err(|_| {
        Error::ReceiptInvalid("it is not signed by this agent's key as a receipt, or cannot be read")
    })?;
    if terms.version != 1 {
        return Err(Error::ReceiptInvalid("its version is not 1"));
    }
    if terms.request_id != request.id || terms.signed_request != request.signed {
        return Err(Error::ReceiptInvalid("it does not repeat the signed request"));
    }
    if terms.agent_public_key != agent.record.public_key {
        return Err(Error::ReceiptInvalid("it names another key"));
    }
    if let Outcome::Approved { permissions, limit_secs, .. } = &terms.outcome {
        if permissions.is_empty() || *limit_secs == 0 {
            return Err(Error::ReceiptInvalid("an approval must grant something"));
        }
        if !permissions.is_subset(request.permissions) {
            return Err(Error::ReceiptInvalid("it grants more than was asked"));
        }
    }
    let first = terms.number == 1;
    if terms.number == 0 || first != terms.previous.is_none() || (terms.follows.is_some() && !first) {
        return Err(Error::ReceiptInvalid("its number and what it says of the receipt before do not agree"));
    }
    Ok(terms)
}

/// Starts the session that was approved, or widens the one that is running.
fn approve(
    work: &mut Work<'_>,
    agent: &Agent,
    request: &RequestRecord,
    permissions: Permissions,
    limit_secs: u32,
) -> Result<SessionId> {
    let ends_at = after(work.now, limit_secs.min(sessions::MAX_SESSION_SECS));
    if let Target::Session(id) = &request.target {
        let session =
            work.tx.session(id)?.ok_or(Error::Broken("a request in a session that does not exist"))?;
        if session.ended.is_some() {
            return Err(Error::SessionEnded);
        }
        let granted = session.granted.union(permissions);
        work.tx.update_session(&SessionRecord { granted, ..session })?;
        work.changed(&request.organisation, Change::Session(id.clone()));
        return Ok(id.clone());
    }
    agent.must_be_open()?;
    let session = SessionRecord {
        id: ids::fresh(),
        organisation: request.organisation.clone(),
        operator: request.operator.clone(),
        agent: agent.record.key,
        target: target_of(&agent.record.audience),
        title: title(work, &agent.record.audience)?,
        granted: permissions,
        actions: Actions::EMPTY,
        suspended: false,
        unsupported: Permissions::EMPTY,
        started_at: work.now,
        ends_at,
        ended: None,
    };
    work.tx.add_session(&session)?;
    if let Audience::Invitation(id) = &agent.record.audience {
        work.tx.set_invitation_state(id, InvitationState::Used, None)?;
    }
    work.changed(&request.organisation, Change::Session(session.id.clone()));
    sessions::announce_agent(work, agent.record.key)?;
    tracing::info!(session = %session.id, request = %request.id, "session started");
    Ok(session.id)
}

/// How a session or request with this agent is called.
pub(crate) fn title(work: &mut Work<'_>, audience: &Audience) -> Result<String> {
    Ok(match audience {
        Audience::Device(id) => {
            let device = work.tx.device(id)?.ok_or(Error::Broken("an agent without a device"))?;
            format!("{} ({})", device.computer, device.user)
        }
        Audience::Invitation(id) => {
            let invitation = work.tx.invitation(id)?;
            invitation.and_then(|invitation| invitation.label).unwrap_or_else(|| "Invited user".into())
        }
    })
}

fn answer(work: &Work<'_>, state: &RequestState) -> OutcomeResponse {
    let session = match state {
        RequestState::Approved { session_id, .. } => Some(SessionStart {
            session_id: session_id.clone(),
            tunnel_ticket: work.service.secrets.tunnel_ticket(session_id),
        }),
        _ => None,
    };
    OutcomeResponse { session, countersignature: None }
}
