/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* words-compile FILE.words... >bounce-words-data.h

   Runs while the sources are built, on the build machine: reads the words of all
   languages, tries each example, and writes the tables that bounce-words.c holds.
   Prints what is wrong as "file:line: text" and exits 1. doc/ADDING says what a
   file looks like. */

#include "words-compile.h"

#include <stdarg.h>

#define MAX_PHRASE 120
#define MAX_LINE 160

enum words_group {
	GROUP_JUDGE = 0, GROUP_NOTICE, GROUP_GRAMMAR, GROUP_COUNT
};

static const struct words_class {
	const char *name;
	enum words_group group;
} words_classes[] = {
#define CLASS(group, name) { #name, GROUP_##group },
#include "bounce-words-classes.h"
#undef CLASS
};
#define CLASS_COUNT (sizeof(words_classes) / sizeof(words_classes[0]))

static struct words_phrase *phrases;
static unsigned int phrases_count, phrases_size;
/* the first phrase that the examples that come next are for */
static unsigned int block_begin;
static bool block_ended;
static const char *file_name;
static unsigned int file_line;
static bool failed;

static void __attribute__((format(printf, 3, 4)))
words_error(const char *file, unsigned int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s:%u: ", file, line);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	failed = true;
}

static char *words_fold(const char *text)
{
	char *folded = words_core_casefold(text, strlen(text));

	if (folded == NULL) {
		words_error(file_name, file_line, "This is not UTF-8");
		folded = words_alloc(NULL, 1);
		*folded = '\0';
	}
	(void)words_core_tidy(folded);
	return folded;
}

static int compile_phrase_cmp(const void *p1, const void *p2)
{
	const struct words_phrase *a = p1, *b = p2;
	int ret = strcmp(a->text, b->text);

	if (ret != 0)
		return ret;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	/* the open one serves for both */
	return (int)b->open - (int)a->open;
}

/* Mark the phrases of the block that the example holds. */
static void words_example(const char *text)
{
	char *folded = words_fold(text);
	const struct bounce_words_entry *entry;
	struct bounce_words_table table;
	struct words_core_walk walk;
	bool any = false;

	for (unsigned int i = block_begin; i < phrases_count; i++) {
		(void)words_table_build(&phrases[i], 1, &table);
		words_core_begin(&walk, &table, folded);
		entry = words_core_next(&walk);
		if (entry != NULL) {
			phrases[i].untried = false;
			any = true;
		}
		words_table_free(&table);
	}
	if (!any)
		words_error(file_name, file_line, "No phrase above is in this "
			    "example");
	block_ended = true;
	free(folded);
}

static char *words_trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

static void words_phrase_add(char *text, unsigned int class)
{
	struct words_phrase *phrase;
	size_t len;

	text = words_trim(text);
	len = strlen(text);
	if (phrases_count == phrases_size) {
		phrases_size = phrases_size * 2 + 64;
		phrases = words_alloc(phrases, phrases_size * sizeof(*phrases));
	}
	phrase = &phrases[phrases_count];
	memset(phrase, 0, sizeof(*phrase));
	if (len > 0 && text[len - 1] == '*') {
		phrase->open = true;
		text[len - 1] = '\0';
	}
	phrase->text = words_fold(text);
	phrase->len = strlen(phrase->text);
	phrase->class = class;
	phrase->untried = true;
	phrase->file = file_name;
	phrase->line = file_line;
	if (phrase->len == 0 || phrase->len > MAX_PHRASE) {
		words_error(file_name, file_line, "A phrase has 1 to %u bytes",
			    MAX_PHRASE);
		return;
	}
	if (phrase->open && phrase->len < 3) {
		words_error(file_name, file_line, "A phrase with '*' has at "
			    "least 3 bytes");
		return;
	}
	phrases_count++;
}

static int words_class_find(const char *name)
{
	for (unsigned int i = 0; i < CLASS_COUNT; i++) {
		if (strcmp(words_classes[i].name, name) == 0)
			return i;
	}
	return -1;
}

static void words_line(char *line, int *class)
{
	char *end, *next;

	if (strlen(line) > MAX_LINE + 1 && u8_mbsnlen((const uint8_t *)line,
						      strlen(line)) > MAX_LINE)
		words_error(file_name, file_line, "The line has more than %u "
			    "characters", MAX_LINE);
	line = words_trim(line);
	if (*line == '\0' || *line == '#')
		return;
	if (*line == '[' && (end = strchr(line, ']')) != NULL &&
	    end[1] == '\0') {
		*end = '\0';
		*class = words_class_find(line + 1);
		if (*class == -1)
			words_error(file_name, file_line, "Unknown class '%s'",
				    line + 1);
		block_begin = phrases_count;
		return;
	}
	if (*line == '=') {
		words_example(line + 1);
		return;
	}
	if (*class == -1) {
		words_error(file_name, file_line, "A phrase before a class");
		return;
	}
	if (block_ended) {
		block_begin = phrases_count;
		block_ended = false;
	}
	for (; line != NULL; line = next) {
		next = strchr(line, '|');
		if (next != NULL)
			*next++ = '\0';
		words_phrase_add(line, *class);
	}
}

