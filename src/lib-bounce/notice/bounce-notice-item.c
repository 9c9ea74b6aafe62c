/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

/* A notice is items: the lines of one recipient (the address and its other
   names, the answer, other words) end where the next one's begin. */

/* Regions of one recipient that are looked at: Exchange lists them twice. */
#define ITEM_MAX_REGIONS 8

bool bounce_notice_names_rcpt(const struct bounce_notice_mention *mention,
			    const struct bounce_recipient *rcpt)
{
	return (rcpt->address != NULL &&
		strcasecmp(mention->address, rcpt->address) == 0) ||
		(rcpt->original_address != NULL &&
		 strcasecmp(mention->address, rcpt->original_address) == 0);
}

static bool item_is_listed(const struct bounce_notice_mention *mention)
{
	if (mention->alias || mention->labelled)
		return TRUE;
	/* what the header names may be anywhere */
	if (mention->tier == BOUNCE_NOTICE_FIELD)
		return mention->starts;
	return mention->tier == BOUNCE_NOTICE_LISTED ||
		mention->tier == BOUNCE_NOTICE_GUESS;
}

/* Does mention begin another recipient's item? */
static bool item_is_other(const struct bounce_notice_mention *mention,
			  const struct bounce_recipient *rcpt)
{
	return mention->recipient && item_is_listed(mention) &&
		!bounce_notice_names_rcpt(mention, rcpt);
}

/* A heading that is directly above the next item is part of that; in a group an item
   ends with it. */
static unsigned int
item_trim(const struct bounce_notice *scan, unsigned int first,
	  unsigned int end)
{
	const struct bounce_notice_region *group =
		bounce_notice_group(scan, first);
	const struct bounce_notice_line *line;

	if (group != NULL)
		return I_MIN(end, group->end);
	while (end > first + 1) {
		line = bounce_notice_line(scan, end - 1);
		if (*line->text != '\0' &&
		    !bounce_notice_heads_group(scan, end - 1) &&
		    (!bounce_notice_label_colon(line->folded) ||
		     strchr(line->text, '@') != NULL ||
		     line->reply != NULL))
			break;
		end--;
	}
	return end;
}

/* Where the last item ends that begins at line first. What stands below a list's end
   is of all who are in the list. */
static unsigned int
item_last_end(const struct bounce_notice *scan,
	      const struct bounce_recipient *rcpt, unsigned int first)
{
	const struct bounce_notice_region *group =
		bounce_notice_group(scan, first);
	const struct bounce_notice_mention *mention;
	unsigned int i, count = array_count(&scan->lines);
	bool others = FALSE;

	if (group != NULL)
		return group->end;
	array_foreach(&scan->mentions, mention) {
		if (mention->head < first && item_is_other(mention, rcpt))
			others = TRUE;
	}
	for (i = first + 1; others && i < count; i++) {
		if (bounce_notice_is_heading(bounce_notice_line(scan, i)))
			return i;
	}
	return count;
}

bool bounce_notice_regions(const struct bounce_notice *scan,
			   const struct bounce_recipient *rcpt,
			   ARRAY_TYPE(bounce_notice_region) *regions)
{
	const struct bounce_notice_mention *mention, *sentence = NULL;
	struct bounce_notice_region region;
	bool open = FALSE;

	array_foreach(&scan->mentions, mention) {
		if (bounce_notice_names_rcpt(mention, rcpt)) {
			if (sentence == NULL &&
			    mention->tier >= BOUNCE_NOTICE_SENTENCE)
				sentence = mention;
			if (open || !item_is_listed(mention))
				continue;
			if (array_count(regions) >= ITEM_MAX_REGIONS)
				break;
			region.first = mention->head;
			open = TRUE;
		} else if (open && mention->head > region.first &&
			   item_is_other(mention, rcpt)) {
			region.end = item_trim(scan, region.first,
					       mention->head);
			array_push_back(regions, &region);
			open = FALSE;
		}
	}
	if (open) {
		region.end = item_last_end(scan, rcpt, region.first);
		array_push_back(regions, &region);
	}
	if (array_count(regions) > 0)
		return TRUE;
	if (sentence == NULL)
		return FALSE;
	region.end = array_count(&scan->lines);
	region.first = sentence->line;
	array_foreach(&scan->mentions, mention) {
		if (mention->head > region.first &&
		    item_is_other(mention, rcpt)) {
			region.end = item_trim(scan, region.first,
					       mention->head);
			break;
		}
	}
	array_push_back(regions, &region);
	return FALSE;
}

bool bounce_notice_begins_item(const struct bounce_notice *scan,
			       const struct bounce_recipient *rcpt,
			       unsigned int line)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->head > line)
			break;
		if (mention->head == line && (mention->starts || mention->alias) &&
		    item_is_other(mention, rcpt))
			return TRUE;
	}
	return FALSE;
}

/* The address that the item of an alias begins with, or NULL. */
static const struct bounce_notice_mention *
item_first(const struct bounce_notice *scan,
	   const struct bounce_notice_mention *alias)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->head == alias->head && !mention->alias &&
		    !mention->foreign && mention->tier >= BOUNCE_NOTICE_LISTED)
			return mention;
	}
	return NULL;
}

static bool item_has_recipient(const struct bounce_report *report,
			       const char *address)
{
	const struct bounce_recipient *rcpt;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->address != NULL &&
		    strcasecmp(rcpt->address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

void bounce_notice_aliases(const struct bounce_notice *scan,
			   struct bounce_report *report)
{
	const struct bounce_notice_mention *alias, *first;
	struct bounce_recipient *rcpt;

	array_foreach(&scan->mentions, alias) {
		if (!alias->alias || !alias->foreign ||
		    item_has_recipient(report, alias->address) ||
		    (first = item_first(scan, alias)) == NULL)
			continue;
		array_foreach_modifiable(&report->recipients, rcpt) {
			if (rcpt->address != NULL &&
			    rcpt->original_address == NULL &&
			    strcasecmp(rcpt->address, first->address) == 0)
				rcpt->original_address = alias->address;
		}
	}
}
