/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "str.h"
#include "bounce-address.h"
#include "bounce-limits.h"

static const struct {
	const char *input, *wanted;	/* NULL = no address */
} normal[] = {
	{ "bob@example.com", "bob@example.com" },
	{ "<bob@example.com>", "bob@example.com" },
	{ " bob@example.com ", "bob@example.com" },
	{ "Bob.Smith@EXAMPLE.Com", "bob.smith@example.com" },
	{ "bob@example.com.", "bob@example.com" },
	{ "bob+list@example.com", "bob+list@example.com" },
	{ "\"bob\"@example.com", "bob@example.com" },
	{ "\"b\\ob\"@example.com", "bob@example.com" },
	{ "\"john doe\"@example.com", "\"john doe\"@example.com" },
	{ "john doe@example.com", "\"john doe\"@example.com" },
	{ "\"a@b\"@example.com", "\"a@b\"@example.com" },
	{ "a@b@example.com", "\"a@b\"@example.com" },
	{ "\"say \\\"hi\\\"\"@example.com", "\"say \\\"hi\\\"\"@example.com" },
	{ "\"back\\\\slash\"@example.com", "\"back\\\\slash\"@example.com" },
	{ "back\\slash@example.com", "\"back\\\\slash\"@example.com" },
	{ "a..b@example.com", "\"a..b\"@example.com" },
	{ ".a@example.com", "\".a\"@example.com" },
	{ "a/b@example.com", "a/b@example.com" },
	{ "../../etc/passwd@example.com", "\"../../etc/passwd\"@example.com" },
	{ "*%'@example.com", "*%'@example.com" },
	{ "o'brien@example.com", "o'brien@example.com" },
	/* composed and decomposed, and case folding beyond ASCII */
	{ "j\xc3\xbcrgen@example.com", "j\xc3\xbcrgen@example.com" },
	{ "ju\xcc\x88rgen@example.com", "j\xc3\xbcrgen@example.com" },
	{ "J\xc3\x9cRGEN@example.com", "j\xc3\xbcrgen@example.com" },
	{ "stra\xc3\x9f" "e@example.com", "strasse@example.com" },
	/* IDN in both forms, composed and not */
	{ "bob@b\xc3\xbc" "cher.example", "bob@xn--bcher-kva.example" },
	{ "bob@B\xc3\x9c" "CHER.example", "bob@xn--bcher-kva.example" },
	{ "bob@bu\xcc\x88" "cher.example", "bob@xn--bcher-kva.example" },
	{ "bob@XN--BCHER-KVA.example", "bob@xn--bcher-kva.example" },
	{ "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example",
	  "\xe7\x94\xa8\xe6\x88\xb7@xn--fsqu00a.example" },
	/* not "fass": another domain */
	{ "bob@FA\xc3\x9f.example", "bob@xn--fa-hia.example" },
	{ "bob@xn--fa-hia.example", "bob@xn--fa-hia.example" },
	{ "bob@\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example",
	  "bob@xn--nxasmm1c.example" },
	/* IDNA2008 forbids these labels, registries sell them (RFC 3492) */
	{ "bob@\xf0\x9f\x92\xa9.la", "bob@xn--ls8h.la" },
	{ "bob@xn--ls8h.la", "bob@xn--ls8h.la" },
	{ "bob@I\xe2\x9d\xa4.ws", "bob@xn--i-7iq.ws" },
	{ "bob@i\xe2\x9d\xa4\xef\xb8\x8f.ws", "bob@xn--i-7iq.ws" },
	{ "bob@a_\xc3\xbc.\xf0\x9f\x92\xa9.B\xc3\x9c" "CHER.under_score.la",
	  "bob@xn--a_-yka.xn--ls8h.xn--bcher-kva.under_score.la" },
	{ "bob@under_score.example", "bob@under_score.example" },
	{ "bob@[192.0.2.1]", "bob@[192.0.2.1]" },
	{ "bob@[IPv6:2001:DB8::1]", "bob@[ipv6:2001:db8::1]" },
	{ "postmaster", "postmaster" },
	{ "PostMaster", "postmaster" },
	{ "<Postmaster>", "postmaster" },

	{ "", NULL },
	{ "<>", NULL },
	{ "   ", NULL },
	{ "bob", NULL },
	{ "@example.com", NULL },
	{ "\"\"@example.com", NULL },
	{ "bob@", NULL },
	{ "bob@.", NULL },
	{ "bob@.example.com", NULL },
	{ "bob@example..com", NULL },
	{ "bob@example..", NULL },
	{ "bob@example.com..", NULL },
	{ "bob@b\xc3\xbc" "cher.example\xe3\x80\x82\xe3\x80\x82", NULL },
	/* an ideographic space */
	{ "bob@b\xe3\x80\x80" "c.example", NULL },
	{ "bob@exa mple.com", NULL },
	{ "bob@example.com\nRCPT TO:<x@y>", NULL },
	{ "bob\r@example.com", NULL },
	{ "b\x7f" "ob@example.com", NULL },
	{ "b\xc2\x85ob@example.com", NULL },
	{ "b\xffob@example.com", NULL },
	{ "bob@\xff.example", NULL },
};

