#ifndef BOUNCE_LAYOUT_H
#define BOUNCE_LAYOUT_H

/* The dictionary as other programs take it: who is not to be written to any
   more. One row of the table for each layout. */

#include "bounce-record.h"

struct bounce_layout {
	const char *name;
	/* Its first line, or NULL. */
	const char *title;
	/* A record as one line (or, of a vCard, several, each but the last with its
	   CRLF), without the last line end; on the data stack. UTF-8, no control
	   characters but that CRLF. */
	const char *(*row)(const struct bounce_record *rec);
	/* states that belong there if nobody asks for others: bits of
	   1 << enum bounce_state */
	unsigned int states;
};

/* NULL = there is none of that name. */
const struct bounce_layout *bounce_layout_find(const char *name);
/* "mailgun, listmonk ...", on the data stack. */
const char *t_bounce_layout_names(void);

#endif
