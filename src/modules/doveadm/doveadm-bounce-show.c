/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce show: which addresses fail, why, and what to do, for people. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "time-util.h"
#include "bounce-address.h"
#include "bounce-texts.h"
#include "bounce-width.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-people.h"

/* Blanks in front of what is said about an address. */
#define INDENT "    "

enum show_column {
	SHOW_ADDRESS = 0,
	SHOW_STATE,
	SHOW_SINCE,
	SHOW_MEANING,
	SHOW_ADVICE,
	SHOW_PROPOSAL,
	SHOW_COUNT
};

static const char *const show_names[SHOW_COUNT] = {
	"address", "state", "since", "meaning", "advice", "proposal"
};

struct show_cmd {
	struct doveadm_bounce_cmd cmd;
	/* NULL = all */
	const char *mask;
	/* the mask is one address */
	bool one;
	/* of one address: one user has it; one has not */
	bool found, missing;
	/* the last user's; NULL = English, or elsewhere */
	const struct bounce_texts *texts;
};

static void show_init(struct doveadm_bounce_cmd *_cmd)
{
	struct show_cmd *cmd = container_of(_cmd, struct show_cmd, cmd);
	const char *value;

	for (unsigned int i = 0; i < SHOW_COUNT; i++)
		doveadm_bounce_header(show_names[i]);
	if (doveadm_cmd_param_str(_cmd->ctx.cctx, "mask", &value)) {
		cmd->mask = doveadm_bounce_mask(_cmd->ctx.pool, value);
		cmd->one = strpbrk(value, "*?") == NULL;
	}
}

static bool show_filter(const struct bounce_record *rec, void *context)
{
	struct show_cmd *cmd = context;

	return cmd->mask == NULL || doveadm_bounce_mask_match(cmd->mask, rec);
}

/*
 * Rows
 */

static void
show_print(const struct bounce_texts *texts, const struct bounce_record *rec)
{
	time_t since = rec->first > 0 ? rec->first : rec->last;

	doveadm_bounce_print(rec->address);
	doveadm_bounce_print(bounce_texts_get(texts, t_strconcat("state.",
		bounce_state_name(rec->state), NULL)));
	doveadm_bounce_print_time(I_MAX(since, 0), "");
	doveadm_bounce_print_why(texts, rec);
	doveadm_bounce_print(rec->corrected != NULL ? rec->corrected :
			     bounce_address_propose(rec->address));
}

static int
show_read(struct show_cmd *cmd, struct bounce_user *bu,
	  struct bounce_store *store, pool_t pool,
	  ARRAY_TYPE(bounce_record) *recs, const char **error_r)
{
	struct bounce_record rec;
	int ret;

	if (!cmd->one) {
		return doveadm_bounce_records(&cmd->cmd, bu, store, pool,
					      show_filter, cmd, recs, error_r);
	}
	ret = bounce_store_find(store, pool, cmd->mask, cmd->cmd.now, &rec,
				error_r);
	if (ret > 0)
		array_push_back(recs, &rec);
	return ret < 0 ? -1 : 0;
}

static int
show_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	 struct bounce_store *store)
{
	struct show_cmd *cmd = container_of(_cmd, struct show_cmd, cmd);
	pool_t pool = pool_alloconly_create("bounce show", 64 * 1024);
	ARRAY_TYPE(bounce_record) recs;
	const struct bounce_record *rec;
	const char *error;
	int ret;

	p_array_init(&recs, pool, 64);
	ret = show_read(cmd, bu, store, pool, &recs, &error);
	/* of many users who has nothing is not asked for a language */
	if (!array_is_empty(&recs) || !compat_doveadm_many_users(&_cmd->ctx))
		cmd->texts = doveadm_bounce_texts(bu);
	array_foreach(&recs, rec) T_BEGIN {
		show_print(cmd->texts, rec);
	} T_END;
	if (ret < 0) {
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
				      error);
	} else if (!array_is_empty(&recs)) {
		cmd->found = TRUE;
	} else if (cmd->one && !compat_doveadm_many_users(&_cmd->ctx)) {
		ret = doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_NOTFOUND,
			"No record of %s", doveadm_bounce_shown(cmd->mask));
	} else {
		cmd->missing = TRUE;
	}
	pool_unref(&pool);
	return ret;
}

/*
 * For people
 */

static void show_say(string_t *str, const char *first, const char *text)
{
	if (*text != '\0') {
		bounce_width_wrap(str, first, INDENT,
				  DOVEADM_BOUNCE_PEOPLE_COLUMNS, text);
	}
}

/* bob@example.net                                     blocked 2026-11-20 */
static void show_head(string_t *str, const char *const *values)
{
	/* the day is enough */
	const char *right = t_strdup_printf("%s %.10s", values[SHOW_STATE],
					    values[SHOW_SINCE]);
	unsigned int room = DOVEADM_BOUNCE_PEOPLE_COLUMNS - 2 -
		I_MIN(bounce_width(right), DOVEADM_BOUNCE_PEOPLE_COLUMNS / 2);
	const char *address = t_bounce_width_shorten(values[SHOW_ADDRESS],
						     room);

	str_append(str, address);
	for (unsigned int i = bounce_width(address); i < room + 2; i++)
		str_append_c(str, ' ');
	str_append(str, t_bounce_width_shorten(right,
		DOVEADM_BOUNCE_PEOPLE_COLUMNS - room - 2));
	str_append_c(str, '\n');
}

static void
show_write(struct doveadm_bounce_cmd *_cmd,
	   const ARRAY_TYPE(doveadm_bounce_people_row) *rows, string_t *str)
{
	struct show_cmd *cmd = container_of(_cmd, struct show_cmd, cmd);
	const struct doveadm_bounce_people_row *row;
	const char *user = NULL;

	array_foreach(rows, row) T_BEGIN {
		if (null_strcmp(row->user, user) != 0) {
			str_printfa(str, "%s%s:\n", user == NULL ? "" : "\n",
				    row->user);
			user = row->user;
		}
		show_head(str, row->values);
		show_say(str, INDENT, row->values[SHOW_MEANING]);
		show_say(str, INDENT, row->values[SHOW_ADVICE]);
		show_say(str, INDENT"-> ", row->values[SHOW_PROPOSAL]);
	} T_END;
	if (cmd->missing && !cmd->found && !cmd->one) {
		str_append(str, bounce_texts_get(cmd->texts, "show.nothing"));
		str_append_c(str, '\n');
	}
}

/* As "get": of many users one is enough. */
static void show_deinit(struct doveadm_bounce_cmd *_cmd)
{
	struct show_cmd *cmd = container_of(_cmd, struct show_cmd, cmd);

	doveadm_bounce_people_end(_cmd, SHOW_COUNT, show_write);
	if (cmd->one && cmd->missing && !cmd->found && !doveadm_server)
		doveadm_mail_failed_error(&_cmd->ctx, MAIL_ERROR_NOTFOUND);
}

static struct doveadm_mail_cmd_context *show_alloc(void)
{
	struct show_cmd *cmd;

	doveadm_bounce_people_begin();
	cmd = doveadm_bounce_cmd_alloc(struct show_cmd,
				       DOVEADM_PRINT_TYPE_TABLE);
	cmd->cmd.init = show_init;
	cmd->cmd.run = show_run;
	cmd->cmd.deinit = show_deinit;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_show = {
	.name = "bounce show",
	.mail_cmd = show_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] [<mask>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_CMD_PARAM('\0', "mask", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
