/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce list, get: reading the dictionary. */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-reason.h"
#include "bounce-remedy.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

/*
 * list
 */

struct list_cmd {
	struct doveadm_bounce_cmd cmd;
	/* -1 = all */
	int class, state;
	/* NULL = all */
	const char *reason, *mask;
	/* only those that were held, only those with unproven reports */
	bool held, unproven;
};

void doveadm_bounce_list_headers(void)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_LISTED) != 0)
			doveadm_bounce_member_header(member);
	}
}

void doveadm_bounce_list_print(const struct bounce_policy *policy,
			       const struct bounce_record *rec, time_t now)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_LISTED) != 0)
			doveadm_bounce_member_print(policy, member, rec, now);
	}
}

static void list_init(struct doveadm_bounce_cmd *_cmd)
{
	struct list_cmd *cmd = container_of(_cmd, struct list_cmd, cmd);
	struct doveadm_cmd_context *cctx = _cmd->ctx.cctx;
	enum bounce_class class;
	enum bounce_state state;
	const char *value;

	doveadm_bounce_list_headers();
	cmd->class = cmd->state = -1;
	if (doveadm_cmd_param_str(cctx, "class", &value)) {
		if (bounce_class_parse(value, &class) < 0)
			doveadm_bounce_wrong(_cmd, "-c %s is none of hard, "
					     "soft, undetermined", value);
		else
			cmd->class = class;
	}
	if (doveadm_cmd_param_str(cctx, "state", &value)) {
		if (bounce_state_parse(value, &state) < 0)
			doveadm_bounce_wrong(_cmd, "-s %s is none of watched, "
					     "suppressed, released, corrected",
					     value);
		else
			cmd->state = state;
	}
	if (doveadm_cmd_param_str(cctx, "reason", &cmd->reason) &&
	    bounce_reason_find(cmd->reason) == NULL)
		doveadm_bounce_wrong(_cmd, "-r %s is no reason: the manual "
				     "bounce-reasons(7) lists them",
				     cmd->reason);
	(void)doveadm_cmd_param_bool(cctx, "held", &cmd->held);
	(void)doveadm_cmd_param_bool(cctx, "unproven", &cmd->unproven);
	/* -H held: as the flag's own word */
	if (doveadm_cmd_param_str(cctx, "mask", &value) &&
	    !(cmd->held && strcmp(value, "held") == 0) &&
	    !(cmd->unproven && strcmp(value, "unproven") == 0))
		cmd->mask = doveadm_bounce_mask(_cmd->ctx.pool, value);
}

static bool list_filter(const struct bounce_record *rec, void *context)
{
	struct list_cmd *cmd = context;

	return (cmd->class < 0 || (int)rec->class == cmd->class) &&
		(cmd->state < 0 || (int)rec->state == cmd->state) &&
		(cmd->reason == NULL ||
		 null_strcmp(rec->reason, cmd->reason) == 0) &&
		(!cmd->held || rec->holds > 0) &&
		(!cmd->unproven || rec->unproven > 0) &&
		(cmd->mask == NULL ||
		 doveadm_bounce_mask_match(cmd->mask, rec));
}

static int
list_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	 struct bounce_store *store)
{
	struct list_cmd *cmd = container_of(_cmd, struct list_cmd, cmd);
	pool_t pool = pool_alloconly_create("bounce list", 64 * 1024);
	ARRAY_TYPE(bounce_record) recs;
	const struct bounce_record *rec;
	const char *error;
	int ret;

	p_array_init(&recs, pool, 64);
	ret = doveadm_bounce_records(_cmd, bu, store, pool, list_filter, cmd,
				     &recs, &error);
	array_foreach(&recs, rec) T_BEGIN {
		doveadm_bounce_list_print(&bu->set.policy, rec, _cmd->now);
	} T_END;
	if (ret < 0) {
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
				      error);
	}
	pool_unref(&pool);
	return ret;
}

static struct doveadm_mail_cmd_context *list_alloc(void)
{
	struct list_cmd *cmd = doveadm_bounce_cmd_alloc(struct list_cmd,
						DOVEADM_PRINT_TYPE_TABLE);

