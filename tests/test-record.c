/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-test.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-record-private.h"

#include <jansson.h>

/* The contract's own example */
static const char example[] =
"{\"v\":1,\"address\":\"bob@example.com\",\"state\":\"suppressed\","
"\"class\":\"hard\",\"side\":\"recipient\",\"reason\":\"mailbox-unknown\","
"\"status\":\"5.1.1\",\"reply\":\"550\",\"diagnostic\":\"550 no\","
"\"remote_mta\":\"mx.example.com\",\"score\":3,\"count\":2,"
"\"first\":1763900000,\"last\":1763980000,\"until\":1795516000,"
"\"evidence\":\"plausible\",\"original_message_id\":\"<a@b>\","
"\"by\":\"bounce\",\"corrected\":null,\"recent\":[\"<1@c>\",\"<2@c>\"]}";

static void decode(const char *json, struct bounce_record *rec_r)
{
	const char *error = NULL;
	int ret = bounce_record_decode(pool_datastack_create(), json, rec_r,
				       &error);

	ck_assert_msg(ret == 0, "%s: %s", json, error);
}

START_TEST(test_example)
{
	struct bounce_record rec;

	decode(example, &rec);
	ck_assert_str_eq(rec.address, "bob@example.com");
	ck_assert_int_eq(rec.state, BOUNCE_STATE_SUPPRESSED);
	ck_assert_int_eq(rec.class, BOUNCE_CLASS_HARD);
	ck_assert_int_eq(rec.side, BOUNCE_SIDE_RECIPIENT);
	ck_assert_str_eq(rec.reason, "mailbox-unknown");
	ck_assert_str_eq(rec.status, "5.1.1");
	ck_assert_str_eq(rec.reply, "550");
	ck_assert_str_eq(rec.diagnostic, "550 no");
	ck_assert_str_eq(rec.remote_mta, "mx.example.com");
	ck_assert_double_eq(rec.score, 3);
	ck_assert_uint_eq(rec.count, 2);
	ck_assert_int_eq(rec.first, 1763900000);
	ck_assert_int_eq(rec.last, 1763980000);
	ck_assert_int_eq(rec.until, 1795516000);
	ck_assert_int_eq(rec.evidence, BOUNCE_EVIDENCE_PLAUSIBLE);
	ck_assert_str_eq(rec.original_message_id, "<a@b>");
	ck_assert_int_eq(rec.by, BOUNCE_BY_BOUNCE);
	ck_assert_ptr_null(rec.corrected);
	ck_assert_uint_eq(array_count(&rec.recent), 2);
	ck_assert_ptr_null(rec.unknown);
	/* and it comes out as it went in */
	ck_assert_str_eq(bounce_record_encode(&rec), example);
}
END_TEST

START_TEST(test_ours)
{
	struct bounce_record rec, back;
	const char *id = "<orig@x>", *other = "<other@x>";

	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	array_push_back(&rec.originals, &id);
	array_push_back(&rec.unscored, &other);
	rec.original_address = "alias@b.c";
	rec.seen = "12345678abcdefgh";
	rec.scored = 5;
	rec.since = 4;
	rec.days = 3;
	rec.lease = 2;
	rec.released = 1;
	rec.score = 1.5;
	rec.corrected = "new@b.c";
	rec.state = BOUNCE_STATE_CORRECTED;
	rec.by = BOUNCE_BY_USER;
	decode(bounce_record_encode(&rec), &back);
	ck_assert_str_eq(back.original_address, "alias@b.c");
	ck_assert_str_eq(back.seen, rec.seen);
	ck_assert_int_eq(back.scored, 5);
	ck_assert_int_eq(back.since, 4);
	ck_assert_uint_eq(back.days, 3);
	ck_assert_uint_eq(back.lease, 2);
	ck_assert_int_eq(back.released, 1);
	ck_assert_double_eq(back.score, 1.5);
	ck_assert_str_eq(back.corrected, "new@b.c");
	ck_assert_int_eq(back.by, BOUNCE_BY_USER);
	ck_assert_str_eq(array_idx_elem(&back.originals, 0), "<orig@x>");
	ck_assert_str_eq(array_idx_elem(&back.unscored, 0), "<other@x>");
	ck_assert_str_eq(bounce_record_encode(&back),
			 bounce_record_encode(&rec));
}
END_TEST

