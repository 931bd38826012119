-- A database as version 1 wrote it, on top of its schema. The test adds the key and the version number.
INSERT INTO organisation VALUES
    ('org-1', 'Example Support', 'support.example', 'Help desk', 'org-1-key', x'01'),
    ('org-2', 'Sample Care', NULL, NULL, 'org-2-key', x'02');
INSERT INTO operator VALUES
    ('op-olivia', 'org-1', 'olivia', 'Olivia Example', '$argon2id$1'),
    ('op-oscar', 'org-1', 'oscar', 'Oscar Example', '$argon2id$2'),
    ('op-otto', 'org-2', 'otto', 'Otto Example', '$argon2id$3');
INSERT INTO sign_in VALUES ('sign-in-1', 'op-olivia', 1800000000000);
INSERT INTO invitation VALUES
    ('inv-1', 'org-1', 'op-olivia', '123456789', 'mac-1', 'Printer', 1790000000000, 1790007200000, 'open', NULL),
    ('inv-2', 'org-1', 'op-oscar', NULL, 'mac-2', NULL, 1790000000001, 1790007200001, 'used', 1790000100000);
INSERT INTO device_group VALUES ('grp-1', 'org-1', 'Office', '["view","chat"]', 1);
INSERT INTO enrolment_token VALUES ('token-1', 'grp-1', 3, 1800000000000), ('token-2', 'grp-1', NULL, NULL);
INSERT INTO device VALUES
    ('dev-1', 'org-1', 'grp-1', 'desk-7', 'Ursula Sample', 1, 1790000000000, 'token-1', NULL),
    ('dev-2', 'org-1', 'grp-1', 'desk-8', 'Udo Sample', 0, 1790000000000, 'token-1', 1790000200000);
INSERT INTO help (id, device_id, text, created_at, taken_by, closed_at) VALUES
    ('help-1', 'dev-1', 'The printer is silent.', 1790000000000, 'op-oscar', NULL);
INSERT INTO agent (key, organisation_id, audience, public_key, version, operating_system, token_hash, last_seen,
                   closed_at, last_event, pruned_through) VALUES
    (1, 'org-1', '{"device":"dev-1"}', 'agent-key-1', '0.1.0', 'linux', 'agent-token-1', 1790000000000, NULL, 2, 1),
    (2, 'org-1', '{"invitation":"inv-2"}', 'agent-key-2', '0.1.0', 'windows', 'agent-token-2', NULL, 1790000100000, 0, 0);
INSERT INTO event VALUES (1, 2, 1790000000000, '{"type":"device_retired"}');
INSERT INTO request (id, organisation_id, operator_id, agent_key, target, permissions, signed, created_at, answer_until,
                     expires_at, delivered_at, state) VALUES
    ('req-1', 'org-1', 'op-oscar', 2, '{"invitation":"inv-2"}', '["view","control"]', 'a.b.c', 1790000010000,
     1790000130000, 1790000670000, 1790000011000, '{"state":"approved","permissions":["view"],"session_id":"ses-1"}'),
    ('req-2', 'org-1', 'op-olivia', 1, '{"device":"dev-1"}', '["chat"]', 'd.e.f', 1790000020000,
     1790000140000, 1790000680000, NULL, '{"state":"rejected","reason":"not_now"}');
INSERT INTO receipt VALUES ('req-1', 'r.s.t', 1790000012000), ('req-2', 'u.v.w', 1790000022000);
INSERT INTO session VALUES
    ('ses-1', 'org-1', 'op-oscar', 2, '{"invitation":"inv-2"}', 'Invited user', '["view"]', '[]', 0, 1790000012000,
     1790003612000, 1790000100000, 'user'),
    ('ses-2', 'org-1', 'op-olivia', 1, '{"device":"dev-1"}', 'desk-7 (Ursula Sample)', '["chat"]', '["chatting"]', 0,
     1790000030000, 1790003630000, NULL, NULL);
INSERT INTO message VALUES
    (1, 'msg-1', 'ses-1', 'user', 1, 'chat', 'Hello', 1790000013000),
    (2, 'msg-2', 'ses-1', 'operator', NULL, 'note', 'Please wait', 1790000014000);