	cmd->cmd.init = list_init;
	cmd->cmd.run = list_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_list = {
	.name = "bounce list",
	.mail_cmd = list_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[-c <class>] [-r <reason>] "
				      "[-s <state>] [-H] [-P] [<mask>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('c', "class", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('r', "reason", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('H', "held", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('P', "unproven", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('\0', "mask", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};

/*
 * get
 */

struct get_cmd {
	struct doveadm_bounce_cmd cmd;
	const char *address;
	/* of many users: one has it; one has not */
	bool found, missing;
};

static void list_get_init(struct doveadm_bounce_cmd *_cmd)
{
	struct get_cmd *cmd = container_of(_cmd, struct get_cmd, cmd);
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_SHOWN) == 0)
			continue;
		doveadm_bounce_member_header(member);
		if (member->type == BOUNCE_MEMBER_REASON) {
			doveadm_bounce_header("meaning");
			doveadm_bounce_header("advice");
			doveadm_bounce_header("remedy");
			doveadm_bounce_header("proposal");
		}
	}
	cmd->address = doveadm_bounce_param_address(_cmd, "address");
}

/* Who refused us, and where to go: NULL where it was not us. */
static const char *
list_get_remedy(struct bounce_user *bu, const struct bounce_record *rec,
		time_t now)
{
	const struct bounce_remedy *remedy;

	remedy = bounce_remedy_find(bounce_user_remedies(bu), rec->side,
				    rec->diagnostic, rec->remote_mta);
	return remedy == NULL ? NULL : t_bounce_remedy_text(remedy, now);
}

static void
list_get_print_reason(struct bounce_user *bu, const struct bounce_record *rec,
		      time_t now)
{
	doveadm_bounce_print_why(doveadm_bounce_texts(bu), rec);
	doveadm_bounce_print(list_get_remedy(bu, rec, now));
	doveadm_bounce_print(bounce_address_propose(rec->address));
}

static void
list_get_print(struct bounce_user *bu, const struct bounce_record *rec,
	       time_t now)
{
	const struct bounce_record_member *member;

	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_SHOWN) == 0)
			continue;
		doveadm_bounce_member_print(&bu->set.policy, member, rec,
					    now);
		if (member->type == BOUNCE_MEMBER_REASON)
			list_get_print_reason(bu, rec, now);
	}
}

static int
list_get_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	     struct bounce_store *store)
{
	struct get_cmd *cmd = container_of(_cmd, struct get_cmd, cmd);
	struct bounce_record rec;
	const char *error;
	int ret;

	ret = bounce_store_find(store, pool_datastack_create(), cmd->address,
				_cmd->now, &rec, &error);
	if (ret < 0)
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
					     error);
	if (ret > 0) {
		cmd->found = TRUE;
		list_get_print(bu, &rec, _cmd->now);
	} else if (compat_doveadm_many_users(&_cmd->ctx)) {
		cmd->missing = TRUE;
	} else {
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_NOTFOUND,
			"No record of %s", doveadm_bounce_shown(cmd->address));
	}
	return 0;
}

/* Of many users one is enough. doveadm-server sees but one of them. */
static void list_get_deinit(struct doveadm_bounce_cmd *_cmd)
{
	struct get_cmd *cmd = container_of(_cmd, struct get_cmd, cmd);

	if (cmd->missing && !cmd->found && !doveadm_server)
		doveadm_mail_failed_error(&_cmd->ctx, MAIL_ERROR_NOTFOUND);
}

static struct doveadm_mail_cmd_context *list_get_alloc(void)
{
	struct get_cmd *cmd = doveadm_bounce_cmd_alloc(struct get_cmd,
						DOVEADM_PRINT_TYPE_PAGER);

	cmd->cmd.init = list_get_init;
	cmd->cmd.run = list_get_run;
	cmd->cmd.deinit = list_get_deinit;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_get = {
	.name = "bounce get",
	.mail_cmd = list_get_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] <address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_CMD_PARAM('\0', "address", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
