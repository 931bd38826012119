//! The long poll: what an agent is told, in order, at least once.

use crate::{
    clock::remaining_secs,
    clones,
    credentials::Agent,
    devices,
    error::{Error, Result},
    requests,
    service::{Service, Work},
    sessions,
    store::{AgentKey, AgentRecord, RequestRecord},
    views::is_open,
};
use protocol::{
    MAX_WAIT_SECS, MOST_KEY_SUCCESSIONS, Organisation, OrganisationId, Timestamp,
    agent::{EventsQuery, EventsResponse, Snapshot, Standing},
    event::{Event, RequestEvent},
    operator::InvitationState,
    signed::Audience,
};
use std::{sync::Arc, time::Duration};

/// At most so many events in one answer; the next poll gets the others at once.
const EVENTS_PER_ANSWER: u32 = 100;

/// Where an agent is in its events: the last one it was told, by its number and its mark. Opaque to the agent.
///
/// When a copy of the database was put back, the numbers that were given since are given once more, to other events.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    number: i64,
    /// Empty where there is no event of this number.
    mark: String,
}

impl Cursor {
    fn read(text: &str) -> Result<Self> {
        // A cursor that cannot be read is one that this service does not know any more.
        let (number, mark) =
            text.strip_prefix('e').and_then(|text| text.split_once('.')).ok_or(Error::CursorExpired)?;
        let number = number.parse().ok().filter(|number| *number >= 0).ok_or(Error::CursorExpired)?;
        Ok(Self { number, mark: mark.to_owned() })
    }

    fn at(work: &mut Work<'_>, agent: AgentKey, number: i64) -> Result<Self> {
        Ok(Self { number, mark: work.tx.event_mark(agent, number)?.unwrap_or_default() })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e{}.{}", self.number, self.mark)
    }
}

/// Answers a poll: at once if there is something to say, else when there is, or after the wait.
pub(crate) async fn poll(service: &Arc<Service>, agent: Agent, query: EventsQuery) -> Result<EventsResponse> {
    let key = agent.record.key;
    if let Some(run) = query.run.as_deref() {
        clones::note_run(service, &agent, run).await?;
    }
    let mut after = query.after.as_deref().map(Cursor::read).transpose()?;
    let (mut poll, arrived) = service.hub.open_poll(key, &service.clock);
    if arrived {
        service.run(move |work| sessions::announce_presence(work, key)).await?;
    }
    let wait = Duration::from_secs(query.wait_secs.min(MAX_WAIT_SECS).into());
    let deadline = tokio::time::sleep(wait);
    tokio::pin!(deadline);
    loop {
        poll.look();
        if let Some(cursor) = after.take_if(|_| poll.is_superseded()) {
            return Ok(response(cursor, service.clock.now(), None, Vec::new()));
        }
        let looking = move |work: &mut Work<'_>, agent: &Agent| look(work, &agent.record, after);
        let Look { cursor, now, snapshot, events } = service.run_for(agent.clone(), looking).await?;
        if snapshot.is_some() || !events.is_empty() {
            return Ok(response(cursor, now, snapshot, events));
        }
        after = Some(cursor.clone());
        tokio::select! {
            () = poll.woken() => {}
            () = &mut deadline => return Ok(response(cursor, service.clock.now(), None, Vec::new())),
            () = service.hub.stopped() => {
                return Ok(response(cursor, service.clock.now(), None, Vec::new()));
            }
        }
    }
}

fn response(
    cursor: Cursor,
    service_time: Timestamp,
    snapshot: Option<Snapshot>,
    events: Vec<Event>,
) -> EventsResponse {
    EventsResponse { cursor: cursor.to_string(), service_time, snapshot, events }
}

/// What there is to say now.
struct Look {
    cursor: Cursor,
    now: Timestamp,
    snapshot: Option<Snapshot>,
    events: Vec<Event>,
}

