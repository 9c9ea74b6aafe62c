#ifndef BOUNCE_MESSAGE_H
#define BOUNCE_MESSAGE_H

/* One mail as the readers of reports see it. */

#include "bounce-types.h"

struct istream;

/* One field of a header: decoded (RFC 2047), unfolded, UTF-8 without
   controls; value is "" where there is none. */
struct bounce_header {
	const char *name;
	const char *value;
};
ARRAY_DEFINE_TYPE(bounce_header, struct bounce_header);

struct bounce_message {
	/* for what is found out */
	pool_t pool;

	/* The rest is on the data stack, but returned. */

	/* of the mail itself, in their order: those that tell what it is */
	ARRAY_TYPE(bounce_header) headers;
	/* a bit for each first letter of their names */
	uint32_t initials;
	/* "type/subtype" in lower case, and the report-type= of a
	   multipart/report; NULL where there is none */
	const char *content_type;
	const char *report_type;

	/* From here on: after bounce_message_read_body(). UTF-8, LF lines, ""
	   where the mail has no such part. */

	/* what is meant for a person */
	const char *text;
	/* message/delivery-status (RFC 3464) */
	const char *status;
	/* the same within a mail within the mail: a gateway's wrapping, or the
	   returned mail was a report itself */
	const char *inner_status;
	/* message/disposition-notification (RFC 8098) */
	const char *disposition;
	/* message/feedback-report (RFC 5965) */
	const char *feedback;
	/* the returned mail's header block; from pool */
	const char *returned;
	/* a cap was reached */
	bool truncated;
	/* a field says whom it answers, or what a server found out about its
	   sender */
	bool may_prove;
};

/* Read the header of the mail at input's start. message_r is always set: it is on
   the data stack, pool is for what is found out about it.
   Returns 0, or -1 if the stream failed. */
int bounce_message_read_header(struct istream *input, pool_t pool,
			       struct bounce_message **message_r);
/* Read the rest; input is sought back to its start. Returns 0, or -1 if the
   stream failed (then what came before it is there). */
int bounce_message_read_body(struct bounce_message *message,
			     struct istream *input);

/* What a person wrote: the first part that is text and no attachment, UTF-8 with
   LF, HTML as its words. What a client quotes of another mail in HTML is one line
   ">". input is left at its start. From pool (not the data stack), "" if there is
   none; cut at BOUNCE_MAX_SCAN. Returns 0, or -1 if the stream failed. */
int bounce_message_first_text(struct istream *input, pool_t pool,
			      const char **text_r);

/* First field of that name, or NULL. */
const char *bounce_message_header(const struct bounce_message *message,
				  const char *name);
/* Who wrote it: From's address, from pool. NULL, too, if several are named, in one field or
   in more: which of them a program that signs or checks mail looked at nobody knows. */
const char *bounce_message_author(const struct bounce_message *message,
				  pool_t pool);
/* Is there a field of that name? */
bool bounce_message_has(const struct bounce_message *message,
			const char *name);

/* Split a header block (LF lines) into its fields, or only those of the names
   (NULL-terminated; NULL: all). What is no field is passed over. */
void bounce_header_split(pool_t pool, const char *block,
			 const char *const *names,
			 ARRAY_TYPE(bounce_header) *headers_r);
/* First field of that name, or NULL. */
const char *bounce_header_find(const ARRAY_TYPE(bounce_header) *headers,
			       const char *name);
/* The one that a field's value names; NULL if it names none, several or a group. */
const char *bounce_header_only_address(pool_t pool, const char *value);
/* The mail addresses of a field's value, appended to list from pool. */
void bounce_header_addresses(pool_t pool, const char *value,
			     ARRAY_TYPE(const_string) *list);
/* The first of them, or NULL. */
const char *bounce_header_address(pool_t pool, const char *value);
/* The first "<id>" of the value of Message-ID, In-Reply-To or References (RFC 5322
   section 3.6.4), with < > and whatever is between, or NULL.
   message_id_get_next() passes over ids that have no @. */
const char *bounce_header_message_id(pool_t pool, const char *value);

#endif
