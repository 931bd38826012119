CREATE TABLE service (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    key      BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

CREATE TABLE organisation (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    domain       TEXT,
    display_text TEXT,
    public_key   TEXT NOT NULL,
    signing_key  BLOB NOT NULL
) STRICT;

CREATE TABLE operator (
    id              TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    login           TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    password_hash   TEXT NOT NULL
) STRICT;

CREATE TABLE sign_in (
    token_hash  TEXT PRIMARY KEY,
    operator_id TEXT NOT NULL REFERENCES operator (id),
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE invitation (
    id              TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    operator_id     TEXT NOT NULL REFERENCES operator (id),
    code            TEXT,
    code_mac        TEXT UNIQUE,
    label           TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    state           TEXT NOT NULL,
    closed_at       INTEGER
) STRICT;
CREATE INDEX invitation_by_state ON invitation (state, expires_at);
CREATE INDEX invitation_by_organisation ON invitation (organisation_id, closed_at);

CREATE TABLE device_group (
    id                  TEXT PRIMARY KEY,
    organisation_id     TEXT NOT NULL REFERENCES organisation (id),
    name                TEXT NOT NULL,
    permissions         TEXT NOT NULL,
    requires_acceptance INTEGER NOT NULL
) STRICT;

CREATE TABLE enrolment_token (
    hash       TEXT PRIMARY KEY,
    group_id   TEXT NOT NULL REFERENCES device_group (id),
    uses_left  INTEGER,
    expires_at INTEGER
) STRICT;

CREATE TABLE device (
    id              TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    group_id        TEXT NOT NULL REFERENCES device_group (id),
    computer        TEXT NOT NULL,
    user            TEXT NOT NULL,
    accepted        INTEGER NOT NULL,
    enrolled_at     INTEGER NOT NULL,
    token_hash      TEXT NOT NULL,
    retired_at      INTEGER
) STRICT;
CREATE INDEX device_by_organisation ON device (organisation_id, retired_at);

CREATE TABLE help (
    id         TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES device (id),
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    taken_by   TEXT REFERENCES operator (id),
    closed_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX help_open ON help (device_id) WHERE closed_at IS NULL;

CREATE TABLE agent (
    key              INTEGER PRIMARY KEY,
    organisation_id  TEXT NOT NULL REFERENCES organisation (id),
    -- {"invitation": id} or {"device": id}
    audience         TEXT NOT NULL UNIQUE,
    device_id        TEXT GENERATED ALWAYS AS (json_extract(audience, '$.device')) VIRTUAL,
    public_key       TEXT NOT NULL,
    version          TEXT NOT NULL,
    operating_system TEXT NOT NULL,
    token_hash       TEXT NOT NULL UNIQUE,
    last_seen        INTEGER,
    closed_at        INTEGER,
    last_event       INTEGER NOT NULL DEFAULT 0,
    pruned_through   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX agent_by_public_key ON agent (public_key);

CREATE TABLE event (
    agent_key INTEGER NOT NULL REFERENCES agent (key),
    number    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    event     TEXT NOT NULL,
    PRIMARY KEY (agent_key, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_time ON event (at);

CREATE TABLE request (
    id              TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    operator_id     TEXT NOT NULL REFERENCES operator (id),
    agent_key       INTEGER NOT NULL REFERENCES agent (key),
    -- {"invitation": id}, {"device": id} or {"session": id}
    target          TEXT NOT NULL,
    asked_in        TEXT GENERATED ALWAYS AS (json_extract(target, '$.session')) VIRTUAL,
    permissions     TEXT NOT NULL,
    signed          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    answer_until    INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    delivered_at    INTEGER,
    -- as on the wire
    state           TEXT NOT NULL,
    open            INTEGER GENERATED ALWAYS AS (json_extract(state, '$.state') IN ('sent', 'not_reached', 'shown')) VIRTUAL,
    led_to          TEXT GENERATED ALWAYS AS (json_extract(state, '$.session_id')) VIRTUAL
) STRICT;
-- One open request an agent.
CREATE UNIQUE INDEX request_open ON request (agent_key) WHERE open = 1;
CREATE INDEX request_asked_in ON request (asked_in) WHERE asked_in IS NOT NULL;
CREATE INDEX request_led_to ON request (led_to) WHERE led_to IS NOT NULL;

CREATE TABLE receipt (
    request_id  TEXT PRIMARY KEY REFERENCES request (id),
    receipt     TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id              TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    operator_id     TEXT NOT NULL REFERENCES operator (id),
    agent_key       INTEGER NOT NULL REFERENCES agent (key),
    target          TEXT NOT NULL,
    title           TEXT NOT NULL,
    granted         TEXT NOT NULL,
    actions         TEXT NOT NULL,
    suspended       INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    ends_at         INTEGER NOT NULL,
    ended_at        INTEGER,
    end_reason      TEXT
) STRICT;
-- One running session an agent.
CREATE UNIQUE INDEX session_running ON session (agent_key) WHERE ended_at IS NULL;
CREATE INDEX session_by_organisation ON session (organisation_id, ended_at);

CREATE TABLE message (
    sequence   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES session (id),
    speaker    TEXT NOT NULL,
    number     INTEGER,
    kind       TEXT NOT NULL,
    text       TEXT NOT NULL,
    sent_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_number ON message (session_id, number) WHERE number IS NOT NULL;
CREATE INDEX message_by_session ON message (session_id, sequence);
