/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"

/* Rows: an address and what is said of it. Some mailers put several into a line. */

bool bounce_notice_is_joined(const char *text)
{
	const char *joint = t_str_trim(text, " \t<>\"'()[].");
	size_t end;

	if (*joint == '\0')
		return FALSE;
	joint = t_str_trim(bounce_words_fold(joint), ",;& )");
	if (*joint == '\0' || strcmp(joint, "\xe3\x80\x81") == 0)
		return TRUE;
	end = bounce_words_begin(BOUNCE_WORDS_NOTICE, joint, BOUNCE_WORD_JOINT);
	return end > 0 && joint[end] == '\0';
}

const char *bounce_notice_behind_list(const char *line, unsigned int end)
{
	unsigned int pos = end, begin, next;

	if (strchr(line + end, '@') == NULL)
		return line + end;
	while (bounce_notice_address_next(line, &pos, &begin, &next) &&
	       bounce_notice_is_joined(t_strdup_until(line + end, line + begin)))
		end = next;
	return line + end;
}

bool bounce_notice_is_row(const struct bounce_notice_line *line)
{
	unsigned int pos = 0, begin, end;
	const char *before;

	/* most have words behind it */
	if (line->reply != NULL || strchr(line->text, '@') == NULL ||
	    !bounce_notice_address_next(line->text, &pos, &begin, &end) ||
	    !bounce_notice_is_dress(bounce_notice_behind_list(line->text,
							      end)))
		return FALSE;
	before = t_strndup(line->text, begin);
	return bounce_notice_is_listing(before) ||
		bounce_notice_is_name(before, begin);
}

/* Words of why, or a code; not somebody's name: "bob@example.com (Bob), ". */
static bool row_says(const char *words)
{
	return bounce_status_reply_find(words, NULL) != NULL ||
		bounce_status_find(words) != NULL ||
		bounce_notice_cause_said(words);
}

/* What is said of an address, up to the next: "> (550 unknown), <", ": no such user; ".
   Returns how many bytes of it are the first one's, 0 if it is no such thing. */
static size_t row_size(const char *between)
{
	size_t dress = strspn(between, "> \t\"'"), size = strlen(between);
	const char *end;

	switch (between[dress]) {
	case '(':
		end = strrchr(between, ')');
		if (end == NULL || !bounce_notice_is_joined(end + 1))
			return 0;
		return row_says(between) ? end + 1 - between : 0;
	case ':':
		while (size > 0 && strchr(" \t<\"'", between[size - 1]) != NULL)
			size--;
		return size > dress + 1 && strchr(",;", between[size - 1]) != NULL &&
			row_says(between) ? size : 0;
	default:
		return 0;
	}
}

void bounce_notice_row_split(const char *line, ARRAY_TYPE(const_string) *rows)
{
	unsigned int pos = 0, begin, end, last = 0, first = 0;
	const char *row;
	size_t size;

	while (bounce_notice_address_next(line, &pos, &begin, &end)) {
		size = last == 0 ? 0 :
			row_size(t_strdup_until(line + last, line + begin));
		if (size > 0) {
			row = t_strdup_until(line + first, line + last + size);
			array_push_back(rows, &row);
			first = begin;
			while (first > last + size &&
			       strchr("<\"'", line[first - 1]) != NULL)
				first--;
		}
		last = end;
	}
	row = line + first;
	array_push_back(rows, &row);
}
