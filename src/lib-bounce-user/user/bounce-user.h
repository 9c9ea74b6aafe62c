#ifndef BOUNCE_USER_H
#define BOUNCE_USER_H

/* What one mail user needs of us: settings, rules, dictionary. Made by each
   module for itself from the mail_user, so that the modules need not know of
   each other. Nothing here is a mutable global. */

#include "bounce-limits.h"
#include "bounce-user-settings.h"
#include "bounce-wait.h"

struct mail_user;
struct bounce_remedies;
struct bounce_store;
struct bounce_store_iter;

struct bounce_user {
	pool_t pool;
	struct mail_user *user;
	struct event *event;			/* prefix "bounce: " */
	struct bounce_user_settings set;
	/* how long the dictionary may be waited for: own_wait, until the module
	   that made it knows of one for the whole process */
	struct bounce_wait *wait, own_wait;
	/* opened at first use; NULL before */
	struct bounce_store *store;
	/* see bounce_user_failed() */
	bool failed;
	/* loaded at first use; NULL before */
	struct bounce_remedies *remedies;
	/* of bounce-forgotten.c: the last report that it found to name several, ""
	   before; and what it spent since when */
	struct {
		char several_id[BOUNCE_MAX_ID + 1];
		time_t since;
		uint64_t usecs;
	} forgotten;
};

/* Read the user's settings (site, then userdb). A wrong value is logged once,
   naming setting and value, and its default is used: never fails. Free with
   bounce_user_deinit(). */
struct bounce_user *bounce_user_init(struct mail_user *user);
void bounce_user_deinit(struct bounce_user **bu);

/* The dictionary, opened at first use. Returns 0, or -1 with error_r when it
   cannot be opened (retried on the next call). */
int bounce_user_store(struct bounce_user *bu, struct bounce_store **store_r,
		      const char **error_r);

/* bounce_remedies, loaded at first use; what is wrong with them is logged then. */
const struct bounce_remedies *bounce_user_remedies(struct bounce_user *bu);

/* The dictionary failed: is it to be said at debug only, as the user has no home to keep
   one in, and that was an error in the log today already? */
bool bounce_user_is_quiet(struct bounce_user *bu);
/* Log what failed at a delivery, as one error: what else fails then mostly follows
   from it, and goes to debug. */
void bounce_user_failed(struct bounce_user *bu, const char *error);

/* Log how many records the iteration, which is at its end, could not read, if there are
   any; what: what they are missing from. */
void bounce_user_log_damaged(struct bounce_user *bu, const char *what,
			     const struct bounce_store_iter *iter);

/* The folder "Bounces" as this user's namespaces name it ("INBOX.Bounces"); name
   itself or on the data stack. */
const char *bounce_user_vname(struct mail_user *user, const char *name);

#endif
