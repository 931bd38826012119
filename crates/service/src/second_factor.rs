//! The second factor: a code by RFC 6238 from an app beside the password, and recovery codes for when the app is lost. The
//! other kind is `passkeys`.
//!
//! A code is taken once: neither it nor one of an earlier half minute opens anything after it. Codes are counted like
//! passwords (`guessing`). The key has to be kept as it is, since codes are computed from it; it is nowhere but in the
//! database, which only the service can read. Recovery codes have 99 random bits and are kept as hashes.

use crate::{
    audit::{self, About},
    credentials::{self, SignedIn},
    error::{Error, Result},
    operators, passkeys, passwords,
    service::{Service, Work},
    store::{OperatorRecord, SecondFactorRecord},
};
use protocol::{
    OperatorId, Secret,
    operator::{
        AccountView, AuditAction, ConfirmSecondFactor, ProveSecondFactor, RecoveryCodes, SecondFactorSetup,
        SecondFactorView,
    },
    problem::SecondFactors,
};
use qrcode::{QrCode, render::svg};
use std::{net::IpAddr, sync::Arc};
use totp_rs::{Builder, Totp};

/// Every app knows this, and some nothing else: HMAC-SHA-1, six digits, half a minute.
const STEP_SECS: u64 = 30;
/// One half minute early or late, for clocks that differ.
const SKEW_STEPS: u16 = 1;
const RECOVERY_CODES: usize = 10;
/// The longest text that is looked at as a code.
const MAX_CODE_CHARS: usize = 64;
/// The picture's smallest side, for a telephone that reads it off a screen.
const PICTURE_SIDE: u32 = 220;

/// What showed that somebody holds the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Code,
    RecoveryCode,
}

fn totp(key: &[u8; 20], organisation: &str, login: &str) -> Result<Totp> {
    // A colon separates the two in the link.
    let plain = |text: &str| text.replace(':', " ").into_boxed_str();
    Builder::new()
        .with_secret(key.to_vec())
        .with_skew(SKEW_STEPS)
        .with_step_duration(STEP_SECS)
        .with_issuer(Some(plain(organisation)))
        .with_account_name(plain(login))
        .build()
        .map_err(|_| Error::Broken("a second factor cannot be computed"))
}

/// Takes a code or recovery code, which opens nothing a second time.
pub(crate) fn prove(work: &mut Work<'_>, of: &OperatorId, code: &Secret) -> Result<Proof> {
    let factor = work.tx.second_factor(of)?.filter(|factor| factor.confirmed_at.is_some());
    if code.expose().chars().count() > MAX_CODE_CHARS {
        return Err(Error::WrongSecondFactor);
    }
    if let Some(factor) = factor
        && let Some(step) = step_of(work, &factor, code)?
    {
        work.tx.set_second_factor(of, Some(&SecondFactorRecord { last_step: step, ..factor }))?;
        return Ok(Proof::Code);
    }
    if work.tx.use_recovery_code(of, &recovery_hash(code.expose()))? {
        return Ok(Proof::RecoveryCode);
    }
    Err(Error::WrongSecondFactor)
}

/// The time step of a code that was not used yet, and none after it.
fn step_of(work: &Work<'_>, factor: &SecondFactorRecord, code: &Secret) -> Result<Option<i64>> {
    let digits: String = code.expose().chars().filter(|it| !it.is_whitespace()).collect();
    let now = u64::try_from(work.now.as_second()).unwrap_or_default();
    let step = totp(&factor.key, "", "operator")?.check(&digits, now);
    Ok(step.and_then(|step| i64::try_from(step).ok()).filter(|step| *step > factor.last_step))
}

/// As people type them: with or without hyphens, in upper or lower case.
fn recovery_hash(code: &str) -> String {
    let plain: String = code.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    crypto::hash(plain.as_bytes())
}

/// How the operator's second factor stands.
pub(crate) fn view(work: &mut Work<'_>, who: &SignedIn) -> Result<SecondFactorView> {
    let id = &who.operator.public.id;
    let offered = work.service.passkeys.are_offered();
    Ok(SecondFactorView {
        since: who.operator.second_factor_since,
        app_since: work.tx.second_factor(id)?.and_then(|factor| factor.confirmed_at),
        passkeys: passkeys::list(work, id)?,
        passkey_origin: offered.then(|| work.service.public_url.clone()),
        required: is_demanded(work, who)?,
        recovery_codes_left: work.tx.count_recovery_codes(id)?,
    })
}

