/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-namespace.h"
#include "mailbox-list-private.h"
#include "mail-storage-private.h"
#include "mailbox-attribute.h"
#include "bounce-address.h"
#include "bounce-entry.h"
#include "bounce-final.h"
#include "bounce-mail-module.h"
#include "bounce-metadata.h"
#include "bounce-plugin.h"
#include "bounce-store.h"

/*
 * The entries
 */

/* The logged-in user's own dictionary, seen through their own folders only. NULL:
   there is none here. */
static struct bounce_user *metadata_user(struct mailbox *box)
{
	struct mail_user *user = box->storage->user;

	if (BOUNCE_PLUGIN_USER(user) == NULL ||
	    box->list->ns->owner != user)
		return NULL;
	return bounce_plugin_user_get(user);
}

static int metadata_failed(struct mailbox *box, struct bounce_user *bu,
			   const char *error)
{
	e_error(bu->event, "METADATA: %s", error);
	mail_storage_set_internal_error(box->storage);
	return -1;
}

static int metadata_get(struct mailbox *box, const char *key,
			struct mail_attribute_value *value_r)
{
	struct bounce_user *bu = metadata_user(box);
	struct bounce_store *store;
	struct bounce_record rec;
	const char *address, *normal, *error;
	int ret;

	if (strncmp(key, BOUNCE_MAIL_METADATA, strlen(BOUNCE_MAIL_METADATA)) == 0)
		key += strlen(BOUNCE_MAIL_METADATA);
	address = bounce_entry_address(key);
	if (bu == NULL || address == NULL ||
	    bounce_address_normalize(pool_datastack_create(), address, &normal,
				     &error) < 0)
		return 0;
	if (bounce_user_store(bu, &store, &error) < 0)
		return metadata_failed(box, bu, error);
	ret = bounce_final_lookup(store, pool_datastack_create(), normal,
				  ioloop_time, &rec, &error);
	if (ret < 0)
		return metadata_failed(box, bu, error);
	if (ret > 0)
		value_r->value = bounce_record_encode(&rec);
	return ret;
}

static int metadata_iter(struct mailbox *box, const char *key_prefix,
			 pool_t pool, ARRAY_TYPE(const_string) *keys)
{
	struct bounce_user *bu = metadata_user(box);
	struct bounce_store *store;
	struct bounce_store_iter *iter;
	const struct bounce_record *rec;
	const char *error;

	if (bu == NULL)
		return 0;
	if (bounce_user_store(bu, &store, &error) < 0)
		return metadata_failed(box, bu, error);
	iter = bounce_store_iter_init(store, ioloop_time);
	while (bounce_store_iter_next(iter, &rec)) {
		const char *name;

		T_BEGIN {
			name = bounce_entry_name(rec->address);
			name = strncmp(name, key_prefix,
				       strlen(key_prefix)) != 0 ? NULL :
				p_strdup(pool, name);
		} T_END;
		/* the array may grow on the data stack: not within T_BEGIN */
		if (name != NULL)
			array_push_back(keys, &name);
	}
	bounce_user_log_damaged(bu, "METADATA", iter);
	if (bounce_store_iter_deinit(&iter, &error) < 0)
		return metadata_failed(box, bu, error);
	return 0;
}

const struct mailbox_attribute_internal bounce_metadata_address = {
	.get = metadata_get,
	.iter = metadata_iter,
};
