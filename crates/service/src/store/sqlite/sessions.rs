//! Requests, receipts, sessions, messages.

use super::{Millis, Records, Wire, maybe_time, operator, time, wire};
use crate::store::{
    AgentKey, HistoryFilter, HistoryPlace, MessageRecord, ReceiptPlace, ReceiptRecord, RequestRecord, Result,
    SessionRecord, Sessions,
};
use protocol::{EndReason, OrganisationId, RequestId, SessionId, Timestamp, operator::SessionEnd};
use rusqlite::{Row, ToSql, params};

const REQUEST: &str = "SELECT request.*, operator.name AS operator_name
    FROM request JOIN operator ON operator.id = request.operator_id";
const SESSION: &str = "SELECT session.*, operator.name AS operator_name
    FROM session JOIN operator ON operator.id = session.operator_id";

fn request(row: &Row<'_>) -> rusqlite::Result<RequestRecord> {
    Ok(RequestRecord {
        id: wire(row, "id")?,
        organisation: wire(row, "organisation_id")?,
        operator: operator(row)?,
        agent: AgentKey(row.get("agent_key")?),
        target: wire(row, "target")?,
        permissions: wire(row, "permissions")?,
        signed: row.get("signed")?,
        created_at: time(row, "created_at")?,
        answer_until: time(row, "answer_until")?,
        expires_at: time(row, "expires_at")?,
        delivered_at: maybe_time(row, "delivered_at")?,
        state: wire(row, "state")?,
    })
}

fn receipt(row: &Row<'_>) -> rusqlite::Result<ReceiptRecord> {
    Ok(ReceiptRecord {
        request: wire(row, "request_id")?,
        receipt: row.get("receipt")?,
        received_at: time(row, "received_at")?,
        place: place(row)?,
        countersignature: row.get("countersignature")?,
    })
}

fn place(row: &Row<'_>) -> rusqlite::Result<Option<ReceiptPlace>> {
    let Some(agent_public_key) = row.get("agent_public_key")? else { return Ok(None) };
    let number = row.get::<_, i64>("number")?.unsigned_abs();
    Ok(Some(ReceiptPlace { agent_public_key, number, hash: row.get("hash")? }))
}

/// SQLite counts to 2^63; nobody signs so many receipts.
fn counted(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    let ended = match (maybe_time(row, "ended_at")?, wire(row, "end_reason")?) {
        (Some(at), Some(reason)) => Some(SessionEnd { at, reason }),
        _ => None,
    };
    Ok(SessionRecord {
        id: wire(row, "id")?,
        organisation: wire(row, "organisation_id")?,
        operator: operator(row)?,
        agent: AgentKey(row.get("agent_key")?),
        target: wire(row, "target")?,
        title: row.get("title")?,
        granted: wire(row, "granted")?,
        actions: wire(row, "actions")?,
        suspended: row.get("suspended")?,
        unsupported: wire(row, "unsupported")?,
        started_at: time(row, "started_at")?,
        ends_at: time(row, "ends_at")?,
        ended,
    })
}

fn message(row: &Row<'_>) -> rusqlite::Result<MessageRecord> {
    Ok(MessageRecord {
        id: wire(row, "id")?,
        session: wire(row, "session_id")?,
        from: wire(row, "speaker")?,
        number: row.get("number")?,
        kind: wire(row, "kind")?,
        text: row.get("text")?,
        sent_at: time(row, "sent_at")?,
    })
}

