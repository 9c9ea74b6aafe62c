/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Without a user, and so without anything of mail: 2.4's config process looks at
   settings by this, too. */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "bounce-rules.h"
#include "bounce-string.h"
#include "bounce-tell.h"
#include "bounce-texts.h"
#include "bounce-user-settings.h"
#include "compat-settings.h"

#include <math.h>
#include <stdlib.h>

/* Above any score: bounce_threshold = 0 suppresses nobody. */
#define THRESHOLD_NEVER 1e9

struct setting;

/* Sets the setting's member of set. Returns 0, -1 with error_r, or 1 with error_r if
   only a word of several is wrong: it names nothing, and the others are not to be
   lost by it. */
typedef int setting_parse_t(const struct setting *setting, const char *value,
			    struct bounce_user_settings *set, pool_t pool,
			    const char **error_r);

struct setting {
	const char *name;
	setting_parse_t *parse;
	const char *def;
	/* of the member in struct bounce_user_settings, of the text in struct
	   compat_settings */
	size_t offset, text_offset;
	/* of a number, the largest */
	unsigned int max;
};

/*
 * Types: setting_parse_TYPE()
 */

static int
setting_parse_text(const struct setting *setting, const char *value,
		   struct bounce_user_settings *set, pool_t pool,
		   const char **error_r ATTR_UNUSED)
{
	const char **text = PTR_OFFSET(set, setting->offset);

	*text = p_strdup(pool, value);
	return 0;
}

/* Dovecot would panic at such a name, from 2.4.4 on where it looks for the namespace. */
static int
setting_parse_mailbox(const struct setting *setting, const char *value,
		      struct bounce_user_settings *set, pool_t pool,
		      const char **error_r)
{
	if (!uni_utf8_str_is_valid(value)) {
		*error_r = "not UTF-8";
		return -1;
	}
	return setting_parse_text(setting, value, set, pool, error_r);
}

static int
setting_parse_words(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    const char **error_r ATTR_UNUSED)
{
	const char *const **words = PTR_OFFSET(set, setting->offset);

	*words = bounce_string_words(pool, value);
	return 0;
}

/* Words of which each is to be valid; what names them all. */
static int
setting_check_words(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    bool (*is_valid)(const char *word), const char *what,
		    const char **error_r)
{
	const char *const *word;

	(void)setting_parse_words(setting, value, set, pool, error_r);
	word = *(const char *const **)PTR_OFFSET(set, setting->offset);
	for (; *word != NULL; word++) {
		if (!is_valid(*word)) {
			*error_r = t_strdup_printf("%s is no %s", *word, what);
			return 1;
		}
	}
	return 0;
}

static bool setting_is_host(const char *word)
{
	return strpbrk(word, "@/*?") == NULL;
}

/* An address, "@example.net" or a local part alone. "*@example.net" would be that
   very address. */
static bool setting_is_own(const char *word)
{
	const char *at = strrchr(word, '@');

	return strchr(word, '*') == NULL &&
		(at == NULL || (at[1] != '\0' && (*word == '"' ||
						  strchr(word, '@') == at)));
}

static bool setting_is_address(const char *word)
{
	const char *at = strrchr(word, '@');

	return at != NULL && at != word && at[1] != '\0';
}

static int
setting_parse_own(const struct setting *setting, const char *value,
		  struct bounce_user_settings *set, pool_t pool,
		  const char **error_r)
{
	return setting_check_words(setting, value, set, pool, setting_is_own,
				   "address or @domain", error_r);
}

static int
setting_parse_sites(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    const char **error_r)
{
	return setting_check_words(setting, value, set, pool, setting_is_host,
				   "host or domain", error_r);
}

static int
setting_parse_relays(const struct setting *setting, const char *value,
		     struct bounce_user_settings *set, pool_t pool,
		     const char **error_r)
{
	return setting_check_words(setting, value, set, pool, setting_is_host,
				   "host, domain or single IP address",
				   error_r);
}

static int
setting_parse_feedback(const struct setting *setting, const char *value,
		       struct bounce_user_settings *set, pool_t pool,
		       const char **error_r)
{
	return setting_check_words(setting, value, set, pool,
				   setting_is_address, "address", error_r);
}

/* Absolute, but for the word. */
static int
folders_check(const char *const *dirs, const char *word, const char **error_r)
{
	for (; *dirs != NULL; dirs++) {
		if (**dirs != '/' && null_strcmp(*dirs, word) != 0) {
			*error_r = t_strdup_printf("%s is no absolute path",
						   *dirs);
			return -1;
		}
	}
	return 0;
}

