/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-sent-store.h"
#include "bounce-tell-group.h"
#include "bounce-tell-memory.h"
#include "bounce-tell-notice.h"

#define DAY (24 * 60 * 60)
/* So long before a report its mail may have been sent. */
#define MAX_SENT_DAYS 3

static const char *
t_group_mail(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;
	const char *address = "";

	if (report->original_message_id != NULL)
		return bounce_tell_id(report->original_message_id);
	array_foreach(&report->recipients, rcpt) {
		if (rcpt->address != NULL) {
			address = rcpt->address;
			break;
		}
	}
	return bounce_tell_id(t_strdup_printf("%s\n%s",
		report->original_subject == NULL ? "" :
		report->original_subject, address));
}

/* The broadcast of that subject, or what may become one; the latest. */
static void
group_find_sent(struct bounce_tell_group *group, const char *suffix,
	       ARRAY_TYPE(bounce_sent) *days,
	       const ARRAY_TYPE(bounce_sent) *broadcasts)
{
	const struct bounce_sent *sent;
	struct bounce_sent *day;

	array_foreach_modifiable(days, day) {
		sent = bounce_sent_find(day, t_strconcat(day->id, suffix,
							 NULL));
		/* a copy that has not come yet says nothing */
		if (sent != NULL && sent->messages > 0)
			group->sent = sent;
	}
	array_foreach(broadcasts, sent) {
		const char *dash = strchr(sent->id, '-');

		if (dash != NULL && strcmp(dash, suffix) == 0)
			group->sent = sent;
	}
}

int bounce_tell_group_find(struct bounce_store *store,
			   const struct bounce_tell_about *about, pool_t pool,
			   struct bounce_tell_group *group_r,
			   const char **error_r)
{
	const struct bounce_report *report = about->report;
	const char *day = bounce_sent_day(about->when);
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const char *id;

	i_zero(group_r);
	group_r->mail = p_strdup(pool, t_group_mail(report));
	if (about->unproven) {
		group_r->id = p_strconcat(pool, day, "-unproven", NULL);
		return 0;
	}
	id = bounce_sent_id(day, report->original_subject,
			    report->original_message_id == NULL ?
			    group_r->mail : report->original_message_id);
	p_array_init(&days, pool, 4);
	p_array_init(&broadcasts, pool, 4);
	if (bounce_sent_store_read(store, pool,
				   about->when - MAX_SENT_DAYS * DAY,
				   about->when, &days, &broadcasts,
				   error_r) < 0)
		return -1;
	group_find_sent(group_r, strchr(id, '-'), &days, &broadcasts);
	group_r->id = p_strdup(pool, group_r->sent != NULL ?
			       group_r->sent->id : id);
	return 0;
}

bool bounce_tell_group_is_broadcast(const struct bounce_tell_group *group)
{
	return group->sent != NULL && group->sent->sent >= BOUNCE_RATE_MINIMUM;
}
