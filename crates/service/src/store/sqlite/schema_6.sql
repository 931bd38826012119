-- Tries to sign in with a name that nobody has.
ALTER TABLE service ADD COLUMN unknown_logins INTEGER NOT NULL DEFAULT 0;
