/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Did this user send the mail that a report returns, and to that address? By
   the token in its header, or by the user's own copy in Sent. */

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
#include "bounce-user.h"
#include "compat-user.h"

/* A mail that is sent again has two. */
#define MAX_TOKENS 4

struct verify {
	struct bounce_user *bu;
	const struct bounce_report *report;
	struct bounce_sent_copy_index *index;
	pool_t pool;
	/* read when the first token is seen */
	ARRAY_TYPE(bounce_token_key) keys;
	/* if the mail is ours, one of them at least: whom it was sent to */
	const struct bounce_token *token;
	struct bounce_sent_header *original;
};

/*
 * The token
 */

static bool read_keys(struct verify *verify)
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

static bool check_token(struct verify *verify, const char *value)
{
	struct bounce_token token;

	if (!read_keys(verify) ||
	    !bounce_token_verify(&verify->keys, value,
				 verify->bu->user->username,
				 verify->report->original_message_id,
				 ioloop_time, verify->pool, &token))
		return FALSE;
	verify->token = p_memdup(verify->pool, &token, sizeof(token));
	return TRUE;
}

static bool verify_token(struct verify *verify)
{
	const char *headers = verify->report->original_headers;
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	struct istream *input;
	unsigned int count = 0;
	bool found = FALSE;

	if (headers == NULL)
		return FALSE;
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
		found = check_token(verify, t_strndup(hdr->full_value,
						hdr->full_value_len));
	}
	message_parse_header_deinit(&parser);
	i_stream_unref(&input);
	return found;
}

/*
 * The copy in Sent
 */

static bool verify_original(struct verify *verify)
{
	const char *id = verify->report->original_message_id;
	struct bounce_sent_header out;
	const char *error;
	int ret;

	ret = verify->index != NULL ?
		bounce_sent_copy_index_read(verify->index, id,
					   verify->pool, &out, &error) :
		bounce_sent_copy_read(verify->bu->user, id, ioloop_time,
				     verify->pool, &out, &error);
	if (ret < 0) {
		e_error(verify->bu->event, "Sent mail cannot be searched: %s",
			error);
	}
	if (ret <= 0)
		return FALSE;
	verify->original = p_memdup(verify->pool, &out, sizeof(out));
	return TRUE;
}

/*
 * The recipients
 */

static bool sent_to(struct verify *verify, const char *address)
{
	const char *normal, *error;

	if (address == NULL ||
	    bounce_address_normalize(verify->pool, address, &normal,
				     &error) < 0)
		return FALSE;
	if (verify->token != NULL && !bounce_token_is_open(verify->token))
		return bounce_token_has(verify->token, normal);
	/* a copy without recipients was sent by Bcc */
	return verify->original == NULL ||
		array_is_empty(&verify->original->recipients) ||
		bounce_sent_header_has(verify->original, normal);
}

/* Returns FALSE if it was sent to none of them. */
static bool
check_recipients(struct verify *verify, struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	bool ret = FALSE;

	array_foreach_modifiable(&report->recipients, rcpt) {
		rcpt->stranger = !sent_to(verify, rcpt->address) &&
			!sent_to(verify, rcpt->original_address);
		if (!rcpt->stranger)
			ret = TRUE;
	}
	return ret;
}

static enum bounce_evidence
judge(struct bounce_user *bu, const struct bounce_report *report, pool_t pool)
{
	struct bounce_evidence_site site;
	const char *hostname, *delimiters;

	compat_user_names(bu->user, pool, &hostname, &delimiters);
	bounce_evidence_site_init(pool, bu->user->username, bu->rcpt_to,
				  hostname, bu->set.addresses, bu->set.sites,
				  &site);
	site.delimiters = delimiters;
	return bounce_evidence_judge(report, &site);
}

/* A token that does not name its recipients leaves that to the copy. */
static bool is_ours(struct verify *verify)
{
	if (verify->report->original_message_id == NULL)
		return FALSE;
	if (!verify_token(verify))
		return verify_original(verify);
	if (bounce_token_is_open(verify->token))
		(void)verify_original(verify);
	return TRUE;
}

enum bounce_evidence
bounce_user_evidence(struct bounce_user *bu, struct bounce_report *report,
		     struct bounce_sent_copy_index *index)
{
	pool_t pool = pool_alloconly_create("bounce evidence", 1024);
	struct verify verify = {
		.bu = bu, .report = report, .index = index, .pool = pool
	};
	enum bounce_evidence evidence;

	T_BEGIN {
		if (!is_ours(&verify))
			evidence = judge(bu, report, pool);
		else if (check_recipients(&verify, report))
			evidence = BOUNCE_EVIDENCE_VERIFIED;
		else
			evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	} T_END;
	pool_unref(&pool);
	return evidence;
}
