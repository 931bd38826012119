//! Second factors, the audit log, reports.

use super::{Millis, Records, Wire, maybe_time, operator, time, wire};
use crate::store::{AuditFilter, AuditRecord, Countable, ReportRecord, Result, SecondFactorRecord, Security};
use protocol::{Operator, OperatorId, OrganisationId, RequestId, Timestamp, operator::AuditEntry};
use rusqlite::{Row, ToSql, params};

fn entry(row: &Row<'_>) -> rusqlite::Result<(OrganisationId, AuditEntry)> {
    let who: Option<String> = row.get("operator_id")?;
    let entry = AuditEntry {
        number: row.get("number")?,
        at: time(row, "at")?,
        operator: who.map(|_| operator(row)).transpose()?,
        action: wire(row, "action")?,
        about: row.get("about")?,
        about_id: row.get("about_id")?,
        permissions: wire(row, "permissions")?,
        address: row.get("address")?,
    };
    Ok((wire(row, "organisation_id")?, entry))
}

fn report(row: &Row<'_>) -> rusqlite::Result<ReportRecord> {
    Ok(ReportRecord {
        number: row.get("number")?,
        at: time(row, "at")?,
        organisation: wire(row, "organisation_id")?,
        organisation_name: row.get("organisation_name")?,
        operator: operator(row)?,
        login: row.get("login")?,
        request: wire(row, "request_id")?,
    })
}

impl Records<'_> {
    fn audit_lines(
        &self,
        wanted: &AuditFilter,
        place: &'static str,
        number: i64,
        order: &'static str,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AuditEntry)>> {
        let AuditFilter { organisation, words, operator, action, from, until, before: _ } = wanted;
        let mut conditions: Vec<(&'static str, Box<dyn ToSql>)> = vec![(place, Box::new(number))];
        if let Some(organisation) = organisation {
            conditions.push(("organisation_id = ?", Box::new(organisation.as_str().to_owned())));
        }
        for word in words {
            let searched = "instr(fold(concat_ws(' ', operator_name, about, address)), ?)";
            conditions.push((searched, Box::new(word.to_lowercase())));
        }
        if let Some(operator) = operator {
            conditions.push(("operator_id = ?", Box::new(operator.as_str().to_owned())));
        }
        if let Some(action) = action {
            conditions.push(("action = ?", Box::new(Wire(*action))));
        }
        if let Some(from) = from {
            conditions.push(("at >= ?", Box::new(Millis(*from))));
        }
        if let Some(until) = until {
            conditions.push(("at < ?", Box::new(Millis(*until))));
        }
        let (conditions, values): (Vec<_>, Vec<_>) = conditions.into_iter().unzip();
        let conditions = conditions.join(" AND ");
        let sql = format!("SELECT * FROM audit WHERE {conditions} ORDER BY number {order} LIMIT {limit}");
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        self.all(&sql, &values, entry)
    }
}

