/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce rules check: each rule wins its own examples. */

#include "lib.h"
#include "array.h"
#include "bounce-rules.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"

#include <dirent.h>

struct rules_cmd {
	struct doveadm_bounce_cmd cmd;
	/* NULL = those of the user's settings */
	const char *const *dirs;
};

static void rules_headers(void)
{
	doveadm_bounce_header_number("rules");
	doveadm_bounce_header_number("problems");
}

/* A folder that is named should be there. */
static bool rules_check_dirs(const char *const *dirs)
{
	bool ret = TRUE;
	DIR *dir;

	for (; *dirs != NULL; dirs++) {
		if (strcmp(*dirs, BOUNCE_RULES_SHIPPED) == 0)
			continue;
		if ((dir = opendir(*dirs)) == NULL) {
			i_error("opendir(%s) failed: %m", *dirs);
			ret = FALSE;
		} else {
			(void)closedir(dir);
		}
	}
	return ret;
}

/* Returns 0, or -1 if something is wrong (it was said). */
static int check_rules(const char *const *dirs)
{
	struct bounce_rules *rules;
	ARRAY_TYPE(const_string) errors;
	const char *error;

	t_array_init(&errors, 8);
	/* with the examples of all */
	rules = bounce_rules_load_files(dirs, &errors);
	(void)bounce_rules_check(rules, &errors);
	if (bounce_rules_count(rules) == 0) {
		error = t_strdup_printf("No rules in %s",
					t_strarray_join(dirs, " "));
		array_push_back(&errors, &error);
	}
	array_foreach_elem(&errors, error)
		i_error("%s", error);
	doveadm_print_num(bounce_rules_count(rules));
	doveadm_print_num(array_count(&errors));
	bounce_rules_free(&rules);
	return array_count(&errors) > 0 ? -1 : 0;
}

/*
 * As a user's settings have it
 */

static void rules_init(struct doveadm_bounce_cmd *_cmd)
{
	struct rules_cmd *cmd = container_of(_cmd, struct rules_cmd, cmd);

	rules_headers();
	if (!doveadm_cmd_param_array(_cmd->ctx.cctx, "dir", &cmd->dirs))
		cmd->dirs = NULL;
}

static int
rules_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	  struct bounce_store *store ATTR_UNUSED)
{
	struct rules_cmd *cmd = container_of(_cmd, struct rules_cmd, cmd);
	int ret;

	if (cmd->dirs == NULL)
		ret = check_rules(bu->set.rules_dirs);
	else
		ret = !rules_check_dirs(cmd->dirs) ? -1 :
			check_rules(cmd->dirs);
	if (ret < 0)
		doveadm_mail_failed_error(&_cmd->ctx, MAIL_ERROR_NOTPOSSIBLE);
	return ret;
}

static struct doveadm_mail_cmd_context *rules_alloc(void)
{
	struct rules_cmd *cmd = doveadm_bounce_cmd_alloc(struct rules_cmd,
						DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.init = rules_init;
	cmd->cmd.run = rules_run;
	cmd->cmd.no_store = TRUE;
	return &cmd->cmd.ctx;
}

/*
 * As the site has it: no user is needed
 */

static void rules_site(struct doveadm_cmd_context *cctx)
{
	const char *const *dirs, *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	rules_headers();
	if (doveadm_cmd_param_array(cctx, "dir", &dirs)) {
		if (!rules_check_dirs(dirs)) {
			doveadm_exit_code = EX_DATAERR;
			return;
		}
	} else if (compat_doveadm_rules_dirs(cctx, &dirs, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_CONFIG;
		return;
	}
	if (check_rules(dirs) < 0)
		doveadm_exit_code = EX_DATAERR;
}

static void rules_check(struct doveadm_cmd_context *cctx)
{
	struct doveadm_cmd_ver2 user_cmd = doveadm_bounce_cmd_rules_check;

	if (!doveadm_bounce_names_user(cctx)) {
		rules_site(cctx);
		return;
	}
	user_cmd.mail_cmd = rules_alloc;
	cctx->cmd = &user_cmd;
	doveadm_cmd_ver2_to_mail_cmd_wrapper(cctx);
	cctx->cmd = &doveadm_bounce_cmd_rules_check;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_rules_check = {
	.name = "bounce rules check",
	.cmd = rules_check,
	.usage = DOVEADM_BOUNCE_USAGE("[<folder> ...]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "dir", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