START_TEST(test_unknown_kept)
{
	struct bounce_record rec, copy;
	const char *json = "{\"v\":7,\"address\":\"a@b.c\",\"state\":\"watched\","
		"\"note\":\"mine\",\"nested\":{\"x\":[1,2,{\"y\":null}]},"
		"\"recent\":[],\"pi\":3.1415926535897931,\"score\":0.1,"
		"\"id\":9007199254740993}";
	json_t *back;

	decode(json, &rec);
	ck_assert_str_eq(rec.unknown,
		"{\"note\":\"mine\",\"nested\":{\"x\":[1,2,{\"y\":null}]},"
		"\"pi\":3.1415926535897931,\"id\":9007199254740993}");
	rec.count++;
	bounce_record_copy(pool_datastack_create(), &rec, &copy);
	back = json_loads(bounce_record_encode(&copy), 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(back, "note")),
			 "mine");
	ck_assert_int_eq(json_integer_value(json_object_get(back, "count")), 1);
	ck_assert_ptr_nonnull(strstr(bounce_record_encode(&copy),
		"\"score\":0.1,"));
	json_decref(back);
}
END_TEST

START_TEST(test_clean)
{
	struct bounce_record rec, back;
	string_t *text = t_str_new(1024);

	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	rec.diagnostic = "one\r\n\ttwo\x01\xc2\x85three \xff four\x7f";
	rec.remote_mta = "mx\nevil: x";
	decode(bounce_record_encode(&rec), &back);
	ck_assert_str_eq(back.diagnostic,
			 "one two three \xef\xbf\xbd four ");
	ck_assert_str_eq(back.remote_mta, "mx evil: x");
	ck_assert_ptr_null(strchr(bounce_record_encode(&rec), '\n'));

	/* cut at a character */
	for (int i = 0; i < 300; i++)
		str_append(text, "\xe2\x82\xac");
	rec.diagnostic = str_c(text);
	decode(bounce_record_encode(&rec), &back);
	ck_assert_uint_eq(strlen(back.diagnostic), 510);
}
END_TEST

START_TEST(test_cap_text)
{
	struct bounce_record rec, back;
	string_t *text = t_str_new(2 * BOUNCE_MAX_RECORD_TEXT);

	while (str_len(text) < 2 * BOUNCE_MAX_RECORD_TEXT)
		str_append_c(text, 'x');
	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	rec.remote_mta = str_c(text);
	decode(bounce_record_encode(&rec), &back);
	str_truncate(text, BOUNCE_MAX_RECORD_TEXT);
	ck_assert_str_eq(back.remote_mta, str_c(text));
}
END_TEST

START_TEST(test_cap_recent)
{
	struct bounce_record rec, back;

	bounce_record_init(&rec, pool_datastack_create(), "a@b.c");
	for (int i = 0; i < BOUNCE_MAX_RECENT + 5; i++) {
		const char *id = t_strdup_printf("<%d>", i);

		array_push_back(&rec.recent, &id);
	}
	decode(bounce_record_encode(&rec), &back);
	ck_assert_uint_eq(array_count(&back.recent), BOUNCE_MAX_RECENT);
	ck_assert_str_eq(array_idx_elem(&back.recent, 0), "<5>");
}
END_TEST

/* What the quick reader reads the library reads alike; the second is made to by
   a member that nobody knows. */
static const char *const plain[] = {
	example,
	"{\"address\":\"a@b\",\"state\":\"watched\"}",
	"{\"state\":\"released\",\"address\":\"\\\"a\\\\b\\\"@b\","
	"\"score\":1.375,\"count\":4294967295,\"first\":0,\"recent\":[],"
	"\"originals\":[\"<a>\",\"<\xc3\xbc>\"],\"seen\":\"\","
	"\"corrected\":\"x@y\",\"by\":\"import\",\"lease\":3,"
	"\"released\":1763900000,\"diagnostic\":\"a\\/b\"}",
	"{\"address\":\"a@b\",\"state\":\"watched\",\"reason\":null}",
	"{ \"address\" : \"a@b\",\n\"state\" : \"WATCHED\" }",
	"{\"address\":\"a@b\",\"state\":\"watched\",\"score\":1e2,"
	"\"reason\":\"\\u00fc\",\"count\":-1,\"last\":0.5}",
};

START_TEST(test_quick)
{
	struct bounce_record quick, slow;
	const char *json = plain[_i];

	/* the last two are no plain ones */
	ck_assert_int_eq(bounce_record_quick_decode(pool_datastack_create(),
						    json, &quick),
			 (unsigned int)_i < N_ELEMENTS(plain) - 2);
	decode(json, &quick);
	decode(t_strconcat(t_strndup(json, strlen(json) - 1), ",\"x\":1}",
			   NULL), &slow);
	ck_assert_str_eq(slow.unknown, "{\"x\":1}");
	slow.unknown = NULL;
	ck_assert_str_eq(bounce_record_encode(&quick),
			 bounce_record_encode(&slow));
}
END_TEST

