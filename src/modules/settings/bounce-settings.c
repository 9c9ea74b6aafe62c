/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* libbounce_settings.so: what Dovecot 2.4's config process must know of our
   settings. It loads every file of modules/settings; 2.3 has none. */

#include "lib.h"
#include "compat-settings-info.h"

extern const char *bounce_settings_version;
extern const struct setting_parser_info *bounce_settings_set_infos[];

const char *bounce_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *bounce_settings_set_infos[] = {
	&compat_bounce_setting_parser_info,
	NULL
};
