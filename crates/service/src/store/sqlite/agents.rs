//! Agents and their events.

use super::{Millis, Records, Wire, maybe_time, wire};
use crate::store::{AgentKey, AgentRecord, Agents, Error, Result, Runs};
use protocol::{OrganisationId, Timestamp, agent::AgentDescription, event::Event, signed::Audience};
use rusqlite::{Row, params};

/// 72 bits of a hash over the event and its time: nobody looks for another one, it need only not come about.
const MARK_CHARS: usize = 12;

fn agent(row: &Row<'_>) -> rusqlite::Result<AgentRecord> {
    Ok(AgentRecord {
        key: AgentKey(row.get("key")?),
        organisation: wire(row, "organisation_id")?,
        audience: wire(row, "audience")?,
        public_key: row.get("public_key")?,
        description: AgentDescription {
            version: row.get("version")?,
            operating_system: row.get("operating_system")?,
        },
        last_seen: maybe_time(row, "last_seen")?,
        closed_at: maybe_time(row, "closed_at")?,
        last_event: row.get("last_event")?,
        pruned_through: row.get("pruned_through")?,
        runs: Runs {
            latest: row.get("run")?,
            // They have no blanks.
            before: row
                .get::<_, Option<String>>("run_before")?
                .map_or_else(Vec::new, |names| names.split_whitespace().map(str::to_owned).collect()),
            returned: row.get("runs_returned")?,
        },
    })
}

impl Agents for Records<'_> {
    fn add_agent(
        &mut self,
        organisation: &OrganisationId,
        audience: &Audience,
        public_key: &str,
        description: &AgentDescription,
        token_hash: &str,
    ) -> Result<AgentKey> {
        self.execute(
            "INSERT INTO agent (organisation_id, audience, public_key, version, operating_system, token_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                Wire(organisation),
                Wire(audience),
                public_key,
                description.version,
                description.operating_system,
                token_hash
            ],
        )?;
        Ok(AgentKey(self.0.last_insert_rowid()))
    }

    fn agent(&mut self, key: AgentKey) -> Result<Option<AgentRecord>> {
        self.first("SELECT * FROM agent WHERE key = ?1", params![key.0], agent)
    }

    fn agent_by_token(&mut self, token_hash: &str) -> Result<Option<AgentRecord>> {
        self.first("SELECT * FROM agent WHERE token_hash = ?1", params![token_hash], agent)
    }

    fn agent_of(&mut self, audience: &Audience) -> Result<Option<AgentRecord>> {
        self.first("SELECT * FROM agent WHERE audience = ?1", params![Wire(audience)], agent)
    }

    fn open_agents(&mut self, of: &OrganisationId) -> Result<Vec<AgentKey>> {
        self.all(
            "SELECT key FROM agent WHERE organisation_id = ?1 AND closed_at IS NULL ORDER BY key",
            params![Wire(of)],
            |row| row.get(0).map(AgentKey),
        )
    }

    fn renew_agent(&mut self, key: AgentKey, description: &AgentDescription, token_hash: &str) -> Result<()> {
        self.execute(
            "UPDATE agent SET version = ?2, operating_system = ?3, token_hash = ?4 WHERE key = ?1",
            params![key.0, description.version, description.operating_system, token_hash],
        )?;
        Ok(())
    }

    fn close_agent(&mut self, key: AgentKey, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE agent SET closed_at = ?2 WHERE key = ?1 AND closed_at IS NULL",
            params![key.0, Millis(at)],
        )?;
        Ok(())
    }

    fn set_runs(&mut self, key: AgentKey, runs: &Runs) -> Result<()> {
        let Runs { latest, before, returned } = runs;
        self.execute(
            "UPDATE agent SET run = ?2, run_before = ?3, runs_returned = ?4 WHERE key = ?1",
            params![key.0, latest, before.join(" "), returned],
        )?;
        Ok(())
    }

    fn set_last_seen(&mut self, key: AgentKey, at: Timestamp) -> Result<()> {
        self.execute("UPDATE agent SET last_seen = ?2 WHERE key = ?1", params![key.0, Millis(at)])?;
        Ok(())
    }

    fn append_event(&mut self, to: AgentKey, event: &Event, at: Timestamp) -> Result<i64> {
        let number = self
            .first(
                "UPDATE agent SET last_event = last_event + 1 WHERE key = ?1 RETURNING last_event",
                params![to.0],
                |row| row.get(0),
            )?
            .ok_or_else(|| Error::Database("an event for an agent that does not exist".into()))?;
        self.execute(
            "INSERT INTO event (agent_key, number, at, event) VALUES (?1, ?2, ?3, ?4)",
            params![to.0, number, Millis(at), Wire(event)],
        )?;
        Ok(number)
    }

    fn events_after(&mut self, of: AgentKey, after: i64, limit: u32) -> Result<Vec<(i64, Event)>> {
        self.all(
            "SELECT number, event FROM event WHERE agent_key = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            params![of.0, after, limit],
            |row| Ok((row.get("number")?, wire(row, "event")?)),
        )
    }

    fn event_mark(&mut self, of: AgentKey, number: i64) -> Result<Option<String>> {
        let text: Option<String> = self.first(
            "SELECT at || ' ' || event FROM event WHERE agent_key = ?1 AND number = ?2",
            params![of.0, number],
            |row| row.get(0),
        )?;
        Ok(text.map(|text| crypto::hash(text.as_bytes()).chars().take(MARK_CHARS).collect()))
    }

    fn prune_events_before(&mut self, time: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE agent SET pruned_through = old.newest
             FROM (SELECT agent_key, max(number) AS newest FROM event JOIN agent ON key = agent_key
                   WHERE at < ?1 AND number < last_event GROUP BY agent_key) AS old
             WHERE agent.key = old.agent_key",
            params![Millis(time)],
        )?;
        self.execute(
            "DELETE FROM event
             WHERE at < ?1 AND number < (SELECT last_event FROM agent WHERE key = agent_key)",
            params![Millis(time)],
        )?;
        Ok(())
    }
}
