//! Organisations, operators, sign-ins.

use super::{Millis, Records, Wire, time, wire};
use crate::store::{Accounts, OperatorRecord, OrganisationRecord, Result};
use protocol::{Operator, OperatorId, Organisation, OrganisationId, Timestamp};
use rusqlite::{Row, params};

fn organisation(row: &Row<'_>) -> rusqlite::Result<OrganisationRecord> {
    Ok(OrganisationRecord { public: public(row)?, signing_key: row.get("signing_key")? })
}

fn public(row: &Row<'_>) -> rusqlite::Result<Organisation> {
    Ok(Organisation {
        id: wire(row, "id")?,
        name: row.get("name")?,
        domain: row.get("domain")?,
        display_text: row.get("display_text")?,
        public_key: row.get("public_key")?,
    })
}

fn operator(row: &Row<'_>) -> rusqlite::Result<OperatorRecord> {
    Ok(OperatorRecord {
        public: Operator { id: wire(row, "id")?, name: row.get("name")? },
        organisation: wire(row, "organisation_id")?,
        login: row.get("login")?,
        password_hash: row.get("password_hash")?,
    })
}

impl Accounts for Records<'_> {
    fn service_key(&mut self) -> Result<[u8; 32]> {
        Ok(self.0.query_row("SELECT key FROM service", [], |row| row.get(0))?)
    }

    fn add_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()> {
        let OrganisationRecord { public, signing_key } = organisation;
        self.execute(
            "INSERT INTO organisation (id, name, domain, display_text, public_key, signing_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                Wire(&public.id),
                public.name,
                public.domain,
                public.display_text,
                public.public_key,
                signing_key
            ],
        )?;
        Ok(())
    }

    fn organisation(&mut self, id: &OrganisationId) -> Result<Option<OrganisationRecord>> {
        self.first("SELECT * FROM organisation WHERE id = ?1", params![Wire(id)], organisation)
    }

    fn organisations(&mut self) -> Result<Vec<Organisation>> {
        self.all("SELECT * FROM organisation ORDER BY name, id", params![], public)
    }

    fn add_operator(&mut self, operator: &OperatorRecord) -> Result<()> {
        self.execute(
            "INSERT INTO operator (id, organisation_id, login, name, password_hash)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Wire(&operator.public.id),
                Wire(&operator.organisation),
                operator.login,
                operator.public.name,
                operator.password_hash
            ],
        )?;
        Ok(())
    }

    fn operator_by_login(&mut self, login: &str) -> Result<Option<OperatorRecord>> {
        self.first("SELECT * FROM operator WHERE login = ?1", params![login], operator)
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
            "SELECT operator.*, sign_in.expires_at FROM sign_in JOIN operator ON operator.id = sign_in.operator_id
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
