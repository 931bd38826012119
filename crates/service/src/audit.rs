//! The audit log: what operators and whoever runs the service did, about what, when and from where.
//!
//! A line is added in the transaction of what it tells of, so that neither can be there without the other. It names
//! things and never holds what was said, a code, a token or a password.

use crate::{
    error::{Error, Result},
    service::{Actor, Work},
    store::{AuditFilter, AuditRecord, DeviceRecord, InvitationRecord, OperatorRecord, SessionRecord},
};
use protocol::{
    Operator, OrganisationId, Permissions, RequestId,
    operator::{AuditAction, AuditPage, AuditQuery},
};

const PAGE: u32 = 50;
const MOST: u32 = 100;
/// Who searches for more words than this is no longer looking for a line.
const MAX_WORDS: usize = 8;

/// What a line is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    name: Option<String>,
    id: Option<String>,
    permissions: Option<Permissions>,
}

impl About {
    /// The operator or organisation that acts.
    pub(crate) fn own() -> Self {
        Self::default()
    }

    pub(crate) fn named(name: impl Into<String>, id: &str) -> Self {
        Self { name: Some(name.into()), id: Some(id.to_owned()), permissions: None }
    }

    pub(crate) fn operator(operator: &Operator) -> Self {
        Self::named(operator.name.clone(), operator.id.as_str())
    }

    pub(crate) fn device(device: &DeviceRecord) -> Self {
        Self::named(format!("{} ({})", device.computer, device.user), device.id.as_str())
    }

    pub(crate) fn invitation(invitation: &InvitationRecord) -> Self {
        Self {
            name: invitation.label.clone(),
            id: Some(invitation.id.as_str().to_owned()),
            permissions: None,
        }
    }

    pub(crate) fn session(session: &SessionRecord) -> Self {
        Self::named(session.title.clone(), session.id.as_str())
    }

    pub(crate) fn request(name: Option<String>, id: &RequestId) -> Self {
        Self { name, id: Some(id.as_str().to_owned()), permissions: None }
    }

    pub(crate) fn with(self, permissions: Permissions) -> Self {
        Self { permissions: Some(permissions), ..self }
    }
}

/// Notes what the operator does for whom this use case runs.
pub(crate) fn note(work: &mut Work<'_>, action: AuditAction, about: About) -> Result<()> {
    let actor = work.actor.clone().ok_or(Error::Broken("somebody unknown did what only operators do"))?;
    note_by(work, actor, action, about)
}

/// Notes what the service did by itself.
pub(crate) fn note_by_service(
    work: &mut Work<'_>,
    organisation: &OrganisationId,
    action: AuditAction,
    about: About,
) -> Result<()> {
    let About { name, id, permissions } = about;
    let (at, organisation) = (work.now, organisation.clone());
    let entry = AuditRecord {
        at,
        organisation,
        operator: None,
        action,
        about: name,
        about_id: id,
        permissions,
        address: None,
    };
    Ok(work.tx.add_audit(&entry)?)
}

/// The same for somebody who is not signed in yet.
pub(crate) fn note_by(work: &mut Work<'_>, actor: Actor, action: AuditAction, about: About) -> Result<()> {
    let Actor { operator, organisation, address } = actor;
    let About { name, id, permissions } = about;
    let entry = AuditRecord {
        at: work.now,
        organisation,
        operator: Some(operator),
        action,
        about: name,
        about_id: id,
        permissions,
        address: address.map(|address| address.to_string()),
    };
    Ok(work.tx.add_audit(&entry)?)
}

/// One page of the log of the administrator's organisation.
pub(crate) fn page(work: &mut Work<'_>, by: &OperatorRecord, wanted: AuditQuery) -> Result<AuditPage> {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::Invalid(format!("limit must be between 1 and {MOST}")));
    }
    let search = wanted.search.unwrap_or_default();
    let filter = AuditFilter {
        organisation: Some(by.organisation.clone()),
        words: search.split_whitespace().take(MAX_WORDS).map(str::to_owned).collect(),
        operator: wanted.operator,
        action: wanted.action,
        from: wanted.from,
        until: wanted.until,
        before: wanted.after,
    };
    // One more than wanted tells whether there is a next page.
    let mut entries: Vec<_> =
        work.tx.audit(&filter, limit + 1)?.into_iter().map(|(_, entry)| entry).collect();
    let next = if entries.len() > limit as usize {
        entries.truncate(limit as usize);
        entries.last().map(|entry| entry.number)
    } else {
        None
    };
    Ok(AuditPage { entries, next })
}
