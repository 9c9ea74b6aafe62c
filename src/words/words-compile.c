/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* words-compile FILE.words... >bounce-words-data.h

   Runs while the sources are built, on the build machine: reads the words of all
   languages, tries each example, and writes the tables that bounce-words.c holds.
   Prints what is wrong as "file:line: text" and exits 1. doc/ADDING says what a
   file looks like. */

#include "bounce-words-core.h"

#include <stdarg.h>
#include <stdio.h>
#include <unictype.h>

#define MAX_PHRASE 120
#define MAX_LINE 160

enum words_group { GROUP_JUDGE = 0, GROUP_NOTICE, GROUP_COUNT };

static const struct words_class {
	const char *name;
	enum words_group group;
} words_classes[] = {
#define CLASS(group, name) { #name, GROUP_##group },
#include "bounce-words-classes.h"
#undef CLASS
};
#define CLASS_COUNT (sizeof(words_classes) / sizeof(words_classes[0]))

struct words_phrase {
	char *text;			/* folded */
	size_t len;
	unsigned int class;
	bool open;
	/* no example held it yet */
	bool untried;
	/* entered by another line of the same class already */
	bool again;
	const char *file;
	unsigned int line;
};

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

static void *words_alloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (new == NULL) {
		fputs("words-compile: out of memory\n", stderr);
		exit(2);
	}
	return new;
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

/* The most keys of a phrase. */
#define WORDS_KEYS 27

/* A phrase by one of its keys. */
struct words_keyed {
	const struct words_phrase *phrase;
	uint32_t key;
};

static int words_keyed_cmp(const void *p1, const void *p2)
{
	const struct words_keyed *a = p1, *b = p2;
	unsigned int slot_a = words_core_hash(a->key) >> WORDS_HASH_LOW_BITS;
	unsigned int slot_b = words_core_hash(b->key) >> WORDS_HASH_LOW_BITS;

	if (slot_a != slot_b)
		return slot_a < slot_b ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	/* as they are sorted in the list */
	return a->phrase < b->phrase ? -1 : a->phrase > b->phrase;
}

/* Enter phrase by its keys. Returns how many those are. */
static unsigned int
words_keyed_add(const struct words_phrase *phrase, struct words_keyed *keyed)
{
	size_t letters = words_core_letters(phrase->text,
					    phrase->text + phrase->len);
	char text[8] = { 0 };
	uint64_t bytes;

	memcpy(text, phrase->text, phrase->len < 8 ? phrase->len : 8);
	bytes = words_core_load8(text);
	for (unsigned int i = 0; i < WORDS_KEYS; i++)
		keyed[i].phrase = phrase;
	keyed[0].key = phrase->len >= 8 ? words_core_key8(bytes) :
		phrase->len >= 4 ? words_core_key4(bytes) :
		words_core_key1(bytes, letters);
	if (!phrase->open || letters != 3 || phrase->len != 3)
		return 1;
	/* a letter may follow, and no three are looked for then */
	for (unsigned int i = 1; i < WORDS_KEYS; i++) {
		text[3] = 'a' + i - 1;
		keyed[i].key = words_core_key4(words_core_load8(text));
	}
	return WORDS_KEYS;
}

/* Bytes that both begin with. */
static unsigned int
words_phrases_alike(const struct words_phrase *a, const struct words_phrase *b)
{
	unsigned int i = 0;

	while (i < a->len && i < b->len && a->text[i] == b->text[i])
		i++;
	return i;
}

static struct bounce_words_entry
words_entry(const struct words_keyed *keyed, const struct words_keyed *before,
	    uint32_t offset)
{
	struct bounce_words_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.key = keyed->key;
	entry.offset = offset;
	entry.len = keyed->phrase->len;
	entry.class = keyed->phrase->class;
	entry.open = keyed->phrase->open;
	entry.alike = before == NULL || before->key != keyed->key ? 0 :
		words_phrases_alike(before->phrase, keyed->phrase);
	return entry;
}

/* The table of phrases, which are sorted; from malloc(). Returns the number of its
   entries. */
static unsigned int
words_table_build(const struct words_phrase *list, unsigned int count,
		  struct bounce_words_table *table_r)
{
	struct bounce_words_entry *entries;
	struct words_keyed *keyed;
	uint16_t *starts;
	uint32_t *filter;
	size_t used = 0, *offsets;
	char *text = NULL;
	unsigned int keys = 0, slot = 0, hash;

