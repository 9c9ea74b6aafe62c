/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "istream-base64.h"
#include "istream-qp.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

/* The header block of the mail that a report returns, however it was put into
   its part. */

static bool returned_is_field(const char *line)
{
	size_t len = 0;

	while (line[len] > 32 && line[len] < 127 && line[len] != ':')
		len++;
	return len > 0 && line[len + strspn(line + len, " \t")] == ':';
}

/* The first line that is a field, or the end of text; indent_r: white space
   before it. */
static const char *returned_begin(const char *text, size_t *indent_r)
{
	*indent_r = 0;
	while (*text != '\0') {
		*indent_r = strspn(text, " \t");
		if (returned_is_field(text + *indent_r))
			return text;
		text += strcspn(text, "\n");
		if (*text == '\n')
			text++;
	}
	return text;
}

const char *bounce_returned_block(const char *text)
{
	string_t *dest;
	const char *end;
	size_t indent;

	text = returned_begin(text, &indent);
	if (*text == '\0')
		return "";
	dest = t_str_new(1024);
	while (*text != '\0' && str_len(dest) < BOUNCE_MAX_HEADER) {
		text += I_MIN(bounce_string_blanks(text), indent);
		end = strchr(text, '\n');
		if (end == NULL)
			end = text + strlen(text);
		if (text + bounce_string_blanks(text) == end)
			break;
		str_append_data(dest, text, end - text);
		str_append_c(dest, '\n');
		text = *end == '\n' ? end + 1 : end;
	}
	return str_c(dest);
}

const char *bounce_returned_decode(const char *text, bool base64)
{
	struct istream *encoded, *input;
	string_t *raw = t_str_new(1024);
	const unsigned char *data;
	size_t size;

	encoded = i_stream_create_from_data(text, strlen(text));
	input = base64 ? i_stream_create_base64_decoder(encoded) :
		i_stream_create_qp_decoder(encoded);
	i_stream_unref(&encoded);
	while (str_len(raw) < BOUNCE_MAX_HEADER &&
	       i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(raw, data, size);
		i_stream_skip(input, size);
	}
	i_stream_unref(&input);
	return bounce_string_clean(str_data(raw), str_len(raw), TRUE);
}
