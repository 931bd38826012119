//! Sessions: what is said, granted and done in them, and how they end.

use crate::{
    abuse,
    audit::{self, About},
    clock::{after, before},
    credentials::Agent,
    error::{Error, Result},
    ids, invitations, requests,
    service::{Change, Work},
    store::{AgentKey, MessageRecord, OperatorRecord, SessionRecord},
    views,
};
use protocol::{
    EndReason, MAX_MESSAGE_CHARS, Permission, Permissions, SessionId, UnansweredCause,
    agent::{EndSession, ReportActions, SendMessage},
    event::{Event, MessageEvent, MessageKind},
    operator::{AuditAction, MessageView, PostMessage, Speaker, Target},
    signed::Audience,
    text,
};

/// A session whose agent has been away for longer is over; the agent itself ends it after a minute.
const AGENT_AWAY_SECS: u32 = 120;
/// The agent ends a session at its limit; this long after it, the service does.
const LIMIT_GRACE_SECS: u32 = 60;
/// The longest session.
pub(crate) const MAX_SESSION_SECS: u32 = 8 * 60 * 60;

/// A session of the operator's organisation.
pub(crate) fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<SessionRecord> {
    let found = work.tx.session(id)?;
    found.filter(|session| session.organisation == by.organisation).ok_or(Error::NotFound)
}

