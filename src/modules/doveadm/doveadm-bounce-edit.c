/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce add, release, correct, remove, erase, expire: what people
   say. */

#include "lib.h"
#include "bounce-digest-store.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "bounce-sent-store.h"
#include "bounce-verb.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

struct edit_cmd {
	struct doveadm_bounce_cmd cmd;
	const char *address;
	/* add: NULL = not given */
	const struct bounce_reason *reason;
	/* correct */
	const char *corrected;
	/* as bounce_verb_...() */
	int (*verb)(struct edit_cmd *cmd, struct bounce_user *bu,
		    const char **error_r);
};

static struct edit_cmd *edit_cmd(struct doveadm_bounce_cmd *cmd)
{
	return container_of(cmd, struct edit_cmd, cmd);
}

static int
edit_no_record(struct edit_cmd *cmd, struct bounce_user *bu)
{
	return doveadm_bounce_failed(&cmd->cmd, bu, MAIL_ERROR_NOTFOUND,
				     "No record of %s",
				     doveadm_bounce_shown(cmd->address));
}

static int
edit_store_failed(struct edit_cmd *cmd, struct bounce_user *bu,
		  const char *error)
{
	return doveadm_bounce_failed(&cmd->cmd, bu, MAIL_ERROR_TEMP, "%s",
				     error);
}

static void edit_init(struct doveadm_bounce_cmd *_cmd)
{
	edit_cmd(_cmd)->address = doveadm_bounce_param_address(_cmd, "address");
}

static struct edit_cmd *edit_alloc(const char *print_type)
{
	struct edit_cmd *cmd = doveadm_bounce_cmd_alloc(struct edit_cmd,
							print_type);

	cmd->cmd.init = edit_init;
	return cmd;
}

/*
 * add, release, correct, remove: one record
 */

static int
edit_verb_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	      struct bounce_store *store ATTR_UNUSED)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);
	const char *error;
	int ret = cmd->verb(cmd, bu, &error);

	if (ret < 0)
		return edit_store_failed(cmd, bu, error);
	return ret == 0 ? edit_no_record(cmd, bu) : 0;
}

static struct edit_cmd *
edit_verb_alloc(int (*verb)(struct edit_cmd *cmd, struct bounce_user *bu,
			    const char **error_r))
{
	struct edit_cmd *cmd = edit_alloc(NULL);

	cmd->cmd.run = edit_verb_run;
	cmd->verb = verb;
	return cmd;
}

static void edit_add_init(struct doveadm_bounce_cmd *_cmd)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);
	const char *name;

	edit_init(_cmd);
	if (!doveadm_cmd_param_str(_cmd->ctx.cctx, "reason", &name))
		return;
	cmd->reason = bounce_reason_find(name);
	if (cmd->reason == NULL)
		doveadm_bounce_wrong(_cmd, "%s is no reason: the manual "
				     "bounce-reasons(7) lists them", name);
}

static int edit_add(struct edit_cmd *cmd, struct bounce_user *bu,
		    const char **error_r)
{
	return bounce_verb_add(bu, cmd->address, cmd->reason, cmd->cmd.now,
			       error_r);
}

static struct doveadm_mail_cmd_context *edit_add_alloc(void)
{
	struct edit_cmd *cmd = edit_verb_alloc(edit_add);

	cmd->cmd.init = edit_add_init;
	return &cmd->cmd.ctx;
}

static int edit_release(struct edit_cmd *cmd, struct bounce_user *bu,
			const char **error_r)
{
	return bounce_verb_release(bu, cmd->address, cmd->cmd.now, error_r);
}

static struct doveadm_mail_cmd_context *edit_release_alloc(void)
{
	return &edit_verb_alloc(edit_release)->cmd.ctx;
}

static void edit_correct_init(struct doveadm_bounce_cmd *_cmd)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);

	edit_init(_cmd);
	cmd->corrected = doveadm_bounce_param_address(_cmd, "new-address");
	if (!_cmd->wrong && strcmp(cmd->address, cmd->corrected) == 0)
		doveadm_bounce_wrong(_cmd, "%s is the same address",
				     doveadm_bounce_shown(cmd->corrected));
}

static int edit_correct(struct edit_cmd *cmd, struct bounce_user *bu,
			const char **error_r)
{
	return bounce_verb_correct(bu, cmd->address, cmd->corrected,
				   cmd->cmd.now, error_r);
}

static struct doveadm_mail_cmd_context *edit_correct_alloc(void)
{
	struct edit_cmd *cmd = edit_verb_alloc(edit_correct);