impl Security for Records<'_> {
    fn second_factor(&mut self, of: &OperatorId) -> Result<Option<SecondFactorRecord>> {
        self.first("SELECT * FROM second_factor WHERE operator_id = ?1", params![Wire(of)], |row| {
            Ok(SecondFactorRecord {
                key: row.get("key")?,
                confirmed_at: maybe_time(row, "confirmed_at")?,
                last_step: row.get("last_step")?,
            })
        })
    }

    fn set_second_factor(&mut self, of: &OperatorId, factor: Option<&SecondFactorRecord>) -> Result<()> {
        match factor {
            Some(SecondFactorRecord { key, confirmed_at, last_step }) => {
                self.execute(
                    "INSERT INTO second_factor (operator_id, key, confirmed_at, last_step) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (operator_id) DO UPDATE SET key = ?2, confirmed_at = ?3, last_step = ?4",
                    params![Wire(of), key, confirmed_at.map(Millis), last_step],
                )?;
            }
            None => {
                self.execute("DELETE FROM second_factor WHERE operator_id = ?1", params![Wire(of)])?;
            }
        }
        Ok(())
    }

    fn set_recovery_codes(&mut self, of: &OperatorId, hashes: &[String]) -> Result<()> {
        self.execute("DELETE FROM recovery_code WHERE operator_id = ?1", params![Wire(of)])?;
        for hash in hashes {
            self.execute(
                "INSERT INTO recovery_code (operator_id, hash) VALUES (?1, ?2)",
                params![Wire(of), hash],
            )?;
        }
        Ok(())
    }

    fn use_recovery_code(&mut self, of: &OperatorId, hash: &str) -> Result<bool> {
        let gone = self.execute(
            "DELETE FROM recovery_code WHERE operator_id = ?1 AND hash = ?2",
            params![Wire(of), hash],
        )?;
        Ok(gone == 1)
    }

    fn count_recovery_codes(&mut self, of: &OperatorId) -> Result<u32> {
        let count = self.first(
            "SELECT count(*) FROM recovery_code WHERE operator_id = ?1",
            params![Wire(of)],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    fn count_unknown_login(&mut self) -> Result<()> {
        self.execute("UPDATE service SET unknown_logins = unknown_logins + 1", params![])?;
        Ok(())
    }

    fn count(&mut self, what: Countable, of: &OrganisationId, now: Timestamp) -> Result<u32> {
        let of_all = match what {
            Countable::Operators => "operator WHERE organisation_id = ?1",
            Countable::Groups => "device_group WHERE organisation_id = ?1",
            Countable::TokensInForce => {
                "enrolment_token JOIN device_group ON device_group.id = group_id
                 WHERE organisation_id = ?1 AND revoked_at IS NULL AND coalesce(uses_left, 1) > 0
                   AND coalesce(expires_at, ?2 + 1) > ?2"
            }
            Countable::Devices => "device WHERE organisation_id = ?1 AND retired_at IS NULL",
            Countable::OpenInvitations => {
                "invitation WHERE organisation_id = ?1 AND closed_at IS NULL AND state = 'open'"
            }
        };
        let sql = format!("SELECT count(*) FROM {of_all}");
        let (of, now) = (Wire(of), Millis(now));
        let values: [&dyn ToSql; 2] = [&of, &now];
        let values = if what == Countable::TokensInForce { &values[..] } else { &values[..1] };
        Ok(self.first(&sql, values, |row| row.get(0))?.unwrap_or_default())
    }

    fn add_audit(&mut self, entry: &AuditRecord) -> Result<()> {
        let (id, name) = entry.operator.as_ref().map(|Operator { id, name }| (Wire(id), name)).unzip();
        self.execute(
            "INSERT INTO audit (at, organisation_id, operator_id, operator_name, action, about, about_id, permissions,
                                address)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                Millis(entry.at),
                Wire(&entry.organisation),
                id,
                name,
                Wire(entry.action),
                entry.about,
                entry.about_id,
                Wire(entry.permissions),
                entry.address
            ],
        )?;
        Ok(())
    }

    fn audit(&mut self, wanted: &AuditFilter, limit: u32) -> Result<Vec<(OrganisationId, AuditEntry)>> {
        let place = wanted.before.map_or(i64::MAX, |before| before.saturating_sub(1));
        self.audit_lines(wanted, "number <= ?", place, "DESC", limit)
    }

    fn audit_after(
        &mut self,
        wanted: &AuditFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(OrganisationId, AuditEntry)>> {
        self.audit_lines(wanted, "number > ?", after, "ASC", limit)
    }

    fn prune_audit_before(&mut self, time: Timestamp) -> Result<()> {
        self.execute("DELETE FROM audit WHERE at < ?1", params![Millis(time)])?;
        Ok(())
    }

    fn add_report(&mut self, request: &RequestId, at: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO report (at, organisation_id, operator_id, request_id)
             SELECT ?2, organisation_id, operator_id, id FROM request WHERE id = ?1
             ON CONFLICT (request_id) DO NOTHING",
            params![Wire(request), Millis(at)],
        )?;
        Ok(())
    }

    fn reports(&mut self) -> Result<Vec<ReportRecord>> {
        self.all(
            "SELECT report.*, organisation.name AS organisation_name, operator.name AS operator_name, operator.login
             FROM report JOIN organisation ON organisation.id = report.organisation_id
                         JOIN operator ON operator.id = report.operator_id
             ORDER BY report.number DESC",
            params![],
            report,
        )
    }

    fn suspended_organisations(&mut self) -> Result<Vec<OrganisationId>> {
        self.all("SELECT id FROM organisation WHERE suspended_at IS NOT NULL ORDER BY id", params![], |row| {
            wire(row, "id")
        })
    }

    fn add_cloned_key(&mut self, public_key: &str, at: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO cloned_key (public_key, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![public_key, Millis(at)],
        )?;
        Ok(())
    }

    fn is_cloned_key(&mut self, public_key: &str) -> Result<bool> {
        let found =
            self.first("SELECT 1 FROM cloned_key WHERE public_key = ?1", params![public_key], |_| Ok(()))?;
        Ok(found.is_some())
    }
}
