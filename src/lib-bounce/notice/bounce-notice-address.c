/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"

/* Finds the addresses of the notice, and has each weighed. */

/* The words between two mentions in the same line or in neighbours. NULL if
   they are further apart. */
static const char *notice_between(const struct bounce_notice *scan,
				  const struct bounce_notice_mention *first,
				  const struct bounce_notice_mention *second)
{
	const char *text = bounce_notice_line(scan, first->line)->text;

	if (first->line == second->line)
		return t_strdup_until(text + first->end, text + second->begin);
	if (first->line + 1 != second->line)
		return NULL;
	return t_strconcat(text + first->end, " ", t_strndup(
		bounce_notice_line(scan, second->line)->text, second->begin),
		NULL);
}

/* One of several that are named together is as good as the one before it. */
static void
notice_join(struct bounce_notice *scan, struct bounce_notice_mention *mention)
{
	const struct bounce_notice_mention *last;
	const char *words;

	if (array_is_empty(&scan->mentions) || mention->foreign)
		return;
	last = array_back(&scan->mentions);
	if (last->foreign || last->tier == BOUNCE_NOTICE_NONE ||
	    (last->line == mention->line && last->tier < mention->tier))
		return;
	if (last->line + 1 != mention->line ||
	    bounce_notice_line(scan, mention->line)->row < 2) {
		words = notice_between(scan, last, mention);
		if (words == NULL || !bounce_notice_is_joined(words))
			return;
	}
	mention->tier = last->tier;
	mention->labelled = last->labelled;
	mention->delayed = mention->delayed || last->delayed;
	mention->score = I_MAX(mention->score, last->score);
}

void bounce_notice_addresses(struct bounce_notice *scan,
			   const struct bounce_report *report)
{
	const struct bounce_notice_line *line;
	struct bounce_notice_mention mention;
	unsigned int i, pos;
	/* somebody was; their signature begins */
	bool named = FALSE, signature = FALSE;

	for (i = 0; i < array_count(&scan->lines); i++) {
		line = array_idx(&scan->lines, i);
		/* RFC 3676 section 4.3 */
		if (named && (strcmp(line->text, "--") == 0 ||
			      strcmp(line->text, "-- ") == 0))
			signature = TRUE;
		pos = 0;
		i_zero(&mention);
		while (bounce_notice_address_next(line->text, &pos,
						&mention.begin, &mention.end)) {
			if (array_count(&scan->mentions) >=
			    BOUNCE_MAX_SCAN_ADDRESSES)
				return;
			mention.line = i;
			mention.address = p_strdup_until(scan->pool,
				line->text + mention.begin,
				line->text + mention.end);
			mention.tier = BOUNCE_NOTICE_NONE;
			mention.score = 0;
			mention.head = i;
			mention.above = &bounce_notice_no_line;
			mention.foreign = FALSE;
			mention.delayed = mention.reached = FALSE;
			mention.starts = mention.alias = FALSE;
			mention.labelled = FALSE;
			mention.recipient = FALSE;
			T_BEGIN {
				bounce_notice_weigh(scan, report, &mention);
				notice_join(scan, &mention);
			} T_END;
			if (signature && !mention.starts &&
			    line->reply == NULL &&
			    !bounce_notice_line_has(line, BOUNCE_WORD_FAILING)) {
				mention.foreign = TRUE;
				mention.tier = BOUNCE_NOTICE_NONE;
			}
			named = named || !mention.foreign;
			array_push_back(&scan->mentions, &mention);
		}
	}
}
