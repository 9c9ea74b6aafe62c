/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-user.h"
#include "compat-settings-info.h"

#if COMPAT_DOVECOT(2, 4, 0)

#include "settings.h"
#include "str-parse.h"

int compat_settings_get(struct mail_user *user, pool_t pool,
			struct compat_settings *set_r, const char **dict_r,
			const char **error_r)
{
	const struct compat_settings *set;

	*dict_r = NULL;
	*set_r = compat_settings_default;
	if (settings_get(user->event, &compat_bounce_setting_parser_info, 0,
			 &set, error_r) < 0)
		return -1;
#define COPY(name, ...) set_r->name = p_strdup(pool, set->name);
	COMPAT_SETTINGS(COPY)
	settings_free(set);
	return 0;
}

void compat_settings_unknown(struct mail_user *user ATTR_UNUSED,
			     ARRAY_TYPE(const_string) *names ATTR_UNUSED)
{
}

int compat_parse_time(const char *value, unsigned int *secs_r,
		      const char **error_r)
{
	return str_parse_get_interval(value, secs_r, error_r);
}

#else

#include "array.h"
#include "settings-parser.h"

/* A userdb field that is empty comes without its "=", and then Dovecot makes
   "yes" of it. */
static bool compat_is_empty_field(struct mail_user *user, const char *name)
{
	return user->userdb_fields != NULL &&
		str_array_find(user->userdb_fields, name);
}

static const char *
compat_get(struct mail_user *user, pool_t pool, const char *name,
	   const char *def)
{
	const char *value = mail_user_plugin_getenv(user, name);

	if (value != NULL && compat_is_empty_field(user, name))
		return "";
	return value == NULL ? def : p_strdup(pool, value);
}

int compat_settings_get(struct mail_user *user, pool_t pool,
			struct compat_settings *set_r, const char **dict_r,
			const char **error_r ATTR_UNUSED)
{
	i_zero(set_r);
#define GET(name, type, member, def, ...) \
	set_r->name = compat_get(user, pool, "bounce_"#name, def);
	COMPAT_SETTINGS(GET)
	*dict_r = compat_get(user, pool, "bounce_dict", NULL);
	if (*dict_r != NULL && **dict_r == '\0')
		*dict_r = NULL;
	return 0;
}

static bool compat_is_setting(const char *key)
{
	static const char *const names[] = {
#define NAME(name, ...) "bounce_"#name,
		COMPAT_SETTINGS(NAME)
		"bounce_dict", NULL
	};

	return str_array_find(names, key);
}

void compat_settings_unknown(struct mail_user *user,
			     ARRAY_TYPE(const_string) *names)
{
	const char *const *envs;
	unsigned int count;

	if (!array_is_created(&user->set->plugin_envs))
		return;
	/* name and value in turn */
	envs = array_get(&user->set->plugin_envs, &count);
	for (unsigned int i = 0; i + 1 < count; i += 2) {
		if (str_begins(envs[i], "bounce_") &&
		    !compat_is_setting(envs[i]))
			array_push_back(names, &envs[i]);
	}
}

int compat_parse_time(const char *value, unsigned int *secs_r,
		      const char **error_r)
{
	return settings_get_time(value, secs_r, error_r);
}

#endif
