#ifndef BOUNCE_MAIL_MODULE_H
#define BOUNCE_MAIL_MODULE_H

/* The mail plugin is two files: lib95_bounce_plugin.so, which Dovecot loads, and
   bounce_mail.so, which that one loads: at once, but in a dovecot-lda when a mail needs
   it. A dovecot-lda lives for one mail, and of what the plugin costs an ordinary one most
   is binding the functions that only reports need (doc/PERFORMANCE.md). */

#include "mail-deliver.h"
#include "smtp-address.h"

struct mail_user;
struct mailbox;
struct mailbox_attribute_internal;

/* Another one with each change of the struct, or of what is promised here: a process may
   outlive an upgrade. */
#define BOUNCE_MAIL_MODULE_LAYOUT 1

struct bounce_mail_module {
	unsigned int layout;
	/* DOVECOT_ABI_VERSION */
	const char *abi;
	/* delivers: the process delivers mail, and calls deliver(); that calls next, which may
	   be NULL */
	void (*init)(deliver_mail_func_t *next, bool delivers);
	void (*deinit)(void);
	/* The hooks of mail_storage_hooks. For a user of before it was loaded user_created()
	   is called then. */
	void (*user_created)(struct mail_user *user);
	void (*mailbox_allocated)(struct mailbox *box);
	deliver_mail_func_t *deliver;
	/* its get() and iter() */
	const struct mailbox_attribute_internal *metadata;
};

extern const struct bounce_mail_module bounce_mail_module;

/* IMAP METADATA (RFC 5464): the server's entries, one below it for each address. */
#define BOUNCE_MAIL_METADATA \
	MAILBOX_ATTRIBUTE_PREFIX_DOVECOT_PVT_SERVER \
	"vendor/vendor.dovecot-bounce/address/"

/* MAIL FROM: "" for the null sender, NULL if it is not known (dovecot-lda without -f).
   On the data stack. */
static inline const char *
t_bounce_mail_from(const struct mail_deliver_context *mdctx)
{
	if (mdctx->mail_from == NULL)
		return NULL;
	return smtp_address_isnull(mdctx->mail_from) ? "" :
		smtp_address_encode(mdctx->mail_from);
}

#endif
