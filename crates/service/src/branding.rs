//! How an organisation looks on users' screens: display text, accent, logo. Name and domain are not here: they are what
//! users go by, and in the keeping of whoever runs the service.

pub(crate) mod picture;

use crate::{
    audit::{self, About},
    credentials::SignedIn,
    error::{Error, Result},
    service::{Service, Work},
    store::{LogoRecord, OperatorRecord, OrganisationRecord},
};
use protocol::{
    Branding, OrganisationId,
    event::Event,
    operator::{AuditAction, ChangeBranding, OrganisationSettings},
    text,
};
use std::sync::Arc;

/// The longest display text.
const MAX_TEXT_CHARS: usize = 80;

/// How an organisation looks.
pub(crate) fn of(work: &mut Work<'_>, id: &OrganisationId) -> Result<Branding> {
    let organisation = record(work, id)?;
    Ok(Branding {
        display_text: organisation.public.display_text,
        accent: organisation.accent,
        logo: work.tx.logo_etag(id)?,
    })
}

/// An organisation's settings.
pub(crate) fn settings(work: &mut Work<'_>, by: &OperatorRecord) -> Result<OrganisationSettings> {
    let branding = of(work, &by.organisation)?;
    let record = record(work, &by.organisation)?;
    Ok(OrganisationSettings {
        organisation: record.public,
        branding,
        second_factor_required: record.second_factor_required,
        domain_by: record.domain_by,
    })
}

/// Sets display text and accent.
pub(crate) fn change(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    wanted: &ChangeBranding,
) -> Result<OrganisationSettings> {
    let before = record(work, &by.organisation)?;
    let mut after = before.clone();
    after.public.display_text = wanted.display_text.as_deref().map(checked_text).transpose()?.flatten();
    after.accent = wanted.accent.as_deref().map(checked_accent).transpose()?;
    if after.accent != before.accent || after.public != before.public {
        work.tx.update_organisation(&after)?;
        audit::note(work, AuditAction::BrandingChanged, About::own())?;
        tell_agents(work, &by.organisation)?;
    }
    settings(work, by)
}

fn checked_text(wanted: &str) -> Result<Option<String>> {
    if wanted.chars().count() > MAX_TEXT_CHARS {
        return Err(Error::Invalid(format!("display_text must have at most {MAX_TEXT_CHARS} characters")));
    }
    let line = text::one_line(wanted, MAX_TEXT_CHARS, "");
    Ok(Some(line).filter(|line| !line.is_empty()))
}

fn checked_accent(wanted: &str) -> Result<String> {
    let digits = wanted.strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(wanted.to_ascii_lowercase())
        }
        _ => Err(Error::Invalid("accent must be a colour like #1a56e8".into())),
    }
}

/// Replaces the logo with what was uploaded, drawn anew.
pub(crate) async fn set_logo(
    service: &Arc<Service>,
    by: SignedIn,
    upload: Vec<u8>,
) -> Result<OrganisationSettings> {
    // Unpacked, a picture takes some sixty megabytes; one at a time leaves the machine usable.
    let _turn = service.pictures.acquire().await.map_err(|_| Error::ShuttingDown)?;
    let png = tokio::task::spawn_blocking(move || picture::redrawn(&upload)).await;
    let png = png.map_err(|_| Error::LogoDamaged)??;
    service
        .run_for(by, move |work, SignedIn { operator: by, .. }| {
            let logo = LogoRecord { etag: crypto::hash(&png), png };
            if work.tx.logo_etag(&by.organisation)?.as_ref() != Some(&logo.etag) {
                work.tx.set_logo(&by.organisation, Some(&logo))?;
                audit::note(work, AuditAction::LogoChanged, About::own())?;
                tell_agents(work, &by.organisation)?;
            }
            settings(work, by)
        })
        .await
}

/// Takes the logo away.
pub(crate) fn remove_logo(work: &mut Work<'_>, by: &OperatorRecord) -> Result<()> {
    if work.tx.logo_etag(&by.organisation)?.is_some() {
        work.tx.set_logo(&by.organisation, None)?;
        audit::note(work, AuditAction::LogoChanged, About::own())?;
        tell_agents(work, &by.organisation)?;
    }
    Ok(())
}

/// An organisation's logo.
pub(crate) fn logo(work: &mut Work<'_>, of: &OrganisationId) -> Result<LogoRecord> {
    work.tx.logo(of)?.ok_or(Error::NotFound)
}

fn tell_agents(work: &mut Work<'_>, id: &OrganisationId) -> Result<()> {
    let changed = Event::BrandingChanged(of(work, id)?);
    for agent in work.tx.open_agents(id)? {
        work.tell(agent, &changed)?;
    }
    Ok(())
}

pub(crate) fn record(work: &mut Work<'_>, id: &OrganisationId) -> Result<OrganisationRecord> {
    work.tx.organisation(id)?.ok_or(Error::Broken("there is no such organisation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_is_six_digits_and_nothing_that_a_style_could_take_for_more() {
        assert_eq!(checked_accent("#1A56e8").unwrap(), "#1a56e8");
        for text in ["", "#", "1a56e8", "#1a56e", "#1a56e80", "#1a56eg", "red", "#1a56e;", "#ａａａａａａ"]
        {
            assert!(checked_accent(text).is_err(), "{text}");
        }
    }
}
