#ifndef BOUNCE_USER_SETTINGS_H
#define BOUNCE_USER_SETTINGS_H

/* What the settings of bounce-settings(5) say for one user. They are in one
   table, COMPAT_SETTINGS of compat-settings.h. */

#include "bounce-digest.h"
#include "bounce-hold.h"
#include "bounce-record.h"

struct compat_settings;
struct mail_user;

struct bounce_user_settings {
	const char *mailbox;			/* "" = stay in INBOX */
	/* bits 1 << enum bounce_kind that are filed */
	unsigned int file_kinds;
	/* 2.3: URI, %-expanded; NULL = the default file, and on 2.4 */
	const char *dict;
	bool record;
	unsigned int max_addresses;
	struct bounce_policy policy;
	const char *const *rules_dirs;		/* in order, NULL-terminated */
	/* bits 1 << enum bounce_tell_kind that are told */
	unsigned int notice_kinds;
	const char *notice_mailbox;		/* "" = INBOX */
	enum bounce_digest_every digest;
	/* an answer to a notice is carried out */
	bool answers;
	/* the copy in Sent of a mail that failed gets \Flagged, too */
	bool flag;
	const char *language;			/* NULL = auto */
	const char *const *texts_dirs;		/* as rules_dirs */
	const char *const *remedies_dirs;	/* as rules_dirs */
	/* bounce_check_*: the check reads the site's own; NULL-terminated */
	const char *const *check_hosts;
	const char *const *check_lists;
	const char *const *check_keys;
	const char *const *check_resolver;
	/* bounce_addresses, bounce_sites, bounce_relays, bounce_authserv and
	   bounce_feedback, for the evidence; NULL-terminated */
	const char *const *addresses;
	const char *const *sites;
	const char *const *relays;
	const char *const *authserv;
	const char *const *feedback;
	/* nobody here sends in another's name */
	bool sender_checked;
	/* bounce_suppress and its kind */
	struct bounce_hold_settings hold;
	/* bounce_token_key: "" = the user's own, in their home, NULL = none */
	const char *token_key;
};

/* Read the user's settings (site, then userdb). What is wrong is one text each
   in errors, naming setting and value, and its default is used; an empty one
   that is no text is its default. */
void bounce_user_settings_read(struct mail_user *user, pool_t pool,
			       struct bounce_user_settings *set_r,
			       ARRAY_TYPE(const_string) *errors);

/* The same from their texts, but for the dictionary. */
void bounce_user_settings_parse(const struct compat_settings *texts, pool_t pool,
				struct bounce_user_settings *set_r,
				ARRAY_TYPE(const_string) *errors);

#endif
