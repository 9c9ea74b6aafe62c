/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What people read: loading, falling back, filling in, and the files that we
   ship. */

#include "bounce-test.h"
#include "array.h"
#include "bounce-limits.h"
#include "bounce-tell-language.h"
#include "bounce-texts-private.h"

#include <stdio.h>
#include <unistd.h>

static const char *const shipped_dirs[] = { BOUNCE_TEST_TEXTS, NULL };

static void write_file(const char *dir, const char *name, const char *text)
{
	FILE *out = fopen(t_strconcat(dir, "/", name, NULL), "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs(text, out), 0);
	ck_assert_int_eq(fclose(out), 0);
}

static void remove_files(const char *dir)
{
	static const char *const names[] = {
		"de.texts", "de-AT.texts", "en.texts", "ja.texts", "pl.texts",
		"xx.texts"
	};

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++)
		(void)unlink(t_strconcat(dir, "/", names[i], NULL));
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(english)
{
	for (unsigned int i = 0; i < bounce_texts_english_count; i++) {
		const struct bounce_texts_entry *entry =
			&bounce_texts_english[i];

		ck_assert_msg(i == 0 || strcmp(entry[-1].key, entry->key) < 0,
			      "%s", entry->key);
		ck_assert_str_eq(bounce_texts_get(NULL, entry->key),
				 entry->text);
	}
	ck_assert_uint_gt(bounce_texts_english_count, 100);
	ck_assert_str_eq(bounce_texts_language(NULL), "en");
	ck_assert_str_eq(bounce_texts_get(NULL, "no.such.key"), "no.such.key");
}
END_TEST

/* Every language that is no draft is whole, and nothing is wrong in any. */
START_TEST(shipped)
{
	static const char *const whole[] = { "de", "en", "es", "fr" };
	ARRAY_TYPE(bounce_texts_status) languages;
	ARRAY_TYPE(const_string) errors;
	const struct bounce_texts_status *status;
	const char *error;
	unsigned int found = 0;

	t_array_init(&languages, 16);
	t_array_init(&errors, 8);
	bounce_texts_check(shipped_dirs, &languages, &errors);
	array_foreach_elem(&errors, error)
		fprintf(stderr, "%s\n", error);
	ck_assert_uint_eq(array_count(&errors), 0);
	array_foreach(&languages, status) {
		ck_assert_msg(*status->name != '\0', "%s", status->language);
		ck_assert_msg(status->draft || status->missing == 0,
			      "%s: %u are missing", status->language,
			      status->missing);
		ck_assert_int_eq(bounce_texts_is_whole(shipped_dirs,
						       status->language),
				 !status->draft);
		for (unsigned int i = 0; i < N_ELEMENTS(whole); i++) {
			if (strcmp(status->language, whole[i]) == 0 &&
			    !status->draft)
				found++;
		}
	}
	ck_assert_uint_eq(found, N_ELEMENTS(whole));
}
END_TEST

/* The first folder wins key by key, then the language without its region, then
   English. */
START_TEST(fallback)
{
	char first[] = "/tmp/bounce-test-texts.XXXXXX";
	char second[] = "/tmp/bounce-test-texts.XXXXXX";
	const char *dirs[] = { NULL, NULL, "/nonexistent", NULL };
	struct bounce_texts *texts;

	dirs[0] = mkdtemp(first);
	dirs[1] = mkdtemp(second);
	write_file(first, "de.texts", "kind.failure: erster\n");
	write_file(second, "de.texts", "kind.failure: zweiter\n"
		   "kind.delay: zweiter\nkind.success: zweiter");
	write_file(second, "de-AT.texts", "kind.delay: Jänner\n");
	write_file(first, "en.texts", "kind.failure: ours\n");

	texts = bounce_texts_load(dirs, "DE_at", NULL);
	ck_assert_str_eq(bounce_texts_language(texts), "de-AT");
	ck_assert_str_eq(bounce_texts_get(texts, "kind.failure"), "erster");
	ck_assert_str_eq(bounce_texts_get(texts, "kind.delay"), "Jänner");
	ck_assert_str_eq(bounce_texts_get(texts, "kind.success"), "zweiter");
	ck_assert_str_eq(bounce_texts_get(texts, "kind.none"),
			 bounce_texts_get(NULL, "kind.none"));
	bounce_texts_free(&texts);

	texts = bounce_texts_load(dirs, "en", NULL);
	ck_assert_str_eq(bounce_texts_get(texts, "kind.failure"), "ours");
	bounce_texts_free(&texts);

	/* no such language, and none at all */
	texts = bounce_texts_load(dirs, "xx", NULL);
	ck_assert_str_eq(bounce_texts_language(texts), "en");
	bounce_texts_free(&texts);
	texts = bounce_texts_load(dirs, "../de", NULL);
	ck_assert_str_eq(bounce_texts_language(texts), "en");
	bounce_texts_free(&texts);
	remove_files(first);
	remove_files(second);
}
END_TEST

START_TEST(fill)
{
	const char *text;

	text = t_bounce_texts_fill(NULL, "rate.share", "shared", "6",
				   "failed", "%{shared}", NULL);
	/* what a value holds is no placeholder */
	ck_assert_str_eq(text, "6 of %{shared} failures");
	/* missing, NULL, and of no use */
	text = t_bounce_texts_fill(NULL, "rate.share", "shared", NULL,
				   "other", "x", NULL);
	ck_assert_str_eq(text, " of  failures");
	/* a key that is wrong costs nothing */
	ck_assert_str_eq(t_bounce_texts_fill(NULL, "%{", "a", "b", NULL), "%{");
}
END_TEST

START_TEST(plural)
{
	static const struct {
		const char *language;
		unsigned int count;
		const char *form;
	} tests[] = {
		{ "en", 0, "other" }, { "en", 1, "one" }, { "en", 2, "other" },
		{ "de-CH", 1, "one" }, { "es", 0, "other" },
		{ "fr", 0, "one" }, { "fr", 1, "one" }, { "fr", 2, "other" },
		{ "pt-BR", 0, "one" }, { "pt-BR", 2, "other" },
		{ "ja", 1, "other" }, { "ja", 5, "other" },
		{ "pl", 1, "one" }, { "pl", 2, "few" }, { "pl", 5, "many" },
		{ "pl", 12, "many" }, { "pl", 21, "many" }, { "pl", 22, "few" },
		{ "pl", 112, "many" }, { "pl", 0, "many" },
		{ "ru", 21, "one" }, { "ru", 11, "many" }, { "ru", 24, "few" },
		{ "cs", 4, "few" }, { "cs", 5, "other" }, { "cs", 22, "other" },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		ck_assert_msg(strcmp(bounce_texts_plural(tests[i].language,
							 tests[i].count),
				     tests[i].form) == 0, "%s %u",
			      tests[i].language, tests[i].count);
		ck_assert(str_array_find(
			bounce_texts_plurals(tests[i].language),
			tests[i].form));
	}
}
END_TEST

/* Each kind of mistake is found, with its line; the rest is used. */
START_TEST(wrong)
{
	static const char *const wanted[] = {
		"de.texts:2: Not \"key: text\"",
		"de.texts:3: kind.failure has no text",
		"de.texts:4: Not UTF-8",
		"de.texts:7: Not \"key: text\"",
		"de.texts:5: kind.unheard-of: there is no such key",
		("de.texts:6: rate.share: its placeholders are not those of "
			"the English text: %{failed}%{shared}"),
		"de.texts:9: kind.delay: it stands there twice",
	};
	char dir[] = "/tmp/bounce-test-texts.XXXXXX";
	const char *dirs[] = { NULL, NULL };
	ARRAY_TYPE(bounce_texts_status) languages;
	ARRAY_TYPE(const_string) errors;
	const struct bounce_texts_status *status;
	const char *error, *all = "\n";

	dirs[0] = mkdtemp(dir);
	write_file(dir, "de.texts", "# comment\nno colon\nkind.failure:\n"
		   "kind.none: \xff\nkind.unheard-of: x\n"
		   "rate.share: %{shared} x\nkind.none[some]: x\n"
		   "kind.delay: a\nkind.delay: b\ndraft: yes\n");
	t_array_init(&languages, 16);
	t_array_init(&errors, 8);
	bounce_texts_check(dirs, &languages, &errors);
	array_foreach_elem(&errors, error)
		all = t_strconcat(all, error, "\n", NULL);
	for (unsigned int i = 0; i < N_ELEMENTS(wanted); i++) {
		ck_assert_msg(strstr(all, t_strconcat("\n", wanted[i], "\n",
						      NULL)) != NULL,
			      "%s: %s", wanted[i], all);
	}
	ck_assert_uint_eq(array_count(&errors), N_ELEMENTS(wanted));
	ck_assert_uint_eq(array_count(&languages), 1);
	status = array_idx(&languages, 0);
	ck_assert(status->draft);
	ck_assert_uint_gt(status->missing, 90);
	ck_assert(!bounce_texts_is_whole(dirs, "de"));
	remove_files(dir);
}
END_TEST

/* A language lacks each form that it needs. */
START_TEST(missing)
{
	static const char *const names[] = { "ja", "de", "pl" };
	unsigned int lacks[N_ELEMENTS(names)], forms[N_ELEMENTS(names)];
	unsigned int plurals = 0;
	char dir[] = "/tmp/bounce-test-texts.XXXXXX";
	const char *dirs[] = { NULL, NULL };

	dirs[0] = mkdtemp(dir);
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		ARRAY_TYPE(bounce_texts_status) languages;
		ARRAY_TYPE(const_string) errors;
		const struct bounce_texts_status *status;

		write_file(dir, t_strconcat(names[i], ".texts", NULL),
			   "draft: yes\n");
		t_array_init(&languages, 4);
		t_array_init(&errors, 4);
		bounce_texts_check(dirs, &languages, &errors);
		ck_assert_uint_eq(array_count(&languages), 1);
		status = array_idx(&languages, 0);
		lacks[i] = status->missing;
		forms[i] = str_array_length(bounce_texts_plurals(names[i]));
		(void)unlink(t_strconcat(dir, "/", names[i], ".texts", NULL));
	}
	remove_files(dir);
	ck_assert_uint_eq(forms[0], 1);
	ck_assert_uint_eq(forms[1], 2);
	for (unsigned int i = 0; i < bounce_texts_english_count; i++) {
		if (strstr(bounce_texts_english[i].key, "[other]") != NULL)
			plurals++;
	}
	ck_assert_uint_gt(plurals, 0);
	ck_assert_uint_eq(lacks[1] - lacks[0], plurals);
	ck_assert_uint_eq(lacks[2] - lacks[0], plurals * (forms[2] - forms[0]));
}
END_TEST

