/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "hex-binary.h"
#include "sha2.h"
#include "str.h"
#include "unichar.h"
#include "bounce-address.h"
#include "bounce-answer-private.h"
#include "bounce-limits.h"
#include "bounce-string.h"
#include "bounce-texts.h"

/* Bytes of a line that is repeated to its writer; lines that are repeated. */
#define UNKNOWN_MAX 120
#define MAX_UNKNOWN 10
/* A longer line may have been broken by the client. */
#define LONG_LINE 60
/* Dashes or underscores that begin what a client puts above a mail it quotes. */
#define RULE_LENGTH 5

static const char *const verb_names[BOUNCE_ANSWER_VERB_COUNT] = {
	"correct", "release", "remove", "never", "stop", "start", "help"
};

struct answer_parser {
	pool_t pool;
	struct bounce_answer *answer;
	const struct bounce_texts *texts;
	/* each as t_answer_folded() writes it */
	const char *const *words[BOUNCE_ANSWER_VERB_COUNT];
	const char *names[3];

	/* of the line before: its verb, if a line of addresses may go on */
	bool goes_on;
	enum bounce_answer_verb verb;
	const char *half;
	/* of the line before: all of it, if it is a verb whose address is missing */
	const char *bare;
};

const char *bounce_answer_verb_name(enum bounce_answer_verb verb)
{
	i_assert(verb < BOUNCE_ANSWER_VERB_COUNT);
	return verb_names[verb];
}

static const char *
answer_verb_texts(const struct bounce_texts *texts, enum bounce_answer_verb verb)
{
	return bounce_texts_get(texts, t_strconcat("verb.", verb_names[verb],
						   NULL));
}

const char *bounce_answer_verb_word(const struct bounce_texts *texts,
				    enum bounce_answer_verb verb)
{
	return t_strcut(answer_verb_texts(texts, verb), ' ');
}

/*
 * Words
 */

/* Case and the way in which accents are written do not matter. */
static const char *t_answer_folded(const char *text)
{
	buffer_t *buf = t_buffer_create(64);

	(void)uni_utf8_to_decomposed_titlecase(text, strlen(text), buf);
	return str_c(buf);
}

static void answer_init_words(struct answer_parser *parser)
{
	for (unsigned int i = 0; i < BOUNCE_ANSWER_VERB_COUNT; i++) {
		parser->words[i] = t_strsplit_spaces(t_answer_folded(
			t_strconcat(answer_verb_texts(NULL, i), " ",
				    answer_verb_texts(parser->texts, i),
				    NULL)), " ");
	}
	parser->names[0] = t_answer_folded("mailer-daemon@");
	parser->names[1] = t_answer_folded(bounce_texts_get(NULL,
							    "notice.from"));
	parser->names[2] = t_answer_folded(bounce_texts_get(parser->texts,
							    "notice.from"));
}

static bool answer_find_verb(const struct answer_parser *parser,
			     const char *word, enum bounce_answer_verb *verb_r)
{
	const char *folded = t_answer_folded(word);

	for (unsigned int i = 0; i < BOUNCE_ANSWER_VERB_COUNT; i++) {
		if (str_array_find(parser->words[i], folded)) {
			*verb_r = i;
			return TRUE;
		}
	}
	return FALSE;
}

/* Normal form, from the parser's pool, or NULL. */
static const char *
answer_address(const struct answer_parser *parser, const char *word)
{
	const char *address, *error;

	if (strchr(word, '@') == NULL ||
	    bounce_address_normalize(parser->pool, word, &address, &error) < 0)
		return NULL;
	return address;
}

/* All words are addresses: appended to list, each once in a row. */
static bool answer_addresses(const struct answer_parser *parser,
			     const char *const *words, bool arrows,
			     ARRAY_TYPE(const_string) *list)
{
	/* "->" and "=>" have lost their ends */
	static const char *const arrow[] = { "-", "--", "=", "→", NULL };
	const char *address;

	for (; *words != NULL; words++) {
		if (arrows && str_array_find(arrow, *words))
			continue;
		address = answer_address(parser, *words);
		if (address == NULL)
			return FALSE;
		if (array_is_empty(list) ||
		    strcmp(*array_back(list), address) != 0)
			array_push_back(list, &address);
	}
	return TRUE;
}

/*
 * Lines
 */

static void
answer_add(struct answer_parser *parser, enum bounce_answer_verb verb,
	   const char *address, const char *corrected)
{
	struct bounce_answer *answer = parser->answer;
	struct bounce_answer_command *command;

	array_foreach_modifiable(&answer->commands, command) {
		if (command->verb == verb &&
		    null_strcmp(command->address, address) == 0 &&
		    null_strcmp(command->corrected, corrected) == 0)
			return;
	}
	if (array_count(&answer->commands) == BOUNCE_ANSWER_MAX_COMMANDS) {
		answer->more++;
		return;
	}
	command = array_append_space(&answer->commands);
	command->verb = verb;
	command->address = address;
	command->corrected = corrected;
}

