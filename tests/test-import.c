/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Files of addresses, line by line. Whole records: test-round-trip. */

#include "bounce-test.h"
#include "str.h"
#include "bounce-import-service.h"
#include "bounce-import.h"
#include "bounce-reason.h"

static const struct {
	/* NULL = of no service */
	const char *service;
	const char *file;
	/* a line for each that says something: an address and its reason; "?" and an
	   error */
	const char *wanted;
} files[] = {
	/* a plain list */
	{ NULL, "", "" },
	{ NULL, "Bob@Example.org\n# comment\n\n<carol@example.org>\n",
	  "bob@example.org\ncarol@example.org\n" },
	{ NULL, "1,bob@example.org,x\n", "bob@example.org\n" },
	/* what is beside an address is not its local part */
	{ NULL, "Bob,bob@example.org\n2026-11-27 ; carol@example.org\n",
	  "bob@example.org\ncarol@example.org\n" },
	{ NULL, "# was: dave@example.org\nbob@example.org,Bob,bob@example.org\n",
	  "bob@example.org\n" },
	{ NULL, "\"a, b\"@example.org\n", "\"a, b\"@example.org\n" },
	{ NULL, "bob@example.org, carol@example.org\ndave@example.org\n",
	  "? More than one address in it: bob@example.org, carol@example.org\n"
	  "dave@example.org\n" },
	{ NULL, "mailto:bob@example.org\ndave@example.org\n",
	  "? No address in it: mailto:bob@example.org\ndave@example.org\n" },
	{ NULL, "Bob bob@example.org\ndave@example.org\n",
	  "? No address in it: Bob bob@example.org\ndave@example.org\n" },
	{ NULL, "Email,Reason\n\"bob@example.org, carol@example.org\",x\n"
	  "dave@example.org,mailbox-full\n",
	  "? bob@example.org, carol@example.org is not one address alone\n"
	  "dave@example.org mailbox-full soft\n" },
	{ NULL, "bob\ncarol@example.org\n",
	  "? No address in it: bob\ncarol@example.org\n" },
	{ NULL, "\xef\xbb\xbf" "bob@example.org\n", "bob@example.org\n" },
	{ NULL, "{}@example.org\n", "{}@example.org\n" },
	/* a row of names says nothing by itself */
	{ NULL, "Email,Reason\n", "" },
	{ NULL, "Email,Reason\nbob@example.org,mailbox-full\n"
	  "carol@example.org,\n",
	  "bob@example.org mailbox-full soft\ncarol@example.org\n" },
	{ NULL, "sep=;\nE-Mail;Reason\nbob@example.org;mailbox-unknown\n",
	  "bob@example.org mailbox-unknown hard\n" },
	/* names that stand below an address are none */
	{ NULL, "bob@example.org\nEmail,Reason\n",
	  "bob@example.org\n? No address in it: Email,Reason\n" },
	/* of two addresses the one that is one */
	{ NULL, "Address,Email\n1 High Street,bob@example.org\n"
	  "carol@example.org,dave@example.org\n",
	  "bob@example.org\ncarol@example.org\n" },
	{ NULL, "Email,Reason\nbob,mailbox-full\n", "? bob is no address: Address has no domain\n" },
	/* the words of a reader who complains */
	{ NULL, "Email,Event\nbob@example.org,Spam Report\n",
	  "bob@example.org complaint\n" },
	/* a service's file is its own, or nothing of it is read */
	{ "mailgun", "address,code,error\nbob@example.org,,mailbox-unknown\n",
	  "bob@example.org mailbox-unknown hard\n" },
	{ "mailgun", "Email,code\nbob@example.org,550\n",
	  "? Not a list of mailgun: it has no address\n" },
	/* who may be written to is not on its list */
	{ "listmonk", "email,status,type\nbob@example.org,enabled,hard\n"
	  "carol@example.org,Blocklisted,\ndave@example.org,blocklisted,soft\n",
	  "carol@example.org undetermined\n"
	  "dave@example.org undetermined soft harmless\n" },
};

static void
append_item(string_t *dest, const struct bounce_import_item *item)
{
	str_append(dest, item->address);
	if (item->reason != NULL)
		str_printfa(dest, " %s", item->reason->name);
	if (item->class != BOUNCE_CLASS_UNDETERMINED)
		str_printfa(dest, " %s", bounce_class_name(item->class));
	if (item->complaint)
		str_append(dest, " complaint");
	if (item->harmless)
		str_append(dest, " harmless");
}

START_TEST(test_file)
{
	pool_t pool = pool_alloconly_create("import", 4096);
	struct bounce_import *import = bounce_import_init(pool, NULL, FALSE);
	const char *const *lines = t_strsplit(files[_i].file, "\n");
	struct bounce_import_item item;
	string_t *said = t_str_new(256);
	const char *error;
	int ret;

	if (files[_i].service != NULL) {
		bounce_import_set_service(import,
			bounce_import_service_find(files[_i].service));
	}
	for (; *lines != NULL; lines++) {
		ret = bounce_import_line(import, *lines, &item, &error);
		if (ret < 0)
			str_printfa(said, "? %s", error);
		else if (ret > 0)
			append_item(said, &item);
		if (ret != 0)
			str_append_c(said, '\n');
	}
	ck_assert_str_eq(str_c(said), files[_i].wanted);
	pool_unref(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *tcase = tcase_create("import");

	tcase_add_loop_test(tcase, test_file, 0, N_ELEMENTS(files));
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