/* A value of its own for each member; two in a list. */
static void fill(const struct bounce_record_member *member,
		 struct bounce_record *rec)
{
	ARRAY_TYPE(const_string) *list = PTR_OFFSET(rec, member->offset);
	unsigned int number = 7 + member - bounce_record_members;
	const char *text = t_strdup_printf("%s@example.com", member->name);

	if (member->type == BOUNCE_MEMBER_LIST) {
		array_push_back(list, &text);
		array_push_back(list, &member->name);
	} else if (member->type == BOUNCE_MEMBER_NAME) {
		ck_assert(bounce_record_member_set_text(member, rec,
							member->names[1]));
	} else if (!bounce_record_member_set_number(member, rec, number)) {
		ck_assert(bounce_record_member_set_text(member, rec, text));
	}
}

/* Whatever walks the table brings every member through. */
START_TEST(test_members)
{
	pool_t pool = pool_datastack_create();
	const struct bounce_record_member *member;
	struct bounce_record rec, back, copy, slow;
	const char *json, *text;

	bounce_record_init(&rec, pool, "");
	bounce_record_member_foreach(member)
		fill(member, &rec);
	json = bounce_record_encode(&rec);
	ck_assert(bounce_record_quick_decode(pool, json, &back));
	bounce_record_copy(pool, &back, &copy);
	decode(t_strconcat(t_strndup(json, strlen(json) - 1), ",\"x\":1}",
			   NULL), &slow);
	ck_assert_str_eq(slow.unknown, "{\"x\":1}");
	bounce_record_member_foreach(member) {
		ck_assert_ptr_eq(bounce_record_member_find(member->name),
				 member);
		ck_assert_msg(!bounce_record_member_is_empty(member, &rec),
			      "%s", member->name);
		text = bounce_record_member_text(member, &rec);
		ck_assert_str_eq(bounce_record_member_text(member, &back),
				 text);
		ck_assert_str_eq(bounce_record_member_text(member, &copy),
				 text);
		ck_assert_str_eq(bounce_record_member_text(member, &slow),
				 text);
	}
	bounce_record_init(&rec, pool, "a@b");
	bounce_record_member_take(BOUNCE_MEMBER_COUNTED, &rec, &copy);
	bounce_record_member_foreach(member) {
		if ((member->flags & BOUNCE_MEMBER_COUNTED) != 0) {
			ck_assert_str_eq(
				bounce_record_member_text(member, &rec),
				bounce_record_member_text(member, &copy));
		} else if (member->type != BOUNCE_MEMBER_NAME &&
			   strcmp(member->name, "address") != 0) {
			ck_assert(bounce_record_member_is_empty(member, &rec));
		}
	}
	ck_assert_ptr_null(bounce_record_member_find("x"));
}
END_TEST

/* What the copy holds is its own. */
START_TEST(test_copy)
{
	pool_t pool = pool_datastack_create();
	const struct bounce_record_member *member;
	struct bounce_record rec, copy;
	const char *const *from, *const *to;

	bounce_record_init(&rec, pool, "");
	bounce_record_member_foreach(member)
		fill(member, &rec);
	rec.unknown = "{\"x\":1}";
	bounce_record_copy(pool, &rec, &copy);
	ck_assert_ptr_ne(rec.unknown, copy.unknown);
	bounce_record_member_foreach(member) {
		from = CONST_PTR_OFFSET(&rec, member->offset);
		to = CONST_PTR_OFFSET(&copy, member->offset);
		if (member->type == BOUNCE_MEMBER_LIST) {
			from = array_front((const ARRAY_TYPE(const_string) *)
					   from);
			to = array_front((const ARRAY_TYPE(const_string) *)to);
			ck_assert_ptr_ne(from, to);
		}
		if (member->type == BOUNCE_MEMBER_LIST || member->max > 0)
			ck_assert_ptr_ne(*from, *to);
	}
}
END_TEST

