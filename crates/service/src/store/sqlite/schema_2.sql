ALTER TABLE organisation ADD COLUMN accent TEXT;

-- Drawn anew from what was uploaded; the tag is the hash of the file.
CREATE TABLE logo (
    organisation_id TEXT PRIMARY KEY REFERENCES organisation (id),
    etag            TEXT NOT NULL,
    png             BLOB NOT NULL
) STRICT;

ALTER TABLE operator ADD COLUMN role TEXT NOT NULL DEFAULT 'operator';
ALTER TABLE operator ADD COLUMN disabled_at INTEGER;
-- Set while the password is a one-time password: until when it is good.
ALTER TABLE operator ADD COLUMN one_time_until INTEGER;
ALTER TABLE operator ADD COLUMN created_at INTEGER;
ALTER TABLE operator ADD COLUMN last_sign_in INTEGER;
-- Nobody gains more than they need: whoever was there first manages the rest.
UPDATE operator SET role = 'administrator'
WHERE rowid IN (SELECT min(rowid) FROM operator GROUP BY organisation_id);
CREATE INDEX operator_by_organisation ON operator (organisation_id);
CREATE INDEX sign_in_by_operator ON sign_in (operator_id);

ALTER TABLE enrolment_token ADD COLUMN label TEXT;
ALTER TABLE enrolment_token ADD COLUMN created_at INTEGER;
ALTER TABLE enrolment_token ADD COLUMN revoked_at INTEGER;
CREATE INDEX enrolment_token_by_group ON enrolment_token (group_id);
CREATE INDEX device_by_group ON device (group_id, retired_at);
CREATE INDEX device_by_token ON device (token_hash, retired_at);

CREATE INDEX agent_by_organisation ON agent (organisation_id, closed_at);
CREATE INDEX session_by_start ON session (organisation_id, started_at);
