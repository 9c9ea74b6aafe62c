/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "message-parser.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"

/* A mail is read in one of two ways: split in memory, as nearly all are, or by
   Dovecot's message parser. Both give their blocks to the reader. */

/* All of the mail, in the stream's buffer or copied (else copy_r is not set), or what
   comes before the stream fails. Returns FALSE if it is too large to be held or has NULs. */
static bool message_hold(struct istream *input, buffer_t **copy_r,
			 const unsigned char **data_r, size_t *size_r)
{
	ssize_t ret;

	i_stream_seek(input, 0);
	do {
		ret = i_stream_read_bytes(input, data_r, size_r, *size_r + 1);
	} while (ret > 0 && *size_r <= BOUNCE_MAX_TEXT);
	if (ret == -2) {
		/* more than its buffer holds */
		buffer_t *copy = *copy_r =
			buffer_create_dynamic(default_pool, *size_r * 2);

		while (i_stream_read_more(input, data_r, size_r) > 0 &&
		       copy->used <= BOUNCE_MAX_TEXT) {
			buffer_append(copy, *data_r, *size_r);
			i_stream_skip(input, *size_r);
		}
		*data_r = copy->data;
		*size_r = copy->used;
	}
	return *size_r > 0 && *size_r <= BOUNCE_MAX_TEXT &&
		memchr(*data_r, '\0', *size_r) == NULL;
}

static bool message_split(struct bounce_message_reader *reader,
			  struct istream *input)
{
	buffer_t *copy = NULL;
	const unsigned char *data;
	size_t size = 0;
	bool ret;

	ret = message_hold(input, &copy, &data, &size) &&
		bounce_message_split(bounce_message_reader_pool(reader), data,
				     size, bounce_message_reader_split, reader);
	if (ret)
		bounce_message_reader_finish(reader);
	if (copy != NULL)
		buffer_free(&copy);
	return ret;
}

static void message_parse(struct bounce_message_reader *reader,
			  struct istream *input)
{
	const struct message_parser_settings set = {
		.flags = MESSAGE_PARSER_FLAG_INCLUDE_MULTIPART_BLOCKS,
		.max_nested_mime_parts = BOUNCE_MAX_MIME_DEPTH,
		.max_total_mime_parts = BOUNCE_MAX_MIME_PARTS + 1,
	};
	struct message_parser_ctx *parser;
	struct message_block block;
	struct message_part *parts;

	i_stream_seek(input, 0);
	parser = message_parser_init(bounce_message_reader_pool(reader), input,
				     &set);
	while (message_parser_parse_next_block(parser, &block) > 0) T_BEGIN {
		bounce_message_reader_parsed(reader, &block);
	} T_END;
	message_parser_deinit(&parser, &parts);
}

int bounce_message_parse_body(struct bounce_message *message,
			      struct istream *input)
{
	struct bounce_message_reader *reader =
		bounce_message_reader_init(message);

	message_parse(reader, input);
	bounce_message_reader_finish(reader);
	bounce_message_reader_deinit(&reader);
	return input->stream_errno == 0 ? 0 : -1;
}

int bounce_message_read_body(struct bounce_message *message,
			     struct istream *input)
{
	struct bounce_message_reader *reader =
		bounce_message_reader_init(message);
	bool truncated = message->truncated, done;

	done = message_split(reader, input);
	bounce_message_reader_deinit(&reader);
	if (done)
		return input->stream_errno == 0 ? 0 : -1;
	message->truncated = truncated;
	return bounce_message_parse_body(message, input);
}
