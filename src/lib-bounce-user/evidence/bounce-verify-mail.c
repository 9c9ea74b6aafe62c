/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "message-header-parser.h"
#include "istream.h"
#include "bounce-address.h"
#include "bounce-evidence.h"
#include "bounce-key.h"
#include "bounce-sent-copy.h"
#include "bounce-sent-store.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "bounce-verify-private.h"

/* Which of the user's mails is reported, and to whom it was sent. */

/* A mail that is sent again has two. */
#define MAX_TOKENS 4
/* Recipients by which a mail is looked for. */
#define MAX_LIKE 10

/*
 * The token
 */

static bool verify_read_keys(struct bounce_verify *verify)
{
	const char *error;
	int ret;

	if (array_is_created(&verify->keys))
		return !array_is_empty(&verify->keys);
	p_array_init(&verify->keys, verify->pool, 2);
	ret = bounce_key_read(verify->bu, FALSE, &verify->keys, &error);
	if (ret < 0) {
		e_error(verify->bu->event, "Tokens cannot be verified: %s",
			error);
		array_clear(&verify->keys);
	}
	return ret > 0;
}

static bool verify_check_token(struct bounce_verify *verify, const char *value)
{
	struct bounce_token token;

	if (!verify_read_keys(verify) ||
	    !bounce_token_verify(&verify->keys, value,
				 verify->bu->user->username,
				 verify->report->original_message_id,
				 ioloop_time, verify->pool, &token))
		return FALSE;
	verify->token = p_memdup(verify->pool, &token, sizeof(token));
	return TRUE;
}

static void verify_token(struct bounce_verify *verify)
{
	const char *headers = verify->report->original_headers;
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	struct istream *input;
	unsigned int count = 0;
	bool found = FALSE;

	if (headers == NULL)
		return;
	input = i_stream_create_from_data(headers, strlen(headers));
	parser = message_parse_header_init(input, NULL, 0);
	while (!found && count < MAX_TOKENS &&
	       message_parse_header_next(parser, &hdr) > 0) {
		if (hdr->eoh ||
		    strcasecmp(hdr->name, BOUNCE_TOKEN_HEADER) != 0)
			continue;
		if (hdr->continues) {
			hdr->use_full_value = TRUE;
			continue;
		}
		count++;
		found = verify_check_token(verify, t_strndup(hdr->full_value,
						hdr->full_value_len));
	}
	message_parse_header_deinit(&parser);
	i_stream_unref(&input);
}

/*
 * The copy in Sent
 */

static bool verify_names_others(struct bounce_verify *verify)
{
	const char *address;

	array_foreach_elem(&verify->original->recipients, address) {
		if (!bounce_evidence_is_own(&verify->own, address))
			return TRUE;
	}
	return FALSE;
}

/*
 * The envelope
 */

/* Our own MTA's report names the queue id of the mail where it came in, and what
   is there no outsider wrote. */
static void verify_envelope(struct bounce_verify *verify)
{
	struct bounce_sent_envelope envelope;
	struct bounce_store *store;
	const char *error;
	int ret;

	if (verify->trace.reporter != BOUNCE_REPORTER_OWN ||
	    !verify->entry.authenticated || verify->entry.queue_id == NULL)
		return;
	ret = bounce_user_store(verify->bu, &store, &error) < 0 ? -1 :
		bounce_sent_store_envelope(store, verify->pool,
					   verify->entry.queue_id, ioloop_time,
					   &envelope, &error);
	if (ret < 0) {
		/* recording will say so, too */
		e_debug(verify->bu->event, "Envelope is not known: %s", error);
	} else if (ret > 0) {
		verify->envelope = p_memdup(verify->pool, &envelope,
					    sizeof(envelope));
	}
}

/*
 * To whom
 */

