/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage-service.h"
#include "mail-user.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "restrict-access.h"
#include "compat-service.h"
#include "compat-version.h"

/* Mailboxes cost half of what opening a user does. */
#define SERVICE_STORAGE_FLAGS \
	(MAIL_STORAGE_SERVICE_FLAG_ALLOW_ROOT | \
	 MAIL_STORAGE_SERVICE_FLAG_USERDB_LOOKUP | \
	 MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP | \
	 MAIL_STORAGE_SERVICE_FLAG_ENABLE_CORE_DUMPS | \
	 MAIL_STORAGE_SERVICE_FLAG_NO_IDLE_TIMEOUT | \
	 MAIL_STORAGE_SERVICE_FLAG_NO_CHDIR | \
	 MAIL_STORAGE_SERVICE_FLAG_NO_NAMESPACES)

#if COMPAT_DOVECOT(2, 4, 0)

#define SERVICE_FLAGS 0

static void service_read_settings(const char **error_r)
{
	if (master_service_settings_read_simple(master_service, error_r) == 0)
		*error_r = NULL;
}

static struct mail_storage_service_ctx *service_init_storage(void)
{
	return mail_storage_service_init(master_service, SERVICE_STORAGE_FLAGS);
}

#else

/* Each user's settings are asked for. */
#define SERVICE_FLAGS MASTER_SERVICE_FLAG_KEEP_CONFIG_OPEN

static void service_read_settings(const char **error_r)
{
	if (master_service_settings_read_simple(master_service, NULL,
						error_r) == 0)
		*error_r = NULL;
}

static struct mail_storage_service_ctx *service_init_storage(void)
{
	return mail_storage_service_init(master_service, NULL,
					 SERVICE_STORAGE_FLAGS);
}

#endif

void compat_service_init(const char *name, int *argc, char **argv[],
			 const char *options)
{
	master_service = master_service_init(name, SERVICE_FLAGS, argc, argv,
					     options);
}

struct mail_storage_service_ctx *compat_service_start(void)
{
	const char *error;

	service_read_settings(&error);
	if (error != NULL)
		i_fatal("%s", error);
	master_service_init_log(master_service);
	restrict_access_by_env(RESTRICT_ACCESS_FLAG_ALLOW_ROOT, NULL);
	restrict_access_allow_coredumps(TRUE);
	return service_init_storage();
}

int compat_service_open(struct mail_storage_service_ctx *ctx,
			const char *username,
			struct mail_storage_service_user **service_user_r,
			struct mail_user **user_r, const char **error_r)
{
	struct mail_storage_service_input input = {
		.service = master_service_get_name(master_service),
		.username = username
	};
	int ret;

#if COMPAT_DOVECOT(2, 4, 0)
	ret = mail_storage_service_lookup_next(ctx, &input, user_r, error_r);
	if (ret > 0) {
		*service_user_r = (*user_r)->service_user;
		mail_storage_service_user_ref(*service_user_r);
	}
#else
	input.module = "mail";
	ret = mail_storage_service_lookup_next(ctx, &input, service_user_r,
					       user_r, error_r);
#endif
	restrict_access_allow_coredumps(TRUE);
	return ret;
}

void compat_service_close(struct mail_storage_service_user **service_user,
			  struct mail_user **user)
{
	mail_user_deinit(user);
	mail_storage_service_user_unref(service_user);
}
