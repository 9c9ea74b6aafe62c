/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce rate: how many went out, how many came back, whose fault. Of many
   users the sum, and each broadcast. */

#include "lib.h"
#include "array.h"
#include "bounce-rate.h"
#include "bounce-sent-store.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-rate.h"
#include "doveadm-bounce-site.h"

#define DAY (24 * 3600)
/* The window by volume: so many recipients, in whole days. */
#define VOLUME 1000
#define VOLUME_NAME "1000"

enum rate_order {
	RATE_ORDER_DAY = 0,
	RATE_ORDER_SENT,
	RATE_ORDER_FAILED,
	RATE_ORDER_PERCENT
};
static const char *const rate_orders[] = {
	"day", "sent", "failed", "percent", NULL
};

struct rate_broadcast {
	const char *username;
	struct bounce_sent sent;
	/* 0 = not known */
	double percent;
};
ARRAY_DEFINE_TYPE(rate_broadcast, struct rate_broadcast);

struct rate_cmd {
	struct doveadm_bounce_cmd cmd;
	/* without --since the usual windows */
	struct doveadm_bounce_site site;
	/* all users' */
	ARRAY_TYPE(bounce_sent) days;
	ARRAY_TYPE(rate_broadcast) broadcasts;
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
	unsigned int sent;

	doveadm_bounce_site_init(&cmd->site, _cmd, rate_orders);
	p_array_init(&cmd->days, _cmd->ctx.pool, 64);
	p_array_init(&cmd->broadcasts, _cmd->ctx.pool, 8);
	(void)doveadm_cmd_param_str(cctx, "broadcast", &cmd->broadcast);
	if (doveadm_bounce_site_number(_cmd, "sent", "recipients", &sent)) {
		if (cmd->broadcast == NULL && cmd->site.since_arg == NULL)
			doveadm_bounce_wrong(_cmd, "--sent needs --broadcast "
					     "or --since: of what?");
		else
			cmd->sent = sent;
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
		  time_t since, unsigned int given)
{
	const struct bounce_sent *day;
	struct bounce_sent sum;

	bounce_sent_init(&sum, pool, "");
	array_foreach(&cmd->days, day) {
		if (bounce_sent_day_time(day->id) > since - DAY)
			bounce_rate_sum(&sum, pool, day);
	}
	rate_print_sent(cmd, name, &sum, given);
}

static void rate_print_volume(struct rate_cmd *cmd, pool_t pool)
{
	unsigned int i, count;
	const struct bounce_sent *day = array_get(&cmd->days, &count);
	struct bounce_sent sum;

	bounce_sent_init(&sum, pool, "");
	for (i = count; i > 0 && sum.sent < VOLUME; i--)
		bounce_rate_sum(&sum, pool, &day[i - 1]);
	rate_print_sent(cmd, "last "VOLUME_NAME, &sum, 0);
}

static void rate_print_windows(struct rate_cmd *cmd, pool_t pool)
{
	time_t now = cmd->cmd.now;

	if (cmd->site.since_arg != NULL) {
		rate_print_window(cmd, t_strconcat("since ",
					cmd->site.since_arg, NULL), pool,
				  cmd->site.since,
				  cmd->broadcast == NULL ? cmd->sent : 0);
		return;
	}
	rate_print_window(cmd, "1 day", pool, now - DAY, 0);
	rate_print_window(cmd, "7 days", pool, now - 7 * DAY, 0);
	rate_print_window(cmd, "30 days", pool, now - 30 * DAY, 0);
	rate_print_volume(cmd, pool);
}

static int
rate_broadcast_cmp(const struct rate_broadcast *a,
		   const struct rate_broadcast *b)
{
	int ret = strcmp(a->sent.id, b->sent.id);

	return ret != 0 ? ret : null_strcmp(a->username, b->username);
}

static int
rate_broadcast_sent_cmp(const struct rate_broadcast *a,
			const struct rate_broadcast *b)
{
	if (a->sent.sent != b->sent.sent)
		return a->sent.sent > b->sent.sent ? -1 : 1;
	return rate_broadcast_cmp(a, b);
}

static int
rate_broadcast_failed_cmp(const struct rate_broadcast *a,
			  const struct rate_broadcast *b)
{
	if (a->sent.failed != b->sent.failed)
		return a->sent.failed > b->sent.failed ? -1 : 1;
	return rate_broadcast_cmp(a, b);
}

static int
rate_broadcast_percent_cmp(const struct rate_broadcast *a,
			   const struct rate_broadcast *b)
{
	if (a->percent != b->percent)
		return a->percent > b->percent ? -1 : 1;
	return rate_broadcast_failed_cmp(a, b);
}

static void rate_sort_broadcasts(struct rate_cmd *cmd)
{
	switch ((enum rate_order)cmd->site.sort) {
	case RATE_ORDER_DAY:
		array_sort(&cmd->broadcasts, rate_broadcast_cmp);
		break;
	case RATE_ORDER_SENT:
		array_sort(&cmd->broadcasts, rate_broadcast_sent_cmp);
		break;
	case RATE_ORDER_FAILED:
		array_sort(&cmd->broadcasts, rate_broadcast_failed_cmp);
		break;
	case RATE_ORDER_PERCENT:
		array_sort(&cmd->broadcasts, rate_broadcast_percent_cmp);
		break;
	}
}

static void rate_print_broadcasts(struct rate_cmd *cmd)
{
	const struct rate_broadcast *broadcast;
	unsigned int rows = 0;

	rate_sort_broadcasts(cmd);
	array_foreach(&cmd->broadcasts, broadcast) T_BEGIN {
		if (cmd->site.limit == 0 || rows++ < cmd->site.limit) {
			if (cmd->site.sum) {
				doveadm_bounce_site_set_user(
					broadcast->username,
					DOVEADM_BOUNCE_RATE_COUNT);
			}
			rate_print_sent(cmd, broadcast->sent.id,
					&broadcast->sent,
					cmd->broadcast == NULL ? 0 : cmd->sent);
		}
	} T_END;
}

static int
rate_day_cmp(const struct bounce_sent *a, const struct bounce_sent *b)
{
	return strcmp(a->id, b->id);
}

static void rate_print(struct rate_cmd *cmd)
{
	pool_t pool = pool_alloconly_create("bounce rate", 16 * 1024);

	array_sort(&cmd->days, rate_day_cmp);
	if (cmd->broadcast == NULL)
		rate_print_windows(cmd, pool);
	rate_print_broadcasts(cmd);
	pool_unref(&pool);
}

/*
 * Add up
 */

static struct bounce_sent *rate_get_day(struct rate_cmd *cmd, const char *id)
{
	pool_t pool = cmd->cmd.ctx.pool;
	struct bounce_sent *day;

