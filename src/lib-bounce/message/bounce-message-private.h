#ifndef BOUNCE_MESSAGE_PRIVATE_H
#define BOUNCE_MESSAGE_PRIVATE_H

#include "bounce-charset.h"
#include "bounce-message.h"

struct message_header_line;
struct message_part;
struct message_block;

/* What a MIME part is for us. */
enum bounce_part_role {
	BOUNCE_PART_OTHER = 0,
	BOUNCE_PART_TEXT,
	BOUNCE_PART_HTML,
	BOUNCE_PART_STATUS,
	BOUNCE_PART_INNER_STATUS,
	BOUNCE_PART_DISPOSITION,
	BOUNCE_PART_FEEDBACK,
	/* a header block as a text */
	BOUNCE_PART_HEADERS,
	/* a mail that the parser does not take for one */
	BOUNCE_PART_RETURNED,
	BOUNCE_PART_ROLE_COUNT
};

/* The role of a part of that "type/subtype" (NULL if it names none), wherever it
   lies. */
enum bounce_part_role
bounce_message_part_role(const struct message_part *part, const char *type);
/* The message part that part lies in, not itself; NULL = the mail itself */
const struct message_part *
bounce_message_part_enclosing(const struct message_part *part);

/* The bytes of a role as they come: where the stream cuts them, characters and line
   ends may be cut. */
struct bounce_part_text {
	/* the first, where they stand; NULL if none came, or all are joined */
	const unsigned char *data;
	size_t size;
	/* from the default pool, or NULL */
	string_t *joined;
};

/* stays: data does as long as text; at least one byte. */
void bounce_part_text_append(struct bounce_part_text *text,
			     const unsigned char *data, size_t size, bool stays);
/* Bytes that came. */
size_t bounce_part_text_size(const struct bounce_part_text *text);
/* bounce_string_clean() of all, with their lines. */
const char *bounce_part_text_clean(const struct bounce_part_text *text);
void bounce_part_text_free(struct bounce_part_text *text);

/* Append a header's line as it came, with LF. What the stream could not hold at
   once comes as several pieces, each but the last without its line end. */
void bounce_message_append_line(string_t *dest,
				const struct message_header_line *hdr);

/* The header block in what a part returns of a mail (LF lines): without what
   is above its first field and what its lines are indented by, as far as
   the first empty line. Data stack; "" if there is no field. */
const char *bounce_returned_block(const char *text);

/* text of a message/rfc822 that was encoded as a whole, which RFC 2046 section
   5.2.1 forbids; else it is quoted-printable. What cannot be decoded ends it.
   LF lines, data stack. */
const char *bounce_returned_decode(const char *text, bool base64);

/* What is read of a mail's parts: their texts, by their roles. */
struct bounce_message_reader;

struct bounce_message_reader *
bounce_message_reader_init(struct bounce_message *message);
/* It lives as long as the reader; for the parts. */
pool_t bounce_message_reader_pool(struct bounce_message_reader *reader);
/* Read a block of Dovecot's message parser. */
void bounce_message_reader_parsed(struct bounce_message_reader *reader,
				  struct message_block *block);
/* Read a block of bounce_message_split(); context is the reader. The bytes have to
   stay until it finished, and the data stack's frame. */
void bounce_message_reader_split(struct message_block *block, void *context);
/* Put what was read into the message. */
void bounce_message_reader_finish(struct bounce_message_reader *reader);
void bounce_message_reader_deinit(struct bounce_message_reader **reader);

/* bounce_message_read_header() and bounce_message_read_body() by Dovecot's parser
   alone: what they fall back to, and what tests hold them to. */
int bounce_message_parse_header(struct istream *input, pool_t pool,
				struct bounce_message **message_r);
int bounce_message_parse_body(struct bounce_message *message,
			      struct istream *input);

/* One after the other: for each part of a mail the bytes of its header, as a line with
   no name (if it has a line, be it the empty one); its Content-* fields, each with
   the line ends within; a block without header and bytes, where its header ends; its
   body in as many blocks as it has places. A message/rfc822 has its mail as a part,
   a multipart has as body what lies between its parts. */
typedef void bounce_message_block_t(struct message_block *block, void *context);
/* Give the blocks of a mail that is in memory and has no NUL. pool holds the parts.
   Returns FALSE if the mail is not written as nearly all are: then what was given is
   to be forgotten, and Dovecot's message parser to be asked. */
bool bounce_message_split(pool_t pool, const unsigned char *data, size_t size,
			  bounce_message_block_t *callback, void *context);

/* The "type/subtype" of a Content-Type, and the report-type that it names or NULL, in
   lower case on the data stack. Returns FALSE if it is not written as nearly all are:
   both mean nothing then. */
bool bounce_message_plain_type(const char *value, const char **type_r,
			       const char **report_type_r);

/* Bytes of a "type/subtype" that text begins with, with nothing but parameters behind
   it; else 0. */
size_t bounce_message_type_len(const char *text);

/* The value of the first parameter of that name in what stands behind the type of a
   Content-Type, if all of it is written as nearly all are; else NULL. Data stack. */
const char *bounce_message_plain_param(const char *params, const char *name);

/* How a part's body is written. */
struct bounce_part_coding {
	/* "type/subtype", on the data stack; NULL if it names none */
	const char *type;
	/* ASCII is there as it is; or quoted-printable. Neither: only Dovecot's
	   decoder can say */
	bool plain, qp;
	/* "" if none is named */
	char charset[BOUNCE_CHARSET_SIZE];
	/* ASCII need not be ASCII in it, or what a byte means depends on those
	   before: only all of a body can be asked for */
	bool whole;
};
/* Of a part of this Content-Type and Content-Transfer-Encoding, each NULL if it has
   none. Returns FALSE if the type is not written as nearly all are. */
bool bounce_message_coding_read(const char *type, const char *encoding,
				struct bounce_part_coding *coding_r);
/* Decode the bytes of a body to UTF-8, on the data stack or as they are. Returns
   FALSE if Dovecot's decoder has to (data and size mean nothing then). Of
   quoted-printable, too, only all of a body can be asked for. */
bool bounce_message_decode(const struct bounce_part_coding *coding,
			   const unsigned char **data, size_t *size);

#endif
