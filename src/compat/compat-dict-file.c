/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict.h"
#include "mail-user.h"
#include "compat-dict.h"
#include "compat-dict-file.h"
#include "compat-version.h"
#if COMPAT_DOVECOT(2, 4, 0)
#  include "settings.h"
#else
#  include "home-expand.h"
#endif

int t_compat_dict_default_file(struct mail_user *user, const char **path_r,
			       const char **error_r)
{
	const char *home;

	if (mail_user_get_home(user, &home) <= 0) {
		*error_r = "User has no home folder: set bounce_dict";
		return -1;
	}
	*path_r = t_strconcat(home, "/"COMPAT_DICT_FILE_NAME, NULL);
	return 0;
}

#if COMPAT_DOVECOT(2, 4, 0)

/* Is none configured? */
static bool dict_is_default(struct mail_user *user)
{
	const struct dict_settings *set;
	struct event *event = event_create(user->event);
	const char *error;
	bool ret = FALSE;

	settings_event_add_filter_name(event, "bounce");
	if (settings_get(event, &dict_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, &error) == 0) {
		ret = !array_is_created(&set->dicts) ||
			array_is_empty(&set->dicts);
		settings_free(set);
	}
	event_unref(&event);
	return ret;
}

const char *t_compat_dict_file(struct mail_user *user)
{
	const char *path, *error;

	return dict_is_default(user) &&
		t_compat_dict_default_file(user, &path, &error) == 0 ?
		path : NULL;
}

#else

const char *
t_compat_dict_file_uri(struct mail_user *user, const char *uri,
		       const char **file_r)
{
	const char *path = uri + 5, *end = strchr(path, ':'), *home;

	path = end == NULL ? path : t_strdup_until(path, end);
	if (mail_user_get_home(user, &home) > 0)
		path = home_expand_tilde(path, home);
	if (*path != '/')
		return NULL;
	*file_r = p_strdup(user->pool, path);
	return end != NULL ? uri :
		t_strconcat(uri, ":lock="COMPAT_DICT_FILE_LOCK, NULL);
}

const char *t_compat_dict_file(struct mail_user *user)
{
	const char *uri = mail_user_plugin_getenv(user, "bounce_dict");
	const char *path = NULL, *error;

	if (uri == NULL || *uri == '\0') {
		return t_compat_dict_default_file(user, &path, &error) < 0 ?
			NULL : path;
	}
	if (!str_begins(uri, "file:") ||
	    t_compat_dict_file_uri(user, uri, &path) == NULL)
		return NULL;
	return path;
}

#endif
