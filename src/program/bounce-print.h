#ifndef BOUNCE_PRINT_H
#define BOUNCE_PRINT_H

#include "bounce-types.h"

#include <stdio.h>

struct bounce_texts;

/* One JSON object in one line: doc/bounce-classify.1 says what it holds. What
   the mail does not say is left out. Bytes of path that are not UTF-8 become
   the replacement character. */
void bounce_print_json(FILE *out, const char *path,
		       const struct bounce_report *report);

struct bounce_print {
	FILE *out;
	/* NULL = English */
	const struct bounce_texts *texts;
};

/* The same for a person, ending in an empty line. number is the mail's place
   in an mbox, 0 = the file is one mail. */
void bounce_print_text(const struct bounce_print *print, const char *path,
		       unsigned int number, const struct bounce_report *report);

#endif
