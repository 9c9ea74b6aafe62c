-- The dictionary of dovecot-bounce in SQLite:
--   install -d -o dovecot -g dovecot -m 0750 /var/lib/dovecot-bounce
--   sqlite3 /var/lib/dovecot-bounce/bounce.sqlite <schema-sqlite.sql
--   chown dovecot:dovecot /var/lib/dovecot-bounce/bounce.sqlite*
-- One row is one key; the record is JSON, so that a new version of
-- dovecot-bounce needs no other table. To be run again for its views.
PRAGMA journal_mode = WAL;
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
  json_extract(value, '$.address') AS "address",
  replace(json_extract(value, '$.address'), rtrim(json_extract(value, '$.address'), replace(json_extract(value, '$.address'), '@', '')), '') AS "domain",
  json_extract(value, '$.state') AS "state",
  json_extract(value, '$.class') AS "class",
  json_extract(value, '$.side') AS "side",
  json_extract(value, '$.reason') AS "reason",
  json_extract(value, '$.status') AS "status",
  json_extract(value, '$.reply') AS "reply",
  json_extract(value, '$.diagnostic') AS "diagnostic",
  json_extract(value, '$.remote_mta') AS "remote_mta",
  json_extract(value, '$.score') AS "score",
  coalesce(json_extract(value, '$.count'), 0) AS "count",
  datetime(nullif(json_extract(value, '$.first'), 0), 'unixepoch') AS "first",
  datetime(nullif(json_extract(value, '$.last'), 0), 'unixepoch') AS "last",
  datetime(nullif(json_extract(value, '$.until'), 0), 'unixepoch') AS "until",
  json_extract(value, '$.evidence') AS "evidence",
  json_extract(value, '$.original_message_id') AS "original_message_id",
  json_extract(value, '$.by') AS "by",
  json_extract(value, '$.corrected') AS "corrected",
  json_extract(value, '$.original_address') AS "original_address",
  json_extract(value, '$.final_address') AS "final_address",
  coalesce(json_extract(value, '$.unproven'), 0) AS "unproven",
  datetime(nullif(json_extract(value, '$.held'), 0), 'unixepoch') AS "held",
  coalesce(json_extract(value, '$.holds'), 0) AS "holds"
FROM bounce
WHERE kind = 'address' AND (coalesce(json_extract(value, '$.until'), 0) = 0 OR coalesce(json_extract(value, '$.until'), 0) > CAST(strftime('%s', 'now') AS INTEGER));

DROP VIEW IF EXISTS bounce_day;
CREATE VIEW bounce_day AS SELECT
  username,
  substr(item, 1, 4) || '-' || substr(item, 5, 2) || '-' || substr(item, 7, 2) AS "day",
  coalesce(json_extract(value, '$.messages'), 0) AS "messages",
  coalesce(json_extract(value, '$.saved'), 0) AS "saved",
  coalesce(json_extract(value, '$.sent'), 0) AS "sent",
  coalesce(json_extract(value, '$.failed'), 0) AS "failed",
  coalesce(json_extract(value, '$.undetermined'), 0) AS "undetermined",
  coalesce(json_extract(value, '$.hard'), 0) AS "hard",
  coalesce(json_extract(value, '$.soft'), 0) AS "soft",
  coalesce(json_extract(value, '$.unknown'), 0) AS "unknown",
  coalesce(json_extract(value, '$.recipient'), 0) AS "recipient",
  coalesce(json_extract(value, '$.domain'), 0) AS "domain",
  coalesce(json_extract(value, '$.sender'), 0) AS "sender",
  coalesce(json_extract(value, '$.message'), 0) AS "message",
  coalesce(json_extract(value, '$.transport'), 0) AS "transport",
  coalesce(json_extract(value, '$.complaints'), 0) AS "complaints",
  coalesce(json_extract(value, '$.suppressed'), 0) AS "suppressed",
  coalesce(json_extract(value, '$.held'), 0) AS "held",
  coalesce(json_extract(value, '$.level'), 'none') AS "level"
FROM bounce
WHERE kind = 'sent' AND item NOT LIKE '%-%';

DROP VIEW IF EXISTS bounce_broadcast;
CREATE VIEW bounce_broadcast AS SELECT
  username,
  substr(item, 1, 4) || '-' || substr(item, 5, 2) || '-' || substr(item, 7, 2) AS "day",
  item AS "id",
  json_extract(value, '$.subject') AS "subject",
  coalesce(json_extract(value, '$.messages'), 0) AS "messages",
  coalesce(json_extract(value, '$.saved'), 0) AS "saved",
  coalesce(json_extract(value, '$.sent'), 0) AS "sent",
  coalesce(json_extract(value, '$.failed'), 0) AS "failed",
  coalesce(json_extract(value, '$.undetermined'), 0) AS "undetermined",
  coalesce(json_extract(value, '$.hard'), 0) AS "hard",
  coalesce(json_extract(value, '$.soft'), 0) AS "soft",
  coalesce(json_extract(value, '$.unknown'), 0) AS "unknown",
  coalesce(json_extract(value, '$.recipient'), 0) AS "recipient",
  coalesce(json_extract(value, '$.domain'), 0) AS "domain",
  coalesce(json_extract(value, '$.sender'), 0) AS "sender",
  coalesce(json_extract(value, '$.message'), 0) AS "message",
  coalesce(json_extract(value, '$.transport'), 0) AS "transport",
  coalesce(json_extract(value, '$.complaints'), 0) AS "complaints",
  coalesce(json_extract(value, '$.suppressed'), 0) AS "suppressed",
  coalesce(json_extract(value, '$.held'), 0) AS "held",
  coalesce(json_extract(value, '$.level'), 'none') AS "level"
FROM bounce
WHERE kind = 'sent' AND item LIKE '%-%';
