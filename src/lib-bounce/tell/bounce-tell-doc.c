/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "bounce-tell-private.h"
#include "bounce-width.h"
#include "unichar.h"

/* Columns of the plain text (RFC 5322 section 2.1.1 recommends 78). */
#define TEXT_WIDTH 72
#define BAR_CELLS 20

/* No style sheet, no image, nothing remote: what every client shows. Colours
   are set in pairs or not at all, so that a dark client may choose its own; the
   grey has a contrast of 4.5 on white and on black. */
#define STYLE_BORDER "border:1px solid #767676"
#define STYLE_CELL STYLE_BORDER";padding:6px 10px;text-align:left;" \
	"vertical-align:top"
/* an address or a word of others may break anywhere, ours do not; an address does
   so behind its @ where that is enough */
#define STYLE_BREAK "overflow-wrap:anywhere"
#define STYLE_TABLE "border-collapse:collapse;width:100%;margin:8px 0 16px"

/*
 * Texts
 */

/* Directions that a text sets for what follows it: what others said must not
   turn our words around. */
static bool doc_is_direction(unichar_t chr)
{
	return (chr >= 0x202a && chr <= 0x202e) ||
		(chr >= 0x2066 && chr <= 0x2069);
}

static void
doc_append_escaped(string_t *str, const char *text, const char *after_at)
{
	unichar_t chr;
	int len;

	for (; *text != '\0'; text += len) {
		len = uni_utf8_get_char(text, &chr);
		if (len <= 0) {
			len = 1;
			continue;
		}
		switch (chr) {
		case '&':
			str_append(str, "&amp;");
			break;
		case '<':
			str_append(str, "&lt;");
			break;
		case '>':
			str_append(str, "&gt;");
			break;
		case '"':
			str_append(str, "&quot;");
			break;
		case '@':
			str_printfa(str, "@%s", after_at);
			break;
		default:
			if (!doc_is_direction(chr))
				str_append_data(str, text, len);
		}
	}
}

static void doc_append_html(string_t *str, const char *text)
{
	doc_append_escaped(str, text, "");
}

/* A word among others is broken only if it does not fit a line of its own. */
static void doc_append_word(string_t *str, const char *word)
{
	const char *at = strchr(word, '@');

	if (at == NULL || at[1] == '\0') {
		doc_append_html(str, word);
		return;
	}
	str_append(str, "<span style=\"display:inline-block;max-width:100%\">");
	doc_append_escaped(str, word, "<wbr>");
	str_append(str, "</span>");
}

/* That holds addresses, in a narrow place. */
static void doc_append_addresses(string_t *str, const char *text)
{
	const char *end;

	if (strchr(text, ' ') == NULL) {
		doc_append_escaped(str, text, "<wbr>");
		return;
	}
	while (*(end = text + strcspn(text, " ")) != '\0') T_BEGIN {
		doc_append_word(str, t_strdup_until(text, end));
		str_append_c(str, ' ');
		text = end + 1;
	} T_END;
	doc_append_word(str, text);
}

const char *t_bounce_tell_plain(const char *text)
{
	string_t *str = t_str_new(128);
	unichar_t chr;
	int len;

	for (; *text != '\0'; text += len) {
		len = uni_utf8_get_char(text, &chr);
		if (len <= 0)
			len = 1;
		else if (chr < ' ' || chr == 0x7f)
			str_append_c(str, ' ');
		else if (!doc_is_direction(chr))
			str_append_data(str, text, len);
	}
	return str_c(str);
}

static void
doc_append_wrapped(string_t *str, const char *first, const char *rest,
		   const char *text)
{
	bounce_width_wrap(str, first, rest, TEXT_WIDTH,
			  t_bounce_tell_plain(text));
}

/*
 * Blocks
 */

void bounce_tell_doc_begin(struct bounce_tell_doc *doc, const char *title)
{
	const char *language = bounce_texts_language(doc->texts);

	str_printfa(doc->html, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
		    "<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<title>", language);
	doc_append_html(doc->html, title);
	str_printfa(doc->html, "</title>\n</head>\n<body lang=\"%s\" "
		    "style=\"margin:0 auto;padding:16px;max-width:680px;"
		    "font:16px/1.5 sans-serif\">\n<h1 style=\""
		    "font-size:20px;line-height:1.3;margin:0 0 12px\">",
		    language);
	doc_append_html(doc->html, title);
	str_append(doc->html, "</h1>\n");
	doc_append_wrapped(doc->text, "", "", title);
}

void bounce_tell_doc_end(struct bounce_tell_doc *doc)
{
	str_append(doc->html, "</body>\n</html>\n");
}

void bounce_tell_doc_heading(struct bounce_tell_doc *doc, const char *text)
{
	str_append(doc->html, "<h2 style=\"font-size:18px;line-height:1.3;"
		   "margin:20px 0 4px;"STYLE_BREAK"\"><bdi>");
	doc_append_addresses(doc->html, text);
	str_append(doc->html, "</bdi></h2>\n");
	str_append_c(doc->text, '\n');
	doc_append_wrapped(doc->text, "", "", text);
	doc->headed = TRUE;
}

