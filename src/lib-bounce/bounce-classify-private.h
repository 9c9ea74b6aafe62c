#ifndef BOUNCE_CLASSIFY_PRIVATE_H
#define BOUNCE_CLASSIFY_PRIVATE_H

#include "bounce-kind.h"

struct bounce_message;
struct istream;

struct bounce_classify_header {
	/* on the data stack */
	struct bounce_message *message;
	struct bounce_kind_hints hints;
};

/* Read the top header. report_r is always set, from pool. Returns 1 if the mail may be a
   report, 0 if it is ordinary mail, of which report_r says all, -1 if the stream failed
   (header_r then holds what came before it). */
int bounce_classify_read_top(struct istream *input,
			     const struct bounce_envelope *envelope, pool_t pool,
			     struct bounce_classify_header *header_r,
			     struct bounce_report **report_r);

/* What is of use of a mail that is no report: who may be alive, the notice that it
   answers. */
void bounce_classify_mail(const struct bounce_message *message, pool_t pool,
			  struct bounce_report *report);

#endif
