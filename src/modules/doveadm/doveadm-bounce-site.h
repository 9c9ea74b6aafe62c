#ifndef DOVEADM_BOUNCE_SITE_H
#define DOVEADM_BOUNCE_SITE_H

/* stats and rate of many users, summed up: what they have in common. */

struct doveadm_bounce_cmd;

/* Among users' names: all of them together. */
#define DOVEADM_BOUNCE_SITE_ALL "*"

#define DOVEADM_BOUNCE_PARAMS_SITE \
	DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0) \
	DOVEADM_CMD_PARAM('m', "limit", CMD_PARAM_INT64, 0) \
	DOVEADM_CMD_PARAM('o', "sort", CMD_PARAM_STR, 0)

struct doveadm_bounce_site {
	/* many users, all in this process: they are summed up */
	bool sum;
	/* one of many, for a doveadm elsewhere (2.4 does not know): nothing is
	   worth no line */
	bool one_of_many;
	/* as it was given, or NULL; 0 = all */
	const char *since_arg;
	time_t since;
	/* 0 = all */
	unsigned int limit;
	/* index of the orders' names */
	unsigned int sort;
};

/* Read --since, --limit and --sort. orders: names, the default first,
   NULL-terminated. */
void doveadm_bounce_site_init(struct doveadm_bounce_site *site,
			      struct doveadm_bounce_cmd *cmd,
			      const char *const *orders);
/* Of a sum: the rows that follow are this user's, or DOVEADM_BOUNCE_SITE_ALL's;
   columns are those that the command has itself. */
void doveadm_bounce_site_set_user(const char *username, unsigned int columns);

#endif
