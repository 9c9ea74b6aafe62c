#ifndef COMPAT_SETTINGS_INFO_H
#define COMPAT_SETTINGS_INFO_H

/* The table that 2.4's config process and our modules share; nothing on 2.3. */

#include "compat-settings.h"
#include "compat-version.h"
#if COMPAT_DOVECOT(2, 4, 0)
#  include "settings-parser.h"

extern const struct setting_parser_info compat_bounce_setting_parser_info;

/* Only in the config process: what is wrong is said there. It is no error: a
   process of Dovecot's that does not start delivers no mail. */
bool compat_settings_check(void *set, pool_t pool, const char **error_r);
#endif

#endif
