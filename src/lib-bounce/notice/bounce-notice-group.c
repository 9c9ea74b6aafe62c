/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"

#include <stdlib.h>

/* Addresses in groups, each below a heading that says what became of them:

     Mailbox full
       bob@example.com
       eve@example.com

     User unknown
       ann@example.org
*/

/* Bytes of a line that is a heading. */
#define GROUP_HEADING_MAX 120

/* "2. ", "* ", and "Mailbox full:" */
static bool group_is_dressed(const struct bounce_notice_line *line)
{
	const char *text = line->text;
	size_t number = strspn(text, "0123456789");

	return bounce_notice_label_colon(line->folded) ||
		bounce_notice_is_heading(line) || strchr("-*#=", *text) != NULL ||
		(number > 0 && (text[number] == '.' || text[number] == ')'));
}

struct context {
	const struct bounce_notice *scan;
	unsigned int count;
	/* of each line: is it a row? */
	bool *rows;
	/* each cause is above its addresses, and not below them */
	bool heads;
};

/* A line that may be a heading: few words, and no address. */
static bool group_is_short(const struct bounce_notice_line *line)
{
	return *line->text != '\0' && line->reply == NULL &&
		strlen(line->text) <= GROUP_HEADING_MAX &&
		strchr(line->text, '@') == NULL;
}

static bool group_is_empty(const struct context *ctx, unsigned int i)
{
	return *bounce_notice_line(ctx->scan, i)->text == '\0';
}

/* The next line above i with something in it; count if there is none. */
static unsigned int group_above(const struct context *ctx, unsigned int i)
{
	while (i > 0) {
		if (!group_is_empty(ctx, --i))
			return i;
	}
	return ctx->count;
}

static unsigned int group_below(const struct context *ctx, unsigned int i)
{
	while (++i < ctx->count) {
		if (!group_is_empty(ctx, i))
			return i;
	}
	return ctx->count;
}

/* Is there nothing below the last row, or an empty line and then neither cause nor
   answer? */
static bool group_ends_list(const struct context *ctx, unsigned int last)
{
	unsigned int below = group_below(ctx, last);
	const struct bounce_notice_line *line;

	if (below == ctx->count)
		return TRUE;
	line = bounce_notice_line(ctx->scan, below);
	return below > last + 1 && line->reply == NULL &&
		!bounce_notice_cause_in_line(line);
}

/* first, last: row */
static bool group_has_headings(const struct context *ctx, unsigned int first,
			       unsigned int last)
{
	unsigned int above = group_above(ctx, first);
	const struct bounce_notice_line *line;

	if (above == ctx->count || !group_ends_list(ctx, last))
		return FALSE;
	line = bounce_notice_line(ctx->scan, above);
	return group_is_short(line) && bounce_notice_cause_said(line->text);
}

/* Does line i head a group, with the row below it? Where the causes are above, any
   short line does. Else it is below an empty line, too, and has none below it unless it
   ends in a colon: it may be the cause of what is above. "2. Mailbox full" may be below
   the last row of the group before. */
static bool
group_begins(const struct context *ctx, unsigned int i, unsigned int row)
{
	const struct bounce_notice_line *line;

	if (i >= ctx->count || row >= ctx->count || ctx->rows[i] ||
	    !ctx->rows[row])
		return FALSE;
	line = bounce_notice_line(ctx->scan, i);
	if (!group_is_short(line))
		return FALSE;
	if (ctx->heads)
		return TRUE;
	return (row == i + 1 || bounce_notice_label_colon(line->folded)) &&
		(i == 0 || group_is_empty(ctx, i - 1) ||
		 (ctx->rows[i - 1] && group_is_dressed(line)));
}

/* Where its rows end, an empty line between them or not, and the words that are directly
   below the last. */
static unsigned int group_end(const struct context *ctx, unsigned int row)
{
	unsigned int i, end = row;

	for (i = row; i < ctx->count; i++) {
		if (group_is_empty(ctx, i))
			continue;
		if (!ctx->rows[i] &&
		    (i > end ||
		     group_begins(ctx, i, group_below(ctx, i))))
			break;
		end = i + 1;
	}
	return end;
}

/* Returns FALSE if there are not two. */
static bool group_find_rows(struct context *ctx, unsigned int *first_r,
			    unsigned int *last_r)
{
	unsigned int found = 0;

	*first_r = *last_r = 0;
	for (unsigned int i = 0; i < ctx->count; i++) {
		ctx->rows[i] = bounce_notice_is_row(
			bounce_notice_line(ctx->scan, i));
		if (!ctx->rows[i])
			continue;
		if (found++ == 0)
			*first_r = i;
		*last_r = i;
	}
	return found > 1;
}

static void group_read(struct bounce_notice *scan)
{
	struct context ctx = {
		.scan = scan, .count = array_count(&scan->lines)
	};
	struct bounce_notice_region group = { 0, 0 };
	unsigned int first, last;
	bool says = FALSE;

	ctx.rows = t_new(bool, ctx.count);
	if (!group_find_rows(&ctx, &first, &last))
		return;
	ctx.heads = group_has_headings(&ctx, first, last);
	for (unsigned int row = first; row <= last; row++) {
		if (!ctx.rows[row] || row < group.end)
			continue;
		group.first = group_above(&ctx, row);
		if (!group_begins(&ctx, group.first, row))
			continue;
		says = says || bounce_notice_cause_said(
			bounce_notice_line(scan, group.first)->text);
		group.end = group_end(&ctx, row);
		array_push_back(&scan->groups, &group);
	}
	/* one list, or lists by something else: all that is said may be of all */
	if (!says || array_count(&scan->groups) < 2)
		array_clear(&scan->groups);
}

static int group_cmp(const void *key, const void *elem)
{
	const struct bounce_notice_region *group = elem;
	const unsigned int *line = key;

	return *line < group->first ? -1 : (*line >= group->end ? 1 : 0);
}

void bounce_notice_groups_read(struct bounce_notice *scan)
{
	if (array_is_created(&scan->groups))
		return;
	p_array_init(&scan->groups, scan->pool, 4);
	T_BEGIN {
		group_read(scan);
	} T_END;
}

const struct bounce_notice_region *
bounce_notice_group(const struct bounce_notice *scan, unsigned int line)
{
	const struct bounce_notice_region *groups;
	unsigned int count;

	if (!array_is_created(&scan->groups))
		return NULL;
	groups = array_get(&scan->groups, &count);
	return bsearch(&line, groups, count, sizeof(*groups), group_cmp);
}

bool bounce_notice_heads_group(const struct bounce_notice *scan,
			       unsigned int line)
{
	const struct bounce_notice_region *group =
		bounce_notice_group(scan, line);

	return group != NULL && group->first == line;
}
