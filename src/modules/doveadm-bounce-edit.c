/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce add, release, correct, remove: what people say. */

#include "lib.h"
#include "doveadm-bounce.h"

struct edit_cmd {
	struct doveadm_bounce_cmd cmd;
	const char *address;
};

/*
 * remove
 */

static void remove_init(struct doveadm_bounce_cmd *_cmd)
{
	struct edit_cmd *cmd = container_of(_cmd, struct edit_cmd, cmd);

	cmd->address = doveadm_bounce_param_address(_cmd, "address");
}

static int
remove_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	   struct bounce_store *store)
{
	struct edit_cmd *cmd = container_of(_cmd, struct edit_cmd, cmd);
	const char *error;
	int ret;

	ret = bounce_store_remove(store, cmd->address, &error);
	if (ret < 0)
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
					     error);
	if (ret == 0)
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_NOTFOUND,
			"No record of %s", cmd->address);
	return 0;
}

static struct doveadm_mail_cmd_context *remove_alloc(void)
{
	struct edit_cmd *cmd = doveadm_bounce_cmd_alloc(struct edit_cmd, NULL);

	cmd->cmd.init = remove_init;
	cmd->cmd.run = remove_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_remove = {
	.name = "bounce remove",
	.mail_cmd = remove_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("<address>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "address", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