	offsets = words_alloc(NULL, (count + 1) * sizeof(*offsets));
	keyed = words_alloc(NULL, (count * WORDS_KEYS + 1) * sizeof(*keyed));
	for (unsigned int i = 0; i < count; i++) {
		text = words_alloc(text, used + list[i].len + 1);
		memcpy(text + used, list[i].text, list[i].len + 1);
		offsets[i] = used;
		used += list[i].len;
		keys += words_keyed_add(&list[i], keyed + keys);
	}
	qsort(keyed, keys, sizeof(*keyed), words_keyed_cmp);
	entries = words_alloc(NULL, (keys + 1) * sizeof(*entries));
	memset(entries, 0, (keys + 1) * sizeof(*entries));
	starts = words_alloc(NULL, (WORDS_STARTS + 1) * sizeof(*starts));
	filter = words_alloc(NULL, WORDS_FILTER * sizeof(*filter));
	memset(filter, 0, WORDS_FILTER * sizeof(*filter));
	for (unsigned int i = 0; i < keys; i++) {
		hash = words_core_hash(keyed[i].key);
		filter[hash / 32] |= (uint32_t)1 << hash % 32;
		while (slot <= hash >> WORDS_HASH_LOW_BITS)
			starts[slot++] = i;
		entries[i] = words_entry(&keyed[i], i == 0 ? NULL :
					 &keyed[i - 1],
					 offsets[keyed[i].phrase - list]);
	}
	while (slot <= WORDS_STARTS)
		starts[slot++] = keys;
	free(keyed);
	free(offsets);
	table_r->text = text;
	table_r->entries = entries;
	table_r->starts = starts;
	table_r->filter = filter;
	return keys;
}

static void words_table_free(struct bounce_words_table *table)
{
	free((void *)table->text);
	free((void *)table->entries);
	free((void *)table->starts);
	free((void *)table->filter);
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
	printf("\t;\nstatic const struct bounce_words_entry "
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
	printf("\n};\n");
	words_table_free(&table);
	free(list);
}

/* The number of each class in its group. */
static void words_write_bits(void)
{
	unsigned int bit = 0;

	printf("static const uint8_t words_bits[%zu] = {", CLASS_COUNT);
	for (unsigned int i = 0; i < CLASS_COUNT; i++) {
		if (i == 0 || words_classes[i].group !=
		    words_classes[i - 1].group)
			bit = 0;
		printf("%s%u,", i % 16 == 0 ? "\n\t" : " ", bit++);
		if (bit > 64) {
			fputs("words-compile: a group has more than 64 "
			      "classes\n", stderr);
			exit(1);
		}
	}
	puts("\n};");
}

/* Could c follow a letter and become one with it? */
static bool words_fold_is_second(ucs4_t c)
{
	static bool *seconds;
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];

	if (seconds == NULL) {
		seconds = words_alloc(NULL, 0x110000);
		memset(seconds, 0, 0x110000);
		for (ucs4_t u = 0; u < 0x110000; u++) {
			if (uc_canonical_decomposition(u, parts) == 2)
				seconds[parts[1]] = true;
		}
	}
	return seconds[c] || uc_combining_class(c) != 0;
}

/* What c becomes, or "" if that depends on what stands beside it; from malloc(). */
static char *words_fold_char(ucs4_t c)
{
	char text[8] = "";
	int len = u8_uctomb((uint8_t *)text, c, sizeof(text));
	size_t size = 0;
	uint8_t *apart;
	char *folded;
	ucs4_t first = 0;

	apart = len <= 0 ? NULL :
		u8_casefold((uint8_t *)text, len, NULL, UNINORM_NFKD, NULL,
			    &size);
	folded = apart == NULL ? NULL : words_core_casefold(text, len);
	if (folded == NULL) {
		fputs("words-compile: cannot fold\n", stderr);
		exit(2);
	}
	if (size > 0)
		(void)u8_mbtouc(&first, apart, size);
	if (words_fold_is_second(first) ||
	    strlen(folded) > sizeof(((struct words_core_fold *)0)->bytes))
		*folded = '\0';
	free(apart);
	return folded;
}

static void words_write_folds(void)
{
	printf("static const struct words_core_fold words_folds[%u] = {\n",
	       WORDS_FOLDS);
	for (unsigned int i = 0; i < WORDS_BLOCKS; i++) {
		for (ucs4_t c = words_core_blocks[i].first;
		     c <= words_core_blocks[i].last; c++) {
			char *folded = words_fold_char(c);

			/* byte by byte: no text, which would end in a NUL */
			printf("\t{ %zu, { ", strlen(folded));
			for (const char *p = folded; *p != '\0'; p++) {
				printf("%s'\\%o'", p == folded ? "" : ", ",
				       (unsigned char)*p);
			}
			puts(*folded == '\0' ? "0 } }," : " } },");
			free(folded);
		}
	}
	puts("};");
}

static void words_write(void)
{
	puts("/* Made by words-compile from src/words. */\n");
	for (unsigned int group = 0; group < GROUP_COUNT; group++)
		words_write_group(group);
	words_write_bits();
	words_write_folds();
	printf("static const struct bounce_words_table "
	       "bounce_words_tables[%u] = {\n", GROUP_COUNT);
	for (unsigned int group = 0; group < GROUP_COUNT; group++)
		printf("\t{ words_text_%u, words_entries_%u, "
		       "words_starts_%u, words_filter_%u },\n", group, group,
		       group, group);
	puts("};");
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		words_file(argv[i]);
	words_check();
	if (failed)
		return 1;
	words_sort();
	words_write();
	return fflush(stdout) == 0 ? 0 : 2;
}
