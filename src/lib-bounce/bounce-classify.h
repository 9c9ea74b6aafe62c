#ifndef BOUNCE_CLASSIFY_H
#define BOUNCE_CLASSIFY_H

#include "bounce-types.h"

struct istream;
struct bounce_rules;

/* Read one mail and say what it reports: the library's front door for every
   module.

   input is a seekable stream at the start of the mail (LF or CRLF); it is read
   as far as needed and left there. envelope may be NULL. All of the result is
   allocated from pool; report_r is always set (kind none for ordinary mail).
   Ordinary mail is told by its top headers and costs no body parsing.

   Returns 1 if the mail is a report of any kind, 0 if it is ordinary mail, -1
   if the stream failed (error_r; report_r then holds what was understood
   before it). No input crashes, and the time is linear in its size. */
int bounce_classify(struct istream *input, const struct bounce_envelope *envelope,
		    const struct bounce_rules *rules, pool_t pool,
		    struct bounce_report **report_r, const char **error_r);

#endif
