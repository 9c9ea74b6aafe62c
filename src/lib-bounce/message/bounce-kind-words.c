/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-kind.h"

/* What a notice in plain words says: by the words of src/words. */

bounce_words_set_t bounce_kind_words(const char *text)
{
	bounce_words_set_t words;

	T_BEGIN {
		words = bounce_words_classes(BOUNCE_WORDS_NOTICE,
					     bounce_words_fold(text));
	} T_END;
	return words;
}

bool bounce_words_delay(bounce_words_set_t words)
{
	return bounce_kind_has(words, BOUNCE_WORD_DELAY) &&
		!bounce_kind_has(words, BOUNCE_WORD_FINAL);
}

/* Is what is at pos denied by the words before it, as far as the clause
   goes: "could not be successfully delivered"? */
static bool kind_is_denied(const char *folded,
			   const ARRAY_TYPE(bounce_words_hit) *hits,
			   unsigned int pos)
{
	const struct bounce_words_hit *hit;
	unsigned int begin = pos;

	while (begin > 0 && pos - begin < 60 &&
	       strchr(".;:!?", folded[begin - 1]) == NULL)
		begin--;
	array_foreach(hits, hit) {
		if (hit->class == BOUNCE_WORD_DENIAL && hit->begin >= begin &&
		    hit->end <= pos)
			return TRUE;
	}
	return FALSE;
}

/* Is it taken back in the same sentence: "accepted for delivery, but rejected by"? */
static bool kind_is_revoked(const char *folded,
			    const ARRAY_TYPE(bounce_words_hit) *hits,
			    unsigned int pos)
{
	unsigned int end = pos + strcspn(folded + pos, ".;!?");
	const struct bounce_words_hit *hit;

	array_foreach(hits, hit) {
		if (hit->class == BOUNCE_WORD_FAILING && hit->begin >= pos &&
		    hit->begin < end)
			return TRUE;
	}
	return FALSE;
}

static bool kind_says_success(const char *folded)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;

	t_array_init(&hits, 32);
	bounce_words_find(BOUNCE_WORDS_NOTICE, folded, &hits);
	array_foreach(&hits, hit) {
		if (hit->class == BOUNCE_WORD_SUCCESS &&
		    !kind_is_denied(folded, &hits, hit->begin) &&
		    !kind_is_revoked(folded, &hits, hit->end))
			return TRUE;
	}
	return FALSE;
}

bool bounce_words_success(const char *text)
{
	bool success;

	T_BEGIN {
		success = kind_says_success(bounce_words_fold(text));
	} T_END;
	return success;
}

bool bounce_words_waiting(bounce_words_set_t words)
{
	return bounce_kind_has(words, BOUNCE_WORD_MODERATOR) &&
		bounce_kind_has(words, BOUNCE_WORD_APPROVAL) &&
		!bounce_kind_has(words, BOUNCE_WORD_TURNEDDOWN);
}

/* Does the notice greet as people do, and not introduce a program? */
static bool kind_is_greeting(const char *text)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	bool greets = FALSE;

	t_array_init(&hits, 8);
	bounce_words_find(BOUNCE_WORDS_NOTICE,
			  bounce_words_fold(t_strndup(text, 40)), &hits);
	array_foreach(&hits, hit) {
		if (hit->class == BOUNCE_WORD_ROBOT && hit->begin < 30)
			return FALSE;
		if (hit->class == BOUNCE_WORD_GREETING && hit->begin == 0)
			greets = TRUE;
	}
	return greets;
}

bool bounce_words_personal(bounce_words_set_t words, const char *text)
{
	bool greets;

	if (bounce_kind_has(words, BOUNCE_WORD_TOLD))
		return TRUE;
	T_BEGIN {
		greets = kind_is_greeting(text);
	} T_END;
	return greets;
}
