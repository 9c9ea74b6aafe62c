/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "bounce-rules-cache.h"
#include "bounce-texts-cache.h"
#include "bounce-check.h"

struct check_cmd {
	struct doveadm_bounce_cmd cmd;
	struct bounce_check check;
	/* NULL = all parts */
	const char *const *only;
	/* the exit status says only whether it ran */
	bool ok;
};

extern const char *doveadm_bounce_check_plugin_version;
const char *doveadm_bounce_check_plugin_version = DOVECOT_ABI_VERSION;

extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_check;

/*
 * Parameters
 */

static bool check_cmd_is_part(const char *name)
{
	const struct bounce_check_part *part;

	for (part = bounce_check_parts; part->name != NULL; part++) {
		if (strcmp(part->name, name) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Returns 0, or -1 with error_r. */
static int check_cmd_params(struct check_cmd *cmd,
			    struct doveadm_cmd_context *cctx, pool_t pool,
			    const char **error_r)
{
	const char *value;

	cmd->check.pool = pool;
	cmd->check.now = ioloop_time;
	p_array_init(&cmd->check.rows, pool, 32);
	(void)doveadm_cmd_param_bool(cctx, "ok", &cmd->ok);
	if (!doveadm_cmd_param_str(cctx, "only", &value))
		return 0;
	cmd->only = (const char *const *)p_strsplit_spaces(pool, value, ", ");
	for (const char *const *name = cmd->only; *name != NULL; name++) {
		if (!check_cmd_is_part(*name)) {
			*error_r = t_strdup_printf("There is no part %s",
						   doveadm_bounce_shown(*name));
			return -1;
		}
	}
	return 0;
}

/*
 * The parts
 */

static void check_cmd_call(struct check_cmd *cmd, bool user)
{
	const struct bounce_check_part *part;
	bounce_check_function_t *const *function;

	for (part = bounce_check_parts; part->name != NULL; part++) {
		if (cmd->only != NULL &&
		    !str_array_find(cmd->only, part->name))
			continue;
		function = user ? part->user : part->site;
		for (; function != NULL && *function != NULL; function++) T_BEGIN {
			(*function)(&cmd->check);
		} T_END;
	}
}

static int check_cmd_exit_code(const struct check_cmd *cmd)
{
	return cmd->ok ? 0 : bounce_check_exit_code(&cmd->check);
}

/*
 * Of users
 */

static void check_cmd_init(struct doveadm_bounce_cmd *_cmd)
{
	struct check_cmd *cmd = container_of(_cmd, struct check_cmd, cmd);
	const char *error;

	bounce_check_headers();
	if (check_cmd_params(cmd, _cmd->ctx.cctx, _cmd->ctx.pool,
			     &error) < 0) {
		doveadm_bounce_wrong(_cmd, "%s", error);
		return;
	}
	cmd->check.for_users = TRUE;
	check_cmd_call(cmd, FALSE);
}

static int
check_cmd_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	      struct bounce_store *store ATTR_UNUSED)
{
	struct check_cmd *cmd = container_of(_cmd, struct check_cmd, cmd);

	cmd->check.bu = bu;
	check_cmd_call(cmd, TRUE);
	bounce_check_print(&cmd->check);
	cmd->check.bu = NULL;
	_cmd->ctx.exit_code = check_cmd_exit_code(cmd);
	return 0;
}

static struct doveadm_mail_cmd_context *check_cmd_alloc(void)
{
	struct check_cmd *cmd = doveadm_bounce_cmd_alloc(struct check_cmd,
						DOVEADM_PRINT_TYPE_TABLE);

	cmd->cmd.init = check_cmd_init;
	cmd->cmd.run = check_cmd_run;
	cmd->cmd.no_store = TRUE;
	return &cmd->cmd.ctx;
}

/*
 * Of the site: no user is needed
 */

static void check_cmd_site(struct doveadm_cmd_context *cctx)
{
	pool_t pool = pool_alloconly_create("bounce check", 4096);
	struct check_cmd cmd;
	const char *error;

	i_zero(&cmd);
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	bounce_check_headers();
	if (check_cmd_params(&cmd, cctx, pool, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_USAGE;
	} else {
		check_cmd_call(&cmd, FALSE);
		bounce_check_print(&cmd.check);
		doveadm_exit_code = check_cmd_exit_code(&cmd);
	}
	pool_unref(&pool);
}

static void check_cmd(struct doveadm_cmd_context *cctx)
{
	struct doveadm_cmd_ver2 user_cmd = doveadm_bounce_cmd_check;

	if (!doveadm_bounce_names_user(cctx)) {
		check_cmd_site(cctx);
		return;
	}
	user_cmd.mail_cmd = check_cmd_alloc;
	cctx->cmd = &user_cmd;
	doveadm_cmd_ver2_to_mail_cmd_wrapper(cctx);
	cctx->cmd = &doveadm_bounce_cmd_check;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_check = {
	.name = "bounce check",
	.cmd = check_cmd,
	.usage = DOVEADM_BOUNCE_USAGE("[--only <part>,...] [--ok]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('o', "only", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('k', "ok", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};

void doveadm_bounce_check_plugin_init(struct module *module ATTR_UNUSED)
{
	doveadm_cmd_register_ver2(&doveadm_bounce_cmd_check);
}

void doveadm_bounce_check_plugin_deinit(void)
{
	bounce_rules_cache_deinit();
	bounce_texts_cache_deinit();
}
