/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-texts-private.h"
#include "str.h"
#include "sort.h"
#include "bounce-reason.h"

#include <ctype.h>

#define ENGLISH "en"

/*
 * Load
 */

/* The first text of a key counts. */
static void texts_add(const char *key, const char *text,
		      unsigned int line ATTR_UNUSED, void *context)
{
	struct bounce_texts *texts = context;

	if (hash_table_lookup(texts->texts, key) != NULL)
		return;
	key = p_strdup(texts->pool, key);
	text = p_strdup(texts->pool, text);
	hash_table_insert(texts->texts, key, text);
}

static void
texts_add_language(struct bounce_texts *texts, const char *const *dirs,
		   const char *lang, ARRAY_TYPE(const_string) *errors)
{
	for (; *dirs != NULL; dirs++) {
		const char *path = t_strconcat(*dirs, "/", lang, ".texts",
					       NULL);

		if (bounce_texts_file_read(path, texts_add, texts,
					   errors) > 0 &&
		    texts->language == NULL)
			texts->language = p_strdup(texts->pool, lang);
	}
}

/* "pt-br" as its file is called, RFC 5646 section 2.1.1: "pt-BR". */
static const char *t_texts_canonical(const char *lang)
{
	char *name = t_strdup_noconst(lang), *p;
	const char *region;

	for (p = name; *p != '\0'; p++)
		*p = *p == '_' ? '-' : i_tolower(*p);
	region = strchr(name, '-');
	if (region != NULL && strlen(region) == 3) {
		for (p = name + (region - name); *p != '\0'; p++)
			*p = i_toupper(*p);
	}
	return name;
}

struct bounce_texts *
bounce_texts_load(const char *const *dirs, const char *lang,
		  ARRAY_TYPE(const_string) *errors)
{
	struct bounce_texts *texts;
	pool_t pool = pool_alloconly_create("bounce texts", 32 * 1024);

	texts = p_new(pool, struct bounce_texts, 1);
	texts->pool = pool;
	hash_table_create(&texts->texts, pool, 0, str_hash, strcmp);
	lang = t_texts_canonical(lang);
	if (bounce_texts_is_language(lang)) {
		texts_add_language(texts, dirs, lang, errors);
		if (strchr(lang, '-') != NULL)
			texts_add_language(texts, dirs,
					   bounce_texts_primary(lang), errors);
	}
	if (texts->language == NULL)
		texts->language = ENGLISH;
	return texts;
}

void bounce_texts_free(struct bounce_texts **_texts)
{
	struct bounce_texts *texts = *_texts;

	if (texts == NULL)
		return;
	*_texts = NULL;
	hash_table_destroy(&texts->texts);
	pool_unref(&texts->pool);
}

const char *bounce_texts_language(const struct bounce_texts *texts)
{
	return texts == NULL ? ENGLISH : texts->language;
}

static void texts_find_draft(const char *key, const char *text ATTR_UNUSED,
			     unsigned int line ATTR_UNUSED, void *context)
{
	bool *draft = context;

	if (strcmp(key, "draft") == 0)
		*draft = TRUE;
}

bool bounce_texts_is_whole(const char *const *dirs, const char *lang)
{
	bool found = FALSE, draft = FALSE;

	lang = t_texts_canonical(lang);
	if (!bounce_texts_is_language(lang))
		return FALSE;
	if (strcmp(bounce_texts_primary(lang), ENGLISH) == 0)
		return TRUE;
	for (; *dirs != NULL && !found; dirs++) {
		const char *const names[] = {
			lang, bounce_texts_primary(lang)
		};

		for (unsigned int i = 0; i < N_ELEMENTS(names) && !found; i++) {
			found = bounce_texts_file_read(
				t_strconcat(*dirs, "/", names[i], ".texts",
					    NULL),
				texts_find_draft, &draft, NULL) > 0;
		}
	}
	return found && !draft;
}

/*
 * Look up
 */

static int texts_entry_cmp(const char *key,
			   const struct bounce_texts_entry *entry)
{
	return strcmp(key, entry->key);
}

