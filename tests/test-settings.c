/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What the settings of bounce-settings(5) may be. What is wrong is said, and its default
   is used; where Dovecot has them from: run/test_settings. */

#include "bounce-test.h"
#include "array.h"
#include "bounce-tell.h"
#include "bounce-user-settings.h"
#include "compat-settings.h"

#include <string.h>

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("settings", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

/* The defaults but for one; returns what is said. */
static const char *
parsed(size_t offset, const char *value, struct bounce_user_settings *set_r)
{
	struct compat_settings texts = compat_settings_default;
	ARRAY_TYPE(const_string) errors;
	const char **text = PTR_OFFSET(&texts, offset);

	*text = value;
	t_array_init(&errors, 2);
	bounce_user_settings_parse(&texts, pool, set_r, &errors);
	ck_assert_uint_le(array_count(&errors), 1);
	return array_is_empty(&errors) ? "" : *array_front(&errors);
}

#define PARSED(name, value, set) \
	parsed(offsetof(struct compat_settings, name), value, set)

/* Each kind of setting: what it takes, and what it does not. */
START_TEST(test_values)
{
#define ROW(name) #name, offsetof(struct compat_settings, name)
	static const struct {
		const char *name;
		size_t offset;
		const char *value;
		/* a part of what is said, NULL = nothing */
		const char *says;
	} tests[] = {
		{ ROW(record), "yes", NULL },
		{ ROW(record), "True", NULL },
		{ ROW(record), "0", NULL },
		{ ROW(record), "maybe", "neither yes nor no" },
		/* the default, and nothing to say */
		{ ROW(record), "", NULL },
		{ ROW(max_addresses), "0", NULL },
		{ ROW(max_addresses), "10000000", NULL },
		{ ROW(max_addresses), "10000001", "from 0 to 10000000" },
		{ ROW(max_addresses), "-1", "from 0 to 10000000" },
		{ ROW(max_addresses), "1x", "from 0 to 10000000" },
		{ ROW(threshold), "0", NULL },
		{ ROW(threshold), "0.5", NULL },
		{ ROW(threshold), "1000", NULL },
		{ ROW(threshold), "1000.1", "from 0 to 1000" },
		{ ROW(threshold), "-0.1", "from 0 to 1000" },
		{ ROW(threshold), "3x", "from 0 to 1000" },
		{ ROW(threshold), "x", "from 0 to 1000" },
		{ ROW(threshold), "nan", "from 0 to 1000" },
		{ ROW(threshold), "inf", "from 0 to 1000" },
		{ ROW(half_life), "2 weeks", NULL },
		{ ROW(half_life), "soon", "bounce_half_life = soon is wrong" },
		{ ROW(suppress_again), "0", NULL },
		{ ROW(suppress_again), "20s", "above 20 seconds" },
		{ ROW(suppress_again), "21s", NULL },
		{ ROW(suppress_again), "later", "is wrong" },
		{ ROW(evidence), "ANY", NULL },
		{ ROW(evidence), "plausible", NULL },
		{ ROW(evidence), "unverified", "none of verified" },
		{ ROW(evidence), "sure", "none of verified" },
		{ ROW(file), "failure, delay success,complaint", NULL },
		{ ROW(file), "disposition", "disposition is none of" },
		{ ROW(file), "auto-reply", "auto-reply is none of" },
		{ ROW(file), "failure bounces", "bounces is none of" },
		{ ROW(notice), "no", NULL },
		{ ROW(notice), "failure,recovered", NULL },
		{ ROW(notice), "failure flood", "flood is none of" },
		{ ROW(sites), "example.org .example.net 192.0.2.1", NULL },
		{ ROW(sites), "example.org a@example.org",
		  "a@example.org is no host or domain), using the rest" },
		{ ROW(relays), "192.0.2.0/24 example.org",
		  "192.0.2.0/24 is no host, domain or single IP" },
		{ ROW(feedback), "fbl@example.org", NULL },
		{ ROW(feedback), "example.org", "example.org is no address" },
		{ ROW(feedback), "@example.org", "@example.org is no address" },
		{ ROW(feedback), "fbl@", "fbl@ is no address" },
		{ ROW(token_key), "no", NULL },
		{ ROW(token_key), "/etc/key", NULL },
		{ ROW(token_key), "key", "neither \"no\" nor" },
		{ ROW(rules), "/etc/a shipped", NULL },
		{ ROW(rules), "shipped rules.d", "rules.d is no absolute" },
		{ ROW(remedies), "/etc/a, /etc/b", NULL },
		/* that word is none here */
		{ ROW(remedies), "/etc/a shipped", "shipped is no absolute" },
		{ ROW(mailbox), "Zur\xc3\xbc""ck", NULL },
		{ ROW(mailbox), "Zur\xfc""ck", "not UTF-8" },
		{ ROW(notice_mailbox), "\xff", "not UTF-8" },
		{ ROW(language), "pt-BR", NULL },
		{ ROW(language), "auto", NULL },
		{ ROW(language), "../x", "neither auto nor" },
		{ ROW(digest), "weekly", NULL },
		{ ROW(digest), "hourly", "none of no, " },
		{ ROW(suppress), "enforce", NULL },
		{ ROW(suppress), "yes", "none of no, report, enforce" },
		{ ROW(suppress_reply), "rcpt", NULL },
		{ ROW(suppress_reply), "all", "none of auto, rcpt" },
	};
	struct bounce_user_settings set;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		const char *says = parsed(tests[i].offset, tests[i].value,
					  &set);

		ck_assert_msg(tests[i].says == NULL ? *says == '\0' :
			      strstr(says, tests[i].says) != NULL,
			      "%s = %s: %s", tests[i].name, tests[i].value,
			      says);
	} T_END;
}
END_TEST

