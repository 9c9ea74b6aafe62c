/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "istream.h"
#include "bounce-folder.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-rules-private.h"

/* Where errors go while one file is read. */
struct rules_file {
	struct bounce_rules *rules;
	struct bounce_rules_parser *parser;
	const char *path;		/* whole, for errors */
	const char *name;		/* last component, for verdicts */
	unsigned int line;
	ARRAY_TYPE(const_string) *errors;
};

static void ATTR_FORMAT(2, 3)
rules_file_error(struct rules_file *file, const char *fmt, ...)
{
	const char *text;
	va_list args;

	if (file->errors == NULL)
		return;
	va_start(args, fmt);
	text = t_strdup_vprintf(fmt, args);
	va_end(args);
	if (file->line == 0)
		text = t_strdup_printf("%s: %s", file->path, text);
	else {
		text = t_strdup_printf("%s:%u: %s", file->path, file->line,
				       text);
	}
	array_push_back(file->errors, &text);
}

static void rules_example_add(struct rules_file *file, const char *text)
{
	struct bounce_rules *rules = file->rules;
	struct bounce_rule_example *example;
	unsigned int count = array_count(&file->parser->rules);

	if (count == 0) {
		rules_file_error(file, "An example before the first rule");
		return;
	}
	example = array_append_space(&rules->examples);
	example->part = array_count(&rules->parts);
	example->rule = count - 1;
	example->name = p_strdup_printf(rules->pool, "%s:%u", file->name,
					file->line);
	example->text = p_strdup(rules->pool, text);
}

static const char *rules_line_trim(const char *line)
{
	size_t len;

	while (*line == ' ' || *line == '\t')
		line++;
	len = strlen(line);
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' ||
			   line[len - 1] == '\r'))
		len--;
	return t_strdup_until(line, line + len);
}

/* Examples after a wrong rule must not go to the rule before it: *skip. */
static void rules_file_line(struct rules_file *file, const char *line,
			    bool *skip)
{
	const char *name, *error;

	if (strlen(line) > BOUNCE_MAX_RULE_LINE) {
		rules_file_error(file, "Line is longer than %u bytes",
				 BOUNCE_MAX_RULE_LINE);
		return;
	}
	line = rules_line_trim(line);
	if (*line == '\0' || *line == '#')
		return;
	if (*line == '=') {
		if (!*skip)
			rules_example_add(file, rules_line_trim(line + 1));
		return;
	}
	name = t_strdup_printf("%s:%u", file->name, file->line);
	*skip = bounce_rules_line_parse(file->parser, name, line, &error) < 0;
	if (*skip)
		rules_file_error(file, "%s", error);
}

static void rules_file_read(struct rules_file *file)
{
	struct istream *input;
	const char *line;
	bool skip = FALSE;

	/* One over the cap: a longer line is an error, not a silent end. */
	input = i_stream_create_file(file->path, BOUNCE_MAX_RULE_LINE + 2);
	/* the last line may lack its end */
	i_stream_set_return_partial_line(input, TRUE);
	while ((line = i_stream_read_next_line(input)) != NULL) {
		file->line++;
		/* Errors live on the caller's data stack, so no T_BEGIN; the
		   files are small and read once. */
		rules_file_line(file, line, &skip);
	}
	if (input->stream_errno == ENOBUFS) {
		file->line++;
		rules_file_error(file, "Line is longer than %u bytes; "
				 "the rest of the file is not read",
				 BOUNCE_MAX_RULE_LINE);
	} else if (input->stream_errno != 0) {
		file->line = 0;
		rules_file_error(file, "%s", i_stream_get_error(input));
	}
	i_stream_unref(&input);
}

static void rules_dir_read(struct bounce_rules *rules,
			   struct bounce_rules_parser *parser, const char *dir,
			   ARRAY_TYPE(const_string) *errors)
{
	struct rules_file file = {
		.rules = rules, .parser = parser, .path = dir, .errors = errors
	};
	ARRAY_TYPE(const_string) names;
	const char *const *namep;

	t_array_init(&names, 8);
	if (bounce_folder_list(dir, ".rules", &names) < 0 && errno != ENOENT)
		rules_file_error(&file, "opendir() failed: %m");
	array_foreach(&names, namep) {
		file.name = *namep;
		file.path = t_strdup_printf("%s/%s", dir, *namep);
		file.line = 0;
		rules_file_read(&file);
	}
}

/* Folders in a row are one part. Returns those that are left. */
static const char *const *
rules_dirs_read(struct bounce_rules *rules, const char *const *dirs, bool files,
		ARRAY_TYPE(const_string) *errors)
{
	struct bounce_rules_parser parser;
	const struct bounce_rules_part *part;

	bounce_rules_parser_init(&parser, rules->pool);
	for (; *dirs != NULL; dirs++) {
		if (strcmp(*dirs, BOUNCE_RULES_SHIPPED) != 0)
			rules_dir_read(rules, &parser, *dirs, errors);
		else if (files)
			rules_dir_read(rules, &parser, BOUNCE_RULES_DIR, errors);
		else
			break;
	}
	part = bounce_rules_parser_finish(&parser);
	if (part != NULL)
		array_push_back(&rules->parts, &part);
	return dirs;
}

static struct bounce_rules *
rules_load(const char *const *dirs, bool files, ARRAY_TYPE(const_string) *errors)
{
	const struct bounce_rules_part *shipped = &bounce_rules_shipped;
	struct bounce_rules *rules;
	pool_t pool;

	pool = pool_alloconly_create("bounce rules", 16 * 1024);
	rules = p_new(pool, struct bounce_rules, 1);
	rules->pool = pool;
	p_array_init(&rules->parts, pool, 4);
	p_array_init(&rules->examples, pool, 16);
	while (*dirs != NULL) {
		if (strcmp(*dirs, BOUNCE_RULES_SHIPPED) == 0 && !files) {
			array_push_back(&rules->parts, &shipped);
			dirs++;
		} else {
			dirs = rules_dirs_read(rules, dirs, files, errors);
		}
	}
	return rules;
}

struct bounce_rules *
bounce_rules_load(const char *const *dirs, ARRAY_TYPE(const_string) *errors)
{
	return rules_load(dirs, FALSE, errors);
}

struct bounce_rules *
bounce_rules_load_files(const char *const *dirs,
			ARRAY_TYPE(const_string) *errors)
{
	return rules_load(dirs, TRUE, errors);
}

void bounce_rules_free(struct bounce_rules **_rules)
{
	struct bounce_rules *rules = *_rules;

	if (rules == NULL)
		return;
	*_rules = NULL;
	pool_unref(&rules->pool);
}

unsigned int bounce_rules_count(const struct bounce_rules *rules)
{
	const struct bounce_rules_part *part;
	unsigned int count = 0;

	array_foreach_elem(&rules->parts, part)
		count += part->rules_count;
	return count;
}
