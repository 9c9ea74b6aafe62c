#ifndef BOUNCE_LIMITS_H
#define BOUNCE_LIMITS_H

/* Every cap of the library, and why. Going over one is never an error: the
   mail is delivered and filed, and the report says truncated. */

/* What we keep of the parts that matter. A bounce's own words are at its
   start; the rest is the returned mail, whose body we never need. */
#define BOUNCE_MAX_TEXT (1024 * 1024)
/* Longest header block that is read (RFC 5322 sets none; Dovecot's cache and
   most mailers stop at 64 KiB). */
#define BOUNCE_MAX_HEADER (64 * 1024)
/* A DSN has three parts; gateways wrap it a few times. */
#define BOUNCE_MAX_MIME_PARTS 64
#define BOUNCE_MAX_MIME_DEPTH 20
/* Recipients of one report that are read: an MTA may send one for all of a
   mail's. And of what is not our own MTA's, where each may be a lie, or is in
   words only. */
#define BOUNCE_MAX_RECIPIENTS 1000
#define BOUNCE_MAX_FOREIGN_RECIPIENTS 100
/* Words of the remote host that are kept; RFC 5321 lines are 512 bytes. */
#define BOUNCE_MAX_DIAGNOSTIC 512
/* RFC 5321 allows 64 + 1 + 255. Longer is not an address. */
#define BOUNCE_MAX_ADDRESS 320
/* Until nothing of it changes any more; two do for nearly all. */
#define BOUNCE_MAX_ADDRESS_ROUNDS 5
/* A line of text that is looked at; the rest of it is passed over. */
#define BOUNCE_MAX_LINE 2048
/* Ids of reports that a record remembers, to count none twice. */
#define BOUNCE_MAX_RECENT 32
/* Message-IDs of mails that were not tried. */
#define BOUNCE_MAX_HELD 10
/* Hashes of older ones: only an address with hundreds of bounces has them. */
#define BOUNCE_MAX_SEEN 1000
#define BOUNCE_SEEN_SIZE 8
/* Bytes of any other text of a record (host names, Message-IDs). */
#define BOUNCE_MAX_RECORD_TEXT 1000
/* A longer id is remembered by its hash: a record stays below 8 KiB. */
#define BOUNCE_MAX_ID 100
/* Rules in all files together, and bytes of one rule line. */
#define BOUNCE_MAX_RULES 10000
#define BOUNCE_MAX_RULE_LINE 4096
/* Bytes of a notice of ours, and of the list within it before it is encoded;
   rows of its table. Whoever needs all addresses asks doveadm. */
#define BOUNCE_MAX_TELL (64 * 1024)
#define BOUNCE_MAX_TELL_CSV (16 * 1024)
#define BOUNCE_MAX_TELL_ROWS 50
/* Of the notices' memory: failures with all their words (a key stays below
   64 KiB), notices of one subject, keys. */
#define BOUNCE_MAX_TELL_FAILURES 200
#define BOUNCE_MAX_TELL_PLACES 8
#define BOUNCE_MAX_TELL_KEYS 200
/* Addresses that recovered, until a digest names them. */
#define BOUNCE_MAX_DIGEST_RECOVERED 50
/* Lines of one file of texts: all of ours have a few hundred. */
#define BOUNCE_MAX_TEXTS_LINES 5000
/* Bytes that may lie between two pieces of a rule ("..."): words that are
   further apart do not belong together. */
#define BOUNCE_MAX_RULE_GAP 120
/* Bytes of a text that are matched against the rules. Diagnostics are shorter;
   what a mailer explains beyond that is advice. */
#define BOUNCE_MAX_MATCH 4096
/* Clauses of such a text: a sentence has a few. */
#define BOUNCE_MAX_CLAUSES 200
/* Classes that a rule may combine. */
#define BOUNCE_MAX_RULE_TERMS 8
/* Lines and bytes of a notice that are looked at by the scanner: a notice that
   lists every recipient allowed stays below. */
#define BOUNCE_MAX_SCAN (128 * 1024)
#define BOUNCE_MAX_SCAN_LINES 4096
/* Addresses within a notice that are weighed. */
#define BOUNCE_MAX_SCAN_ADDRESSES 400
/* Bytes of the local mailer's own words that are kept for one recipient. */
#define BOUNCE_MAX_EXPLANATION 2048
/* The sent side, of each day: subjects that may become a broadcast, broadcasts,
   Message-IDs that are remembered to count none twice (a client saves its copy
   at once, software may save many at the end). */
#define BOUNCE_MAX_SENT_MAILS 8
#define BOUNCE_MAX_BROADCASTS 200
#define BOUNCE_MAX_SENT_SEEN 400
/* Mails of a day that are remembered to have bounced: the copy in Sent may come
   after the bounce. */
#define BOUNCE_MAX_SENT_BOUNCED 100
/* Recipients of an envelope that are remembered: of more it is known how many. */
#define BOUNCE_MAX_SENT_ENVELOPE 1000
/* Envelopes of a shard and their recipients, and the same of the mails of the last
   minutes; the oldest make room. A key stays below 64 KiB. */
#define BOUNCE_MAX_SENT_SHARD 400
#define BOUNCE_MAX_SENT_SHARD_RECIPIENTS 4000
#define BOUNCE_MAX_SENT_RECENT 200
#define BOUNCE_MAX_SENT_RECENT_RECIPIENTS 2000
/* Addresses of a broadcast that are remembered to have failed; later ones may
   count twice. */
#define BOUNCE_MAX_SENT_FAILED 2000
/* 36 bits in base64: one of 10^8 mails is taken for another. */
#define BOUNCE_SENT_HASH 6
/* A request to the policy service: Postfix sends about 30 lines, the longest with
   an address. Recipients of one mail that are remembered. */
#define BOUNCE_MAX_ACCESS_LINE (8 * 1024)
#define BOUNCE_MAX_ACCESS_LINES 100
#define BOUNCE_MAX_ACCESS_RECIPIENTS 10000
/* Causes of each kind that failures share; the rarest make room. */
#define BOUNCE_MAX_CAUSES 8
/* Those of many days and users, of all kinds. */
#define BOUNCE_MAX_SUM_CAUSES 1000
/* Bytes of a cause's text, and of a subject. */
#define BOUNCE_MAX_CAUSE 160
#define BOUNCE_MAX_SUBJECT 120

#endif