fn is_demanded(work: &mut Work<'_>, who: &SignedIn) -> Result<bool> {
    let organisation = work.tx.organisation(&who.operator.organisation)?;
    Ok(organisation.is_some_and(|organisation| organisation.second_factor_required))
}

/// Refuses to leave somebody without a second factor where one is demanded.
pub(crate) fn must_not_be_demanded(work: &mut Work<'_>, who: &SignedIn) -> Result<()> {
    if is_demanded(work, who)? {
        return Err(Error::Forbidden("your organisation demands a second factor"));
    }
    Ok(())
}

/// Whether codes of an app are taken.
pub(crate) fn has_app(work: &mut Work<'_>, of: &OperatorId) -> Result<bool> {
    Ok(work.tx.second_factor(of)?.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// With what somebody who knows the password can go on.
pub(crate) fn kinds(work: &mut Work<'_>, of: &OperatorId) -> Result<SecondFactors> {
    let passkey = work.service.passkeys.are_offered() && !work.tx.passkeys(of)?.is_empty();
    Ok(SecondFactors { app: has_app(work, of)?, passkey })
}

/// Makes a key for an app. It counts for nothing until a code of it came back.
pub(crate) async fn begin(
    service: &Arc<Service>,
    who: SignedIn,
    password: Secret,
    from: IpAddr,
) -> Result<SecondFactorSetup> {
    credentials::prove_password(service, &who, password, from).await?;
    service
        .run_for(who, |work, who| {
            if has_app(work, &who.operator.public.id)? {
                return Err(Error::Forbidden("there is an app already; take it away first"));
            }
            let organisation = work.tx.organisation(&who.operator.organisation)?;
            let organisation = organisation.ok_or(Error::Broken("an operator without an organisation"))?;
            let key = crypto::random_bytes::<20>();
            let factor = SecondFactorRecord { key, confirmed_at: None, last_step: 0 };
            work.tx.set_second_factor(&who.operator.public.id, Some(&factor))?;
            setup(&totp(&key, &organisation.public.name, &who.operator.login)?)
        })
        .await
}

fn setup(totp: &Totp) -> Result<SecondFactorSetup> {
    let link = totp.to_url().map_err(|_| Error::Broken("a second factor has no link"))?;
    let code = QrCode::new(link.as_bytes()).map_err(|_| Error::Broken("a link is too long for a QR code"))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(PICTURE_SIDE, PICTURE_SIDE).build();
    Ok(SecondFactorSetup {
        key: Secret::new(totp.secret().to_base32()),
        link: Secret::new(link),
        picture: Secret::new(picture),
    })
}

/// The first code from the app: from now on signing in takes one. Sign-ins elsewhere are over. Recovery codes that came with
/// a passkey are replaced.
pub(crate) async fn confirm(
    service: &Arc<Service>,
    who: SignedIn,
    wanted: ConfirmSecondFactor,
    from: IpAddr,
) -> Result<RecoveryCodes> {
    let login = who.operator.login.clone();
    service.guessing.try_second_factor(&login, from, service.clock.now())?;
    let codes = service
        .run_for(who, move |work, who| {
            let id = &who.operator.public.id;
            let factor = work.tx.second_factor(id)?.filter(|factor| factor.confirmed_at.is_none());
            let factor =
                factor.ok_or_else(|| Error::Invalid("there is nothing to confirm; begin anew".into()))?;
            let last_step = step_of(work, &factor, &wanted.code)?.ok_or(Error::WrongSecondFactor)?;
            let factor = SecondFactorRecord { confirmed_at: Some(work.now), last_step, ..factor };
            work.tx.set_second_factor(id, Some(&factor))?;
            operators::sign_out_everywhere(work, &who.operator, Some(&who.token_hash))?;
            audit::note(work, AuditAction::SecondFactorSet, About::own())?;
            fresh_codes(work, id)
        })
        .await?;
    service.guessing.second_factor_succeeded(&login, from);
    Ok(codes)
}

/// Recovery codes in the place of those there are.
pub(crate) fn fresh_codes(work: &mut Work<'_>, of: &OperatorId) -> Result<RecoveryCodes> {
    let codes: Vec<String> = std::iter::repeat_with(passwords::readable).take(RECOVERY_CODES).collect();
    let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(code)).collect();
    work.tx.set_recovery_codes(of, &hashes)?;
    Ok(RecoveryCodes { recovery_codes: codes.into_iter().map(Secret::new).collect() })
}

/// New recovery codes in the place of those there are.
pub(crate) async fn renew_codes(
    service: &Arc<Service>,
    who: SignedIn,
    shown: ProveSecondFactor,
    from: IpAddr,
) -> Result<RecoveryCodes> {
    proven(service, who, shown, from, |work, who| {
        audit::note(work, AuditAction::RecoveryCodesRenewed, About::own())?;
        fresh_codes(work, &who.operator.public.id)
    })
    .await
}

/// Takes the own app away, where the organisation leaves that to its operators or there are passkeys too.
pub(crate) async fn remove(
    service: &Arc<Service>,
    who: SignedIn,
    shown: ProveSecondFactor,
    from: IpAddr,
) -> Result<()> {
    proven(service, who, shown, from, |work, who| {
        let id = &who.operator.public.id;
        if work.tx.passkeys(id)?.is_empty() {
            must_not_be_demanded(work, who)?;
            work.tx.clear_second_factors(id)?;
        } else if has_app(work, id)? {
            work.tx.set_second_factor(id, None)?;
        } else {
            return Err(Error::NotFound);
        }
        audit::note(work, AuditAction::SecondFactorRemoved, About::own())
    })
    .await
}

/// Does something that takes password and code once more.
async fn proven<T: Send + 'static>(
    service: &Arc<Service>,
    who: SignedIn,
    shown: ProveSecondFactor,
    from: IpAddr,
    then: impl FnOnce(&mut Work<'_>, &SignedIn) -> Result<T> + Send + 'static,
) -> Result<T> {
    let ProveSecondFactor { current_password, code } = shown;
    credentials::prove_password(service, &who, current_password, from).await?;
    let account = who.operator.clone();
    service.guessing.try_second_factor(&account.login, from, service.clock.now())?;
    let done = service.run_for(who, move |work, who| {
        if prove(work, &who.operator.public.id, &code)? == Proof::RecoveryCode {
            audit::note(work, AuditAction::RecoveryCodeUsed, About::own())?;
        }
        then(work, who)
    });
    let done = match done.await {
        Err(Error::WrongSecondFactor) => {
            credentials::note_failure(service, account, from).await?;
            return Err(Error::WrongSecondFactor);
        }
        done => done?,
    };
    service.guessing.second_factor_succeeded(&account.login, from);
    Ok(done)
}

/// An administrator takes an operator's second factor away, passkeys too, whose devices and recovery codes are lost.
pub(crate) fn reset(work: &mut Work<'_>, by: &OperatorRecord, id: &OperatorId) -> Result<AccountView> {
    let record = operators::own(work, by, id)?;
    if by.public.id == *id {
        return Err(Error::Forbidden("take your own second factor away in your account"));
    }
    if record.second_factor_since.is_some() {
        operators::sign_out_everywhere(work, &record, None)?;
        audit::note(work, AuditAction::SecondFactorReset, About::operator(&record.public))?;
    }
    work.tx.clear_second_factors(id)?;
    Ok(operators::view(OperatorRecord { second_factor_since: None, ..record }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_link_that_apps_know() {
        let setup = setup(&totp(&[7; 20], "Example: Support", "olivia").unwrap()).unwrap();
        let link = setup.link.expose();
        assert!(link.starts_with("otpauth://totp/Example%20%20Support:olivia?secret="), "{link}");
        assert!(link.contains(setup.key.expose()));
        assert!(setup.picture.expose().contains("<svg") && !setup.picture.expose().contains("script"));
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let hash = recovery_hash("abcde-fghjk-mnpqr-stuvw");
        for typed in ["ABCDE FGHJK MNPQR STUVW", "abcdefghjkmnpqrstuvw", " abcde-fghjk-mnpqr-stuvw "] {
            assert_eq!(recovery_hash(typed), hash);
        }
        assert_ne!(recovery_hash("abcde-fghjk-mnpqr-stuvx"), hash);
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, for SHA-1 and the last six of eight digits.
        let totp = totp(b"12345678901234567890", "", "operator").unwrap();
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(totp.check(code, secs), Some(secs / STEP_SECS));
            assert_eq!(totp.check(code, secs + 3 * STEP_SECS), None);
        }
    }
}
