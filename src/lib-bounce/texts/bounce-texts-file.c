/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-texts-private.h"
#include "istream.h"
#include "unichar.h"
#include "bounce-limits.h"

struct texts_file {
	const char *name;
	unsigned int line;
	ARRAY_TYPE(const_string) *errors;
};

static void ATTR_FORMAT(2, 3)
texts_file_error(struct texts_file *file, const char *fmt, ...)
{
	const char *text;
	va_list args;

	if (file->errors == NULL)
		return;
	va_start(args, fmt);
	text = t_strdup_printf("%s:%u: %s", file->name, file->line,
			       t_strdup_vprintf(fmt, args));
	va_end(args);
	array_push_back(file->errors, &text);
}

static bool texts_is_key(const char *key)
{
	const char *form = strchr(key, '[');
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	if (len == 0 || form == NULL)
		return len > 0 && key[len] == '\0';
	return key + len == form && str_array_find(
		(const char *const []){ "[zero]", "[one]", "[two]", "[few]",
					"[many]", "[other]", NULL }, form);
}

/* Returns FALSE where there is nothing. */
static bool
texts_file_line(struct texts_file *file, const char *line,
		const char **key_r, const char **text_r)
{
	const char *colon;

	line = t_str_trim(line, " \t\r");
	if (*line == '\0' || *line == '#')
		return FALSE;
	if (!uni_utf8_str_is_valid(line)) {
		texts_file_error(file, "Not UTF-8");
		return FALSE;
	}
	colon = strchr(line, ':');
	*key_r = colon == NULL ? "" : t_str_trim(t_strdup_until(line, colon),
						 " \t");
	if (!texts_is_key(*key_r)) {
		texts_file_error(file, "Not \"key: text\"");
		return FALSE;
	}
	*text_r = t_str_trim(colon + 1, " \t");
	if (**text_r == '\0') {
		texts_file_error(file, "%s has no text", *key_r);
		return FALSE;
	}
	return TRUE;
}

static bool
texts_file_next(struct texts_file *file, struct istream *input,
		const char **line_r)
{
	*line_r = i_stream_read_next_line(input);
	file->line++;
	if (*line_r != NULL)
		return file->line <= BOUNCE_MAX_TEXTS_LINES;
	if (input->stream_errno == ENOBUFS) {
		texts_file_error(file, "Line is longer than %u bytes; the rest "
				 "of the file is not read",
				 BOUNCE_MAX_RULE_LINE);
	}
	return FALSE;
}

int bounce_texts_file_read(const char *path, bounce_texts_line_t *callback,
			   void *context, ARRAY_TYPE(const_string) *errors)
{
	struct texts_file file = { .name = path, .errors = errors };
	struct istream *input;
	const char *line, *key, *text, *slash = strrchr(path, '/');
	int ret = 1;

	if (slash != NULL)
		file.name = slash + 1;
	input = i_stream_create_file(path, BOUNCE_MAX_RULE_LINE + 2);
	i_stream_set_return_partial_line(input, TRUE);
	/* errors live on the caller's data stack: no T_BEGIN */
	while (texts_file_next(&file, input, &line)) {
		if (texts_file_line(&file, line, &key, &text))
			callback(key, text, file.line, context);
	}
	if (input->stream_errno == ENOENT || input->stream_errno == ENOTDIR)
		ret = 0;
	else if (input->stream_errno != 0 && input->stream_errno != ENOBUFS) {
		texts_file_error(&file, "%s", i_stream_get_error(input));
		ret = -1;
	}
	i_stream_unref(&input);
	return ret;
}
