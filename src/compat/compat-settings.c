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

/* Where the text of that setting is, or NULL if there is no such setting. */
static const char **
compat_find(struct compat_settings *set, const char **dict, const char *key)
{
	static const struct {
		const char *name;
		size_t offset;
	} settings[] = {
#define SETTING(name, ...) \
		{ "bounce_"#name, offsetof(struct compat_settings, name) },
		COMPAT_SETTINGS(SETTING)
	};

	if (!str_begins(key, "bounce_"))
		return NULL;
	if (strcmp(key, "bounce_dict") == 0)
		return dict;
	for (unsigned int i = 0; i < N_ELEMENTS(settings); i++) {
		if (strcmp(settings[i].name, key) == 0)
			return PTR_OFFSET(set, settings[i].offset);
	}
	return NULL;
}

/* Names and values in turn. */
static const char *const *
compat_envs(struct mail_user *user, unsigned int *count_r)
{
	*count_r = 0;
	return !array_is_created(&user->set->plugin_envs) ? NULL :
		array_get(&user->set->plugin_envs, count_r);
}

int compat_settings_get(struct mail_user *user, pool_t pool,
			struct compat_settings *set_r, const char **dict_r,
			const char **error_r ATTR_UNUSED)
{
	const char *const *envs, **text;
	unsigned int count;

	*set_r = compat_settings_default;
	*dict_r = NULL;
	envs = compat_envs(user, &count);
	/* as mail_user_plugin_getenv() does: of two the first counts */
	for (unsigned int i = count / 2; i-- > 0; ) {
		text = compat_find(set_r, dict_r, envs[i * 2]);
		if (text == NULL)
			continue;
		*text = compat_is_empty_field(user, envs[i * 2]) ? "" :
			p_strdup(pool, envs[i * 2 + 1]);
	}
	if (*dict_r != NULL && **dict_r == '\0')
		*dict_r = NULL;
	return 0;
}

void compat_settings_unknown(struct mail_user *user,
			     ARRAY_TYPE(const_string) *names)
{
	struct compat_settings set;
	const char *const *envs, *dict;
	unsigned int count;

	envs = compat_envs(user, &count);
	for (unsigned int i = 0; i + 1 < count; i += 2) {
		if (str_begins(envs[i], "bounce_") &&
		    compat_find(&set, &dict, envs[i]) == NULL)
			array_push_back(names, &envs[i]);
	}
}

int compat_parse_time(const char *value, unsigned int *secs_r,
		      const char **error_r)
{
	return settings_get_time(value, secs_r, error_r);
}

#endif
