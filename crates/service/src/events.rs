//! The long poll: what an agent is told, in order, at least once.

use crate::{
    clock::remaining_secs,
    credentials::{self, Agent},
    devices,
    error::{Error, Result},
    requests,
    service::{Service, Work},
    sessions,
    store::{AgentRecord, RequestRecord},
    views::is_open,
};
use protocol::{
    MAX_WAIT_SECS, Timestamp,
    agent::{EventsQuery, EventsResponse, Snapshot, Standing},
    event::{Event, RequestEvent},
    operator::InvitationState,
    signed::Audience,
};
use std::{sync::Arc, time::Duration};

/// At most so many events in one answer; the next poll gets the others at once.
const EVENTS_PER_ANSWER: u32 = 100;

/// Where an agent is in its events; opaque to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor(i64);

impl Cursor {
    fn read(text: &str) -> Result<Self> {
        // A cursor that cannot be read is one that this service does not know any more.
        let number = text.strip_prefix('e').and_then(|number| number.parse().ok());
        number.filter(|number| *number >= 0).map(Self).ok_or(Error::CursorExpired)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// Answers a poll: at once if there is something to say, else when there is, or after the wait.
pub(crate) async fn poll(
    service: &Arc<Service>,
    agent: Agent,
    token_hash: String,
    query: EventsQuery,
) -> Result<EventsResponse> {
    let key = agent.record.key;
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
        if let Some(cursor) = after.filter(|_| poll.is_superseded()) {
            return Ok(response(cursor, service.clock.now(), None, Vec::new()));
        }
        let hash = token_hash.clone();
        let Look { cursor, now, snapshot, events } = service
            .run(move |work| {
                let agent = credentials::again(work, key, &hash)?;
                look(work, &agent, after)
            })
            .await?;
        if snapshot.is_some() || !events.is_empty() {
            return Ok(response(cursor, now, snapshot, events));
        }
        after = Some(cursor);
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
    let Some(Cursor(after)) = after else {
        let (snapshot, events) = snapshot(work, agent)?;
        return Ok(Look { cursor: Cursor(agent.last_event), now, snapshot: Some(snapshot), events });
    };
    // A cursor ahead of the events is of a database that was since restored from a copy.
    if after < agent.pruned_through || after > agent.last_event {
        return Err(Error::CursorExpired);
    }
    let mut cursor = Cursor(after);
    let mut events = Vec::new();
    for (number, event) in work.tx.events_after(agent.key, after, EVENTS_PER_ANSWER)? {
        cursor = Cursor(number);
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
    Ok(Look { cursor, now, snapshot: None, events })
}

fn deliver(work: &mut Work<'_>, request: RequestRecord) -> Result<RequestEvent> {
    let event = RequestEvent {
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
        assert_eq!(Cursor::read(&Cursor(42).to_string()).unwrap(), Cursor(42));
        for text in ["", "42", "e", "e-1", "ex", "e99999999999999999999"] {
            assert!(matches!(Cursor::read(text), Err(Error::CursorExpired)), "{text}");
        }
    }
}
