/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-user-settings.h"
#include "compat-settings.h"

void bounce_user_settings_read(struct mail_user *user, pool_t pool,
			       struct bounce_user_settings *set_r,
			       ARRAY_TYPE(const_string) *errors)
{
	struct compat_settings texts;
	const char *dict, *error;

	if (compat_settings_get(user, pool, &texts, &dict, &error) < 0) {
		error = t_strdup_printf("Settings cannot be read, using their "
					"defaults: %s", error);
		array_push_back(errors, &error);
	}
	bounce_user_settings_parse(&texts, pool, set_r, errors);
	set_r->dict = dict;
}
