/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "bounce-store.h"
#include "bounce-texts.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "compat-settings.h"

#include <math.h>
#include <stdlib.h>

/* The user's event carries it once the wrong settings were named, so that the
   modules of one session do not all say it. */
#define WARNED_KEY "bounce_settings_warned"
/* Above any score: bounce_threshold = 0 suppresses nobody. */
#define THRESHOLD_NEVER 1e9
#define MAX_THRESHOLD 1000
/* Each is a few hundred bytes to 8 KiB; what is read at once must fit. */
#define MAX_MAX_ADDRESSES 10000000

/*
 * One setting: value to its field. Returns 0, or -1 with error_r.
 */

typedef int parse_t(const char *value, struct bounce_user_settings *set,
		    pool_t pool, const char **error_r);

static int parse_bool(const char *value, bool *bool_r, const char **error_r)
{
	static const char *const yes[] = { "yes", "y", "1", "true", NULL };
	static const char *const no[] = { "no", "n", "0", "false", NULL };

	if (!str_array_icase_find(yes, value) &&
	    !str_array_icase_find(no, value)) {
		*error_r = "neither yes nor no";
		return -1;
	}
	*bool_r = str_array_icase_find(yes, value);
	return 0;
}

static int parse_mailbox(const char *value, struct bounce_user_settings *set,
			 pool_t pool, const char **error_r ATTR_UNUSED)
{
	set->mailbox = p_strdup(pool, value);
	return 0;
}

static int parse_file(const char *value, struct bounce_user_settings *set,
		      pool_t pool ATTR_UNUSED, const char **error_r)
{
	const char *const *names = t_strsplit_spaces(value, ", ");
	enum bounce_kind kind;
	unsigned int kinds = 0;

	for (; *names != NULL; names++) {
		if (bounce_kind_parse(*names, &kind) < 0 ||
		    (kind != BOUNCE_KIND_FAILURE && kind != BOUNCE_KIND_DELAY &&
		     kind != BOUNCE_KIND_SUCCESS &&
		     kind != BOUNCE_KIND_COMPLAINT)) {
			*error_r = t_strdup_printf("%s is none of failure, "
				"delay, success, complaint", *names);
			return -1;
		}
		kinds |= 1U << kind;
	}
	set->file_kinds = kinds;
	return 0;
}

static int parse_record(const char *value, struct bounce_user_settings *set,
			pool_t pool ATTR_UNUSED, const char **error_r)
{
	return parse_bool(value, &set->record, error_r);
}

static int parse_evidence(const char *value, struct bounce_user_settings *set,
			  pool_t pool ATTR_UNUSED, const char **error_r)
{
	enum bounce_evidence evidence;

	set->evidence_auto = strcasecmp(value, "auto") == 0;
	if (set->evidence_auto)
		set->policy.evidence = BOUNCE_EVIDENCE_PLAUSIBLE;
	else if (strcasecmp(value, "any") == 0)
		set->policy.evidence = BOUNCE_EVIDENCE_UNVERIFIED;
	else if (bounce_evidence_parse(value, &evidence) == 0 &&
		 evidence != BOUNCE_EVIDENCE_UNVERIFIED)
		set->policy.evidence = evidence;
	else {
		*error_r = "none of auto, verified, plausible, any";
		return -1;
	}
	return 0;
}

static const char *const *parse_words(const char *value, pool_t pool)
{
	return (const char *const *)p_strsplit_spaces(pool, value, ", ");
}

static int parse_addresses(const char *value, struct bounce_user_settings *set,
			   pool_t pool, const char **error_r ATTR_UNUSED)
{
	set->addresses = parse_words(value, pool);
	return 0;
}

static int parse_sites(const char *value, struct bounce_user_settings *set,
		       pool_t pool, const char **error_r ATTR_UNUSED)
{
	set->sites = parse_words(value, pool);
	return 0;
}

static int parse_token_key(const char *value, struct bounce_user_settings *set,
			   pool_t pool, const char **error_r)
{
	if (strcasecmp(value, "no") == 0) {
		set->token_key = NULL;
		return 0;
	}
	if (*value != '\0' && *value != '/') {
		*error_r = "neither \"no\" nor an absolute path";
		return -1;
	}
	set->token_key = p_strdup(pool, value);
	return 0;
}

static int parse_threshold(const char *value, struct bounce_user_settings *set,
			   pool_t pool ATTR_UNUSED, const char **error_r)
{
	char *end;
	double threshold = strtod(value, &end);

	if (end == value || *end != '\0' || !isfinite(threshold) ||
	    threshold < 0 || threshold > MAX_THRESHOLD) {
		*error_r = t_strdup_printf("not a number from 0 to %u",
					   MAX_THRESHOLD);
		return -1;
	}
	set->policy.threshold = threshold > 0 ? threshold : THRESHOLD_NEVER;
	return 0;
}

static int parse_half_life(const char *value, struct bounce_user_settings *set,
			   pool_t pool ATTR_UNUSED, const char **error_r)
{
	return compat_parse_time(value, &set->policy.half_life, error_r);
}

