/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-clauses-private.h"
#include "bounce-limits.h"

/* Whom or whose a phrase speaks of counts even within it: "account expired", "on our
   server". */
static bool
clause_hit_is_named(const struct bounce_words_hit *hit, bounce_words_set_t last)
{
	if (hit->class == BOUNCE_WORD_HERE)
		return TRUE;
	return hit->class == BOUNCE_WORD_WHO &&
		(last & bounce_words_set(BOUNCE_WORD_YOU)) == 0 &&
		(last & (bounce_words_set(BOUNCE_WORD_OFF) |
			 bounce_words_set(BOUNCE_WORD_UNKNOWN))) != 0;
}

static bool clause_phrase_is(const struct clause_phrase *phrase,
			     enum bounce_words_class class)
{
	return (phrase->set & bounce_words_set(class)) != 0;
}

/* Is nothing between them but a space and the end of a word? */
static bool clause_phrases_touch(const struct clause_phrase *phrase,
				 const struct clause_phrase *next)
{
	const char *p = phrase->words + phrase->end;

	p += strcspn(p, " ,");
	return phrase->words + next->begin <= p + 1;
}

static bool
clause_phrase_is_beside(const struct clause_phrase *phrases, unsigned int i,
			unsigned int j, enum bounce_words_class class)
{
	return clause_phrase_is(&phrases[j], class) &&
		clause_phrases_touch(&phrases[I_MIN(i, j)],
				     &phrases[I_MAX(i, j)]);
}

/* "Invalid message for the user", "message invalid for the user", "unknown
   server, the user ...": it is the message or the server that is invalid. Not
   "invalid mail recipient", "user unknown server mx1". */
static bool
clause_phrase_of_thing(const struct clause_phrase *phrases, unsigned int count,
		       unsigned int i)
{
	if (!clause_phrase_is(&phrases[i], BOUNCE_WORD_UNKNOWN) ||
	    clause_phrase_is(&phrases[i], BOUNCE_WORD_WHO))
		return FALSE;
	if (i > 0) {
		if (clause_phrase_is_beside(phrases, i, i - 1,
					    BOUNCE_WORD_MESSAGE))
			return TRUE;
		if (clause_phrase_is_beside(phrases, i, i - 1, BOUNCE_WORD_WHO))
			return FALSE;
	}
	return i + 1 < count &&
		(clause_phrase_is_beside(phrases, i, i + 1,
					 BOUNCE_WORD_MESSAGE) ||
		 clause_phrase_is_beside(phrases, i, i + 1,
					 BOUNCE_WORD_SYSTEM)) &&
		!(i + 2 < count &&
		  clause_phrase_is_beside(phrases, i + 1, i + 2,
					  BOUNCE_WORD_WHO));
}

static bounce_words_set_t
clause_phrases_classes(const struct clause_phrase *phrases, unsigned int count)
{
	bounce_words_set_t set = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (clause_phrase_of_thing(phrases, count, i))
			set |= phrases[i].set &
				~bounce_words_set(BOUNCE_WORD_UNKNOWN);
		else
			set |= phrases[i].set;
	}
	return set;
}

bounce_words_set_t
bounce_clauses_classes(struct bounce_clauses_reader *reader, const char *words)
{
	const struct bounce_words_hit *hit, *other;
	struct clause_phrase *phrase = NULL;
	bounce_words_set_t set = 0;
	unsigned int i, j, count, end;

	words = bounce_words_fold(words);
	array_clear(&reader->hits);
	array_clear(&reader->phrases);
	bounce_words_find(BOUNCE_WORDS_JUDGE, words, &reader->hits);
	hit = array_get(&reader->hits, &count);
	if (count == 0)
		return 0;
	for (i = 0; i < count; i = j) {
		/* those that begin here, the longest last */
		for (j = i + 1; j < count && hit[j].begin == hit[i].begin; )
			j++;
		end = hit[j - 1].end;
		if (phrase == NULL || hit[i].begin >= phrase->end) {
			phrase = array_append_space(&reader->phrases);
			phrase->words = words;
			phrase->begin = hit[i].begin;
			phrase->end = end;
			for (other = &hit[i]; other < &hit[j]; other++) {
				if (other->end == end)
					phrase->set |= bounce_words_set(
						other->class);
			}
		}
		for (other = &hit[i]; other < &hit[j]; other++) {
			if (other->end <= phrase->end &&
			    clause_hit_is_named(other, phrase->set))
				set |= bounce_words_set(other->class);
		}
	}
	phrase = array_get_modifiable(&reader->phrases, &count);
	if (bounce_clause_attributes(phrase, count))
		set |= bounce_words_set(BOUNCE_WORD_THING) |
			bounce_words_set(BOUNCE_WORD_SYSTEM);
	return set | clause_phrases_classes(phrase, count);
}

bounce_words_set_t bounce_clauses_so_far(struct bounce_clauses_reader *reader)
{
	if (str_len(reader->words) != reader->said_len) {
		reader->said_len = str_len(reader->words);
		reader->said = bounce_clauses_classes(reader,
						      str_c(reader->words));
	}
	return reader->said;
}

void bounce_clauses_words_cut(struct bounce_clauses_reader *reader, size_t len)
{
	str_truncate(reader->words, len);
	/* others may come in their place */
	reader->said = 0;
	reader->said_len = 0;
}

bounce_words_set_t bounce_clauses_end(struct bounce_clauses_reader *reader)
{
	struct bounce_clause *clause;
	bounce_words_set_t set = bounce_clauses_so_far(reader);
	bounce_words_set_t masked = reader->masked;

	/* "<recipient> from <sender>: no such user"; but "<recipient>: no MX for
	   <sender's host>" */
	if (reader->names_recipient &&
	    (set & bounce_words_set(BOUNCE_WORD_DNS)) == 0)
		masked &= ~bounce_words_set(BOUNCE_WORD_SENDER);
	set |= masked;
	if (set != 0 &&
	    array_count(reader->clauses) < BOUNCE_MAX_CLAUSES) {
		clause = array_append_space(reader->clauses);
		clause->set = set;
	}
	bounce_clauses_words_cut(reader, 0);
	reader->masked = 0;
	reader->after_address = FALSE;
	reader->names_recipient = FALSE;
	return set;
}