START_TEST(test_normal)
{
	const char *address, *error = NULL;
	pool_t pool = pool_alloconly_create("test", 1024);
	size_t size;
	unsigned char *copy = bounce_test_bytes(normal[_i].input, &size);
	char *input = i_strndup(copy, size);
	int ret = bounce_address_normalize(pool, input, &address, &error);

	if (normal[_i].wanted == NULL) {
		ck_assert_msg(ret == -1, "%s: %s", input, address);
		ck_assert_ptr_nonnull(error);
		ck_assert_ptr_null(address);
	} else {
		ck_assert_msg(ret == 0, "%s: %s", input, error);
		ck_assert_str_eq(address, normal[_i].wanted);
		/* normal form is stable */
		ck_assert_int_eq(bounce_address_normalize(pool, address,
							  &address, &error), 0);
		ck_assert_str_eq(address, normal[_i].wanted);
	}
	i_free(input);
	i_free(copy);
	pool_unref(&pool);
}
END_TEST

START_TEST(test_limit)
{
	const char *address, *error, *input;
	char domain[BOUNCE_MAX_ADDRESS + 1];

	memset(domain, 'd', sizeof(domain));
	domain[sizeof(domain) - 1] = '\0';
	input = t_strconcat("a@", t_strndup(domain, BOUNCE_MAX_ADDRESS - 2),
			    NULL);
	ck_assert_int_eq(bounce_address_normalize(pool_datastack_create(),
						  input, &address, &error), 0);
	ck_assert_uint_eq(strlen(address), BOUNCE_MAX_ADDRESS);
	input = t_strconcat("aa@", t_strndup(domain, BOUNCE_MAX_ADDRESS - 2),
			    NULL);
	ck_assert_int_eq(bounce_address_normalize(pool_datastack_create(),
						  input, &address, &error), -1);
	ck_assert_str_eq(error, "Address is too long");
}
END_TEST

/* What an address, and what is none, may be put together from. */
static const char *const pieces[] = {
	"a", "B", "z9", ".", "..", "@", "@", "@b", "<", ">", " ", "\"", "\\", "[",
	"]", "-", "_", "xn--", "XN--BCHER-KVA", "postmaster",
	"\xc3\xbc", "\xc3\x9f", "\xcc\x88", "\xc4\xb0", "\xcd\x85", "\xc5\xbf",
	"\xc7\xb0", "\xce\x90", "\xe2\x84\xaa", "\xe1\xbe\xb3", "\xd6\x87",
	/* full-width and other dots, @, space, a letter; no letters at all */
	"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbc\xa0", "\xe3\x80\x80",
	"\xef\xbc\xa1", "\xc2\xad", "\xe2\x80\x8d", "\xc2\xa0",
	"\xf0\x9f\x92\xa9", "\xef\xb7\xba", "\xe2\x82\xa8", "\xe2\x91\xa0",
	/* marks that change places when one of them is folded */
	"\xcd\x85\xcc\x81", "\xcc\xa7\xcc\x88", "\xe1\xb8\xa9",
};

