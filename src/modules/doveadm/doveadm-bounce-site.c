/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "utc-mktime.h"
#include "compat-doveadm.h"
#include "compat-settings.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-site.h"

#include <time.h>

/* "7d", or "2026-11-24" (UTC), or seconds since 1970. */
static bool site_parse_since(const char *arg, time_t now, time_t *since_r)
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
	if (str_to_time(arg, since_r) == 0)
		return *since_r > 0;
	if (compat_parse_time(arg, &secs, &error) < 0 || (time_t)secs >= now)
		return FALSE;
	*since_r = now - secs;
	return TRUE;
}

static void
site_init_sort(struct doveadm_bounce_site *site, struct doveadm_bounce_cmd *cmd,
	       const char *const *orders)
{
	const char *name;

	if (!doveadm_cmd_param_str(cmd->ctx.cctx, "sort", &name))
		return;
	while (orders[site->sort] != NULL &&
	       strcasecmp(orders[site->sort], name) != 0)
		site->sort++;
	if (orders[site->sort] == NULL) {
		doveadm_bounce_wrong(cmd, "--sort %s is none of %s", name,
				     t_strarray_join(orders, ", "));
		site->sort = 0;
	}
}

bool doveadm_bounce_site_number(struct doveadm_bounce_cmd *cmd,
				const char *name, const char *what,
				unsigned int *number_r)
{
	const char *value;
	unsigned int number;

	if (!doveadm_cmd_param_str(cmd->ctx.cctx, name, &value))
		return FALSE;
	if (str_to_uint(value, &number) < 0 || number < 1 || number > INT_MAX) {
		doveadm_bounce_wrong(cmd, "--%s %s is no number of %s", name,
				     doveadm_bounce_shown(value), what);
		return FALSE;
	}
	*number_r = number;
	return TRUE;
}

void doveadm_bounce_site_init(struct doveadm_bounce_site *site,
			      struct doveadm_bounce_cmd *cmd,
			      const char *const *orders)
{
	struct doveadm_cmd_context *cctx = cmd->ctx.cctx;

	site->one_of_many = compat_doveadm_many_users(&cmd->ctx) &&
		cctx->conn_type == DOVEADM_CONNECTION_TYPE_TCP;
	site->sum = compat_doveadm_many_users(&cmd->ctx) && !site->one_of_many;
	if (doveadm_cmd_param_str(cctx, "since", &site->since_arg) &&
	    !site_parse_since(site->since_arg, cmd->now, &site->since)) {
		doveadm_bounce_wrong(cmd, "--since %s is neither a time such "
			"as 7d nor a date such as 2026-11-24", site->since_arg);
	}
	(void)doveadm_bounce_site_number(cmd, "limit", "rows", &site->limit);
	site_init_sort(site, cmd, orders);
}

void doveadm_bounce_site_set_user(const char *username, unsigned int columns)
{
	/* the HTTP API has no such column */
	if (doveadm_print_get_headers_count() > columns)
		doveadm_print_sticky("username", username);
}
