//! Invitations, device groups, enrolment tokens, devices, help requests.

use super::{Millis, Records, Wire, maybe_time, operator, time, wire};
use crate::store::{
    DeviceRecord, EnrolmentTokenRecord, GroupRecord, HelpRecord, InvitationRecord, Reach, Result,
};
use protocol::{
    DeviceId, EnrolmentTokenId, GroupId, HelpId, InvitationId, Operator, OrganisationId, Timestamp,
    operator::{GroupView, InvitationState},
};
use rusqlite::{Row, params};

const INVITATION: &str = "SELECT invitation.*, operator.name AS operator_name
    FROM invitation JOIN operator ON operator.id = invitation.operator_id";
const DEVICE: &str =
    "SELECT device.*, device_group.name AS group_name, device_group.permissions AS group_permissions
    FROM device JOIN device_group ON device_group.id = device.group_id";
const HELP: &str = "SELECT help.*, operator.id AS operator_id, operator.name AS operator_name
    FROM help LEFT JOIN operator ON operator.id = help.taken_by";

fn invitation(row: &Row<'_>) -> rusqlite::Result<InvitationRecord> {
    Ok(InvitationRecord {
        id: wire(row, "id")?,
        organisation: wire(row, "organisation_id")?,
        operator: operator(row)?,
        code: wire(row, "code")?,
        code_mac: row.get::<_, Option<String>>("code_mac")?.unwrap_or_default(),
        label: row.get("label")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        state: wire(row, "state")?,
        closed_at: maybe_time(row, "closed_at")?,
    })
}

fn group(row: &Row<'_>) -> rusqlite::Result<GroupRecord> {
    Ok(GroupRecord {
        public: GroupView {
            id: wire(row, "id")?,
            name: row.get("name")?,
            permissions: wire(row, "permissions")?,
        },
        organisation: wire(row, "organisation_id")?,
        requires_acceptance: row.get("requires_acceptance")?,
    })
}

fn token(row: &Row<'_>) -> rusqlite::Result<EnrolmentTokenRecord> {
    Ok(EnrolmentTokenRecord {
        hash: row.get("hash")?,
        group: wire(row, "group_id")?,
        uses_left: row.get("uses_left")?,
        expires_at: maybe_time(row, "expires_at")?,
        label: row.get("label")?,
        created_at: maybe_time(row, "created_at")?,
        revoked_at: maybe_time(row, "revoked_at")?,
    })
}

fn device(row: &Row<'_>) -> rusqlite::Result<DeviceRecord> {
    Ok(DeviceRecord {
        id: wire(row, "id")?,
        organisation: wire(row, "organisation_id")?,
        group: GroupView {
            id: wire(row, "group_id")?,
            name: row.get("group_name")?,
            permissions: wire(row, "group_permissions")?,
        },
        computer: row.get("computer")?,
        user: row.get("user")?,
        accepted: row.get("accepted")?,
        enrolled_at: time(row, "enrolled_at")?,
        token_hash: row.get("token_hash")?,
        retired_at: maybe_time(row, "retired_at")?,
    })
}

fn help(row: &Row<'_>) -> rusqlite::Result<HelpRecord> {
    let taken_by = row.get::<_, Option<String>>("operator_id")?;
    Ok(HelpRecord {
        id: wire(row, "id")?,
        device: wire(row, "device_id")?,
        text: row.get("text")?,
        created_at: time(row, "created_at")?,
        taken_by: taken_by.map(|_| operator(row)).transpose()?,
    })
}

fn id_of(operator: Option<&Operator>) -> Option<&str> {
    operator.map(|operator| operator.id.as_str())
}

