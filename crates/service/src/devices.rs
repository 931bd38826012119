//! Devices: enrolled by IT's token, accepted and retired by operators.

use crate::{
    abuse,
    audit::{self, About},
    branding,
    credentials::checked,
    error::{Error, Result},
    events, ids, quotas, requests,
    service::{Change, Work},
    sessions,
    store::{Countable, DeviceRecord, OperatorRecord},
};
use crypto::PublicKey;
use protocol::{
    DeviceId, EndReason, Secret, SignedDuration, Timestamp, UnansweredCause,
    agent::{DeviceStanding, EnrolRequest, EnrolResponse},
    event::Event,
    operator::AuditAction,
    signed::{Audience, ENROLMENT_TYP, EnrolmentTerms},
    text,
};

/// The longest name of a computer or user.
const MAX_NAME_CHARS: usize = 128;
/// A computer's clock may differ by so much: one that keeps local time is hours off until it is put right.
const PROOF_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// Makes a user's agent a device; a repeat by the same key is the same device, with a fresh token.
pub(crate) fn enrol(work: &mut Work<'_>, wanted: &EnrolRequest) -> Result<EnrolResponse> {
    let public_key: PublicKey = wanted
        .public_key
        .parse()
        .map_err(|_| Error::Invalid("`public_key` must be 32 bytes, base64url without padding".into()))?;
    let description = checked(&wanted.agent)?;
    let token_hash = crypto::hash(wanted.enrolment_token.expose().as_bytes());
    let token = work.tx.enrolment_token(&token_hash)?.ok_or(Error::EnrolmentRefused)?;
    let expired = token.expires_at.is_some_and(|expires_at| expires_at <= work.now);
    if expired || token.revoked_at.is_some() {
        return Err(Error::EnrolmentRefused);
    }
    let group = work.tx.group(&token.group)?.ok_or(Error::EnrolmentRefused)?;
    abuse::check(work, &group.organisation)?;
    check_proof(&wanted.proof, &public_key, &token_hash, work.now)?;
    let public_key = public_key.to_string();
    let computer = text::one_line(&wanted.computer, MAX_NAME_CHARS, "unnamed computer");
    let user = text::one_line(&wanted.user, MAX_NAME_CHARS, "unnamed user");
    let agent_token = crypto::random_token();
    let agent_token_hash = crypto::hash(agent_token.as_bytes());

    if work.tx.is_cloned_key(&public_key)? {
        return Err(Error::KeyCloned);
    }
    let known = work.tx.device_by_key(&group.organisation, &public_key)?;
    let retired_at = work.tx.key_retired_at(&group.organisation, &public_key)?;
    let device = match known {
        // A device of another token, and with it its group, is not changed by one that is deployed beside it.
        Some(device) if device.token_hash == token_hash => {
            let device = DeviceRecord { computer, user, ..device };
            work.tx.update_device(&device)?;
            let agent = work.tx.agent_of(&Audience::Device(device.id.clone()))?;
            let agent = agent.ok_or(Error::Broken("a device without an agent"))?;
            work.tx.renew_agent(agent.key, &description, &agent_token_hash)?;
            work.wake(agent.key);
            device
        }
        Some(_) => return Err(Error::EnrolmentRefused),
        None if token.uses_left == Some(0) => return Err(Error::EnrolmentRefused),
        // The token stays on a computer whose device was retired; only one that is made afterwards lets it in again.
        None if retired_at.is_some_and(|retired| token.created_at.is_none_or(|made| made <= retired)) => {
            return Err(Error::EnrolmentRefused);
        }
        None => {
            quotas::one_more(work, Countable::Devices, &group.organisation)?;
            work.tx.use_enrolment_token(&token_hash)?;
            let device = DeviceRecord {
                id: ids::fresh(),
                organisation: group.organisation.clone(),
                group: group.public.clone(),
                computer,
                user,
                accepted: !group.requires_acceptance,
                enrolled_at: work.now,
                token_hash,
                retired_at: None,
            };
            work.tx.add_device(&device)?;
            let audience = Audience::Device(device.id.clone());
            work.tx.add_agent(
                &group.organisation,
                &audience,
                &public_key,
                &description,
                &agent_token_hash,
            )?;
            device
        }
    };
    work.changed(&group.organisation, Change::Device(device.id.clone()));
    Ok(EnrolResponse {
        branding: branding::of(work, &group.organisation)?,
        agent_token: Secret::new(agent_token),
        organisation: events::organisation(work, &group.organisation)?,
        device: standing(&device),
    })
}