enum bounce_knowledge
bounce_verify_knows(struct bounce_verify *verify, const char *address)
{
	const char *normal, *error;
	bool open = FALSE;

	if (address == NULL ||
	    bounce_address_normalize(verify->pool, address, &normal,
				     &error) < 0)
		return BOUNCE_KNOWLEDGE_NONE;
	if (verify->token != NULL) {
		if (bounce_token_is_open(verify->token))
			open = TRUE;
		else if (bounce_token_has(verify->token, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
	}
	if (verify->envelope != NULL) {
		if (bounce_sent_envelope_has(verify->envelope, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
		if (!bounce_sent_envelope_is_exact(verify->envelope))
			open = TRUE;
	}
	if (verify->original != NULL) {
		if (bounce_sent_header_has(verify->original, normal))
			return BOUNCE_KNOWLEDGE_ADDRESS;
		/* a token that names its recipients knows better, and so does
		   the envelope */
		if (verify->original_open && verify->token == NULL &&
		    verify->envelope == NULL)
			open = TRUE;
	}
	return open ? BOUNCE_KNOWLEDGE_OPEN : BOUNCE_KNOWLEDGE_NONE;
}

/*
 * The mail by its signs
 */

/* Could the copy make a difference? */
static bool verify_needs_copy(struct bounce_verify *verify)
{
	const struct bounce_recipient *rcpt;

	/* our MTA forwarded it for somebody */
	if (verify->entry.relayed &&
	    verify->trace.reporter == BOUNCE_REPORTER_OWN)
		return FALSE;
	if (verify->token == NULL)
		return TRUE;
	array_foreach(&verify->report->recipients, rcpt) {
		if (bounce_verify_knows(verify, rcpt->address) !=
		    BOUNCE_KNOWLEDGE_ADDRESS)
			return TRUE;
	}
	return FALSE;
}

/* A search costs, and a stranger may ask for as many as they like: what costs less is
   asked first, and so many searches a minute are enough. What is not searched is left
   for later. */
static bool verify_may_search(struct bounce_verify *verify)
{
	struct bounce_user *bu = verify->bu;
	enum bounce_reporter reporter = bounce_verify_best_reporter(verify);
	struct bounce_store *store;
	const char *error;
	int ret;

	/* all at once, or by who cannot be a stranger */
	if (verify->arrival->originals != NULL ||
	    reporter >= BOUNCE_REPORTER_RELAY)
		return TRUE;
	if (reporter == BOUNCE_REPORTER_STRANGER) {
		if (bounce_user_store(bu, &store, &error) < 0 ||
		    (ret = bounce_sent_store_knows(store, verify->report,
						   ioloop_time, &error)) < 0) {
			/* recording will say so, too */
			e_debug(bu->event, "Sent mail is not known: %s", error);
			verify->unsearched = TRUE;
			return FALSE;
		}
		if (ret == 0)
			return FALSE;
	}
	verify->unsearched = !bounce_wait_take_search(bu->wait,
						      bu->user->username,
						      ioloop_time);
	return !verify->unsearched;
}

static void
verify_search_failed(struct bounce_verify *verify, const char *error)
{
	/* who has so little time tries again */
	if (verify->arrival->search_msecs > 0)
		verify->unsearched = TRUE;
	else if (!verify->search_failed) {
		e_error(verify->bu->event, "Sent mail cannot be searched: %s",
			error);
	}
	verify->search_failed = TRUE;
}

static void
verify_take_original(struct bounce_verify *verify,
		     const struct bounce_sent_header *out)
{
	verify->original = p_memdup(verify->pool, out, sizeof(*out));
	verify->original_open = !verify_names_others(verify);
}

static bool verify_original(struct bounce_verify *verify, const char *id)
{
	struct bounce_sent_header out;
	const char *error;
	int ret;

	ret = verify->arrival->originals != NULL ?
		bounce_sent_copy_index_read(verify->arrival->originals, id,
					   verify->pool, &out, &error) :
		bounce_sent_copy_read(verify->bu->user, id, ioloop_time,
				     verify->arrival->search_msecs,
				     verify->pool, &out, &error);
	if (ret < 0)
		verify_search_failed(verify, error);
	if (ret <= 0)
		return FALSE;
	verify_take_original(verify, &out);
	return TRUE;
}

/* What the report answers. */
static bool verify_thread(struct bounce_verify *verify)
{
	struct bounce_report *report = verify->report;
	const char *id;

	array_foreach_elem(&verify->trace.threads, id) {
		if (null_strcmp(id, report->original_message_id) != 0 &&
		    verify_original(verify, id)) {
			report->original_message_id =
				p_strdup(verify->report_pool, id);
			return TRUE;
		}
		/* its copy may be saved yet */
		if (report->original_message_id == NULL) {
			report->original_message_id =
				p_strdup(verify->report_pool, id);
		}
	}
	return FALSE;
}

static void
verify_add_like(struct bounce_verify *verify,
		struct bounce_sent_copy_like *like, const char *address)
{
	const char *normal, *error;

	if (address != NULL &&
	    bounce_address_normalize(verify->pool, address, &normal,
				     &error) == 0)
		array_push_back(&like->recipients, &normal);
}

/* The mail of that day with that subject to that address. */
static void verify_like(struct bounce_verify *verify)
{
	struct bounce_report *report = verify->report;
	struct bounce_sent_copy_like like = {
		.subject = report->original_subject
	};
	const struct bounce_recipient *rcpt;
	struct bounce_sent_header out;
	const char *error;
	int ret;

	if (like.subject == NULL || *like.subject == '\0' ||
	    !bounce_sent_date(report->original_headers, &like.date))
		return;
	p_array_init(&like.recipients, verify->pool, 2);
	array_foreach(&report->recipients, rcpt) {
		if (array_count(&like.recipients) >= MAX_LIKE)
			break;
		verify_add_like(verify, &like, rcpt->address);
		verify_add_like(verify, &like, rcpt->original_address);
	}
	ret = bounce_sent_copy_match(verify->bu->user, &like,
				     verify->arrival->search_msecs,
				     verify->pool, &out, &error);
	if (ret < 0)
		verify_search_failed(verify, error);
	if (ret <= 0)
		return;
	verify_take_original(verify, &out);
	if (out.message_id != NULL) {
		report->original_message_id =
			p_strdup(verify->report_pool, out.message_id);
	}
}

/* What costs nothing first. What is known by none of these is searched by other signs
   where that can prove something. */
void bounce_verify_mail(struct bounce_verify *verify)
{
	const char *id = verify->report->original_message_id;

	verify_envelope(verify);
	if (id != NULL) {
		verify_token(verify);
		if (verify_needs_copy(verify) && verify_may_search(verify))
			(void)verify_original(verify, id);
	}
	if (verify->token == NULL && verify->original == NULL &&
	    verify->envelope == NULL && !verify->unsearched &&
	    !verify->entry.relayed &&
	    bounce_verify_best_reporter(verify) > BOUNCE_REPORTER_STRANGER &&
	    /* with an id it is asked already */
	    (id != NULL || verify_may_search(verify)) &&
	    !verify_thread(verify))
		verify_like(verify);
}
