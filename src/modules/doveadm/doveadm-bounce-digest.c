/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce digest: the last week or month, as a mail to the person. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "time-util.h"
#include "bounce-digest-write.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-tell.h"

struct digest_cmd {
	struct doveadm_bounce_cmd cmd;
	/* only where bounce_digest says so, and if there is something to say */
	bool due;
	/* write nothing */
	bool print;
};

static void digest_init(struct doveadm_bounce_cmd *_cmd)
{
	struct digest_cmd *cmd = container_of(_cmd, struct digest_cmd, cmd);

	(void)doveadm_cmd_param_bool(_cmd->ctx.cctx, "due", &cmd->due);
	(void)doveadm_cmd_param_bool(_cmd->ctx.cctx, "print", &cmd->print);
	if (cmd->print) {
		doveadm_bounce_tell_headers();
	} else {
		doveadm_bounce_header("since");
		doveadm_bounce_header("until");
		doveadm_bounce_header("result");
	}
}

static void
digest_print_result(const struct bounce_digest_write *write,
		    const char *result)
{
	doveadm_print(t_strfgmtime("%Y-%m-%d", write->period.since));
	doveadm_print(t_strfgmtime("%Y-%m-%d", write->period.until - 1));
	doveadm_print(result);
}

static int
digest_write(struct digest_cmd *cmd, struct bounce_user *bu,
	     struct bounce_digest_write *write, const char **error_r)
{
	int ret;

	if (cmd->print) {
		if (!cmd->due || (write->news && !write->written))
			doveadm_bounce_tell_print(&write->tell);
		return 0;
	}
	if (cmd->due && (!write->news || write->written))
		return 0;
	ret = bounce_digest_write(bu, write, error_r);
	if (ret >= 0) {
		digest_print_result(write, ret > 0 ? "written" :
				    "written before");
	}
	return ret;
}

static int
digest_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	   struct bounce_store *store ATTR_UNUSED)
{
	struct digest_cmd *cmd = container_of(_cmd, struct digest_cmd, cmd);
	enum bounce_digest_every every = bu->set.digest;
	struct bounce_digest_write write;
	const char *error;
	pool_t pool;
	int ret;

	if (every == BOUNCE_DIGEST_NO) {
		if (cmd->due)
			return 0;
		every = BOUNCE_DIGEST_MONTHLY;
	}
	pool = pool_alloconly_create("bounce digest", 16 * 1024);
	ret = bounce_digest_write_read(bu, every, _cmd->now, pool, &write,
				       &error);
	/* an answer said so: the timer asks for each user, a person for one */
	if (ret == 0 && !(write.off && cmd->due))
		ret = digest_write(cmd, bu, &write, &error);
	if (ret < 0) {
		doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s", error);
	}
	pool_unref(&pool);
	return ret < 0 ? -1 : 0;
}

static struct doveadm_mail_cmd_context *digest_alloc(void)
{
	struct digest_cmd *cmd = doveadm_bounce_cmd_alloc(struct digest_cmd,
						DOVEADM_PRINT_TYPE_PAGER);

	cmd->cmd.init = digest_init;
	cmd->cmd.run = digest_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_digest = {
	.name = "bounce digest",
	.mail_cmd = digest_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--lang <language>] [--due] [--print]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAM_LANG
DOVEADM_CMD_PARAM('d', "due", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('p', "print", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};