/// That whoever enrols this key holds it, and does so now.
fn check_proof(proof: &str, key: &PublicKey, token_hash: &str, now: Timestamp) -> Result<()> {
    let terms: EnrolmentTerms = crypto::verify(proof, ENROLMENT_TYP, key).map_err(|error| {
        Error::Invalid(format!("`proof` must be signed with the key that enrols: {error}"))
    })?;
    if terms.version != 1 || terms.token != token_hash {
        return Err(Error::Invalid(
            "`proof` must be of version 1 and name the enrolment token's hash".into(),
        ));
    }
    if terms.signed_at.duration_since(now).abs() > PROOF_TOLERANCE {
        return Err(Error::Invalid("`proof` must be of today: is this computer's clock right?".into()));
    }
    Ok(())
}

/// A device as its own agent sees it.
pub(crate) fn standing(device: &DeviceRecord) -> DeviceStanding {
    DeviceStanding {
        device_id: device.id.clone(),
        group_id: device.group.id.clone(),
        group_name: device.group.name.clone(),
        permissions: device.group.permissions,
        accepted: device.accepted,
    }
}

/// A device of the operator's organisation that is not retired.
pub(crate) fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &DeviceId) -> Result<DeviceRecord> {
    let found = work.tx.device(id)?;
    found
        .filter(|device| device.organisation == by.organisation && device.retired_at.is_none())
        .ok_or(Error::NotFound)
}

/// Accepts a device that waits for it.
pub(crate) fn accept(work: &mut Work<'_>, by: &OperatorRecord, id: &DeviceId) -> Result<()> {
    let device = own(work, by, id)?;
    if device.accepted {
        return Ok(());
    }
    let device = DeviceRecord { accepted: true, ..device };
    work.tx.update_device(&device)?;
    audit::note(work, AuditAction::DeviceAccepted, About::device(&device))?;
    if let Some(agent) = work.tx.agent_of(&Audience::Device(id.clone()))? {
        work.tell(agent.key, &Event::DeviceChanged(standing(&device)))?;
    }
    work.changed(&by.organisation, Change::Device(id.clone()));
    Ok(())
}

/// An operator retires a device.
pub(crate) fn retire(work: &mut Work<'_>, by: &OperatorRecord, id: &DeviceId) -> Result<()> {
    let device = own(work, by, id)?;
    audit::note(work, AuditAction::DeviceRetired, About::device(&device))?;
    give_up(work, device)
}

/// Retires a device: ends what runs on it and voids its token.
pub(crate) fn give_up(work: &mut Work<'_>, device: DeviceRecord) -> Result<()> {
    let (id, organisation) = (&device.id.clone(), &device.organisation.clone());
    if let Some(agent) = work.tx.agent_of(&Audience::Device(id.clone()))? {
        requests::close_open(work, agent.key, UnansweredCause::Withdrawn)?;
        if let Some(session) = work.tx.running_session(agent.key)? {
            sessions::end(work, &session, EndReason::Service)?;
        }
        work.tell(agent.key, &Event::DeviceRetired {})?;
        work.tx.close_agent(agent.key, work.now)?;
    }
    if let Some(help) = work.tx.help_of(id)? {
        work.tx.close_help(&help.id, work.now)?;
        work.changed(organisation, Change::HelpClosed(help.id));
    }
    work.tx.update_device(&DeviceRecord { retired_at: Some(work.now), ..device })?;
    work.changed(organisation, Change::DeviceRetired(id.clone()));
    Ok(())
}
