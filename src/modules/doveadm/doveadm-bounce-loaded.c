/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-service.h"
#include "module-dir.h"
#include "doveadm-bounce-conf.h"
#include "doveadm-bounce-loaded.h"

/* Is it loaded there, or can that not be known? */
static bool loaded_perhaps(const char *protocol)
{
	return doveadm_bounce_conf_has(protocol, "mail_plugins",
				       "bounce") != 0;
}

void doveadm_bounce_warn_unless_loaded(void)
{
	if (module_dir_find(mail_storage_service_modules, "bounce") != NULL ||
	    loaded_perhaps("lmtp") || loaded_perhaps("lda"))
		return;
	i_warning("The plugin bounce is loaded nowhere (mail_plugins): "
		  "nothing is filed or recorded");
}