static void words_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "r");
	char line[4096];
	int class = -1;

	file_name = slash == NULL ? path : slash + 1;
	file_line = 0;
	block_begin = phrases_count;
	if (file == NULL) {
		perror(path);
		exit(2);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		file_line++;
		words_line(line, &class);
	}
	(void)fclose(file);
	block_ended = true;
}

/* What no example tried, and what two lines say. */
static void words_check(void)
{
	for (unsigned int i = 0; i < phrases_count; i++) {
		const struct words_phrase *phrase = &phrases[i];

		if (phrase->untried)
			words_error(phrase->file, phrase->line,
				    "No example holds '%s'", phrase->text);
	}
}

/* Sorted, and each phrase of a class once: languages share words. */
static void words_sort(void)
{
	unsigned int used = 0;

	qsort(phrases, phrases_count, sizeof(*phrases), compile_phrase_cmp);
	for (unsigned int i = 0; i < phrases_count; i++) {
		if (used > 0 && phrases[used - 1].class == phrases[i].class &&
		    strcmp(phrases[used - 1].text, phrases[i].text) == 0)
			continue;
		phrases[used++] = phrases[i];
	}
	phrases_count = used;
}

static void words_write_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

static void words_write_group(enum words_group group)
{
	struct words_phrase *list;
	struct bounce_words_table table;
	unsigned int count = 0, entries;

	list = words_alloc(NULL, (phrases_count + 1) * sizeof(*list));
	for (unsigned int i = 0; i < phrases_count; i++) {
		if (words_classes[phrases[i].class].group == group)
			list[count++] = phrases[i];
	}
	entries = words_table_build(list, count, &table);
	if (entries > UINT16_MAX) {
		fputs("words-compile: too many phrases\n", stderr);
		exit(1);
	}
	printf("static const char words_text_%u[] =\n\t\"\"\n", group);
	for (unsigned int i = 0; i < count; i++) {
		fputs("\t\"", stdout);
		words_write_text(list[i].text, list[i].len);
		fputs("\"\n", stdout);
	}
	/* eight bytes are read at once */
	printf("\t\"\\0\\0\\0\\0\\0\\0\\0\";\n"
	       "static const struct bounce_words_entry "
	       "words_entries_%u[] = {\n", group);
	for (unsigned int i = 0; i <= entries; i++) {
		const struct bounce_words_entry *entry = &table.entries[i];

		printf("\t{ %u, %u, %u, %u, %u, %u },\n", entry->key,
		       entry->offset, entry->len, entry->class, entry->alike,
		       entry->open);
	}
	printf("};\nstatic const uint16_t words_starts_%u[] = {", group);
	for (unsigned int i = 0; i <= WORDS_STARTS; i++)
		printf("%s%u,", i % 16 == 0 ? "\n\t" : " ", table.starts[i]);
	printf("\n};\nstatic const uint32_t words_filter_%u[] = {", group);
	for (unsigned int i = 0; i < WORDS_FILTER; i++)
		printf("%s%u,", i % 8 == 0 ? "\n\t" : " ", table.filter[i]);
	printf("\n};\n#define WORDS_FIRSTS_%u {", group);
	for (unsigned int i = 0; i < 256 / 32; i++)
		printf(" %u,", table.firsts[i]);
	printf(" }\n");
	words_table_free(&table);
	free(list);
}

/* Does a set (bounce_words_set_t) hold each group? */
static void words_check_sets(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CLASS_COUNT; i++) {
		if (i == 0 || words_classes[i].group !=
		    words_classes[i - 1].group)
			count = 0;
		if (++count > 64) {
			fputs("words-compile: a group has more than 64 "
			      "classes\n", stderr);
			exit(1);
		}
	}
}

static void words_write(void)
{
	puts("/* Made by words-compile from src/words. */\n");
	for (unsigned int group = 0; group < GROUP_COUNT; group++)
		words_write_group(group);
	words_write_folds();
	printf("static const struct bounce_words_table "
	       "bounce_words_tables[%u] = {\n", GROUP_COUNT);
	for (unsigned int group = 0; group < GROUP_COUNT; group++)
		printf("\t{ words_text_%u, words_entries_%u, "
		       "words_starts_%u, words_filter_%u, WORDS_FIRSTS_%u },\n",
		       group, group, group, group, group);
	puts("};");
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		words_file(argv[i]);
	words_check();
	words_check_sets();
	if (failed)
		return 1;
	words_sort();
	words_write();
	return fflush(stdout) == 0 ? 0 : 2;
}
