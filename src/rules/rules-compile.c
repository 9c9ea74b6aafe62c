/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* rules-compile DIR >bounce-rules-data.h

   Runs while the sources are built: reads the *.rules files of the folder as the
   product would, and writes their tables and index for bounce-rules-shipped.c.
   Prints what is wrong as "file:line: text" and exits 1. Examples are not compiled:
   make check and doveadm bounce rules check read the files. */

#include "lib.h"
#include "array.h"
#include "bounce-rules-private.h"

#include <stdio.h>
#include <ctype.h>

/* While they are being compiled. */
const struct bounce_rules_part bounce_rules_shipped;

static void compile_text(const struct bounce_rules_part *part)
{
	printf("static const char rules_text[] =");
	for (unsigned int i = 0; i < part->text_size; i++) {
		unsigned char c = part->text[i];

		/* a line of the source for each text */
		if (i == 0 || part->text[i - 1] == '\0')
			printf("%s\n\t\"", i == 0 ? "" : "\"");
		if (c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '?')
			putchar(c);
		else
			printf("\\%03o", c);
	}
	printf("\";\n");
}

static void compile_rules(const struct bounce_rules_part *part)
{
	printf("static const struct bounce_rule rules_rules[] = {\n");
	for (unsigned int i = 0; i < part->rules_count; i++) {
		const struct bounce_rule *rule = &part->rules[i];

		printf("\t{ %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, "
		       "%u, %u },\n", rule->name, rule->status, rule->reply,
		       rule->hosts, rule->formats, rule->commands, rule->groups,
		       rule->groups_count, rule->anchor, rule->classes,
		       rule->reason, rule->class, rule->sources,
		       rule->class_given, rule->weak);
	}
	printf("};\n");
}

static void compile_words(const struct bounce_rules_part *part)
{
	printf("static const struct bounce_rule_group rules_groups[] = {\n");
	for (unsigned int i = 0; i < part->groups_count; i++) {
		printf("\t{ %u, %u, %u },\n", part->groups[i].words,
		       part->groups[i].count, part->groups[i].gap_before);
	}
	printf("\t{ 0, 0, 0 }\n};\n"
	       "static const struct bounce_rule_word rules_words[] = {\n");
	for (unsigned int i = 0; i < part->words_count; i++) {
		printf("\t{ %u, %u },\n", part->words[i].text,
		       part->words[i].len);
	}
	printf("\t{ 0, 0 }\n};\n");
}

static void compile_set(bounce_words_set_t set)
{
	printf("0x%llx, ", (unsigned long long)set);
}

static void compile_classes(const struct bounce_rules_part *part)
{
	printf("static const struct bounce_rule_classes rules_classes[] = {\n");
	for (unsigned int i = 0; i < part->classes_count; i++) {
		const struct bounce_rule_classes *classes = &part->classes[i];

		printf("\t{ { ");
		for (unsigned int j = 0; j < classes->count; j++)
			compile_set(classes->terms[j]);
		printf("}, %u, ", classes->count);
		compile_set(classes->unless);
		compile_set(classes->with);
		compile_set(classes->without);
		printf("},\n");
	}
	printf("\t{ { 0 }, 0, 0, 0, 0 }\n};\n"
	       "static const uint16_t rules_wordless[] = {\n");
	for (unsigned int i = 0; i < part->wordless_count; i++)
		printf("\t%u,\n", part->wordless[i]);
	printf("\t0\n};\n");
}

static void compile_index(const struct bounce_rules_part *part)
{
	printf("static const struct bounce_rule_entry rules_entries[] = {\n");
	for (unsigned int i = 0; i < part->entries_count; i++) {
		const struct bounce_rule_entry *entry = &part->entries[i];

		printf("\t{ 0x%x, %u, %u, %u },\n", entry->gram, entry->word,
		       entry->rule, entry->offset);
	}
	printf("\t{ 0, 0, 0, 0 }\n};\n"
	       "static const uint32_t rules_buckets[] = {");
	for (unsigned int i = 0; i < BOUNCE_RULES_BUCKETS + 2; i++)
		printf("%s%u,", i % 16 == 0 ? "\n\t" : " ", part->buckets[i]);
	printf("\n};\n");
}

static void compile_part(const struct bounce_rules_part *part)
{
	printf("/* Made by rules-compile from the rule files: change those. */\n");
	compile_text(part);
	compile_rules(part);
	compile_words(part);
	compile_classes(part);
	compile_index(part);
	printf("const struct bounce_rules_part bounce_rules_shipped = {\n"
	       "\trules_text, rules_rules, rules_groups, rules_words, "
	       "rules_classes,\n\trules_wordless, rules_entries, rules_buckets,\n"
	       "\t%u, %u, %u, %u, %u, %u, %u\n};\n", part->text_size,
	       part->rules_count, part->groups_count, part->words_count,
	       part->classes_count, part->wordless_count, part->entries_count);
}

static int compile_dir(const char *dir)
{
	const char *const dirs[] = { dir, NULL };
	ARRAY_TYPE(const_string) errors;
	struct bounce_rules *rules;
	const char *error;
	int ret = 0;

	t_array_init(&errors, 8);
	rules = bounce_rules_load(dirs, &errors);
	array_foreach_elem(&errors, error)
		fprintf(stderr, "%s\n", error);
	if (array_count(&errors) > 0)
		ret = 1;
	else if (array_is_empty(&rules->parts)) {
		fprintf(stderr, "%s: no rules\n", dir);
		ret = 1;
	} else {
		compile_part(array_idx_elem(&rules->parts, 0));
	}
	bounce_rules_free(&rules);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		perror("rules-compile");
		ret = 1;
	}
	return ret;
}

int main(int argc, char *argv[])
{
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: rules-compile DIR\n");
		return 64;
	}
	lib_init();
	ret = compile_dir(argv[1]);
	lib_deinit();
	return ret;
}
