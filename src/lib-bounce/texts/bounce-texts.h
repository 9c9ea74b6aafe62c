#ifndef BOUNCE_TEXTS_H
#define BOUNCE_TEXTS_H

/* What a person reads, by key and language: texts.d/<lang>.texts, one
   "key: text" a line (bounce-texts(5)). Every key has an English text, which is
   compiled in: NULL as struct bounce_texts is English. */

#include "lib.h"
#include "array.h"

struct bounce_reason;
struct bounce_texts;

/* The texts of a language ("de", "pt-BR", "de-AT", in any case) in these
   folders, key by key from the first that has it; then those of the language
   without its region; then English. dirs is NULL-terminated. A folder or a
   language that is missing is no error; a line that is wrong is passed over and
   named in errors ("de.texts:3: ...", data stack), which may be NULL. */
struct bounce_texts *
bounce_texts_load(const char *const *dirs, const char *lang,
		  ARRAY_TYPE(const_string) *errors);
void bounce_texts_free(struct bounce_texts **texts);

/* Only the characters of a language's name (RFC 5646 section 2.1)? */
bool bounce_texts_is_language(const char *language);
/* The language that most of the texts are in, as RFC 5646 writes it; "en" where
   the one that was asked for has none. */
const char *bounce_texts_language(const struct bounce_texts *texts);
/* Is there a file of that language in these folders, or of the language without
   its region, that nobody called a draft? */
bool bounce_texts_is_whole(const char *const *dirs, const char *lang);

/* The text of a key, which must be one of English's; never NULL. Lives as long
   as texts. */
const char *bounce_texts_get(const struct bounce_texts *texts, const char *key);
/* The same with its placeholders filled in: name and value in turn, then NULL.
   A value that is NULL is empty. On the data stack. */
const char *t_bounce_texts_fill(const struct bounce_texts *texts,
				const char *key, ...) ATTR_SENTINEL;
/* The same of the plural form that goes with count (CLDR), which fills
   %{count}. */
const char *t_bounce_texts_count(const struct bounce_texts *texts,
				 const char *key, unsigned int count, ...)
				 ATTR_SENTINEL;

/* What the reason means, and what to do. */
const char *bounce_texts_meaning(const struct bounce_texts *texts,
				 const struct bounce_reason *reason);
const char *bounce_texts_advice(const struct bounce_texts *texts,
				const struct bounce_reason *reason);

/* One language of the folders, for "doveadm bounce texts check". */
struct bounce_texts_status {
	const char *language;
	/* in the language itself: "Deutsch" */
	const char *name;
	unsigned int keys, missing;
	bool draft;
};
ARRAY_DEFINE_TYPE(bounce_texts_status, struct bounce_texts_status);

/* Look at every file of the folders: keys that English does not have,
   placeholders that are missing or unknown, plural forms that the language
   needs. A key that is missing is counted, and English is used. Allocated
   from the data stack. */
void bounce_texts_check(const char *const *dirs,
			ARRAY_TYPE(bounce_texts_status) *languages,
			ARRAY_TYPE(const_string) *errors);

/* The value of bounce_texts: folders in order, "shipped" is that of the package;
   NULL-terminated, from pool. Returns 0, or -1 with error_r. */
int bounce_texts_dirs_parse(pool_t pool, const char *value,
			    const char *const **dirs_r, const char **error_r);

#endif
