#ifndef BOUNCE_USER_H
#define BOUNCE_USER_H

/* What one mail user needs of us: settings, rules, dictionary. Made by each
   module for itself from the mail_user, so that the modules need not know of
   each other. Nothing here is a mutable global. */

#include "bounce-user-settings.h"

struct mail_user;
struct bounce_store;
struct bounce_report;
struct bounce_sent_copy_index;

struct bounce_user {
	pool_t pool;
	struct mail_user *user;
	struct event *event;			/* prefix "bounce: " */
	struct bounce_user_settings set;
	/* the address that the delivery is for, set by who knows it, else
	   NULL: one of the user's, for the evidence */
	const char *rcpt_to;
	/* opened at first use; NULL before */
	struct bounce_store *store;
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

/* The folder "Bounces" as this user's namespaces name it ("INBOX.Bounces"); name
   itself or on the data stack. */
const char *bounce_user_vname(struct mail_user *user, const char *name);

/* How sure we are that report answers a mail of this user. index: the copies in
   Sent, where many reports are asked for, else NULL. Of a mail that is
   known, recipients whom it was not sent to are marked in report; if it was sent
   to none of them, the report is unverified. */
enum bounce_evidence
bounce_user_evidence(struct bounce_user *bu, struct bounce_report *report,
		     struct bounce_sent_copy_index *index);

#endif
