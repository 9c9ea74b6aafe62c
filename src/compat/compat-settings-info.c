/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "compat-settings-info.h"

const struct compat_settings compat_settings_default = {
#define DEFAULT(name, type, member, def, ...) .name = def,
	COMPAT_SETTINGS(DEFAULT)
};

#if COMPAT_DOVECOT(2, 4, 0)

static const struct setting_define compat_bounce_setting_defines[] = {
#define DEFINE(name, ...) \
	SETTING_DEFINE_STRUCT_STR("bounce_"#name, name, struct compat_settings),
	COMPAT_SETTINGS(DEFINE)
	/* allows  bounce { dict file { ... } } */
	{ .type = SET_FILTER_NAME, .key = "bounce" },
	SETTING_DEFINE_LIST_END
};

const struct setting_parser_info compat_bounce_setting_parser_info = {
	.name = "bounce",
	.defines = compat_bounce_setting_defines,
	.defaults = &compat_settings_default,
	.struct_size = sizeof(struct compat_settings),
	.pool_offset1 = 1 + offsetof(struct compat_settings, pool),
#ifdef COMPAT_SETTINGS_CHECK
	.check_func = compat_settings_check,
#endif
};

#endif
