//! Organisations, operators, sign-ins.

use super::{Millis, Records, Wire, maybe_time, time, wire};
use crate::store::{Accounts, LogoRecord, OperatorRecord, OrganisationRecord, Result};
use protocol::{Operator, OperatorId, Organisation, OrganisationId, Timestamp};
use rusqlite::{Row, params};

const OPERATOR: &str = "SELECT operator.*, second_factor_since.since AS second_factor_since
    FROM operator LEFT JOIN second_factor_since ON second_factor_since.operator_id = operator.id";

const ORGANISATION: &str = "SELECT organisation.*,
    (SELECT json_group_array(statement) FROM (SELECT statement FROM key_succession
     WHERE organisation_id = organisation.id ORDER BY number)) AS key_successions FROM organisation";

fn organisation(row: &Row<'_>) -> rusqlite::Result<OrganisationRecord> {
    Ok(OrganisationRecord {
        public: public(row)?,
        accent: row.get("accent")?,
        domain_by: wire(row, "domain_by")?,
        second_factor_required: row.get("second_factor_required")?,
        suspended_at: maybe_time(row, "suspended_at")?,
        signing_key: row.get("signing_key")?,
    })
}

fn public(row: &Row<'_>) -> rusqlite::Result<Organisation> {
    Ok(Organisation {
        id: wire(row, "id")?,
        name: row.get("name")?,
        domain: row.get("domain")?,
        display_text: row.get("display_text")?,
        public_key: row.get("public_key")?,
        key_successions: wire(row, "key_successions")?,
    })
}

fn operator(row: &Row<'_>) -> rusqlite::Result<OperatorRecord> {
    Ok(OperatorRecord {
        public: Operator { id: wire(row, "id")?, name: row.get("name")? },
        organisation: wire(row, "organisation_id")?,
        login: row.get("login")?,
        password_hash: row.get("password_hash")?,
        role: wire(row, "role")?,
        disabled_at: maybe_time(row, "disabled_at")?,
        one_time_until: maybe_time(row, "one_time_until")?,
        created_at: maybe_time(row, "created_at")?,
        last_sign_in: maybe_time(row, "last_sign_in")?,
        second_factor_since: maybe_time(row, "second_factor_since")?,
    })
}

