#ifndef SIEVE_BOUNCE_COMPAT_H
#define SIEVE_BOUNCE_COMPAT_H

/* Pigeonhole 0.5 (Dovecot 2.3) and 2.4: the only place here that knows which.
   Functions that can fail return -1/0 in 2.4 and have an out-parameter; before,
   they returned the thing.

   The extension is registered without being enabled: sieve_extensions and
   sieve_global_extensions say who has it. */

#include "lib.h"
#include "compat-version.h"
#include "sieve-common.h"
#include "sieve-extensions.h"
#include "sieve-ext-variables.h"

#if COMPAT_DOVECOT(2, 4, 0)

/* Result of sieve_extension_def.load and of the plugin's load function. */
typedef int sieve_bounce_load_t;
typedef int sieve_bounce_plugin_load_t;
#  define SIEVE_BOUNCE_LOADED 0
#  define SIEVE_BOUNCE_NOT_LOADED (-1)
#  define SIEVE_BOUNCE_PLUGIN_RETURN(ret) return (ret)

static inline int
sieve_bounce_register(struct sieve_instance *svinst,
		      const struct sieve_extension_def *def,
		      const struct sieve_extension **ext_r)
{
	return sieve_extension_register(svinst, def, FALSE, ext_r);
}

static inline int
sieve_bounce_variables(struct sieve_instance *svinst,
		       const struct sieve_extension **ext_r)
{
	return sieve_ext_variables_get_extension(svinst, ext_r);
}

#else

typedef bool sieve_bounce_load_t;
typedef void sieve_bounce_plugin_load_t;
#  define SIEVE_BOUNCE_LOADED TRUE
#  define SIEVE_BOUNCE_NOT_LOADED FALSE
#  define SIEVE_BOUNCE_PLUGIN_RETURN(ret) (void)(ret)

static inline int
sieve_bounce_register(struct sieve_instance *svinst,
		      const struct sieve_extension_def *def,
		      const struct sieve_extension **ext_r)
{
	*ext_r = sieve_extension_register(svinst, def, FALSE);
	return *ext_r == NULL ? -1 : 0;
}

static inline int
sieve_bounce_variables(struct sieve_instance *svinst,
		       const struct sieve_extension **ext_r)
{
	*ext_r = sieve_ext_variables_get_extension(svinst);
	return *ext_r == NULL ? -1 : 0;
}

#endif

/* Called at each load. With its last instance Pigeonhole unloads all modules, and lmtp
   makes one for each delivery: looking for the module's file and binding it again takes
   more than all that it does for an ordinary mail. An instance that nobody uses keeps it
   loaded, from a process' second delivery on: dovecot-lda has only one. Not on 2.4,
   which makes an instance from a user's settings alone. */
void sieve_bounce_keep_loaded(struct sieve_instance *svinst);

#endif