const char *bounce_texts_english_find(const char *key)
{
	const struct bounce_texts_entry *entry;

	entry = i_bsearch(key, bounce_texts_english,
			  bounce_texts_english_count,
			  sizeof(bounce_texts_english[0]), texts_entry_cmp);
	return entry == NULL ? NULL : entry->text;
}

const char *bounce_texts_get(const struct bounce_texts *texts, const char *key)
{
	const char *text = texts == NULL ? NULL :
		hash_table_lookup(texts->texts, key);

	if (text == NULL)
		text = bounce_texts_english_find(key);
	/* a mistake of ours must not cost a mail: test-texts finds it */
	return text == NULL ? key : text;
}

static const char *
texts_get_count(const struct bounce_texts *texts, const char *key,
		unsigned int count)
{
	const char *language = bounce_texts_language(texts);
	const char *const forms[] = {
		t_strconcat(key, "[", bounce_texts_plural(language, count),
			    "]", NULL),
		t_strconcat(key, "[other]", NULL),
	};

	for (unsigned int i = 0; texts != NULL && i < N_ELEMENTS(forms); i++) {
		const char *text = hash_table_lookup(texts->texts, forms[i]);

		if (text != NULL)
			return text;
	}
	return bounce_texts_get(NULL, t_strconcat(key, count == 1 ? "[one]" :
						  "[other]", NULL));
}

/*
 * Fill in
 */

static const char *
texts_value(const char *const *values, const char *name, size_t len)
{
	for (; *values != NULL; values += 2) {
		if (strlen(*values) == len && memcmp(*values, name, len) == 0)
			return values[1];
	}
	return NULL;
}

/* values: name and value in turn, NULL-terminated. What a value holds is not
   looked at again. */
static const char *t_texts_replace(const char *text, const char *const *values)
{
	string_t *str = t_str_new(256);
	const char *start, *end, *value;

	while ((start = strstr(text, "%{")) != NULL &&
	       (end = strchr(start, '}')) != NULL) {
		str_append_data(str, text, start - text);
		value = texts_value(values, start + 2, end - start - 2);
		if (value != NULL)
			str_append(str, value);
		text = end + 1;
	}
	str_append(str, text);
	return str_c(str);
}

/* first: NULL, or a name and value before the list's. */
static const char *
t_texts_fill_va(const char *text, const char *first, const char *first_value,
		va_list args)
{
	ARRAY_TYPE(const_string) values;
	const char *name, *value;

	t_array_init(&values, 16);
	if (first != NULL) {
		array_push_back(&values, &first);
		array_push_back(&values, &first_value);
	}
	while ((name = va_arg(args, const char *)) != NULL) {
		value = va_arg(args, const char *);
		if (value == NULL)
			value = "";
		array_push_back(&values, &name);
		array_push_back(&values, &value);
	}
	array_append_zero(&values);
	return t_texts_replace(text, array_front(&values));
}

const char *t_bounce_texts_fill(const struct bounce_texts *texts,
				const char *key, ...)
{
	const char *text;
	va_list args;

	va_start(args, key);
	text = t_texts_fill_va(bounce_texts_get(texts, key), NULL, NULL, args);
	va_end(args);
	return text;
}

const char *t_bounce_texts_count(const struct bounce_texts *texts,
				 const char *key, unsigned int count, ...)
{
	const char *text;
	va_list args;

	va_start(args, count);
	text = t_texts_fill_va(texts_get_count(texts, key, count), "count",
			       dec2str(count), args);
	va_end(args);
	return text;
}

const char *bounce_texts_meaning(const struct bounce_texts *texts,
				 const struct bounce_reason *reason)
{
	return bounce_texts_get(texts, t_strconcat("reason.", reason->name,
						   ".meaning", NULL));
}

const char *bounce_texts_advice(const struct bounce_texts *texts,
				const struct bounce_reason *reason)
{
	return bounce_texts_get(texts, t_strconcat("reason.", reason->name,
						   ".advice", NULL));
}
