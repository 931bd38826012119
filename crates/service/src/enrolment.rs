//! Device groups and enrolment tokens, as administrators manage them.

use crate::{
    admin,
    audit::{self, About},
    clock::{after, before},
    devices,
    error::{Error, Result},
    ids, quotas,
    service::{Change, Work},
    sessions,
    store::{Countable, EnrolmentTokenRecord, GroupRecord, OperatorRecord},
};
use protocol::{
    EnrolmentTokenId, GroupId, Permissions, Secret,
    event::Event,
    operator::{
        AddEnrolmentToken, AddGroup, AuditAction, ChangeGroup, EnrolmentTokenAdded, EnrolmentTokenView,
        EnrolmentView, GroupView,
    },
    signed::Audience,
    text,
};

/// The longest note on a token.
const MAX_LABEL_CHARS: usize = 100;
/// The longest life of a token that has an end.
const MAX_DAYS: u32 = 3650;
/// Tokens that are over for longer are no longer listed.
const LISTED_SECS: u32 = 30 * 24 * 60 * 60;

/// The organisation's groups with their tokens, by name.
pub(crate) fn list(work: &mut Work<'_>, by: &OperatorRecord) -> Result<Vec<EnrolmentView>> {
    let groups = work.tx.groups(&by.organisation)?;
    groups.into_iter().map(|group| view(work, group)).collect()
}

fn view(work: &mut Work<'_>, group: GroupRecord) -> Result<EnrolmentView> {
    let oldest = before(work.now, LISTED_SECS);
    let tokens = work.tx.enrolment_tokens(&group.public.id)?;
    let listed = tokens.into_iter().filter(|(token, _)| {
        token.revoked_at.or(token.expires_at).is_none_or(|over_since| over_since > oldest)
    });
    let tokens = listed.map(|(token, devices)| token_view(token, devices)).collect::<Result<_>>()?;
    let devices = work.tx.devices_in(&group.public.id)?.len();
    Ok(EnrolmentView {
        devices: u32::try_from(devices).unwrap_or(u32::MAX),
        group: group.public,
        requires_acceptance: group.requires_acceptance,
        tokens,
    })
}

fn token_view(token: EnrolmentTokenRecord, devices: u32) -> Result<EnrolmentTokenView> {
    Ok(EnrolmentTokenView {
        // The hash of 256 random bits leads nobody back to them.
        id: token.hash.try_into().map_err(|_| Error::Broken("a token's hash is not an identifier"))?,
        label: token.label,
        created_at: token.created_at,
        expires_at: token.expires_at,
        uses_left: token.uses_left,
        devices,
        revoked_at: token.revoked_at,
    })
}

/// Adds a group.
pub(crate) fn add_group(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    wanted: &AddGroup,
) -> Result<EnrolmentView> {
    let group = GroupRecord {
        public: GroupView {
            id: ids::fresh(),
            name: checked_name(&wanted.name)?,
            permissions: checked(wanted.permissions)?,
        },
        organisation: by.organisation.clone(),
        requires_acceptance: wanted.requires_acceptance,
    };
    quotas::one_more(work, Countable::Groups, &by.organisation)?;
    work.tx.add_group(&group)?;
    audit::note(work, AuditAction::GroupAdded, about(&group).with(group.public.permissions))?;
    view(work, group)
}

