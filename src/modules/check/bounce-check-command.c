/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "net.h"
#include "bounce-charset.h"
#include "bounce-rules-cache.h"
#include "bounce-texts-cache.h"
#include "compat-doveadm.h"
#include "compat-settings.h"
#include "bounce-remedy.h"
#include "bounce-dns.h"
#include "bounce-check-network.h"
#include "bounce-check-people.h"
#include "bounce-check-probe.h"

struct check_cmd {
	struct doveadm_bounce_cmd cmd;
	struct bounce_check check;
	struct bounce_check_network network;
	struct bounce_remedies *remedies;
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

static const char *const *check_cmd_words(pool_t pool, const char *value)
{
	return (const char *const *)p_strsplit_spaces(pool, value, ", ");
}

/* What dns and lists need. */
static int check_cmd_network(struct check_cmd *cmd,
			     struct doveadm_cmd_context *cctx, pool_t pool,
			     const char **error_r)
{
	struct bounce_check_network *network = &cmd->network;
	struct compat_settings set;
	const char *value;
	struct ip_addr ip;

	cmd->check.network = network;
	p_array_init(&network->domains, pool, 8);
	p_array_init(&network->ips, pool, 8);
	if (compat_doveadm_settings(cctx, pool, &set, error_r) < 0)
		return -1;
	network->hosts = check_cmd_words(pool, set.check_hosts);
	network->lists = check_cmd_words(pool, set.check_lists);
	network->keys = check_cmd_words(pool, set.check_keys);
	network->resolve = check_cmd_words(pool, set.check_resolver);
	network->sites = check_cmd_words(pool, set.sites);
	cmd->remedies = bounce_remedies_load(check_cmd_words(pool, set.remedies),
					     NULL);
	cmd->check.remedies = cmd->remedies;
	if (doveadm_cmd_param_str(cctx, "domain", &value))
		network->arg_domains = check_cmd_words(pool, value);
	if (!doveadm_cmd_param_str(cctx, "ip", &value))
		return 0;
	network->arg_ips = check_cmd_words(pool, value);
	for (const char *const *word = network->arg_ips; *word != NULL; word++) {
		if (bounce_dns_ip_parse(*word, &ip) < 0) {
			*error_r = t_strdup_printf("%s is no IP address",
						   doveadm_bounce_shown(*word));
			return -1;
		}
	}
	return 0;
}

/* With what was opened. */
static void check_cmd_free(struct check_cmd *cmd)
{
	if (cmd->check.network != NULL)
		bounce_check_network_deinit(&cmd->check);
	bounce_remedies_free(&cmd->remedies);
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
	if (check_cmd_network(cmd, cctx, pool, error_r) < 0)
		return -1;
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

/* --relay and --to. Returns 0, or -1 with error_r. */
static int check_cmd_probe(struct check_cmd *cmd,
			   struct doveadm_cmd_context *cctx, const char **error_r)
{
	const char *host, *to;
	bool has_host = doveadm_cmd_param_str(cctx, "relay", &host);
	bool has_to = doveadm_cmd_param_str(cctx, "to", &to);

	if (!has_host && !has_to)
		return 0;
	if (!has_host || !has_to) {
		*error_r = "--relay wants --to, an address of yours outside of "
			"this site, and --to wants --relay";
		return -1;
	}
	return bounce_check_probe(&cmd->check, host, to, error_r) ? 0 : -1;
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
	if (check_cmd_probe(cmd, _cmd->ctx.cctx, &error) < 0)
		doveadm_bounce_wrong(_cmd, "%s", error);
}

static int
check_cmd_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	      struct bounce_store *store ATTR_UNUSED)
{
	struct check_cmd *cmd = container_of(_cmd, struct check_cmd, cmd);

	cmd->check.bu = bu;
	cmd->check.mails = NULL;
	check_cmd_call(cmd, TRUE);
	bounce_check_print(&cmd->check);
	cmd->check.bu = NULL;
	_cmd->ctx.exit_code = check_cmd_exit_code(cmd);
	return 0;
}

static void check_cmd_deinit(struct doveadm_bounce_cmd *_cmd)
{
	doveadm_bounce_people_end(_cmd, BOUNCE_CHECK_COLUMNS,
				  bounce_check_people_write);
	check_cmd_free(container_of(_cmd, struct check_cmd, cmd));
}

static struct doveadm_mail_cmd_context *check_cmd_alloc(void)
{
	struct check_cmd *cmd;

	doveadm_bounce_people_begin();
	cmd = doveadm_bounce_cmd_alloc(struct check_cmd,
				       DOVEADM_PRINT_TYPE_TABLE);
	cmd->cmd.init = check_cmd_init;
	cmd->cmd.run = check_cmd_run;
	cmd->cmd.deinit = check_cmd_deinit;
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
	int ret;

	i_zero(&cmd);
	doveadm_bounce_people_begin();
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	bounce_check_headers();
	if (check_cmd_params(&cmd, cctx, pool, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_USAGE;
	} else {
		check_cmd_call(&cmd, FALSE);
		ret = check_cmd_probe(&cmd, cctx, &error);
		bounce_check_print(&cmd.check);
		doveadm_exit_code = check_cmd_exit_code(&cmd);
		if (ret < 0) {
			i_error("%s", error);
			doveadm_exit_code = EX_USAGE;
		}
	}
	doveadm_bounce_people_end(NULL, BOUNCE_CHECK_COLUMNS,
				  bounce_check_people_write);
	check_cmd_free(&cmd);
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
	.usage = DOVEADM_BOUNCE_USAGE("[--domain <domain>,...] [--ip <ip>,...] "
				      "[--only <part>,...] "
				      "[--relay <host>[:<port>] --to <address>] "
				      "[--ok]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('d', "domain", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('i', "ip", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('o', "only", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('r', "relay", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('t', "to", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('k', "ok", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};

void doveadm_bounce_check_plugin_init(struct module *module ATTR_UNUSED)
{
	doveadm_cmd_register_ver2(&doveadm_bounce_cmd_check);
}

void doveadm_bounce_check_plugin_deinit(void)
{
	bounce_charset_deinit();
	bounce_rules_cache_deinit();
	bounce_texts_cache_deinit();
}
