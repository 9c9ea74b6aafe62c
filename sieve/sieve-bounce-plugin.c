/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "ext-bounce-common.h"
#include "bounce-texts-cache.h"
#include "sieve-bounce-plugin.h"

const char *sieve_bounce_plugin_version = PIGEONHOLE_ABI_VERSION;

sieve_bounce_plugin_load_t
sieve_bounce_plugin_load(struct sieve_instance *svinst, void **context)
{
	const struct sieve_extension *ext = NULL;
	int ret;

	sieve_bounce_keep_loaded(svinst);
	ret = sieve_bounce_register(svinst, &bounce_extension, &ext);

	*context = (void *)ext;
	SIEVE_BOUNCE_PLUGIN_RETURN(ret);
}

void sieve_bounce_plugin_unload(struct sieve_instance *svinst ATTR_UNUSED,
				void *context)
{
	sieve_extension_unregister(context);
}

void sieve_bounce_plugin_init(void)
{
}

void sieve_bounce_plugin_deinit(void)
{
	bounce_texts_cache_deinit();
}