	array_foreach_modifiable(&cmd->days, day) {
		if (strcmp(day->id, id) == 0)
			return day;
	}
	day = array_append_space(&cmd->days);
	bounce_sent_init(day, pool, id);
	return day;
}

/* Without what only counts anew. */
static void
rate_add_broadcast(struct rate_cmd *cmd, struct bounce_user *bu,
		   const struct bounce_sent *sent)
{
	pool_t pool = cmd->cmd.ctx.pool;
	struct rate_broadcast *broadcast =
		array_append_space(&cmd->broadcasts);
	struct bounce_rate rate;

	broadcast->username = p_strdup(pool, bu->user->username);
	bounce_sent_init(&broadcast->sent, pool, sent->id);
	bounce_rate_sum(&broadcast->sent, pool, sent);
	broadcast->sent.open = sent->open;
	broadcast->sent.subject = p_strdup(pool, sent->subject);
	bounce_rate_judge(sent, cmd->broadcast == NULL ? 0 : cmd->sent, &rate);
	broadcast->percent = rate.unknown ? 0 : rate.percent;
}

static int
rate_read(struct rate_cmd *cmd, struct bounce_user *bu,
	  struct bounce_store *store, pool_t pool, const char **error_r)
{
	ARRAY_TYPE(bounce_sent) days, broadcasts;
	const struct bounce_sent *sent;

	p_array_init(&days, pool, 32);
	p_array_init(&broadcasts, pool, 8);
	if (bounce_sent_store_read(store, pool, cmd->site.since, cmd->cmd.now,
				   &days, &broadcasts, error_r) < 0)
		return -1;
	array_foreach(&days, sent)
		bounce_rate_sum(rate_get_day(cmd, sent->id), cmd->cmd.ctx.pool,
				sent);
	array_foreach(&broadcasts, sent) {
		if (cmd->broadcast == NULL ||
		    strcmp(sent->id, cmd->broadcast) == 0)
			rate_add_broadcast(cmd, bu, sent);
	}
	return 0;
}

/* Of one user, or of many none has it. */
static bool rate_is_missing(const struct rate_cmd *cmd)
{
	return cmd->broadcast != NULL && array_is_empty(&cmd->broadcasts);
}

static int
rate_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	 struct bounce_store *store)
{
	struct rate_cmd *cmd = container_of(_cmd, struct rate_cmd, cmd);
	pool_t pool = pool_alloconly_create("bounce rate", 16 * 1024);
	const char *error;
	int ret = rate_read(cmd, bu, store, pool, &error);

	/* of many users nobody's own is asked for */
	if (!cmd->site.sum || bu->set.language != NULL)
		cmd->texts = doveadm_bounce_texts(bu);
	if (ret < 0) {
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s", error);
	} else if (cmd->site.one_of_many &&
		   (rate_is_missing(cmd) || array_is_empty(&cmd->days))) {
		if (rate_is_missing(cmd)) {
			doveadm_mail_failed_error(&_cmd->ctx,
						  MAIL_ERROR_NOTFOUND);
		}
	} else if (!cmd->site.sum && rate_is_missing(cmd)) {
		ret = doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_NOTFOUND,
			"There is no broadcast %s",
			doveadm_bounce_shown(cmd->broadcast));
	} else if (!cmd->site.sum) {
		rate_print(cmd);
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

static void rate_deinit(struct doveadm_bounce_cmd *_cmd)
{
	struct rate_cmd *cmd = container_of(_cmd, struct rate_cmd, cmd);

	if (cmd->site.sum && _cmd->ran) {
		doveadm_bounce_site_set_user(DOVEADM_BOUNCE_SITE_ALL,
					     DOVEADM_BOUNCE_RATE_COUNT);
		rate_print(cmd);
		if (rate_is_missing(cmd)) {
			doveadm_mail_failed_error(&_cmd->ctx,
						  MAIL_ERROR_NOTFOUND);
		}
	}
	doveadm_bounce_people_end(_cmd, DOVEADM_BOUNCE_RATE_COUNT, rate_write);
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
				      "[--broadcast ID] [--sent N] [--limit N] "
				      "[--sort day|sent|failed|percent]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_BOUNCE_PARAMS_SITE
DOVEADM_CMD_PARAM('b', "broadcast", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('n', "sent", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAMS_END
};
