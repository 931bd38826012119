//! Requests: an operator asks, the organisation's key signs, the agent shows exactly that.

use crate::{
    abuse,
    audit::{self, About},
    clock::{after, before},
    credentials::Agent,
    devices,
    error::{Error, Result},
    ids, invitations, outcomes,
    service::{Change, Work},
    sessions,
    store::{AgentKey, AgentRecord, OperatorRecord, RequestRecord},
    views::is_open,
};
use crypto::KeyPair;
use protocol::{
    ANSWER_DEFAULT_SECS, ANSWER_RANGE_SECS, EndReason, Permissions, RequestId, SessionId, UnansweredCause,
    event::{Event, RequestEvent},
    operator::{AuditAction, CreateRequest, InvitationState, RequestState, Target},
    signed::{Audience, REQUEST_TYP, RequestTerms},
};

/// How long an answer is taken at most: ten minutes, which *More time* reaches, and a minute for the way.
const LIFE_SECS: u32 = 660;
/// A request that is not on the user's screen after this long counts as not reached.
const REACH_SECS: u32 = 5;

/// An operator asks to connect, or for more during a session.
pub(crate) fn create(work: &mut Work<'_>, by: &OperatorRecord, wanted: &CreateRequest) -> Result<RequestId> {
    let answer_secs = wanted.answer_within_secs.unwrap_or(ANSWER_DEFAULT_SECS);
    if !ANSWER_RANGE_SECS.contains(&answer_secs) {
        let (least, most) = ANSWER_RANGE_SECS.into_inner();
        return Err(Error::Invalid(format!("`answer_within_secs` must be between {least} and {most}")));
    }
    work.service.quotas.request(&by.public.id)?;
    abuse::check(work, &by.organisation)?;
    let Asked { agent, permissions, session_id } = asked(work, by, wanted)?;
    if permissions.is_empty() {
        return Err(Error::Invalid("permissions must name at least one that is not granted yet".into()));
    }
    if work.tx.open_request(agent.key)?.is_some() {
        return Err(Error::AgentBusy);
    }
    let organisation = work.tx.organisation(&by.organisation)?;
    let organisation = organisation.ok_or(Error::Broken("an operator without an organisation"))?;
    let id: RequestId = ids::fresh();
    let terms = RequestTerms {
        version: 1,
        request_id: id.clone(),
        organisation_id: organisation.public.id,
        organisation_name: organisation.public.name,
        organisation_domain: organisation.public.domain,
        operator: by.public.clone(),
        audience: agent.audience.clone(),
        agent_key: agent
            .public_key
            .parse()
            .map(|key: crypto::PublicKey| key.fingerprint())
            .map_err(broken_key)?,
        permissions,
        session_id,
        nonce: crypto::random_id(),
        issued_at: work.now,
        expires_at: after(work.now, LIFE_SECS),
        operator_key: None,
    };
    let key = KeyPair::from_pkcs8(&organisation.signing_key).map_err(broken_key)?;
    let signed = crypto::sign(&key, REQUEST_TYP, &terms)
        .map_err(|_| Error::Broken("a request cannot be written as JSON"))?;
    let request = RequestRecord {
        id: id.clone(),
        organisation: by.organisation.clone(),
        operator: by.public.clone(),
        agent: agent.key,
        target: wanted.target.clone(),
        permissions,
        signed: signed.clone(),
        created_at: work.now,
        answer_until: after(work.now, answer_secs),
        expires_at: terms.expires_at,
        delivered_at: None,
        state: RequestState::Sent,
    };
    work.tx.add_request(&request)?;
    let title = outcomes::title(work, &agent.audience)?;
    audit::note(work, AuditAction::RequestMade, About::request(Some(title), &id).with(permissions))?;
    let event = RequestEvent {
        request_id: id.clone(),
        signed_request: signed,
        answer_within_secs: answer_secs,
        key_successions: Vec::new(),
    };
    work.tell(agent.key, &Event::Request(event))?;
    announce(work, &request)?;
    tracing::info!(request = %id, operator = %by.public.id, "request made");
    Ok(id)
}