void bounce_tell_doc_para(struct bounce_tell_doc *doc, const char *text)
{
	str_append(doc->html, "<p style=\"margin:8px 0;"STYLE_BREAK"\">");
	doc_append_html(doc->html, text);
	str_append(doc->html, "</p>\n");
	doc->headed = FALSE;
	str_append_c(doc->text, '\n');
	doc_append_wrapped(doc->text, "", "", text);
}

void bounce_tell_doc_quote(struct bounce_tell_doc *doc, const char *text)
{
	str_append(doc->html, "<blockquote dir=\"auto\" style=\"margin:8px 0;"
		   "padding:4px 12px;border-left:4px solid #767676;"
		   "font-family:monospace;"STYLE_BREAK"\">");
	doc_append_html(doc->html, text);
	str_append(doc->html, "</blockquote>\n");
	doc_append_wrapped(doc->text, "> ", "> ", text);
}

static void
doc_facts_begin(struct bounce_tell_doc *doc, unsigned int label_width)
{
	doc->label_width = label_width;
	str_append(doc->html, "<table style=\""STYLE_TABLE"\">\n");
	if (!doc->headed)
		str_append_c(doc->text, '\n');
	doc->headed = FALSE;
}

void bounce_tell_doc_facts_begin(struct bounce_tell_doc *doc)
{
	doc_facts_begin(doc, 30);
}

void bounce_tell_doc_figures_begin(struct bounce_tell_doc *doc)
{
	doc_facts_begin(doc, 50);
}

void bounce_tell_doc_fact(struct bounce_tell_doc *doc, const char *label,
			  const char *value)
{
	if (value == NULL)
		return;
	label = bounce_texts_get(doc->texts, label);
	str_printfa(doc->html, "<tr><th scope=\"row\" style=\""STYLE_CELL";"
		    "width:%u%%\">", doc->label_width);
	doc_append_html(doc->html, label);
	str_append(doc->html, "</th><td style=\""STYLE_CELL";"STYLE_BREAK
		   "\"><bdi>");
	doc_append_addresses(doc->html, value);
	str_append(doc->html, "</bdi></td></tr>\n");
	doc_append_wrapped(doc->text, t_strconcat("  ", label, ": ", NULL),
			   "    ", value);
}

void bounce_tell_doc_facts_end(struct bounce_tell_doc *doc)
{
	str_append(doc->html, "</table>\n");
}

static void doc_column(struct bounce_tell_doc *doc, const char *key)
{
	str_append(doc->html, "<th scope=\"col\" style=\""STYLE_CELL"\">");
	doc_append_html(doc->html, bounce_texts_get(doc->texts, key));
	str_append(doc->html, "</th>");
}

void bounce_tell_doc_table_begin(struct bounce_tell_doc *doc,
				 const char *first, const char *second)
{
	str_append(doc->html, "<table style=\""STYLE_TABLE"\">\n<tr>");
	doc_column(doc, first);
	doc_column(doc, second);
	str_append(doc->html, "</tr>\n");
	if (!doc->headed)
		str_append_c(doc->text, '\n');
	doc->headed = FALSE;
}

void bounce_tell_doc_table_row(struct bounce_tell_doc *doc, const char *first,
			       const char *second)
{
	str_append(doc->html, "<tr><th scope=\"row\" style=\""STYLE_CELL
		   ";font-weight:normal;width:50%;"STYLE_BREAK"\"><bdi>");
	doc_append_addresses(doc->html, first);
	str_append(doc->html, "</bdi></th><td style=\""STYLE_CELL";"
		   STYLE_BREAK"\"><bdi>");
	doc_append_addresses(doc->html, second);
	str_append(doc->html, "</bdi></td></tr>\n");
	doc_append_wrapped(doc->text, "  ", "  ", first);
	doc_append_wrapped(doc->text, "      ", "      ", second);
}

void bounce_tell_doc_table_end(struct bounce_tell_doc *doc)
{
	str_append(doc->html, "</table>\n");
}

/* The words beside it carry the meaning; the bar is hidden from those who have
   it read to them. */
static void doc_bar_html(string_t *str, unsigned int width)
{
	str_append(str, "<table aria-hidden=\"true\" role=\"presentation\" "
		   "style=\"border-collapse:collapse;width:100%;"
		   "margin:4px 0 12px\"><tr>");
	if (width > 0) {
		str_printfa(str, "<td bgcolor=\"#d93025\" style=\"background:"
			    "#d93025;height:14px;padding:0;"STYLE_BORDER";"
			    "width:%u%%\"></td>", width);
	}
	if (width < 100) {
		str_printfa(str, "<td style=\"height:14px;padding:0;"
			    STYLE_BORDER";width:%u%%\"></td>", 100 - width);
	}
	str_append(str, "</tr></table>\n");
}

void bounce_tell_doc_bar(struct bounce_tell_doc *doc, double percent,
			 const char *text)
{
	unsigned int width = percent >= 100 ? 100 : (unsigned int)percent;
	unsigned int i, cells;

	/* what is there is seen */
	if (width == 0 && percent > 0)
		width = 1;
	cells = (width * BAR_CELLS + 99) / 100;
	bounce_tell_doc_para(doc, text);
	doc_bar_html(doc->html, width);
	str_append(doc->text, "  ");
	for (i = 0; i < BAR_CELLS; i++)
		str_append(doc->text, i < cells ? "█" : "░");
	str_append_c(doc->text, '\n');
}
