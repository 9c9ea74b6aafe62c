#ifndef BOUNCE_TYPES_H
#define BOUNCE_TYPES_H

/* The nouns of the library. Words: doc/bounce-reasons.7 and RFC 3463, 3464.

   All strings are NUL-terminated UTF-8 without control characters, live in
   the pool that the report was read into, and are NULL where the mail says
   nothing (never "" and never invented). */

#include "lib.h"
#include "array.h"

struct bounce_reason;

/* What a pool that is made for each mail begins with: with what malloc() adds less
   than 2 KiB, as that clears more in a way that takes longer. */
#define BOUNCE_SMALL_POOL (2048 - 64)

/* What the mail is. A report with one failed recipient is a failure. */
enum bounce_kind {
	BOUNCE_KIND_NONE = 0,		/* ordinary mail */
	BOUNCE_KIND_FAILURE,		/* RFC 3464 action failed */
	BOUNCE_KIND_DELAY,		/* action delayed */
	BOUNCE_KIND_SUCCESS,		/* delivered, relayed, expanded */
	BOUNCE_KIND_AUTO_REPLY,		/* RFC 3834 */
	BOUNCE_KIND_DISPOSITION,	/* MDN, RFC 8098 */
	BOUNCE_KIND_COMPLAINT,		/* ARF, RFC 5965 */
	BOUNCE_KIND_COUNT
};

/* RFC 3464 section 2.3.3 */
enum bounce_action {
	BOUNCE_ACTION_FAILED = 0,
	BOUNCE_ACTION_DELAYED,
	BOUNCE_ACTION_DELIVERED,
	BOUNCE_ACTION_RELAYED,
	BOUNCE_ACTION_EXPANDED,
	BOUNCE_ACTION_COUNT
};

/* Will the same address work later without somebody changing it? */
enum bounce_class {
	BOUNCE_CLASS_UNDETERMINED = 0,
	BOUNCE_CLASS_HARD,
	BOUNCE_CLASS_SOFT,
	BOUNCE_CLASS_COUNT
};

/* Who must act. */
enum bounce_side {
	BOUNCE_SIDE_UNKNOWN = 0,
	BOUNCE_SIDE_RECIPIENT,
	BOUNCE_SIDE_DOMAIN,
	BOUNCE_SIDE_SENDER,
	BOUNCE_SIDE_MESSAGE,
	BOUNCE_SIDE_TRANSPORT,
	BOUNCE_SIDE_COUNT
};

/* How sure we are that the report answers a mail of this user. In rising
   order, so that levels can be compared with < and >=. */
enum bounce_evidence {
	BOUNCE_EVIDENCE_UNVERIFIED = 0,
	BOUNCE_EVIDENCE_PLAUSIBLE,
	BOUNCE_EVIDENCE_VERIFIED,
	BOUNCE_EVIDENCE_COUNT
};

/* What the delivery knows beside the mail. */
struct bounce_envelope {
	/* MAIL FROM without < >; "" is the null sender; NULL = unknown (then
	   Return-Path: is used) */
	const char *mail_from;
	/* an mbox says so in its From_ line, which some programs make up: a
	   Return-Path: is worth more */
	bool hearsay;
};

/* The judgement on one recipient. */
struct bounce_verdict {
	enum bounce_class class;
	enum bounce_side side;
	/* static, from bounce-reason.c; never NULL once classified */
	const struct bounce_reason *reason;
	/* what decided: "50-providers.rules:12", or "status" (RFC 3463 code),
	   "reply" (RFC 5321 code), "default" */
	const char *rule;
};

