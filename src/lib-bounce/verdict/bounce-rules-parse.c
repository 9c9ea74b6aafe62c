/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

static const char *const source_names[] = { "remote", "local" };

static int
sources_parse(const char *value, unsigned int *sources_r, const char **error_r)
{
	const char *const *names = t_strsplit(value, ",");

	*sources_r = 0;
	for (; *names != NULL; names++) {
		if (strcmp(*names, source_names[0]) == 0)
			*sources_r |= BOUNCE_RULES_REMOTE;
		else if (strcmp(*names, source_names[1]) == 0)
			*sources_r |= BOUNCE_RULES_LOCAL;
		else {
			*error_r = t_strdup_printf(
				"Unknown source '%s' (remote, local)", *names);
			return -1;
		}
	}
	return 0;
}

static int rule_sources_parse(struct bounce_rule *rule, const char *value,
			      const char **error_r)
{
	unsigned int sources;

	if (sources_parse(value, &sources, error_r) < 0)
		return -1;
	rule->sources = sources;
	return 0;
}

/* A list of texts, one after the other, up to an empty one. */
static uint32_t
parser_list(struct bounce_rules_parser *parser, const char *value)
{
	const char *const *items = t_strsplit(value, ",");
	uint32_t list = str_len(parser->text);

	for (; *items != NULL; items++) {
		if (**items != '\0')
			(void)bounce_rules_parser_text(parser, *items);
	}
	(void)bounce_rules_parser_text(parser, "");
	return list;
}

static int
rule_condition_parse(struct bounce_rules_parser *parser,
		     struct bounce_rule *rule, const char *condition,
		     const char **error_r)
{
	const char *value = strchr(condition, '=');
	enum bounce_class class;
	const char *key;
	uint32_t list;

	if (strcmp(condition, "weak") == 0) {
		rule->weak = TRUE;
		return 0;
	}
	if (value == NULL || value[1] == '\0') {
		*error_r = t_strdup_printf("Condition '%s' is not key=value",
					   condition);
		return -1;
	}
	key = t_strdup_until(condition, value++);
	if (strcmp(key, "class") == 0) {
		rule->class_given = TRUE;
		if (bounce_class_parse(value, &class) == 0) {
			rule->class = class;
			return 0;
		}
		*error_r = t_strdup_printf("Unknown class '%s'", value);
		return -1;
	}
	if (strcmp(key, "from") == 0)
		return rule_sources_parse(rule, value, error_r);

	list = parser_list(parser, value);
	if (strcmp(key, "status") == 0)
		rule->status = list;
	else if (strcmp(key, "reply") == 0)
		rule->reply = list;
	else if (strcmp(key, "host") == 0)
		rule->hosts = list;
	else if (strcmp(key, "format") == 0)
		rule->formats = list;
	else if (strcmp(key, "command") == 0)
		rule->commands = list;
	else {
		*error_r = t_strdup_printf("Unknown condition '%s'", key);
		return -1;
	}
	return 0;
}

int bounce_rules_query_set(struct bounce_rules_query *query,
			   const char *condition, const char **error_r)
{
	const char *value = strchr(condition, '=');
	const char *key;
	unsigned int sources;

	if (value == NULL) {
		*error_r = t_strdup_printf("'%s' is not key=value", condition);
		return -1;
	}
	key = t_strdup_until(condition, value++);
	if (strcmp(key, "from") == 0) {
		if (sources_parse(value, &sources, error_r) < 0)
			return -1;
		query->source = sources;
	} else if (strcmp(key, "status") == 0)
		query->status = value;
	else if (strcmp(key, "reply") == 0)
		query->reply = value;
	else if (strcmp(key, "host") == 0)
		query->remote_host = value;
	else if (strcmp(key, "format") == 0)
		query->format = value;
	else if (strcmp(key, "command") == 0)
		query->command = value;
	else {
		*error_r = t_strdup_printf("Unknown condition '%s'", key);
		return -1;
	}
	return 0;
}

static bool rule_has_condition(const struct bounce_rule *rule)
{
	return (rule->status | rule->reply | rule->hosts | rule->formats |
		rule->commands) != 0;
}

static int
rule_head_parse(struct bounce_rules_parser *parser, struct bounce_rule *rule,
		const char *head, const char **error_r)
{
	const char *const *args = t_strsplit_spaces(head, " \t");
	const struct bounce_reason *reason;
	unsigned int count;

	if (*args == NULL) {
		*error_r = "The reason is missing";
		return -1;
	}
	reason = bounce_reason_find(*args);
	if (reason == NULL) {
		*error_r = t_strdup_printf("Unknown reason '%s'", *args);
		return -1;
	}
	rule->reason = reason - bounce_reason_table(&count);
	rule->class = reason->class;
	rule->sources = BOUNCE_RULES_REMOTE | BOUNCE_RULES_LOCAL;
	for (args++; *args != NULL; args++) {
		if (rule_condition_parse(parser, rule, *args, error_r) < 0)
			return -1;
	}
	return 0;
}

static int
rule_words_parse(struct bounce_rules_parser *parser, struct bounce_rule *rule,
		 const char *words, const char **error_r)
{
	uint16_t row = array_count(&parser->rules);

	while (*words == ' ' || *words == '\t')
		words++;
	if (*words == '\0') {
		*error_r = "The words are missing ('*' = any)";
		return -1;
	}
	if (bounce_rules_is_classes(words)) {
		if (bounce_rules_classes_parse(parser, rule, words,
					       error_r) < 0)
			return -1;
	} else if (strcmp(words, "*") != 0) {
		return bounce_rules_words_parse(parser, rule, words, error_r);
	} else if (!rule_has_condition(rule)) {
		*error_r = "A rule without words needs a condition";
		return -1;
	}
	array_push_back(&parser->wordless, &row);
	return 0;
}

int bounce_rules_line_parse(struct bounce_rules_parser *parser,
			    const char *name, const char *line,
			    const char **error_r)
{
	const char *words = strchr(line, ':');
	struct bounce_rule rule;

	if (words == NULL) {
		*error_r = "No ':' between the reason and the words";
		return -1;
	}
	if (array_count(&parser->rules) >= BOUNCE_MAX_RULES) {
		*error_r = t_strdup_printf("More than %u rules",
					   BOUNCE_MAX_RULES);
		return -1;
	}
	i_zero(&rule);
	/* what a wrong line leaves in the tables, no rule names */
	if (rule_head_parse(parser, &rule, t_strdup_until(line, words),
			    error_r) < 0 ||
	    rule_words_parse(parser, &rule, words + 1, error_r) < 0)
		return -1;
	rule.name = bounce_rules_parser_text(parser, name);
	array_push_back(&parser->rules, &rule);
	return 0;
}
