#ifndef COMPAT_SETTINGS_H
#define COMPAT_SETTINGS_H

/* Our settings as texts, the same on 2.3 and 2.4. What is right and wrong is
   bounce-user-settings.c's: were they typed in 2.4's own table, a wrong one
   would be fatal to every Dovecot process. */

#include "lib.h"
#include "array.h"

struct mail_user;

#define COMPAT_RULES_DIRS BOUNCE_SITE_RULES_DIR" shipped"
#define COMPAT_REMEDIES_DIRS BOUNCE_SITE_REMEDIES_DIR" "BOUNCE_REMEDIES_DIR
#define COMPAT_CHECK_LISTS \
	"spamhaus-zen spamhaus-dbl spamcop barracuda mailspike psbl abusix"
#define COMPAT_TEXTS_DIRS BOUNCE_SITE_TEXTS_DIR" shipped"

/* The settings of both versions, in the order of the manual: name without
   bounce_, type (setting_parse_TYPE() of bounce-user-settings.c), member of
   struct bounce_user_settings, default, the largest number. 2.3 has bounce_dict
   as well, 2.4 bounce { dict ... }. */
#define COMPAT_SETTINGS(X) \
	X(mailbox, mailbox, mailbox, "Bounces", 0) \
	X(file, kinds, file_kinds, "failure", 0) \
	X(record, yesno, record, "yes", 0) \
	X(evidence, evidence, policy.evidence, "verified", 0) \
	X(addresses, own, addresses, "", 0) \
	X(sites, sites, sites, "", 0) \
	X(relays, relays, relays, "", 0) \
	X(authserv, words, authserv, "", 0) \
	X(sender_checked, yesno, sender_checked, "no", 0) \
	X(feedback, feedback, feedback, "", 0) \
	X(token_key, key, token_key, "", 0) \
	X(threshold, threshold, policy.threshold, "3", 1000) \
	X(half_life, time, policy.half_life, "14d", 0) \
	X(forget, time, policy.forget, "30d", 0) \
	X(keep_hard, time, policy.keep_hard, "365d", 0) \
	X(max_addresses, number, max_addresses, "10000", 10000000) \
	X(rules, rules, rules_dirs, COMPAT_RULES_DIRS, 0) \
	X(notice, notice, notice_kinds, "failure broadcast held", 0) \
	X(notice_mailbox, mailbox, notice_mailbox, "INBOX", 0) \
	X(answers, yesno, answers, "yes", 0) \
	X(digest, digest, digest, "no", 0) \
	X(flag, yesno, flag, "no", 0) \
	X(language, language, language, "auto", 0) \
	X(texts, texts, texts_dirs, COMPAT_TEXTS_DIRS, 0) \
	X(suppress, suppress, hold.mode, "report", 0) \
	X(suppress_reply, suppress_reply, hold.reply, "auto", 0) \
	X(suppress_again, again, hold.again, "1h", 0) \
	X(remedies, folders, remedies_dirs, COMPAT_REMEDIES_DIRS, 0) \
	X(check_hosts, words, check_hosts, "", 0) \
	X(check_lists, words, check_lists, COMPAT_CHECK_LISTS, 0) \
	X(check_keys, words, check_keys, "", 0) \
	X(check_resolver, words, check_resolver, "", 0)

struct compat_settings {
	pool_t pool;
#define COMPAT_SETTING_FIELD(name, ...) const char *name;
	COMPAT_SETTINGS(COMPAT_SETTING_FIELD)
#undef COMPAT_SETTING_FIELD
};

/* The built-in defaults. */
extern const struct compat_settings compat_settings_default;

/* The user's settings (site, then userdb), copied to pool; %variables are
   expanded. An empty userdb field is the empty text. dict_r: bounce_dict, NULL
   where it is not set or empty, and on 2.4. Returns 0, or -1 with error_r: then
   set_r holds the defaults. */
int compat_settings_get(struct mail_user *user, pool_t pool,
			struct compat_settings *set_r, const char **dict_r,
			const char **error_r);

/* Settings of the user that are called bounce_... and are none of ours (2.3; 2.4
   refuses them itself), as they are in the user's settings. */
void compat_settings_unknown(struct mail_user *user,
			     ARRAY_TYPE(const_string) *names);

/* "14d", "2 weeks", "0" to seconds, as Dovecot reads times. Returns 0, or -1
   with error_r. */
int compat_parse_time(const char *value, unsigned int *secs_r,
		      const char **error_r);

#endif
