/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* "bounce rate" for people. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-sent.h"
#include "bounce-texts.h"
#include "bounce-width.h"
#include "doveadm-bounce-rate.h"

#include <stdlib.h>

/* 23 + 13 + 13 + 9 + 2 + 20 columns. */
#define WINDOW_COLUMNS 23
#define NUMBER_COLUMNS 13
#define PERCENT_COLUMNS 9
#define BAR_CELLS 20

/* "window", then the numbers, then the rest: where each is. */
enum rate_column {
	RATE_WINDOW = 0,
	RATE_SENT = 1,
	RATE_FAILED = 3,
	RATE_PERCENT = 4,
	RATE_KNOWN = 19,
	RATE_SUBJECT = 22,
	RATE_ADVICE = 23
};

/* What the figures mean, in a sentence. */
static const char *
rate_verdict(const struct bounce_texts *texts, const char *const *values)
{
	if (*values[RATE_ADVICE] != '\0')
		return values[RATE_ADVICE];
	if (strcmp(values[RATE_KNOWN], "unknown") == 0) {
		return bounce_texts_get(texts,
			strcmp(values[RATE_FAILED], "0") == 0 ?
			"rate.nothing" : "rate.unknown");
	}
	if (strcmp(values[RATE_FAILED], "0") == 0)
		return bounce_texts_get(texts, "rate.none");
	/* too few to say anything */
	return strtoul(values[RATE_SENT], NULL, 10) < BOUNCE_RATE_MINIMUM ? "" :
		bounce_texts_get(texts, "broadcast.theirs");
}

static void rate_append_right(string_t *str, const char *text,
			      unsigned int columns)
{
	for (unsigned int i = bounce_width(text); i < columns; i++)
		str_append_c(str, ' ');
	str_append(str, text);
}

/* Of 20 cells; what is there is seen. */
static void rate_append_bar(string_t *str, const char *percent)
{
	double share = strtod(percent, NULL);
	unsigned int cells = share <= 0 ? 0 : share >= 100 ? BAR_CELLS :
		(unsigned int)(share * BAR_CELLS / 100 + 0.999);

	for (unsigned int i = 0; i < BAR_CELLS; i++)
		str_append(str, i < I_MIN(cells, BAR_CELLS) ? "█" : "░");
}

static void rate_append_line(string_t *str, const char *window,
			     const char *sent, const char *failed,
			     const char *percent)
{
	window = t_bounce_width_shorten(window, WINDOW_COLUMNS);
	str_append(str, window);
	for (unsigned int i = bounce_width(window); i < WINDOW_COLUMNS; i++)
		str_append_c(str, ' ');
	rate_append_right(str, sent, NUMBER_COLUMNS);
	rate_append_right(str, failed, NUMBER_COLUMNS);
	rate_append_right(str, percent, PERCENT_COLUMNS);
}

static void rate_append_row(string_t *str, const char *const *values)
{
	bool known = strcmp(values[RATE_PERCENT], "unknown") != 0;

	/* an id says nothing to people */
	rate_append_line(str, *values[RATE_SUBJECT] == '\0' ?
			 values[RATE_WINDOW] : values[RATE_SUBJECT],
			 known ? values[RATE_SENT] : "?", values[RATE_FAILED],
			 !known ? "?" : t_strconcat(values[RATE_PERCENT], " %",
						    NULL));
	if (known) {
		str_append(str, "  ");
		rate_append_bar(str, values[RATE_PERCENT]);
	}
	str_append_c(str, '\n');
}

/* Rows that mean the same get one sentence. */
static bool
rate_is_last(const struct bounce_texts *texts,
	     const ARRAY_TYPE(doveadm_bounce_people_row) *rows, unsigned int i)
{
	const struct doveadm_bounce_people_row *row, *next;

	if (i + 1 >= array_count(rows))
		return TRUE;
	row = array_idx(rows, i);
	next = array_idx(rows, i + 1);
	return null_strcmp(row->user, next->user) != 0 ||
		strcmp(rate_verdict(texts, row->values),
		       rate_verdict(texts, next->values)) != 0;
}

void doveadm_bounce_rate_write(const struct bounce_texts *texts,
			       const ARRAY_TYPE(doveadm_bounce_people_row) *rows,
			       string_t *str)
{
	const struct doveadm_bounce_people_row *row;
	const char *user = NULL, *verdict;
	unsigned int i, count;

	row = array_get(rows, &count);
	for (i = 0; i < count; i++) T_BEGIN {
		if (i == 0 || null_strcmp(row[i].user, user) != 0) {
			user = row[i].user;
			rate_append_line(str, user == NULL ? "" : user,
				bounce_texts_get(texts, "figure.sent"),
				bounce_texts_get(texts, "figure.failed"),
				"%");
			str_append_c(str, '\n');
		}
		rate_append_row(str, row[i].values);
		verdict = rate_verdict(texts, row[i].values);
		if (*verdict != '\0' && rate_is_last(texts, rows, i)) {
			bounce_width_wrap(str, "    ", "    ",
				DOVEADM_BOUNCE_PEOPLE_COLUMNS, verdict);
		}
	} T_END;
}