impl Reach for Records<'_> {
    fn add_invitation(&mut self, invitation: &InvitationRecord) -> Result<()> {
        self.execute(
            "INSERT INTO invitation (id, organisation_id, operator_id, code, code_mac, label, created_at, expires_at,
                                     state, closed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                Wire(&invitation.id),
                Wire(&invitation.organisation),
                Wire(&invitation.operator.id),
                Wire(&invitation.code),
                invitation.code_mac,
                invitation.label,
                Millis(invitation.created_at),
                Millis(invitation.expires_at),
                Wire(invitation.state),
                invitation.closed_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn invitation(&mut self, id: &InvitationId) -> Result<Option<InvitationRecord>> {
        self.first(&format!("{INVITATION} WHERE invitation.id = ?1"), params![Wire(id)], invitation)
    }

    fn invitation_by_code(&mut self, code_mac: &str) -> Result<Option<InvitationRecord>> {
        self.first(&format!("{INVITATION} WHERE code_mac = ?1"), params![code_mac], invitation)
    }

    fn invitations(&mut self, of: &OrganisationId, since: Timestamp) -> Result<Vec<InvitationRecord>> {
        self.all(
            &format!(
                "{INVITATION} WHERE invitation.organisation_id = ?1 AND (closed_at IS NULL OR closed_at > ?2)
                 ORDER BY created_at DESC, invitation.rowid DESC"
            ),
            params![Wire(of), Millis(since)],
            invitation,
        )
    }

    fn count_open_invitations(&mut self) -> Result<u32> {
        Ok(self.0.query_row("SELECT count(*) FROM invitation WHERE state = 'open'", [], |row| row.get(0))?)
    }

    fn invitations_expired_by(&mut self, now: Timestamp) -> Result<Vec<InvitationRecord>> {
        self.all(
            &format!("{INVITATION} WHERE state IN ('open', 'joined') AND expires_at <= ?1"),
            params![Millis(now)],
            invitation,
        )
    }

    fn set_invitation_state(
        &mut self,
        id: &InvitationId,
        state: InvitationState,
        closed_at: Option<Timestamp>,
    ) -> Result<()> {
        self.execute(
            "UPDATE invitation SET state = ?2, closed_at = ?3, code = CASE ?2 WHEN 'open' THEN code END WHERE id = ?1",
            params![Wire(id), Wire(state), closed_at.map(Millis)],
        )?;
        Ok(())
    }

    fn forget_codes_closed_before(&mut self, time: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE invitation SET code_mac = NULL WHERE code_mac IS NOT NULL AND closed_at < ?1",
            params![Millis(time)],
        )?;
        Ok(())
    }

    fn add_group(&mut self, group: &GroupRecord) -> Result<()> {
        self.execute(
            "INSERT INTO device_group (id, organisation_id, name, permissions, requires_acceptance)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Wire(&group.public.id),
                Wire(&group.organisation),
                group.public.name,
                Wire(group.public.permissions),
                group.requires_acceptance
            ],
        )?;
        Ok(())
    }

    fn group(&mut self, id: &GroupId) -> Result<Option<GroupRecord>> {
        self.first("SELECT * FROM device_group WHERE id = ?1", params![Wire(id)], group)
    }

    fn groups(&mut self, of: &OrganisationId) -> Result<Vec<GroupRecord>> {
        self.all(
            "SELECT * FROM device_group WHERE organisation_id = ?1 ORDER BY name, id",
            params![Wire(of)],
            group,
        )
    }

    fn add_enrolment_token(&mut self, token: &EnrolmentTokenRecord) -> Result<()> {
        self.execute(
            "INSERT INTO enrolment_token (hash, group_id, uses_left, expires_at, label, created_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                token.hash,
                Wire(&token.group),
                token.uses_left,
                token.expires_at.map(Millis),
                token.label,
                token.created_at.map(Millis),
                token.revoked_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn update_group(&mut self, group: &GroupRecord) -> Result<()> {
        self.execute(
            "UPDATE device_group SET name = ?2, permissions = ?3, requires_acceptance = ?4 WHERE id = ?1",
            params![
                Wire(&group.public.id),
                group.public.name,
                Wire(group.public.permissions),
                group.requires_acceptance
            ],
        )?;
        Ok(())
    }

    fn devices_in(&mut self, group: &GroupId) -> Result<Vec<DeviceRecord>> {
        self.all(
            &format!("{DEVICE} WHERE device.group_id = ?1 AND retired_at IS NULL ORDER BY device.rowid"),
            params![Wire(group)],
            device,
        )
    }

    fn enrolment_tokens(&mut self, of: &GroupId) -> Result<Vec<(EnrolmentTokenRecord, u32)>> {
        self.all(
            "SELECT enrolment_token.*, (SELECT count(*) FROM device
                WHERE device.token_hash = enrolment_token.hash AND retired_at IS NULL) AS devices
             FROM enrolment_token WHERE group_id = ?1 ORDER BY created_at DESC NULLS LAST, rowid DESC",
            params![Wire(of)],
            |row| Ok((token(row)?, row.get("devices")?)),
        )
    }

    fn revoke_enrolment_token(&mut self, id: &EnrolmentTokenId, at: Timestamp) -> Result<bool> {
        let changed = self.execute(
            "UPDATE enrolment_token SET revoked_at = ?2 WHERE hash = ?1 AND revoked_at IS NULL",
            params![Wire(id), Millis(at)],
        )?;
        Ok(changed == 1)
    }

    fn enrolment_token(&mut self, hash: &str) -> Result<Option<EnrolmentTokenRecord>> {
        self.first("SELECT * FROM enrolment_token WHERE hash = ?1", params![hash], token)
    }

    fn use_enrolment_token(&mut self, hash: &str) -> Result<()> {
        self.execute(
            "UPDATE enrolment_token SET uses_left = uses_left - 1 WHERE hash = ?1 AND uses_left > 0",
            params![hash],
        )?;
        Ok(())
    }

    fn add_device(&mut self, device: &DeviceRecord) -> Result<()> {
        self.execute(
            "INSERT INTO device (id, organisation_id, group_id, computer, user, accepted, enrolled_at, token_hash, retired_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                Wire(&device.id),
                Wire(&device.organisation),
                Wire(&device.group.id),
                device.computer,
                device.user,
                device.accepted,
                Millis(device.enrolled_at),
                device.token_hash,
                device.retired_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn device(&mut self, id: &DeviceId) -> Result<Option<DeviceRecord>> {
        self.first(&format!("{DEVICE} WHERE device.id = ?1"), params![Wire(id)], device)
    }

    fn device_by_key(&mut self, of: &OrganisationId, public_key: &str) -> Result<Option<DeviceRecord>> {
        self.first(
            &format!(
                "{DEVICE} JOIN agent ON agent.device_id = device.id
                 WHERE agent.public_key = ?2 AND device.organisation_id = ?1 AND retired_at IS NULL"
            ),
            params![Wire(of), public_key],
            device,
        )
    }

    fn key_retired_at(&mut self, of: &OrganisationId, public_key: &str) -> Result<Option<Timestamp>> {
        self.first(
            "SELECT retired_at FROM device JOIN agent ON agent.device_id = device.id
             WHERE agent.public_key = ?2 AND device.organisation_id = ?1 AND retired_at IS NOT NULL
             ORDER BY retired_at DESC LIMIT 1",
            params![Wire(of), public_key],
            |row| time(row, "retired_at"),
        )
    }

    fn devices(&mut self, of: &OrganisationId) -> Result<Vec<DeviceRecord>> {
        self.all(
            &format!(
                "{DEVICE} WHERE device.organisation_id = ?1 AND retired_at IS NULL
                 ORDER BY computer COLLATE NOCASE, user COLLATE NOCASE, device.id"
            ),
            params![Wire(of)],
            device,
        )
    }

    fn update_device(&mut self, device: &DeviceRecord) -> Result<()> {
        self.execute(
            "UPDATE device SET computer = ?2, user = ?3, accepted = ?4, retired_at = ?5 WHERE id = ?1",
            params![
                Wire(&device.id),
                device.computer,
                device.user,
                device.accepted,
                device.retired_at.map(Millis)
            ],
        )?;
        Ok(())
    }

    fn add_help(&mut self, help: &HelpRecord) -> Result<()> {
        self.execute(
            "INSERT INTO help (id, device_id, text, created_at, taken_by) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Wire(&help.id),
                Wire(&help.device),
                help.text,
                Millis(help.created_at),
                id_of(help.taken_by.as_ref())
            ],
        )?;
        Ok(())
    }

    fn help(&mut self, id: &HelpId) -> Result<Option<HelpRecord>> {
        self.first(&format!("{HELP} WHERE help.id = ?1 AND closed_at IS NULL"), params![Wire(id)], help)
    }

    fn help_of(&mut self, device: &DeviceId) -> Result<Option<HelpRecord>> {
        self.first(&format!("{HELP} WHERE device_id = ?1 AND closed_at IS NULL"), params![Wire(device)], help)
    }

    fn help_queue(&mut self, of: &OrganisationId) -> Result<Vec<HelpRecord>> {
        self.all(
            &format!(
                "{HELP} JOIN device ON device.id = help.device_id
                 WHERE device.organisation_id = ?1 AND closed_at IS NULL ORDER BY help.created_at, help.rowid"
            ),
            params![Wire(of)],
            help,
        )
    }

    fn update_help(&mut self, help: &HelpRecord) -> Result<()> {
        self.execute(
            "UPDATE help SET text = ?2, taken_by = ?3 WHERE id = ?1",
            params![Wire(&help.id), help.text, id_of(help.taken_by.as_ref())],
        )?;
        Ok(())
    }

    fn close_help(&mut self, id: &HelpId, at: Timestamp) -> Result<()> {
        self.execute("UPDATE help SET closed_at = ?2 WHERE id = ?1", params![Wire(id), Millis(at)])?;
        Ok(())
    }
}
