#ifndef BOUNCE_USER_H
#define BOUNCE_USER_H

/* What one mail user needs of us: settings, rules, dictionary. Made by each
   module for itself from the mail_user, so that the modules need not know of
   each other. Nothing here is a mutable global. */

#include "bounce-record.h"

struct mail_user;
struct bounce_rules;
struct bounce_store;
struct bounce_report;

struct bounce_user_settings {
	const char *mailbox;			/* "" = stay in INBOX */
	/* bits 1 << enum bounce_kind that are filed */
	unsigned int file_kinds;
	const char *dict;			/* 2.3: URI, %-expanded */
	bool record;
	unsigned int max_addresses;
	struct bounce_policy policy;
	const char *const *rules_dirs;		/* in order, NULL-terminated */
	/* site_domains etc. of the evidence */
	const char *const *evidence_hosts;
};

struct bounce_user {
	pool_t pool;
	struct mail_user *user;
	struct event *event;			/* prefix "bounce: " */
	struct bounce_user_settings set;
	/* borrowed: loaded once per process by the module */
	const struct bounce_rules *rules;
	/* opened at first use; NULL before */
	struct bounce_store *store;
};

/* Read the user's settings (site, then userdb). A wrong value is logged once,
   naming setting and value, and its default is used: never fails. Free with
   bounce_user_deinit(). rules may be NULL until bounce_user_set_rules(). */
struct bounce_user *bounce_user_init(struct mail_user *user);
void bounce_user_deinit(struct bounce_user **bu);

/* The dictionary, opened at first use. Returns 0, or -1 with error_r when it
   cannot be opened (retried on the next call). */
int bounce_user_store(struct bounce_user *bu, struct bounce_store **store_r,
		      const char **error_r);

/* How sure we are that report answers a mail of this user. */
enum bounce_evidence
bounce_user_evidence(struct bounce_user *bu, const struct bounce_report *report);

#endif
