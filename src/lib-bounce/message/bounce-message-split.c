/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "message-parser.h"
#include "rfc822-parser.h"
#include "rfc2231-parser.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

/* The parts of a mail that is in memory, as Dovecot's message parser gives them: its
   boundaries are looked for in the same order. What mail that is written as nearly all
   is does not have is not done here: the caller asks Dovecot's parser then. The tests
   read each mail in both ways, and so does tests/fuzz/fuzz-classify.c. */

/* Far below where Dovecot's parser stops to go deeper and to find more. */
#define SPLIT_MAX_DEPTH (BOUNCE_MAX_MIME_DEPTH / 2)
#define SPLIT_MAX_PARTS (BOUNCE_MAX_MIME_PARTS / 2)
/* RFC 2046 section 5.1.1 has 70 */
#define SPLIT_MAX_BOUNDARY 70

struct split_boundary {
	struct split_boundary *next;
	const struct message_part *part;
	const char *text;
	size_t len;
};

struct split {
	pool_t pool;
	bounce_message_block_t *callback;
	void *context;

	const unsigned char *pos, *end;
	struct message_part *part;
	unsigned int parts, depth;
	/* the innermost first */
	struct split_boundary *boundaries;
};

/* A field of a header, its value with the line ends within it. */
struct split_field {
	const unsigned char *name, *value, *end;
	size_t name_len;
};

struct split_header {
	/* where its empty line or what is behind it begins */
	const unsigned char *end;
	bool complete;
	/* the fields that tell of the part */
	struct split_field fields[8];
	unsigned int count;
	/* one of them is a Content-Type; what it says, NULL if nothing */
	bool typed;
	const char *boundary;
};

static bool split_is_blank(unsigned char chr)
{
	return chr == ' ' || chr == '\t';
}

static const unsigned char *
split_line_end(const struct split *split, const unsigned char *line)
{
	const unsigned char *lf = memchr(line, '\n', split->end - line);

	return lf == NULL ? split->end : lf;
}

/* The boundary that a line is, and whether it is the last of its multipart; NULL
   if it is none. */
static struct split_boundary *
split_boundary_find(const struct split *split, const unsigned char *line,
		    bool *last_r)
{
	struct split_boundary *boundary, *best = NULL;
	const unsigned char *end;
	size_t len;

	if (split->boundaries == NULL || split->end - line < 2 ||
	    line[0] != '-' || line[1] != '-')
		return NULL;
	end = split_line_end(split, line);
	line += 2;
	len = end - line;
	if (len > 0 && end < split->end && line[len - 1] == '\r')
		len--;
	for (boundary = split->boundaries; boundary != NULL;
	     boundary = boundary->next) {
		if (boundary->len > len ||
		    memcmp(boundary->text, line, boundary->len) != 0 ||
		    (best != NULL && best->len >= boundary->len))
			continue;
		best = boundary;
		/* "a--" ends a, whatever is called "a--" */
		if (best->len == len ||
		    (best->len + 2 == len && len > 2 &&
		     memcmp(line + len - 2, "--", 2) == 0))
			break;
	}
	*last_r = best != NULL && split->end - line >= (ssize_t)best->len + 2 &&
		memcmp(line + best->len, "--", 2) == 0;
	return best;
}

static void split_give(struct split *split, struct message_block *block)
{
	block->part = split->part;
	split->callback(block, split->context);
}

static void split_give_line(struct split *split, const char *name,
			    const unsigned char *value, size_t size)
{
	struct message_header_line hdr = {
		.name = name, .name_len = strlen(name),
		.value = value, .value_len = size,
		.full_value = value, .full_value_len = size,
		.middle = uchar_empty_ptr, .no_newline = TRUE,
	};
	struct message_block block = { .hdr = &hdr };

	split_give(split, &block);
}

static void split_give_bytes(struct split *split, const unsigned char *data,
			     size_t size)
{
	struct message_block block = { .data = data, .size = size };

	split_give(split, &block);
}

/* Dovecot's way. Returns the type, on the data stack. */
static const char *split_type_parse(pool_t pool, const char *value,
				    const char **boundary_r)
{
	struct rfc822_parser_context parser;
	string_t *type = t_str_new(64);
	const char *const *params;

	rfc822_parser_init(&parser, (const unsigned char *)value,
			   strlen(value), NULL);
	rfc822_skip_lwsp(&parser);
	if (rfc822_parse_content_type(&parser, type) >= 0) {
		rfc2231_parse(&parser, &params);
		for (; *params != NULL && *boundary_r == NULL; params += 2) {
			if (strcasecmp(params[0], "boundary") == 0)
				*boundary_r = p_strdup(pool, params[1]);
		}
	}
	rfc822_parser_deinit(&parser);
	return str_c(type);
}

