/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce ask: would a mail to these addresses be tried? */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-hold-ask.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

struct ask_cmd {
	struct doveadm_bounce_cmd cmd;
	ARRAY_TYPE(const_string) addresses;
	/* that one is held is no failure */
	bool ok;
};

static void ask_init(struct doveadm_bounce_cmd *_cmd)
{
	struct ask_cmd *cmd = container_of(_cmd, struct ask_cmd, cmd);
	pool_t pool = _cmd->ctx.pool;
	const char *const *args, *address, *error;

	doveadm_bounce_header("address");
	doveadm_bounce_header("decision");
	doveadm_bounce_header("state");
	doveadm_bounce_header("reason");
	doveadm_bounce_header("since");
	doveadm_bounce_header("text");
	p_array_init(&cmd->addresses, pool, 4);
	(void)doveadm_cmd_param_bool(_cmd->ctx.cctx, "ok", &cmd->ok);
	if (!doveadm_cmd_param_array(_cmd->ctx.cctx, "address", &args)) {
		/* usage, and the end of doveadm */
		if (_cmd->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
			doveadm_mail_help_name(_cmd->ctx.cmd->name);
		doveadm_bounce_wrong(_cmd, "Parameter address is missing");
		return;
	}
	for (; *args != NULL; args++) {
		if (bounce_address_normalize(pool, *args, &address,
					     &error) < 0) {
			doveadm_bounce_wrong(_cmd, "%s is no address: %s",
					     doveadm_bounce_shown(*args),
					     error);
			return;
		}
		address = p_strdup(pool, *args);
		array_push_back(&cmd->addresses, &address);
	}
}

static void
ask_print(const struct bounce_hold_settings *set,
	  const struct bounce_hold *hold)
{
	const struct bounce_record *rec = hold->rec;

	doveadm_bounce_print(hold->address);
	doveadm_bounce_print(bounce_hold_decision_name(hold->decision));
	doveadm_bounce_print(rec == NULL ? NULL :
			     bounce_state_name(rec->state));
	doveadm_bounce_print(rec == NULL ? NULL : rec->reason);
	doveadm_bounce_print_time(rec == NULL ? 0 : bounce_hold_since(rec), "");
	doveadm_bounce_print(bounce_hold_text(set, hold, 1));
}

static int
ask_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	struct bounce_store *store ATTR_UNUSED)
{
	struct ask_cmd *cmd = container_of(_cmd, struct ask_cmd, cmd);
	const char *const *addresses, *error;
	struct bounce_hold *holds;
	unsigned int count;
	bool held = FALSE;

	/* who asks acts on it */
	bu->set.hold.mode = BOUNCE_HOLD_MODE_ENFORCE;
	addresses = array_get(&cmd->addresses, &count);
	holds = t_new(struct bounce_hold, count);
	if (bounce_hold_ask(bu, pool_datastack_create(), addresses, count, NULL,
			    _cmd->now, holds, &error) < 0)
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
					     error);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		ask_print(&bu->set.hold, &holds[i]);
		held = held || holds[i].decision == BOUNCE_HOLD_HOLD;
	} T_END;
	/* EX_NOPERM */
	if (held && !cmd->ok)
		doveadm_mail_failed_error(&_cmd->ctx, MAIL_ERROR_PERM);
	return 0;
}

static struct doveadm_mail_cmd_context *ask_alloc(void)
{
	struct ask_cmd *cmd = doveadm_bounce_cmd_alloc(struct ask_cmd,
						DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.init = ask_init;
	cmd->cmd.run = ask_run;
	cmd->cmd.no_change = TRUE;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_ask = {
	.name = "bounce ask",
	.mail_cmd = ask_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--ok] <address> [...]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('k', "ok", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('\0', "address", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
