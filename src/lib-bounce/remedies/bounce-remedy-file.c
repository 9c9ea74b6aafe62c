/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "bounce-folder.h"
#include "bounce-limits.h"
#include "bounce-remedy-private.h"
#include "bounce-rules.h"

/* Where errors go while one file is read. */
struct remedy_file {
	struct bounce_remedies *remedies;
	const char *path, *name;
	unsigned int line;
	/* of the entry that is read; NULL before the first and after a wrong one */
	struct bounce_remedy *remedy;
	ARRAY_TYPE(const_string) match, mx;
	/* the examples before its own */
	unsigned int examples;
	ARRAY_TYPE(const_string) *errors;
};

static void ATTR_FORMAT(2, 3)
remedy_file_error(struct remedy_file *file, const char *fmt, ...)
{
	const char *text;
	va_list args;

	if (file->errors == NULL)
		return;
	va_start(args, fmt);
	text = t_strdup_vprintf(fmt, args);
	va_end(args);
	text = t_strdup_printf("%s:%u: %s", file->path, file->line, text);
	array_push_back(file->errors, &text);
}

/*
 * One entry
 */

static void remedy_file_begin(struct remedy_file *file, const char *provider)
{
	pool_t pool = file->remedies->pool;

	file->remedy = array_append_space(&file->remedies->remedies);
	file->remedy->file = p_strdup_printf(pool, "%s:%u", file->name,
					     file->line);
	file->remedy->provider = p_strdup(pool, provider);
	file->examples = array_count(&file->remedies->examples);
	p_array_init(&file->match, pool, 8);
	p_array_init(&file->mx, pool, 4);
}

static const char *const *remedy_file_list(ARRAY_TYPE(const_string) *list)
{
	array_append_zero(list);
	return array_front(list);
}

static void remedy_file_end(struct remedy_file *file)
{
	struct bounce_remedy *remedy = file->remedy;

	if (remedy == NULL)
		return;
	file->remedy = NULL;
	remedy->match = remedy_file_list(&file->match);
	remedy->mx = remedy_file_list(&file->mx);
	if (remedy->name != NULL && remedy->page != NULL &&
	    remedy->checked != NULL)
		return;
	remedy_file_error(file, "%s lacks its %s", remedy->provider,
			  remedy->name == NULL ? "name" :
			  remedy->page == NULL ? "page" : "checked");
	/* a line of it would be shown as "(null)" */
	array_pop_back(&file->remedies->remedies);
	array_delete(&file->remedies->examples, file->examples,
		     array_count(&file->remedies->examples) - file->examples);
}

static void
remedy_file_words(struct remedy_file *file, const char *value,
		  const char *separators, ARRAY_TYPE(const_string) *list)
{
	const char *const *words = t_strsplit_spaces(value, separators);

	for (; *words != NULL; words++) {
		/* as the text will be; without the spaces around */
		const char *word = *separators == ' ' ? *words :
			t_str_trim(bounce_rules_fold(*words), " ");

		word = p_strdup(file->remedies->pool, word);
		array_push_back(list, &word);
	}
}

static void remedy_file_example(struct remedy_file *file, const char *text)
{
	struct bounce_remedy_example *example =
		array_append_space(&file->remedies->examples);
	pool_t pool = file->remedies->pool;
	const char *end;

	example->file = p_strdup_printf(pool, "%s:%u", file->name, file->line);
	example->remedy = array_count(&file->remedies->remedies) - 1;
	if (strncmp(text, "[host=", strlen("[host=")) == 0 &&
	    (end = strchr(text, ']')) != NULL) {
		example->host = p_strdup_until(pool, text + strlen("[host="),
					       end);
		text = end + 1;
	}
	example->text = p_strdup(pool, t_str_trim(text, " "));
}

