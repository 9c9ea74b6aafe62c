/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What of a header is looked at. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "message-header-parser.h"
#include "bounce-trace-private.h"

/* No mail has more that went through us. */
#define MAX_RECEIVED 100
#define MAX_AUTHRES 20
#define MAX_HEADER_SIZE (64 * 1024)

static void
trace_add_field(struct bounce_trace_header *header, pool_t pool,
		const char *name, const char *value)
{
	if (strcasecmp(name, "Received") == 0) {
		if (array_count(&header->received) < MAX_RECEIVED) {
			bounce_received_parse(pool, value,
				array_append_space(&header->received));
		}
	} else if (strcasecmp(name, "Authentication-Results") == 0) {
		struct bounce_trace_authres *authres;

		if (array_count(&header->authres) < MAX_AUTHRES) {
			authres = array_append_space(&header->authres);
			authres->value = p_strdup(pool, value);
			authres->depth = array_count(&header->received);
		}
	} else if (strcasecmp(name, "Return-Path") == 0) {
		/* the topmost is the delivery's */
		if (header->return_path == NULL)
			header->return_path = p_strdup(pool, value);
	} else if (strcasecmp(name, "From") == 0) {
		if (header->froms++ == 0)
			header->from = p_strdup(pool, value);
	} else if (strcasecmp(name, "Auto-Submitted") == 0) {
		if (header->auto_submitted == NULL)
			header->auto_submitted = p_strdup(pool, value);
	} else if (strcasecmp(name, "In-Reply-To") == 0) {
		if (header->in_reply_to == NULL)
			header->in_reply_to = p_strdup(pool, value);
	} else if (strcasecmp(name, "References") == 0) {
		if (header->references == NULL)
			header->references = p_strdup(pool, value);
	}
}

void bounce_trace_header_read(struct istream *input, pool_t pool,
			      struct bounce_trace_header *header_r)
{
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	size_t size = 0;

	i_zero(header_r);
	p_array_init(&header_r->received, pool, 8);
	p_array_init(&header_r->authres, pool, 2);
	parser = message_parse_header_init(input, NULL, 0);
	while (size < MAX_HEADER_SIZE &&
	       message_parse_header_next(parser, &hdr) > 0) {
		size += hdr->name_len + hdr->value_len;
		if (hdr->eoh)
			break;
		if (hdr->continues) {
			hdr->use_full_value = TRUE;
			continue;
		}
		T_BEGIN {
			trace_add_field(header_r, pool, hdr->name,
				t_strndup(hdr->full_value,
					  hdr->full_value_len));
		} T_END;
	}
	message_parse_header_deinit(&parser);
}