impl Accounts for Records<'_> {
    fn service_key(&mut self) -> Result<[u8; 32]> {
        Ok(self.0.query_row("SELECT key FROM service", [], |row| row.get(0))?)
    }

    fn add_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()> {
        let OrganisationRecord { public, accent, signing_key, domain_by, .. } = organisation;
        self.execute(
            "INSERT INTO organisation (id, name, domain, display_text, public_key, signing_key, accent, domain_by,
                                       second_factor_required, suspended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                Wire(&public.id),
                public.name,
                public.domain,
                public.display_text,
                public.public_key,
                signing_key,
                accent,
                Wire(domain_by),
                organisation.second_factor_required,
                organisation.suspended_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn organisation(&mut self, id: &OrganisationId) -> Result<Option<OrganisationRecord>> {
        self.first(&format!("{ORGANISATION} WHERE id = ?1"), params![Wire(id)], organisation)
    }

    fn organisations(&mut self) -> Result<Vec<Organisation>> {
        self.all(&format!("{ORGANISATION} ORDER BY name, id"), params![], public)
    }

    fn update_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()> {
        let OrganisationRecord { public, accent, domain_by, .. } = organisation;
        self.execute(
            "UPDATE organisation SET name = ?2, domain = ?3, display_text = ?4, accent = ?5, domain_by = ?6,
                                     second_factor_required = ?7, suspended_at = ?8 WHERE id = ?1",
            params![
                Wire(&public.id),
                public.name,
                public.domain,
                public.display_text,
                accent,
                Wire(domain_by),
                organisation.second_factor_required,
                organisation.suspended_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn replace_key(
        &mut self,
        of: &OrganisationId,
        public_key: &str,
        signing_key: &[u8],
        statement: &str,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO key_succession (organisation_id, statement) VALUES (?1, ?2)",
            params![Wire(of), statement],
        )?;
        self.execute(
            "UPDATE organisation SET public_key = ?2, signing_key = ?3 WHERE id = ?1",
            params![Wire(of), public_key, signing_key],
        )?;
        Ok(())
    }

    fn logo(&mut self, of: &OrganisationId) -> Result<Option<LogoRecord>> {
        self.first("SELECT * FROM logo WHERE organisation_id = ?1", params![Wire(of)], |row| {
            Ok(LogoRecord { etag: row.get("etag")?, png: row.get("png")? })
        })
    }

    fn logo_etag(&mut self, of: &OrganisationId) -> Result<Option<String>> {
        self.first("SELECT etag FROM logo WHERE organisation_id = ?1", params![Wire(of)], |row| row.get(0))
    }

    fn set_logo(&mut self, of: &OrganisationId, logo: Option<&LogoRecord>) -> Result<()> {
        match logo {
            Some(LogoRecord { etag, png }) => self.execute(
                "INSERT INTO logo (organisation_id, etag, png) VALUES (?1, ?2, ?3)
                 ON CONFLICT (organisation_id) DO UPDATE SET etag = ?2, png = ?3",
                params![Wire(of), etag, png],
            )?,
            None => self.execute("DELETE FROM logo WHERE organisation_id = ?1", params![Wire(of)])?,
        };
        Ok(())
    }

    fn add_operator(&mut self, operator: &OperatorRecord) -> Result<()> {
        self.execute(
            "INSERT INTO operator (id, organisation_id, login, name, password_hash, role, disabled_at,
                                   one_time_until, created_at, last_sign_in)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                Wire(&operator.public.id),
                Wire(&operator.organisation),
                operator.login,
                operator.public.name,
                operator.password_hash,
                Wire(operator.role),
                operator.disabled_at.map(Millis),
                operator.one_time_until.map(Millis),
                operator.created_at.map(Millis),
                operator.last_sign_in.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn operator(&mut self, id: &OperatorId) -> Result<Option<OperatorRecord>> {
        self.first(&format!("{OPERATOR} WHERE operator.id = ?1"), params![Wire(id)], operator)
    }

    fn operators(&mut self, of: &OrganisationId) -> Result<Vec<OperatorRecord>> {
        self.all(
            &format!("{OPERATOR} WHERE organisation_id = ?1 ORDER BY name COLLATE NOCASE, id"),
            params![Wire(of)],
            operator,
        )
    }

    fn update_operator(&mut self, operator: &OperatorRecord) -> Result<()> {
        self.execute(
            "UPDATE operator SET name = ?2, password_hash = ?3, role = ?4, disabled_at = ?5, one_time_until = ?6,
                                 created_at = ?7, last_sign_in = ?8 WHERE id = ?1",
            params![
                Wire(&operator.public.id),
                operator.public.name,
                operator.password_hash,
                Wire(operator.role),
                operator.disabled_at.map(Millis),
                operator.one_time_until.map(Millis),
                operator.created_at.map(Millis),
                operator.last_sign_in.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn sign_ins_of(&mut self, operator: &OperatorId) -> Result<Vec<String>> {
        self.all(
            "SELECT token_hash FROM sign_in WHERE operator_id = ?1 ORDER BY rowid",
            params![Wire(operator)],
            |row| row.get(0),
        )
    }

    fn operator_by_login(&mut self, login: &str) -> Result<Option<OperatorRecord>> {
        self.first(&format!("{OPERATOR} WHERE login = ?1"), params![login], operator)
    }

    fn add_sign_in(&mut self, token_hash: &str, operator: &OperatorId, expires_at: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO sign_in (token_hash, operator_id, expires_at) VALUES (?1, ?2, ?3)",
            params![token_hash, Wire(operator), Millis(expires_at)],
        )?;
        Ok(())
    }

    fn sign_in(&mut self, token_hash: &str) -> Result<Option<(OperatorRecord, Timestamp)>> {
        self.first(
            "SELECT operator.*, sign_in.expires_at, second_factor_since.since AS second_factor_since
             FROM sign_in JOIN operator ON operator.id = sign_in.operator_id
                          LEFT JOIN second_factor_since ON second_factor_since.operator_id = operator.id
             WHERE token_hash = ?1",
            params![token_hash],
            |row| Ok((operator(row)?, time(row, "expires_at")?)),
        )
    }

    fn delete_sign_in(&mut self, token_hash: &str) -> Result<()> {
        self.execute("DELETE FROM sign_in WHERE token_hash = ?1", params![token_hash])?;
        Ok(())
    }

    fn delete_sign_ins_before(&mut self, now: Timestamp) -> Result<()> {
        self.execute("DELETE FROM sign_in WHERE expires_at <= ?1", params![Millis(now)])?;
        Ok(())
    }
}