static int parse_forget(const char *value, struct bounce_user_settings *set,
			pool_t pool ATTR_UNUSED, const char **error_r)
{
	return compat_parse_time(value, &set->policy.forget, error_r);
}

static int parse_keep_hard(const char *value, struct bounce_user_settings *set,
			   pool_t pool ATTR_UNUSED, const char **error_r)
{
	return compat_parse_time(value, &set->policy.keep_hard, error_r);
}

static int
parse_max_addresses(const char *value, struct bounce_user_settings *set,
		    pool_t pool ATTR_UNUSED, const char **error_r)
{
	if (str_to_uint(value, &set->max_addresses) < 0 ||
	    set->max_addresses > MAX_MAX_ADDRESSES) {
		*error_r = t_strdup_printf("not a number from 0 to %u",
					   MAX_MAX_ADDRESSES);
		return -1;
	}
	return 0;
}

static int parse_rules(const char *value, struct bounce_user_settings *set,
		       pool_t pool, const char **error_r)
{
	const char *const *dirs = parse_words(value, pool);

	for (unsigned int i = 0; dirs[i] != NULL; i++) {
		if (dirs[i][0] != '/') {
			*error_r = t_strdup_printf("%s is no absolute path",
						   dirs[i]);
			return -1;
		}
	}
	set->rules_dirs = dirs;
	return 0;
}

static int parse_language(const char *value, struct bounce_user_settings *set,
			  pool_t pool, const char **error_r)
{
	if (!bounce_texts_is_language(value)) {
		*error_r = "neither auto nor a language such as de or pt-BR";
		return -1;
	}
	set->language = strcasecmp(value, "auto") == 0 ? NULL :
		p_strdup(pool, value);
	return 0;
}

static int parse_texts(const char *value, struct bounce_user_settings *set,
		       pool_t pool, const char **error_r)
{
	return bounce_texts_dirs_parse(pool, value, &set->texts_dirs, error_r);
}

/*
 * All of them
 */

static void
read_setting(struct bounce_user *bu, const char *name, const char *value,
	     const char *def, parse_t *parse, bool warn)
{
	const char *error;

	if (parse(value, &bu->set, bu->pool, &error) == 0)
		return;
	if (warn) {
		e_error(bu->event, "Setting %s = %s is wrong (%s), using its "
			"default %s", name, value, error, def);
	}
	if (parse(def, &bu->set, bu->pool, &error) < 0)
		i_unreached();
}

static void read_settings(struct bounce_user *bu)
{
	struct compat_settings set;
	const char *error;
	bool warn = event_get_ptr(bu->user->event, WARNED_KEY) == NULL;

	if (compat_settings_get(bu->user, bu->pool, &set, &bu->set.dict,
				&error) < 0 && warn) {
		e_error(bu->event, "Settings cannot be read, using their "
			"defaults: %s", error);
	}
#define READ(name, def) \
	read_setting(bu, "bounce_"#name, set.name, def, parse_##name, warn);
	COMPAT_SETTINGS(READ)
	event_set_ptr(bu->user->event, WARNED_KEY, bu->user);
}

struct bounce_user *bounce_user_init(struct mail_user *user)
{
	pool_t pool = pool_alloconly_create("bounce user", 1024);
	struct bounce_user *bu = p_new(pool, struct bounce_user, 1);

	bu->pool = pool;
	bu->user = user;
	bu->event = event_create(user->event);
	event_set_append_log_prefix(bu->event, "bounce: ");
	bounce_policy_init(&bu->set.policy);
	T_BEGIN {
		read_settings(bu);
	} T_END;
	return bu;
}

void bounce_user_deinit(struct bounce_user **_bu)
{
	struct bounce_user *bu = *_bu;

	if (bu == NULL)
		return;
	*_bu = NULL;
	bounce_store_deinit(&bu->store);
	event_unref(&bu->event);
	pool_unref(&bu->pool);
}

int bounce_user_store(struct bounce_user *bu, struct bounce_store **store_r,
		      const char **error_r)
{
	struct bounce_store_settings set;

	if (bu->store == NULL) {
		i_zero(&set);
		set.dict = bu->set.dict;
		set.policy = bu->set.policy;
		set.evidence_auto = bu->set.evidence_auto;
		set.max_addresses = bu->set.max_addresses;
		if (bounce_store_init(bu->user, &set, &bu->store,
				      error_r) < 0) {
			bu->store = NULL;
			return -1;
		}
	}
	*store_r = bu->store;
	return 0;
}

/* "Bounces" where all of the user's folders stand below "INBOX.": name it as
   he sees it, not as something outside of all namespaces. */
const char *bounce_user_vname(struct mail_user *user, const char *name)
{
	struct mail_namespace *inbox =
		mail_namespace_find_inbox(user->namespaces);
	struct mail_namespace *ns = mail_namespace_find(user->namespaces, name);

	if (inbox == NULL || inbox->prefix_len == 0 || ns == inbox ||
	    strcasecmp(name, "INBOX") == 0)
		return name;
	if (ns != NULL && (ns->prefix_len > 0 ||
			   (ns->flags & NAMESPACE_FLAG_AUTOCREATED) == 0))
		return name;
	return t_strconcat(inbox->prefix, name, NULL);
}
