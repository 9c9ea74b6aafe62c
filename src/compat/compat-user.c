/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "hostpid.h"
#include "mail-storage-settings.h"
#include "mail-user.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "compat-user.h"
#include "compat-version.h"
#if COMPAT_DOVECOT(2, 4, 0)
#  include "settings.h"
#endif

#if COMPAT_DOVECOT(2, 4, 0)

static const char *user_get_delimiters(struct mail_user *user, pool_t pool)
{
	const struct mail_storage_settings *set;
	const char *delimiters, *error;

	if (settings_get(user->event, &mail_storage_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, &error) < 0)
		return "+";
	delimiters = p_strdup(pool, set->recipient_delimiter);
	settings_free(set);
	return delimiters;
}

#else

static const char *user_get_delimiters(struct mail_user *user, pool_t pool)
{
	return p_strdup(pool,
		mail_user_set_get_storage_set(user)->recipient_delimiter);
}

#endif

static const struct master_service_settings *user_service_settings(void)
{
#if COMPAT_DOVECOT(2, 4, 0)
	return master_service_get_service_settings(master_service);
#else
	return master_service_settings_get(master_service);
#endif
}

const char *compat_user_base_dir(void)
{
	const struct master_service_settings *set = user_service_settings();

	return set == NULL ? NULL : set->base_dir;
}

const char *compat_user_state_dir(void)
{
	const struct master_service_settings *set = user_service_settings();

	return set == NULL ? NULL : set->state_dir;
}

void compat_user_names(struct mail_user *user, pool_t pool,
		       const char **hostname_r, const char **delimiters_r)
{
	const char *hostname = user->set->hostname;

	*hostname_r = hostname != NULL && *hostname != '\0' ?
		p_strdup(pool, hostname) : my_hostdomain();
	*delimiters_r = user_get_delimiters(user, pool);
	if (*delimiters_r == NULL)
		*delimiters_r = "";
}
