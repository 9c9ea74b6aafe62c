/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

/* How an address stands in its line, what is before and behind it; how a line looks. */

bool bounce_notice_is_dress(const char *text)
{
	/* the longest way to say that there is nothing, or a word */
	if (*text == '\0')
		return TRUE;
	text += strspn(text, " \t<>[]()\"'*>-.,:;|#=•·");
	if (bounce_string_ibegins(text, "mailto:") ||
	    bounce_string_ibegins(text, "smtp:"))
		text += strcspn(text, ":") + 1;
	text += strspn(text, " \t<>[]()\"'*>-.,:;|");
	return *text == '\0';
}

/* few words, then a colon */
bool bounce_notice_is_recipient_field(const char *text)
{
	return strlen(text) < 40 && strpbrk(text, ".!?@") == NULL &&
		bounce_notice_label_colon(text) &&
		bounce_kind_has(bounce_kind_words(text),
				BOUNCE_WORD_RECIPIENT);
}

bool bounce_notice_is_listing(const char *text)
{
	const char *p = text + strspn(text, " \t");

	if (bounce_notice_is_dress(text))
		return TRUE;
	p += strspn(p, "[(#");
	p += strspn(p, "0123456789");
	if (p != text && (*p == '.' || *p == ')' || *p == ']') &&
	    bounce_notice_is_dress(p))
		return TRUE;
	if (bounce_string_ibegins(text, "to:") ||
	    bounce_string_ibegins(text, "user:") ||
	    bounce_string_ibegins(text, "email address:") ||
	    bounce_string_ibegins(text, "final-recipient:") ||
	    bounce_notice_is_recipient_field(text))
		return TRUE;
	/* a name with the address behind it: "Bob <bob@example.com>", but not
	   what somebody said: "bob@example.com" said "550 <a@example.net>" */
	if (*text != '"' || strchr(text, '<') == NULL)
		return FALSE;
	p = strchr(text + 1, '"');
	return p == NULL || bounce_notice_is_dress(p);
}

bool bounce_notice_has_text_behind(const char *behind)
{
	behind += strspn(behind, "> \t\"')]");
	return *behind == ':' || *behind == '(' || *behind == ',' ||
		*behind == '.' || *behind == '-' || *behind == '\0' ||
		*behind == ';' || *behind == '[' || *behind == '<' ||
		*behind == '|' ||
		/* a table's row */
		bounce_status_reply_begins(behind);
}

bool bounce_notice_is_name(const char *before, size_t len)
{
	return len > 1 && len < 80 && strchr("<([", before[len - 1]) != NULL &&
		strcspn(before, "0123456789@/") >= len;
}

bool bounce_notice_is_x400(const char *text)
{
	return strchr(text, ' ') == NULL && strchr(text, '=') != NULL &&
		strchr(text, ';') != NULL;
}

bool bounce_notice_is_url(const char *text, unsigned int begin)
{
	const char *p = text + begin;

	while (p > text && p[-1] != ' ' && p[-1] != '<' && p[-1] != '(')
		p--;
	return strstr(t_strdup_until(p, text + begin), "://") != NULL ||
		bounce_string_ibegins(p, "www.");
}

bool bounce_notice_is_heading(const struct bounce_notice_line *line)
{
	const char *text = line->text + strspn(line->text, " \t");
	size_t len = strlen(text), words = strspn(text, "- ");

	return line->underlined ||
		(len > 8 && bounce_string_begins(text, "--") &&
		 strcmp(text + len - 2, "--") == 0 && words < len);
}