fn broken_key(_: crypto::InvalidKey) -> Error {
    Error::Broken("a key in the store cannot be read")
}

/// Whom a request goes to, and what it asks.
struct Asked {
    agent: AgentRecord,
    permissions: Permissions,
    session_id: Option<SessionId>,
}

fn asked(work: &mut Work<'_>, by: &OperatorRecord, wanted: &CreateRequest) -> Result<Asked> {
    let (audience, most, session_id, granted) = match &wanted.target {
        Target::Invitation(id) => {
            let invitation = invitations::own(work, by, id)?;
            match invitation.state {
                InvitationState::Joined => {}
                InvitationState::Open => {
                    return Err(Error::Invalid("nobody has joined this invitation yet".into()));
                }
                InvitationState::Used if invitation.closed_at.is_none() => return Err(Error::AgentBusy),
                _ => return Err(Error::InvitationClosed),
            }
            (Audience::Invitation(id.clone()), Permissions::all(), None, Permissions::EMPTY)
        }
        Target::Device(id) => {
            let device = devices::own(work, by, id)?;
            if !device.accepted {
                return Err(Error::DevicePending);
            }
            (Audience::Device(id.clone()), device.group.permissions, None, Permissions::EMPTY)
        }
        Target::Session(id) => {
            let session = sessions::own(work, by, id)?;
            if session.operator.id != by.public.id {
                return Err(Error::Forbidden("only the session's own operator can ask for more"));
            }
            if session.ended.is_some() {
                return Err(Error::SessionEnded);
            }
            let (audience, most) = match &session.target {
                Target::Device(device) => {
                    (Audience::Device(device.clone()), devices::own(work, by, device)?.group.permissions)
                }
                Target::Invitation(invitation) => {
                    (Audience::Invitation(invitation.clone()), Permissions::all())
                }
                Target::Session(_) => return Err(Error::Broken("a session of a session")),
            };
            (audience, most, Some(session.id), session.granted)
        }
    };
    if !wanted.permissions.is_subset(most) {
        return Err(Error::Invalid("permissions must be among those of the device's group".into()));
    }
    let agent = work.tx.agent_of(&audience)?.ok_or(Error::Broken("nobody to ask"))?;
    if session_id.is_none() && work.tx.running_session(agent.key)?.is_some() {
        return Err(Error::AgentBusy);
    }
    Ok(Asked { agent, permissions: wanted.permissions.difference(granted), session_id })
}

/// A request of the operator's organisation.
pub(crate) fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &RequestId) -> Result<RequestRecord> {
    let found = work.tx.request(id)?;
    found.filter(|request| request.organisation == by.organisation).ok_or(Error::NotFound)
}

/// A request to this agent.
pub(crate) fn to(work: &mut Work<'_>, agent: &Agent, id: &RequestId) -> Result<RequestRecord> {
    let found = work.tx.request(id)?;
    found.filter(|request| request.agent == agent.record.key).ok_or(Error::NotFound)
}

/// An operator takes a request back. Once it is answered there is nothing to take back.
pub(crate) fn withdraw(work: &mut Work<'_>, by: &OperatorRecord, id: &RequestId) -> Result<()> {
    let request = own(work, by, id)?;
    match &request.state {
        state if is_open(state) => {
            audit::note(work, AuditAction::RequestWithdrawn, About::request(None, id))?;
            give_up(work, request, UnansweredCause::Withdrawn)
        }
        RequestState::Unanswered { .. } => Ok(()),
        _ => Err(Error::RequestClosed),
    }
}

/// The request is on the user's screen.
pub(crate) fn shown(work: &mut Work<'_>, agent: &Agent, id: &RequestId) -> Result<()> {
    let request = to(work, agent, id)?;
    match request.state {
        RequestState::Sent | RequestState::NotReached => settle(work, request, RequestState::Shown),
        RequestState::Shown => Ok(()),
        _ => Err(Error::RequestClosed),
    }
}

