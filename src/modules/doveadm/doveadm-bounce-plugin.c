/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-charset.h"
#include "bounce-rules-cache.h"
#include "bounce-texts-cache.h"
#include "doveadm-bounce.h"

extern const char *doveadm_bounce_plugin_version;
const char *doveadm_bounce_plugin_version = DOVECOT_ABI_VERSION;

static struct doveadm_cmd_ver2 *const bounce_commands[] = {
	&doveadm_bounce_cmd_add,
	&doveadm_bounce_cmd_ask,
	&doveadm_bounce_cmd_correct,
	&doveadm_bounce_cmd_digest,
	&doveadm_bounce_cmd_erase,
	&doveadm_bounce_cmd_expire,
	&doveadm_bounce_cmd_explain,
	&doveadm_bounce_cmd_export,
	&doveadm_bounce_cmd_get,
	&doveadm_bounce_cmd_import,
	&doveadm_bounce_cmd_list,
	&doveadm_bounce_cmd_notice,
	&doveadm_bounce_cmd_rate,
	&doveadm_bounce_cmd_release,
	&doveadm_bounce_cmd_remedies_check,
	&doveadm_bounce_cmd_remove,
	&doveadm_bounce_cmd_rules_check,
	&doveadm_bounce_cmd_scan,
	&doveadm_bounce_cmd_show,
	&doveadm_bounce_cmd_stats,
	&doveadm_bounce_cmd_texts_check,
};

void doveadm_bounce_plugin_init(struct module *module ATTR_UNUSED)
{
	for (unsigned int i = 0; i < N_ELEMENTS(bounce_commands); i++)
		doveadm_cmd_register_ver2(bounce_commands[i]);
}

void doveadm_bounce_plugin_deinit(void)
{
	bounce_charset_deinit();
	bounce_rules_cache_deinit();
	bounce_texts_cache_deinit();
}
