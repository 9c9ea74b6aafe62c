/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-folder.h"
#include "bounce-texts-private.h"


/* Each about the file itself, not something that is said. */
static const char *const meta_keys[] = { "language", "draft", NULL };

struct texts_check {
	const char *file;
	/* their keys only */
	struct bounce_texts *seen;
	ARRAY_TYPE(const_string) *errors;
};

/* "%{a}%{b}" of "x %{b} y %{a} %{a}": sorted, each once. */
static const char *t_placeholders(const char *text)
{
	ARRAY_TYPE(const_string) names;
	const char *start, *end, *name, *last = NULL, *all = "";

	t_array_init(&names, 4);
	while ((start = strstr(text, "%{")) != NULL &&
	       (end = strchr(start, '}')) != NULL) {
		name = t_strdup_until(start, end + 1);
		array_push_back(&names, &name);
		text = end + 1;
	}
	array_sort(&names, i_strcmp_p);
	array_foreach_elem(&names, name) {
		if (last == NULL || strcmp(last, name) != 0)
			all = t_strconcat(all, name, NULL);
		last = name;
	}
	return all;
}

/* The English text that the key translates, or NULL. */
static const char *texts_check_english(const char *key)
{
	const char *form = strchr(key, '[');

	if (form == NULL)
		return bounce_texts_english_find(key);
	return bounce_texts_english_find(
		t_strconcat(t_strdup_until(key, form), "[other]", NULL));
}

/* "1 mail" may do without its %{count}. */
static bool texts_check_placeholders(const char *key, const char *text,
				     const char *english)
{
	const char *form = strchr(key, '[');
	const char *have = t_placeholders(text);

	if (strcmp(have, t_placeholders(english)) == 0)
		return TRUE;
	return form != NULL && strcmp(form, "[other]") != 0 &&
		strcmp(t_placeholders(t_strconcat(text, "%{count}", NULL)),
		       t_placeholders(english)) == 0;
}

static void texts_check_line(const char *key, const char *text,
			     unsigned int line, void *context)
{
	struct texts_check *check = context;
	const char *english, *error = NULL;

	if (str_array_find(meta_keys, key))
		return;
	english = texts_check_english(key);
	if (english == NULL)
		error = "there is no such key";
	else if (!texts_check_placeholders(key, text, english))
		error = t_strconcat("its placeholders are not those of the "
				    "English text: ", t_placeholders(english),
				    NULL);
	else if (hash_table_lookup(check->seen->texts, key) != NULL)
		error = "it stands there twice";
	else {
		key = p_strdup(check->seen->pool, key);
		hash_table_insert(check->seen->texts, key, key);
	}
	if (error != NULL) {
		error = t_strdup_printf("%s:%u: %s: %s", check->file, line,
					key, error);
		array_push_back(check->errors, &error);
	}
}

static void texts_check_file(const char *dir, const char *name,
			     ARRAY_TYPE(const_string) *errors)
{
	const char *const none[] = { NULL };
	struct texts_check check = {
		.file = name, .errors = errors,
		.seen = bounce_texts_load(none, "", NULL)
	};

	(void)bounce_texts_file_read(t_strconcat(dir, "/", name, NULL),
				     texts_check_line, &check, NULL);
	bounce_texts_free(&check.seen);
}

static unsigned int
texts_check_lacks(const struct bounce_texts *texts, const char *key)
{
	return hash_table_lookup(texts->texts, key) == NULL ? 1 : 0;
}

/* Which keys of English have no text, or not in every form that is needed. */
static unsigned int texts_check_missing(const struct bounce_texts *texts)
{
	const char *const *forms = bounce_texts_plurals(texts->language);
	unsigned int missing = 0;

	for (unsigned int i = 0; i < bounce_texts_english_count; i++) {
		const char *key = bounce_texts_english[i].key;
		const char *form = strchr(key, '[');

		if (str_array_find(meta_keys, key))
			continue;
		if (form == NULL) {
			missing += texts_check_lacks(texts, key);
			continue;
		}
		if (strcmp(form, "[other]") != 0)
			continue;
		for (unsigned int j = 0; forms[j] != NULL; j++) {
			missing += texts_check_lacks(texts, t_strconcat(
				t_strdup_until(key, form), "[", forms[j], "]",
				NULL));
		}
	}
	return missing;
}

static void
texts_check_language(const char *const *dirs, const char *language,
		     ARRAY_TYPE(bounce_texts_status) *languages,
		     ARRAY_TYPE(const_string) *errors)
{
	struct bounce_texts *texts = bounce_texts_load(dirs, language, errors);
	struct bounce_texts_status *status = array_append_space(languages);
	const char *name = meta_keys[0], *draft = meta_keys[1];

	name = hash_table_lookup(texts->texts, name);
	status->language = t_strdup(language);
	status->name = name == NULL ? "" : t_strdup(name);
	status->draft = hash_table_lookup(texts->texts, draft) != NULL;
	status->keys = hash_table_count(texts->texts);
	status->missing = texts_check_missing(texts);
	bounce_texts_free(&texts);
}

void bounce_texts_check(const char *const *dirs,
			ARRAY_TYPE(bounce_texts_status) *languages,
			ARRAY_TYPE(const_string) *errors)
{
	ARRAY_TYPE(const_string) all, names;
	const char *name, *last = "";

	t_array_init(&all, 16);
	for (unsigned int i = 0; dirs[i] != NULL; i++) {
		t_array_init(&names, 16);
		(void)bounce_folder_list(dirs[i], ".texts", &names);
		array_foreach_elem(&names, name)
			texts_check_file(dirs[i], name, errors);
		array_append_array(&all, &names);
	}
	array_sort(&all, i_strcmp_p);
	array_foreach_elem(&all, name) {
		if (strcmp(name, last) != 0)
			texts_check_language(dirs, t_strcut(name, '.'),
					     languages, errors);
		last = name;
	}
}