/// The operator's own session; chat is not for colleagues.
pub(crate) fn conducted(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<SessionRecord> {
    let session = own(work, by, id)?;
    if session.operator.id == by.public.id {
        Ok(session)
    } else {
        Err(Error::Forbidden("only the session's own operator can read and write its messages"))
    }
}

/// A session on this agent's computer.
fn on(work: &mut Work<'_>, agent: &Agent, id: &SessionId) -> Result<SessionRecord> {
    let found = work.tx.session(id)?;
    found.filter(|session| session.agent == agent.record.key).ok_or(Error::NotFound)
}

fn running(session: SessionRecord) -> Result<SessionRecord> {
    if session.ended.is_some() { Err(Error::SessionEnded) } else { Ok(session) }
}

fn message_text(wanted: &str) -> Result<String> {
    let text = text::lines(wanted, MAX_MESSAGE_CHARS);
    if text.trim().is_empty() || wanted.chars().count() > MAX_MESSAGE_CHARS {
        return Err(Error::Invalid(format!("text must have 1 to {MAX_MESSAGE_CHARS} characters")));
    }
    Ok(text)
}

/// The user says something; a repeat of the same number changes nothing.
pub(crate) fn message_from_user(
    work: &mut Work<'_>,
    agent: &Agent,
    id: &SessionId,
    said: &SendMessage,
) -> Result<()> {
    let session = running(on(work, agent, id)?)?;
    if !session.granted.contains(Permission::Chat) {
        return Err(Error::NotGranted);
    }
    if said.number == 0 {
        return Err(Error::Invalid("number counts from 1".into()));
    }
    work.service.quotas.message(&session.id, Speaker::User)?;
    let message = MessageRecord {
        id: ids::fresh(),
        session: session.id,
        from: Speaker::User,
        number: Some(said.number),
        kind: MessageKind::Chat,
        text: message_text(&said.text)?,
        sent_at: work.now,
    };
    if work.tx.add_message(&message)? {
        let change = Change::Message(views::message(message), session.operator.id);
        work.changed(&session.organisation, change);
    }
    Ok(())
}

/// The operator says something.
pub(crate) fn message_from_operator(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    id: &SessionId,
    said: &PostMessage,
) -> Result<MessageView> {
    let session = running(conducted(work, by, id)?)?;
    let needed = match said.kind {
        MessageKind::Chat => Permission::Chat,
        MessageKind::Note => Permission::Messages,
    };
    if !session.granted.contains(needed) {
        return Err(Error::NotGranted);
    }
    work.service.quotas.message(&session.id, Speaker::Operator)?;
    let message = MessageRecord {
        id: ids::fresh(),
        session: session.id,
        from: Speaker::Operator,
        number: None,
        kind: said.kind,
        text: message_text(&said.text)?,
        sent_at: work.now,
    };
    work.tx.add_message(&message)?;
    let event = MessageEvent {
        session_id: message.session.clone(),
        message_id: message.id.clone(),
        kind: message.kind,
        text: message.text.clone(),
        sent_at: message.sent_at,
    };
    work.tell(session.agent, &Event::Message(event))?;
    let view = views::message(message);
    work.changed(&session.organisation, Change::Message(view.clone(), session.operator.id));
    Ok(view)
}

/// A session's messages, for its operator.
pub(crate) fn messages(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<Vec<MessageView>> {
    let session = conducted(work, by, id)?;
    Ok(work.tx.messages(&session.id)?.into_iter().map(views::message).collect())
}

/// The user took something back.
pub(crate) fn take_back(
    work: &mut Work<'_>,
    agent: &Agent,
    id: &SessionId,
    still_granted: Permissions,
) -> Result<()> {
    let session = running(on(work, agent, id)?)?;
    let granted = session.granted.intersection(still_granted);
    narrow(work, &session, granted)
}

/// Sets a smaller grant; what it no longer allows is no longer being done.
pub(crate) fn narrow(work: &mut Work<'_>, session: &SessionRecord, granted: Permissions) -> Result<()> {
    let actions = session.actions.iter().filter(|action| action.possible_with(granted)).collect();
    let changed = SessionRecord { granted, actions, ..session.clone() };
    work.tx.update_session(&changed)?;
    work.changed(&session.organisation, Change::Session(session.id.clone()));
    Ok(())
}

/// What the agent says is being done, and how long the session may last.
pub(crate) fn report(work: &mut Work<'_>, agent: &Agent, id: &SessionId, said: &ReportActions) -> Result<()> {
    let session = running(on(work, agent, id)?)?;
    let actions = said.actions.iter().filter(|action| action.possible_with(session.granted)).collect();
    let longest = after(session.started_at, MAX_SESSION_SECS);
    let ends_at = after(work.now, said.remaining_secs.min(MAX_SESSION_SECS)).min(longest);
    let changed = SessionRecord {
        actions,
        ends_at,
        suspended: said.suspended,
        unsupported: said.unsupported,
        ..session
    };
    work.tx.update_session(&changed)?;
    work.changed(&changed.organisation, Change::Session(changed.id));
    Ok(())
}

/// The session is over on the user's computer.
pub(crate) fn end_by_agent(
    work: &mut Work<'_>,
    agent: &Agent,
    id: &SessionId,
    said: &EndSession,
) -> Result<()> {
    let session = on(work, agent, id)?;
    if said.suspicious {
        // Also where it was ended before: ending it in time would be an abuser's way out.
        abuse::report_session(work, id)?;
    }
    end(work, &session, said.reason)
}

/// An operator ends a session; a colleague may too, since ending is always safe.
pub(crate) fn end_by_operator(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<()> {
    let session = own(work, by, id)?;
    if session.ended.is_none() {
        audit::note(work, AuditAction::SessionEnded, About::session(&session))?;
    }
    end(work, &session, EndReason::Operator)
}

/// Ends a session; the first end wins, and an invitation is over with its session.
pub(crate) fn end(work: &mut Work<'_>, session: &SessionRecord, reason: EndReason) -> Result<()> {
    if !work.tx.end_session(&session.id, work.now, reason)? {
        return Ok(());
    }
    requests::close_open(work, session.agent, UnansweredCause::Withdrawn)?;
    let told = match reason {
        EndReason::Operator | EndReason::OrganisationSuspended => reason,
        _ => EndReason::Service,
    };
    if !by_agent(reason) {
        work.tell(session.agent, &Event::SessionEnded { session_id: session.id.clone(), reason: told })?;
    }
    if let Target::Invitation(id) = &session.target {
        invitations::finish(work, id)?;
    }
    work.changed(&session.organisation, Change::Session(session.id.clone()));
    announce_agent(work, session.agent)?;
    tracing::info!(session = %session.id, ?reason, "session ended");
    Ok(())
}

/// Whether the agent named this reason itself and need not be told. `Expired` and `LinkLost` can be either's, and being
/// told twice is harmless.
fn by_agent(reason: EndReason) -> bool {
    !matches!(
        reason,
        EndReason::Operator
            | EndReason::Service
            | EndReason::OrganisationSuspended
            | EndReason::Expired
            | EndReason::LinkLost
    )
}

/// Tells operators of the invitation or device that an agent is of.
pub(crate) fn announce_agent(work: &mut Work<'_>, agent: AgentKey) -> Result<()> {
    let Some(agent) = work.tx.agent(agent)? else { return Ok(()) };
    match agent.audience {
        Audience::Invitation(id) => work.changed(&agent.organisation, Change::Invitation(id)),
        Audience::Device(id) => {
            // A retired device is gone from every list.
            if work.tx.device(&id)?.is_some_and(|device| device.retired_at.is_none()) {
                work.changed(&agent.organisation, Change::Device(id));
            }
        }
    }
    Ok(())
}

/// Tells operators that an agent came or went.
pub(crate) fn announce_presence(work: &mut Work<'_>, agent: AgentKey) -> Result<()> {
    if let Some(session) = work.tx.running_session(agent)? {
        work.changed(&session.organisation, Change::Session(session.id));
    }
    announce_agent(work, agent)
}

/// What time does to running sessions.
pub(crate) fn sweep(work: &mut Work<'_>, running_since: protocol::Timestamp) -> Result<()> {
    for session in work.tx.running_sessions()? {
        if after(session.ends_at, LIMIT_GRACE_SECS) <= work.now {
            end(work, &session, EndReason::Expired)?;
            continue;
        }
        if work.service.hub.is_present(session.agent) {
            continue;
        }
        let last_seen = work.tx.agent(session.agent)?.and_then(|agent| agent.last_seen);
        let away_since = last_seen.unwrap_or(session.started_at).max(session.started_at).max(running_since);
        if away_since <= before(work.now, AGENT_AWAY_SECS) {
            end(work, &session, EndReason::LinkLost)?;
        }
    }
    Ok(())
}

/// Tells the agents of an operator's running sessions whether the operator is there.
pub(crate) fn tell_presence(
    work: &mut Work<'_>,
    operator: &protocol::OperatorId,
    present: bool,
) -> Result<()> {
    for session in work.tx.running_sessions()? {
        if session.operator.id == *operator {
            work.tell(session.agent, &Event::OperatorPresence { session_id: session.id, present })?;
        }
    }
    Ok(())
}

/// After a restart: notes whose operators should be there.
pub(crate) fn expect_operators(work: &mut Work<'_>) -> Result<()> {
    for session in work.tx.running_sessions()? {
        work.service.hub.expect_operator(&session.operator.id, work.now);
    }
    Ok(())
}
