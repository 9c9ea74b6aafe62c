/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

/* Which line above an address announces it: "The following failed:" */

const struct bounce_notice_line bounce_notice_no_line = {
	.text = "", .folded = ""
};

/* The nearest line above that is no address alone. */
static const struct bounce_notice_line *
notice_line_above(struct bounce_notice *scan, unsigned int line)
{
	const struct bounce_notice_line *above;
	unsigned int steps = 0;

	while (line > 0 && steps++ < 30) {
		above = array_idx(&scan->lines, --line);
		if (*above->text != '\0' && strchr(above->text, '@') == NULL)
			return above;
	}
	return &bounce_notice_no_line;
}

/* Do two addresses begin their lines in the same way? */
static bool notice_begins_alike(const struct bounce_notice_line *line,
				const struct bounce_notice_mention *mention,
				const struct bounce_notice_line *other,
				const struct bounce_notice_mention *last)
{
	if (line->indent != other->indent)
		return FALSE;
	return bounce_notice_label_alike(other->text, last->begin, line->text,
					 mention->begin) ||
		(bounce_notice_is_name(line->text, mention->begin) &&
		 bounce_notice_is_name(other->text, last->begin));
}

/* The item before that looks like this one: both belong to one list. NULL if
   there is none. */
static const struct bounce_notice_mention *
notice_last_item(const struct bounce_notice *scan,
		 const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line, *other;
	unsigned int i;

	line = bounce_notice_line(scan, mention->line);
	for (i = array_count(&scan->mentions); i > 0; i--) {
		const struct bounce_notice_mention *last =
			array_idx(&scan->mentions, i - 1);

		other = bounce_notice_line(scan, last->line);
		if (last->starts && !last->foreign &&
		    last->tier >= BOUNCE_NOTICE_LISTED &&
		    last->line != mention->line &&
		    notice_begins_alike(line, mention, other, last))
			return last;
	}
	return NULL;
}

/* Words of an item, which announce nothing: an answer, or further in than the
   address. */
static bool notice_is_items_words(const struct bounce_notice_line *line,
				  unsigned int indent)
{
	return (line->indent > indent && !bounce_notice_is_heading(line)) ||
		line->reply != NULL;
}

/* "Doe, John <john@example.com>", with the answer below it? */
static bool notice_is_named_item(const struct bounce_notice *scan,
				 const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line =
		bounce_notice_line(scan, mention->line);

	return bounce_notice_is_name(line->text, mention->begin) &&
		mention->line + 1 < array_count(&scan->lines) &&
		notice_is_items_words(bounce_notice_line(scan,
							 mention->line + 1),
				      line->indent);
}

const struct bounce_notice_line *
bounce_notice_announced_by(struct bounce_notice *scan,
			   const struct bounce_notice_mention *mention)
{
	const struct bounce_notice_mention *last;
	const struct bounce_notice_line *line;
	unsigned int i = mention->line, indent;
	bool row, starts;

	line = bounce_notice_line(scan, i);
	indent = line->indent;
	row = (mention->starts ||
	       bounce_notice_is_name(line->text, mention->begin)) &&
		bounce_notice_is_row(line);
	/* "Doe, John <john@example.com>" alone does, too, in a list of such */
	starts = mention->starts || row;
	/* the second row */
	if (row && array_count(&scan->mentions) > 0)
		bounce_notice_groups_read(scan);
	last = starts || notice_is_named_item(scan, mention) ?
		notice_last_item(scan, mention) : NULL;
	if (last == NULL)
		return notice_line_above(scan, i);
	while (i > last->line) {
		line = bounce_notice_line(scan, --i);
		if (*line->text == '\0' || strchr(line->text, '@') != NULL)
			continue;
		if (!notice_is_items_words(line, indent) &&
		    (!starts ||
		     bounce_notice_is_heading(line) ||
		     bounce_notice_heads_group(scan, i) ||
		     /* below whom it reached: "Failed" */
		     bounce_notice_heads_reached(last->above) ||
		     bounce_notice_label_colon(line->folded) ||
		     bounce_notice_line_has(line, BOUNCE_WORD_CONTACTING)))
			return notice_line_above(scan, mention->line);
		if (starts)
			break;
	}
	return last->above;
}
