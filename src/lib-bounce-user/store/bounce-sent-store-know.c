/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Was such a mail sent? What the days remember, asked before anything is searched. */

#include "lib.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-sent-store-private.h"

/* Clocks differ, and mail is sent at midnight. */
#define MARGIN_SECS (2 * 60 * 60)

static int
know_day(struct bounce_store *store, const char *name,
	 const struct bounce_report *report, const char **error_r)
{
	pool_t pool = pool_datastack_create();
	const char *value = NULL, *id, *error;
	struct bounce_sent day;

	if (bounce_dict_get(store->dict, pool, bounce_sent_key(name), &value,
			    error_r) < 0)
		return -1;
	if (value == NULL ||
	    bounce_sent_decode(pool, value, &day, &error) < 0)
		return 0;
	id = bounce_sent_id(name, report->original_subject,
			    report->original_message_id);
	/* of a broadcast, and of very many, not each mail is remembered */
	return bounce_sent_saw(&day, report->original_message_id) ||
		bounce_sent_is_broadcast(&day, id) ||
		day.messages > BOUNCE_MAX_SENT_SEEN ? 1 : 0;
}

int bounce_sent_store_knows(struct bounce_store *store,
			    const struct bounce_report *report, time_t now,
			    const char **error_r)
{
	time_t sent = bounce_sent_store_date(report, now);
	const char *days[] = {
		bounce_sent_day(sent), bounce_sent_day(sent - MARGIN_SECS),
		bounce_sent_day(sent + MARGIN_SECS)
	};
	int ret = 0;

	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < N_ELEMENTS(days) && ret == 0; i++) {
		/* mostly they are one */
		if (i > 0 && strcmp(days[i], days[0]) == 0)
			continue;
		ret = know_day(store, days[i], report, error_r);
	}
	return ret;
}
