/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test-mail.h"
#include "bounce-message-private.h"
#include "istream.h"
#include "str.h"
#include "write-full.h"

#include <stdio.h>
#include <unistd.h>

static void free_copy(unsigned char *copy)
{
	i_free(copy);
}

struct istream *bounce_test_stream(const char *text)
{
	size_t size;
	unsigned char *copy = bounce_test_bytes(text, &size);
	struct istream *input = i_stream_create_from_data(copy, size);

	i_stream_add_destroy_callback(input, free_copy, copy);
	return input;
}

struct istream *bounce_test_stream_pieces(const void *data, size_t size,
					  size_t piece)
{
	FILE *file = tmpfile();
	int fd = dup(fileno(file));

	(void)fclose(file);
	if (write_full(fd, data, size) < 0)
		ck_abort_msg("write() failed: %m");
	return i_stream_create_fd_autoclose(&fd, piece);
}

const char *bounce_test_crlf(const char *text)
{
	string_t *dest = t_str_new(strlen(text) + 64);

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			str_append_c(dest, '\r');
		str_append_c(dest, *text);
	}
	return str_c(dest);
}

void bounce_test_message_alike(const struct bounce_message *message,
			       const struct bounce_message *other)
{
	ck_assert_str_eq(message->text, other->text);
	ck_assert_str_eq(message->status, other->status);
	ck_assert_str_eq(message->inner_status, other->inner_status);
	ck_assert_str_eq(message->disposition, other->disposition);
	ck_assert_str_eq(message->feedback, other->feedback);
	ck_assert_str_eq(message->returned, other->returned);
	ck_assert_int_eq(message->truncated, other->truncated);
}

struct bounce_message *bounce_test_message(pool_t pool, const char *text)
{
	struct istream *input = bounce_test_stream(text);
	struct bounce_message *message, *parsed;

	ck_assert_int_eq(bounce_message_read_header(input, pool, &message), 0);
	ck_assert_int_eq(bounce_message_read_body(message, input), 0);
	i_stream_seek(input, 0);
	ck_assert_int_eq(bounce_message_read_header(input, pool, &parsed), 0);
	ck_assert_int_eq(bounce_message_parse_body(parsed, input), 0);
	bounce_test_message_alike(message, parsed);
	i_stream_unref(&input);
	return message;
}
