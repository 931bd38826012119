//! What operators see, put together from records and presence.

use crate::{
    clock::{before, remaining_secs},
    error::{Error, Result},
    service::Work,
    store::{
        AgentRecord, DeviceRecord, HelpRecord, InvitationRecord, MessageRecord, RequestRecord, SessionRecord,
    },
};
use protocol::{
    DeviceId, HelpId, InvitationId, OrganisationId, RequestId, SessionCode, SessionId,
    agent::AgentDescription,
    operator::{
        AgentView, DeviceView, Everything, HelpView, InvitationState, InvitationView, MessageView, Presence,
        RequestState, RequestView, SessionView, Target,
    },
    signed::Audience,
};

/// What ended longer ago than this is left out of the lists.
const LISTED_SECS: u32 = 24 * 60 * 60;

pub(crate) fn everything(work: &mut Work<'_>, of: &OrganisationId) -> Result<Everything> {
    Ok(Everything {
        invitations: invitations(work, of)?,
        devices: devices(work, of)?,
        help: help_queue(work, of)?,
        sessions: sessions(work, of)?,
    })
}

pub(crate) fn invitations(work: &mut Work<'_>, of: &OrganisationId) -> Result<Vec<InvitationView>> {
    let records = work.tx.invitations(of, before(work.now, LISTED_SECS))?;
    records.into_iter().map(|record| invitation(work, record)).collect()
}

pub(crate) fn devices(work: &mut Work<'_>, of: &OrganisationId) -> Result<Vec<DeviceView>> {
    let records = work.tx.devices(of)?;
    records.into_iter().map(|record| device(work, record)).collect()
}

pub(crate) fn help_queue(work: &mut Work<'_>, of: &OrganisationId) -> Result<Vec<HelpView>> {
    let records = work.tx.help_queue(of)?;
    records.into_iter().map(|record| help(work, record)).collect()
}

pub(crate) fn sessions(work: &mut Work<'_>, of: &OrganisationId) -> Result<Vec<SessionView>> {
    let records = work.tx.sessions(of, before(work.now, LISTED_SECS))?;
    records.into_iter().map(|record| session(work, record)).collect()
}

pub(crate) fn invitation_by_id(work: &mut Work<'_>, id: &InvitationId) -> Result<InvitationView> {
    let record = work.tx.invitation(id)?.ok_or(Error::NotFound)?;
    invitation(work, record)
}

pub(crate) fn device_by_id(work: &mut Work<'_>, id: &DeviceId) -> Result<DeviceView> {
    let record = work.tx.device(id)?.ok_or(Error::NotFound)?;
    device(work, record)
}

pub(crate) fn help_by_id(work: &mut Work<'_>, id: &HelpId) -> Result<HelpView> {
    let record = work.tx.help(id)?.ok_or(Error::NotFound)?;
    help(work, record)
}

pub(crate) fn request_by_id(work: &mut Work<'_>, id: &RequestId) -> Result<RequestView> {
    let record = work.tx.request(id)?.ok_or(Error::NotFound)?;
    Ok(request(work, record))
}

pub(crate) fn session_by_id(work: &mut Work<'_>, id: &SessionId) -> Result<SessionView> {
    let record = work.tx.session(id)?.ok_or(Error::NotFound)?;
    session(work, record)
}

fn invitation(work: &mut Work<'_>, record: InvitationRecord) -> Result<InvitationView> {
    let agent = work.tx.agent_of(&Audience::Invitation(record.id.clone()))?;
    let waiting = matches!(record.state, InvitationState::Open | InvitationState::Joined);
    let link = |code: &SessionCode| format!("{}/join#{}", work.service.public_url, code.digits());
    Ok(InvitationView {
        link: record.code.as_ref().map(link),
        session_code: record.code,
        id: record.id,
        label: record.label,
        operator: record.operator,
        created_at: record.created_at,
        expires_in_secs: if waiting { remaining_secs(record.expires_at, work.now) } else { 0 },
        state: record.state,
        agent: agent.map(|agent| agent_view(work, agent)).transpose()?,
    })
}

