/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "message-decoder.h"
#include "message-header-parser.h"
#include "message-parser.h"
#include "bounce-limits.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* The texts of a mail's parts, and the header of the mail that it returns. */

struct bounce_message_reader {
	struct bounce_message *message;
	/* its own, and of the parts */
	pool_t pool;
	struct bounce_part_text texts[BOUNCE_PART_ROLE_COUNT];
	size_t total;
	/* what is given, or decoded on the data stack, stays */
	bool held;
	/* the part whose body comes */
	const struct message_part *part;
	enum bounce_part_role role;
	/* the header of the first mail within the mail; NULL until it begins */
	const struct message_part *returned_part;
	string_t *returned;
	/* of the part whose header comes: 'b' or 'q' of its encoding; it is a
	   file with a mail's name. The encoding of the mail within the mail */
	struct message_part *header_part;
	char header_coding;
	bool eml;
	char returned_coding;
	/* its Content-Type and Content-Transfer-Encoding, each with its size
	   before and a NUL behind it, as often as they come; one of them comes
	   again or holds NULs */
	string_t *type, *encoding;
	bool odd;
	/* of the part whose body comes */
	struct bounce_part_coding coding;
	/* NULL until a part needs it; the part that it knows of; the body that
	   comes goes through it */
	struct message_decoder_context *decoder;
	const struct message_part *decoder_part;
	bool decodes;
	unsigned int parts;
};

/* Outlook and gateways that save the parts of a report name no type: what was
   message/delivery-status is "details.txt" or "ATT00001.dat" then. */
static bool
message_is_untyped(const struct bounce_message_reader *reader,
		   const struct message_part *part, const char *type)
{
	const char *top = reader->message->content_type;

	return top != NULL && strcmp(top, "multipart/report") == 0 &&
		part->parent != NULL && part->parent->parent == NULL &&
		type != NULL && strcasecmp(type, "application/octet-stream") == 0;
}

/* A mail saved as a file: "returned.eml" */
static bool message_is_file(const struct bounce_message_reader *reader,
			    const struct message_part *part, const char *type)
{
	return reader->header_part == part && reader->eml && type != NULL &&
		strncasecmp(type, "application/", 12) == 0;
}

static bool message_returns_nothing(const struct bounce_message_reader *reader)
{
	return reader->returned == NULL || str_len(reader->returned) == 0;
}

static enum bounce_part_role
message_reader_role(const struct bounce_message_reader *reader,
		    const struct message_part *part,
		    const char *type)
{
	enum bounce_part_role role;

	/* what should be its header is empty, it follows */
	if (part == reader->returned_part && message_returns_nothing(reader))
		return BOUNCE_PART_RETURNED;
	if (bounce_message_part_enclosing(part) == NULL &&
	    message_is_file(reader, part, type))
		return BOUNCE_PART_RETURNED;
	role = message_is_untyped(reader, part, type) ? BOUNCE_PART_TEXT :
		bounce_message_part_role(part, type);
	if (bounce_message_part_enclosing(part) == NULL)
		return role;
	return role == BOUNCE_PART_STATUS ? BOUNCE_PART_INNER_STATUS :
		BOUNCE_PART_OTHER;
}

