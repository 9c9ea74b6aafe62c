#ifndef BOUNCE_ANSWER_PRIVATE_H
#define BOUNCE_ANSWER_PRIVATE_H

#include "bounce-answer.h"

/* The words of a line, NULL-terminated, on the data stack. A quoted local part and an
   address literal (RFC 5321, section 4.1.2) belong to their word.
   "bob@example.net<mailto:bob@example.net>," is two; quotes and the marks at the end
   of a sentence belong to none. */
const char *const *t_bounce_answer_split(const char *line);

#endif