static const char *const bad[] = {
	"{\"address\":\"a@b\",\"state\":\"watched\",\"count\":01}",
	"{\"address\":\"a@b\",\"state\":\"watched\",\"count\":1.}",
	"{\"address\":\"a@b\",\"state\":\"watched\",}",
	"{\"address\":\"a@b\",\"state\":\"watched\"",
	"{\"address\":\"a@b\",\"state\":\"watched",
	"{\"address\":\"a@b\",\"state\":\"watched\",\"recent\":[\"a\",]}",
	"{\"address\":\"a\nb@b\",\"state\":\"watched\"}",
	"", "{", "[]", "1", "null", "{}", "not json",
	"{\"address\":\"a@b\"}", "{\"state\":\"watched\"}",
	"{\"address\":1,\"state\":\"watched\"}",
	"{\"address\":\"\",\"state\":\"watched\"}",
	"{\"address\":\"a@b\",\"state\":\"dancing\"}",
	"{\"address\":\"a@b\",\"state\":\"watched\"} trailing",
	"{\"address\":\"a@b\",\"state\":\"watched\",\"state\":\"released\"}",
	"{\"address\":\"\xff@b\",\"state\":\"watched\"}",
};

START_TEST(test_bad)
{
	struct bounce_record rec;
	const char *error = NULL;

	ck_assert_int_eq(bounce_record_decode(pool_datastack_create(), bad[_i],
					      &rec, &error), -1);
	ck_assert_ptr_nonnull(error);
}
END_TEST

/* Wrong types are as if absent; numbers that would wrap are not taken. */
START_TEST(test_odd)
{
	struct bounce_record rec;

	decode("{\"address\":\"a@b\",\"state\":\"WATCHED\",\"class\":7,"
	       "\"side\":\"elsewhere\",\"count\":-3,\"score\":\"many\","
	       "\"first\":1e300,\"last\":3.0,\"until\":-1,\"recent\":[1,null,"
	       "\"<x>\",{}],\"reason\":\"of-tomorrow\",\"diagnostic\":[]}",
	       &rec);
	ck_assert_int_eq(rec.state, BOUNCE_STATE_WATCHED);
	ck_assert_int_eq(rec.class, BOUNCE_CLASS_UNDETERMINED);
	ck_assert_uint_eq(rec.count, 0);
	ck_assert_double_eq(rec.score, 0);
	ck_assert_int_eq(rec.first, 0);
	ck_assert_int_eq(rec.last, 3);
	ck_assert_int_eq(rec.until, 0);
	ck_assert_uint_eq(array_count(&rec.recent), 1);
	ck_assert_str_eq(rec.reason, "of-tomorrow");
	ck_assert_ptr_null(rec.diagnostic);
	/* as much as nobody reaches, and defined behaviour */
	decode("{\"address\":\"a@b\",\"state\":\"watched\",\"score\":1e300}",
	       &rec);
	ck_assert_double_eq(rec.score, 1e6);
	rec.score = 1e300;
	ck_assert_double_eq(bounce_record_score(&rec), 1e6);
}
END_TEST

START_TEST(test_names)
{
	enum bounce_state state;
	enum bounce_by by;

	for (int i = 0; i < BOUNCE_STATE_COUNT; i++) {
		ck_assert_int_eq(bounce_state_parse(bounce_state_name(i),
						    &state), 0);
		ck_assert_int_eq(state, i);
	}
	for (int i = 0; i < BOUNCE_BY_COUNT; i++) {
		ck_assert_int_eq(bounce_by_parse(bounce_by_name(i), &by), 0);
		ck_assert_int_eq(by, i);
	}
	ck_assert_int_eq(bounce_state_parse("", &state), -1);
	ck_assert_int_eq(bounce_by_parse("nobody", &by), -1);
}
END_TEST

/*
 * Incidents
 */

static void
report_init(struct bounce_report *report, enum bounce_kind kind)
{
	i_zero(report);
	report->kind = kind;
	t_array_init(&report->original_to, 1);
	t_array_init(&report->recipients, 4);
}

static struct bounce_recipient *
report_add(struct bounce_report *report, const char *address)
{
	struct bounce_recipient *rcpt =
		array_append_space(&report->recipients);

	rcpt->address = address;
	rcpt->verdict.reason = bounce_reason_find("mailbox-unknown");
	rcpt->verdict.class = BOUNCE_CLASS_HARD;
	return rcpt;
}

static const char *first_id(const ARRAY_TYPE(bounce_incident) *list)
{
	const struct bounce_incident *incident = array_idx(list, 0);

	return incident->report_id;
}

static unsigned int
incidents(const struct bounce_report *report,
	  ARRAY_TYPE(bounce_incident) *list_r)
{
	t_array_init(list_r, 4);
	bounce_incidents_read(pool_datastack_create(), report,
			      BOUNCE_EVIDENCE_PLAUSIBLE, 1000, list_r);
	return array_count(list_r);
}