static void
message_part_begin(struct bounce_message_reader *reader,
		   const struct message_block *block, const char *type)
{
	const struct message_part *part = block->part;

	reader->part = part;
	reader->role = BOUNCE_PART_OTHER;
	if (++reader->parts > BOUNCE_MAX_MIME_PARTS) {
		reader->message->truncated = TRUE;
		return;
	}
	if ((part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0)
		return;
	reader->role = message_reader_role(reader, part, type);
	if (bounce_part_text_size(&reader->texts[reader->role]) > 0)
		bounce_part_text_append(&reader->texts[reader->role],
					(const unsigned char *)"\n", 1, FALSE);
}

static void message_part_body(struct bounce_message_reader *reader,
			      const unsigned char *data, size_t size)
{
	struct bounce_part_text *text = &reader->texts[reader->role];

	if (size > BOUNCE_MAX_TEXT - reader->total) {
		reader->message->truncated = TRUE;
		size = BOUNCE_MAX_TEXT - reader->total;
	}
	/* of a mail its header is enough */
	if (reader->role == BOUNCE_PART_RETURNED &&
	    bounce_part_text_size(text) >= BOUNCE_MAX_HEADER)
		return;
	if (size == 0)
		return;
	reader->total += size;
	bounce_part_text_append(text, data, size,
				reader->held && !reader->decodes);
}

static void message_returned_line(struct bounce_message_reader *reader,
				  const struct message_block *block)
{
	const struct message_part *part = block->part;

	if (part->parent == NULL ||
	    (part->parent->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) == 0)
		return;
	if (reader->returned_part == NULL) {
		reader->returned_part = part;
		if (reader->header_part == part->parent)
			reader->returned_coding = reader->header_coding;
	}
	if (reader->returned_part != part || block->hdr->eoh)
		return;
	if (reader->returned == NULL)
		reader->returned = str_new(default_pool, 1024);
	if (str_len(reader->returned) < BOUNCE_MAX_HEADER)
		bounce_message_append_line(reader->returned, block->hdr);
	else
		reader->message->truncated = TRUE;
}

/* Keep what the decoder would ask of a part. */
static void
message_keep_line(struct bounce_message_reader *reader, struct message_header_line *hdr,
		  string_t *values)
{
	if (hdr->continues) {
		hdr->use_full_value = TRUE;
		return;
	}
	if (str_len(values) > 0 ||
	    memchr(hdr->full_value, '\0', hdr->full_value_len) != NULL)
		reader->odd = TRUE;
	str_append_data(values, &hdr->full_value_len,
			sizeof(hdr->full_value_len));
	str_append_data(values, hdr->full_value, hdr->full_value_len);
	str_append_c(values, '\0');
}

static bool message_names_eml(const char *value)
{
	const char *p;

	for (p = strchr(value, '.'); p != NULL; p = strchr(p + 1, '.')) {
		if (bounce_string_ibegins(p, ".eml"))
			return TRUE;
	}
	return FALSE;
}

/* A field of a part. */
static void
message_take_line(struct bounce_message_reader *reader,
		  struct message_header_line *hdr)
{
	const char *value = t_strndup(hdr->value, hdr->value_len);

	if (strcasecmp(hdr->name, "Content-Transfer-Encoding") == 0) {
		value = t_str_trim(value, " \t\r\n");
		if (strcasecmp(value, "base64") == 0 ||
		    strcasecmp(value, "quoted-printable") == 0)
			reader->header_coding = i_tolower(*value);
		message_keep_line(reader, hdr, reader->encoding);
		return;
	}
	if (message_names_eml(value))
		reader->eml = TRUE;
	if (strcasecmp(hdr->name, "Content-Type") == 0)
		message_keep_line(reader, hdr, reader->type);
}

static void
message_header_begin(struct bounce_message_reader *reader, struct message_part *part)
{
	if (reader->header_part == part)
		return;
	reader->header_part = part;
	reader->header_coding = '\0';
	reader->eml = FALSE;
	str_truncate(reader->type, 0);
	str_truncate(reader->encoding, 0);
	reader->odd = FALSE;
}

static void message_field(struct bounce_message_reader *reader,
			  struct message_header_line *hdr)
{
	if (i_tolower(hdr->name[0]) == 'c' &&
	    strncasecmp(hdr->name, "Content-", 8) == 0)
		message_take_line(reader, hdr);
}

static void message_decoder_tell(struct bounce_message_reader *reader, const char *name,
				 const string_t *values)
{
	const unsigned char *value = str_data(values);
	const unsigned char *end = value + str_len(values);
	struct message_header_line hdr;
	struct message_block block, decoded;

	i_zero(&hdr);
	hdr.name = name;
	hdr.name_len = strlen(name);
	i_zero(&block);
	block.part = reader->header_part;
	block.hdr = &hdr;
	for (; value < end; value += hdr.value_len + 1) {
		memcpy(&hdr.value_len, value, sizeof(hdr.value_len));
		value += sizeof(hdr.value_len);
		hdr.value = hdr.full_value = value;
		hdr.full_value_len = hdr.value_len;
		(void)message_decoder_decode_next_block(reader->decoder, &block,
							&decoded);
	}
}

/* From here on the decoder reads the part, whose header ended. */
static void message_decoder_begin(struct bounce_message_reader *reader,
				  struct message_part *part)
{
	struct message_block block, decoded;

	if (reader->decoder == NULL) {
		reader->decoder = message_decoder_init(NULL,
			MESSAGE_DECODER_FLAG_RETURN_BINARY);
	}
	if (reader->decoder_part != part && reader->header_part == part) {
		message_decoder_tell(reader, "Content-Type", reader->type);
		message_decoder_tell(reader, "Content-Transfer-Encoding",
				     reader->encoding);
	}
	i_zero(&block);
	block.part = part;
	(void)message_decoder_decode_next_block(reader->decoder, &block,
						&decoded);
	reader->decoder_part = part;
	reader->decodes = TRUE;
}

static const char *message_header_value(const string_t *values)
{
	return str_len(values) == 0 ? NULL :
		(const char *)str_data(values) + sizeof(size_t);
}

static void message_header_end(struct bounce_message_reader *reader,
			       const struct message_block *block)
{
	const char *type = NULL;

	reader->decodes = FALSE;
	i_zero(&reader->coding);
	if (reader->header_part != block->part)
		reader->coding.plain = TRUE;
	else if (!reader->odd &&
		 bounce_message_coding_read(message_header_value(reader->type),
				message_header_value(reader->encoding),
				&reader->coding)) {
		type = reader->coding.type;
	} else {
		message_decoder_begin(reader, block->part);
		type = message_decoder_current_content_type(reader->decoder);
	}
	message_part_begin(reader, block, type);
	reader->coding.type = NULL;
}

/* The bytes as UTF-8, on the data stack or in the decoder. */
static bool message_decode(struct bounce_message_reader *reader,
			   struct message_block *block,
			   const unsigned char **data_r, size_t *size_r)
{
	struct message_block decoded;

	*data_r = block->data;
	*size_r = block->size;
	if ((block->part->flags & MESSAGE_PART_FLAG_MULTIPART) != 0)
		return TRUE;
	if (!reader->decodes) {
		if (bounce_message_decode(&reader->coding, data_r, size_r))
			return TRUE;
		message_decoder_begin(reader, block->part);
	}
	if (!message_decoder_decode_next_block(reader->decoder, block,
					       &decoded))
		return FALSE;
	*data_r = decoded.data;
	*size_r = decoded.size;
	return TRUE;
}

/* A block that is no line of a header. */
static void message_body_block(struct bounce_message_reader *reader,
			       struct message_block *block)
{
	const unsigned char *data;
	size_t size;

	if (block->size == 0) {
		message_header_end(reader, block);
		return;
	}
	/* a multipart's preamble or epilogue between its parts is another's */
	if (block->part == reader->part &&
	    reader->role != BOUNCE_PART_OTHER &&
	    message_decode(reader, block, &data, &size))
		message_part_body(reader, data, size);
}

/* A block of Dovecot's parser: a line is of the mail within and of a part. */
void bounce_message_reader_parsed(struct bounce_message_reader *reader,
				  struct message_block *block)
{
	if (block->hdr == NULL) {
		/* of a body that comes in pieces */
		message_body_block(reader, block);
		reader->coding.qp = FALSE;
		if (reader->coding.whole)
			reader->coding.plain = FALSE;
		return;
	}
	message_returned_line(reader, block);
	message_header_begin(reader, block->part);
	message_field(reader, block->hdr);
}

/* A block of bounce_message_split(): a line is a whole header or a field. */
void bounce_message_reader_split(struct message_block *block, void *context)
{
	struct bounce_message_reader *reader = context;

	reader->held = TRUE;
	if (block->hdr == NULL) {
		message_body_block(reader, block);
	} else if (block->hdr->name_len > 0) {
		message_field(reader, block->hdr);
	} else {
		message_returned_line(reader, block);
		message_header_begin(reader, block->part);
	}
}

/* Words for a person: the plain text; HTML where that names nobody. */
static const char *
message_choose_text(const struct bounce_message_reader *reader)
{
	const char *plain =
		bounce_part_text_clean(&reader->texts[BOUNCE_PART_TEXT]);
	const char *html;

	if (strchr(plain, '@') != NULL)
		return plain;
	html = bounce_part_text_clean(&reader->texts[BOUNCE_PART_HTML]);
	return *html == '\0' ? plain :
		t_strconcat(plain, "\n", bounce_string_html(html), NULL);
}

static const char *message_find_returned(struct bounce_message_reader *reader)
{
	static const enum bounce_part_role others[] = {
		BOUNCE_PART_HEADERS, BOUNCE_PART_RETURNED
	};
	const char *returned =
		reader->returned == NULL ? "" : str_c(reader->returned);

	if (reader->returned_coding != '\0')
		returned = bounce_returned_decode(returned,
					reader->returned_coding == 'b');
	returned = bounce_returned_block(returned);
	for (unsigned int i = 0; i < N_ELEMENTS(others) && *returned == '\0';
	     i++)
		returned = bounce_returned_block(
			bounce_part_text_clean(&reader->texts[others[i]]));
	return returned;
}

void bounce_message_reader_finish(struct bounce_message_reader *reader)
{
	const struct bounce_part_text *texts = reader->texts;
	struct bounce_message *message = reader->message;
	const char *returned;

	message->text = message_choose_text(reader);
	message->status = bounce_part_text_clean(&texts[BOUNCE_PART_STATUS]);
	message->inner_status =
		bounce_part_text_clean(&texts[BOUNCE_PART_INNER_STATUS]);
	message->disposition =
		bounce_part_text_clean(&texts[BOUNCE_PART_DISPOSITION]);
	message->feedback = bounce_part_text_clean(&texts[BOUNCE_PART_FEEDBACK]);
	returned = message_find_returned(reader);
	message->returned = p_strndup(message->pool, returned,
				      bounce_string_cut(returned,
		strlen(returned), BOUNCE_MAX_HEADER));
}

struct bounce_message_reader *
bounce_message_reader_init(struct bounce_message *message)
{
	pool_t pool = pool_alloconly_create("bounce parts",
					    BOUNCE_SMALL_POOL);
	struct bounce_message_reader *reader =
		p_new(pool, struct bounce_message_reader, 1);

	reader->message = message;
	reader->pool = pool;
	reader->type = str_new(pool, 128);
	reader->encoding = str_new(pool, 32);
	return reader;
}

pool_t bounce_message_reader_pool(struct bounce_message_reader *reader)
{
	return reader->pool;
}

void bounce_message_reader_deinit(struct bounce_message_reader **_reader)
{
	struct bounce_message_reader *reader = *_reader;

	*_reader = NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(reader->texts); i++)
		bounce_part_text_free(&reader->texts[i]);
	if (reader->returned != NULL)
		str_free(&reader->returned);
	if (reader->decoder != NULL)
		message_decoder_deinit(&reader->decoder);
	pool_unref(&reader->pool);
}
