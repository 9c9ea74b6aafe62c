#ifndef BOUNCE_KIND_H
#define BOUNCE_KIND_H

/* What a mail is, as far as its header tells. */

#include "bounce-types.h"

struct bounce_message;
struct bounce_envelope;

struct bounce_hints {
	/* MAIL FROM:<>, or a Return-Path: of a daemon */
	bool null_sender;
	/* From: a mailer, a postmaster */
	bool daemon;
	/* multipart/report, X-Failed-Recipients: and the like */
	bool report;
	/* the subject speaks of a failure, of a delay, of a success */
	bool failure_subject, delay_subject, success_subject;
	bool no_subject;
	/* the subject begins as an auto-reply's: "Auto: Undeliverable" */
	bool reply_subject;
	/* RFC 3834 and what came before it */
	bool auto_reply;
	/* a mailbox's own filter refused the mail (RFC 5429): Sieve says so
	   in a disposition notification */
	bool rejection;
	/* a receipt without RFC 8098 */
	bool receipt;
	/* written or passed on by a person: "Re:", "Fwd:", a list's post */
	bool person;
};

/* Read the hints from the mail's header. envelope may be NULL. */
void bounce_hints_read(const struct bounce_message *message,
		       const struct bounce_envelope *envelope,
		       struct bounce_hints *hints_r);
/* Can the mail be a report of any kind? Ordinary mail leaves here. */
bool bounce_hints_is_candidate(const struct bounce_hints *hints);

/* The notice of a report in plain words (folded) says that a delivery failed,
   that it is still being tried, that it went well. */
bool bounce_words_failure(const char *folded);
bool bounce_words_delay(const char *folded);
bool bounce_words_success(const char *folded);

#endif
