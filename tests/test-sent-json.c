/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Days as JSON: as Jansson would write them, and read without it as with it. */

#include "bounce-test.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-json.h"
#include "bounce-limits.h"
#include "bounce-sent-private.h"

#include <jansson.h>
#include <stdlib.h>

static pool_t pool;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
}

static void teardown(void)
{
	pool_unref(&pool);
}

/* A day or broadcast with something in each member. */
static void
fill(struct bounce_sent *sent, const char *id, bool whole)
{
	struct bounce_cause cause = {
		.kind = BOUNCE_CAUSE_DOMAIN, .text = "a\"b\\c/d \xc3\xbc",
		.count = 3
	};
	const struct bounce_sent_member *member;
	unsigned int number = 1, *counts;

	bounce_sent_init(sent, pool, id);
	bounce_sent_member_foreach(member) {
		void *field = PTR_OFFSET(sent, member->offset);
		struct bounce_sent_envelope env = {
			.queue = "queue", .id = id, .when = 1795478400,
			.recipients = 2, .to = "abcdefghijkl", .open = TRUE
		};

		switch (member->type) {
		case BOUNCE_SENT_TEXT:
			if (*(const char **)field == NULL && whole)
				*(const char **)field = "Re: \"all\"";
			break;
		case BOUNCE_SENT_COUNT:
			*(unsigned int *)field = number++;
			break;
		case BOUNCE_SENT_COUNTS:
			counts = field;
			for (unsigned int i = 0; member->names[i] != NULL; i++)
				counts[i] = number++;
			break;
		case BOUNCE_SENT_FLAG:
			*(bool *)field = TRUE;
			break;
		case BOUNCE_SENT_HASHES:
			*(string_t **)field = str_new(pool, 32);
			str_printfa(*(string_t **)field, "%06u+/+/+/", number++);
			break;
		case BOUNCE_SENT_LEVEL:
			sent->level = BOUNCE_RATE_CRITICAL;
			break;
		case BOUNCE_SENT_CAUSES:
			array_push_back(&sent->causes, &cause);
			cause.kind = BOUNCE_CAUSE_HOST;
			array_push_back(&sent->causes, &cause);
			break;
		case BOUNCE_SENT_MAILS:
			if (!whole)
				break;
			for (unsigned int i = 0; i < 2; i++) {
				fill(array_append_space(&sent->mails),
				     t_strdup_printf("%s-%u", id, i), FALSE);
			}
			break;
		case BOUNCE_SENT_IDS:
			array_push_back(&sent->broadcasts, &id);
			break;
		case BOUNCE_SENT_RECENT:
			array_push_back(&sent->recent, &env);
			env.queue = NULL;
			env.open = FALSE;
			array_push_back(&sent->recent, &env);
			break;
		}
	}
}

/* As a library writes what it has read. */
static const char *t_by_jansson(const char *json)
{
	json_t *tree = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	char *text;
	const char *ret;

	ck_assert_msg(tree != NULL, "%s", json);
	text = json_dumps(tree, JSON_COMPACT);
	ret = t_strdup(text);
	free(text);
	json_decref(tree);
	return ret;
}

/* The filled one as it has been since 0.1.0; members are only added. */
static const char *
t_expected(const char *id, const char *subject, const char *mails)
{
	return t_strdup_printf("{\"id\":\"%s\"%s,\"messages\":1,\"saved\":2,"
		"\"sent\":3,\"failed\":4,\"undetermined\":5,\"hard\":6,"
		"\"soft\":7,\"unknown\":8,\"recipient\":9,\"domain\":10,"
		"\"sender\":11,\"message\":12,\"transport\":13,"
		"\"complaints\":14,\"suppressed\":15,\"held\":16,"
		"\"verifiable\":true,\"open\":true,"
		"\"bounced\":\"000017+/+/+/\",\"level\":\"critical\","
		"\"causes\":[{\"kind\":\"domain\","
		"\"text\":\"a\\\"b\\\\c/d \xc3\xbc\",\"count\":3},"
		"{\"kind\":\"host\",\"text\":\"a\\\"b\\\\c/d \xc3\xbc\","
		"\"count\":3}]%s,\"broadcasts\":[\"%s\"],"
		"\"recent\":[{\"q\":\"queue\",\"id\":\"%s\","
		"\"t\":1795478400,\"n\":2,\"to\":\"abcdefghijkl\","
		"\"open\":true},{\"id\":\"%s\",\"t\":1795478400,\"n\":2,"
		"\"to\":\"abcdefghijkl\"}],\"failures\":\"000018+/+/+/\","
		"\"seen\":\"000019+/+/+/\"", id, subject, mails, id, id, id);
}

