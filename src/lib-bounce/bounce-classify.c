/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-classify.h"

/* Until the readers of reports land: everything is ordinary mail. */
int bounce_classify(struct istream *input ATTR_UNUSED,
		    const struct bounce_envelope *envelope ATTR_UNUSED,
		    const struct bounce_rules *rules ATTR_UNUSED, pool_t pool,
		    struct bounce_report **report_r,
		    const char **error_r ATTR_UNUSED)
{
	struct bounce_report *report = p_new(pool, struct bounce_report, 1);

	p_array_init(&report->original_to, pool, 1);
	p_array_init(&report->recipients, pool, 1);
	*report_r = report;
	return 0;
}
