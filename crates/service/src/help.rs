//! Help requests: the user of a device asks, operators see a queue.

use crate::{
    audit::{self, About},
    credentials::Agent,
    error::{Error, Result},
    ids,
    service::{Change, Work},
    store::{DeviceRecord, HelpRecord, OperatorRecord},
};
use protocol::{HelpId, MAX_HELP_CHARS, event::Event, operator::AuditAction, signed::Audience, text};

/// The user asks, or changes the text of what was asked; the place in the queue stays.
pub(crate) fn ask(work: &mut Work<'_>, agent: &Agent, wanted: &str) -> Result<HelpId> {
    agent.must_be_open()?;
    let device = device_of(work, agent)?;
    if !device.accepted {
        return Err(Error::DevicePending);
    }
    if wanted.chars().count() > MAX_HELP_CHARS {
        return Err(Error::Invalid(format!("text must have at most {MAX_HELP_CHARS} characters")));
    }
    let text = text::lines(wanted.trim(), MAX_HELP_CHARS);
    let id = match work.tx.help_of(&device.id)? {
        Some(help) => {
            work.tx.update_help(&HelpRecord { text, ..help.clone() })?;
            help.id
        }
        None => {
            let help = HelpRecord {
                id: ids::fresh(),
                device: device.id,
                text,
                created_at: work.now,
                taken_by: None,
            };
            work.tx.add_help(&help)?;
            help.id
        }
    };
    work.changed(&agent.record.organisation, Change::Help(id.clone()));
    Ok(id)
}

/// The user no longer needs help.
pub(crate) fn withdraw(work: &mut Work<'_>, agent: &Agent) -> Result<()> {
    let device = device_of(work, agent)?;
    if let Some(help) = work.tx.help_of(&device.id)? {
        work.tx.close_help(&help.id, work.now)?;
        work.changed(&agent.record.organisation, Change::HelpClosed(help.id));
    }
    Ok(())
}

fn device_of(work: &mut Work<'_>, agent: &Agent) -> Result<DeviceRecord> {
    match &agent.record.audience {
        Audience::Device(id) => work.tx.device(id)?.ok_or(Error::Broken("an agent without a device")),
        Audience::Invitation(_) => Err(Error::Forbidden("only the user of a device can ask for help")),
    }
}

/// An operator takes a help request up, or over from a colleague.
pub(crate) fn take(work: &mut Work<'_>, by: &OperatorRecord, id: &HelpId) -> Result<HelpRecord> {
    let (help, device) = own(work, by, id)?;
    let help = HelpRecord { taken_by: Some(by.public.clone()), ..help };
    work.tx.update_help(&help)?;
    audit::note(work, AuditAction::HelpTaken, About::device(&device))?;
    if let Some(agent) = work.tx.agent_of(&Audience::Device(device.id))? {
        let taken = Event::HelpTaken { help_id: help.id.clone(), operator: by.public.clone() };
        work.tell(agent.key, &taken)?;
    }
    work.changed(&by.organisation, Change::Help(help.id.clone()));
    Ok(help)
}

/// An operator closes a help request.
pub(crate) fn close(work: &mut Work<'_>, by: &OperatorRecord, id: &HelpId) -> Result<()> {
    let (help, device) = own(work, by, id)?;
    audit::note(work, AuditAction::HelpClosed, About::device(&device))?;
    work.tx.close_help(&help.id, work.now)?;
    if let Some(agent) = work.tx.agent_of(&Audience::Device(device.id))? {
        work.tell(agent.key, &Event::HelpClosed { help_id: help.id.clone() })?;
    }
    work.changed(&by.organisation, Change::HelpClosed(help.id));
    Ok(())
}

fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &HelpId) -> Result<(HelpRecord, DeviceRecord)> {
    let help = work.tx.help(id)?.ok_or(Error::NotFound)?;
    let device = work.tx.device(&help.device)?.filter(|device| device.organisation == by.organisation);
    Ok((help, device.ok_or(Error::NotFound)?))
}
