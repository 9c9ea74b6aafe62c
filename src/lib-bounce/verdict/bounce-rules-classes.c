/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-clauses.h"
#include "bounce-limits.h"
#include "bounce-rules-private.h"

#include <ctype.h>

bool bounce_rules_is_classes(const char *words)
{
	enum bounce_words_class class;
	size_t len = strspn(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return len > 0 && (words[len] == '\0' || words[len] == ' ' ||
			   words[len] == '|') &&
		bounce_words_class_parse(BOUNCE_WORDS_JUDGE,
					 t_strndup(words, len), &class) == 0;
}

/* "A|B": the set of both. */
static int
classes_term_parse(const char *term, bounce_words_set_t *set_r,
		   const char **error_r)
{
	const char *const *names = t_strsplit(term, "|");
	enum bounce_words_class class;

	*set_r = 0;
	for (; *names != NULL; names++) {
		if (bounce_words_class_parse(BOUNCE_WORDS_JUDGE, *names,
					     &class) < 0) {
			*error_r = t_strdup_printf("Unknown class '%s'",
						   *names);
			return -1;
		}
		*set_r |= bounce_words_set(class);
	}
	return 0;
}

int bounce_rules_classes_parse(struct bounce_rules_parser *parser,
			       struct bounce_rule *rule, const char *words,
			       const char **error_r)
{
	const char *const *args = t_strsplit_spaces(words, " \t");
	struct bounce_rule_classes *classes =
		array_append_space(&parser->classes);
	bounce_words_set_t *others = NULL, set;

	for (; *args != NULL; args++) {
		if (strcmp(*args, "unless") == 0) {
			others = &classes->unless;
			continue;
		} else if (strcmp(*args, "with") == 0) {
			others = &classes->with;
			continue;
		} else if (strcmp(*args, "without") == 0) {
			others = &classes->without;
			continue;
		}
		if (classes_term_parse(*args, &set, error_r) < 0)
			return -1;
		if (others != NULL) {
			*others |= set;
		} else if (classes->count == BOUNCE_MAX_RULE_TERMS) {
			*error_r = t_strdup_printf("More than %u classes",
						   BOUNCE_MAX_RULE_TERMS);
			return -1;
		} else {
			classes->terms[classes->count++] = set;
		}
	}
	rule->classes = array_count(&parser->classes);
	return 0;
}

static bool
classes_clause_match(const struct bounce_rule_classes *classes,
		     bounce_words_set_t set)
{
	if ((classes->unless & set) != 0)
		return FALSE;
	for (unsigned int i = 0; i < classes->count; i++) {
		if ((classes->terms[i] & set) == 0)
			return FALSE;
	}
	return TRUE;
}

bool bounce_rules_classes_match(const struct bounce_rule_classes *classes,
				const struct bounce_rules_query *query)
{
	const struct bounce_clause *clause;

	/* what stands nowhere stands in no clause */
	for (unsigned int i = 0; i < classes->count; i++) {
		if ((classes->terms[i] & query->classes) == 0)
			return FALSE;
	}
	if (query->clauses == NULL ||
	    (classes->without & query->classes) != 0 ||
	    (classes->with != 0 && (classes->with & query->classes) == 0))
		return FALSE;
	array_foreach(query->clauses, clause) {
		if (classes_clause_match(classes, clause->set))
			return TRUE;
	}
	return FALSE;
}

static bool
classes_has_any(bounce_words_set_t set, const enum bounce_words_class *classes,
		unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if ((set & bounce_words_set(classes[i])) != 0)
			return TRUE;
	}
	return FALSE;
}

/* Does a clause say of us, our host or our mail that something is wrong with it,
   and of no user ("User unknown, in case you need help see ...")? Then another one
   that seems to speak of an address does not: "unknown client: no user will be
   served". */
static bool classes_blame_us(bounce_words_set_t set)
{
	static const enum bounce_words_class us[] = {
		BOUNCE_WORD_SENDER, BOUNCE_WORD_OWN, BOUNCE_WORD_YOU,
		BOUNCE_WORD_HEADER, BOUNCE_WORD_LINK, BOUNCE_WORD_AUTHN,
		BOUNCE_WORD_SENDING, BOUNCE_WORD_REVERSE, BOUNCE_WORD_ATTACH
	}, wrong[] = {
		BOUNCE_WORD_UNKNOWN, BOUNCE_WORD_NOBODY, BOUNCE_WORD_NOONE,
		BOUNCE_WORD_NODOMAIN, BOUNCE_WORD_GONE, BOUNCE_WORD_OFF,
		BOUNCE_WORD_DENY, BOUNCE_WORD_MALFORMED,
		BOUNCE_WORD_MISSING
	}, denied[] = {
		BOUNCE_WORD_EXIST, BOUNCE_WORD_ALLOW, BOUNCE_WORD_DNS
	};

	return (set & bounce_words_set(BOUNCE_WORD_WHO)) == 0 &&
		classes_has_any(set, us, N_ELEMENTS(us)) &&
		(classes_has_any(set, wrong, N_ELEMENTS(wrong)) ||
		 ((set & bounce_words_set(BOUNCE_WORD_NOT)) != 0 &&
		  classes_has_any(set, denied, N_ELEMENTS(denied))));
}

void bounce_rules_query_clauses(struct bounce_rules_query *query,
				const char *text,
				const struct bounce_clause_roles *roles)
{
	ARRAY_TYPE(bounce_clause) *clauses =
		t_new(ARRAY_TYPE(bounce_clause), 1);
	const struct bounce_clause *clause;

	t_array_init(clauses, 8);
	bounce_clauses_read(text, roles, clauses);
	query->clauses = clauses;
	query->classes = 0;
	query->blames_us = FALSE;
	array_foreach(clauses, clause) {
		query->classes |= clause->set;
		/* a notice's words tell of the mail, too */
		if (query->source == BOUNCE_RULES_REMOTE &&
		    classes_blame_us(clause->set))
			query->blames_us = TRUE;
	}
}
