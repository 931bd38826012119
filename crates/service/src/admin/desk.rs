//! What whoever runs the service does about organisations: approves domains, reads reports, suspends, exports the audit log.

use super::{Admin, Error, is_domain};
use crate::store::{AuditFilter, AuditRecord, OrganisationRecord, ReportRecord, Tx};
use protocol::{
    OrganisationId, Timestamp,
    operator::{AuditAction, AuditEntry, DomainBy},
};

/// So many lines are read at a time.
const LINES: u32 = 1000;

impl Admin {
    fn change(
        &self,
        id: &OrganisationId,
        change: impl FnOnce(&mut OrganisationRecord) -> Option<AuditAction>,
    ) -> Result<(), Error> {
        self.run(|tx| {
            let known = tx.organisation(id)?;
            let before = known.ok_or_else(|| Error::NoOrganisation(id.clone()))?;
            let mut record = before.clone();
            if let Some(action) = change(&mut record) {
                tx.update_organisation(&record)?;
                note(tx, id, action, record.public.domain.or(before.public.domain).as_deref())?;
            }
            Ok(())
        })
    }

    /// Shows users this domain beside the organisation's name: whoever runs the service vouches for it.
    ///
    /// # Errors
    ///
    /// When it is no domain, or there is no such organisation.
    pub fn approve_domain(&self, id: &OrganisationId, domain: &str) -> Result<(), Error> {
        if !is_domain(domain) {
            return Err(Error::Domain(domain.to_owned()));
        }
        self.change(id, |record| {
            record.public.domain = Some(domain.to_owned());
            record.domain_by = Some(DomainBy::Administrator);
            Some(AuditAction::DomainApproved)
        })
    }

    /// Shows users no domain beside the organisation's name any more, however it came there.
    ///
    /// # Errors
    ///
    /// When there is no such organisation.
    pub fn remove_domain(&self, id: &OrganisationId) -> Result<(), Error> {
        self.change(id, |record| {
            record.domain_by = None;
            record.public.domain.take().map(|_| AuditAction::DomainRemoved)
        })
    }

    /// Keeps an organisation from reaching users. A running service ends within a second what it has open.
    ///
    /// # Errors
    ///
    /// When there is no such organisation.
    pub fn suspend(&self, id: &OrganisationId) -> Result<(), Error> {
        self.change(id, |record| {
            let first = record.suspended_at.is_none();
            record.suspended_at.get_or_insert_with(Timestamp::now);
            first.then_some(AuditAction::OrganisationSuspended)
        })
    }

    /// Lets a suspended organisation reach users again.
    ///
    /// # Errors
    ///
    /// When there is no such organisation.
    pub fn resume(&self, id: &OrganisationId) -> Result<(), Error> {
        self.change(id, |record| record.suspended_at.take().map(|_| AuditAction::OrganisationResumed))
    }

    /// Whether an organisation is suspended.
    ///
    /// # Errors
    ///
    /// When there is no such organisation.
    pub fn suspended_since(&self, id: &OrganisationId) -> Result<Option<Timestamp>, Error> {
        let known = self.run(|tx| Ok(tx.organisation(id)?))?;
        known.map(|record| record.suspended_at).ok_or_else(|| Error::NoOrganisation(id.clone()))
    }

    /// What users found suspicious, newest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn reports(&self) -> Result<Vec<ReportRecord>, Error> {
        self.run(|tx| Ok(tx.reports()?))
    }

    /// One report, with the request as it was signed and the receipt that the user's computer signed.
    ///
    /// # Errors
    ///
    /// When there is no report with this number.
    pub fn report(&self, number: i64) -> Result<Report, Error> {
        self.run(|tx| {
            let found = tx.reports()?.into_iter().find(|report| report.number == number);
            let report = found.ok_or(Error::NoReport(number))?;
            let request = tx.request(&report.request)?.ok_or(Error::Broken("a report without a request"))?;
            let receipt = tx.receipt(&report.request)?.map(|receipt| receipt.receipt);
            Ok(Report { report, signed_request: request.signed, receipt })
        })
    }

    /// Gives every line of the audit log to `take`, oldest first, a thousand a transaction, so that a running service goes on.
    ///
    /// # Errors
    ///
    /// When the store fails, or `take` does.
    pub fn export_audit<E: From<Error>>(
        &self,
        wanted: &AuditFilter,
        mut take: impl FnMut(OrganisationId, AuditEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        loop {
            let lines = self.run(|tx| Ok(tx.audit_after(wanted, after, LINES)?))?;
            let Some((_, last)) = lines.last() else { return Ok(()) };
            after = last.number;
            for (organisation, entry) in lines {
                take(organisation, entry)?;
            }
        }
    }
}

/// A report with what proves it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who, when, about which request.
    pub report: ReportRecord,
    /// The request, signed by the organisation.
    pub signed_request: String,
    /// The answer, signed by the user's computer.
    pub receipt: Option<String>,
}

/// Notes what whoever runs the service does to an organisation.
pub(super) fn note(
    tx: &mut dyn Tx,
    organisation: &OrganisationId,
    action: AuditAction,
    about: Option<&str>,
) -> Result<(), Error> {
    let entry = AuditRecord {
        at: Timestamp::now(),
        organisation: organisation.clone(),
        operator: None,
        action,
        about: about.map(str::to_owned),
        about_id: None,
        permissions: None,
        address: None,
    };
    Ok(tx.add_audit(&entry)?)
}
