/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-string.h"

#include <ctype.h>

/* Which command a server answered, within a notice. */

/* How a command goes on where it is no prose: "your mail from 5 March" is. */
enum command_end {
	/* whatever follows */
	COMMAND_ANY,
	/* its argument, or that it is a command: "MAIL FROM:<", "mail from command" */
	COMMAND_ARGUMENT
};

/* What a server was asked, as the notices of the world put it. Folded; words of
   their own. */
static const struct {
	const char *text;
	const char *command;
	enum command_end end;
} commands[] = {
	{ "end of data", "DATA", COMMAND_ANY },
	{ "final data", "DATA", COMMAND_ANY },
	{ "after data", "DATA", COMMAND_ANY },
	{ "rcpt to", "RCPT TO", COMMAND_ANY },
	{ "rcpt command", "RCPT TO", COMMAND_ANY },
	{ "mail from", "MAIL FROM", COMMAND_ARGUMENT },
	{ "starttls", "STARTTLS", COMMAND_ANY },
	{ "ehlo", "EHLO", COMMAND_ANY },
	{ "after helo", "HELO", COMMAND_ANY },
	{ ">>> helo", "HELO", COMMAND_ANY },
	{ "helo", "HELO", COMMAND_ARGUMENT },
	{ "lhlo", "LHLO", COMMAND_ANY },
	{ "data command", "DATA", COMMAND_ANY },
	{ ">>> data", "DATA", COMMAND_ANY },
	{ "sent: data", "DATA", COMMAND_ANY },
	{ "initial connection", "CONNECT", COMMAND_ANY },
	{ "connect command", "CONNECT", COMMAND_ANY },
	{ "server greeting", "CONNECT", COMMAND_ANY },
	{ "smtp greeting", "CONNECT", COMMAND_ANY },
	{ "initial greeting", "CONNECT", COMMAND_ANY },
	{ "after greeting", "CONNECT", COMMAND_ANY },
	{ "refused to talk to me", "CONNECT", COMMAND_ANY },
	{ "talk to me:", "CONNECT", COMMAND_ANY },
	/* qmail-remote */
	{ "does not like recipient", "RCPT TO", COMMAND_ANY },
	{ "sender was rejected", "MAIL FROM", COMMAND_ANY },
	{ "does not like sender", "MAIL FROM", COMMAND_ANY },
	{ "failed after i sent the message", "DATA", COMMAND_ANY },
	{ "my name was rejected", "HELO", COMMAND_ANY },
};

/* Are the words at p in text as words of their own, and as a command
   does? end: what follows them. */
static bool command_is_one(const char *text, const char *p, const char *end,
			   enum command_end kind)
{
	if ((p > text && i_isalnum(p[-1]) && i_isalnum(*p)) ||
	    (i_isalnum(*end) && i_isalnum(end[-1])))
		return FALSE;
	if (kind == COMMAND_ANY)
		return TRUE;
	end += strspn(end, " ");
	return *end == '\0' || strchr(":<)(=", *end) != NULL ||
		bounce_string_begins(end, "command");
}

static const char *command_in(const char *folded)
{
	struct bounce_string_pairs pairs;
	const char *p, *end;

	bounce_string_pairs(folded, &pairs);
	for (unsigned int i = 0; i < N_ELEMENTS(commands); i++) {
		if (!bounce_string_may_have(&pairs, commands[i].text))
			continue;
		for (p = folded; (p = strstr(p, commands[i].text)) != NULL;
		     p = end) {
			end = p + strlen(commands[i].text);
			if (command_is_one(folded, p, end, commands[i].end))
				return commands[i].command;
		}
	}
	return NULL;
}

/* What "(in reply to end of DATA command)" names; the last one in the text is
   the one that was answered to us, others are quoted. */
static const char *command_answered(const char *folded)
{
	static const char before[] = "in reply to ";
	const char *p, *last = NULL, *command;

	for (p = folded; (p = strstr(p, before)) != NULL; )
		last = p += strlen(before);
	if (last == NULL)
		return NULL;
	command = command_in(last);
	return command == NULL && strstr(last, "data") != NULL ? "DATA" :
		command;
}

