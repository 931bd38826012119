//! Operators' accounts: added, changed, disabled by administrators; a password is changed by its owner.
//!
//! Nobody but its owner ever knows a lasting password: who adds an account or resets it is told a one-time password, which
//! opens nothing but the choice of an own one.

use crate::{
    admin,
    audit::{self, About},
    branding,
    clock::after,
    credentials::{self, SignedIn},
    error::{Error, Result},
    ids, passwords, quotas, requests,
    service::{Change, Service, Work},
    sessions,
    store::{self, Countable, OperatorRecord, OrganisationRecord},
};
use protocol::{
    EndReason, Operator, OperatorId, Secret, UnansweredCause,
    operator::{
        AccountView, AccountWithPassword, AddOperator, AuditAction, ChangeOperator, ChangePassword,
        ChangePolicy, OrganisationSettings, Role,
    },
};
use std::{net::IpAddr, sync::Arc};

/// How long a one-time password can be used.
const ONE_TIME_SECS: u32 = 7 * 24 * 60 * 60;

pub(crate) fn view(record: OperatorRecord) -> AccountView {
    AccountView {
        operator: record.public,
        login: record.login,
        role: record.role,
        disabled: record.disabled_at.is_some(),
        second_factor: record.second_factor_since.is_some(),
        one_time_until: record.one_time_until,
        created_at: record.created_at,
        last_sign_in: record.last_sign_in,
    }
}

/// The organisation's accounts, by name.
pub(crate) fn list(work: &mut Work<'_>, by: &OperatorRecord) -> Result<Vec<AccountView>> {
    Ok(work.tx.operators(&by.organisation)?.into_iter().map(view).collect())
}

/// Adds an account.
pub(crate) async fn add(
    service: &Arc<Service>,
    by: SignedIn,
    wanted: AddOperator,
) -> Result<AccountWithPassword> {
    let name = admin::checked_name(&wanted.name).map_err(refused)?;
    let login = admin::checked_login(&wanted.login).map_err(refused)?;
    let (password, password_hash) = one_time_password(service).await?;
    let account = service
        .run_for(by, move |work, SignedIn { operator: by, .. }| {
            let record = OperatorRecord {
                public: Operator { id: ids::fresh(), name },
                organisation: by.organisation.clone(),
                login,
                password_hash,
                role: wanted.role,
                disabled_at: None,
                one_time_until: Some(after(work.now, ONE_TIME_SECS)),
                created_at: Some(work.now),
                last_sign_in: None,
                second_factor_since: None,
            };
            quotas::one_more(work, Countable::Operators, &by.organisation)?;
            match work.tx.add_operator(&record) {
                Err(store::Error::Exists) => return Err(Error::LoginTaken),
                other => other?,
            }
            audit::note(work, AuditAction::OperatorAdded, About::operator(&record.public))?;
            tracing::info!(operator = %record.public.id, by = %by.public.id, "operator added");
            Ok(view(record))
        })
        .await?;
    Ok(AccountWithPassword { account, one_time_password: password })
}

/// Gives an account a one-time password in the place of its own; whoever is signed in with it is signed out.
pub(crate) async fn reset_password(
    service: &Arc<Service>,
    by: SignedIn,
    id: OperatorId,
) -> Result<AccountWithPassword> {
    let (password, password_hash) = one_time_password(service).await?;
    let account = service
        .run_for(by, move |work, SignedIn { operator: by, .. }| {
            let record = own(work, by, &id)?;
            if by.public.id == id {
                return Err(Error::Forbidden("change your own password instead"));
            }
            let one_time_until = Some(after(work.now, ONE_TIME_SECS));
            let record = OperatorRecord { password_hash, one_time_until, ..record };
            work.tx.update_operator(&record)?;
            sign_out_everywhere(work, &record, None)?;
            audit::note(work, AuditAction::PasswordReset, About::operator(&record.public))?;
            tracing::info!(operator = %id, by = %by.public.id, "password reset");
            Ok(view(record))
        })
        .await?;
    Ok(AccountWithPassword { account, one_time_password: password })
}

/// Changes an account. Who loses a role or is disabled is signed out; a disabled operator's sessions end.
pub(crate) fn change(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    id: &OperatorId,
    wanted: &ChangeOperator,
) -> Result<AccountView> {
    let before = own(work, by, id)?;
    let mut record = before.clone();
    if let Some(name) = &wanted.name {
        record.public.name = admin::checked_name(name).map_err(refused)?;
    }
    if let Some(role) = wanted.role {
        record.role = role;
    }
    if let Some(disabled) = wanted.disabled {
        record.disabled_at = disabled.then(|| before.disabled_at.unwrap_or(work.now));
    }
    let less = record.role != before.role || record.disabled_at.is_some() != before.disabled_at.is_some();
    work.tx.update_operator(&record)?;
    if !work.tx.operators(&by.organisation)?.iter().any(can_administrate) {
        return Err(Error::LastAdministrator);
    }
    note_changes(work, &before, &record)?;
    if less {
        sign_out_everywhere(work, &record, None)?;
        tracing::info!(operator = %id, by = %by.public.id, role = ?record.role,
            disabled = record.disabled_at.is_some(), "account changed");
    }
    if record.disabled_at.is_some() {
        stop_work(work, id)?;
    }
    Ok(view(record))
}

