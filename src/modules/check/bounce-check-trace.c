/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Does Postfix take off the line that says who handed a mail in? Then a report
   that an account wrote looks like one of its own: bounce-trust(7). */

#include "lib.h"
#include "bounce-check-program.h"

#include <ctype.h>
#include <stdio.h>

#define MAX_TABLE (256 * 1024)

/* Not X-Received or Received-SPF. */
static bool trace_names_received(const char *rule)
{
	static const char name[] = "received";
	const char *p = rule;

	while ((p = strcasestr(p, name)) != NULL) {
		char before = p == rule ? ' ' : p[-1];

		p += strlen(name);
		if (before != '-' && !i_isalnum(before) && *p != '-' &&
		    !i_isalnum(*p))
			return TRUE;
	}
	return FALSE;
}

/* "/^Received: .../ IGNORE", "{{/^Received:/ IGNORE}}" */
static bool trace_takes_off(const char *rule)
{
	static const char verb[] = " ignore";
	const char *end = strcasestr(rule, verb);

	if (*rule == '#' || end == NULL || !trace_names_received(rule))
		return FALSE;
	end += strlen(verb);
	return *end == '\0' || *end == '}' || i_isspace(*end);
}

static void
trace_say(struct bounce_check *check, const char *table, unsigned int line)
{
	bounce_check_say(check, BOUNCE_CHECK_FAIL, "trace", table,
		"REPLACE the client in it by \"localhost (localhost "
		"[127.0.0.1])\" and leave the rest",
		"line %u takes off Received: a report that an account wrote "
		"may look like our own", line);
}

static void trace_read_table(struct bounce_check *check, const char *path)
{
	char *text = t_malloc_no0(MAX_TABLE);
	FILE *file = fopen(path, "r");
	const char *const *line;
	size_t size;

	if (file == NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "trace", path,
				 "Look whether it takes off Received",
				 "it cannot be read: %m");
		return;
	}
	size = fread(text, 1, MAX_TABLE - 1, file);
	text[size] = '\0';
	fclose(file);
	line = t_strsplit(text, "\n");
	for (unsigned int i = 0; line[i] != NULL; i++) T_BEGIN {
		/* a rule goes on where a line begins with white space */
		const char *rule = line[i + 1] == NULL ||
			!i_isspace(*line[i + 1]) ? line[i] :
			t_strconcat(line[i], line[i + 1], NULL);

		if (trace_takes_off(t_str_replace(rule, '\t', ' ')))
			trace_say(check, path, i + 1);
	} T_END;
}

static void trace_read_tables(struct bounce_check *check, const char *value)
{
	const char *const *word;

	if (value == NULL)
		return;
	/* rules may be in it, in braces */
	if (strchr(value, '{') != NULL) {
		const char *const *rule = t_strsplit(value, "}");

		while (*rule != NULL && !trace_takes_off(*rule))
			rule++;
		if (*rule != NULL)
			trace_say(check, "header_checks", 1);
	}
	for (word = t_strsplit_spaces(value, ", \t\n"); *word != NULL; word++) {
		const char *path = strchr(*word, ':');
		const char *type = t_strcut(*word, ':');

		if (path != NULL && path[1] == '/' &&
		    (strcmp(type, "regexp") == 0 ||
		     strcmp(type, "pcre") == 0)) T_BEGIN {
			trace_read_table(check, path + 1);
		} T_END;
	}
}

void bounce_check_trace(struct bounce_check *check)
{
	const char *own;

	trace_read_tables(check, t_bounce_check_program_postconf(check,
						"-xh header_checks"));
	/* each cleanup service may have its own */
	own = t_bounce_check_program_postconf(check,
					      "-xPh '*/unix/header_checks'");
	if (own != NULL) {
		const char *const *value = t_strsplit(own, "\n");

		for (; *value != NULL; value++)
			trace_read_tables(check, *value);
	}
}
