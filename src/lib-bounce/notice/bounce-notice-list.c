/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"

/* Addresses that are listed together below a line that announces them. */

/* The line that announces the list that mention is in, if it is surely one. Returns
   FALSE if not. */
static bool
notice_announcement(const struct bounce_notice *scan,
		    const struct bounce_notice_mention *mention,
		    unsigned int *line_r)
{
	const struct bounce_notice_line *above = mention->above;

	if (mention->tier < BOUNCE_NOTICE_GUESS || mention->foreign ||
	    above == &bounce_notice_no_line ||
	    (!bounce_notice_label_colon(above->folded) &&
	     !bounce_notice_is_heading(above)))
		return FALSE;
	*line_r = above - bounce_notice_line(scan, 0);
	return TRUE;
}

unsigned int
bounce_notice_list_end(const struct bounce_notice *scan,
		       const struct bounce_recipient *rcpt)
{
	const struct bounce_notice_mention *mention, *own = NULL;
	unsigned int line;

	array_foreach(&scan->mentions, mention) {
		if (own == NULL) {
			if (bounce_notice_names_rcpt(mention, rcpt))
				own = mention;
		} else if (notice_announcement(scan, mention, &line) &&
			   line > own->line &&
			   strcmp(own->above->folded,
				  mention->above->folded) != 0) {
			return line;
		}
	}
	return array_count(&scan->lines);
}

bool bounce_notice_announces(const struct bounce_notice *scan,
			     const struct bounce_notice_line *line)
{
	const struct bounce_notice_mention *mention;

	if (!bounce_notice_label_colon(line->folded))
		return FALSE;
	array_foreach(&scan->mentions, mention) {
		if (mention->above == line && mention->recipient &&
		    mention->tier >= BOUNCE_NOTICE_GUESS)
			return TRUE;
	}
	return FALSE;
}
