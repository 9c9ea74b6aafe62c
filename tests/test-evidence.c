/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-evidence.h"
#include "bounce-test.h"

START_TEST(own)
{
	static const char *const more[] = {
		"Shop@Example.NET", "@alice.example", "@B\xc3\xbc" "cher.example", NULL
	};
	static const char *const sites[] = { "mx2.example.org", NULL };
	static const char *const learned[] = { "MX2.example.org", "c1", NULL };
	static const struct {
		const char *address;
		bool own;
	} tests[] = {
		{ "alice@example.org", TRUE },
		{ "alice+list@example.org", TRUE },
		{ "alice@example.com", FALSE },
		{ "shop@example.net", TRUE },
		{ "any@alice.example", TRUE },
		{ "any@b.alice.example", FALSE },
		{ "any@xn--bcher-kva.example", TRUE },
		{ "any@b\xc3\xbc" "cher.example", TRUE },
		{ "any@b.xn--bcher-kva.example", FALSE },
		{ "carol@example.org", FALSE },
		{ "alice", FALSE }, { "", FALSE }, { "@", FALSE },
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct bounce_evidence_site site;

	bounce_evidence_site_init(pool, "alice@example.org", "mx.example.org",
				  more, sites, learned, &site);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++)
		ck_assert_msg(bounce_evidence_is_own(&site, tests[i].address) ==
			      tests[i].own, "%s", tests[i].address);
	ck_assert_str_eq(site.hosts[0], "mx.example.org");
	ck_assert_str_eq(site.hosts[1], "mx2.example.org");
	ck_assert_str_eq(site.hosts[2], "c1");
	ck_assert_ptr_null(site.hosts[3]);
	/* a login name without a domain */
	bounce_evidence_site_init(pool, "alice", "", NULL, NULL, NULL, &site);
	ck_assert(bounce_evidence_is_own(&site, "alice@example.org"));
	ck_assert(!bounce_evidence_is_own(&site, "bob@example.org"));
	ck_assert_ptr_null(site.hosts[0]);
	pool_unref(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence");
	TCase *tcase = tcase_create("evidence");

	tcase_add_test(tcase, own);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