/// The user's side gives a request up: it is closed, and what came of it is undone.
pub(crate) fn cancel(work: &mut Work<'_>, agent: &Agent, id: &RequestId, reason: EndReason) -> Result<()> {
    let request = to(work, agent, id)?;
    if is_open(&request.state) {
        let state = match reason {
            EndReason::User => RequestState::Rejected { reason: None },
            EndReason::Locked => RequestState::Unanswered { cause: UnansweredCause::Locked },
            EndReason::Expired => RequestState::Unanswered { cause: UnansweredCause::Expired },
            EndReason::AgentStopped | EndReason::AgentRestarted => {
                RequestState::Unanswered { cause: UnansweredCause::AgentRestarted }
            }
            EndReason::Operator
            | EndReason::Service
            | EndReason::OrganisationSuspended
            | EndReason::LinkLost
            | EndReason::Slept
            | EndReason::AccessFailed
            | EndReason::NotStarted => RequestState::Unanswered { cause: UnansweredCause::LinkLost },
        };
        return settle(work, request, state);
    }
    let RequestState::Approved { permissions, session_id, .. } = &request.state else { return Ok(()) };
    let session = work.tx.session(session_id)?.ok_or(Error::Broken("an approval without a session"))?;
    if matches!(request.target, Target::Session(_)) {
        // A request for more asks only for what was not granted, so taking all of it back undoes it exactly.
        return sessions::narrow(work, &session, session.granted.difference(*permissions));
    }
    sessions::end(work, &session, reason)
}

/// Sets a request's state and tells operators.
pub(crate) fn settle(work: &mut Work<'_>, request: RequestRecord, state: RequestState) -> Result<()> {
    let request = RequestRecord { state, ..request };
    work.tx.update_request(&request)?;
    announce(work, &request)
}

/// Closes a request at the service, and tells its agent.
fn give_up(work: &mut Work<'_>, request: RequestRecord, cause: UnansweredCause) -> Result<()> {
    work.tell(request.agent, &Event::RequestWithdrawn { request_id: request.id.clone() })?;
    settle(work, request, RequestState::Unanswered { cause })
}

/// Closes an agent's open request, if there is one.
pub(crate) fn close_open(work: &mut Work<'_>, agent: AgentKey, cause: UnansweredCause) -> Result<()> {
    match work.tx.open_request(agent)? {
        Some(request) => give_up(work, request, cause),
        None => Ok(()),
    }
}

/// Tells operators of a request, and of what shows it.
fn announce(work: &mut Work<'_>, request: &RequestRecord) -> Result<()> {
    work.changed(&request.organisation, Change::Request(request.id.clone()));
    match &request.target {
        Target::Session(id) => work.changed(&request.organisation, Change::Session(id.clone())),
        Target::Invitation(_) | Target::Device(_) => sessions::announce_agent(work, request.agent)?,
    }
    Ok(())
}

/// Notes that a request was written into an answer to a poll.
pub(crate) fn delivered(work: &mut Work<'_>, request: RequestRecord) -> Result<()> {
    if request.delivered_at.is_none() {
        work.tx.update_request(&RequestRecord { delivered_at: Some(work.now), ..request })?;
    }
    Ok(())
}

/// What time does to open requests.
pub(crate) fn sweep(work: &mut Work<'_>) -> Result<()> {
    for request in work.tx.open_requests()? {
        let never_arrived = request.delivered_at.is_none() && request.state != RequestState::Shown;
        if request.expires_at <= work.now || (never_arrived && request.answer_until <= work.now) {
            give_up(work, request, UnansweredCause::Expired)?;
        } else if request.state == RequestState::Sent
            && request.delivered_at.unwrap_or(request.created_at) <= before(work.now, REACH_SECS)
        {
            settle(work, request, RequestState::NotReached)?;
        }
    }
    Ok(())
}