static int
setting_parse_folders(const struct setting *setting, const char *value,
		      struct bounce_user_settings *set, pool_t pool,
		      const char **error_r)
{
	const char *const **dirs = PTR_OFFSET(set, setting->offset);

	(void)setting_parse_words(setting, value, set, pool, error_r);
	return folders_check(*dirs, NULL, error_r);
}

/* Folders and the word for what is compiled in. */
static int
setting_parse_rules(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    const char **error_r)
{
	const char *const **dirs = PTR_OFFSET(set, setting->offset);

	(void)setting_parse_words(setting, value, set, pool, error_r);
	return folders_check(*dirs, BOUNCE_RULES_SHIPPED, error_r);
}

static int
setting_parse_yesno(const struct setting *setting, const char *value,
		   struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		   const char **error_r)
{
	static const char *const yes[] = { "yes", "y", "1", "true", NULL };
	static const char *const no[] = { "no", "n", "0", "false", NULL };
	bool *flag = PTR_OFFSET(set, setting->offset);

	*flag = str_array_icase_find(yes, value);
	if (!*flag && !str_array_icase_find(no, value)) {
		*error_r = "neither yes nor no";
		return -1;
	}
	return 0;
}

static int
setting_parse_number(const struct setting *setting, const char *value,
		     struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		     const char **error_r)
{
	unsigned int *number = PTR_OFFSET(set, setting->offset);

	if (str_to_uint(value, number) < 0 || *number > setting->max) {
		*error_r = t_strdup_printf("not a number from 0 to %u",
					   setting->max);
		return -1;
	}
	return 0;
}

static int
setting_parse_time(const struct setting *setting, const char *value,
		   struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		   const char **error_r)
{
	return compat_parse_time(value, PTR_OFFSET(set, setting->offset),
				 error_r);
}

/* A mail program that tries again by itself is faster. */
static int
setting_parse_again(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    const char **error_r)
{
	unsigned int *secs = PTR_OFFSET(set, setting->offset);

	if (setting_parse_time(setting, value, set, pool, error_r) < 0)
		return -1;
	if (*secs > 0 && *secs <= BOUNCE_HOLD_AGAIN_MIN_SECS) {
		*error_r = t_strdup_printf("neither 0 nor above %u seconds",
					   BOUNCE_HOLD_AGAIN_MIN_SECS);
		return -1;
	}
	return 0;
}

static int
setting_parse_threshold(const struct setting *setting, const char *value,
			struct bounce_user_settings *set,
			pool_t pool ATTR_UNUSED, const char **error_r)
{
	double *threshold = PTR_OFFSET(set, setting->offset);
	char *end;

	*threshold = strtod(value, &end);
	if (end == value || *end != '\0' || !isfinite(*threshold) ||
	    *threshold < 0 || *threshold > setting->max) {
		*error_r = t_strdup_printf("not a number from 0 to %u",
					   setting->max);
		return -1;
	}
	if (*threshold == 0)
		*threshold = THRESHOLD_NEVER;
	return 0;
}

static int
setting_parse_kinds(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		    const char **error_r)
{
	const char *const *names = bounce_string_words(pool_datastack_create(),
							value);
	unsigned int *kinds = PTR_OFFSET(set, setting->offset);
	enum bounce_kind kind;

	*kinds = 0;
	for (; *names != NULL; names++) {
		if (bounce_kind_parse(*names, &kind) < 0 ||
		    (kind != BOUNCE_KIND_FAILURE && kind != BOUNCE_KIND_DELAY &&
		     kind != BOUNCE_KIND_SUCCESS &&
		     kind != BOUNCE_KIND_COMPLAINT)) {
			*error_r = t_strdup_printf("%s is none of failure, "
				"delay, success, complaint", *names);
			return -1;
		}
		*kinds |= 1U << kind;
	}
	return 0;
}

static int
setting_parse_evidence(const struct setting *setting, const char *value,
		       struct bounce_user_settings *set,
		       pool_t pool ATTR_UNUSED, const char **error_r)
{
	enum bounce_evidence *evidence = PTR_OFFSET(set, setting->offset);

	if (strcasecmp(value, "any") == 0)
		*evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	else if (bounce_evidence_parse(value, evidence) < 0 ||
		 *evidence == BOUNCE_EVIDENCE_UNVERIFIED) {
		*error_r = "none of verified, plausible, any";
		return -1;
	}
	return 0;
}

static int
setting_parse_key(const struct setting *setting, const char *value,
		  struct bounce_user_settings *set, pool_t pool,
		  const char **error_r)
{
	const char **path = PTR_OFFSET(set, setting->offset);

	if (strcasecmp(value, "no") != 0 && *value != '\0' && *value != '/') {
		*error_r = "neither \"no\" nor an absolute path";
		return -1;
	}
	*path = strcasecmp(value, "no") == 0 ? NULL : p_strdup(pool, value);
	return 0;
}