fn look(work: &mut Work<'_>, agent: &AgentRecord, after: Option<Cursor>) -> Result<Look> {
    let now = work.now;
    let Some(after) = after else {
        let (snapshot, events) = snapshot(work, agent)?;
        let cursor = Cursor::at(work, agent.key, agent.last_event)?;
        return Ok(Look { cursor, now, snapshot: Some(snapshot), events });
    };
    let is_known = (agent.pruned_through..=agent.last_event).contains(&after.number)
        && Cursor::at(work, agent.key, after.number)? == after;
    if !is_known {
        return Err(Error::CursorExpired);
    }
    let mut last = after.number;
    let mut events = Vec::new();
    for (number, event) in work.tx.events_after(agent.key, after.number, EVENTS_PER_ANSWER)? {
        last = number;
        match event {
            Event::Request(event) => {
                let request = work.tx.request(&event.request_id)?.filter(|request| is_open(&request.state));
                // A request that is over need not be shown any more; what closed it follows.
                if let Some(request) = request {
                    events.push(Event::Request(deliver(work, request)?));
                }
            }
            other => events.push(other),
        }
    }
    let cursor = Cursor::at(work, agent.key, last)?;
    Ok(Look { cursor, now, snapshot: None, events })
}

/// An organisation as agents are told of it, who remember the changes of its key that they were told before.
pub(crate) fn organisation(work: &mut Work<'_>, id: &OrganisationId) -> Result<Organisation> {
    let known = work.tx.organisation(id)?;
    let mut organisation = known.ok_or(Error::Broken("an agent without an organisation"))?.public;
    let older = organisation.key_successions.len().saturating_sub(MOST_KEY_SUCCESSIONS);
    organisation.key_successions.drain(..older);
    Ok(organisation)
}

fn deliver(work: &mut Work<'_>, request: RequestRecord) -> Result<RequestEvent> {
    let event = RequestEvent {
        key_successions: organisation(work, &request.organisation)?.key_successions,
        request_id: request.id.clone(),
        signed_request: request.signed.clone(),
        answer_within_secs: remaining_secs(request.answer_until, work.now),
    };
    requests::delivered(work, request)?;
    Ok(event)
}

/// How things stand; for an agent whose invitation or device is over, the event that says so comes with it.
fn snapshot(work: &mut Work<'_>, agent: &AgentRecord) -> Result<(Snapshot, Vec<Event>)> {
    let mut events = Vec::new();
    let mut help_id = None;
    let standing = match &agent.audience {
        Audience::Invitation(id) => {
            let invitation =
                work.tx.invitation(id)?.ok_or(Error::Broken("an agent without an invitation"))?;
            if invitation.closed_at.is_some() {
                events.push(Event::InvitationClosed {});
            }
            let waiting = invitation.state == InvitationState::Joined;
            let expires_in_secs = if waiting { remaining_secs(invitation.expires_at, work.now) } else { 0 };
            Standing::Invitation { invitation_id: id.clone(), expires_in_secs }
        }
        Audience::Device(id) => {
            let device = work.tx.device(id)?.ok_or(Error::Broken("an agent without a device"))?;
            if device.retired_at.is_some() {
                events.push(Event::DeviceRetired {});
            }
            if let Some(help) = work.tx.help_of(id)? {
                if let Some(operator) = help.taken_by {
                    events.push(Event::HelpTaken { help_id: help.id.clone(), operator });
                }
                help_id = Some(help.id);
            }
            Standing::Device(devices::standing(&device))
        }
    };
    let request = match work.tx.open_request(agent.key)? {
        Some(request) => Some(deliver(work, request)?),
        None => None,
    };
    let session_id = work.tx.running_session(agent.key)?.map(|session| session.id);
    let branding = crate::branding::of(work, &agent.organisation)?;
    Ok((Snapshot { standing, branding, request, session_id, help_id }, events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_too_old() {
        for cursor in [Cursor { number: 42, mark: "mark".into() }, Cursor { number: 0, mark: String::new() }]
        {
            assert_eq!(Cursor::read(&cursor.to_string()).unwrap(), cursor);
        }
        for text in ["", "42", "e", "e42", "e.", "e-1.x", "ex.x", "e99999999999999999999.x"] {
            assert!(matches!(Cursor::read(text), Err(Error::CursorExpired)), "{text}");
        }
    }
}
