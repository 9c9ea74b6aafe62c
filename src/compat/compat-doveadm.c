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

/* A text of the site's settings, on the data stack. Returns 0, or -1. */
#if COMPAT_DOVECOT(2, 4, 0)

#define DOVEADM_TEXT(cctx, name, value_r, error_r) \
	compat_doveadm_text(cctx, offsetof(struct compat_settings, name), \
			    value_r, error_r)

static int
compat_doveadm_text(struct doveadm_cmd_context *cctx, size_t offset,
		    const char **value_r, const char **error_r)
{
	const struct compat_settings *set;
	const char *const *member;

	if (settings_get(cctx->event, &compat_bounce_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, error_r) < 0)
		return -1;
	member = CONST_PTR_OFFSET(set, offset);
	*value_r = t_strdup(*member);
	settings_free(set);
	return 0;
}

#else

#define DOVEADM_TEXT(cctx, name, value_r, error_r) \
	compat_doveadm_text("bounce_"#name, compat_settings_default.name, \
			    value_r)

static int compat_doveadm_text(const char *name, const char *def,
			       const char **value_r)
{
	*value_r = doveadm_plugin_getenv(name);
	if (*value_r == NULL)
		*value_r = def;
	return 0;
}

#endif

int compat_doveadm_rules_dirs(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			      const char *const **dirs_r,
			      const char **error_r ATTR_UNUSED)
{
	const char *value;

	if (DOVEADM_TEXT(cctx, rules, &value, error_r) < 0)
		return -1;
	*dirs_r = t_strsplit_spaces(value, ", ");
	return 0;
}

int compat_doveadm_remedies_dirs(struct doveadm_cmd_context *cctx ATTR_UNUSED,
				 const char *const **dirs_r,
				 const char **error_r ATTR_UNUSED)
{
	const char *value;

	if (DOVEADM_TEXT(cctx, remedies, &value, error_r) < 0)
		return -1;
	*dirs_r = t_strsplit_spaces(value, ", ");
	return 0;
}

int compat_doveadm_texts(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			 const char **value_r, const char **error_r ATTR_UNUSED)
{
	return DOVEADM_TEXT(cctx, texts, value_r, error_r);
}
