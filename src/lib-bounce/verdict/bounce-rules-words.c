/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-rules-private.h"

/* The index keys are four bytes long; an anchor's words have at least that. */
#define ANCHOR_MIN_LENGTH 4

/* While the words of one rule are read. */
struct words_parser {
	pool_t pool;
	ARRAY(struct bounce_rule_group) groups;
	bool gap;			/* "..." stood before what comes */
};

/* Quotes around a word keep its outer spaces. */
static void
word_parse(pool_t pool, const char *begin, const char *end,
	   struct bounce_rule_word *word_r)
{
	if (end - begin >= 2 && *begin == '"' && end[-1] == '"') {
		begin++;
		end--;
	}
	word_r->text = p_strdup(pool,
		bounce_rules_fold_piece(t_strdup_until(begin, end)));
	word_r->len = strlen(word_r->text);
	word_r->skip = FALSE;
}

static void
rules_group_add(struct words_parser *parser,
		const struct bounce_rule_word *words,
		unsigned int count)
{
	struct bounce_rule_group *group = array_append_space(&parser->groups);

	group->words = p_memdup(parser->pool, words, sizeof(*words) * count);
	group->count = count;
	group->gap_before = parser->gap;
	parser->gap = FALSE;
}

/* Plain words up to end. The spaces around "..." are its own. */
static void
rules_plain_add(struct words_parser *parser, const char *begin, const char *end,
		bool gap_after)
{
	struct bounce_rule_word word;

	while (parser->gap && begin < end && *begin == ' ')
		begin++;
	while (gap_after && end > begin && end[-1] == ' ')
		end--;
	if (begin == end)
		return;
	word_parse(parser->pool, begin, end, &word);
	rules_group_add(parser, &word, 1);
}

static void
rules_alternatives_add(struct words_parser *parser, const char *begin,
		       const char *end)
{
	ARRAY(struct bounce_rule_word) words;
	const char *p;

	t_array_init(&words, 16);
	for (p = begin; p <= end; p++) {
		if (p != end && *p != '|')
			continue;
		word_parse(parser->pool, begin, p, array_append_space(&words));
		begin = p + 1;
	}
	rules_group_add(parser, array_front(&words), array_count(&words));
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

static size_t rules_group_shortest(const struct bounce_rule_group *group)
{
	size_t len = group->words[0].len;

	for (unsigned int i = 1; i < group->count; i++)
		len = I_MIN(len, group->words[i].len);
	return len;
}

/* The longer the words, the seldomer they are met. */
static int rules_anchor_choose(struct bounce_rule *rule, const char **error_r)
{
	size_t len, longest = 0;

	for (unsigned int i = 0; i < rule->groups_count; i++) {
		len = rules_group_shortest(&rule->groups[i]);
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

int bounce_rules_words_parse(pool_t pool, struct bounce_rule *rule,
			     const char *words, const char **error_r)
{
	struct words_parser parser = { .pool = pool };

	p_array_init(&parser.groups, pool, 4);
	if (rules_groups_parse(&parser, words, error_r) < 0)
		return -1;
	rule->groups_count = array_count(&parser.groups);
	if (rule->groups_count == 0) {
		*error_r = "The words are missing";
		return -1;
	}
	rule->groups = array_front(&parser.groups);
	return rules_anchor_choose(rule, error_r);
}
