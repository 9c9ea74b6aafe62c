/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "master-service.h"
#include "mail-namespace.h"
#include "mail-storage-hooks.h"
#include "mail-storage-private.h"
#include "mailbox-attribute.h"
#include "bounce-front.h"
#include "bounce-mail-module.h"
#include "bounce-sent-folder.h"

#include <dlfcn.h>
#include <unistd.h>

/* Only lmtp and dovecot-lda have it; without this the others would not start. */
#pragma weak mail_deliver_hook_set

extern const char *bounce_plugin_version;
const char *bounce_plugin_version = DOVECOT_ABI_VERSION;

static deliver_mail_func_t *plugin_next;
/* The rest, once it was opened; it is tried once in a process. */
static void *plugin_handle;
static const struct bounce_mail_module *plugin_opened;
static bool plugin_tried;
/* The same, once it is at work. */
static const struct bounce_mail_module *plugin_rest;
/* Until then: whom a dovecot-lda delivers to. */
static struct mail_user *plugin_user;

/*
 * The rest
 */

static const struct bounce_mail_module *plugin_dlopen(const char **error_r)
{
	const struct bounce_mail_module *rest;

	plugin_handle = dlopen(BOUNCE_MAIL_MODULE, RTLD_NOW | RTLD_LOCAL);
	rest = plugin_handle == NULL ? NULL :
		dlsym(plugin_handle, "bounce_mail_module");
	if (rest == NULL) {
		*error_r = dlerror();
		return NULL;
	}
	if (rest->layout != BOUNCE_MAIL_MODULE_LAYOUT ||
	    strcmp(rest->abi, DOVECOT_ABI_VERSION) != 0) {
		*error_r = BOUNCE_MAIL_MODULE" is of another version";
		return NULL;
	}
	return rest;
}

static void plugin_open(void)
{
	const char *error;

	if (plugin_tried)
		return;
	plugin_tried = TRUE;
	plugin_opened = plugin_dlopen(&error);
	if (plugin_opened == NULL) {
		i_error("bounce: %s; mail is delivered, and bounces are not "
			"recognised", error);
	}
}

/* NULL if it cannot be loaded, which was logged. */
static const struct bounce_mail_module *plugin_load(void)
{
	plugin_open();
	if (plugin_rest != NULL || plugin_opened == NULL)
		return plugin_rest;
	plugin_rest = plugin_opened;
	plugin_rest->init(plugin_next, mail_deliver_hook_set != NULL);
	if (plugin_user != NULL)
		plugin_rest->user_created(plugin_user);
	return plugin_rest;
}

/* Who is root may go into a chroot before we are initialised, where there is no module.
   lmtp serves many users and never does. */
static void __attribute__((constructor)) plugin_open_before_chroot(void)
{
	if (geteuid() == 0 &&
	    strcmp(master_service_get_name(master_service), "lmtp") != 0)
		plugin_open();
}

/* A dovecot-lda, unless it was done already. */
static bool plugin_waits(void)
{
	return mail_deliver_hook_set != NULL && !plugin_tried &&
		strcmp(master_service_get_name(master_service), "lda") == 0;
}

/*
 * The hooks
 */

static void plugin_user_created(struct mail_user *user)
{
	if (plugin_rest != NULL)
		plugin_rest->user_created(user);
	else if (!user->autocreated)
		plugin_user = user;
}

static void plugin_mailbox_allocated(struct mailbox *box)
{
	const struct bounce_mail_module *rest = plugin_rest;

	/* what is saved there is counted */
	if (rest == NULL && box->storage->user == plugin_user &&
	    mailbox_get_namespace(box)->type == MAIL_NAMESPACE_TYPE_PRIVATE &&
	    bounce_sent_folder_is(box))
		rest = plugin_load();
	if (rest != NULL)
		rest->mailbox_allocated(box);
}

static int plugin_deliver(struct mail_deliver_context *mdctx,
			 struct mail_storage **storage_r)
{
	const struct bounce_mail_module *rest = plugin_rest;
	int ret;

	if (!plugin_tried && mdctx->rcpt_user == plugin_user) {
		if (bounce_front_deliver(mdctx, storage_r, plugin_next, &ret))
			return ret;
		rest = plugin_load();
	}
	if (rest != NULL)
		return rest->deliver(mdctx, storage_r);
	return plugin_next == NULL ? 0 : plugin_next(mdctx, storage_r);
}

static int plugin_metadata_get(struct mailbox *box, const char *key,
			      struct mail_attribute_value *value_r)
{
	const struct bounce_mail_module *rest = plugin_load();

	if (rest != NULL)
		return rest->metadata->get(box, key, value_r);
	mail_storage_set_internal_error(box->storage);
	return -1;
}

static int plugin_metadata_iter(struct mailbox *box, const char *key_prefix,
			       pool_t pool, ARRAY_TYPE(const_string) *keys)
{
	const struct bounce_mail_module *rest = plugin_load();

	if (rest != NULL)
		return rest->metadata->iter(box, key_prefix, pool, keys);
	mail_storage_set_internal_error(box->storage);
	return -1;
}

/* no set: "cannot be changed" */
static const struct mailbox_attribute_internal plugin_metadata = {
	.type = MAIL_ATTRIBUTE_TYPE_PRIVATE,
	.key = BOUNCE_MAIL_METADATA,
	.rank = MAIL_ATTRIBUTE_INTERNAL_RANK_AUTHORITY,
	.flags = MAIL_ATTRIBUTE_INTERNAL_FLAG_CHILDREN |
		MAIL_ATTRIBUTE_INTERNAL_FLAG_VALIDATED,
	.get = plugin_metadata_get,
	.iter = plugin_metadata_iter,
};

static struct mail_storage_hooks plugin_hooks = {
	.mail_user_created = plugin_user_created,
	.mailbox_allocated = plugin_mailbox_allocated,
};

void bounce_plugin_init(struct module *module)
{
	mail_storage_hooks_add(module, &plugin_hooks);
	mailbox_attribute_register_internal(&plugin_metadata);
	if (mail_deliver_hook_set != NULL)
		plugin_next = mail_deliver_hook_set(plugin_deliver);
	if (!plugin_waits())
		(void)plugin_load();
}

void bounce_plugin_deinit(void)
{
	if (mail_deliver_hook_set != NULL)
		(void)mail_deliver_hook_set(plugin_next);
	if (plugin_rest != NULL)
		plugin_rest->deinit();
	mailbox_attribute_unregister_internal(&plugin_metadata);
	mail_storage_hooks_remove(&plugin_hooks);
	if (plugin_handle != NULL)
		(void)dlclose(plugin_handle);
}
