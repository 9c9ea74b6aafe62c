#ifndef BOUNCE_WIDTH_H
#define BOUNCE_WIDTH_H

/* Text (UTF-8) in the columns of a terminal or a plain mail. */

#include "lib.h"
#include "str.h"

/* Two for each wide character (Unicode's UAX #11: W and F), none for those that
   combine with the one before, one for every other. */
unsigned int bounce_width(const char *text);

/* The text, where need be with "…" in its middle, in at most so many columns
   (at least 3); on the data stack. */
const char *t_bounce_width_shorten(const char *text, unsigned int columns);

/* Append text in lines of at most so many columns, each with its newline. It is
   broken at blanks and between wide characters, but not before a mark that closes
   (UAX #14: CL, EX, NS); what has neither is longer. first is before the
   first line, rest before the others. */
void bounce_width_wrap(string_t *str, const char *first, const char *rest,
		       unsigned int columns, const char *text);

#endif
