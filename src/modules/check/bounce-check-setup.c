/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What a user's settings and mailboxes come to. */

#include "lib.h"
#include "array.h"
#include "mailbox-list-iter.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "bounce-hosts.h"
#include "bounce-key.h"
#include "bounce-remedy.h"
#include "bounce-rules.h"
#include "bounce-sent-copy.h"
#include "bounce-texts.h"
#include "compat-user.h"
#include "compat-settings.h"
#include "bounce-check.h"

#include <fcntl.h>
#include <unistd.h>

static const char *t_setup_join(const char *const *words)
{
	return words == NULL ? "" : t_strarray_join(words, " ");
}

void bounce_check_setup_no_user(struct bounce_check *check)
{
	/* the site's rows are said before any user's */
	if (check->for_users)
		return;
	bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "user", "",
			 "Name one with -u", "no user was named: their settings, "
			 "Sent mailbox, evidence and dictionary were not looked at");
}

void bounce_check_setup_settings(struct bounce_check *check)
{
	struct bounce_user_settings set;
	ARRAY_TYPE(const_string) errors;
	const char *error;

	t_array_init(&errors, 4);
	bounce_user_settings_read(check->bu->user, check->pool, &set, &errors);
	array_foreach_elem(&errors, error) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "settings", "",
				 "See bounce-settings(5)", "%s",
				 error);
	}
	if (array_is_empty(&errors)) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "settings", "", NULL,
				 "no value is wrong");
	}
	array_clear(&errors);
	compat_settings_unknown(check->bu->user, &errors);
	array_foreach_elem(&errors, error) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "settings", error,
				 "See bounce-settings(5)",
				 "there is no such setting");
	}
}

void bounce_check_setup_filing(struct bounce_check *check)
{
	const struct bounce_user_settings *set = &check->bu->set;

	if (*set->mailbox == '\0') {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "filing",
				 "bounce_mailbox", NULL,
				 "empty: reports stay in INBOX");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "filing",
				 "bounce_mailbox", NULL, "%s", set->mailbox);
	}
	if (!set->record) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "filing",
				 "bounce_record", NULL,
				 "no: nothing is remembered");
	}
	if (set->notice_kinds == 0) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "filing",
				 "bounce_notice", NULL,
				 "no: nobody is told what did not arrive");
	}
}

void bounce_check_setup_addresses(struct bounce_check *check)
{
	const char *login = check->bu->user->username;
	const char *const *more = check->bu->set.addresses;
	const char *all = t_strconcat(login, *t_setup_join(more) == '\0' ? "" :
				      " ", t_setup_join(more), NULL);

	if (strchr(all, '@') == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "aliases", login,
			"Name the user's addresses in bounce_addresses, best as "
			"a userdb field", "no address is known: %s at any domain "
			"is taken for theirs", login);
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "aliases", login,
			*t_setup_join(more) != '\0' ? NULL :
			"Other addresses that they write from belong in "
			"bounce_addresses", "%s", all);
	}
}

/*
 * Evidence
 */

static const char *t_setup_learned(struct bounce_check *check)
{
	struct bounce_store *store;
	const char *const *hosts, *error;

	if (bounce_user_store(check->bu, &store, &error) < 0 ||
	    bounce_hosts_read(store, pool_datastack_create(), check->now,
			      &hosts, &error) < 0 || *hosts == NULL)
		return "none";
	return t_strarray_join(hosts, " ");
}

void bounce_check_setup_hosts(struct bounce_check *check)
{
	const struct bounce_user_settings *set = &check->bu->set;
	const char *hostname, *delimiters;
	bool usable;

	compat_user_names(check->bu->user, check->pool, &hostname, &delimiters);
	usable = strchr(hostname, '.') != NULL || set->sites[0] != NULL;
	bounce_check_say(check, usable ? BOUNCE_CHECK_OK : BOUNCE_CHECK_WARN,
		"hosts", "own", usable ? NULL : "Set hostname to the MTA's name, "
		"or bounce_sites: reports of our own MTA are known by it",
		"hostname %s; bounce_sites: %s; learned from deliveries: %s",
		hostname, set->sites[0] == NULL ? "none" :
		t_setup_join(set->sites), t_setup_learned(check));
	bounce_check_say(check, BOUNCE_CHECK_OK, "hosts", "bounce_evidence",
		NULL, "what suppresses must be %s; bounce_sender_checked %s, "
		"bounce_relays: %s, bounce_authserv: %s",
		set->policy.evidence == BOUNCE_EVIDENCE_UNVERIFIED ? "nothing" :
		bounce_evidence_name(set->policy.evidence),
		set->sender_checked ? "yes" : "no",
		set->relays[0] == NULL ? "none" : t_setup_join(set->relays),
		set->authserv[0] == NULL ? "none" : t_setup_join(set->authserv));
}

void bounce_check_setup_sent(struct bounce_check *check)
{
	static const char *const patterns[] = { "*", NULL };
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	ARRAY_TYPE(const_string) names;
	const char *name;

	t_array_init(&names, 2);
	iter = mailbox_list_iter_init_namespaces(
		check->bu->user->namespaces, patterns,
		MAIL_NAMESPACE_TYPE_PRIVATE, MAILBOX_LIST_ITER_SKIP_ALIASES |
		MAILBOX_LIST_ITER_SELECT_SPECIALUSE |
		MAILBOX_LIST_ITER_RETURN_SPECIALUSE);
	while ((info = mailbox_list_iter_next(iter)) != NULL) {
		if (bounce_sent_copy_is_box(info)) {
			name = t_strdup(info->vname);
			array_push_back(&names, &name);
		}
	}
	if (mailbox_list_iter_deinit(&iter) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "sent", "\\Sent",
				 NULL, "mailboxes cannot be listed");
	} else if (array_is_empty(&names)) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "sent", "\\Sent",
			"Give the mailbox of sent mail special_use = \\Sent",
			"no mailbox has this special use: nothing is counted as "
			"sent, and no copy proves a report");
	} else {
		array_append_zero(&names);
		bounce_check_say(check, BOUNCE_CHECK_OK, "sent", "\\Sent", NULL,
				 "%s", t_strarray_join(array_front(&names),
						       " "));
	}
}