/* One recipient of a report. */
struct bounce_recipient {
	/* the address that failed, as reported (Final-Recipient), without
	   address type, angle brackets and xtext; not case-folded */
	const char *address;
	/* the address that was written to (ORCPT), where it differs */
	const char *original_address;
	/* the report names no more than its local part: never called hard */
	bool guessed;
	enum bounce_action action;
	/* enhanced status code "5.1.1": the remote's own from the diagnostic
	   where there is one, else the report's Status field */
	const char *status;
	/* the report's own Status field, whatever the diagnostic says */
	const char *status_field;
	/* three digits, RFC 5321 */
	const char *reply;
	/* the remote host's words on one line, at most
	   BOUNCE_MAX_DIAGNOSTIC bytes, cut at a character */
	const char *diagnostic;
	/* the local mailer's own words for it, where they are apart */
	const char *explanation;
	/* host name (or address) of the server that refused, without type */
	const char *remote_mta;
	/* the SMTP command that was answered, upper case: "RCPT TO",
	   "MAIL FROM", "DATA", "EHLO", "CONNECT"... */
	const char *command;
	struct bounce_verdict verdict;

	/* Set by who verifies the report: */

	/* the address that the user wrote to, where it is known and is not the
	   one that failed */
	const char *written_to;
	/* nothing of this may be believed; or no more than plausible */
	bool stranger, doubtful;
};

/* What one mail says. */
struct bounce_report {
	enum bounce_kind kind;
	/* name of the format that read it: "dsn", "qmail" ... NULL for kind
	   none */
	const char *format;
	const char *reporting_mta;
	/* of the report itself, with < > */
	const char *message_id;
	/* from the returned mail */
	const char *original_message_id;
	const char *original_from;	/* address only */
	/* addresses only; always created */
	ARRAY_TYPE(const_string) original_to;
	const char *original_subject;
	/* it is that of our own copy (bounce_verify_report()) */
	bool own_subject;
	/* the returned mail's header block as it came, LF line ends, at most
	   BOUNCE_MAX_HEADER bytes: for the evidence (Received, tokens) */
	const char *original_headers;
	/* always created; in the order of the report, each address once */
	ARRAY(struct bounce_recipient) recipients;
	/* a cap of bounce-limits.h was reached */
	bool truncated;
	/* of ordinary mail that answers one, or that a server authenticated:
	   the first address of From, for the proof of life */
	const char *sender;
	/* of ordinary mail: the Message-ID of the notice of ours that it answers,
	   by its form (bounce-answer-id.h), or NULL */
	const char *answers;
};

/* Names as they are in the dictionary, in Sieve and in JSON ("failure",
   "hard", "sender", ...), NULL after the last. */
extern const char *const bounce_kind_names[];
extern const char *const bounce_action_names[];
extern const char *const bounce_class_names[];
extern const char *const bounce_side_names[];
extern const char *const bounce_evidence_names[];

const char *bounce_kind_name(enum bounce_kind kind);
const char *bounce_action_name(enum bounce_action action);
const char *bounce_class_name(enum bounce_class class);
const char *bounce_side_name(enum bounce_side side);
const char *bounce_evidence_name(enum bounce_evidence evidence);

/* The reverse. name is compared without case. Returns 0, or -1 if there is no
   such name. */
int bounce_kind_parse(const char *name, enum bounce_kind *kind_r);
int bounce_action_parse(const char *name, enum bounce_action *action_r);
int bounce_class_parse(const char *name, enum bounce_class *class_r);
int bounce_side_parse(const char *name, enum bounce_side *side_r);
int bounce_evidence_parse(const char *name, enum bounce_evidence *evidence_r);

/* The same of any such list. */
int bounce_types_find(const char *const *names, const char *name,
		     unsigned int *idx_r);
/* Defines bounce_NOUN_name() and bounce_NOUN_parse() over bounce_NOUN_names. */
#define BOUNCE_NAMES(noun, count) \
const char *bounce_##noun##_name(enum bounce_##noun noun) \
{ \
	i_assert((unsigned int)noun < count); \
	return bounce_##noun##_names[noun]; \
} \
int bounce_##noun##_parse(const char *name, enum bounce_##noun *noun##_r) \
{ \
	unsigned int idx; \
	if (bounce_types_find(bounce_##noun##_names, name, &idx) < 0) \
		return -1; \
	*noun##_r = (enum bounce_##noun)idx; \
	return 0; \
}

#endif
