CREATE TABLE passkey (
    id            TEXT PRIMARY KEY,
    operator_id   TEXT NOT NULL REFERENCES operator (id),
    -- What the authenticator calls it, in base64url.
    credential_id TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    -- Public key and counter, as JSON.
    credential    TEXT NOT NULL,
    added_at      INTEGER NOT NULL,
    last_used     INTEGER
) STRICT;
CREATE INDEX passkey_by_operator ON passkey (operator_id, added_at);

-- Whichever was there first.
CREATE VIEW second_factor_since AS
    SELECT operator_id, min(since) AS since
    FROM (SELECT operator_id, confirmed_at AS since FROM second_factor WHERE confirmed_at IS NOT NULL
          UNION ALL SELECT operator_id, added_at FROM passkey)
    GROUP BY operator_id;
