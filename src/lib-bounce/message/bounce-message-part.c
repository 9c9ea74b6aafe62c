/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "message-parser.h"
#include "bounce-message-private.h"

#include <ctype.h>

/* What a MIME part is for us, by its type and its place. */

static const struct {
	const char *type;
	enum bounce_part_role role;
} roles[] = {
	{ "text/html", BOUNCE_PART_HTML },
	{ "application/xhtml+xml", BOUNCE_PART_HTML },
	{ "text/rfc822-headers", BOUNCE_PART_HEADERS },
	{ "text/rfc822", BOUNCE_PART_HEADERS },
	{ "message/rfc822-headers", BOUNCE_PART_HEADERS },
	{ "message/global-headers", BOUNCE_PART_HEADERS },
	{ "message/global", BOUNCE_PART_RETURNED },
	{ "message/delivery-status", BOUNCE_PART_STATUS },
	{ "message/global-delivery-status", BOUNCE_PART_STATUS },
	{ "message/disposition-notification", BOUNCE_PART_DISPOSITION },
	{ "message/global-disposition-notification", BOUNCE_PART_DISPOSITION },
	{ "message/feedback-report", BOUNCE_PART_FEEDBACK },
};

enum bounce_part_role
bounce_message_part_role(const struct message_part *part, const char *type)
{
	if ((part->flags & MESSAGE_PART_FLAG_MULTIPART) != 0) {
		/* preamble: nothing, unless no part was found in it */
		return BOUNCE_PART_TEXT;
	}
	if (type == NULL)
		return BOUNCE_PART_TEXT;
	for (unsigned int i = 0; i < N_ELEMENTS(roles); i++) {
		if (i_tolower(*type) == roles[i].type[0] &&
		    strcasecmp(type, roles[i].type) == 0)
			return roles[i].role;
	}
	/* message/delivery-report, message/xdelivery-status (XWall) */
	if (strncasecmp(type, "message/", 8) == 0 &&
	    strcasestr(type, "delivery") != NULL)
		return BOUNCE_PART_STATUS;
	if (strncasecmp(type, "text/", 5) == 0)
		return BOUNCE_PART_TEXT;
	/* no MIME at all, or malformed ("text/plain charset=x") */
	if (strchr(type, '/') == NULL)
		return BOUNCE_PART_TEXT;
	/* multipart without a boundary */
	if (part->parent == NULL && strncasecmp(type, "multipart/", 10) == 0)
		return BOUNCE_PART_TEXT;
	return BOUNCE_PART_OTHER;
}

const struct message_part *
bounce_message_part_enclosing(const struct message_part *part)
{
	for (part = part->parent; part != NULL; part = part->parent) {
		if ((part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0)
			return part;
	}
	return NULL;
}
