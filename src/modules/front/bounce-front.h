#ifndef BOUNCE_FRONT_H
#define BOUNCE_FRONT_H

/* lib95_bounce_plugin.so: the hooks, and what an ordinary mail needs. It is in the global
   mail_plugins, so it is loaded by every Dovecot process. All else is in bounce_mail.so
   (bounce-mail-module.h). */

#include "mail-deliver.h"

struct module;

/* An ordinary mail that the rest need not see is delivered by next (NULL: nobody), with
   what the Sieve extension asks for; ret_r is what that returned. Returns FALSE if the rest
   has to see it. */
bool bounce_front_deliver(struct mail_deliver_context *mdctx,
			  struct mail_storage **storage_r,
			  deliver_mail_func_t *next, int *ret_r);

void bounce_plugin_init(struct module *module);
void bounce_plugin_deinit(void);

#endif