START_TEST(test_incidents)
{
	struct bounce_report report;
	ARRAY_TYPE(bounce_incident) list;
	const struct bounce_incident *incident;

	report_init(&report, BOUNCE_KIND_FAILURE);
	report.message_id = "<r@x>";
	report_add(&report, "Bob@Example.com")->original_address =
		"Alias@example.com";
	report_add(&report, "bob@example.COM");
	report_add(&report, "nonsense");
	report_add(&report, NULL);
	report_add(&report, "ok@example.com")->action =
		BOUNCE_ACTION_DELIVERED;
	report_add(&report, "c@example.com")->original_address =
		"C@example.com";
	ck_assert_uint_eq(incidents(&report, &list), 2);
	incident = array_idx(&list, 0);
	ck_assert_str_eq(incident->address, "bob@example.com");
	ck_assert_str_eq(incident->original_address, "alias@example.com");
	ck_assert_str_eq(incident->report_id, "<r@x>");
	ck_assert_int_eq(incident->when, 1000);
	incident = array_idx(&list, 1);
	ck_assert_ptr_null(incident->original_address);
}
END_TEST

START_TEST(test_incidents_cap)
{
	struct bounce_report report;
	ARRAY_TYPE(bounce_incident) list;

	report_init(&report, BOUNCE_KIND_FAILURE);
	for (int i = 0; i < BOUNCE_MAX_RECIPIENTS + 1; i++)
		report_add(&report, t_strdup_printf("a%d@example.com", i));
	ck_assert_uint_eq(incidents(&report, &list), BOUNCE_MAX_RECIPIENTS);
}
END_TEST

START_TEST(test_incident_long_id)
{
	string_t *id = t_str_new(BOUNCE_MAX_ID + 2);

	while (str_len(id) < BOUNCE_MAX_ID)
		str_append_c(id, 'x');
	ck_assert_str_eq(bounce_incident_id(pool_datastack_create(),
					    str_c(id)), str_c(id));
	str_append_c(id, 'x');
	ck_assert_str_eq(t_strcut(bounce_incident_id(pool_datastack_create(),
						     str_c(id)), ':'), "sha1");
}
END_TEST

START_TEST(test_incidents_ids)
{
	struct bounce_report report;
	ARRAY_TYPE(bounce_incident) a, b;
	struct bounce_recipient *rcpt;
	string_t *id = t_str_new(300);

	/* without a Message-ID the same report is known by what it says */
	report_init(&report, BOUNCE_KIND_FAILURE);
	rcpt = report_add(&report, "a@example.com");
	rcpt->diagnostic = "no";
	(void)incidents(&report, &a);
	(void)incidents(&report, &b);
	ck_assert_str_eq(first_id(&a),
			 first_id(&b));
	rcpt->diagnostic = "yes";
	(void)incidents(&report, &b);
	ck_assert_str_ne(first_id(&a),
			 first_id(&b));

	/* a long one by its hash */
	for (int i = 0; i < 200; i++)
		str_append_c(id, 'x');
	report.message_id = str_c(id);
	(void)incidents(&report, &a);
	ck_assert_uint_eq(strlen(first_id(&a)), 45);
}
END_TEST

START_TEST(test_incidents_kinds)
{
	struct bounce_report report;
	ARRAY_TYPE(bounce_incident) list;
	int kind;

	for (kind = 0; kind < BOUNCE_KIND_COUNT; kind++) {
		report_init(&report, kind);
		report_add(&report, "a@example.com");
		ck_assert_uint_eq(incidents(&report, &list),
				  kind == BOUNCE_KIND_FAILURE ||
				  kind == BOUNCE_KIND_COMPLAINT ? 1 : 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, test_example);
	tcase_add_test(tcase, test_ours);
	tcase_add_test(tcase, test_unknown_kept);
	tcase_add_test(tcase, test_clean);
	tcase_add_test(tcase, test_cap_text);
	tcase_add_test(tcase, test_cap_recent);
	tcase_add_loop_test(tcase, test_quick, 0, N_ELEMENTS(plain));
	tcase_add_test(tcase, test_members);
	tcase_add_test(tcase, test_copy);
	tcase_add_loop_test(tcase, test_bad, 0, N_ELEMENTS(bad));
	tcase_add_test(tcase, test_odd);
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_incidents);
	tcase_add_test(tcase, test_incidents_cap);
	tcase_add_test(tcase, test_incident_long_id);
	tcase_add_test(tcase, test_incidents_ids);
	tcase_add_test(tcase, test_incidents_kinds);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
