/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-html2text.h"
#include "bounce-string.h"

#include <ctype.h>

/* Does the tag at html begin a line that the source does not begin? */
static bool html_breaks_line(const char *html)
{
	static const char *const names[] = {
		"<br", "<div", "<tr", "<li", "<dt", "<dd", "<pre",
		"<table", "<hr", "<blockquote", NULL
	};
	size_t len;

	for (unsigned int i = 0; names[i] != NULL; i++) {
		if (i_tolower(html[1]) != names[i][1])
			continue;
		len = strlen(names[i]);
		if (strncasecmp(html, names[i], len) == 0 &&
		    !i_isalnum(html[len])) {
			html += 1 + strcspn(html + 1, "<>");
			return *html == '>' && html[1] != '\n';
		}
	}
	return FALSE;
}

/* "<p>", "<h3>": below an empty line */
static bool html_begins_paragraph(const char *html)
{
	char tag = i_tolower(html[1]);

	return (tag == 'p' && !i_isalnum(html[2])) ||
		(tag == 'h' && html[2] >= '1' && html[2] <= '6' &&
		 !i_isalnum(html[3]));
}

static bool html_begins_quote(const char *html)
{
	return strncasecmp(html, "<blockquote", 11) == 0 &&
		!i_isalnum(html[11]);
}

/* Where a word may be broken, it is still one; Dovecot's reader makes two. */
static const char *html_skip_wbr(const char *html)
{
	while (*html == '<' && (strncasecmp(html, "<wbr>", 5) == 0 ||
				strncasecmp(html, "<wbr/>", 6) == 0))
		html += html[4] == '>' ? 5 : 6;
	return html;
}

/* Dovecot's reader keeps the source's lines and makes none where a tag does. A paragraph
   is below an empty one. */
static const char *t_html_words(const char *html, bool quotes)
{
	struct mail_html2text *reader = mail_html2text_init(quotes ? 0 :
		MAIL_HTML2TEXT_FLAG_SKIP_QUOTED);
	string_t *lines = t_str_new(strlen(html) + 256);
	string_t *words = t_str_new(strlen(html));
	const char *p = html;

	for (;;) {
		size_t len = strcspn(p, "<");

		str_append_data(lines, p, len);
		p = html_skip_wbr(p + len);
		if (*p == '\0')
			break;
		if (*p != '<')
			continue;
		if (p > html && html_begins_paragraph(p))
			str_append(lines, p[-1] == '\n' ? "\n" : "\n\n");
		else if (p > html && p[-1] != '\n' && html_breaks_line(p))
			str_append_c(lines, '\n');
		if (!quotes && html_begins_quote(p))
			str_append(lines, "\n&gt;\n");
		str_append_c(lines, *p++);
	}
	if (str_len(lines) > 0)
		mail_html2text_more(reader, str_data(lines), str_len(lines),
				    words);
	mail_html2text_deinit(&reader);
	/* what "&#1;" was */
	return bounce_string_clean(str_data(words), str_len(words), TRUE);
}

const char *bounce_string_html(const char *html)
{
	return t_html_words(html, TRUE);
}

const char *bounce_string_html_unquoted(const char *html)
{
	return t_html_words(html, FALSE);
}
