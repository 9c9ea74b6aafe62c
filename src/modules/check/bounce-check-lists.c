/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The block lists. A list is asked about its own test points first: one that does not
   say what it must cannot be believed. */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "bounce-blocklist.h"
#include "bounce-remedy.h"
#include "bounce-check-network.h"

/* The value of "spamhaus=KEY" in bounce_check_keys, or NULL. */
static const char *
lists_key(struct bounce_check *check, const struct bounce_blocklist *list)
{
	const char *const *word = check->network->keys;
	size_t len = list->key == NULL ? 0 : strlen(list->key);

	for (; len > 0 && *word != NULL; word++) {
		if (strncmp(*word, list->key, len) == 0 &&
		    (*word)[len] == '=' && (*word)[len + 1] != '\0')
			return *word + len + 1;
	}
	return NULL;
}

/* Does the list say what it must of its test points? */
static bool lists_test(struct bounce_check *check,
		       const struct bounce_blocklist *list, const char *key)
{
	struct bounce_dns_answer answer;
	const char *text;

	bounce_check_network_ask_list(check, t_bounce_blocklist_name(list, key,
					list->test_listed), &answer);
	if (list->test_answer != NULL ?
	    !str_array_find(answer.values, list->test_answer) :
	    bounce_blocklist_judge(list, &answer, &text) !=
	    BOUNCE_BLOCKLIST_LISTED) {
		(void)bounce_blocklist_judge(list, &answer, &text);
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "list",
				 list->title, "A resolver of your own, or a key "
				 "(bounce_check_keys), may help",
				 "it does not list its test point: %s", text);
		return FALSE;
	}
	bounce_check_network_ask_list(check, t_bounce_blocklist_name(list, key,
					list->test_clean), &answer);
	if (answer.status != BOUNCE_DNS_NONE) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "list",
				 list->title, NULL, answer.status ==
				 BOUNCE_DNS_FOUND ? "it lists everything" :
				 "it did not answer");
		return FALSE;
	}
	return TRUE;
}

static const char *t_lists_remedy(struct bounce_check *check,
				  const struct bounce_blocklist *list)
{
	const struct bounce_remedy *remedy;

	if (check->remedies == NULL)
		return NULL;
	remedy = bounce_remedy_find_provider(check->remedies, list->provider);
	return remedy == NULL ? NULL :
		t_bounce_remedy_text(remedy, check->now);
}

static void
lists_ask(struct bounce_check *check, const struct bounce_blocklist *list,
	  const char *name, const char *subject)
{
	static const enum bounce_check_result results[] = {
		[BOUNCE_BLOCKLIST_CLEAN] = BOUNCE_CHECK_OK,
		[BOUNCE_BLOCKLIST_NOTE] = BOUNCE_CHECK_NOTE,
		[BOUNCE_BLOCKLIST_LISTED] = BOUNCE_CHECK_FAIL,
		[BOUNCE_BLOCKLIST_REFUSED] = BOUNCE_CHECK_UNKNOWN,
	};
	enum bounce_blocklist_verdict verdict;
	struct bounce_dns_answer answer;
	const char *text;

	bounce_check_network_ask_list(check, name, &answer);
	verdict = bounce_blocklist_judge(list, &answer, &text);
	bounce_check_say(check, results[verdict], "list",
			 t_strdup_printf("%s %s", list->title, subject),
			 verdict == BOUNCE_BLOCKLIST_LISTED ?
			 t_lists_remedy(check, list) : NULL, "%s", text);
}

static void
lists_ask_domains(struct bounce_check *check,
		  const struct bounce_blocklist *list, const char *key)
{
	const struct bounce_check_network *network = check->network;
	unsigned int count;
	const char *const *domains = array_get(&network->domains, &count);

	for (unsigned int i = network->lists_domains; i < count; i++) {
		lists_ask(check, list, t_bounce_blocklist_name(list, key,
							       domains[i]),
			  domains[i]);
	}
}

static void
lists_ask_ips(struct bounce_check *check, const struct bounce_blocklist *list,
	      const char *key)
{
	const struct bounce_check_network *network = check->network;
	unsigned int count;
	const char *const *ips = array_get(&network->ips, &count);

	for (unsigned int i = network->lists_ips; i < count; i++) {
		struct ip_addr ip;
		const char *name;

		if (bounce_dns_ip_parse(ips[i], &ip) < 0)
			i_unreached();
		name = t_bounce_blocklist_ip(list, key, &ip);
		if (name != NULL)
			lists_ask(check, list, name, ips[i]);
	}
}

static void lists_one(struct bounce_check *check, const char *name)
{
	const struct bounce_check_network *network = check->network;
	const struct bounce_blocklist *list = bounce_blocklist_find(name);
	const char *key;

	if (list == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "list", name,
				 "See bounce_check_lists", "there is no such list");
		return;
	}
	if (list->domains ?
	    network->lists_domains == array_count(&network->domains) :
	    network->lists_ips == array_count(&network->ips))
		return;
	key = lists_key(check, list);
	if (key == NULL && list->zone == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "list",
				 list->title, "See bounce_check_keys",
				 "it answers only who has a key");
	} else if (!lists_test(check, list, key)) {
		return;
	} else if (list->domains) {
		lists_ask_domains(check, list, key);
	} else {
		lists_ask_ips(check, list, key);
	}
}

void bounce_check_lists(struct bounce_check *check)
{
	struct bounce_check_network *network = check->network;
	const char *const *name;

	if (!bounce_check_network_ready(check))
		return;
	if (array_is_empty(&network->ips) && array_is_empty(&network->domains) &&
	    (check->bu != NULL || !check->for_users)) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "list", "",
			"Name our addresses by --ip, or in bounce_check_hosts",
			"no address and no domain of ours is known");
	}
	for (name = network->lists; *name != NULL; name++) T_BEGIN {
		lists_one(check, *name);
	} T_END;
	network->lists_ips = array_count(&network->ips);
	network->lists_domains = array_count(&network->domains);
}