/* A line, and a file, that go over their cap. */
START_TEST(caps)
{
	char dir[] = "/tmp/bounce-test-texts.XXXXXX";
	const char *dirs[] = { NULL, NULL };
	ARRAY_TYPE(const_string) errors;
	struct bounce_texts *texts;
	char line[BOUNCE_MAX_RULE_LINE + 10];
	FILE *out;

	dirs[0] = mkdtemp(dir);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	write_file(dir, "xx.texts", t_strconcat("kind.delay: a\nkind.none: ",
						line, "\n", NULL));
	t_array_init(&errors, 8);
	texts = bounce_texts_load(dirs, "xx", &errors);
	ck_assert_str_eq(bounce_texts_get(texts, "kind.delay"), "a");
	ck_assert_uint_eq(array_count(&errors), 1);
	bounce_texts_free(&texts);

	out = fopen(t_strconcat(dir, "/xx.texts", NULL), "w");
	for (unsigned int i = 0; i < BOUNCE_MAX_TEXTS_LINES; i++)
		fputs("#\n", out);
	fputs("kind.delay: b\n", out);
	ck_assert_int_eq(fclose(out), 0);
	texts = bounce_texts_load(dirs, "xx", NULL);
	ck_assert_str_ne(bounce_texts_get(texts, "kind.delay"), "b");
	bounce_texts_free(&texts);
	remove_files(dir);
}
END_TEST

