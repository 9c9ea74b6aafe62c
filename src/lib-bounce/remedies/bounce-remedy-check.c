/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-remedy-private.h"

struct remedy_check {
	const struct bounce_remedies *remedies;
	ARRAY_TYPE(const_string) *errors;
	bool failed;
};

static void ATTR_FORMAT(3, 4)
remedy_check_error(struct remedy_check *check, const char *file,
		   const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = t_strdup_vprintf(fmt, args);
	va_end(args);
	text = t_strdup_printf("%s: %s", file, text);
	array_push_back(check->errors, &text);
	check->failed = TRUE;
}

static const struct bounce_remedy *
remedy_check_winner(struct remedy_check *check,
		    const struct bounce_remedy_example *example,
		    const char *skip)
{
	return bounce_remedy_find_without(check->remedies, example->text,
					  example->host, skip);
}

static void remedy_check_example(struct remedy_check *check,
				 const struct bounce_remedy_example *example)
{
	const struct bounce_remedy *wanted =
		array_idx(&check->remedies->remedies, example->remedy);
	const struct bounce_remedy *winner =
		remedy_check_winner(check, example, NULL);

	if (winner == wanted)
		return;
	remedy_check_error(check, example->file, "The example of %s is won by %s",
			   wanted->provider, winner == NULL ? "nobody" :
			   winner->provider);
}

/* Does an example of the remedy need this word? */
static bool remedy_check_is_needed(struct remedy_check *check,
				   unsigned int remedy, const char *word)
{
	const struct bounce_remedy *wanted =
		array_idx(&check->remedies->remedies, remedy);
	const struct bounce_remedy_example *example;

	array_foreach(&check->remedies->examples, example) {
		if (example->remedy == remedy &&
		    remedy_check_winner(check, example, NULL) == wanted &&
		    remedy_check_winner(check, example, word) != wanted)
			return TRUE;
	}
	return FALSE;
}

static void remedy_check_words(struct remedy_check *check, unsigned int remedy)
{
	const struct bounce_remedy *r =
		array_idx(&check->remedies->remedies, remedy);

	/* of hosts one example will do */
	for (const char *const *word = r->match; *word != NULL; word++) {
		if (!remedy_check_is_needed(check, remedy, *word)) {
			remedy_check_error(check, r->file,
					   "No example needs '%s'", *word);
		}
	}
}

static bool
remedy_check_has_example(struct remedy_check *check, unsigned int remedy)
{
	const struct bounce_remedy_example *example;

	array_foreach(&check->remedies->examples, example) {
		if (example->remedy == remedy)
			return TRUE;
	}
	return FALSE;
}

int bounce_remedies_check(const struct bounce_remedies *remedies,
			  ARRAY_TYPE(const_string) *errors)
{
	struct remedy_check check = { .remedies = remedies, .errors = errors };
	const struct bounce_remedy_example *example;

	array_foreach(&remedies->examples, example)
		remedy_check_example(&check, example);
	for (unsigned int i = 0; i < array_count(&remedies->remedies); i++) {
		if (!remedy_check_has_example(&check, i)) {
			const struct bounce_remedy *remedy =
				array_idx(&remedies->remedies, i);

			remedy_check_error(&check, remedy->file,
					   "The provider has no example");
		} else {
			remedy_check_words(&check, i);
		}
	}
	return check.failed ? -1 : 0;
}