fn device(work: &mut Work<'_>, record: DeviceRecord) -> Result<DeviceView> {
    let agent = match work.tx.agent_of(&Audience::Device(record.id.clone()))? {
        Some(agent) => agent_view(work, agent)?,
        None => return Err(Error::Broken("a device without an agent")),
    };
    Ok(DeviceView {
        id: record.id,
        computer: record.computer,
        user: record.user,
        group: record.group,
        accepted: record.accepted,
        enrolled_at: record.enrolled_at,
        agent,
    })
}

fn agent_view(work: &mut Work<'_>, agent: AgentRecord) -> Result<AgentView> {
    let open = work.tx.open_request(agent.key)?;
    let AgentDescription { version, operating_system } = agent.description;
    Ok(AgentView {
        description: AgentDescription { version, operating_system },
        presence: work.service.hub.presence(agent.key, agent.last_seen),
        request: open.map(|record| request(work, record)),
        session_id: work.tx.running_session(agent.key)?.map(|session| session.id),
    })
}

pub(crate) fn help(work: &mut Work<'_>, record: HelpRecord) -> Result<HelpView> {
    let device = work.tx.device(&record.device)?.ok_or(Error::Broken("a help request without a device"))?;
    Ok(HelpView {
        id: record.id,
        device_id: device.id,
        computer: device.computer,
        user: device.user,
        text: record.text,
        created_at: record.created_at,
        taken_by: record.taken_by,
    })
}

pub(crate) fn request(work: &Work<'_>, record: RequestRecord) -> RequestView {
    let open = is_open(&record.state);
    // Past the answer time it can still be answered, where the user asked for more time.
    let answer_within_secs = if open { remaining_secs(record.answer_until, work.now) } else { 0 };
    RequestView {
        id: record.id,
        operator: record.operator,
        target: record.target,
        permissions: record.permissions,
        created_at: record.created_at,
        answer_within_secs,
        state: record.state,
    }
}

/// Whether a request waits for an answer.
pub(crate) fn is_open(state: &RequestState) -> bool {
    matches!(state, RequestState::Sent | RequestState::NotReached | RequestState::Shown)
}

pub(crate) fn session(work: &mut Work<'_>, record: SessionRecord) -> Result<SessionView> {
    let presence = match (&record.ended, work.tx.agent(record.agent)?) {
        (None, Some(agent)) => work.service.hub.presence(agent.key, agent.last_seen),
        _ => Presence { present: false, last_seen: None },
    };
    let request_during = work.tx.last_request_during(&record.id)?;
    let until = record.ended.as_ref().map_or(work.now, |end| end.at);
    Ok(SessionView {
        request: request_during.map(|record| request(work, record)),
        running_secs: u32::try_from(until.duration_since(record.started_at).as_secs()).unwrap_or(0),
        remaining_secs: if record.ended.is_some() { 0 } else { remaining_secs(record.ends_at, work.now) },
        id: record.id,
        operator: record.operator,
        target: record.target,
        title: record.title,
        granted: record.granted,
        actions: record.actions,
        suspended: record.suspended,
        unsupported: record.unsupported.intersection(record.granted),
        started_at: record.started_at,
        presence,
        ended: record.ended,
    })
}

pub(crate) fn message(record: MessageRecord) -> MessageView {
    MessageView {
        id: record.id,
        session_id: record.session,
        from: record.from,
        kind: record.kind,
        text: record.text,
        sent_at: record.sent_at,
    }
}

/// The invitation or device of an agent, as sessions and requests name it.
pub(crate) fn target_of(audience: &Audience) -> Target {
    match audience {
        Audience::Invitation(id) => Target::Invitation(id.clone()),
        Audience::Device(id) => Target::Device(id.clone()),
    }
}
