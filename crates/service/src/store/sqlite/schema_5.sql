ALTER TABLE organisation ADD COLUMN second_factor_required INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN suspended_at INTEGER;
-- 'dns' or 'administrator': who says that the domain is the organisation's.
ALTER TABLE organisation ADD COLUMN domain_by TEXT;
UPDATE organisation SET domain_by = 'administrator' WHERE domain IS NOT NULL;

CREATE TABLE second_factor (
    operator_id  TEXT PRIMARY KEY REFERENCES operator (id),
    key          BLOB NOT NULL CHECK (length(key) = 20),
    -- Absent until a code was confirmed.
    confirmed_at INTEGER,
    -- The newest time step whose code was taken; neither it nor an older one is taken again.
    last_step    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_code (
    operator_id TEXT NOT NULL REFERENCES operator (id),
    hash        TEXT NOT NULL,
    PRIMARY KEY (operator_id, hash)
) STRICT, WITHOUT ROWID;

-- Names are those of the time; nothing refers to what may go.
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    operator_id     TEXT,
    operator_name   TEXT,
    action          TEXT NOT NULL,
    about           TEXT,
    about_id        TEXT,
    permissions     TEXT,
    address         TEXT
) STRICT;
CREATE INDEX audit_by_organisation ON audit (organisation_id, number);
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;

CREATE TABLE report (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    operator_id     TEXT NOT NULL REFERENCES operator (id),
    request_id      TEXT NOT NULL REFERENCES request (id)
) STRICT;
CREATE UNIQUE INDEX report_of_request ON report (request_id);

-- The runs of an agent that polled last: one that comes back is a copy.
ALTER TABLE agent ADD COLUMN run TEXT;
ALTER TABLE agent ADD COLUMN run_before TEXT;
ALTER TABLE agent ADD COLUMN runs_returned INTEGER NOT NULL DEFAULT 0;
-- Keys that were found on two computers enrol nothing more.
CREATE TABLE cloned_key (
    public_key TEXT PRIMARY KEY,
    at         INTEGER NOT NULL
) STRICT;
