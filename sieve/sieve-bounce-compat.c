/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "sieve-bounce-compat.h"

#if COMPAT_DOVECOT(2, 4, 0)

void sieve_bounce_keep_loaded(struct sieve_instance *svinst ATTR_UNUSED)
{
}

#else

#include "sieve.h"
#include "sieve-settings.h"

static struct {
	unsigned int loads;
	struct sieve_instance *svinst;
	char *dir;
} keeper;

static const char *keeper_setting(void *context ATTR_UNUSED, const char *name)
{
	if (strcmp(name, "sieve_plugins") == 0)
		return "sieve_bounce";
	return strcmp(name, "sieve_plugin_dir") == 0 ? keeper.dir : NULL;
}

static void keeper_deinit(void)
{
	if (keeper.svinst != NULL)
		sieve_deinit(&keeper.svinst);
	i_free(keeper.dir);
}

void sieve_bounce_keep_loaded(struct sieve_instance *svinst)
{
	static const struct sieve_callbacks callbacks = {
		.get_setting = keeper_setting,
	};
	struct sieve_environment env = { .username = "" };

	/* the third is its own */
	if (++keeper.loads != 2)
		return;
	keeper.dir = i_strdup(sieve_setting_get(svinst, "sieve_plugin_dir"));
	keeper.svinst = sieve_init(&env, &callbacks, NULL, FALSE);
	lib_atexit(keeper_deinit);
}

#endif
