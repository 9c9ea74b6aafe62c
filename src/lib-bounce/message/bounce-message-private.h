#ifndef BOUNCE_MESSAGE_PRIVATE_H
#define BOUNCE_MESSAGE_PRIVATE_H

#include "bounce-message.h"

struct message_header_line;
struct message_part;

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

/* The "type/subtype" of a Content-Type that is written as nearly all are and names no
   report-type; else NULL. Data stack. */
const char *bounce_message_plain_type(const char *value);

/* Is what a part of this Content-Type and Content-Transfer-Encoding (each NULL if it
   has none) holds there as it is, as far as it is ASCII? Then type_r is its
   "type/subtype" or NULL, on the data stack; else Dovecot's decoder has to say. */
bool bounce_message_is_plain(const char *type, const char *encoding,
			     const char **type_r);

#endif
