/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "net.h"
#include "mail-user.h"
#include "bounce-address.h"
#include "compat-user.h"
#include "bounce-check-cache.h"
#include "bounce-check-mails.h"
#include "bounce-check-network.h"

/* More are not asked about: it is the site's own. */
#define MAX_SUBJECTS 50

static void network_add(struct bounce_check *check,
			ARRAY_TYPE(const_string) *list, const char *value)
{
	if (array_count(list) >= MAX_SUBJECTS ||
	    array_lsearch(list, &value, i_strcmp_p) != NULL)
		return;
	value = p_strdup(check->pool, value);
	array_push_back(list, &value);
}

/* name, or the domain of an address, in any form. */
static void network_add_domain(struct bounce_check *check, const char *name)
{
	const char *at = strrchr(name, '@'), *normal, *error;

	at = at == NULL ? name : at + 1;
	if (strchr(at, '.') == NULL ||
	    bounce_address_normalize(pool_datastack_create(),
				     t_strconcat("x@", at, NULL), &normal,
				     &error) < 0)
		return;
	network_add(check, &check->network->domains, strchr(normal, '@') + 1);
}

/* An address, or a host, whose addresses are asked for. */
static void network_add_host(struct bounce_check *check, const char *host)
{
	static const enum bounce_dns_type types[] = {
		BOUNCE_DNS_A, BOUNCE_DNS_AAAA
	};
	struct bounce_dns_answer answer;
	struct ip_addr ip;
	bool found = FALSE;

	if (bounce_dns_ip_parse(host, &ip) == 0) {
		network_add(check, &check->network->ips, net_ip2addr(&ip));
		return;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(types); i++) {
		bounce_check_network_ask(check, host, types[i], &answer);
		for (; *answer.values != NULL; answer.values++) {
			network_add(check, &check->network->ips,
				    *answer.values);
			found = TRUE;
		}
	}
	if (!found) {
		bounce_check_say(check, BOUNCE_CHECK_WARN, "host", host,
				 "See bounce_check_hosts",
				 "it has no address, or nobody says it");
	}
}

static void network_add_site(struct bounce_check *check)
{
	struct bounce_check_network *network = check->network;
	const char *const *word;

	for (word = network->arg_domains; word != NULL && *word != NULL; word++)
		network_add_domain(check, *word);
	for (word = network->arg_ips; word != NULL && *word != NULL; word++)
		network_add_host(check, *word);
	for (word = network->hosts; *word != NULL; word++)
		network_add_host(check, *word);
}

static void network_add_user(struct bounce_check *check)
{
	const struct bounce_check_mails *mails = bounce_check_mails(check);
	const char *const *word, *ip;

	/* whoever names domains means those */
	if (check->network->arg_domains == NULL) {
		network_add_domain(check, check->bu->user->username);
		for (word = check->bu->set.addresses; *word != NULL; word++)
			network_add_domain(check, *word);
	}
	array_foreach_elem(&mails->ips, ip)
		network_add(check, &check->network->ips, ip);
}

static void network_open(struct bounce_check *check)
{
	struct bounce_check_network *network = check->network;
	const char *dir = compat_user_state_dir(), *described, *error;

	network->tried = TRUE;
	if (bounce_check_resolver_init(network->resolve, &network->resolver,
				       &described, &error) < 0) {
		network->resolver = NULL;
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "resolver", "",
				 NULL, "nobody can be asked: %s", error);
		return;
	}
	bounce_check_say(check, BOUNCE_CHECK_OK, "resolver", "", NULL, "%s",
			 described);
	network->cache = bounce_check_cache_init(dir == NULL ? NULL :
		t_strconcat(dir, "/"BOUNCE_CHECK_CACHE_FILE, NULL),
		check->now);
	network_add_site(check);
}

bool bounce_check_network_ready(struct bounce_check *check)
{
	if (!check->network->tried)
		network_open(check);
	if (check->network->resolver == NULL)
		return FALSE;
	if (check->bu != NULL)
		network_add_user(check);
	return TRUE;
}

void bounce_check_network_deinit(struct bounce_check *check)
{
	struct bounce_check_network *network = check->network;
	const char *error;

	if (bounce_check_cache_deinit(&network->cache, &error) < 0)
		i_warning("bounce: What block lists say is not kept: %s", error);
	if (network->resolver != NULL)
		bounce_check_resolver_deinit(&network->resolver);
}

void bounce_check_network_ask(struct bounce_check *check, const char *name,
			      enum bounce_dns_type type,
			      struct bounce_dns_answer *answer_r)
{
	bounce_check_resolver_query(check->network->resolver, name, type,
				    answer_r);
}

void bounce_check_network_ask_list(struct bounce_check *check, const char *name,
				   struct bounce_dns_answer *answer_r)
{
	struct bounce_check_network *network = check->network;
	/* another resolver may be told something else */
	const char *key = t_strconcat(t_strarray_join(network->resolve, " "),
				      " ", name, NULL);

	if (bounce_check_cache_get(network->cache, key, answer_r))
		return;
	bounce_check_network_ask(check, name, BOUNCE_DNS_A, answer_r);
	bounce_check_cache_put(network->cache, key, answer_r);
}
