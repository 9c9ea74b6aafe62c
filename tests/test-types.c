#include "bounce-test.h"
#include "bounce-types.h"

START_TEST(names_and_parsers_agree)
{
	enum bounce_kind kind;
	enum bounce_class class;
	enum bounce_side side;
	enum bounce_evidence evidence;
	enum bounce_action action;

	for (unsigned int i = 0; i < BOUNCE_KIND_COUNT; i++) {
		ck_assert_int_eq(bounce_kind_parse(bounce_kind_name(i), &kind), 0);
		ck_assert_uint_eq(kind, i);
	}
	for (unsigned int i = 0; i < BOUNCE_CLASS_COUNT; i++) {
		ck_assert_int_eq(bounce_class_parse(bounce_class_name(i), &class), 0);
		ck_assert_uint_eq(class, i);
	}
	for (unsigned int i = 0; i < BOUNCE_SIDE_COUNT; i++) {
		ck_assert_int_eq(bounce_side_parse(bounce_side_name(i), &side), 0);
		ck_assert_uint_eq(side, i);
	}
	for (unsigned int i = 0; i < BOUNCE_ACTION_COUNT; i++) {
		ck_assert_int_eq(bounce_action_parse(bounce_action_name(i),
						     &action), 0);
		ck_assert_uint_eq(action, i);
	}
	for (unsigned int i = 0; i < BOUNCE_EVIDENCE_COUNT; i++) {
		ck_assert_int_eq(bounce_evidence_parse(bounce_evidence_name(i),
						       &evidence), 0);
		ck_assert_uint_eq(evidence, i);
	}
}
END_TEST

/* The words are the contract's. */
START_TEST(words)
{
	enum bounce_kind kind;

	ck_assert_str_eq(bounce_kind_name(BOUNCE_KIND_AUTO_REPLY), "auto-reply");
	ck_assert_str_eq(bounce_class_name(BOUNCE_CLASS_UNDETERMINED),
			 "undetermined");
	ck_assert_str_eq(bounce_side_name(BOUNCE_SIDE_TRANSPORT), "transport");
	ck_assert_int_eq(bounce_kind_parse("FAILURE", &kind), 0);
	ck_assert_int_eq(bounce_kind_parse("failures", &kind), -1);
	ck_assert_int_eq(bounce_kind_parse("", &kind), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("types");
	TCase *tcase = tcase_create("types");

	tcase_add_test(tcase, names_and_parsers_agree);
	tcase_add_test(tcase, words);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