/// Changes a group. Its devices are told, and sessions on them keep no more than it still allows.
pub(crate) fn change_group(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    id: &GroupId,
    wanted: &ChangeGroup,
) -> Result<EnrolmentView> {
    let before = own(work, by, id)?;
    let mut group = before.clone();
    if let Some(name) = &wanted.name {
        group.public.name = checked_name(name)?;
    }
    if let Some(permissions) = wanted.permissions {
        group.public.permissions = checked(permissions)?;
    }
    if let Some(requires) = wanted.requires_acceptance {
        group.requires_acceptance = requires;
    }
    work.tx.update_group(&group)?;
    audit::note(work, AuditAction::GroupChanged, about(&group).with(group.public.permissions))?;
    if group.public != before.public {
        for device in work.tx.devices_in(id)? {
            let Some(agent) = work.tx.agent_of(&Audience::Device(device.id.clone()))? else { continue };
            work.tell(agent.key, &Event::DeviceChanged(devices::standing(&device)))?;
            if let Some(session) = work.tx.running_session(agent.key)? {
                let granted = session.granted.intersection(group.public.permissions);
                if granted != session.granted {
                    sessions::narrow(work, &session, granted)?;
                }
            }
        }
        work.changed(&by.organisation, Change::Everything);
    }
    view(work, group)
}

/// Makes a token for a group; it is told once and kept as a hash.
pub(crate) fn add_token(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    id: &GroupId,
    wanted: &AddEnrolmentToken,
) -> Result<EnrolmentTokenAdded> {
    let group = own(work, by, id)?;
    if wanted.uses == Some(0) {
        return Err(Error::Invalid("uses must be 1 or more".into()));
    }
    if wanted.expires_in_days.is_some_and(|days| days == 0 || days > MAX_DAYS) {
        return Err(Error::Invalid(format!("expires_in_days must be between 1 and {MAX_DAYS}")));
    }
    let label = wanted.label.as_deref().map(|label| text::one_line(label, MAX_LABEL_CHARS, ""));
    let token = crypto::random_token();
    let record = EnrolmentTokenRecord {
        hash: crypto::hash(token.as_bytes()),
        group: group.public.id.clone(),
        uses_left: wanted.uses,
        expires_at: wanted.expires_in_days.map(|days| after(work.now, days * 24 * 60 * 60)),
        label: label.filter(|label| !label.is_empty()),
        created_at: Some(work.now),
        revoked_at: None,
    };
    quotas::one_more(work, Countable::TokensInForce, &by.organisation)?;
    work.tx.add_enrolment_token(&record)?;
    audit::note(work, AuditAction::TokenMade, about_token(&record, &group.public.name))?;
    tracing::info!(group = %id, by = %by.public.id, "enrolment token made");
    Ok(EnrolmentTokenAdded { token: token_view(record, 0)?, enrolment_token: Secret::new(token) })
}

/// Voids a token: it enrols nothing more. The devices it enrolled stay.
pub(crate) fn revoke_token(work: &mut Work<'_>, by: &OperatorRecord, id: &EnrolmentTokenId) -> Result<()> {
    let token = work.tx.enrolment_token(id.as_str())?.ok_or(Error::NotFound)?;
    let group = own(work, by, &token.group)?;
    if work.tx.revoke_enrolment_token(id, work.now)? {
        audit::note(work, AuditAction::TokenRevoked, about_token(&token, &group.public.name))?;
        tracing::info!(group = %token.group, by = %by.public.id, "enrolment token revoked");
    }
    Ok(())
}

fn about(group: &GroupRecord) -> About {
    About::named(group.public.name.clone(), group.public.id.as_str())
}

/// By its group and label; its identifier tells nothing about the token itself.
fn about_token(token: &EnrolmentTokenRecord, group: &str) -> About {
    let name = token.label.as_ref().map_or_else(|| group.to_owned(), |label| format!("{group}: {label}"));
    About::named(name, &token.hash)
}

fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &GroupId) -> Result<GroupRecord> {
    let found = work.tx.group(id)?;
    found.filter(|group| group.organisation == by.organisation).ok_or(Error::NotFound)
}

fn checked_name(name: &str) -> Result<String> {
    admin::checked_name(name).map_err(|error| Error::Invalid(error.to_string()))
}

fn checked(permissions: Permissions) -> Result<Permissions> {
    if permissions.is_empty() {
        return Err(Error::Invalid("permissions must name at least one".into()));
    }
    Ok(permissions)
}
