/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-notice-private.h"

bool bounce_notice_is_manners(const struct bounce_notice_line *line)
{
	/* what gateways and companies put above and below every mail; but not
	   what came of it, or what is said of an address */
	return bounce_kind_has(line->words, BOUNCE_WORD_MANNERS) ||
		(bounce_kind_has(line->words, BOUNCE_WORD_STAMP) &&
		 !bounce_kind_has(line->words, BOUNCE_WORD_FINDING));
}
