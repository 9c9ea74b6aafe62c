#include "bounce-test.h"
#include "bounce-authres.h"

START_TEST(fields)
{
	static const struct {
		const char *value, *id;
		bool passes;
	} tests[] = {
		{ "mx.example.org; dmarc=pass header.from=example.net",
		  "mx.example.org", TRUE },
		{ "mx.example.org 1; dmarc = pass (p=none dis=none) "
		  "header.from = example.net", "mx.example.org", TRUE },
		{ "mx.example.org;\r\n\tdkim=fail header.d=example.net;\r\n"
		  "\tdmarc=pass", "mx.example.org", TRUE },
		{ "mx.example.org; dmarc=pass header.from=other.net",
		  "mx.example.org", FALSE },
		{ "mx.example.org; dmarc=fail header.from=example.net",
		  "mx.example.org", FALSE },
		{ "mx.example.org; dkim=pass header.d=example.net",
		  "mx.example.org", TRUE },
		{ "mx.example.org; dkim=pass header.i=@mail.example.net",
		  "mx.example.org", FALSE },
		{ "mx.example.org; dkim=pass header.d=net", "mx.example.org",
		  FALSE },
		{ "mx.example.org; dkim=pass header.d=badexample.net",
		  "mx.example.org", FALSE },
		{ "mx.example.org; spf=pass smtp.mailfrom=bob@example.net",
		  "mx.example.org", TRUE },
		{ "mx.example.org; spf=pass smtp.helo=example.net",
		  "mx.example.org", FALSE },
		{ "mx.example.org; spf=softfail smtp.mailfrom=example.net; "
		  "auth=pass", "mx.example.org", FALSE },
		{ "mx.example.org; none", "mx.example.org", FALSE },
		/* in a comment, in quotes */
		{ "mx.example.org; spf=fail (dmarc=pass ; dmarc=pass)",
		  "mx.example.org", FALSE },
		{ "mx.example.org; spf=fail reason=\"x; dmarc=pass\"",
		  "mx.example.org", FALSE },
		{ "mx.example.org; spf=fail (a \\) ; dmarc=pass)",
		  "mx.example.org", FALSE },
		{ "mx.example.org (us; dmarc=pass", "mx.example.org", FALSE },
		{ "\"mx.example.org\"; dmarc=pass", "mx.example.org", TRUE },
		{ "", NULL, FALSE }, { ";;;", NULL, FALSE },
		{ "(", NULL, FALSE }, { "\\", "\\", FALSE },
		{ "a; =", "a", FALSE }, { "a; dkim=pass header.d=", "a", FALSE },
		{ "a; dkim=pass header.d", "a", FALSE },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *id;
		bool passes = bounce_authres_passes(tests[i].value,
						    "example.net", &id);

		ck_assert_msg(passes == tests[i].passes, "%s", tests[i].value);
		ck_assert_msg(null_strcmp(id, tests[i].id) == 0, "%s: %s",
			      tests[i].value, id);
	}
}
END_TEST

START_TEST(below_the_domain)
{
	const char *id;

	ck_assert(bounce_authres_passes("a; dkim=pass header.d=example.net",
					"mail.example.net", &id));
	ck_assert(!bounce_authres_passes("a; dkim=pass header.d=net",
					 "example.net", &id));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authres");
	TCase *tcase = tcase_create("authres");

	tcase_add_test(tcase, fields);
	tcase_add_test(tcase, below_the_domain);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