static void answer_add_unknown(struct answer_parser *parser, const char *line)
{
	const char *text = bounce_string_oneline(line, UNKNOWN_MAX);

	if (text == NULL ||
	    array_count(&parser->answer->unknown) >= MAX_UNKNOWN)
		return;
	text = p_strdup(parser->pool, text);
	array_push_back(&parser->answer->unknown, &text);
}

/* What follows the verb. Returns FALSE if it does not go with it. */
static bool
answer_take_words(struct answer_parser *parser, enum bounce_answer_verb verb,
		  const char *const *words, bool is_long)
{
	ARRAY_TYPE(const_string) list;
	const char *address;
	const char *const *addresses;
	unsigned int count;

	t_array_init(&list, 8);
	parser->goes_on = FALSE;
	switch (verb) {
	case BOUNCE_ANSWER_HELP:
	case BOUNCE_ANSWER_STOP:
	case BOUNCE_ANSWER_START:
		if (*words != NULL)
			return FALSE;
		answer_add(parser, verb, NULL, NULL);
		return TRUE;
	case BOUNCE_ANSWER_CORRECT:
		if (!answer_addresses(parser, words, TRUE, &list))
			return FALSE;
		addresses = array_get(&list, &count);
		if (count == 1) {
			/* the new one may be on the next line */
			parser->goes_on = TRUE;
			parser->verb = verb;
			parser->half = addresses[0];
			return TRUE;
		}
		if (count != 2)
			return FALSE;
		answer_add(parser, verb, addresses[0], addresses[1]);
		return TRUE;
	case BOUNCE_ANSWER_RELEASE:
	case BOUNCE_ANSWER_REMOVE:
	case BOUNCE_ANSWER_NEVER:
		if (!answer_addresses(parser, words, FALSE, &list) ||
		    array_is_empty(&list))
			return FALSE;
		array_foreach_elem(&list, address)
			answer_add(parser, verb, address, NULL);
		parser->goes_on = is_long;
		parser->verb = verb;
		return TRUE;
	case BOUNCE_ANSWER_VERB_COUNT:
		break;
	}
	i_unreached();
}

/* "correct OLD" or "release", and no line that goes on. */
static void answer_end_half(struct answer_parser *parser)
{
	if (parser->bare != NULL) {
		answer_add_unknown(parser, parser->bare);
	} else if (parser->half != NULL) {
		answer_add_unknown(parser, t_strconcat(
			bounce_answer_verb_word(parser->texts,
						BOUNCE_ANSWER_CORRECT),
			" ", parser->half, NULL));
	}
	parser->bare = parser->half = NULL;
	parser->goes_on = FALSE;
}

static bool
answer_take_more(struct answer_parser *parser, const char *const *words,
		 bool is_long)
{
	ARRAY_TYPE(const_string) list;
	const char *address;

	if (parser->bare != NULL) {
		if (*words == NULL ||
		    !answer_take_words(parser, parser->verb, words, is_long))
			return FALSE;
		parser->bare = NULL;
		return TRUE;
	}
	t_array_init(&list, 8);
	if (!answer_addresses(parser, words, parser->half != NULL, &list) ||
	    array_is_empty(&list))
		return FALSE;
	if (parser->half == NULL) {
		array_foreach_elem(&list, address)
			answer_add(parser, parser->verb, address, NULL);
		parser->goes_on = is_long;
		return TRUE;
	}
	if (array_count(&list) != 1)
		return FALSE;
	answer_add(parser, parser->verb, parser->half, *array_front(&list));
	parser->half = NULL;
	parser->goes_on = FALSE;
	return TRUE;
}

static bool answer_ends_in_comma(const char *line)
{
	size_t len = strlen(t_str_rtrim(line, " \t"));

	return len > 0 && line[len - 1] == ',';
}

/* One word too many, and addresses: a verb was meant. */
static bool
answer_is_meant(const struct answer_parser *parser, const char *const *words)
{
	ARRAY_TYPE(const_string) list;

	t_array_init(&list, 8);
	return words[0] != NULL && words[1] != NULL &&
		strchr(words[0], '@') == NULL &&
		answer_addresses(parser, words + 1, TRUE, &list);
}

static bool answer_wants_address(enum bounce_answer_verb verb)
{
	return verb == BOUNCE_ANSWER_CORRECT || verb == BOUNCE_ANSWER_RELEASE ||
		verb == BOUNCE_ANSWER_REMOVE || verb == BOUNCE_ANSWER_NEVER;
}