/* What the quick way does not know is left to the library. */
static const char *t_by_library(const char *json)
{
	struct bounce_sent sent;
	const char *error;

	json = t_strconcat(t_strndup(json, strlen(json) - 1), ",\"x\":1}", NULL);
	ck_assert(!bounce_sent_quick_decode(pool, json, &sent));
	ck_assert_int_eq(bounce_sent_decode(pool, json, &sent, &error), 0);
	return bounce_sent_encode(&sent);
}

START_TEST(all_members)
{
	struct bounce_sent sent, back;
	const char *json;

	fill(&sent, "20261124", TRUE);
	json = bounce_sent_encode(&sent);
	ck_assert_str_eq(t_by_jansson(json), json);
	ck_assert(bounce_sent_quick_decode(pool, json, &back));
	ck_assert_str_eq(bounce_sent_encode(&back), json);
	ck_assert_str_eq(t_by_library(json), json);
	ck_assert_str_eq(json, t_strconcat(t_expected("20261124",
		",\"subject\":\"Re: \\\"all\\\"\"", t_strconcat(",\"mails\":[",
		t_expected("20261124-0", "", ""), "},",
		t_expected("20261124-1", "", ""), "}]", NULL)),
		",\"v\":1}", NULL));
}
END_TEST

/* What is cut short is none, wherever. */
START_TEST(cut_short)
{
	struct bounce_sent sent, back;
	const char *json;
	size_t len;

	fill(&sent, "20261124", TRUE);
	json = bounce_sent_encode(&sent);
	len = strlen(json);
	for (size_t i = 0; i < len; i++) T_BEGIN {
		ck_assert(!bounce_sent_quick_decode(pool_datastack_create(),
				t_strndup(json, i), &back));
	} T_END;
	ck_assert(!bounce_sent_quick_decode(pool, t_strconcat(json, "}", NULL),
					    &back));
}
END_TEST

/* Not as we write it. */
static const char *const others[] = {
	"{\"id\":\"20261124\",\"id\":\"20261124\"}",
	"{\"id\":\"20261124\",\"hard\":1,\"hard\":1}",
	"{\"id\":\"20261124\",\"v\":1,\"v\":1}",
	"{\"id\":\"20261124\",\"sent\":1.5}", "{\"id\":\"20261124\",\"sent\":-1}",
	"{\"id\":\"20261124\",\"sent\":01}",
	"{\"id\":\"20261124\",\"sent\":1234567890123456}",
	"{\"id\":\"20261124\",\"sent\":2147483648}",
	"{\"id\":\"20261124\",\"sent\":\"1\"}", "{\"id\":\"20261124\", \"sent\":1}",
	"{\"id\":\"20261124\",\"open\":false}", "{\"id\":\"20261124\",\"seen\":\"\"}",
	"{\"id\":\"2026112\\u0034\"}", "{\"id\":\"20261124\",\"subject\":\"a\\tb\"}",
	"{\"id\":\"20261124\",\"subject\":\"a\tb\"}",
	"{\"id\":\"20261124\",\"subject\":\"\xff\"}",
	"{\"id\":\"20261124\",\"level\":\"high\"}",
	"{\"id\":\"20261124\",\"causes\":[]}",
	"{\"id\":\"20261124\",\"causes\":[{\"kind\":\"host\",\"text\":\"a\"}]}",
	"{\"id\":\"20261124\",\"causes\":[{\"text\":\"a\",\"count\":1}]}",
	"{\"id\":\"20261124\",\"causes\":[{\"kind\":\"moon\",\"text\":\"a\","
		"\"count\":1}]}",
	"{\"id\":\"20261124\",\"mails\":[{\"id\":\"x\"}]}",
	"{\"id\":\"20261124\",\"mails\":[{\"id\":\"20261124-1\",\"mails\":"
		"[{\"id\":\"20261124-2\"}]}]}",
	"{\"id\":\"20261124\",\"broadcasts\":[5]}",
	"{\"id\":\"20261124\",\"recent\":[{\"q\":\"x\",\"n\":1}]}",
	"{\"id\":\"20261124\",\"recent\":[{\"q\":\"x\",\"t\":1,\"n\":1,"
		"\"to\":\"abc\"}]}",
	"{\"sent\":1}", "{\"id\":\"yesterday\"}", "{}", "[]", "", "5"
};

