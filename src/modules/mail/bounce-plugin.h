#ifndef BOUNCE_PLUGIN_H
#define BOUNCE_PLUGIN_H

/* bounce_mail.so (bounce-mail-module.h). A user costs one small allocation until a bounce
   or a METADATA command comes. */

#include "module-context.h"
#include "mail-user.h"
#include "bounce-user.h"

struct bounce_pending_idle;
struct bounce_sent_queue;

#define BOUNCE_PLUGIN_USER(user) \
	MODULE_CONTEXT(user, bounce_plugin_user_module)

struct bounce_plugin_user {
	union mail_user_module_context module_ctx;
	/* made at first use */
	struct bounce_user *bu;
	/* what was saved to Sent and is not counted yet; made at first use */
	struct bounce_sent_queue *sent_queue;
	/* of a client's session: reports that could not be recorded */
	struct bounce_pending_idle *idle;

	/* While a report is delivered to this user, else NULL: */
	/* keywords that it gets wherever it is filed, NULL-terminated */
	const char *const *keywords;
	/* nobody need read it any more */
	bool seen;
	/* the folder that is ours to create; NULL = none */
	const char *folder;
	/* it took nothing: cannot be opened or written to */
	bool folder_failed;
	/* until the next one: where it was stored, NULL = not known; whether a
	   script threw it away */
	const char *stored_in;
	bool discarded;
	/* the date that it got where it was stored first; 0 = none */
	time_t stored_when;
	/* it was saved with the keyword of one that is to be told later */
	bool untold;
	/* the report is the first that a flood of unverified ones files away */
	bool flood_began;
};

extern MODULE_CONTEXT_DEFINE(bounce_plugin_user_module,
			     &mail_user_module_register);

/* Gives the user a context, if they have a dictionary at all. */
void bounce_plugin_user_created(struct mail_user *user);
/* With the module. delivers: mail is delivered by this process. */
void bounce_plugin_user_setup(bool delivers);
void bounce_plugin_user_free(void);
/* What may be waited for dictionaries, for all users together. */
struct bounce_wait *bounce_plugin_wait(void);
/* The settings and the dictionary of a user with a context. Never fails. */
struct bounce_user *bounce_plugin_user_get(struct mail_user *user);

#endif
