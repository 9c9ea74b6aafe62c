-- The dictionary of dovecot-bounce in PostgreSQL (encoding UTF8):
--   psql -d dovecot -f schema-pgsql.sql
-- One row is one key; the record is JSON, so that a new version of
-- dovecot-bounce needs no change here. Kept as text: Dovecot writes strings.
CREATE TABLE bounce (
  username VARCHAR(255) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  item VARCHAR(1024) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (username, kind, item)
);
