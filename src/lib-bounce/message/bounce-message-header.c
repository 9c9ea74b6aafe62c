/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "message-header-parser.h"
#include "rfc822-parser.h"
#include "rfc2231-parser.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

/* The header of the mail itself: of an ordinary mail nothing else is read. */

/* Reading a Content-Type. type_r and report_type_r are on the data stack. */
static void message_content_type_parse(const char *value, const char **type_r,
				       const char **report_type_r)
{
	struct rfc822_parser_context parser;
	const char *const *params;
	string_t *type;

	if (bounce_message_plain_type(value, type_r, report_type_r))
		return;
	*type_r = *report_type_r = NULL;
	type = t_str_new(32);
	rfc822_parser_init(&parser, (const unsigned char *)value,
			   strlen(value), NULL);
	rfc822_skip_lwsp(&parser);
	if (rfc822_parse_content_type(&parser, type) >= 0 && str_len(type) > 0)
		*type_r = t_str_lcase(str_c(type));
	rfc2231_parse(&parser, &params);
	for (; *params != NULL; params += 2) {
		if (strcasecmp(params[0], "report-type") == 0)
			*report_type_r = t_str_lcase(params[1]);
	}
	rfc822_parser_deinit(&parser);
}

void bounce_message_append_line(string_t *dest,
				const struct message_header_line *hdr)
{
	if (!hdr->continued) {
		str_append(dest, hdr->name);
		bounce_string_append(dest, hdr->middle, hdr->middle_len, TRUE);
	}
	bounce_string_append(dest, hdr->value, hdr->value_len, TRUE);
	if (!hdr->no_newline)
		str_append_c(dest, '\n');
}

/* One bit, the same in upper and lower case. */
static uint32_t message_initial(const char *name)
{
	return (uint32_t)1 << (name[0] & 31);
}

static void
message_header_finish(struct bounce_message *message, const char *block)
{
	const struct bounce_header *header;
	const char *value;

	bounce_header_split(pool_datastack_create(), block, NULL,
			    &message->headers);
	array_foreach(&message->headers, header)
		message->initials |= message_initial(header->name);
	value = bounce_message_header(message, "Content-Type");
	if (value == NULL)
		return;
	message_content_type_parse(value, &message->content_type,
				   &message->report_type);
}

static bool message_is_named(const char *name, size_t len, const char *other)
{
	return strncasecmp(name, other, len) == 0 && other[len] == '\0';
}

/* The fields that tell what a mail is, by their first letters. All other fields
   of ordinary mail cost no more than this look. */
