/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

#include <ctype.h>

/* The lines of a mail's text, and their folded copies. */

void bounce_notice_lines_split(const char *text,
			       ARRAY_TYPE(const_string) *lines)
{
	size_t len, total = 0, size = strlen(text);
	/* the line that goes over the limit is read, too */
	char *dest = t_malloc_no0(I_MIN(size, BOUNCE_MAX_SCAN +
					BOUNCE_MAX_LINE) + 1);
	const char *end, *some[16];
	unsigned int count = 0;

	while (*text != '\0' && total < BOUNCE_MAX_SCAN &&
	       array_count(lines) + count < BOUNCE_MAX_SCAN_LINES) {
		end = strchr(text, '\n');
		if (end == NULL)
			end = text + strlen(text);
		len = bounce_string_cut(text, end - text, BOUNCE_MAX_LINE);
		some[count++] = memcpy(dest + total, text, len);
		dest[total + len] = '\0';
		if (count == N_ELEMENTS(some)) {
			array_append(lines, some, count);
			count = 0;
		}
		total += len + 1;
		text = *end == '\0' ? end : end + 1;
	}
	array_append(lines, some, count);
}

const char *bounce_notice_lines_join(const char *text,
				     const ARRAY_TYPE(const_string) *lines,
				     unsigned int end, size_t *size_r)
{
	size_t size = 0, len;
	char *notice, *p;

	for (unsigned int i = 0; i < end; i++)
		size += strlen(array_idx_elem(lines, i)) + 1;
	*size_r = size;
	/* lines that were cut or left out make it shorter */
	if (size > 0 && strlen(text) == size && text[size - 1] == '\n')
		return text;
	notice = p = t_malloc_no0(size + 1);
	for (unsigned int i = 0; i < end; i++) {
		const char *line = array_idx_elem(lines, i);

		len = strlen(line);
		memcpy(p, line, len);
		p[len] = '\n';
		p += len + 1;
	}
	*p = '\0';
	return notice;
}

const char *bounce_notice_lines_block(const ARRAY_TYPE(const_string) *lines,
				      unsigned int first)
{
	unsigned int end = array_count(lines);
	string_t *dest = t_str_new(1024);
	size_t indent = first == end ? 0 :
		strspn(array_idx_elem(lines, first), " \t>");

	for (; first < end; first++) {
		const char *line = bounce_notice_unindent(
			array_idx_elem(lines, first), indent);

		if (str_len(dest) + strlen(line) >= BOUNCE_MAX_HEADER)
			break;
		str_append(dest, line);
		str_append_c(dest, '\n');
	}
	return str_c(dest);
}

static bool notice_is_quoted(const char *line)
{
	return line[0] == '>' && line[1] == ' ';
}

/* MDaemon's "bob@example.net : why": an address, a colon */
static bool notice_is_item(const char *line)
{
	size_t len = strcspn(line, " ");

	return memchr(line, '@', len) != NULL && line[0] != '<' &&
		strncmp(line + len, " : ", 3) == 0;
}

/* Where the line begins without the "> " that some mailers put before the addresses of their
   lists. Other quoted lines are somebody else's words, and so is what they end
   with: last is the line above. */
static const char *notice_clean_line(const char *line, const char *last)
{
	line += bounce_string_blanks(line);
	if (notice_is_quoted(line) &&
	    (notice_is_item(line + 2) ||
	     (strchr(line + 2, ' ') == NULL &&
	      (!notice_is_quoted(last) || strchr(last + 2, ' ') == NULL))))
		line += 2;
	return line;
}

/* A short line and a row of as many dashes below it: the row goes. */
static void notice_lines_underline(struct bounce_notice *scan)
{
	struct bounce_notice_line *line, *above = NULL;
	size_t len;

	array_foreach_modifiable(&scan->lines, line) {
		len = strlen(line->text);
		if (above != NULL && len > 2 && len < 70 &&
		    strspn(line->text, "-=~") == len &&
		    strchr(above->text, '@') == NULL &&
		    (i_isalpha(above->text[0]) ||
		     (unsigned char)above->text[0] >= 0x80) &&
		    uni_utf8_strlen(above->text) + 2 >= len &&
		    uni_utf8_strlen(above->text) <= len + 2) {
			above->underlined = TRUE;
			line->text = "";
			line->folded = "";
		}
		above = line;
	}
}