START_TEST(left_to_the_library)
{
	struct bounce_sent sent;

	ck_assert_msg(!bounce_sent_quick_decode(pool, others[_i], &sent),
		      "%s", others[_i]);
}
END_TEST

/* More than we write: the library reads as many as we do. */
START_TEST(too_many)
{
	static const struct {
		const char *name, *elem;
		unsigned int max;
	} arrays[] = {
		{ "mails", "{\"id\":\"20261124-1\"}", BOUNCE_MAX_SENT_MAILS },
		{ "broadcasts", "\"20261124-1\"", BOUNCE_MAX_BROADCASTS },
		{ "recent", "{\"t\":1,\"n\":1}", BOUNCE_MAX_SENT_RECENT },
		{ "causes", "{\"kind\":\"host\",\"text\":\"a\",\"count\":1}",
		  BOUNCE_MAX_CAUSES * BOUNCE_CAUSE_COUNT },
	};
	string_t *json = t_str_new(1024);
	struct bounce_sent sent;
	const char *error, *most;

	str_printfa(json, "{\"id\":\"20261124\",\"%s\":[", arrays[_i].name);
	for (unsigned int i = 0; i < arrays[_i].max; i++) {
		bounce_json_append_comma(json);
		str_append(json, arrays[_i].elem);
	}
	most = t_strconcat(str_c(json), "],\"v\":1}", NULL);
	ck_assert(bounce_sent_quick_decode(pool, most, &sent));
	ck_assert_str_eq(bounce_sent_encode(&sent), most);
	str_printfa(json, ",%s],\"v\":1}", arrays[_i].elem);
	ck_assert(!bounce_sent_quick_decode(pool, str_c(json), &sent));
	ck_assert_int_eq(bounce_sent_decode(pool, str_c(json), &sent, &error), 0);
	ck_assert_str_eq(bounce_sent_encode(&sent), most);
}
END_TEST

/* Each character, as Jansson writes it. */
START_TEST(text)
{
	string_t *json = t_str_new(64);
	const char *back;

	for (unsigned int chr = 1; chr <= 0x10ffff; chr += chr < 0x3000 ? 1 : 97) {
		string_t *expected = t_str_new(16);
		json_t *tree;
		char *dumped, *p;

		if (chr >= 0xd800 && chr < 0xe000)
			continue;
		str_append(expected, "a");
		uni_ucs4_to_utf8_c(chr, expected);
		str_append_c(expected, 'z');
		tree = json_string(str_c(expected));
		dumped = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
		str_truncate(json, 0);
		bounce_json_append_text(json, str_c(expected));
		ck_assert_str_eq(str_c(json), dumped);
		p = t_strdup_noconst(str_c(json));
		/* no other escapes than these are read */
		ck_assert_int_eq(bounce_json_read_text(&p, &back), chr >= 0x20);
		if (chr >= 0x20) {
			ck_assert_str_eq(back, str_c(expected));
			ck_assert_int_eq(*p, '\0');
		}
		free(dumped);
		json_decref(tree);
	}
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		bool integer, number;
		double value;
		char next;
	} tests[] = {
		{ "0,", TRUE, TRUE, 0, ',' }, { "12}", TRUE, TRUE, 12, '}' },
		{ "123456789012345", TRUE, TRUE, 123456789012345.0, '\0' },
		{ "1234567890123456", FALSE, FALSE, 0, '\0' },
		{ "01", FALSE, FALSE, 0, '\0' }, { "-1", FALSE, FALSE, 0, '\0' },
		{ "", FALSE, FALSE, 0, '\0' }, { ".5", FALSE, FALSE, 0, '\0' },
		{ "x", FALSE, FALSE, 0, '\0' }, { "1.5,", TRUE, TRUE, 1.5, ',' },
		{ "1.", TRUE, FALSE, 1, '.' }, { "0.25", TRUE, TRUE, 0.25, '\0' },
		{ "1.5.5", TRUE, TRUE, 1.5, '.' },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		char *p = t_strdup_noconst(tests[i].text), *q = p;
		uint64_t integer;
		double number;

		ck_assert_int_eq(bounce_json_read_integer(&p, &integer),
				 tests[i].integer);
		if (tests[i].integer)
			ck_assert_uint_eq(integer, (uint64_t)tests[i].value);
		ck_assert_int_eq(bounce_json_read_number(&q, &number),
				 tests[i].number);
		if (tests[i].number) {
			ck_assert(number == tests[i].value);
			ck_assert_int_eq(*q, tests[i].next);
		}
	}
}
END_TEST

