/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce rate: how many went out, how many came back, whose fault. */

#include "lib.h"
#include "array.h"
#include "utc-mktime.h"
#include "bounce-rate.h"
#include "bounce-sent-store.h"
#include "compat-doveadm.h"
#include "compat-settings.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-rate.h"

#include <time.h>

#define DAY (24 * 3600)
/* The window by volume: so many recipients, in whole days. */
#define VOLUME 1000
#define VOLUME_NAME "1000"

struct rate_cmd {
	struct doveadm_bounce_cmd cmd;
	/* 0 = the usual windows */
	time_t since;
	const char *since_arg;
	/* NULL = all */
	const char *broadcast;
	/* 0 = as counted */
	unsigned int sent;
	/* in the user's language */
	const struct bounce_texts *texts;
};

/*
 * Parameters
 */

/* "7d", or "2026-11-24" (UTC). */
static bool rate_parse_since(const char *arg, time_t now, time_t *since_r)
{
	unsigned int secs, year, month, day;
	const char *error;
	struct tm tm;
	char end;

	if (sscanf(arg, "%4u-%2u-%2u%c", &year, &month, &day, &end) == 3) {
		i_zero(&tm);
		tm.tm_year = (int)year - 1900;
		tm.tm_mon = (int)month - 1;
		tm.tm_mday = (int)day;
		*since_r = utc_mktime(&tm);
		return *since_r > 0;
	}
	if (compat_parse_time(arg, &secs, &error) < 0 || (time_t)secs >= now)
		return FALSE;
	*since_r = now - secs;
	return TRUE;
}

static void rate_headers(void)
{
	static const char *const numbers[] = {
		"sent", "delivered", "failed", "percent", "hard", "soft",
		"undetermined", "hard_percent", "recipient", "domain",
		"sender", "message", "transport", "unknown", "complaints",
		"complaint_percent", "suppressed", "held"
	};

	doveadm_bounce_header("window");
	for (unsigned int i = 0; i < N_ELEMENTS(numbers); i++) {
		/* may be unknown */
		if (strstr(numbers[i], "percent") != NULL)
			doveadm_print_header(numbers[i], numbers[i],
				DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY);
		else
			doveadm_bounce_header_number(numbers[i]);
	}
	doveadm_bounce_header("known");
	doveadm_bounce_header("level");
	doveadm_bounce_header("shared");
	doveadm_bounce_header("subject");
	doveadm_bounce_header("advice");
}

static void rate_init(struct doveadm_bounce_cmd *_cmd)
{
	struct rate_cmd *cmd = container_of(_cmd, struct rate_cmd, cmd);
	struct doveadm_cmd_context *cctx = _cmd->ctx.cctx;
	int64_t sent;

	if (doveadm_cmd_param_str(cctx, "since", &cmd->since_arg) &&
	    !rate_parse_since(cmd->since_arg, _cmd->now, &cmd->since)) {
		doveadm_bounce_wrong(_cmd, "--since %s is neither a time such "
			"as 7d nor a date such as 2026-11-24", cmd->since_arg);
	}
	(void)doveadm_cmd_param_str(cctx, "broadcast", &cmd->broadcast);
	if (doveadm_cmd_param_int64(cctx, "sent", &sent)) {
		if (sent < 1 || sent > INT_MAX)
			doveadm_bounce_wrong(_cmd, "--sent is no number of "
					     "recipients");
		else if (cmd->broadcast == NULL && cmd->since_arg == NULL)
			doveadm_bounce_wrong(_cmd, "--sent needs --broadcast "
					     "or --since: of what?");
		else
			cmd->sent = (unsigned int)sent;
	}
	rate_headers();
}

/*
 * Rows
 */

#define UNKNOWN "unknown"

static void
rate_print_percent(const struct bounce_rate *rate, double percent)
{
	doveadm_print(rate->unknown ? UNKNOWN :
		      t_strdup_printf("%.2f", percent));
}

/* How much of what went out do we know? */
static const char *
rate_known_name(const struct bounce_sent *sent, unsigned int given)
{
	if (given > 0)
		return "given";
	if (sent->sent == 0)
		return UNKNOWN;
	if (bounce_sent_is_open(sent))
		return "at-least";
	return sent->saved > 0 ? "without-bcc" : "all";
}

static void
rate_print_sent(struct rate_cmd *cmd, const char *window,
		const struct bounce_sent *sent, unsigned int given)
{
	struct bounce_rate rate;

	bounce_rate_judge(sent, given, &rate);
	doveadm_bounce_print(window);
	doveadm_print_num(rate.sent);
	doveadm_print_num(rate.delivered);
	doveadm_print_num(rate.failed);
	rate_print_percent(&rate, rate.percent);
	doveadm_print_num(rate.hard);
	doveadm_print_num(sent->class[BOUNCE_CLASS_SOFT]);
	doveadm_print_num(sent->class[BOUNCE_CLASS_UNDETERMINED]);
	rate_print_percent(&rate, rate.hard_percent);
	doveadm_print_num(sent->side[BOUNCE_SIDE_RECIPIENT]);
	doveadm_print_num(sent->side[BOUNCE_SIDE_DOMAIN]);
	doveadm_print_num(sent->side[BOUNCE_SIDE_SENDER]);
	doveadm_print_num(sent->side[BOUNCE_SIDE_MESSAGE]);
	doveadm_print_num(sent->side[BOUNCE_SIDE_TRANSPORT]);
	doveadm_print_num(sent->side[BOUNCE_SIDE_UNKNOWN]);
	doveadm_print_num(rate.complaints);
	rate_print_percent(&rate, rate.complaint_percent);
	doveadm_print_num(sent->suppressed);
	doveadm_print_num(sent->held);
	doveadm_print(rate_known_name(sent, given));
	doveadm_print(rate.unknown ? UNKNOWN :
		      bounce_rate_level_name(rate.level));
	doveadm_bounce_print(rate.cause == NULL ? "" : t_strdup_printf("%s: %s",
		bounce_cause_kind_name(rate.cause->kind), rate.cause->text));
	doveadm_bounce_print(sent->subject);
	doveadm_bounce_print(bounce_rate_advice(&rate, cmd->texts));
}

