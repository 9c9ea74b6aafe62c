/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What a person wrote, of a mail that is no report. */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "message-decoder.h"
#include "message-parser.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-string.h"

struct message_first {
	/* the part that it is; NULL until it begins */
	const struct message_part *part;
	/* of the part whose header comes */
	const struct message_part *header_part;
	bool attached;
	bool html;
	string_t *text;
};

/* Nothing that lies within a mail that is attached. */
static bool message_first_is_within(const struct message_part *part)
{
	for (part = part->parent; part != NULL; part = part->parent) {
		if ((part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0)
			return TRUE;
	}
	return FALSE;
}

static void
message_first_header(struct message_first *first,
		     const struct message_block *block)
{
	const struct message_header_line *hdr = block->hdr;

	if (first->header_part != block->part) {
		first->header_part = block->part;
		first->attached = FALSE;
	}
	if (strcasecmp(hdr->name, "Content-Disposition") == 0 &&
	    hdr->value_len >= 10 &&
	    strncasecmp((const char *)hdr->value, "attachment", 10) == 0)
		first->attached = TRUE;
}

static void
message_first_begin(struct message_first *first,
		    const struct message_part *part, const char *type)
{
	static const char *const html[] = {
		"text/html", "application/xhtml+xml", NULL
	};

	if (first->part != NULL ||
	    (part->flags & (MESSAGE_PART_FLAG_MULTIPART |
			    MESSAGE_PART_FLAG_MESSAGE_RFC822)) != 0 ||
	    (first->header_part == part && first->attached) ||
	    message_first_is_within(part))
		return;
	first->html = type != NULL && str_array_icase_find(html, type);
	if (first->html || type == NULL ||
	    bounce_string_ibegins(type, "text/"))
		first->part = part;
}

static void
message_first_block(struct message_first *first,
		    struct message_decoder_context *decoder,
		    struct message_block *block)
{
	struct message_block decoded;
	bool ready;

	if (block->hdr != NULL)
		message_first_header(first, block);
	ready = message_decoder_decode_next_block(decoder, block, &decoded);
	if (block->hdr != NULL)
		return;
	if (block->size == 0) {
		message_first_begin(first, block->part,
			message_decoder_current_content_type(decoder));
		return;
	}
	if (!ready || block->part != first->part ||
	    str_len(first->text) >= BOUNCE_MAX_SCAN)
		return;
	str_append_data(first->text, decoded.data,
			I_MIN(decoded.size,
			      BOUNCE_MAX_SCAN - str_len(first->text)));
}

int bounce_message_first_text(struct istream *input, pool_t pool,
			      const char **text_r)
{
	const struct message_parser_settings set = {
		.max_nested_mime_parts = BOUNCE_MAX_MIME_DEPTH,
		.max_total_mime_parts = BOUNCE_MAX_MIME_PARTS + 1,
	};
	struct message_first first = { .text = str_new(default_pool, 1024) };
	struct message_parser_ctx *parser;
	struct message_decoder_context *decoder;
	struct message_block block;
	struct message_part *parts;
	pool_t part_pool = pool_alloconly_create("bounce parts", 2048);

	i_stream_seek(input, 0);
	decoder = message_decoder_init(NULL, 0);
	parser = message_parser_init(part_pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) T_BEGIN {
		message_first_block(&first, decoder, &block);
	} T_END;
	message_parser_deinit(&parser, &parts);
	message_decoder_deinit(&decoder);
	T_BEGIN {
		const char *text = bounce_string_clean(str_data(first.text),
			str_len(first.text), TRUE);

		*text_r = p_strdup(pool, first.html ?
			bounce_string_html_unquoted(text) : text);
	} T_END;
	str_free(&first.text);
	pool_unref(&part_pool);
	i_stream_seek(input, 0);
	return input->stream_errno == 0 ? 0 : -1;
}
