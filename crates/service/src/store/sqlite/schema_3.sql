-- What is granted and cannot be done on the user's computer.
ALTER TABLE session ADD COLUMN unsupported TEXT NOT NULL DEFAULT '[]';