static void answer_take_line(struct answer_parser *parser, const char *line)
{
	static const char *const dashes[] = { "-", "–", "•", "·", NULL };
	const char *const *words = t_bounce_answer_split(line);
	bool is_long = strlen(line) >= LONG_LINE || answer_ends_in_comma(line);
	enum bounce_answer_verb verb;

	if (parser->goes_on && answer_take_more(parser, words, is_long))
		return;
	answer_end_half(parser);
	/* of a list */
	if (*words != NULL && str_array_find(dashes, *words))
		words++;
	if (*words == NULL)
		return;
	if (!answer_find_verb(parser, words[0], &verb)) {
		if (answer_is_meant(parser, words))
			answer_add_unknown(parser, line);
	} else if (words[1] == NULL && answer_wants_address(verb)) {
		/* it may be on the next line, as our own notice breaks it */
		parser->goes_on = TRUE;
		parser->verb = verb;
		parser->bare = line;
	} else if (!answer_take_words(parser, verb, words + 1, is_long)) {
		answer_add_unknown(parser, line);
	}
}

/*
 * The mail
 */

/* By a client; or as our notices write the commands that they offer, however a
   client broke the lines. */
static bool answer_is_quoted(const char *line)
{
	static const char *const marks[] = {
		">", "|", "“", "„", "«", "「", NULL
	};

	line += strspn(line, " \t");
	for (unsigned int i = 0; marks[i] != NULL; i++) {
		if (bounce_string_begins(line, marks[i]))
			return TRUE;
	}
	return FALSE;
}

/* All of it stands in quotation marks: copied with them. A client that quotes
   without marks of its own begins with something else. */
static bool answer_is_copied(const char *line)
{
	static const char *const ends[] = { "“", "”", "»", "」", NULL };
	size_t len;

	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		len--;
	if (*line == '>' || *line == '|')
		return FALSE;
	for (unsigned int i = 0; ends[i] != NULL; i++) {
		size_t end = strlen(ends[i]);

		if (len > end && memcmp(line + len - end, ends[i], end) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool answer_is_signature(const char *line)
{
	return strcmp(line, "-- ") == 0 || strcmp(line, "--") == 0;
}

/* What a client writes above the mail that it quotes names who wrote that, or is
   a rule. */
static bool answer_is_attribution(const struct answer_parser *parser,
				  const char *line)
{
	const char *folded;

	if (strspn(line, "-") >= RULE_LENGTH || strspn(line, "_") >= RULE_LENGTH)
		return TRUE;
	folded = t_answer_folded(line);
	for (unsigned int i = 0; i < N_ELEMENTS(parser->names); i++) {
		if (strstr(folded, parser->names[i]) != NULL)
			return TRUE;
	}
	return FALSE;
}

static bool answer_has_marked(const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		if ((*lines)[strspn(*lines, " \t")] == '>')
			return TRUE;
	}
	return FALSE;
}

void bounce_answer_parse(pool_t pool, const char *text,
			 const struct bounce_texts *texts,
			 struct bounce_answer *answer_r)
{
	struct answer_parser parser = {
		.pool = pool, .answer = answer_r, .texts = texts
	};

	i_zero(answer_r);
	p_array_init(&answer_r->commands, pool, 4);
	p_array_init(&answer_r->unknown, pool, 4);
	T_BEGIN {
		const char *const *lines = t_strsplit(text, "\n");
		bool begun = FALSE;

		answer_init_words(&parser);
		for (; *lines != NULL; lines++) {
			if (answer_is_signature(*lines))
				break;
			if (answer_is_quoted(*lines) &&
			    (begun || !answer_is_copied(*lines))) {
				begun = TRUE;
				/* an address beyond it is nobody's word */
				answer_end_half(&parser);
				continue;
			}
			begun = begun || (*lines)[strspn(*lines, " \t\r")] != '\0';
			if (answer_is_attribution(&parser, *lines)) {
				answer_end_half(&parser);
				/* where nothing marks what is quoted, it is
				   all that follows */
				if (!answer_has_marked(lines))
					break;
				continue;
			}
			T_BEGIN {
				answer_take_line(&parser, *lines);
			} T_END;
		}
		answer_end_half(&parser);
	} T_END;
}

const char *bounce_answer_digest(const char *text)
{
	unsigned char digest[SHA256_RESULTLEN];
	string_t *str = t_str_new(strlen(text) + 1);

	text = bounce_string_fold(text, SIZE_MAX);
	for (; *text != '\0'; text++) {
		if (*text != ' ')
			str_append_c(str, *text);
	}
	sha256_get_digest(str_data(str), str_len(str), digest);
	return binary_to_hex(digest, sizeof(digest));
}
