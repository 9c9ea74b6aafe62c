/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "bounce-remedy.h"
#include "bounce-dict.h"
#include "bounce-lock.h"
#include "bounce-store.h"
#include "bounce-user.h"

/* The user's event carries it once the wrong settings were named, so that the
   modules of one session do not all say it. */
#define WARNED_KEY "bounce_settings_warned"

static void user_settings_read(struct bounce_user *bu)
{
	ARRAY_TYPE(const_string) errors;
	const char *error;

	t_array_init(&errors, 4);
	bounce_user_settings_read(bu->user, bu->pool, &bu->set, &errors);
	if (event_get_ptr(bu->user->event, WARNED_KEY) == NULL) {
		array_foreach_elem(&errors, error)
			e_error(bu->event, "%s", error);
	}
	event_set_ptr(bu->user->event, WARNED_KEY, bu->user);
}

struct bounce_user *bounce_user_init(struct mail_user *user)
{
	pool_t pool = pool_alloconly_create("bounce user", BOUNCE_SMALL_POOL);
	struct bounce_user *bu = p_new(pool, struct bounce_user, 1);

	bu->pool = pool;
	bu->user = user;
	bu->event = event_create(user->event);
	event_set_append_log_prefix(bu->event, "bounce: ");
	bounce_wait_init(&bu->own_wait, BOUNCE_WAIT_MSECS, FALSE);
	bu->wait = &bu->own_wait;
	T_BEGIN {
		user_settings_read(bu);
	} T_END;
	return bu;
}

void bounce_user_deinit(struct bounce_user **_bu)
{
	struct bounce_user *bu = *_bu;

	if (bu == NULL)
		return;
	*_bu = NULL;
	bounce_store_deinit(&bu->store);
	bounce_remedies_free(&bu->remedies);
	bounce_wait_deinit(&bu->own_wait);
	event_unref(&bu->event);
	pool_unref(&bu->pool);
}

int bounce_user_store(struct bounce_user *bu, struct bounce_store **store_r,
		      const char **error_r)
{
	struct bounce_store_settings set;

	if (bu->store == NULL) {
		i_zero(&set);
		set.dict = bu->set.dict;
		set.policy = bu->set.policy;
		set.max_addresses = bu->set.max_addresses;
		set.wait = bu->wait;
		if (bounce_store_init(bu->user, &set, &bu->store,
				      error_r) < 0) {
			bu->store = NULL;
			return -1;
		}
	}
	*store_r = bu->store;
	return 0;
}

const struct bounce_remedies *bounce_user_remedies(struct bounce_user *bu)
{
	ARRAY_TYPE(const_string) errors;

	if (bu->remedies == NULL) T_BEGIN {
		t_array_init(&errors, 4);
		bu->remedies = bounce_remedies_load(bu->set.remedies_dirs,
						    &errors);
		if (!array_is_empty(&errors)) {
			e_error(bu->event, "Remedies: %u lines passed over (see "
				"doveadm bounce remedies check), the first: %s",
				array_count(&errors),
				array_idx_elem(&errors, 0));
		}
	} T_END;
	return bu->remedies;
}

bool bounce_user_is_quiet(struct bounce_user *bu)
{
	struct bounce_wait *wait = bu->wait;

	/* with a dictionary elsewhere it is the dictionary's failure */
	if (bu->store != NULL || bounce_lock_user_home(bu->user) != NULL)
		return FALSE;
	bounce_wait_open_pause(wait, bu->user->set->base_dir,
			       t_bounce_dict_temp_dir(bu->user));
	return !bounce_wait_say_today(wait, bu->user->username, ioloop_time);
}

void bounce_user_failed(struct bounce_user *bu, const char *error)
{
	if (bu->failed || bounce_user_is_quiet(bu))
		e_debug(bu->event, "%s", error);
	else
		e_error(bu->event, "%s", error);
	bu->failed = TRUE;
}

void bounce_user_log_damaged(struct bounce_user *bu, const char *what,
			     const struct bounce_store_iter *iter)
{
	const char *address;
	unsigned int count = bounce_store_iter_get_damaged(iter, &address);

	/* the log has no addresses */
	if (count > 0) {
		e_error(bu->event, "%s: records that cannot be read, and are "
			"left out: %u (doveadm bounce list names the first)",
			what, count);
	}
}

/* "Bounces" where all of the user's folders are below "INBOX.": name it as
   they see it, not as something outside of all namespaces. */
const char *bounce_user_vname(struct mail_user *user, const char *name)
{
	struct mail_namespace *inbox =
		mail_namespace_find_inbox(user->namespaces);
	struct mail_namespace *ns = mail_namespace_find(user->namespaces, name);

	if (inbox == NULL || inbox->prefix_len == 0 || ns == inbox ||
	    strcasecmp(name, "INBOX") == 0)
		return name;
	if (ns != NULL && (ns->prefix_len > 0 ||
			   (ns->flags & NAMESPACE_FLAG_AUTOCREATED) == 0))
		return name;
	return t_strconcat(inbox->prefix, name, NULL);
}
