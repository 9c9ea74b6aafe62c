/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-texts-private.h"

#include <ctype.h>

const char *bounce_texts_primary(const char *language)
{
	return t_strcut(language, '-');
}

bool bounce_texts_is_language(const char *language)
{
	if (!i_isalpha(*language))
		return FALSE;
	while (i_isalnum(*language) || *language == '-')
		language++;
	return *language == '\0';
}

/* CLDR 45, plurals.xml, cardinal forms of whole numbers below a million; French,
   Spanish, Italian and Portuguese have "many" for round millions only, which we
   do not count to. A language that is not here has "one" and "other". */

static const char *const forms_other[] = { "other", NULL };
static const char *const forms_one[] = { "one", "other", NULL };
static const char *const forms_slavic[] = {
	"one", "few", "many", "other", NULL
};
static const char *const forms_czech[] = { "one", "few", "other", NULL };

enum texts_plural_rule {
	PLURAL_OTHER,		/* no plural */
	PLURAL_ONE,		/* 1 */
	PLURAL_ZERO_ONE,	/* 0, 1 */
	PLURAL_POLISH,
	PLURAL_RUSSIAN,
	PLURAL_CZECH,
};

static const struct texts_plural {
	const char *language;
	enum texts_plural_rule rule;
	const char *const *forms;
} plurals[] = {
	{ "be", PLURAL_RUSSIAN, forms_slavic },
	{ "cs", PLURAL_CZECH, forms_czech },
	{ "fr", PLURAL_ZERO_ONE, forms_one },
	{ "id", PLURAL_OTHER, forms_other },
	{ "ja", PLURAL_OTHER, forms_other },
	{ "ko", PLURAL_OTHER, forms_other },
	{ "pl", PLURAL_POLISH, forms_slavic },
	{ "pt", PLURAL_ZERO_ONE, forms_one },
	{ "ru", PLURAL_RUSSIAN, forms_slavic },
	{ "sk", PLURAL_CZECH, forms_czech },
	{ "th", PLURAL_OTHER, forms_other },
	{ "uk", PLURAL_RUSSIAN, forms_slavic },
	{ "vi", PLURAL_OTHER, forms_other },
	{ "zh", PLURAL_OTHER, forms_other },
};

static const struct texts_plural *texts_plural_find(const char *language)
{
	static const struct texts_plural others = {
		NULL, PLURAL_ONE, forms_one
	};
	const char *primary = bounce_texts_primary(language);

	for (unsigned int i = 0; i < N_ELEMENTS(plurals); i++) {
		if (strcasecmp(plurals[i].language, primary) == 0)
			return &plurals[i];
	}
	return &others;
}

static bool texts_plural_few(unsigned int count)
{
	return count % 10 >= 2 && count % 10 <= 4 &&
		(count % 100 < 12 || count % 100 > 14);
}

static bool
texts_plural_one(enum texts_plural_rule rule, unsigned int count)
{
	switch (rule) {
	case PLURAL_OTHER:
		return FALSE;
	case PLURAL_ZERO_ONE:
		return count <= 1;
	case PLURAL_RUSSIAN:
		return count % 10 == 1 && count % 100 != 11;
	default:
		return count == 1;
	}
}

const char *bounce_texts_plural(const char *language, unsigned int count)
{
	enum texts_plural_rule rule = texts_plural_find(language)->rule;

	if (texts_plural_one(rule, count))
		return "one";
	switch (rule) {
	case PLURAL_POLISH:
	case PLURAL_RUSSIAN:
		return texts_plural_few(count) ? "few" : "many";
	case PLURAL_CZECH:
		return count >= 2 && count <= 4 ? "few" : "other";
	default:
		return "other";
	}
}

const char *const *bounce_texts_plurals(const char *language)
{
	return texts_plural_find(language)->forms;
}
