/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-clauses-private.h"
#include "bounce-string.h"

/* The most words between "in" and the noun that it is said of: "in our virtual". */
#define ATTRIBUTE_MAX_BETWEEN 2
/* The most letters that join the parts of a compound. */
#define ATTRIBUTE_MAX_JOINT 2

/* The words of the group GRAMMAR in a clause. */
struct clause_grammar {
	const char *words;
	ARRAY_TYPE(bounce_words_hit) hits;
};

/* Where the next word begins. */
static unsigned int attribute_skip(const char *words, unsigned int pos)
{
	pos += strspn(words + pos, "\"");
	if (bounce_string_begins(words + pos, "'s "))
		pos += 2;
	return pos + strspn(words + pos, " '\"");
}

/* The word of class that begins at begin, or ends right before end; or NULL. */
static const struct bounce_words_hit *
grammar_find_begin(const struct clause_grammar *grammar,
		   enum bounce_words_class class, unsigned int begin)
{
	const struct bounce_words_hit *hit;

	array_foreach(&grammar->hits, hit) {
		if (hit->class == class && hit->begin == begin)
			return hit;
	}
	return NULL;
}

static const struct bounce_words_hit *
grammar_find_end(const struct clause_grammar *grammar,
		 enum bounce_words_class class, unsigned int end)
{
	const struct bounce_words_hit *hit;

	array_foreach(&grammar->hits, hit) {
		if (hit->class == class && hit->end <= end &&
		    attribute_skip(grammar->words, hit->end) == end)
			return hit;
	}
	return NULL;
}

/* "in our user database": there is where somebody else is not. */
static bool
attribute_is_place(const struct clause_grammar *grammar, unsigned int begin)
{
	const struct bounce_words_hit *hit;
	unsigned int spaces;

	array_foreach(&grammar->hits, hit) {
		if (hit->class != BOUNCE_WORD_WITHIN || hit->begin >= begin)
			continue;
		spaces = 0;
		for (unsigned int i = hit->end; i < begin &&
		     spaces <= ATTRIBUTE_MAX_BETWEEN + 1; i++)
			spaces += grammar->words[i] == ' ' ? 1 : 0;
		if (spaces <= ATTRIBUTE_MAX_BETWEEN + 1)
			return TRUE;
	}
	return FALSE;
}

/* "Benutzer|datenbank", "gebruiker|s|database": the rest of the word at end. */
static bool attribute_is_compound(const char *words, unsigned int end)
{
	unsigned int len = bounce_words_rest(words, end);
	struct clause_grammar rest;

	if (len < 3)
		return FALSE;
	t_array_init(&rest.hits, 4);
	for (unsigned int i = 0; i <= ATTRIBUTE_MAX_JOINT && i + 3 <= len;
	     i++) {
		array_clear(&rest.hits);
		rest.words = t_strndup(words + end + i, len - i);
		bounce_words_find(BOUNCE_WORDS_GRAMMAR, rest.words,
				  &rest.hits);
		if (grammar_find_begin(&rest, BOUNCE_WORD_MACHINE, 0) != NULL)
			return TRUE;
	}
	return FALSE;
}

/* further: the clause already spoke of something of the recipient's. */
static bool
clause_phrase_is_attribute(const struct clause_grammar *grammar,
			   const struct clause_phrase *phrase,
			   bool further)
{
	const struct bounce_words_hit *of, *holder;
	unsigned int begin = phrase->begin;

	if (grammar_find_begin(grammar, BOUNCE_WORD_MACHINE,
			       attribute_skip(grammar->words,
					      phrase->end)) != NULL ||
	    attribute_is_compound(grammar->words, phrase->end))
		return !attribute_is_place(grammar, begin);
	of = grammar_find_end(grammar, BOUNCE_WORD_OF, begin);
	if (of != NULL && further)
		return TRUE;
	holder = grammar_find_end(grammar, BOUNCE_WORD_HOLDER,
				  of != NULL ? of->begin : begin);
	if (holder == NULL && of != NULL)
		holder = grammar_find_end(grammar, BOUNCE_WORD_MACHINE,
					  of->begin);
	return holder != NULL && !attribute_is_place(grammar, holder->begin);
}

/* "If the address does not exist, check it": advice, which says nothing. */
static bool clause_is_hypothesis(const struct clause_grammar *grammar)
{
	const struct bounce_words_hit *hit;
	unsigned int begin = strspn(grammar->words, " ");

	array_foreach(&grammar->hits, hit) {
		if (hit->class == BOUNCE_WORD_IF && hit->begin == begin)
			return TRUE;
	}
	return FALSE;
}

bool bounce_clause_attributes(struct clause_phrase *phrases, unsigned int count)
{
	const char *words = phrases->words;
	const bounce_words_set_t who = bounce_words_set(BOUNCE_WORD_WHO) |
		bounce_words_set(BOUNCE_WORD_NOBODY);
	const bounce_words_set_t domain = bounce_words_set(BOUNCE_WORD_DOMAIN) |
		bounce_words_set(BOUNCE_WORD_NODOMAIN);
	struct clause_grammar grammar = { .words = words };
	struct bounce_words_hit *hit;
	bool found = FALSE, other = FALSE;

	for (unsigned int i = 0; i < count; i++) {
		/* "mailbox store full": the mailbox is */
		if ((phrases[i].set & bounce_words_set(BOUNCE_WORD_FULL)) != 0)
			return FALSE;
	}
	for (unsigned int i = 0; i < count; i++) {
		if ((phrases[i].set & (who | domain)) == 0)
			continue;
		if (!array_is_created(&grammar.hits)) {
			t_array_init(&grammar.hits, 16);
			bounce_words_find(BOUNCE_WORDS_GRAMMAR, words,
					  &grammar.hits);
			array_foreach_modifiable(&grammar.hits, hit)
				hit->end += bounce_words_rest(words, hit->end);
			if (clause_is_hypothesis(&grammar)) {
				for (i = 0; i < count; i++)
					phrases[i].set = 0;
				return FALSE;
			}
		}
		if ((phrases[i].set & who) == 0)
			continue;
		if (!clause_phrase_is_attribute(&grammar, &phrases[i], found)) {
			other = TRUE;
			continue;
		}
		found = TRUE;
		if ((phrases[i].set & bounce_words_set(BOUNCE_WORD_NOBODY)) != 0)
			phrases[i].set |= bounce_words_set(BOUNCE_WORD_NOT);
		phrases[i].set &= ~who;
	}
	return found && !other;
}
