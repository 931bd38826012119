-- Where a receipt stands in its key's chain, and what the agent was answered; unknown for those taken in before.
ALTER TABLE receipt ADD COLUMN agent_public_key TEXT;
ALTER TABLE receipt ADD COLUMN number INTEGER;
ALTER TABLE receipt ADD COLUMN hash TEXT;
ALTER TABLE receipt ADD COLUMN countersignature TEXT;
CREATE INDEX receipt_in_chain ON receipt (agent_public_key, number);

-- Each says, signed with the organisation's former key, which one came after it.
CREATE TABLE key_succession (
    number          INTEGER PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    statement       TEXT NOT NULL
) STRICT;
CREATE INDEX key_succession_by_organisation ON key_succession (organisation_id, number);
