#ifndef COMPAT_SETTINGS_H
#define COMPAT_SETTINGS_H

/* Our settings as texts, the same on 2.3 and 2.4. Their meaning, and what is
   right and wrong, is bounce-user.c's: were they typed in 2.4's own table, a
   wrong one would be fatal to every Dovecot process. */

struct mail_user;

#define COMPAT_RULES_DIRS BOUNCE_SITE_RULES_DIR" "BOUNCE_RULES_DIR
#define COMPAT_TEXTS_DIRS BOUNCE_SITE_TEXTS_DIR" shipped"

/* The settings of both versions with their defaults, in the order of the
   manual. 2.3 has bounce_dict as well, 2.4 bounce { dict ... }. */
#define COMPAT_SETTINGS(X) \
	X(mailbox, "Bounces") \
	X(file, "failure delay") \
	X(record, "yes") \
	X(evidence, "auto") \
	X(addresses, "") \
	X(sites, "") \
	X(token_key, "") \
	X(threshold, "3") \
	X(half_life, "14d") \
	X(forget, "30d") \
	X(keep_hard, "365d") \
	X(max_addresses, "10000") \
	X(rules, COMPAT_RULES_DIRS) \
	X(language, "auto") \
	X(texts, COMPAT_TEXTS_DIRS)

struct compat_settings {
	pool_t pool;
#define COMPAT_SETTING_FIELD(name, def) const char *name;
	COMPAT_SETTINGS(COMPAT_SETTING_FIELD)
#undef COMPAT_SETTING_FIELD
};

/* The built-in defaults. */
extern const struct compat_settings compat_settings_default;

/* The user's settings (site, then userdb), copied to pool; %variables are
   expanded. dict_r: bounce_dict, NULL where it is not set and on 2.4. Returns 0,
   or -1 with error_r: then set_r holds the defaults. */
int compat_settings_get(struct mail_user *user, pool_t pool,
			struct compat_settings *set_r, const char **dict_r,
			const char **error_r);

/* "14d", "2 weeks", "0" to seconds, as Dovecot reads times. Returns 0, or -1
   with error_r. */
int compat_parse_time(const char *value, unsigned int *secs_r,
		      const char **error_r);

#endif
