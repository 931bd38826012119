//! Invitations: made by an operator, joined by one agent.

use crate::{
    abuse,
    audit::{self, About},
    branding,
    clock::{after, remaining_secs},
    credentials::Agent,
    error::{Error, Result},
    events, ids, quotas, requests,
    service::{Change, Work},
    sessions,
    store::{self, Countable, InvitationRecord, OperatorRecord},
};
use crypto::PublicKey;
use protocol::{
    EndReason, INVITATION_DEFAULT_SECS, INVITATION_MAX_SECS, InvitationId, SessionCode, UnansweredCause,
    agent::{JoinRequest, JoinResponse, LookupRequest, LookupResponse},
    event::Event,
    operator::{AuditAction, CreateInvitation, InvitationState},
    signed::Audience,
    text,
};
use std::net::IpAddr;

/// The shortest life of an unused invitation.
const MIN_SECS: u32 = 60;
/// The longest note of an operator.
const MAX_LABEL_CHARS: usize = 200;
/// So many random codes are tried before giving up; with a million of a billion taken, each is free with 99.9 %.
const CODE_TRIES: u32 = 16;

/// Makes an invitation.
pub(crate) fn create(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    wanted: &CreateInvitation,
) -> Result<InvitationId> {
    let secs = wanted.expires_in_secs.unwrap_or(INVITATION_DEFAULT_SECS);
    if !(MIN_SECS..=INVITATION_MAX_SECS).contains(&secs) {
        return Err(Error::Invalid(format!(
            "`expires_in_secs` must be between {MIN_SECS} and {INVITATION_MAX_SECS}"
        )));
    }
    work.service.quotas.invitation(&by.public.id)?;
    abuse::check(work, &by.organisation)?;
    quotas::one_more(work, Countable::OpenInvitations, &by.organisation)?;
    let label = wanted.label.as_deref().map(|label| text::one_line(label, MAX_LABEL_CHARS, ""));
    for _ in 0..CODE_TRIES {
        let code = random_code()?;
        let invitation = InvitationRecord {
            id: ids::fresh(),
            organisation: by.organisation.clone(),
            operator: by.public.clone(),
            code_mac: work.service.secrets.code_mac(&code),
            code: Some(code),
            label: label.clone().filter(|label| !label.is_empty()),
            created_at: work.now,
            expires_at: after(work.now, secs),
            state: InvitationState::Open,
            closed_at: None,
        };
        match work.tx.add_invitation(&invitation) {
            Ok(()) => {
                audit::note(work, AuditAction::InvitationMade, About::invitation(&invitation))?;
                work.changed(&by.organisation, Change::Invitation(invitation.id.clone()));
                return Ok(invitation.id);
            }
            Err(store::Error::Exists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Broken("no free session code was found"))
}

/// Nine digits, each code as likely as any other.
fn random_code() -> Result<SessionCode> {
    const CODES: u64 = 1_000_000_000;
    // Numbers beyond the last whole multiple would favour small codes.
    let limit = u64::MAX - u64::MAX % CODES;
    loop {
        let number = u64::from_le_bytes(crypto::random_bytes::<8>());
        if number < limit {
            let digits = format!("{:09}", number % CODES);
            return digits.parse().map_err(|_| Error::Broken("nine digits are not a code"));
        }
    }
}

/// Withdraws an invitation that no session has come of.
pub(crate) fn withdraw(work: &mut Work<'_>, by: &OperatorRecord, id: &InvitationId) -> Result<()> {
    let invitation = own(work, by, id)?;
    match invitation.state {
        InvitationState::Open | InvitationState::Joined => {
            close(work, &invitation, InvitationState::Withdrawn)?;
            audit::note(work, AuditAction::InvitationWithdrawn, About::invitation(&invitation))
        }
        InvitationState::Used => {
            Err(Error::Invalid("a session came of this invitation; end the session instead".into()))
        }
        InvitationState::Withdrawn | InvitationState::Expired | InvitationState::Left => Ok(()),
    }
}

/// An invitation of the operator's organisation.
pub(crate) fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &InvitationId) -> Result<InvitationRecord> {
    let found = work.tx.invitation(id)?;
    found.filter(|invitation| invitation.organisation == by.organisation).ok_or(Error::NotFound)
}

/// Closes an invitation of which no session came, and tells its agent.
pub(crate) fn close(
    work: &mut Work<'_>,
    invitation: &InvitationRecord,
    state: InvitationState,
) -> Result<()> {
    work.tx.set_invitation_state(&invitation.id, state, Some(work.now))?;
    if let Some(agent) = work.tx.agent_of(&Audience::Invitation(invitation.id.clone()))? {
        requests::close_open(work, agent.key, UnansweredCause::Withdrawn)?;
        work.tell(agent.key, &Event::InvitationClosed {})?;
        work.tx.close_agent(agent.key, work.now)?;
    }
    work.changed(&invitation.organisation, Change::Invitation(invitation.id.clone()));
    Ok(())
}

/// The session that an invitation was for is over, and the invitation with it.
pub(crate) fn finish(work: &mut Work<'_>, id: &InvitationId) -> Result<()> {
    work.tx.set_invitation_state(id, InvitationState::Used, Some(work.now))?;
    if let Some(agent) = work.tx.agent_of(&Audience::Invitation(id.clone()))? {
        work.tx.close_agent(agent.key, work.now)?;
    }
    Ok(())
}

/// The user of an invitation's agent leaves.
pub(crate) fn leave(work: &mut Work<'_>, agent: &Agent) -> Result<()> {
    let Audience::Invitation(id) = &agent.record.audience else {
        return Err(Error::Forbidden("a device is retired by its organisation, it does not leave"));
    };
    if let Some(session) = work.tx.running_session(agent.record.key)? {
        return sessions::end(work, &session, EndReason::User);
    }
    let invitation = work.tx.invitation(id)?.ok_or(Error::Broken("an agent without an invitation"))?;
    if invitation.state == InvitationState::Joined {
        requests::close_open(work, agent.record.key, UnansweredCause::LinkLost)?;
        work.tx.set_invitation_state(id, InvitationState::Left, Some(work.now))?;
        work.tx.close_agent(agent.record.key, work.now)?;
        work.changed(&invitation.organisation, Change::Invitation(id.clone()));
    }
    Ok(())
}

/// Who made this code? Nothing changes.
pub(crate) fn look_up(work: &mut Work<'_>, wanted: &LookupRequest, from: IpAddr) -> Result<LookupResponse> {
    let guessing = &work.service.guessing;
    guessing.may_try_code(from, None, wanted.proof_of_work.as_ref(), work.now)?;
    let invitation = find(work, &wanted.session_code, from, None)?;
    match invitation.state {
        InvitationState::Open => Ok(LookupResponse {
            organisation: events::organisation(work, &invitation.organisation)?,
            expires_in_secs: remaining_secs(invitation.expires_at, work.now),
        }),
        InvitationState::Joined | InvitationState::Used => {
            Err(failed(work, from, None, Error::InvitationTaken))
        }
        _ => Err(failed(work, from, None, Error::InvitationClosed)),
    }
}

/// Uses up a code: the first agent has the invitation.
pub(crate) fn join(work: &mut Work<'_>, wanted: &JoinRequest, from: IpAddr) -> Result<JoinResponse> {
    let public_key: PublicKey = wanted
        .public_key
        .parse()
        .map_err(|_| Error::Invalid("`public_key` must be 32 bytes, base64url without padding".into()))?;
    let public_key = public_key.to_string();
    let description = crate::credentials::checked(&wanted.agent)?;
    work.service.guessing.may_try_code(from, Some(&public_key), wanted.proof_of_work.as_ref(), work.now)?;
    let invitation = find(work, &wanted.session_code, from, Some(&public_key))?;
    let audience = Audience::Invitation(invitation.id.clone());
    let agent_token = crypto::random_token();
    let token_hash = crypto::hash(agent_token.as_bytes());
    match invitation.state {
        InvitationState::Open => {
            work.tx.add_agent(&invitation.organisation, &audience, &public_key, &description, &token_hash)?;
            work.tx.set_invitation_state(&invitation.id, InvitationState::Joined, None)?;
        }
        // The agent's first answer was lost.
        InvitationState::Joined => match work.tx.agent_of(&audience)? {
            Some(agent) if agent.public_key == public_key => {
                work.tx.renew_agent(agent.key, &description, &token_hash)?;
                work.wake(agent.key);
            }
            _ => return Err(failed(work, from, Some(&public_key), Error::InvitationTaken)),
        },
        InvitationState::Used => return Err(failed(work, from, Some(&public_key), Error::InvitationTaken)),
        InvitationState::Withdrawn | InvitationState::Expired | InvitationState::Left => {
            return Err(failed(work, from, Some(&public_key), Error::InvitationClosed));
        }
    }
    work.changed(&invitation.organisation, Change::Invitation(invitation.id.clone()));
    Ok(JoinResponse {
        branding: branding::of(work, &invitation.organisation)?,
        agent_token: protocol::Secret::new(agent_token),
        organisation: events::organisation(work, &invitation.organisation)?,
        invitation_id: invitation.id,
        expires_in_secs: remaining_secs(invitation.expires_at, work.now),
    })
}

/// The invitation with this code; a wrong code is counted.
fn find(
    work: &mut Work<'_>,
    code: &SessionCode,
    from: IpAddr,
    agent_key: Option<&str>,
) -> Result<InvitationRecord> {
    let code_mac = work.service.secrets.code_mac(code);
    match work.tx.invitation_by_code(&code_mac)? {
        Some(invitation)
            if invitation.expires_at <= work.now && invitation.state == InvitationState::Open =>
        {
            Err(failed(work, from, agent_key, Error::InvitationClosed))
        }
        Some(invitation) => Ok(invitation),
        None => Err(failed(work, from, agent_key, Error::WrongCode)),
    }
}

fn failed(work: &Work<'_>, from: IpAddr, agent_key: Option<&str>, error: Error) -> Error {
    work.service.guessing.code_failed(from, agent_key, work.now);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_nine_digits_and_do_not_repeat() {
        let codes: std::collections::BTreeSet<_> = (0..1000).map(|_| random_code().unwrap()).collect();
        assert!(codes.len() > 995);
        assert!(codes.iter().all(|code| code.digits().len() == 9));
    }
}