static int
setting_parse_notice(const struct setting *setting, const char *value,
		     struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		     const char **error_r)
{
	const char *const *names = bounce_string_words(pool_datastack_create(),
							value);
	unsigned int *kinds = PTR_OFFSET(set, setting->offset);

	*kinds = 0;
	if (strcasecmp(value, "no") == 0)
		return 0;
	for (; *names != NULL; names++) {
		if (strcmp(*names, "failure") == 0)
			*kinds |= 1U << BOUNCE_TELL_FAILURE;
		else if (strcmp(*names, "broadcast") == 0)
			*kinds |= 1U << BOUNCE_TELL_BROADCAST;
		else if (strcmp(*names, "held") == 0)
			*kinds |= 1U << BOUNCE_TELL_HELD;
		else if (strcmp(*names, "recovered") == 0)
			*kinds |= 1U << BOUNCE_TELL_RECOVERED;
		else {
			*error_r = t_strdup_printf("%s is none of failure, "
				"broadcast, held, recovered", *names);
			return -1;
		}
	}
	return 0;
}

static int
setting_parse_language(const struct setting *setting, const char *value,
		       struct bounce_user_settings *set, pool_t pool,
		       const char **error_r)
{
	const char **language = PTR_OFFSET(set, setting->offset);

	if (!bounce_texts_is_language(value)) {
		*error_r = "neither auto nor a language such as de or pt-BR";
		return -1;
	}
	*language = strcasecmp(value, "auto") == 0 ? NULL :
		p_strdup(pool, value);
	return 0;
}

static int
setting_parse_texts(const struct setting *setting, const char *value,
		    struct bounce_user_settings *set, pool_t pool,
		    const char **error_r)
{
	return bounce_texts_dirs_parse(pool, value,
				       PTR_OFFSET(set, setting->offset),
				       error_r);
}

/* One of names; the member is an enum. */
static int
setting_parse_name(const struct setting *setting, const char *value,
		   struct bounce_user_settings *set, const char *const *names,
		   const char **error_r)
{
	if (bounce_types_find(names, value,
			      PTR_OFFSET(set, setting->offset)) < 0) {
		*error_r = t_strconcat("none of ",
			t_strarray_join(names, ", "), NULL);
		return -1;
	}
	return 0;
}

static int
setting_parse_suppress(const struct setting *setting, const char *value,
		       struct bounce_user_settings *set,
		       pool_t pool ATTR_UNUSED, const char **error_r)
{
	return setting_parse_name(setting, value, set, bounce_hold_mode_names,
				  error_r);
}

static int
setting_parse_suppress_reply(const struct setting *setting, const char *value,
			     struct bounce_user_settings *set,
			     pool_t pool ATTR_UNUSED, const char **error_r)
{
	return setting_parse_name(setting, value, set, bounce_hold_reply_names,
				  error_r);
}

static int
setting_parse_digest(const struct setting *setting, const char *value,
		     struct bounce_user_settings *set, pool_t pool ATTR_UNUSED,
		     const char **error_r)
{
	return setting_parse_name(setting, value, set,
				  bounce_digest_every_names, error_r);
}

/*
 * All of them
 */

static const struct setting settings[] = {
#define SETTING(name, type, member, def, max) \
	{ "bounce_"#name, setting_parse_##type, def, \
	  offsetof(struct bounce_user_settings, member), \
	  offsetof(struct compat_settings, name), max },
	COMPAT_SETTINGS(SETTING)
};

void bounce_user_settings_parse(const struct compat_settings *texts, pool_t pool,
				struct bounce_user_settings *set_r,
				ARRAY_TYPE(const_string) *errors)
{
	const struct setting *setting;
	const char *const *value, *error;
	int ret;

	i_zero(set_r);
	bounce_policy_init(&set_r->policy);
	for (unsigned int i = 0; i < N_ELEMENTS(settings); i++) {
		setting = &settings[i];
		value = CONST_PTR_OFFSET(texts, setting->text_offset);
		ret = setting->parse(setting, *value, set_r, pool, &error);
		if (ret > 0) {
			error = t_strdup_printf("Setting %s = %s is wrong (%s), "
						"using the rest of it",
						setting->name, *value, error);
			array_push_back(errors, &error);
		}
		if (ret >= 0)
			continue;
		if (**value != '\0') {
			error = t_strdup_printf("Setting %s = %s is wrong (%s), "
						"using its default %s",
						setting->name, *value, error,
						setting->def);
			array_push_back(errors, &error);
		}
		if (setting->parse(setting, setting->def, set_r, pool,
				   &error) < 0)
			i_unreached();
	}
}
