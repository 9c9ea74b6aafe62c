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
	array_foreach(clauses, clause)
		query->classes |= clause->set;
}
