/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The table of phrases that the matcher walks through. */

#include "words-compile.h"

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

static void words_table_first(struct bounce_words_table *table, unsigned char c)
{
	table->firsts[c / 32] |= (uint32_t)1 << c % 32;
}

unsigned int
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
	memset(table_r->firsts, 0, sizeof(table_r->firsts));
	for (unsigned char c = 'a'; c <= 'z'; c++)
		words_table_first(table_r, c);
	for (unsigned int i = 0; i < count; i++) {
		words_table_first(table_r, (unsigned char)list[i].text[0]);
		text = words_alloc(text, used + list[i].len + 8);
		memcpy(text + used, list[i].text, list[i].len);
		offsets[i] = used;
		used += list[i].len;
		memset(text + used, 0, 8);
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

void words_table_free(struct bounce_words_table *table)
{
	free((void *)table->text);
	free((void *)table->entries);
	free((void *)table->starts);
	free((void *)table->filter);
}
