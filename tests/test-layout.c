#include "bounce-test.h"
#include "bounce-csv.h"
#include "bounce-import-service.h"
#include "bounce-import.h"
#include "bounce-layout.h"

static pool_t pool;
static struct bounce_record rec;

static void setup(void)
{
	pool = pool_alloconly_create("test", 4096);
	bounce_record_init(&rec, pool, "a@example.net");
	rec.state = BOUNCE_STATE_SUPPRESSED;
	rec.reason = "mailbox-unknown";
	rec.first = rec.last = 1795478400;
}

static void teardown(void)
{
	pool_unref(&pool);
}

static const char *row(const char *name)
{
	return bounce_layout_find(name)->row(&rec);
}

START_TEST(bare)
{
	ck_assert_str_eq(row("mailgun"), "a@example.net,550,mailbox-unknown,"
			 "\"Tue, 24 Nov 2026 00:00:00 +0000\"");
	ck_assert_str_eq(row("listmonk"), "{\"email\":\"a@example.net\","
			 "\"source\":\"dovecot-bounce\",\"type\":\"hard\","
			 "\"meta\":\"{\\\"reason\\\":\\\"mailbox-unknown\\\"}\"}");
	ck_assert_str_eq(row("mailman"), "disable\ta@example.net");
	ck_assert_str_eq(row("VCard"), "BEGIN:VCARD\r\nVERSION:4.0\r\n"
			 "FN:a@example.net\r\nEMAIL:a@example.net\r\n"
			 "NOTE:Mail does not arrive since 2026-11-24: "
			 "mailbox-unknown\r\nCATEGORIES:Bounced\r\n"
			 "END:VCARD\r");
	ck_assert_ptr_null(bounce_layout_find(""));
	rec.reason = NULL;
	ck_assert_ptr_nonnull(strstr(row("mailgun"), ",undetermined,"));
}
END_TEST

START_TEST(corrected)
{
	bounce_record_correct(&rec, pool, "b@example.net", BOUNCE_BY_USER, 1);
	ck_assert_str_eq(row("mailman"),
			 "correct\ta@example.net\tb@example.net");
	ck_assert_ptr_nonnull(strstr(row("vcard"), "NOTE:The right address is "
				     "b@example.net\r\n"));
}
END_TEST

/* A spreadsheet's formula, an address in quotes, words in many bytes. */
START_TEST(hostile)
{
	const char *line, *end;

	rec.address = "=1+1@example.net";
	rec.diagnostic = "=x|'y'!A0; \"x\", \\ é"
		"éééééééééééééééééééééééééééééééééééééééééééééé";
	ck_assert(bounce_csv_is_complete(row("mailgun")));
	ck_assert_str_eq(bounce_csv_split(row("mailgun"), ',')[2],
			 t_strconcat("'", rec.diagnostic, NULL));
	ck_assert_int_ne(row("mailgun")[0], '=');
	for (line = row("vcard"); (end = strstr(line, "\r\n")) != NULL;
	     line = end + 2) {
		ck_assert_int_le(end - line, 75);
		/* no character is cut */
		ck_assert_int_ne(line[0] & 0xc0, 0x80);
		ck_assert_int_ne(line[1] & 0xc0, 0x80);
	}
	ck_assert_ptr_nonnull(strstr(row("vcard"), "!A0\\; "));
}
END_TEST

static int list(const char *service, const char *json, const char **first_r)
{
	struct bounce_import_list *list;
	const char *const *names, *const *cells, *error;
	int count = 0;

	if (bounce_import_service_list(bounce_import_service_find(service),
				       json, strlen(json), &list, &error) < 0)
		return -1;
	for (; bounce_import_list_next(list, &names, &cells); count++) {
		if (count == 0)
			*first_r = t_strdup(cells[0]);
		ck_assert_uint_eq(str_array_length(names),
				  str_array_length(cells));
	}
	bounce_import_list_free(&list);
	return count;
}

START_TEST(services)
{
	const char *first = NULL;

	ck_assert_int_eq(list("ses", "{\"SuppressedDestinationSummaries\":"
			      "[{\"EmailAddress\":\"a@b.cd\"},1,[],{}]}",
			      &first), 4);
	ck_assert_str_eq(first, "a@b.cd");
	ck_assert_int_eq(list("listmonk", "{\"data\":{\"results\":"
			      "[{\"id\":12,\"meta\":{\"x\":1}}]}}", &first), 1);
	ck_assert_str_eq(first, "12");
	ck_assert_int_eq(list("postmark", "{\"Bounces\":[]}", &first), 0);
	ck_assert_int_eq(list("sendgrid", "[]", &first), 0);
	ck_assert_int_eq(list("sendgrid", "{}", &first), -1);
	ck_assert_int_eq(list("listmonk", "{\"data\":[]}", &first), -1);
	ck_assert_int_eq(list("mailgun", "{\"items\":[", &first), -1);
	ck_assert_int_eq(list("mailgun", "", &first), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bare);
	tcase_add_test(tcase, corrected);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, services);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