fn note_changes(work: &mut Work<'_>, before: &OperatorRecord, now: &OperatorRecord) -> Result<()> {
    let disabled = (before.disabled_at.is_some(), now.disabled_at.is_some());
    let changes = [
        (before.public.name != now.public.name, AuditAction::OperatorRenamed),
        (before.role != now.role && now.role == Role::Administrator, AuditAction::MadeAdministrator),
        (before.role != now.role && now.role == Role::Operator, AuditAction::MadeOperator),
        (disabled == (false, true), AuditAction::OperatorDisabled),
        (disabled == (true, false), AuditAction::OperatorEnabled),
    ];
    for (_, action) in changes.into_iter().filter(|(happened, _)| *happened) {
        audit::note(work, action, About::operator(&now.public))?;
    }
    Ok(())
}

fn can_administrate(operator: &OperatorRecord) -> bool {
    operator.role == Role::Administrator && operator.disabled_at.is_none()
}

/// Sets what the organisation demands of its operators. Those who do not meet it are signed out, the administrator who set
/// it excepted, whose next call is answered accordingly.
pub(crate) fn change_policy(
    work: &mut Work<'_>,
    who: &SignedIn,
    wanted: &ChangePolicy,
) -> Result<OrganisationSettings> {
    let by = &who.operator;
    let before = branding::record(work, &by.organisation)?;
    let required = wanted.second_factor_required;
    if required != before.second_factor_required {
        work.tx.update_organisation(&OrganisationRecord { second_factor_required: required, ..before })?;
        let action =
            if required { AuditAction::SecondFactorDemanded } else { AuditAction::SecondFactorOptional };
        audit::note(work, action, About::own())?;
        if required {
            for operator in work.tx.operators(&by.organisation)? {
                if operator.second_factor_since.is_none() {
                    sign_out_everywhere(work, &operator, Some(&who.token_hash))?;
                }
            }
        }
    }
    branding::settings(work, by)
}

/// Ends what an operator who can no longer sign in has begun; their invitations are their colleagues' too and stay.
fn stop_work(work: &mut Work<'_>, operator: &OperatorId) -> Result<()> {
    for request in work.tx.open_requests()? {
        if request.operator.id == *operator {
            requests::close_open(work, request.agent, UnansweredCause::Withdrawn)?;
        }
    }
    for session in work.tx.running_sessions()? {
        if session.operator.id == *operator {
            sessions::end(work, &session, EndReason::Service)?;
        }
    }
    Ok(())
}

/// Voids an operator's sign-ins, except the one with this hash.
pub(crate) fn sign_out_everywhere(
    work: &mut Work<'_>,
    operator: &OperatorRecord,
    except: Option<&str>,
) -> Result<()> {
    for hash in work.tx.sign_ins_of(&operator.public.id)? {
        if Some(hash.as_str()) != except {
            work.tx.delete_sign_in(&hash)?;
            work.changed(&operator.organisation, Change::SignedOut(hash));
        }
    }
    Ok(())
}

/// An operator chooses a new password; sign-ins elsewhere are over.
pub(crate) async fn change_password(
    service: &Arc<Service>,
    who: SignedIn,
    wanted: ChangePassword,
    from: IpAddr,
) -> Result<()> {
    let ChangePassword { current_password, new_password } = wanted;
    let login = who.operator.login.clone();
    admin::check_password(new_password.expose(), &login).map_err(refused)?;
    if current_password.expose() == new_password.expose() {
        return Err(Error::WeakPassword("the new password must differ from the present one"));
    }
    let present = who.operator.password_hash.clone();
    credentials::prove_password(service, &who, current_password, from).await?;
    let password_hash = service.passwords.hash(new_password).await?;
    service
        .run_for(who, move |work, who| {
            let id = &who.operator.public.id;
            // An administrator may have reset it while the check ran.
            let record = work.tx.operator(id)?.filter(|record| record.password_hash == present);
            let record = record.ok_or(Error::WrongCurrentPassword)?;
            let record = OperatorRecord { password_hash, one_time_until: None, ..record };
            work.tx.update_operator(&record)?;
            audit::note(work, AuditAction::PasswordChanged, About::own())?;
            sign_out_everywhere(work, &record, Some(&who.token_hash))
        })
        .await
}

/// An account of the administrator's organisation.
pub(crate) fn own(work: &mut Work<'_>, by: &OperatorRecord, id: &OperatorId) -> Result<OperatorRecord> {
    let found = work.tx.operator(id)?;
    found.filter(|operator| operator.organisation == by.organisation).ok_or(Error::NotFound)
}

fn refused(error: admin::Error) -> Error {
    match error {
        admin::Error::Password => {
            Error::WeakPassword("the password must have at least 12 characters and at most 1024 bytes")
        }
        admin::Error::WeakPassword => {
            Error::WeakPassword("the password repeats the sign-in name or one character")
        }
        other => Error::Invalid(other.to_string()),
    }
}

async fn one_time_password(service: &Arc<Service>) -> Result<(Secret, String)> {
    let password = Secret::new(passwords::readable());
    let hash = service.passwords.hash(password.clone()).await?;
    Ok((password, hash))
}