static bool message_is_wanted(const char *name, size_t len)
{
	static const struct {
		const char *name;
		size_t len;
	} wanted[] = {
#define WANTED(name) { name, sizeof(name) - 1 }
		WANTED("Auto-Submitted"), WANTED("Auto-Reply"),
		WANTED("Content-Type"), WANTED("From"), WANTED("In-Reply-To"),
		WANTED("List-Id"), WANTED("Message-ID"), WANTED("Precedence"),
		WANTED("References"), WANTED("Return-Path"), WANTED("Subject"),
		WANTED("To"), WANTED("User-Agent"),
	};

	/* X-Failed-Recipients, X-Autoreply, X-Vacation, X-Bounce-Notice ... */
	if (len > 4 && (name[0] == 'X' || name[0] == 'x'))
		return strchr("aAbBfFvVmMdD", name[2]) != NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(wanted); i++) {
		if (wanted[i].len == len &&
		    strncasecmp(name, wanted[i].name, len) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Only mail with one of these may show that its sender is alive. */
static bool message_may_prove(const char *name, size_t len)
{
	switch (name[0] | 0x20) {
	case 'i':
		return message_is_named(name, len, "In-Reply-To");
	case 'r':
		return message_is_named(name, len, "References");
	case 'a':
		return message_is_named(name, len, "Authentication-Results");
	default:
		return FALSE;
	}
}

/* Begin a field. Returns TRUE if it is wanted. */
static bool
message_take_name(struct bounce_message *message, const char *name, size_t len)
{
	if (message_may_prove(name, len))
		message->may_prove = TRUE;
	return message_is_wanted(name, len);
}

/* Length of the name that a field at line begins with, up to its colon, or 0. */
static size_t message_name_len(const unsigned char *line, size_t size)
{
	size_t len = 0;

	while (len < size && line[len] > 32 && line[len] < 127 &&
	       line[len] != ':')
		len++;
	return len < size && line[len] == ':' ? len : 0;
}

/* The lines of a header that data holds whole and that is as nearly all are: names
   with a colon behind them, no NUL, no CR but at a line's end. Returns its size, and
   0 if it is another: block is not to be used then. */
static size_t
message_read_plain(struct bounce_message *message, const unsigned char *data,
		   size_t size, string_t *block)
{
	const unsigned char *end = data + size, *line = data, *lf;
	/* lines that are wanted begin there and go on up to line */
	const unsigned char *begin = data;
	size_t len, name_len;
	bool wanted = FALSE;

	for (; (lf = memchr(line, '\n', end - line)) != NULL; line = lf + 1) {
		len = lf - line;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (len == 0) {
			bounce_string_append(block, begin, line - begin, TRUE);
			return lf + 1 - data;
		}
		if (memchr(line, '\r', len) != NULL ||
		    memchr(line, '\0', len) != NULL)
			return 0;
		if (*line != ' ' && *line != '\t') {
			name_len = message_name_len(line, len);
			if (name_len == 0)
				return 0;
			wanted = message_take_name(message,
						   (const char *)line, name_len);
		} else if (line == data) {
			return 0;
		}
		if (!wanted) {
			bounce_string_append(block, begin, line - begin, TRUE);
			begin = lf + 1;
		} else if (str_len(block) + (lf - begin) >= BOUNCE_MAX_HEADER) {
			bounce_string_append(block, begin, lf + 1 - begin, TRUE);
			message->truncated = TRUE;
			return lf + 1 - data;
		}
	}
	return 0;
}

/* By what the stream has in memory anyway: Dovecot's parser spends a thousand
   instructions on each line. Returns FALSE if that has to be asked. */
static bool
message_read_at_once(struct bounce_message *message, struct istream *input,
		     string_t *block)
{
	const unsigned char *data;
	size_t size = 0, used = 0;

	/* most streams give 8 KiB, then the rest */
	for (unsigned int i = 0; i < 3 && used == 0; i++) {
		if (i_stream_read_data(input, &data, &size, size) <= 0)
			break;
		str_truncate(block, 0);
		used = message_read_plain(message, data, size, block);
	}
	if (used > 0) {
		i_stream_skip(input, used);
		return TRUE;
	}
	str_truncate(block, 0);
	message->may_prove = FALSE;
	return FALSE;
}

static void
message_read_lines(struct bounce_message *message, struct istream *input,
		   string_t *block)
{
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	bool wanted = FALSE;

	parser = message_parse_header_init(input, NULL, 0);
	while (message_parse_header_next(parser, &hdr) > 0) {
		if (hdr->eoh)
			break;
		if (!hdr->continued) {
			wanted = message_take_name(message, hdr->name,
						   strlen(hdr->name));
		}
		if (!wanted)
			continue;
		bounce_message_append_line(block, hdr);
		if (str_len(block) > BOUNCE_MAX_HEADER) {
			message->truncated = TRUE;
			break;
		}
	}
	message_parse_header_deinit(&parser);
}

int bounce_message_read_header(struct istream *input, pool_t pool,
			       struct bounce_message **message_r)
{
	struct bounce_message *message = t_new(struct bounce_message, 1);
	string_t *block = t_str_new(1024);

	message->pool = pool;
	message->text = message->status = message->inner_status =
		message->disposition = message->feedback =
		message->returned = "";
	*message_r = message;
	if (!message_read_at_once(message, input, block))
		message_read_lines(message, input, block);
	message_header_finish(message, str_c(block));
	return input->stream_errno == 0 ? 0 : -1;
}

const char *bounce_message_header(const struct bounce_message *message,
				  const char *name)
{
	/* most fields that are asked for are not there */
	return (message->initials & message_initial(name)) == 0 ? NULL :
		bounce_header_find(&message->headers, name);
}

bool bounce_message_has(const struct bounce_message *message, const char *name)
{
	return bounce_message_header(message, name) != NULL;
}