/* Returns FALSE if there is no such key. */
static bool
remedy_file_key(struct remedy_file *file, const char *key, const char *value)
{
	struct bounce_remedy *remedy = file->remedy;
	const char **member;

	if (strcmp(key, "match") == 0) {
		remedy_file_words(file, value, "|", &file->match);
		return TRUE;
	}
	if (strcmp(key, "mx") == 0) {
		remedy_file_words(file, value, " ", &file->mx);
		return TRUE;
	}
	if (strcmp(key, "name") == 0)
		member = &remedy->name;
	else if (strcmp(key, "page") == 0)
		member = &remedy->page;
	else if (strcmp(key, "send") == 0)
		member = &remedy->send;
	else if (strcmp(key, "wait") == 0)
		member = &remedy->wait;
	else if (strcmp(key, "note") == 0)
		member = &remedy->note;
	else if (strcmp(key, "checked") == 0)
		member = &remedy->checked;
	else
		return FALSE;
	*member = p_strdup(file->remedies->pool, value);
	return TRUE;
}

/*
 * Files
 */

static void remedy_file_line(struct remedy_file *file, const char *line)
{
	const char *colon, *key, *value;

	line = t_str_trim(line, " \t\r");
	if (*line == '\0' || *line == '#')
		return;
	colon = strchr(line, ':');
	if (*line == '=') {
		if (file->remedy == NULL)
			remedy_file_error(file, "An example without a provider");
		else
			remedy_file_example(file, line + 1 +
					    strspn(line + 1, " "));
		return;
	}
	if (colon == NULL) {
		remedy_file_error(file, "Not \"key: value\"");
		return;
	}
	key = t_strdup_until(line, colon);
	value = t_str_trim(colon + 1, " \t");
	if (strcmp(key, "provider") == 0) {
		remedy_file_end(file);
		remedy_file_begin(file, value);
	} else if (file->remedy == NULL) {
		remedy_file_error(file, "\"%s\" without a provider", key);
	} else if (!remedy_file_key(file, key, value)) {
		remedy_file_error(file, "Unknown key '%s'", key);
	}
}

static void remedy_file_read(struct remedy_file *file)
{
	struct istream *input =
		i_stream_create_file(file->path, BOUNCE_MAX_RULE_LINE + 2);
	const char *line;

	i_stream_set_return_partial_line(input, TRUE);
	while ((line = i_stream_read_next_line(input)) != NULL) {
		file->line++;
		remedy_file_line(file, line);
	}
	if (input->stream_errno == ENOBUFS) {
		file->line++;
		remedy_file_error(file, "Line is longer than %u bytes; the rest "
				  "of the file is not read",
				  BOUNCE_MAX_RULE_LINE);
	} else if (input->stream_errno != 0) {
		remedy_file_error(file, "%s", i_stream_get_error(input));
	}
	remedy_file_end(file);
	i_stream_unref(&input);
}

struct bounce_remedies *
bounce_remedies_load(const char *const *dirs, ARRAY_TYPE(const_string) *errors)
{
	pool_t pool = pool_alloconly_create("bounce remedies", 16 * 1024);
	struct bounce_remedies *remedies = p_new(pool, struct bounce_remedies, 1);
	struct remedy_file file = { .remedies = remedies, .errors = errors };
	ARRAY_TYPE(const_string) names;
	const char *name;

	remedies->pool = pool;
	p_array_init(&remedies->remedies, pool, 64);
	p_array_init(&remedies->examples, pool, 128);
	for (; *dirs != NULL; dirs++) {
		t_array_init(&names, 8);
		(void)bounce_folder_list(*dirs, ".remedies", &names);
		array_foreach_elem(&names, name) {
			file.name = name;
			file.path = t_strdup_printf("%s/%s", *dirs, name);
			file.line = 0;
			remedy_file_read(&file);
		}
	}
	return remedies;
}

void bounce_remedies_free(struct bounce_remedies **_remedies)
{
	struct bounce_remedies *remedies = *_remedies;

	if (remedies == NULL)
		return;
	*_remedies = NULL;
	pool_unref(&remedies->pool);
}
