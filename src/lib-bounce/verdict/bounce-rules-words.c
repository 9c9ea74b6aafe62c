/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-rules-private.h"

/* The index keys are four bytes long; an anchor's words have at least that. */
#define ANCHOR_MIN_LENGTH 4

/* While the words of one rule are read. */
struct words_parser {
	struct bounce_rules_parser *parser;
	bool gap;			/* "..." stood before what comes */
};

/* Quotes around a word keep its outer spaces. */
static void
word_add(struct bounce_rules_parser *parser, const char *begin, const char *end)
{
	struct bounce_rule_word *word;
	const char *text;

	if (end - begin >= 2 && *begin == '"' && end[-1] == '"') {
		begin++;
		end--;
	}
	text = bounce_rules_fold_piece(t_strdup_until(begin, end));
	word = array_append_space(&parser->words);
	word->text = bounce_rules_parser_text(parser, text);
	word->len = strlen(text);
}

/* A group of the words that are added from now on. */
static struct bounce_rule_group *rules_group_add(struct words_parser *parser)
{
	struct bounce_rule_group *group =
		array_append_space(&parser->parser->groups);

	group->words = array_count(&parser->parser->words);
	group->gap_before = parser->gap;
	parser->gap = FALSE;
	return group;
}

/* Plain words up to end. The spaces around "..." are its own. */
static void
rules_plain_add(struct words_parser *parser, const char *begin, const char *end,
		bool gap_after)
{
	while (parser->gap && begin < end && *begin == ' ')
		begin++;
	while (gap_after && end > begin && end[-1] == ' ')
		end--;
	if (begin == end)
		return;
	rules_group_add(parser)->count = 1;
	word_add(parser->parser, begin, end);
}

static void
rules_alternatives_add(struct words_parser *parser, const char *begin,
		       const char *end)
{
	struct bounce_rule_group *group = rules_group_add(parser);
	const char *p;

	for (p = begin; p <= end; p++) {
		if (p != end && *p != '|')
			continue;
		word_add(parser->parser, begin, p);
		group->count++;
		begin = p + 1;
	}
}

static int
rules_groups_parse(struct words_parser *parser, const char *words,
		   const char **error_r)
{
	const char *p = words, *end;

	while (*p != '\0') {
		if (strncmp(p, "...", 3) == 0) {
			rules_plain_add(parser, words, p, TRUE);
			parser->gap = TRUE;
			words = p += 3;
		} else if (*p == '{') {
			end = strchr(p, '}');
			if (end == NULL) {
				*error_r = "'{' without '}'";
				return -1;
			}
			if (strstr(t_strdup_until(p, end), "...") != NULL) {
				*error_r = "'...' within { }";
				return -1;
			}
			rules_plain_add(parser, words, p, FALSE);
			rules_alternatives_add(parser, p + 1, end);
			words = p = end + 1;
		} else {
			p++;
		}
	}
	rules_plain_add(parser, words, p, FALSE);
	return 0;
}

static size_t rules_group_shortest(const struct bounce_rules_parser *parser,
				   const struct bounce_rule_group *group)
{
	const struct bounce_rule_word *word;
	size_t len = SIZE_MAX;

	for (unsigned int i = 0; i < group->count; i++) {
		word = array_idx(&parser->words, group->words + i);
		len = I_MIN(len, word->len);
	}
	return len;
}

/* The longer the words, the seldomer they are met. */
static int rules_anchor_choose(const struct bounce_rules_parser *parser,
			       struct bounce_rule *rule, const char **error_r)
{
	size_t len, longest = 0;

	for (unsigned int i = 0; i < rule->groups_count; i++) {
		len = rules_group_shortest(parser,
			array_idx(&parser->groups, rule->groups + i));
		if (len > longest) {
			longest = len;
			rule->anchor = i;
		}
	}
	if (longest < ANCHOR_MIN_LENGTH) {
		*error_r = t_strdup_printf("No words of at least %u bytes "
			"in every spelling", ANCHOR_MIN_LENGTH);
		return -1;
	}
	return 0;
}

int bounce_rules_words_parse(struct bounce_rules_parser *_parser,
			     struct bounce_rule *rule, const char *words,
			     const char **error_r)
{
	struct words_parser parser = { .parser = _parser };

	rule->groups = array_count(&_parser->groups);
	if (rules_groups_parse(&parser, words, error_r) < 0)
		return -1;
	rule->groups_count = array_count(&_parser->groups) - rule->groups;
	if (rule->groups_count == 0) {
		*error_r = "The words are missing";
		return -1;
	}
	return rules_anchor_choose(_parser, rule, error_r);
}
