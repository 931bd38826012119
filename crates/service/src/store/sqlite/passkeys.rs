//! Passkeys.

use super::{Millis, Records, Wire, maybe_time, time, wire};
use crate::store::{PasskeyRecord, Passkeys, Result};
use protocol::{OperatorId, PasskeyId, Timestamp};
use rusqlite::{Row, params};

fn passkey(row: &Row<'_>) -> rusqlite::Result<PasskeyRecord> {
    Ok(PasskeyRecord {
        id: wire(row, "id")?,
        operator: wire(row, "operator_id")?,
        credential_id: row.get("credential_id")?,
        name: row.get("name")?,
        credential: row.get("credential")?,
        added_at: time(row, "added_at")?,
        last_used: maybe_time(row, "last_used")?,
    })
}

impl Passkeys for Records<'_> {
    fn add_passkey(&mut self, passkey: &PasskeyRecord) -> Result<()> {
        let PasskeyRecord { id, operator, credential_id, name, credential, added_at, last_used } = passkey;
        self.execute(
            "INSERT INTO passkey (id, operator_id, credential_id, name, credential, added_at, last_used)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                Wire(id),
                Wire(operator),
                credential_id,
                name,
                credential,
                Millis(*added_at),
                last_used.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn passkeys(&mut self, of: &OperatorId) -> Result<Vec<PasskeyRecord>> {
        self.all(
            "SELECT * FROM passkey WHERE operator_id = ?1 ORDER BY added_at, id",
            params![Wire(of)],
            passkey,
        )
    }

    fn passkey_by_credential(&mut self, credential_id: &str) -> Result<Option<PasskeyRecord>> {
        self.first("SELECT * FROM passkey WHERE credential_id = ?1", params![credential_id], passkey)
    }

    fn passkey_used(&mut self, id: &PasskeyId, credential: &str, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE passkey SET credential = ?2, last_used = ?3 WHERE id = ?1",
            params![Wire(id), credential, Millis(at)],
        )?;
        Ok(())
    }

    fn delete_passkey(&mut self, id: &PasskeyId) -> Result<()> {
        self.execute("DELETE FROM passkey WHERE id = ?1", params![Wire(id)])?;
        Ok(())
    }

    fn clear_second_factors(&mut self, of: &OperatorId) -> Result<()> {
        self.execute("DELETE FROM second_factor WHERE operator_id = ?1", params![Wire(of)])?;
        self.execute("DELETE FROM passkey WHERE operator_id = ?1", params![Wire(of)])?;
        self.execute("DELETE FROM recovery_code WHERE operator_id = ?1", params![Wire(of)])?;
        Ok(())
    }
}
