#ifndef BOUNCE_REASON_H
#define BOUNCE_REASON_H

#include "bounce-types.h"

/* One row of the reason table: the product's vocabulary. The order of the
   table is the order in the manual. What it means and what to do is a text
   (bounce_texts_meaning()). */
struct bounce_reason {
	const char *name;		/* "mailbox-unknown" */
	enum bounce_class class;
	enum bounce_side side;
	/* what one bounce adds to the address score, in hundredths (300 = 3);
	   0 = never blames the address */
	unsigned int weight;
};

/* The row of that name (exact, lower case), or NULL. */
const struct bounce_reason *bounce_reason_find(const char *name);
/* The whole table; *count_r rows. */
const struct bounce_reason *bounce_reason_table(unsigned int *count_r);

#endif