/* Normalised twice is normalised once. */
START_TEST(test_stable)
{
	unsigned int state = 1, addresses = 0;

	for (unsigned int i = 0; i < 50000; i++) T_BEGIN {
		string_t *input = t_str_new(64);
		const char *once, *twice, *error;
		pool_t pool = pool_datastack_create();

		for (unsigned int n = 2 + i % 7; n > 0; n--) {
			state = state * 1103515245 + 12345;
			str_append(input, pieces[(state >> 8) %
						 N_ELEMENTS(pieces)]);
		}
		if (bounce_address_normalize(pool, str_c(input), &once,
					     &error) == 0) {
			addresses++;
			ck_assert_msg(bounce_address_normalize(pool, once,
						&twice, &error) == 0,
				      "\"%s\", then \"%s\": %s", str_c(input),
				      once, error);
			ck_assert_msg(strcmp(once, twice) == 0,
				      "\"%s\", then \"%s\", then \"%s\"",
				      str_c(input), once, twice);
		}
	} T_END;
	ck_assert_uint_gt(addresses, 3000);
}
END_TEST

/* What is normal already takes a shorter way; a blank before it keeps it off that. */
START_TEST(test_plain)
{
	static const char *const parts[] = {
		"a", "z9", ".", "@", "-", "_", "+", "b.c", "@d.example", "B",
		"/", "=", "[", "\"",
	};
	unsigned int state = 7, plain = 0;

	for (unsigned int i = 0; i < 20000; i++) T_BEGIN {
		string_t *input = t_str_new(64);
		const char *address, *slow, *error, *slow_error;
		pool_t pool = pool_datastack_create();
		int ret;

		for (unsigned int n = 1 + i % 8; n > 0; n--) {
			state = state * 1103515245 + 12345;
			str_append(input, parts[(state >> 8) %
						N_ELEMENTS(parts)]);
		}
		ret = bounce_address_normalize(pool, str_c(input), &address,
					       &error);
		ck_assert_int_eq(bounce_address_normalize(pool,
			t_strconcat(" ", str_c(input), NULL), &slow,
			&slow_error), ret);
		ck_assert_pstr_eq(address, slow);
		ck_assert_pstr_eq(error, slow_error);
		if (ret == 0 && strcmp(address, str_c(input)) == 0)
			plain++;
	} T_END;
	ck_assert_uint_gt(plain, 1000);
}
END_TEST

static const struct {
	const char *address, *wanted;
} proposals[] = {
	{ "bob@gmial.com", "bob@gmail.com" },
	{ "bob@gmai.com", "bob@gmail.com" },
	{ "bob@gmaill.com", "bob@gmail.com" },
	{ "bob@gnail.com", "bob@gmail.com" },
	{ "bob@gmail.con", "bob@gmail.com" },
	{ "bob@gmail.co", "bob@gmail.com" },
	{ "bob@hotmial.com", "bob@hotmail.com" },
	{ "bob@yaho.com", "bob@yahoo.com" },
	{ "bob@outlok.com", "bob@outlook.com" },
	{ "bob@t-onlin.de", "bob@t-online.de" },
	{ "bob@iclod.com", "bob@icloud.com" },
	{ "bob@example.con", "bob@example.com" },
	{ "\"a@b\"@gmial.com", "\"a@b\"@gmail.com" },
	{ "bob@gmail.com", NULL },
	{ "bob@mail.com", NULL },
	{ "bob@gmx.de", NULL },
	{ "bob@gmx.li", NULL },
	{ "bob@example.com", NULL },
	{ "bob@google.com", NULL },
	{ "bob@ymail.com", NULL },
	{ "bob@[192.0.2.1]", NULL },
	{ "postmaster", NULL },
	{ "bob@.con", NULL },
};

START_TEST(test_propose)
{
	const char *proposal = bounce_address_propose(proposals[_i].address);

	if (proposals[_i].wanted == NULL)
		ck_assert_ptr_null(proposal);
	else
		ck_assert_pstr_eq(proposal, proposals[_i].wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");

	tcase_add_loop_test(tcase, test_normal, 0, N_ELEMENTS(normal));
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_stable);
	tcase_add_test(tcase, test_plain);
	tcase_add_loop_test(tcase, test_propose, 0, N_ELEMENTS(proposals));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
