/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Any bytes as what others write: the first one says as what. */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-authres.h"
#include "bounce-entry.h"
#include "bounce-import.h"
#include "bounce-rate.h"
#include "bounce-reason.h"
#include "bounce-record.h"
#include "bounce-sent-private.h"
#include "bounce-token.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

/* What the dictionary holds, whoever wrote it. */
static void fuzz_record(pool_t pool, const char *text)
{
	struct bounce_record rec, again;
	struct bounce_policy policy;
	struct bounce_incident incident;
	const char *error;

	if (bounce_record_decode(pool, text, &rec, &error) < 0)
		return;
	text = bounce_record_encode(&rec);
	if (bounce_record_decode(pool, text, &again, &error) < 0)
		i_panic("%s: %s", error, text);
	i_assert(strcmp(text, bounce_record_encode(&again)) == 0);
	/* and a report comes */
	bounce_policy_init(&policy);
	(void)bounce_policy_score(&policy, &rec, 1800000000);
	i_zero(&incident);
	incident.address = again.address;
	incident.report_id = "<report@example.net>";
	incident.original_message_id = "<mail@example.org>";
	incident.reason = bounce_reason_find("mailbox-full");
	incident.evidence = BOUNCE_EVIDENCE_VERIFIED;
	incident.when = 1800000000;
	(void)bounce_policy_count(&policy, pool, &again, &incident);
	text = bounce_record_encode(&again);
	if (bounce_record_decode(pool, text, &rec, &error) < 0)
		i_panic("%s: %s", error, text);
}

/* The same without a JSON library as with it, which reads what has a member that
   nobody knows. */
static void fuzz_sent_quick(pool_t pool, const char *text)
{
	struct bounce_sent quick, slow;
	const char *error;

	if (!bounce_sent_quick_decode(pool, text, &quick))
		return;
	text = t_strconcat(t_strndup(text, strlen(text) - 1), ",\"\":1}", NULL);
	i_assert(!bounce_sent_quick_decode(pool, text, &slow));
	if (bounce_sent_decode(pool, text, &slow, &error) < 0)
		i_panic("%s: %s", error, text);
	i_assert(strcmp(bounce_sent_encode(&quick),
			bounce_sent_encode(&slow)) == 0);
}

static void fuzz_sent(pool_t pool, const char *text)
{
	struct bounce_sent sent, again;
	struct bounce_sent_mail mail;
	struct bounce_rate rate;
	const char *error;

	fuzz_sent_quick(pool, text);
	if (bounce_sent_decode(pool, text, &sent, &error) < 0)
		return;
	text = bounce_sent_encode(&sent);
	if (bounce_sent_decode(pool, text, &again, &error) < 0)
		i_panic("%s: %s", error, text);
	i_assert(strcmp(text, bounce_sent_encode(&again)) == 0);
	bounce_rate_judge(&again, 0, &rate);
	i_assert(rate.percent >= 0 && rate.percent <= 100);
	(void)bounce_rate_advice(&rate, NULL);
	bounce_rate_sum(&sent, pool, &again);
	i_zero(&mail);
	mail.message_id = "<mail@example.org>";
	mail.recipients = 1;
	if (!bounce_sent_see(&again, pool, mail.message_id))
		bounce_sent_count(&again, pool, &mail);
	(void)bounce_sent_knows_failures(&again);
}

static void fuzz_import(pool_t pool, const char *text)
{
	struct bounce_import *import = bounce_import_init(pool, NULL, FALSE);
	const char *const *lines = t_strsplit(text, "\n");
	struct bounce_import_item item;
	const char *error, *normal;

	for (; *lines != NULL; lines++) {
		const char *line = *lines;

		while (bounce_import_goes_on(import, line) &&
		       lines[1] != NULL)
			line = t_strconcat(line, "\n", *++lines, NULL);
		if (bounce_import_line(import, line, &item, &error) <= 0)
			continue;
		if (bounce_address_normalize(pool, item.address, &normal,
					     &error) < 0)
			i_panic("%s: %s", error, item.address);
		i_assert(strcmp(normal, item.address) == 0);
	}
}

static void fuzz_address(pool_t pool, const char *text)
{
	const char *normal, *again, *error, *name;

	(void)bounce_entry_address(text);
	if (bounce_address_normalize(pool, text, &normal, &error) < 0)
		return;
	if (bounce_address_normalize(pool, normal, &again, &error) < 0)
		i_panic("%s: %s", error, normal);
	i_assert(strcmp(normal, again) == 0);
	(void)bounce_address_domain(normal);
	(void)bounce_address_propose(normal);
	name = bounce_entry_name(normal);
	again = bounce_entry_address(name);
	i_assert(again != NULL && strcmp(again, normal) == 0);
}

static void fuzz_authres(const char *text)
{
	ARRAY_TYPE(const_string) domains;
	const char *id;

	(void)bounce_authres_passes(text, "example.net", &id);
	t_array_init(&domains, 4);
	bounce_authres_signatures(text, &domains, &id);
}

static void fuzz_token(pool_t pool, const char *text)
{
	ARRAY_TYPE(bounce_token_key) keys;
	struct bounce_token_key key;
	struct bounce_token token;
	const char *error;

	p_array_init(&keys, pool, 2);
	(void)bounce_token_keys_parse(text, &keys, &error);
	array_clear(&keys);
	memset(&key, 7, sizeof(key));
	array_push_back(&keys, &key);
	i_assert(!bounce_token_verify(&keys, text, "alice",
				      "<mail@example.org>", 1800000000, pool,
				      &token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	T_BEGIN {
		pool_t pool = pool_alloconly_create("fuzz", 4096);
		const char *text = t_strndup(data + 1, size - 1);

		switch (*data) {
		case 'r':
			fuzz_record(pool, text);
			break;
		case 's':
			fuzz_sent(pool, text);
			break;
		case 'i':
			fuzz_import(pool, text);
			break;
		case 'a':
			fuzz_address(pool, text);
			break;
		case 'h':
			fuzz_authres(text);
			break;
		case 't':
			fuzz_token(pool, text);
			break;
		}
		pool_unref(&pool);
	} T_END;
	return 0;
}
