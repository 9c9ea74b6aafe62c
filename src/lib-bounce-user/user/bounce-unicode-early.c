/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "master-service.h"
#include "bounce-unicode.h"

#include <unistd.h>

/* Who is root may go into a chroot next, where there is no module. lmtp serves many
   users and never does. */
static void __attribute__((constructor)) unicode_load_before_chroot(void)
{
	if (geteuid() == 0 &&
	    strcmp(master_service_get_name(master_service), "lmtp") != 0)
		(void)bounce_unicode_get();
}