	cmd->cmd.init = edit_correct_init;
	return &cmd->cmd.ctx;
}

static int edit_remove(struct edit_cmd *cmd, struct bounce_user *bu,
		       const char **error_r)
{
	return bounce_verb_remove(bu, cmd->address, cmd->cmd.now, error_r);
}

static struct doveadm_mail_cmd_context *edit_remove_alloc(void)
{
	return &edit_verb_alloc(edit_remove)->cmd.ctx;
}

/*
 * erase, expire: how many records went
 */

static int
edit_print_removed(struct edit_cmd *cmd, struct bounce_user *bu, int count,
		   const char *error)
{
	if (count < 0)
		return edit_store_failed(cmd, bu, error);
	/* of many users those that had something */
	if (count > 0 || !compat_doveadm_many_users(&cmd->cmd.ctx))
		doveadm_print_num(count);
	return 0;
}

static void edit_erase_init(struct doveadm_bounce_cmd *_cmd)
{
	edit_init(_cmd);
	doveadm_bounce_header_number("removed");
}

static int
edit_erase_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	       struct bounce_store *store)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);
	const char *error = NULL;
	int ret = bounce_store_erase(store, cmd->address, &error);

	/* what the notices remember is no record */
	if (ret >= 0 &&
	    bounce_notice_store_erase(store, cmd->address, _cmd->now,
				      &error) < 0)
		ret = -1;
	if (ret >= 0 &&
	    bounce_digest_store_erase(store, cmd->address, &error) < 0)
		ret = -1;
	return edit_print_removed(cmd, bu, ret, error);
}

static struct doveadm_mail_cmd_context *edit_erase_alloc(void)
{
	struct edit_cmd *cmd = edit_alloc(DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.init = edit_erase_init;
	cmd->cmd.run = edit_erase_run;
	return &cmd->cmd.ctx;
}

static void edit_expire_init(struct doveadm_bounce_cmd *cmd ATTR_UNUSED)
{
	doveadm_bounce_header_number("removed");
}

static int
edit_expire_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
		struct bounce_store *store)
{
	const char *error = NULL;
	int ret = bounce_store_is_empty(store, &error);

	/* of all users, most have nothing */
	if (ret >= 0)
		ret = ret > 0 ? 0 :
			bounce_store_expire(store, _cmd->now, &error);
	/* who has no record may have sent mail */
	if (ret >= 0 &&
	    bounce_sent_store_expire(store, _cmd->now, &error) < 0)
		ret = -1;
	return edit_print_removed(edit_cmd(_cmd), bu, ret, error);
}

static struct doveadm_mail_cmd_context *edit_expire_alloc(void)
{
	struct edit_cmd *cmd = edit_alloc(DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.init = edit_expire_init;
	cmd->cmd.run = edit_expire_run;
	return &cmd->cmd.ctx;
}

/*
 * The commands
 */

#define PARAM_ADDRESS \
	DOVEADM_CMD_PARAM('\0', "address", CMD_PARAM_STR, \
			  CMD_PARAM_FLAG_POSITIONAL)

struct doveadm_cmd_ver2 doveadm_bounce_cmd_add = {
	.name = "bounce add",
	.mail_cmd = edit_add_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address> [<reason>]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
PARAM_ADDRESS
DOVEADM_CMD_PARAM('\0', "reason", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};

struct doveadm_cmd_ver2 doveadm_bounce_cmd_release = {
	.name = "bounce release",
	.mail_cmd = edit_release_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
PARAM_ADDRESS
DOVEADM_CMD_PARAMS_END
};

struct doveadm_cmd_ver2 doveadm_bounce_cmd_correct = {
	.name = "bounce correct",
	.mail_cmd = edit_correct_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address> <new address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
PARAM_ADDRESS
DOVEADM_CMD_PARAM('\0', "new-address", CMD_PARAM_STR,
		  CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};

struct doveadm_cmd_ver2 doveadm_bounce_cmd_remove = {
	.name = "bounce remove",
	.mail_cmd = edit_remove_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
PARAM_ADDRESS
DOVEADM_CMD_PARAMS_END
};

struct doveadm_cmd_ver2 doveadm_bounce_cmd_erase = {
	.name = "bounce erase",
	.mail_cmd = edit_erase_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
PARAM_ADDRESS
DOVEADM_CMD_PARAMS_END
};

struct doveadm_cmd_ver2 doveadm_bounce_cmd_expire = {
	.name = "bounce expire",
	.mail_cmd = edit_expire_alloc,
	.usage = DOVEADM_BOUNCE_USAGE(""),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAMS_END
};
