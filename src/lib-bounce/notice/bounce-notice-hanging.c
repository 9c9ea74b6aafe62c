/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"

#include <ctype.h>

/* An address that begins a line, but goes on with the answer above it. */

/* Lines of an answer that is set in. */
#define NOTICE_MAX_HANGING 8

/* "bob@example.com (mailbox full)", nothing before and nothing behind */
static bool notice_is_bracketed(const char *text)
{
	size_t len = strlen(text), word = strcspn(text, " \t");
	const char *behind = text + word + strspn(text + word, " \t");

	return memchr(text, '@', word) != NULL && *behind == '(' &&
		text[len - 1] == ')';
}

/* The line above; or, with *hangs_r, the one further up that has an answer, where all
   between them are set in as far as this line and it is not. */
static const struct bounce_notice_line *
notice_reply_above(struct bounce_notice *scan, unsigned int line, bool *hangs_r)
{
	const struct bounce_notice_line *above, *here =
		bounce_notice_line(scan, line);
	unsigned int i = line - 1;

	for (;; i--) {
		above = bounce_notice_line(scan, i);
		*hangs_r = above->indent < here->indent &&
			above->reply != NULL;
		if (*hangs_r || i == 0 || line - i > NOTICE_MAX_HANGING ||
		    *above->text == '\0' || above->indent != here->indent)
			break;
	}
	return *hangs_r ? above : bounce_notice_line(scan, line - 1);
}

/* Does the line above begin with another address, as far in as this one? */
static bool notice_is_next_row(const struct bounce_notice_line *above,
			       const struct bounce_notice_line *here,
			       const char *address)
{
	unsigned int pos = 0, begin, end;

	return above->indent == here->indent &&
		bounce_notice_address_next(above->text, &pos, &begin, &end) &&
		bounce_notice_is_dress(t_strndup(above->text, begin)) &&
		strcasecmp(t_strdup_until(above->text + begin,
					  above->text + end), address) != 0;
}

bool
bounce_notice_continues_answer(struct bounce_notice *scan,
			       const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *above, *here;
	const char *word, *behind;
	bool hangs;

	if (mention->line == 0 || mention->begin > 2)
		return FALSE;
	here = array_idx(&scan->lines, mention->line);
	above = notice_reply_above(scan, mention->line, &hangs);
	/* a table's next row; "<bob@example.com> (550 no)" */
	behind = here->text + mention->end;
	if (bounce_status_reply_begins(behind + strspn(behind, " >:(-|\t")))
		return FALSE;
	if (above->reply == NULL ||
	    notice_is_next_row(above, here, mention->address) ||
	    (notice_is_bracketed(here->text) &&
	     notice_is_bracketed(above->text)))
		return FALSE;
	if (hangs)
		return TRUE;
	/* "550 5.1.1" ends the line above */
	word = strrchr(above->text, ' ');
	word = word == NULL ? above->text : word + 1;
	return (here->indent > 0 && here->indent >= above->indent) ||
		bounce_status_reply_begins(word) ||
		(i_isdigit(*word) && bounce_status_find(word) != NULL);
}
