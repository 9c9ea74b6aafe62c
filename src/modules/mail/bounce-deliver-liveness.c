/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "time-util.h"
#include "bounce-liveness.h"
#include "bounce-plugin.h"
#include "bounce-tell-deliver.h"
#include "bounce-deliver-liveness.h"

/* A dictionary that is down or slow must not hold up ordinary mail: then this
   process does not ask it for a minute, and for ten times as long as it
   waited. */
#define SLOW_USECS (500 * 1000)
#define PAUSE_SECS 60
#define PAUSE_FACTOR 10

static time_t pause_until;
/* A user's dictionary was no file that can be looked into: nor are those of the others, as
   a rule, and on 2.4 it takes a while to know. */
static bool no_file;
/* Said once until it works again: a report would say it, too. */
static bool complained;

static void
liveness_proved(struct bounce_user *bu, const char *by, int ret,
		const char *error)
{
	if (ret < 0 && !complained)
		e_error(bu->event, "Proof of life is lost: %s", error);
	complained = ret < 0;
	if (ret > 0)
		e_info(bu->event, "Proof of life (%s): %d records cleared", by,
		       ret);
}

bool bounce_deliver_liveness_paused(void)
{
	return ioloop_time < pause_until;
}

static void liveness_pause_after(uint64_t usecs)
{
	io_loop_time_refresh();
	pause_until = ioloop_time +
		I_MAX(PAUSE_SECS, usecs / 1000000 * PAUSE_FACTOR);
}

void bounce_deliver_liveness_pause(void)
{
	liveness_pause_after(0);
}

void bounce_deliver_liveness_mail(struct mail_user *user,
		       const struct bounce_report *report, struct mail *mail,
		       const char *session_id, pool_t pool)
{
	ARRAY_TYPE(bounce_record) cleared;
	struct bounce_user *bu;
	uint64_t started, usecs;
	const char *error;
	int ret = 1;

	if (report->sender == NULL || bounce_deliver_liveness_paused())
		return;
	if (!no_file) T_BEGIN {
		ret = bounce_liveness_glance(user, report->sender);
	} T_END;
	no_file = no_file || ret < 0;
	if (ret == 0)
		return;
	bu = bounce_plugin_user_get(user);
	if (!bu->set.record)
		return;
	p_array_init(&cleared, pool, 1);
	started = i_microseconds();
	ret = bounce_liveness_mail(bu, report->sender, mail, session_id,
				   ioloop_time, pool, &cleared, &error);
	usecs = i_microseconds() - started;
	liveness_proved(bu, "mail", ret, error);
	if (ret < 0 || (ret == 0 && usecs > SLOW_USECS))
		liveness_pause_after(usecs);
	bounce_tell_deliver_recovered(bu, &cleared);
}

void bounce_deliver_liveness_report(struct bounce_user *bu,
			 const struct bounce_report *report,
			 enum bounce_evidence evidence)
{
	ARRAY_TYPE(bounce_record) cleared;
	const char *error = NULL;
	pool_t pool;
	int ret;

	if (!bu->set.record)
		return;
	pool = pool_alloconly_create("bounce alive", 2048);
	p_array_init(&cleared, pool, 4);
	ret = bounce_liveness_report(bu, report, evidence, ioloop_time, pool,
				     &cleared, &error);
	liveness_proved(bu, bounce_kind_name(report->kind), ret, error);
	bounce_tell_deliver_recovered(bu, &cleared);
	pool_unref(&pool);
}
