#ifndef SIEVE_BOUNCE_PLUGIN_H
#define SIEVE_BOUNCE_PLUGIN_H

#include "sieve-bounce-compat.h"

extern const char *sieve_bounce_plugin_version;

/* Pigeonhole loads the module for each Sieve instance (in LMTP: for each delivery),
   and unloads it with the last. It stays mapped (nodelete), but holds no mutable
   statics (only what keeps it loaded), event categories or module context ids:
   another delivery would see them. */
sieve_bounce_plugin_load_t
sieve_bounce_plugin_load(struct sieve_instance *svinst, void **context);
void sieve_bounce_plugin_unload(struct sieve_instance *svinst, void *context);

/* Must exist; never called. */
void sieve_bounce_plugin_init(void);
void sieve_bounce_plugin_deinit(void);

#endif
