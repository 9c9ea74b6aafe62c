#ifndef BOUNCE_VERIFY_PRIVATE_H
#define BOUNCE_VERIFY_PRIVATE_H

/* Between bounce-verify.c, and what it builds on: which mail (-mail), and of that
   who reports it (-reporter). */

#include "bounce-token.h"
#include "bounce-verify.h"

struct bounce_verify {
	struct bounce_user *bu;
	struct bounce_report *report;
	const struct bounce_arrival *arrival;
	pool_t pool;
	/* what report gets */
	pool_t report_pool;
	struct bounce_evidence_site own;
	struct bounce_trace_site site;
	struct bounce_trace trace;
	struct bounce_entry entry;
	/* read when the first token is seen */
	ARRAY_TYPE(bounce_token_key) keys;
	/* if the mail is ours, one of them at least: whom it was sent to */
	const struct bounce_token *token;
	struct bounce_sent_header *original;
	/* the envelope that bounce-policy was asked about, or NULL */
	const struct bounce_sent_envelope *envelope;
	/* the copy names nobody but the user */
	bool original_open;
	/* the one address of this report that its own side may speak of, where
	   it cannot be said whom the mail went to */
	bool open_used;
	bool unsearched;
	/* that Sent cannot be searched was said */
	bool search_failed;
};

/* Who says of address that it failed? */
enum bounce_reporter
bounce_verify_reporter(const struct bounce_verify *verify, const char *address);
/* The best that anybody is of this report's recipients. */
enum bounce_reporter
bounce_verify_best_reporter(const struct bounce_verify *verify);

/* Which of the user's mails was it: sets token, envelope and original, and the report's
   Message-ID where other signs show it. */
void bounce_verify_mail(struct bounce_verify *verify);
/* Was it sent to address (may be NULL)? */
enum bounce_knowledge
bounce_verify_knows(struct bounce_verify *verify, const char *address);

#endif