impl Sessions for Records<'_> {
    fn add_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.execute(
            "INSERT INTO request (id, organisation_id, operator_id, agent_key, target, permissions, signed, created_at,
                                  answer_until, expires_at, delivered_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                Wire(&request.id),
                Wire(&request.organisation),
                Wire(&request.operator.id),
                request.agent.0,
                Wire(&request.target),
                Wire(request.permissions),
                request.signed,
                Millis(request.created_at),
                Millis(request.answer_until),
                Millis(request.expires_at),
                request.delivered_at.map(Millis),
                Wire(&request.state)
            ],
        )?;
        Ok(())
    }

    fn request(&mut self, id: &RequestId) -> Result<Option<RequestRecord>> {
        self.first(&format!("{REQUEST} WHERE request.id = ?1"), params![Wire(id)], request)
    }

    fn open_request(&mut self, of: AgentKey) -> Result<Option<RequestRecord>> {
        self.first(&format!("{REQUEST} WHERE agent_key = ?1 AND open = 1"), params![of.0], request)
    }

    fn request_of_session(&mut self, session: &SessionId) -> Result<Option<RequestRecord>> {
        self.first(
            &format!("{REQUEST} WHERE led_to = ?1 AND asked_in IS NULL LIMIT 1"),
            params![Wire(session)],
            request,
        )
    }

    fn last_request_during(&mut self, session: &SessionId) -> Result<Option<RequestRecord>> {
        self.first(
            &format!("{REQUEST} WHERE asked_in = ?1 ORDER BY created_at DESC, request.rowid DESC LIMIT 1"),
            params![Wire(session)],
            request,
        )
    }

    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.execute(
            "UPDATE request SET delivered_at = ?2, state = ?3 WHERE id = ?1",
            params![Wire(&request.id), request.delivered_at.map(Millis), Wire(&request.state)],
        )?;
        Ok(())
    }

    fn open_requests(&mut self) -> Result<Vec<RequestRecord>> {
        self.all(&format!("{REQUEST} WHERE open = 1"), params![], request)
    }

    fn add_receipt(&mut self, receipt: &ReceiptRecord) -> Result<()> {
        self.execute(
            "INSERT INTO receipt (request_id, receipt, received_at, agent_public_key, number, hash, countersignature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                Wire(&receipt.request),
                receipt.receipt,
                Millis(receipt.received_at),
                receipt.place.as_ref().map(|place| &place.agent_public_key),
                receipt.place.as_ref().map(|place| counted(place.number)),
                receipt.place.as_ref().map(|place| &place.hash),
                receipt.countersignature
            ],
        )?;
        Ok(())
    }

    fn receipt(&mut self, of: &RequestId) -> Result<Option<ReceiptRecord>> {
        self.first("SELECT * FROM receipt WHERE request_id = ?1", params![Wire(of)], receipt)
    }

    fn receipts_in_chain(
        &mut self,
        of: &OrganisationId,
        agent_public_key: &str,
        numbers: std::ops::RangeInclusive<u64>,
    ) -> Result<Vec<ReceiptRecord>> {
        self.all(
            "SELECT receipt.* FROM receipt JOIN request ON request.id = receipt.request_id
             WHERE agent_public_key = ?1 AND number BETWEEN ?2 AND ?3 AND organisation_id = ?4 ORDER BY receipt.rowid",
            params![agent_public_key, counted(*numbers.start()), counted(*numbers.end()), Wire(of)],
            receipt,
        )
    }

    fn chain_head(&mut self, of: &OrganisationId, agent_public_key: &str) -> Result<Option<ReceiptPlace>> {
        let head = self.first(
            "SELECT receipt.* FROM receipt JOIN request ON request.id = receipt.request_id
             WHERE agent_public_key = ?1 AND organisation_id = ?2 ORDER BY number DESC, receipt.rowid LIMIT 1",
            params![agent_public_key, Wire(of)],
            place,
        )?;
        Ok(head.flatten())
    }

    fn receipts(&mut self, of: &SessionId) -> Result<Vec<ReceiptRecord>> {
        self.all(
            "SELECT receipt.* FROM receipt JOIN request ON request.id = receipt.request_id
             WHERE led_to = ?1 OR asked_in = ?1 ORDER BY received_at, receipt.rowid",
            params![Wire(of)],
            receipt,
        )
    }

    fn add_session(&mut self, session: &SessionRecord) -> Result<()> {
        self.execute(
            "INSERT INTO session (id, organisation_id, operator_id, agent_key, target, title, granted, actions,
                                  suspended, started_at, ends_at, ended_at, end_reason, unsupported)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                Wire(&session.id),
                Wire(&session.organisation),
                Wire(&session.operator.id),
                session.agent.0,
                Wire(&session.target),
                session.title,
                Wire(session.granted),
                Wire(session.actions),
                session.suspended,
                Millis(session.started_at),
                Millis(session.ends_at),
                session.ended.as_ref().map(|end| Millis(end.at)),
                session.ended.as_ref().map(|end| Wire(end.reason)),
                Wire(session.unsupported)
            ],
        )?;
        Ok(())
    }

    fn session(&mut self, id: &SessionId) -> Result<Option<SessionRecord>> {
        self.first(&format!("{SESSION} WHERE session.id = ?1"), params![Wire(id)], session)
    }

    fn running_session(&mut self, of: AgentKey) -> Result<Option<SessionRecord>> {
        self.first(&format!("{SESSION} WHERE agent_key = ?1 AND ended_at IS NULL"), params![of.0], session)
    }

    fn running_sessions(&mut self) -> Result<Vec<SessionRecord>> {
        self.all(&format!("{SESSION} WHERE ended_at IS NULL"), params![], session)
    }

    fn sessions(&mut self, of: &OrganisationId, since: Timestamp) -> Result<Vec<SessionRecord>> {
        self.all(
            &format!(
                "{SESSION} WHERE session.organisation_id = ?1 AND (ended_at IS NULL OR ended_at > ?2)
                 ORDER BY started_at DESC, session.rowid DESC"
            ),
            params![Wire(of), Millis(since)],
            session,
        )
    }

    fn history(
        &mut self,
        of: &OrganisationId,
        wanted: &HistoryFilter,
        limit: u32,
    ) -> Result<Vec<(HistoryPlace, SessionRecord)>> {
        let HistoryFilter { words, operator, permission, ended, from, until, after } = wanted;
        // A request for more that was approved leads to the session too, so what was granted at some time is in the
        // states of these requests.
        let mut sql = format!(
            "SELECT session.rowid AS number, found.* FROM ({SESSION}) AS found JOIN session ON session.id = found.id
             WHERE found.organisation_id = ?1
               AND (?2 IS NULL OR found.operator_id = ?2)
               AND (?3 IS NULL OR EXISTS (SELECT 1 FROM request, json_each(request.state, '$.permissions') AS granted
                                          WHERE led_to = found.id AND granted.value = ?3))
               AND (?4 IS NULL OR found.end_reason = ?4)
               AND (?5 IS NULL OR found.started_at >= ?5)
               AND (?6 IS NULL OR found.started_at < ?6)
               AND (?7 IS NULL OR (found.started_at, session.rowid) < (?7, ?8))"
        );
        let folded: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let place = after.map(|place| Millis(place.started_at));
        let number = after.map(|place| place.number);
        let (of, operator, permission, ended) =
            (Wire(of), operator.as_ref().map(Wire), permission.map(Wire), ended.map(Wire));
        let (from, until) = (from.map(Millis), until.map(Millis));
        let mut values: Vec<&dyn ToSql> =
            vec![&of, &operator, &permission, &ended, &from, &until, &place, &number, &limit];
        for word in &folded {
            values.push(word);
            let place = values.len();
            sql += &format!(" AND instr(fold(found.title || ' ' || found.operator_name), ?{place}) > 0");
        }
        sql += " ORDER BY found.started_at DESC, session.rowid DESC LIMIT ?9";
        self.all(&sql, &values, |row| {
            let session = session(row)?;
            Ok((HistoryPlace { started_at: session.started_at, number: row.get("number")? }, session))
        })
    }

    fn update_session(&mut self, session: &SessionRecord) -> Result<()> {
        self.execute(
            "UPDATE session SET granted = ?2, actions = ?3, suspended = ?4, ends_at = ?5, unsupported = ?6
             WHERE id = ?1 AND ended_at IS NULL",
            params![
                Wire(&session.id),
                Wire(session.granted),
                Wire(session.actions),
                session.suspended,
                Millis(session.ends_at),
                Wire(session.unsupported)
            ],
        )?;
        Ok(())
    }

    fn end_session(&mut self, id: &SessionId, at: Timestamp, reason: EndReason) -> Result<bool> {
        let changed = self.execute(
            "UPDATE session SET ended_at = ?2, end_reason = ?3, actions = '[]', suspended = 0
             WHERE id = ?1 AND ended_at IS NULL",
            params![Wire(id), Millis(at), Wire(reason)],
        )?;
        Ok(changed == 1)
    }

    fn add_message(&mut self, message: &MessageRecord) -> Result<bool> {
        let added = self.execute(
            "INSERT INTO message (id, session_id, speaker, number, kind, text, sent_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (session_id, number) WHERE number IS NOT NULL DO NOTHING",
            params![
                Wire(&message.id),
                Wire(&message.session),
                Wire(message.from),
                message.number,
                Wire(message.kind),
                message.text,
                Millis(message.sent_at)
            ],
        )?;
        Ok(added == 1)
    }

    fn messages(&mut self, of: &SessionId) -> Result<Vec<MessageRecord>> {
        self.all("SELECT * FROM message WHERE session_id = ?1 ORDER BY sequence", params![Wire(of)], message)
    }
}
