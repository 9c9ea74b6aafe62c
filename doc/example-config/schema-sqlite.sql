-- The dictionary of dovecot-bounce in SQLite:
--   install -d -o dovecot -g dovecot -m 0750 /var/lib/dovecot-bounce
--   sqlite3 /var/lib/dovecot-bounce/bounce.sqlite <schema-sqlite.sql
--   chown dovecot:dovecot /var/lib/dovecot-bounce/bounce.sqlite*
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
