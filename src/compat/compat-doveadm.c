/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "doveadm-mail.h"
#include "compat-doveadm.h"
#include "compat-settings-info.h"

#if COMPAT_DOVECOT(2, 4, 0)
#  include "settings.h"
#endif

#if !COMPAT_DOVECOT(2, 4, 0)
/* Without it 2.3 calls every option of a command wrong. */
static bool
compat_doveadm_parse_arg(struct doveadm_mail_cmd_context *ctx ATTR_UNUSED,
			 int c ATTR_UNUSED)
{
	return TRUE;
}
#endif

void compat_doveadm_set_init(struct doveadm_mail_cmd_context *ctx,
			     compat_doveadm_init_t *init)
{
	ctx->v.init = init;
#if !COMPAT_DOVECOT(2, 4, 0)
	ctx->v.parse_arg = compat_doveadm_parse_arg;
#endif
}

bool compat_doveadm_many_users(const struct doveadm_mail_cmd_context *ctx)
{
	const char *user;
	bool all;

	if (!ctx->iterate_single_user)
		return TRUE;
	if (doveadm_cmd_param_bool(ctx->cctx, "all-users", &all) && all)
		return TRUE;
	return doveadm_cmd_param_str(ctx->cctx, "user", &user) &&
		strpbrk(user, "*?") != NULL;
}

#if COMPAT_DOVECOT(2, 4, 0)

int compat_doveadm_settings(struct doveadm_cmd_context *cctx, pool_t pool,
			    struct compat_settings *set_r, const char **error_r)
{
	const struct compat_settings *set;

	if (settings_get(cctx->event, &compat_bounce_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, error_r) < 0)
		return -1;
#define COPY(name, ...) set_r->name = p_strdup(pool, set->name);
	COMPAT_SETTINGS(COPY)
	settings_free(set);
	return 0;
}

#else

static const char *compat_doveadm_getenv(const char *name, const char *def)
{
	const char *value = doveadm_plugin_getenv(name);

	return value == NULL ? def : value;
}

int compat_doveadm_settings(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			    pool_t pool, struct compat_settings *set_r,
			    const char **error_r ATTR_UNUSED)
{
#define GET(name, type, member, def, ...) \
	set_r->name = p_strdup(pool, \
			       compat_doveadm_getenv("bounce_"#name, def));
	COMPAT_SETTINGS(GET)
	return 0;
}

#endif

int compat_doveadm_rules_dirs(struct doveadm_cmd_context *cctx,
			      const char *const **dirs_r, const char **error_r)
{
	struct compat_settings set;

	if (compat_doveadm_settings(cctx, pool_datastack_create(), &set,
				    error_r) < 0)
		return -1;
	*dirs_r = t_strsplit_spaces(set.rules, ", ");
	return 0;
}

int compat_doveadm_remedies_dirs(struct doveadm_cmd_context *cctx,
				 const char *const **dirs_r,
				 const char **error_r)
{
	struct compat_settings set;

	if (compat_doveadm_settings(cctx, pool_datastack_create(), &set,
				    error_r) < 0)
		return -1;
	*dirs_r = t_strsplit_spaces(set.remedies, ", ");
	return 0;
}

int compat_doveadm_texts(struct doveadm_cmd_context *cctx,
			 const char **value_r, const char **error_r)
{
	struct compat_settings set;

	if (compat_doveadm_settings(cctx, pool_datastack_create(), &set,
				    error_r) < 0)
		return -1;
	*value_r = set.texts;
	return 0;
}
