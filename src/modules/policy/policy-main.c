/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* bounce-policy: asked by Postfix (SMTPD_POLICY_README) and Exim whether a mail that a
   user submits is for addresses that do not work. An executable in Dovecot's libexec
   folder, as quota-status is:

     service bounce-policy { executable = bounce-policy -p postfix ... }

   See bounce-policy(8). */

#include "lib.h"
#include "master-service.h"
#include "compat-service.h"
#include "policy-client.h"
#include "policy-user.h"

#include <unistd.h>

int main(int argc, char *argv[])
{
	bool protocol = FALSE;
	int c;

	compat_service_init("bounce-policy", &argc, &argv, "p:");
	while ((c = master_getopt(master_service)) > 0) {
		if (c != 'p')
			return FATAL_DEFAULT;
		if (strcmp(optarg, "postfix") != 0)
			i_fatal("Unknown protocol -p %s: only postfix is known",
				optarg);
		protocol = TRUE;
	}
	if (!protocol)
		i_fatal("The protocol is missing: -p postfix");
	policy_users_init();
	policy_clients_init();
	master_service_init_finish(master_service);
	master_service_run(master_service, policy_client_connected);
	policy_clients_deinit();
	policy_users_deinit();
	master_service_deinit(&master_service);
	return 0;
}