/* What a Content-Type makes of the part; boundary_r: of a multipart, NULL if it
   names none. */
static void split_content_type(struct split *split, const char *value,
			       const char **boundary_r)
{
	struct message_part *part = split->part;
	const char *type;
	size_t len;
	bool multipart;

	value += strspn(value, " \t\r\n");
	len = bounce_message_type_len(value);
	type = t_strndup(value, len);
	multipart = strncasecmp(type, "multipart/", 10) == 0;
	*boundary_r = NULL;
	if (multipart)
		*boundary_r = p_strdup(split->pool,
			bounce_message_plain_param(value + len, "boundary"));
	if (len == 0 || (multipart && *boundary_r == NULL)) {
		type = split_type_parse(split->pool, value, boundary_r);
		multipart = strncasecmp(type, "multipart/", 10) == 0;
	}
	if (strcasecmp(type, "message/rfc822") == 0) {
		part->flags |= MESSAGE_PART_FLAG_MESSAGE_RFC822;
	} else if (multipart) {
		part->flags |= MESSAGE_PART_FLAG_MULTIPART;
		if (strcasecmp(type + 10, "digest") == 0)
			part->flags |= MESSAGE_PART_FLAG_MULTIPART_DIGEST;
	} else {
		*boundary_r = NULL;
		/* what the decoder has to know */
		if (strcasecmp(type, "text") == 0 ||
		    strncasecmp(type, "text/", 5) == 0)
			part->flags |= MESSAGE_PART_FLAG_TEXT;
	}
}

/* The field at line, with the lines that go on; to be used up to its end. */
static void split_field_read(const struct split *split,
			     const unsigned char *line,
			     struct split_field *field_r)
{
	const unsigned char *end = split_line_end(split, line);
	const unsigned char *colon = memchr(line, ':', end - line);

	field_r->name = line;
	field_r->name_len = colon == NULL ? 0 : colon - line;
	while (field_r->name_len > 0 && split_is_blank(line[field_r->name_len - 1]))
		field_r->name_len--;
	field_r->value = colon == NULL ? line : colon + 1;
	if (colon != NULL && field_r->value < end && split_is_blank(*field_r->value))
		field_r->value++;
	while (split->end - end > 1 && split_is_blank(end[1]))
		end = split_line_end(split, end + 1);
	field_r->end = end;
}

/* No control characters and no 8 bits in its name, no CR but at its lines' ends. */
static bool split_field_is_plain(const struct split *split,
				 const struct split_field *field)
{
	const unsigned char *p = field->name;

	for (; p < field->name + field->name_len; p++) {
		if (*p >= 0x7f || (*p < 0x20 && *p != '\t'))
			return FALSE;
	}
	while ((p = memchr(p, '\r', field->end - p)) != NULL) {
		if (++p == split->end || *p != '\n')
			return FALSE;
	}
	return TRUE;
}

static bool split_field_tells(const struct split_field *field)
{
	return field->name_len > 8 && (field->name[0] | 0x20) == 'c' &&
		strncasecmp((const char *)field->name, "Content-", 8) == 0;
}

static bool split_is_empty_line(const struct split *split,
				const unsigned char *line)
{
	return *line == '\n' ||
		(*line == '\r' && split->end - line > 1 && line[1] == '\n');
}

/* Read the header as far as its empty line, a boundary or the end of the mail.
   Returns FALSE if it is not as nearly all are. */
static bool split_header_read(struct split *split, struct split_header *header)
{
	const unsigned char *line;
	struct split_field field;
	bool last;

	for (line = split->pos; line < split->end; line = field.end + 1) {
		header->complete = split_is_empty_line(split, line);
		if (header->complete ||
		    split_boundary_find(split, line, &last) != NULL)
			break;
		split_field_read(split, line, &field);
		if (!split_field_is_plain(split, &field))
			return FALSE;
		if (split_field_tells(&field)) {
			if (header->count == N_ELEMENTS(header->fields))
				return FALSE;
			header->fields[header->count++] = field;
		}
		if (field.end == split->end) {
			line = split->end;
			break;
		}
	}
	header->end = line;
	return line - split->pos < BOUNCE_MAX_HEADER;
}

