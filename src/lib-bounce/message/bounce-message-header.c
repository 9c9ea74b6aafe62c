/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "message-header-parser.h"
#include "rfc822-parser.h"
#include "rfc2231-parser.h"
#include "bounce-block.h"
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

/* The fields that tell what a mail is. All other fields of ordinary mail cost no more
   than a look at their length. */
static bool message_is_wanted(const char *name, size_t len)
{
#define WANTED(FIELD) \
	FIELD("Auto-Submitted") FIELD("Auto-Reply") FIELD("Content-Type") \
	FIELD("From") FIELD("In-Reply-To") FIELD("List-Id") \
	FIELD("List-Unsubscribe-Post") FIELD("Message-ID") \
	FIELD("Precedence") FIELD("References") FIELD("Return-Path") \
	FIELD("Subject") FIELD("To") FIELD("User-Agent")
#define FIELD_NAME(name) { name, sizeof(name) - 1 },
#define FIELD_LEN(name) | (uint32_t)1 << (sizeof(name) - 1)
	static const struct {
		const char *name;
		size_t len;
	} wanted[] = { WANTED(FIELD_NAME) };
	static const uint32_t lens = 0 WANTED(FIELD_LEN);

	/* X-Failed-Recipients, X-Autoreply, X-Vacation, X-Bounce-Notice ...; X-Ricevuta and
	   X-Riferimento-Message-ID, but not X-Received */
	if (len > 4 && (name[0] == 'X' || name[0] == 'x')) {
		return strchr("aAbBfFvVmMdD", name[2]) != NULL ||
			((name[2] | 0x20) == 'r' && (name[3] | 0x20) == 'i');
	}
	if (len >= 32 || (lens & (uint32_t)1 << len) == 0)
		return FALSE;
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

	if (size >= sizeof(bounce_block_t)) {
		bounce_block_t block = *(const bounce_block_t *)line;

		len = bounce_block_true_len((bounce_block_t)
			((block > 32) & (block < 127) & (block != ':')));
	}
	while (len < size && line[len] > 32 && line[len] < 127 &&
	       line[len] != ':')
		len++;
	return len < size && line[len] == ':' ? len : 0;
}

/* What is read of a header, and whether the field that is being read is wanted. */
struct message_plain {
	struct bounce_message *message;
	string_t *block;
	bool begun, wanted, ended;
};

/* The lines of a header that data holds whole, as nearly all are: names with a colon
   behind them, no NUL, no CR but at a line's end. used_r: how many bytes they are, with
   the empty line (plain->ended). Returns FALSE if one of them is another: what was read is
   to be forgotten then. */
static bool
message_read_plain(struct message_plain *plain, const unsigned char *data,
		   size_t size, size_t *used_r)
{
	const unsigned char *end = data + size, *line = data, *lf, *cr;
	/* lines that are wanted begin there and go on up to line */
	const unsigned char *begin = data;
	size_t len, name_len;

	for (; (lf = memchr(line, '\n', end - line)) != NULL; line = lf + 1) {
		cr = memchr(line, '\r', lf - line);
		if (cr != NULL && cr + 1 != lf)
			return FALSE;
		len = (cr != NULL ? cr : lf) - line;
		if (len == 0) {
			plain->ended = TRUE;
			break;
		}
		if (*line != ' ' && *line != '\t') {
			name_len = message_name_len(line, len);
			if (name_len == 0)
				return FALSE;
			plain->begun = TRUE;
			plain->wanted = message_take_name(plain->message,
				(const char *)line, name_len);
		} else if (!plain->begun) {
			return FALSE;
		}
		if (!plain->wanted) {
			bounce_string_append(plain->block, begin, line - begin,
					     TRUE);
			begin = lf + 1;
		} else if (str_len(plain->block) + (lf - begin) >=
			   BOUNCE_MAX_HEADER) {
			plain->message->truncated = plain->ended = TRUE;
			line = lf + 1;
			break;
		}
	}
	bounce_string_append(plain->block, begin, line - begin, TRUE);
	*used_r = (plain->ended ? lf + 1 : line) - data;
	return memchr(data, '\0', *used_r) == NULL;
}

/* By what the stream has in memory anyway: Dovecot's parser spends a thousand
   instructions on each line. What is read is skipped, so that a stream of several
   (lmtp's own fields, then the mail) need not put them together.
   Returns FALSE if Dovecot's parser has to be asked. */
static bool
message_read_at_once(struct bounce_message *message, struct istream *input,
		     string_t *block)
{
	struct message_plain plain = { .message = message, .block = block };
	uoff_t start = input->v_offset;
	const unsigned char *data;
	size_t size, used, left = 0;

	while (i_stream_read_data(input, &data, &size, left) > 0 &&
	       message_read_plain(&plain, data, size, &used)) {
		i_stream_skip(input, used);
		if (plain.ended)
			return TRUE;
		left = size - used;
	}
	if (input->v_offset != start)
		i_stream_seek(input, start);
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

static struct bounce_message *message_create(pool_t pool)
{
	struct bounce_message *message = t_new(struct bounce_message, 1);

	message->pool = pool;
	message->text = message->status = message->inner_status =
		message->disposition = message->feedback =
		message->returned = "";
	return message;
}

int bounce_message_parse_header(struct istream *input, pool_t pool,
				struct bounce_message **message_r)
{
	string_t *block = t_str_new(1024);

	*message_r = message_create(pool);
	message_read_lines(*message_r, input, block);
	message_header_finish(*message_r, str_c(block));
	return input->stream_errno == 0 ? 0 : -1;
}

int bounce_message_read_header(struct istream *input, pool_t pool,
			       struct bounce_message **message_r)
{
	string_t *block = t_str_new(1024);

	*message_r = message_create(pool);
	if (!message_read_at_once(*message_r, input, block))
		return bounce_message_parse_header(input, pool, message_r);
	message_header_finish(*message_r, str_c(block));
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

const char *bounce_message_author(const struct bounce_message *message,
				  pool_t pool)
{
	const struct bounce_header *header;
	const char *from = NULL;

	if (!bounce_message_has(message, "From"))
		return NULL;
	array_foreach(&message->headers, header) {
		if (strcasecmp(header->name, "From") != 0)
			continue;
		if (from != NULL)
			return NULL;
		from = header->value;
	}
	return bounce_header_only_address(pool, from);
}
