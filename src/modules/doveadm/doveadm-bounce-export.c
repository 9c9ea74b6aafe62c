/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce export: the dictionary out, whole, or as other programs take
   it. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "doveadm-bounce.h"
#include "bounce-csv.h"
#include "bounce-import.h"
#include "bounce-layout.h"
#include "bounce-record-member.h"

#include <jansson.h>
#include <stdlib.h>

struct export_cmd {
	struct doveadm_bounce_cmd cmd;
	bool csv;
	/* NULL = our own JSON or CSV */
	const struct bounce_layout *layout;
	/* of enum bounce_state */
	unsigned int states;
	time_t since;
};

static void export_init_format(struct export_cmd *cmd)
{
	const char *format;

	if (!doveadm_cmd_param_str(cmd->cmd.ctx.cctx, "format", &format))
		return;
	cmd->csv = strcasecmp(format, "csv") == 0;
	if (!cmd->csv && strcasecmp(format, "json") != 0)
		doveadm_bounce_wrong(&cmd->cmd, "%s is neither json nor csv",
				     format);
	else if (cmd->layout != NULL)
		doveadm_bounce_wrong(&cmd->cmd, "--as names the format: "
				     "%s is one too many", format);
}

static void export_init_layout(struct export_cmd *cmd)
{
	const char *name;

	if (!doveadm_cmd_param_str(cmd->cmd.ctx.cctx, "as", &name))
		return;
	cmd->layout = bounce_layout_find(name);
	if (cmd->layout == NULL)
		doveadm_bounce_wrong(&cmd->cmd, "%s is none of %s", name,
				     t_bounce_layout_names());
	else
		cmd->states = cmd->layout->states;
}

static void export_init_state(struct export_cmd *cmd)
{
	enum bounce_state state;
	const char *name;

	if (!doveadm_cmd_param_str(cmd->cmd.ctx.cctx, "state", &name))
		return;
	if (bounce_state_parse(name, &state) < 0)
		doveadm_bounce_wrong(&cmd->cmd, "--state %s is none of watched, "
				     "suppressed, released, corrected", name);
	else
		cmd->states = 1U << state;
}

/* As Dovecot's own searches take it: a date, Unix seconds, or "2 days". */
static void export_init_since(struct export_cmd *cmd)
{
	const char *time;
	bool utc;

	if (!doveadm_cmd_param_str(cmd->cmd.ctx.cctx, "since", &time))
		return;
	if (mail_parse_human_timestamp(time, &cmd->since, &utc) < 0)
		doveadm_bounce_wrong(&cmd->cmd, "%s is no time", time);
}

static void export_init(struct doveadm_bounce_cmd *_cmd)
{
	struct export_cmd *cmd = container_of(_cmd, struct export_cmd, cmd);

	doveadm_print_header("record", "record",
			     DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
	cmd->states = UINT_MAX;
	export_init_layout(cmd);
	export_init_format(cmd);
	export_init_state(cmd);
	export_init_since(cmd);
}

/* Empty where there is none: never. */
static const char *
t_export_date(const struct bounce_record_member *member,
	    const struct bounce_record *rec)
{
	const time_t *when = CONST_PTR_OFFSET(rec, member->offset);

	return *when == 0 ? NULL : bounce_csv_date(*when);
}

static const char *
t_cell(const struct bounce_record_member *member,
       const struct bounce_record *rec)
{
	const char *text = bounce_record_member_text(member, rec);

	if (text == NULL)
		return NULL;
	if (member->type == BOUNCE_MEMBER_TIME ||
	    member->type == BOUNCE_MEMBER_UNTIL)
		return t_export_date(member, rec);
	return member->type == BOUNCE_MEMBER_ADDRESS ?
		bounce_csv_guard_address(text) : bounce_csv_guard(text);
}

/* All that has no column of its own. */
static const char *t_other_cell(const struct bounce_record *rec)
{
	const struct bounce_record_member *member;
	json_t *json = json_loads(bounce_record_encode(rec), 0, NULL);
	const char *cell;
	char *dump;

	bounce_record_member_foreach(member) {
		if (bounce_record_member_is_column(member))
			(void)json_object_del(json, member->name);
	}
	(void)json_object_del(json, "v");
	dump = json_dumps(json, JSON_COMPACT);
	cell = bounce_csv_guard(dump);
	free(dump);
	json_decref(json);
	return cell;
}

/* What other programs wrote into members of their own is kept as it is; a
   terminal gets no DEL and no C1 control all the same: these are in JSON's
   texts only, where they can be written in another way. */
static const char *t_escaped(const char *line)
{
	string_t *str = t_str_new(strlen(line) + 1);

	for (const unsigned char *p = (const unsigned char *)line; *p != '\0';
	     p++) {
		if (*p == 0x7f)
			str_append(str, "\\u007f");
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			str_printfa(str, "\\u%04x", *++p);
		else
			str_append_c(str, *p);
	}
	return str_c(str);
}

/* The names of the columns where rec is NULL. */
static const char *t_export_row(const struct bounce_record *rec)
{
	const struct bounce_record_member *member;
	string_t *str = t_str_new(256);

	bounce_record_member_foreach(member) {
		if (bounce_record_member_is_column(member)) {
			bounce_csv_append(str, rec == NULL ? member->name :
				t_cell(member, rec));
		}
	}
	bounce_csv_append(str, rec == NULL ? BOUNCE_CSV_OTHER :
			  t_other_cell(rec));
	return str_c(str);
}

static bool export_wants(const struct bounce_record *rec, void *context)
{
	const struct export_cmd *cmd = context;

	return (cmd->states & (1U << rec->state)) != 0 &&
		rec->last >= cmd->since;
}

static const char *
t_export_line(const struct export_cmd *cmd, const struct bounce_record *rec)
{
	if (cmd->layout != NULL)
		return cmd->layout->row(rec);
	return cmd->csv ? t_export_row(rec) : bounce_record_encode(rec);
}

/* Above what is no record. NULL = nothing. */
static const char *t_export_title(const struct export_cmd *cmd)
{
	if (cmd->layout != NULL)
		return cmd->layout->title;
	return cmd->csv ? t_export_row(NULL) : NULL;
}

static int
export_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	   struct bounce_store *store)
{
	struct export_cmd *cmd = container_of(_cmd, struct export_cmd, cmd);
	pool_t pool = pool_alloconly_create("bounce export", 64 * 1024);
	ARRAY_TYPE(bounce_record) recs;
	const struct bounce_record *rec;
	const char *title, *error;
	int ret;

	p_array_init(&recs, pool, 64);
	ret = doveadm_bounce_records(_cmd, bu, store, pool, export_wants, cmd,
				     &recs, &error);
	if (ret < 0) {
		/* half an export would pass for a whole one */
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s", error);
		pool_unref(&pool);
		return -1;
	}
	title = t_export_title(cmd);
	if (title != NULL)
		doveadm_print(title);
	array_foreach(&recs, rec) T_BEGIN {
		doveadm_print(t_escaped(t_export_line(cmd, rec)));
	} T_END;
	pool_unref(&pool);
	return 0;
}

static struct doveadm_mail_cmd_context *export_alloc(void)
{
	struct export_cmd *cmd = doveadm_bounce_cmd_alloc(struct export_cmd,
						DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.init = export_init;
	cmd->cmd.run = export_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_export = {
	.name = "bounce export",
	.mail_cmd = export_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--as <layout>] [--since <time>] "
				      "[--state <state>] [json|csv]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('a', "as", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('t', "since", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "format", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