START_TEST(decode_hostile)
{
	static const struct {
		const char *json;
		int ret;
	} tests[] = {
		{ "", -1 }, { "[]", -1 }, { "{}", -1 }, { "{\"id\":5}", -1 },
		{ "{\"id\":\"yesterday\"}", -1 },
		{ "{\"id\":\"20261124\",\"sent\":-5,\"failed\":\"x\","
		  "\"level\":\"high\",\"seen\":[],\"causes\":[5,{},"
		  "{\"kind\":\"words\",\"text\":\"a\",\"count\":0}],"
		  "\"mails\":[5,{\"id\":\"20261124-1\",\"mails\":[]}],"
		  "\"broadcasts\":[5,null]}", 0 },
		{ "{\"id\":\"20261124\",\"sent\":99999999999999,\"seen\":\"ab\"}",
		  0 },
	};
	struct bounce_sent copy;
	const char *error;

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		ck_assert_int_eq(bounce_sent_decode(pool, tests[i].json, &copy,
						    &error), tests[i].ret);
		if (tests[i].ret < 0)
			continue;
		ck_assert_uint_eq(array_count(&copy.causes), 0);
		ck_assert_uint_eq(array_count(&copy.mails), 0);
		ck_assert_uint_eq(array_count(&copy.broadcasts), 0);
		(void)bounce_sent_see(&copy, pool, "<1@x>");
	}
}
END_TEST

/* What a later release wrote, or somebody damaged, hides nothing that is behind it. */
START_TEST(decode_others)
{
	static const char json[] =
		"{\"id\":\"20261124\",\"sent\":5,\"causes\":["
		"{\"kind\":\"moon\",\"text\":\"a\",\"count\":1},5,"
		"{\"kind\":\"domain\",\"count\":1},"
		"{\"kind\":\"domain\",\"text\":\"a\",\"count\":0},"
		"{\"kind\":\"domain\",\"text\":\"example.net\",\"count\":3}],"
		"\"mails\":[5,{\"id\":\"20261124-1\",\"mails\":[]},"
		"{\"id\":\"20261124-2\",\"sent\":2}],"
		"\"broadcasts\":[5,null,\"20261124-3\"]}";
	const struct bounce_cause *cause;
	const struct bounce_sent *mail;
	struct bounce_sent sent;
	const char *error = "?";

	ck_assert_msg(bounce_sent_decode(pool, json, &sent, &error) == 0, "%s",
		      error);
	ck_assert_uint_eq(array_count(&sent.causes), 1);
	cause = array_front(&sent.causes);
	ck_assert_str_eq(cause->text, "example.net");
	ck_assert_uint_eq(cause->count, 3);
	ck_assert_uint_eq(array_count(&sent.mails), 1);
	mail = array_front(&sent.mails);
	ck_assert_str_eq(mail->id, "20261124-2");
	ck_assert_uint_eq(array_count(&sent.broadcasts), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sent-json");
	TCase *tcase = tcase_create("sent-json");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_members);
	tcase_add_test(tcase, cut_short);
	tcase_add_loop_test(tcase, left_to_the_library, 0, N_ELEMENTS(others));
	tcase_add_loop_test(tcase, too_many, 0, 4);
	tcase_add_test(tcase, text);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, decode_hostile);
	tcase_add_test(tcase, decode_others);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