/* The answer that begins in a line, to its last one, as one line. Folded. */
static const char *
command_answer_lines(const struct bounce_notice *scan,
		     const struct bounce_notice_region *region,
		     unsigned int line)
{
	string_t *lines = t_str_new(256);
	const char *text;

	for (; line < region->end && str_len(lines) < BOUNCE_MAX_LINE;
	     line++) {
		text = bounce_notice_line(scan, line)->folded;
		if (*text == '\0')
			break;
		str_append(lines, text + strspn(text, " "));
		str_append_c(lines, ' ');
	}
	return str_c(lines);
}

/* sendmail gives the answer twice: "(reason: 550 ...)" below the address and
   "<<< 550 ..." in its transcript, where the command is above. Returns the
   latter's line, or line. */
static unsigned int
command_transcript_line(const struct bounce_notice *scan, unsigned int line)
{
	static const char reason[] = "(reason: ", answered[] = "<<< ";
	const char *text = bounce_notice_line(scan, line)->folded, *p, *code;

	p = strstr(text, reason);
	if (p == NULL)
		return line;
	code = t_strndup(p + strlen(reason), 12);
	for (unsigned int i = line; i < array_count(&scan->lines); i++) {
		text = bounce_notice_line(scan, i)->folded;
		if (bounce_string_begins(text, answered) &&
		    bounce_string_begins(text + strlen(answered), code))
			return i;
	}
	return line;
}

/* "... after MAIL" and "FROM:<a@example.com>:" in the next line */
static const char *
wrapped_command(const struct bounce_notice *scan, unsigned int line)
{
	const char *first = bounce_notice_line(scan, line)->folded;
	size_t len = strlen(first);

	return command_in(t_strconcat(first + (len > 10 ? len - 10 : 0), " ",
		t_strndup(bounce_notice_line(scan, line + 1)->folded, 10), NULL));
}

/* The command in the lines above, the nearest first. */
static const char *command_above(const struct bounce_notice *scan,
				 const struct bounce_notice_region *region,
				 unsigned int line)
{
	unsigned int first, i;
	const char *command = NULL;

	first = line > region->first + 3 ? line - 3 : region->first;
	if (first > 0 && line > 0 && first == line)
		first--;
	for (i = I_MIN(line + 1, region->end); i > first && command == NULL;
	     i--) {
		command = command_in(bounce_notice_line(scan, i - 1)->folded);
		if (command == NULL && i - 1 > first)
			command = wrapped_command(scan, i - 2);
	}
	return command;
}

/* sendmail sends RCPT and DATA at once and shows only ">>> DATA"; below it the
   answers to RCPT come first, and the one to DATA is that nobody is left. */
static bool
command_is_pipelined(const struct bounce_notice *scan, unsigned int line)
{
	static const char *const nobody[] = {
		"<<< 503 ", "<<< 554 5.5.1 ", NULL
	};
	unsigned int end = I_MIN(line + 2 * BOUNCE_MAX_RECIPIENTS,
				 array_count(&scan->lines));
	const char *folded;

	for (line++; line < end; line++) {
		folded = bounce_notice_line(scan, line)->folded;
		if (bounce_string_begins(folded, ">>> "))
			return FALSE;
		if (bounce_string_find(folded, nobody) == folded)
			return TRUE;
	}
	return FALSE;
}

const char *
bounce_notice_command_find(const struct bounce_notice *scan,
			 const struct bounce_notice_region *region,
			 unsigned int line, const char *answer)
{
	const struct bounce_notice_region whole = { 0, array_count(&scan->lines) };
	const char *command;
	unsigned int asked;

	command = command_answered(bounce_string_fold(answer, BOUNCE_MAX_LINE));
	if (command == NULL)
		command = command_answered(command_answer_lines(scan, region,
								line));
	if (command != NULL || line >= whole.end)
		return command;
	asked = command_transcript_line(scan, line);
	command = command_above(scan, asked == line ? region : &whole, asked);
	return command != NULL && strcmp(command, "DATA") == 0 &&
		command_is_pipelined(scan, asked) ? "RCPT TO" : command;
}