static void
rate_print_window(struct rate_cmd *cmd, const char *name, pool_t pool,
		  const ARRAY_TYPE(bounce_sent) *days, time_t since,
		  unsigned int given)
{
	const struct bounce_sent *day;
	struct bounce_sent sum;

	bounce_sent_init(&sum, pool, "");
	array_foreach(days, day) {
		if (bounce_sent_day_time(day->id) > since - DAY)
			bounce_rate_sum(&sum, pool, day);
	}
	rate_print_sent(cmd, name, &sum, given);
}

static void
rate_print_volume(struct rate_cmd *cmd, pool_t pool,
		  const ARRAY_TYPE(bounce_sent) *days)
{
	unsigned int i, count;
	const struct bounce_sent *day = array_get(days, &count);
	struct bounce_sent sum;

	bounce_sent_init(&sum, pool, "");
	for (i = count; i > 0 && sum.sent < VOLUME; i--)
		bounce_rate_sum(&sum, pool, &day[i - 1]);
	rate_print_sent(cmd, "last "VOLUME_NAME, &sum, 0);
}

static void
rate_print_windows(struct rate_cmd *cmd, pool_t pool,
		   const ARRAY_TYPE(bounce_sent) *days)
{
	time_t now = cmd->cmd.now;

	if (cmd->since_arg != NULL) {
		rate_print_window(cmd,
				  t_strconcat("since ", cmd->since_arg, NULL),
				  pool, days, cmd->since,
				  cmd->broadcast == NULL ? cmd->sent : 0);
		return;
	}
	rate_print_window(cmd, "1 day", pool, days, now - DAY, 0);
	rate_print_window(cmd, "7 days", pool, days, now - 7 * DAY, 0);
	rate_print_window(cmd, "30 days", pool, days, now - 30 * DAY, 0);
	rate_print_volume(cmd, pool, days);
}

/* Among many users it is one's. */
static int rate_not_found(struct rate_cmd *cmd, struct bounce_user *bu)
{
	if (compat_doveadm_many_users(&cmd->cmd.ctx)) {
		doveadm_mail_failed_error(&cmd->cmd.ctx, MAIL_ERROR_NOTFOUND);
		return 0;
	}
	return doveadm_bounce_failed(&cmd->cmd, bu, MAIL_ERROR_NOTFOUND,
				     "There is no broadcast %s",
				     doveadm_bounce_shown(cmd->broadcast));
}

static int
rate_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	 struct bounce_store *store)
{
	struct rate_cmd *cmd = container_of(_cmd, struct rate_cmd, cmd);
	pool_t pool = pool_alloconly_create("bounce rate", 16 * 1024);
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sent;
	const char *error;
	bool found = FALSE;
	int ret;

	cmd->texts = doveadm_bounce_texts(bu);
	p_array_init(&days, pool, 32);
	p_array_init(&broadcasts, pool, 8);
	ret = bounce_sent_store_read(store, pool, cmd->since, _cmd->now, &days,
				 &broadcasts, &error);
	if (ret < 0) {
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s", error);
	} else {
		/* of many users those that sent */
		if (cmd->broadcast == NULL &&
		    (!array_is_empty(&days) ||
		     !compat_doveadm_many_users(&_cmd->ctx)))
			rate_print_windows(cmd, pool, &days);
		array_foreach(&broadcasts, sent) {
			if (cmd->broadcast == NULL ||
			    strcmp(sent->id, cmd->broadcast) == 0) {
				rate_print_sent(cmd, sent->id, sent,
						cmd->broadcast == NULL ? 0 :
						cmd->sent);
				found = TRUE;
			}
		}
		if (cmd->broadcast != NULL && !found)
			ret = rate_not_found(cmd, bu);
	}
	pool_unref(&pool);
	return ret;
}

/*
 * The command
 */

static void
rate_write(struct doveadm_bounce_cmd *_cmd,
	   const ARRAY_TYPE(doveadm_bounce_people_row) *rows, string_t *str)
{
	struct rate_cmd *cmd = container_of(_cmd, struct rate_cmd, cmd);

	doveadm_bounce_rate_write(cmd->texts, rows, str);
}

static void rate_deinit(struct doveadm_bounce_cmd *cmd)
{
	doveadm_bounce_people_end(cmd, DOVEADM_BOUNCE_RATE_COUNT, rate_write);
}

static struct doveadm_mail_cmd_context *rate_alloc(void)
{
	struct rate_cmd *cmd;

	doveadm_bounce_people_begin();
	cmd = doveadm_bounce_cmd_alloc(struct rate_cmd,
				       DOVEADM_PRINT_TYPE_FLOW);
	cmd->cmd.init = rate_init;
	cmd->cmd.run = rate_run;
	cmd->cmd.deinit = rate_deinit;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_rate = {
	.name = "bounce rate",
	.mail_cmd = rate_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] [--since T] "
				      "[--broadcast ID] [--sent N]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('b', "broadcast", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('n', "sent", CMD_PARAM_INT64, 0)
DOVEADM_CMD_PARAMS_END
};