/* The first mail makes it, if its folder lets it: NULL, or why not. */
static const char *t_setup_key_error(const char *path)
{
	if (path == NULL || *path == '\0')
		return NULL;
	path = t_strdup_until(path, strrchr(path, '/') + 1);
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 ? NULL :
		t_strdup(strerror(errno));
}

void bounce_check_setup_token(struct bounce_check *check)
{
	const char *path = check->bu->set.token_key;
	ARRAY_TYPE(bounce_token_key) keys;
	const char *error;
	int ret;

	t_array_init(&keys, 2);
	ret = bounce_key_read(check->bu, FALSE, &keys, &error);
	if (ret < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "token",
				 "bounce_token_key", NULL, "%s", error);
	} else if (ret == 0 && (error = t_setup_key_error(path)) != NULL) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "token",
			"bounce_token_key", "See Tokens in bounce-sent(7)",
			"%s is not there and cannot be made: %s", path,
			error);
	} else if (ret == 0) {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "token",
			"bounce_token_key", NULL, path == NULL ?
			"switched off" :
			"no key yet: one is made with the first mail that is "
			"submitted here");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "token",
				 "bounce_token_key", NULL, "keys: %u",
				 array_count(&keys));
	}
}

/*
 * Data
 */

static void
setup_say_errors(struct bounce_check *check, const char *name,
		 const char *command, const ARRAY_TYPE(const_string) *errors)
{
	bounce_check_say(check, BOUNCE_CHECK_FAIL, name, "",
			 t_strdup_printf("doveadm bounce %s names them all",
					 command),
			 "lines that are wrong: %u, the first: %s",
			 array_count(errors), array_idx_elem(errors, 0));
}

void bounce_check_setup_rules(struct bounce_check *check)
{
	const char *const *dirs = check->bu->set.rules_dirs;
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;

	t_array_init(&errors, 4);
	/* with the examples of all */
	rules = bounce_rules_load_files(dirs, &errors);
	(void)bounce_rules_check(rules, &errors);
	if (!array_is_empty(&errors)) {
		setup_say_errors(check, "rules", "rules check", &errors);
	} else if (bounce_rules_count(rules) == 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "rules", "",
				 "See bounce_rules in bounce-settings(5)",
				 "there are none in %s", t_setup_join(dirs));
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "rules", "", NULL,
				 "%u in %s, and each wins its examples",
				 bounce_rules_count(rules), t_setup_join(dirs));
	}
	bounce_rules_free(&rules);
}

/* "de-AT" is read from "de". */
static bool setup_same_language(const char *a, const char *b)
{
	return strcasecmp(t_strcut(a, '-'), t_strcut(b, '-')) == 0;
}

void bounce_check_setup_texts(struct bounce_check *check)
{
	const char *const *dirs = check->bu->set.texts_dirs;
	ARRAY_TYPE(bounce_texts_status) languages;
	ARRAY_TYPE(const_string) errors;
	const char *texts;

	t_array_init(&languages, 16);
	t_array_init(&errors, 4);
	bounce_texts_check(dirs, &languages, &errors);
	if (!array_is_empty(&errors)) {
		setup_say_errors(check, "texts", "texts check", &errors);
		return;
	}
	if (array_is_empty(&languages)) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "texts", "",
				 "See bounce_texts in bounce-settings(5)",
				 "there are none in %s: people read English",
				 t_setup_join(dirs));
		return;
	}
	texts = bounce_texts_language(doveadm_bounce_texts(check->bu));
	if (check->bu->set.language != NULL &&
	    !setup_same_language(check->bu->set.language, texts)) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "texts",
				 check->bu->set.language,
				 "See bounce_language in bounce-settings(5)",
				 "there are none in this language, but in %s",
				 texts);
		return;
	}
	bounce_check_say(check, BOUNCE_CHECK_OK, "texts",
		check->bu->set.language == NULL ? "auto" :
		check->bu->set.language, NULL, "languages: %u; this user's: %s",
		array_count(&languages), texts);
}

void bounce_check_setup_remedies(struct bounce_check *check)
{
	const char *const *dirs = check->bu->set.remedies_dirs;
	struct bounce_remedies *remedies;
	ARRAY_TYPE(const_string) errors;

	t_array_init(&errors, 4);
	remedies = bounce_remedies_load(dirs, &errors);
	(void)bounce_remedies_check(remedies, &errors);
	if (!array_is_empty(&errors)) {
		setup_say_errors(check, "remedies", "remedies check", &errors);
	} else if (bounce_remedies_count(remedies) == 0) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "remedies", "",
				 "See bounce_remedies in bounce-settings(5)",
				 "there are none in %s", t_setup_join(dirs));
	} else {
		bounce_check_say(check, BOUNCE_CHECK_OK, "remedies", "", NULL,
				 "providers: %u",
				 bounce_remedies_count(remedies));
	}
	bounce_remedies_free(&remedies);
}
