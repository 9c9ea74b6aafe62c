/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* libbounce_settings.so: what Dovecot 2.4's config process must know of our
   settings. It loads every file of modules/settings; 2.3 has none. */

#include "lib.h"
#include "array.h"
#include "bounce-user-settings.h"
#include "compat-settings-info.h"

extern const char *bounce_settings_version;
extern const struct setting_parser_info *bounce_settings_set_infos[];

const char *bounce_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *bounce_settings_set_infos[] = {
	&compat_bounce_setting_parser_info,
	NULL
};

/* What Dovecot puts in the place of a value with a %variable in it. */
#define VARIABLE "UNKNOWN_VALUE_WITH_VARIABLES"

bool compat_settings_check(void *_set, pool_t pool ATTR_UNUSED,
			   const char **error_r ATTR_UNUSED)
{
	const struct compat_settings *set = _set;
	struct bounce_user_settings parsed;
	ARRAY_TYPE(const_string) errors;
	const char *error;

	T_BEGIN {
		t_array_init(&errors, 4);
		bounce_user_settings_parse(set, pool_datastack_create(),
					   &parsed, &errors);
		array_foreach_elem(&errors, error) {
			if (strstr(error, VARIABLE) == NULL)
				i_warning("%s", error);
		}
	} T_END;
	return TRUE;
}
