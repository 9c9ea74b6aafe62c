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

int compat_doveadm_rules_dirs(struct doveadm_cmd_context *cctx,
			      const char *const **dirs_r,
			      const char **error_r)
{
	const struct compat_settings *set;

	if (settings_get(cctx->event, &compat_bounce_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, error_r) < 0)
		return -1;
	*dirs_r = t_strsplit_spaces(set->rules, ", ");
	settings_free(set);
	return 0;
}

int compat_doveadm_texts(struct doveadm_cmd_context *cctx,
			 const char **value_r, const char **error_r)
{
	const struct compat_settings *set;

	if (settings_get(cctx->event, &compat_bounce_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, error_r) < 0)
		return -1;
	*value_r = t_strdup(set->texts);
	settings_free(set);
	return 0;
}

#else

int compat_doveadm_rules_dirs(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			      const char *const **dirs_r,
			      const char **error_r ATTR_UNUSED)
{
	const char *value = doveadm_plugin_getenv("bounce_rules");

	*dirs_r = t_strsplit_spaces(value != NULL ? value :
				    compat_settings_default.rules, ", ");
	return 0;
}

int compat_doveadm_texts(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			 const char **value_r, const char **error_r ATTR_UNUSED)
{
	const char *value = doveadm_plugin_getenv("bounce_texts");

	*value_r = value != NULL ? value : compat_settings_default.texts;
	return 0;
}

#endif
