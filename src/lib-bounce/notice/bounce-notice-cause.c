/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"

/* Where a notice says why a delivery failed, in words that all share: what is
   far from there was put in by gateways and companies. */

/* Classes of words (group JUDGE) of one line that together say why a delivery
   fails; the last ones are BOUNCE_WORDS_CLASS_COUNT. */
static const enum bounce_words_class causes[][3] = {
#define NONE BOUNCE_WORDS_CLASS_COUNT
	{ BOUNCE_WORD_NOBODY, NONE, NONE },
	{ BOUNCE_WORD_NOONE, NONE, NONE },
	{ BOUNCE_WORD_WHO, BOUNCE_WORD_UNKNOWN, NONE },
	{ BOUNCE_WORD_WHO, BOUNCE_WORD_GONE, NONE },
	{ BOUNCE_WORD_WHO, BOUNCE_WORD_OFF, NONE },
	{ BOUNCE_WORD_WHO, BOUNCE_WORD_FULL, NONE },
	{ BOUNCE_WORD_WHO, BOUNCE_WORD_NOT, BOUNCE_WORD_EXIST },
	{ BOUNCE_WORD_ROOM, BOUNCE_WORD_OVER, NONE },
	{ BOUNCE_WORD_ROOM, BOUNCE_WORD_LITTLE, NONE },
	{ BOUNCE_WORD_NODOMAIN, NONE, NONE },
	{ BOUNCE_WORD_DOMAIN, BOUNCE_WORD_UNKNOWN, NONE },
	{ BOUNCE_WORD_MEMBER, NONE, NONE },
	{ BOUNCE_WORD_ATTACH, BOUNCE_WORD_DENY, NONE },
	{ BOUNCE_WORD_SPAM, BOUNCE_WORD_DENY, NONE },
	{ BOUNCE_WORD_MESSAGE, BOUNCE_WORD_SIZE, BOUNCE_WORD_OVER },
	{ BOUNCE_WORD_CONNECT, NONE, NONE },
	{ BOUNCE_WORD_SYSTEM, BOUNCE_WORD_BUSY, NONE },
	{ BOUNCE_WORD_EXPIRED, NONE, NONE },
#undef NONE
};

static bool cause_is_said(bounce_words_set_t words)
{
	bounce_words_set_t set;

	for (unsigned int i = 0; i < N_ELEMENTS(causes); i++) {
		set = 0;
		for (unsigned int j = 0; j < 3 && causes[i][j] <
		     BOUNCE_WORDS_CLASS_COUNT; j++)
			set |= bounce_words_set(causes[i][j]);
		if ((words & set) == set)
			return TRUE;
	}
	return FALSE;
}

/* Each word of text that holds an "@" as "@": its letters say nothing. */
static const char *cause_mask_addresses(const char *text)
{
	string_t *dest;
	size_t len;

	if (strchr(text, '@') == NULL)
		return text;
	dest = t_str_new(128);
	while (*text != '\0') {
		len = strcspn(text, " ");
		if (memchr(text, '@', len) != NULL)
			str_append_c(dest, '@');
		else
			str_append_data(dest, text, len);
		text += len;
		len = strspn(text, " ");
		str_append_data(dest, text, len);
		text += len;
	}
	return str_c(dest);
}

static bounce_words_set_t cause_words(const char *text)
{
	bounce_words_set_t words;

	T_BEGIN {
		words = bounce_words_classes(BOUNCE_WORDS_JUDGE,
			bounce_words_fold(cause_mask_addresses(text)));
	} T_END;
	return words;
}

bool bounce_notice_cause_said(const char *text)
{
	const bounce_words_set_t ours =
		bounce_words_set(BOUNCE_WORD_SENDER) |
		bounce_words_set(BOUNCE_WORD_YOU) |
		bounce_words_set(BOUNCE_WORD_YOUR) |
		bounce_words_set(BOUNCE_WORD_IP);
	bounce_words_set_t words = cause_words(text);

	return (words & ours) == 0 && cause_is_said(words);
}

bool bounce_notice_cause_in_line(const struct bounce_notice_line *line)
{
	/* "These could not be reached:" */
	return *line->text != '\0' && !bounce_notice_is_manners(line) &&
		!bounce_notice_is_field(line->text) &&
		!bounce_notice_label_colon(line->text) &&
		cause_is_said(cause_words(line->text));
}

bool bounce_notice_has_cause(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;

	array_foreach(&scan->lines, line) {
		if (bounce_notice_cause_in_line(line))
			return TRUE;
	}
	return FALSE;
}

bool bounce_notice_cause_goes_on(const struct bounce_notice_line *line)
{
	size_t colon = strcspn(line->text, ":");
	const char *space = strchr(line->text, ' ');

	/* "Error message: ..." */
	if (space != NULL)
		space = strchr(space + 1, ' ');
	return line->reply != NULL || bounce_status_find(line->text) != NULL ||
		(line->text[colon] == ':' &&
		 (space == NULL || space > line->text + colon)) ||
		bounce_notice_label_colon(line->folded) ||
		strchr("-=><(*#", line->text[0]) != NULL;
}

/* The last line that names a recipient, or 0. */
static unsigned int cause_last_recipient(const struct bounce_notice *scan)
{
	const struct bounce_notice_mention *mention;
	unsigned int last = 0;

	array_foreach(&scan->mentions, mention) {
		if (mention->recipient)
			last = mention->line;
	}
	return last;
}

unsigned int
bounce_notice_cause_end(const struct bounce_notice *scan,
			const struct bounce_notice_region *region)
{
	const struct bounce_notice_line *line;
	unsigned int last = cause_last_recipient(scan), next = region->first;
	bool says = FALSE, above_empty = FALSE;
	unsigned int i;

	for (i = region->first; i < region->end; i++) {
		line = bounce_notice_line(scan, i);
		if (*line->text == '\0') {
			above_empty = TRUE;
			continue;
		}
		if (above_empty && i > last && line->indent == 0 &&
		    !bounce_notice_cause_goes_on(line)) {
			/* the lines above, as far as they were not read yet */
			for (; next < i && !says; next++) {
				says = bounce_notice_cause_in_line(
					bounce_notice_line(scan, next));
			}
			if (says)
				break;
		}
		above_empty = FALSE;
	}
	return i;
}

unsigned int
bounce_notice_cause_find(const struct bounce_notice *scan, unsigned int end)
{
	const struct bounce_notice_mention *mention;
	unsigned int i, paragraph = 0, named = 0;

	array_foreach(&scan->mentions, mention) {
		if (mention->recipient) {
			named = mention->line;
			break;
		}
	}
	for (i = 0; i < end; i++) {
		if (*bounce_notice_line(scan, i)->text == '\0')
			paragraph = i + 1;
		else if (bounce_notice_cause_in_line(bounce_notice_line(scan, i)))
			return paragraph;
		if (i == named)
			end = I_MIN(end, named + 1);
	}
	return i > named ? paragraph : 0;
}
