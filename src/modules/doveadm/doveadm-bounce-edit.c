/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce add, release, correct, remove, erase, expire: what people
   say. */

#include "lib.h"
#include "bounce-digest-store.h"
#include "bounce-sent-mark.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

struct edit_cmd {
	struct doveadm_bounce_cmd cmd;
	const char *address;
	/* add: NULL = not given */
	const struct bounce_reason *reason;
	/* correct */
	const char *corrected;
	bounce_store_change_t *change;
	/* release: there must be a record */
	bool existing;
	/* release, correct: the address's failures are done with */
	bool clears;
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

/* The user's own copies of the mails that failed to this address: nobody need
   care for them any more. Best effort. */
static void
edit_unmark(struct edit_cmd *cmd, struct bounce_user *bu,
	    const struct bounce_record *before)
{
	const char *error;

	if (bounce_sent_mark_cleared(bu, before, cmd->cmd.now, &error) < 0) {
		e_error(bu->event, "Sent mail keeps its mark $Bounced: %s",
			error);
	}
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
 * add, release, correct: one record changes under the lock
 */

static int
edit_change_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
		struct bounce_store *store)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);
	struct bounce_record before;
	const char *error;
	int ret, found;

	found = bounce_store_lookup(store, _cmd->ctx.pool,
				    cmd->address, _cmd->now, &before, &error);
	ret = bounce_store_change(store, cmd->address, _cmd->now, cmd->change,
				  cmd, &error);
	if (ret < 0)
		return edit_store_failed(cmd, bu, error);
	if (ret > 0 && found > 0 && cmd->clears)
		edit_unmark(cmd, bu, &before);
	return ret == 0 && cmd->existing ? edit_no_record(cmd, bu) : 0;
}

static struct edit_cmd *edit_change_alloc(bounce_store_change_t *change)
{
	struct edit_cmd *cmd = edit_alloc(NULL);

	cmd->cmd.run = edit_change_run;
	cmd->change = change;
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
				     "dovecot-bounce(7) lists them", name);
}

static bool
edit_add_change(pool_t pool ATTR_UNUSED, struct bounce_record *rec,
		bool exists ATTR_UNUSED, void *context)
{
	struct edit_cmd *cmd = context;

	bounce_record_suppress(rec, BOUNCE_BY_USER, cmd->reason, cmd->cmd.now);
	return TRUE;
}

static struct doveadm_mail_cmd_context *edit_add_alloc(void)
{
	struct edit_cmd *cmd = edit_change_alloc(edit_add_change);

	cmd->cmd.init = edit_add_init;
	return &cmd->cmd.ctx;
}

static bool
edit_release_change(pool_t pool ATTR_UNUSED, struct bounce_record *rec,
		    bool exists, void *context)
{
	struct edit_cmd *cmd = context;

	if (exists)
		bounce_record_release(rec, BOUNCE_BY_USER, cmd->cmd.now);
	return exists;
}

static struct doveadm_mail_cmd_context *edit_release_alloc(void)
{
	struct edit_cmd *cmd = edit_change_alloc(edit_release_change);

	cmd->existing = TRUE;
	cmd->clears = TRUE;
	return &cmd->cmd.ctx;
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

static bool
edit_correct_change(pool_t pool, struct bounce_record *rec,
		    bool exists ATTR_UNUSED, void *context)
{
	struct edit_cmd *cmd = context;

	bounce_record_correct(rec, pool, cmd->corrected, BOUNCE_BY_USER,
			      cmd->cmd.now);
	return TRUE;
}

static struct doveadm_mail_cmd_context *edit_correct_alloc(void)
{
	struct edit_cmd *cmd = edit_change_alloc(edit_correct_change);

	cmd->cmd.init = edit_correct_init;
	cmd->clears = TRUE;
	return &cmd->cmd.ctx;
}

/*
 * remove: one record
 */

static int
edit_remove_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
		struct bounce_store *store)
{
	struct edit_cmd *cmd = edit_cmd(_cmd);
	struct bounce_record before;
	const char *error;
	int ret, found;

	found = bounce_store_lookup(store, _cmd->ctx.pool,
				    cmd->address, _cmd->now, &before, &error);
	ret = bounce_store_remove(store, cmd->address, &error);
	if (ret < 0)
		return edit_store_failed(cmd, bu, error);
	if (found > 0)
		edit_unmark(cmd, bu, &before);
	return ret == 0 ? edit_no_record(cmd, bu) : 0;
}

static struct doveadm_mail_cmd_context *edit_remove_alloc(void)
{
	struct edit_cmd *cmd = edit_alloc(NULL);

	cmd->cmd.run = edit_remove_run;
	return &cmd->cmd.ctx;
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
	int ret = bounce_store_expire(store, _cmd->now, &error);

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