/* Give the field, and take from the first Content-Type what the part is. */
static void split_field_give(struct split *split, struct split_header *header,
			     const struct split_field *field)
{
	const char *name = t_strndup(field->name, field->name_len);
	const unsigned char *end = field->end;

	if (end > field->value && end < split->end && end[-1] == '\r')
		end--;
	split_give_line(split, name, field->value, end - field->value);
	if (!header->typed && strcasecmp(name, "Content-Type") == 0) {
		header->typed = TRUE;
		split_content_type(split, t_strdup_until(field->value, end),
				   &header->boundary);
	}
}

static void split_header_give(struct split *split, struct split_header *header)
{
	struct message_part *part = split->part;
	struct message_block block = { .data = NULL };
	struct split_boundary *own;

	if (header->complete || header->end > split->pos)
		split_give_line(split, "", split->pos, header->end - split->pos);
	for (unsigned int i = 0; i < header->count; i++)
		split_field_give(split, header, &header->fields[i]);
	if (!header->typed) {
		part->flags |= part->parent != NULL &&
			(part->parent->flags &
			 MESSAGE_PART_FLAG_MULTIPART_DIGEST) != 0 ?
			MESSAGE_PART_FLAG_MESSAGE_RFC822 :
			MESSAGE_PART_FLAG_TEXT;
	}
	if (header->boundary != NULL && header->complete) {
		own = p_new(split->pool, struct split_boundary, 1);
		own->next = split->boundaries;
		own->part = part;
		own->text = header->boundary;
		own->len = strlen(own->text);
		split->boundaries = own;
	}
	split_give(split, &block);
}

static bool split_header(struct split *split)
{
	struct split_header header = { .boundary = NULL };

	if (!split_header_read(split, &header))
		return FALSE;
	split_header_give(split, &header);
	if (header.boundary != NULL &&
	    strlen(header.boundary) > SPLIT_MAX_BOUNDARY)
		return FALSE;
	split->pos = header.end;
	if (header.complete)
		split->pos = split_line_end(split, header.end) + 1;
	return TRUE;
}

/* The first line at line or behind it that is a boundary, or the end. */
static const unsigned char *
split_boundary_line(const struct split *split, const unsigned char *line,
		    struct split_boundary **boundary_r, bool *last_r)
{
	*boundary_r = NULL;
	if (split->boundaries == NULL)
		return split->end;
	while (line < split->end) {
		*boundary_r = split_boundary_find(split, line, last_r);
		if (*boundary_r != NULL)
			return line;
		line = split_line_end(split, line);
		if (line < split->end)
			line++;
	}
	return split->end;
}

static bool split_child(struct split *split)
{
	struct message_part *part;

	if (++split->parts > SPLIT_MAX_PARTS || ++split->depth > SPLIT_MAX_DEPTH)
		return FALSE;
	part = p_new(split->pool, struct message_part, 1);
	part->parent = split->part;
	split->part = part;
	return TRUE;
}

/* The body of the part, and of those that end with it. Returns TRUE if a
   boundary begins a part of split->part behind it, FALSE if the mail ends. */
static bool split_body(struct split *split)
{
	const unsigned char *line, *end;
	struct split_boundary *boundary;
	bool last;

	for (;;) {
		line = end = split_boundary_line(split, split->pos, &boundary,
						 &last);
		/* the line end before it is its own */
		if (boundary != NULL && end > split->pos) {
			end--;
			if (end > split->pos && end[-1] == '\r')
				end--;
		}
		if (end > split->pos)
			split_give_bytes(split, split->pos, end - split->pos);
		if (boundary == NULL)
			return FALSE;
		for (; split->part != boundary->part; split->depth--)
			split->part = split->part->parent;
		split->boundaries = last ? boundary->next : boundary;
		line = split_line_end(split, line);
		if (line == split->end)
			return FALSE;
		split->pos = line + 1;
		if (!last)
			return TRUE;
	}
}

bool bounce_message_split(pool_t pool, const unsigned char *data, size_t size,
			  bounce_message_block_t *callback, void *context)
{
	struct split split = {
		.pool = pool, .callback = callback, .context = context,
		.pos = data, .end = data + size,
	};

	do {
		if (!split_child(&split) || !split_header(&split))
			return FALSE;
	} while ((split.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0 ||
		 split_body(&split));
	return TRUE;
}
