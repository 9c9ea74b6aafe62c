#ifndef BOUNCE_CLASSIFY_H
#define BOUNCE_CLASSIFY_H

#include "bounce-types.h"

struct istream;
struct bounce_rules;

/* The library's front door for every module. */

/* Read one mail and say what it reports, without a judgement.

   input is a seekable stream at the start of the mail (LF or CRLF); it is read
   as far as needed and left there. envelope may be NULL. All of the result is
   allocated from pool; report_r is always set (kind none for ordinary mail and
   for what we told the user ourselves). Ordinary mail is told by its top
   headers and costs no body parsing.

   Returns 1 if the mail is a report of any kind, 0 if it is ordinary mail, -1
   if the stream failed (error_r; report_r then holds what was understood
   before it). No input crashes, and the time is linear in its size. */
int bounce_classify_read(struct istream *input,
			 const struct bounce_envelope *envelope, pool_t pool,
			 struct bounce_report **report_r, const char **error_r);

/* The same, as far as the top header tells: returns TRUE for ordinary mail, with
   report_r as above; FALSE if only bounce_classify_read() can say what it is (report_r
   means nothing then). */
bool bounce_classify_read_ordinary(struct istream *input,
				   const struct bounce_envelope *envelope,
				   pool_t pool, struct bounce_report **report_r);

/* Fill in the verdict of each recipient of report that failed or is delayed.
   pool is the report's. */
void bounce_classify_judge(const struct bounce_rules *rules, pool_t pool,
			   struct bounce_report *report);

#endif