/* Which language a mail is in, that a notice about it may be in the same. */
START_TEST(test_language_of_mail)
{
#define A32 "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaa"
	static const struct {
		const char *headers, *language;
	} tests[] = {
		{ NULL, NULL }, { "", NULL }, { "Subject: de\n", NULL },
		{ "Content-Language: de\n", "de" },
		{ "Subject: x\nCONTENT-language:de\n", "de" },
		{ "Content-Language: de", "de" },
		/* that of the text before those that are understood, too */
		{ "Accept-Language: fr\nContent-Language: de\n", "de" },
		{ "Accept-Language: fr;q=0.8, de\n", "fr" },
		/* the first that there is */
		{ "Content-Language: xx, ../de, fr\n", "fr" },
		{ "Content-Language: xx\nAccept-Language: fr\n", "fr" },
		{ "Content-Language: a,b,c,d,e,f,g,de\n", "de" },
		{ "Content-Language: a,b,c,d,e,f,g,h,de\n", NULL },
		{ "X-Content-Language: de\nContent-Languages: de\n", NULL },
		{ "Content-Language: de-"A32"\n", "de-"A32 },
		{ "Content-Language: de-"A32"a\n", NULL },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *language =
			bounce_tell_language(pool_datastack_create(),
					     tests[i].headers, shipped_dirs);

		ck_assert_msg(null_strcmp(language, tests[i].language) == 0,
			      "%s: %s", tests[i].headers, language);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("texts");
	TCase *tcase = tcase_create("texts");

	tcase_add_test(tcase, english);
	tcase_add_test(tcase, shipped);
	tcase_add_test(tcase, fallback);
	tcase_add_test(tcase, fill);
	tcase_add_test(tcase, plural);
	tcase_add_test(tcase, wrong);
	tcase_add_test(tcase, missing);
	tcase_add_test(tcase, caps);
	tcase_add_test(tcase, test_language_of_mail);
	suite_add_tcase(suite, tcase);
	return bounce_test_run(suite);
}