/* What is meant by them. */
START_TEST(test_meaning)
{
	struct bounce_user_settings set;

	ck_assert_str_eq(PARSED(record, "n", &set), "");
	ck_assert(!set.record);
	ck_assert_str_eq(PARSED(record, "1", &set), "");
	ck_assert(set.record);
	(void)PARSED(threshold, "2.5", &set);
	ck_assert(set.policy.threshold == 2.5);
	/* nobody is suppressed, whatever the score */
	(void)PARSED(threshold, "0", &set);
	ck_assert(set.policy.threshold > 1e6);
	(void)PARSED(half_life, "2d", &set);
	ck_assert_uint_eq(set.policy.half_life, 2 * 86400);
	(void)PARSED(suppress_again, "21s", &set);
	ck_assert_uint_eq(set.hold.again, 21);
	(void)PARSED(evidence, "any", &set);
	ck_assert_int_eq(set.policy.evidence, BOUNCE_EVIDENCE_UNVERIFIED);
	(void)PARSED(evidence, "plausible", &set);
	ck_assert_int_eq(set.policy.evidence, BOUNCE_EVIDENCE_PLAUSIBLE);
	(void)PARSED(file, "delay complaint", &set);
	ck_assert_uint_eq(set.file_kinds, 1U << BOUNCE_KIND_DELAY |
			  1U << BOUNCE_KIND_COMPLAINT);
	(void)PARSED(notice, "broadcast recovered", &set);
	ck_assert_uint_eq(set.notice_kinds, 1U << BOUNCE_TELL_BROADCAST |
			  1U << BOUNCE_TELL_RECOVERED);
	(void)PARSED(notice, "NO", &set);
	ck_assert_uint_eq(set.notice_kinds, 0);
	(void)PARSED(token_key, "No", &set);
	ck_assert_ptr_null(set.token_key);
	(void)PARSED(token_key, "/k", &set);
	ck_assert_str_eq(set.token_key, "/k");
	(void)PARSED(language, "AUTO", &set);
	ck_assert_ptr_null(set.language);
	(void)PARSED(language, "de", &set);
	ck_assert_str_eq(set.language, "de");
	(void)PARSED(addresses, "a@x, @y", &set);
	ck_assert_str_eq(set.addresses[0], "a@x");
	ck_assert_str_eq(set.addresses[1], "@y");
	ck_assert_ptr_null(set.addresses[2]);
	(void)PARSED(suppress, "enforce", &set);
	ck_assert_int_eq(set.hold.mode, BOUNCE_HOLD_MODE_ENFORCE);
	(void)PARSED(suppress_reply, "rcpt", &set);
	ck_assert_int_eq(set.hold.reply, BOUNCE_HOLD_REPLY_RCPT);
}
END_TEST

/* One that is wrong is as if it were not there; of a list only the wrong word means
   nothing. */
START_TEST(test_wrong)
{
	struct bounce_user_settings set;
	const char *says;

	says = PARSED(threshold, "many", &set);
	ck_assert_str_eq(says, "Setting bounce_threshold = many is wrong (not "
			 "a number from 0 to 1000), using its default 3");
	ck_assert(set.policy.threshold == 3);
	ck_assert_str_ne(PARSED(file, "delay x", &set), "");
	ck_assert_uint_eq(set.file_kinds, 1U << BOUNCE_KIND_FAILURE);
	ck_assert_str_ne(PARSED(suppress_again, "5s", &set), "");
	ck_assert_uint_eq(set.hold.again, 3600);
	ck_assert_str_ne(PARSED(mailbox, "\xff", &set), "");
	ck_assert_str_eq(set.mailbox, "Bounces");
	ck_assert_str_ne(PARSED(feedback, "x fbl@example.org", &set), "");
	ck_assert_str_eq(set.feedback[1], "fbl@example.org");
	/* empty is not wrong */
	ck_assert_str_eq(PARSED(max_addresses, "", &set), "");
	ck_assert_uint_eq(set.max_addresses, 10000);
	/* an empty text means it */
	ck_assert_str_eq(PARSED(mailbox, "", &set), "");
	ck_assert_str_eq(set.mailbox, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_values);
	tcase_add_test(tcase, test_meaning);
	tcase_add_test(tcase, test_wrong);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
