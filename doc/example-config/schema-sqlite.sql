-- The dictionary of dovecot-bounce in SQLite:
--   sqlite3 /var/lib/dovecot/bounce/bounce.sqlite <schema-sqlite.sql
-- One row is one key; the record is JSON, so that a new version of
-- dovecot-bounce needs no change here.
PRAGMA journal_mode = WAL;
CREATE TABLE bounce (
  username VARCHAR(255) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  item VARCHAR(1024) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (username, kind, item)
);
