#ifndef DOVEADM_BOUNCE_SITE_H
#define DOVEADM_BOUNCE_SITE_H

/* stats and rate of many users, summed up: what they have in common. */

struct doveadm_bounce_cmd;

/* Among users' names: all of them together. */
#define DOVEADM_BOUNCE_SITE_ALL "*"

#define DOVEADM_BOUNCE_PARAMS_SITE \
	DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0) \
	DOVEADM_CMD_PARAM('m', "limit", CMD_PARAM_STR, 0) \
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
/* Read a parameter of type CMD_PARAM_STR that is a number from 1 on: 2.3 takes
   what is no number for an option that was not given. what: "rows". Returns FALSE
   if it is not given, or after doveadm_bounce_wrong(). */
bool doveadm_bounce_site_number(struct doveadm_bounce_cmd *cmd,
				const char *name, const char *what,
				unsigned int *number_r);
/* Of a sum: the rows that follow are this user's, or DOVEADM_BOUNCE_SITE_ALL's;
   columns are those that the command has itself. */
void doveadm_bounce_site_set_user(const char *username, unsigned int columns);

#endif