/* Its text is at text, which has room for it. Returns how many bytes it takes. */
static size_t
notice_line_init(struct bounce_notice_line *line, const char *raw,
		 const char *last, char *text)
{
	size_t len;

	line->indent = bounce_string_blanks(raw);
	line->text = notice_clean_line(raw, last);
	len = bounce_string_squeeze(text, line->text, strlen(line->text),
				    BOUNCE_MAX_LINE);
	if (len == 0) {
		line->text = line->folded = "";
		return 0;
	}
	line->text = text;
	line->reply = bounce_status_reply_find(line->text, &line->reply_at);
	return len + 1;
}

/* Two addresses in a line may be two rows: "(full), " or ": full; " between them. Not where
   somebody is quoted, or in a field of a mail's header. */
static bool notice_line_has_two(const char *line)
{
	const char *at = strchr(line, '@'), *end;

	return at != NULL && (at = strpbrk(at, "(:")) != NULL &&
		(end = strpbrk(at, "),;")) != NULL && strchr(end, '@') != NULL &&
		line[bounce_string_blanks(line)] != '>' &&
		!bounce_notice_is_field(line);
}

void bounce_notice_lines_add(struct bounce_notice *scan,
			     const ARRAY_TYPE(const_string) *lines,
			     unsigned int end, size_t size)
{
	struct bounce_notice_line *line;
	ARRAY_TYPE(const_string) rows;
	/* those that are not empty, each with its NUL */
	char *text = t_malloc_no0(size + 1), *folded;
	const char *raw, *last = "";
	size_t used = 0;

	t_array_init(&scan->lines, I_MAX(end, 1));
	t_array_init(&rows, 4);
	for (unsigned int i = 0; i < end; i++, last = raw) {
		raw = array_idx_elem(lines, i);
		if (!notice_line_has_two(raw)) {
			line = array_append_space(&scan->lines);
			used += notice_line_init(line, raw, last, text + used);
			continue;
		}
		array_clear(&rows);
		bounce_notice_row_split(raw, &rows);
		for (unsigned int n = 0; n < array_count(&rows); n++) {
			line = array_append_space(&scan->lines);
			used += notice_line_init(line, array_idx_elem(&rows, n),
						 last, text + used);
			line->row = array_count(&rows) == 1 ? 0 : n + 1;
		}
	}
	notice_lines_underline(scan);
	folded = t_malloc_no0(used + 1);
	memcpy(folded, text, used);
	bounce_string_bytes_lower(folded, used);
	array_foreach_modifiable(&scan->lines, line) {
		if (*line->text != '\0')
			line->folded = folded + (line->text - text);
	}
}

/* The words of all lines as one text, a space behind each; ends: of each line,
   without it. Data stack. */
static const char *
notice_lines_fold(const struct bounce_notice *scan, unsigned int *ends)
{
	const struct bounce_notice_line *line;
	string_t *folded = t_str_new(1024);
	unsigned int i = 0;

	array_foreach(&scan->lines, line) {
		if (*line->text != '\0')
			bounce_words_fold_append(folded, line->folded);
		ends[i++] = str_len(folded);
		if (*line->text != '\0')
			str_append_c(folded, ' ');
	}
	return str_c(folded);
}

void bounce_notice_lines_find_words(struct bounce_notice *scan)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	struct bounce_notice_line *line;
	unsigned int *ends, i = 0, count = array_count(&scan->lines);

	ends = t_new(unsigned int, count + 1);
	t_array_init(&hits, 128);
	bounce_words_find(BOUNCE_WORDS_NOTICE, notice_lines_fold(scan, ends),
			  &hits);
	array_foreach(&hits, hit) {
		bounce_words_set_t set = bounce_words_set(hit->class);

		scan->words |= set;
		while (ends[i] <= hit->begin)
			i++;
		if (hit->end <= ends[i]) {
			line = array_idx_modifiable(&scan->lines, i);
			line->words |= set;
		}
	}
}
