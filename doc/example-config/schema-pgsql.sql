-- The dictionary of dovecot-bounce in PostgreSQL (encoding UTF8):
--   psql -d dovecot -f schema-pgsql.sql
-- One row is one key; the record is JSON, so that a new version of
-- dovecot-bounce needs no other table. To be run again for its views.
-- Kept as text: Dovecot writes strings.
CREATE TABLE IF NOT EXISTS bounce (
  username VARCHAR(255) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  item VARCHAR(1024) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (username, kind, item)
);
-- Who else has this address?
CREATE INDEX IF NOT EXISTS bounce_item ON bounce (kind, item);

-- Views for people and other programs: made by tests/check-schema --write.
-- What has lapsed is left out; times are UTC; NULL is what is not known.

DROP VIEW IF EXISTS bounce_address;
CREATE VIEW bounce_address AS SELECT
  username,
  record->>'address' AS "address",
  substring(record->>'address' FROM '[^@]*$') AS "domain",
  record->>'state' AS "state",
  record->>'class' AS "class",
  record->>'side' AS "side",
  record->>'reason' AS "reason",
  record->>'status' AS "status",
  record->>'reply' AS "reply",
  record->>'diagnostic' AS "diagnostic",
  record->>'remote_mta' AS "remote_mta",
  (record->>'score')::float8 AS "score",
  coalesce((record->>'count')::bigint, 0) AS "count",
  to_timestamp(nullif((record->>'first')::float8, 0)) AS "first",
  to_timestamp(nullif((record->>'last')::float8, 0)) AS "last",
  to_timestamp(nullif((record->>'until')::float8, 0)) AS "until",
  record->>'evidence' AS "evidence",
  record->>'original_message_id' AS "original_message_id",
  record->>'by' AS "by",
  record->>'corrected' AS "corrected",
  record->>'original_address' AS "original_address",
  record->>'final_address' AS "final_address",
  coalesce((record->>'unproven')::bigint, 0) AS "unproven",
  to_timestamp(nullif((record->>'held')::float8, 0)) AS "held",
  coalesce((record->>'holds')::bigint, 0) AS "holds"
FROM bounce, LATERAL (SELECT value::jsonb AS record) AS r
WHERE kind = 'address' AND (coalesce((record->>'until')::float8, 0) = 0 OR coalesce((record->>'until')::float8, 0) > extract(epoch FROM now()));

DROP VIEW IF EXISTS bounce_day;
CREATE VIEW bounce_day AS SELECT
  username,
  to_date(left(item, 8), 'YYYYMMDD') AS "day",
  coalesce((record->>'messages')::bigint, 0) AS "messages",
  coalesce((record->>'saved')::bigint, 0) AS "saved",
  coalesce((record->>'sent')::bigint, 0) AS "sent",
  coalesce((record->>'failed')::bigint, 0) AS "failed",
  coalesce((record->>'undetermined')::bigint, 0) AS "undetermined",
  coalesce((record->>'hard')::bigint, 0) AS "hard",
  coalesce((record->>'soft')::bigint, 0) AS "soft",
  coalesce((record->>'unknown')::bigint, 0) AS "unknown",
  coalesce((record->>'recipient')::bigint, 0) AS "recipient",
  coalesce((record->>'domain')::bigint, 0) AS "domain",
  coalesce((record->>'sender')::bigint, 0) AS "sender",
  coalesce((record->>'message')::bigint, 0) AS "message",
  coalesce((record->>'transport')::bigint, 0) AS "transport",
  coalesce((record->>'complaints')::bigint, 0) AS "complaints",
  coalesce((record->>'suppressed')::bigint, 0) AS "suppressed",
  coalesce((record->>'held')::bigint, 0) AS "held",
  coalesce(record->>'level', 'none') AS "level"
FROM bounce, LATERAL (SELECT value::jsonb AS record) AS r
WHERE kind = 'sent' AND item NOT LIKE '%-%';

DROP VIEW IF EXISTS bounce_broadcast;
CREATE VIEW bounce_broadcast AS SELECT
  username,
  to_date(left(item, 8), 'YYYYMMDD') AS "day",
  item AS "id",
  record->>'subject' AS "subject",
  coalesce((record->>'messages')::bigint, 0) AS "messages",
  coalesce((record->>'saved')::bigint, 0) AS "saved",
  coalesce((record->>'sent')::bigint, 0) AS "sent",
  coalesce((record->>'failed')::bigint, 0) AS "failed",
  coalesce((record->>'undetermined')::bigint, 0) AS "undetermined",
  coalesce((record->>'hard')::bigint, 0) AS "hard",
  coalesce((record->>'soft')::bigint, 0) AS "soft",
  coalesce((record->>'unknown')::bigint, 0) AS "unknown",
  coalesce((record->>'recipient')::bigint, 0) AS "recipient",
  coalesce((record->>'domain')::bigint, 0) AS "domain",
  coalesce((record->>'sender')::bigint, 0) AS "sender",
  coalesce((record->>'message')::bigint, 0) AS "message",
  coalesce((record->>'transport')::bigint, 0) AS "transport",
  coalesce((record->>'complaints')::bigint, 0) AS "complaints",
  coalesce((record->>'suppressed')::bigint, 0) AS "suppressed",
  coalesce((record->>'held')::bigint, 0) AS "held",
  coalesce(record->>'level', 'none') AS "level"
FROM bounce, LATERAL (SELECT value::jsonb AS record) AS r
WHERE kind = 'sent' AND item LIKE '%-%';
