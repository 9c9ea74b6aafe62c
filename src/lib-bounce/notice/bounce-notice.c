/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-kind.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

static void
notice_add_header(struct bounce_notice *scan,
		  const struct bounce_message *message, const char *name,
		  ARRAY_TYPE(const_string) *list)
{
	const struct bounce_header *header;

	array_foreach(&message->headers, header) {
		if ((*header->name | 0x20) == (*name | 0x20) &&
		    strcasecmp(header->name, name) == 0)
			bounce_header_addresses(scan->pool, header->value,
						list);
	}
}

/* Is the mail whose header begins at line block a mailer's own report? */
static bool notice_is_report_header(const ARRAY_TYPE(const_string) *lines,
				    unsigned int block)
{
	const char *line;

	for (; block < array_count(lines); block++) {
		line = array_idx_elem(lines, block);
		if (*line == '\0')
			break;
		if (bounce_string_ibegins(line, "Return-Path: <>") ||
		    (bounce_string_ibegins(line, "From:") &&
		     strcasestr(line, "mailer-daemon") != NULL))
			return TRUE;
	}
	return FALSE;
}

/* A report that was passed on within a text that names nobody itself: leave its
   own body, the mail that it returns included. */
static bool
notice_drop_wrapping(ARRAY_TYPE(const_string) *lines, unsigned int end,
		     unsigned int block)
{
	unsigned int i, pos, first, last;
	const char *line;

	if (!notice_is_report_header(lines, block))
		return FALSE;
	for (i = 0; i < end; i++) {
		line = array_idx_elem(lines, i);
		pos = 0;
		if (bounce_notice_address_next(line, &pos, &first, &last) &&
		    (bounce_status_reply_find(line, NULL) != NULL ||
		     first <= 1))
			return FALSE;
	}
	while (block < array_count(lines) &&
	       *(const char *)array_idx_elem(lines, block) != '\0')
		block++;
	array_delete(lines, 0, block);
	return TRUE;
}

struct bounce_notice *bounce_notice_init(pool_t pool,
				     const struct bounce_message *message,
				     struct bounce_report *report)
{
	struct bounce_notice *scan = t_new(struct bounce_notice, 1);
	ARRAY_TYPE(const_string) lines;
	unsigned int end, block;
	size_t size;

	scan->pool = pool;
	t_array_init(&scan->mentions, 16);
	t_array_init(&scan->self, 4);
	t_array_init(&scan->failed, 4);
	bounce_notice_returned(pool, message->returned, report);
	notice_add_header(scan, message, "To", &scan->self);
	notice_add_header(scan, message, "X-Failed-Recipients", &scan->failed);
	t_array_init(&lines, 128);
	bounce_notice_lines_split(message->text, &lines);
	end = bounce_notice_find_end(&lines, &block);
	if (notice_drop_wrapping(&lines, end, block))
		end = bounce_notice_find_end(&lines, &block);
	if (*message->returned == '\0') {
		bounce_notice_returned(pool,
			p_strdup(pool, bounce_notice_lines_block(&lines,
								 block)),
			report);
		scan->quoted = block < array_count(&lines) &&
			*(const char *)array_idx_elem(&lines, block) ==
			'>';
	}
	scan->notice = bounce_notice_lines_join(message->text,
						&lines, end, &size);
	scan->folded = t_malloc_no0(I_MIN(size, BOUNCE_MAX_SCAN) + 1);
	bounce_notice_lines_add(scan, &lines, end, size);
	bounce_notice_lines_find_words(scan);
	if (report->original_message_id == NULL)
		bounce_notice_find_id(scan, report);
	if (report->original_from != NULL)
		array_push_back(&scan->self, &report->original_from);
	bounce_notice_addresses(scan, report);
	return scan;
}

const char *bounce_notice_notice(const struct bounce_notice *scan)
{
	return scan->notice;
}

const char *bounce_notice_folded(struct bounce_notice *scan)
{
	if (!scan->is_folded) {
		(void)bounce_string_squeeze_fold(scan->folded, scan->notice,
						 strlen(scan->notice),
						 BOUNCE_MAX_SCAN);
		scan->is_folded = TRUE;
	}
	return scan->folded;
}

bounce_words_set_t bounce_notice_said(const struct bounce_notice *scan)
{
	return scan->words;
}

static bool notice_find_refusal(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;

	array_foreach(&scan->lines, line) {
		if (bounce_notice_line_is_refusal(line))
			return TRUE;
	}
	return FALSE;
}

bool bounce_notice_refuses(struct bounce_notice *scan)
{
	if (!scan->refuses_known) {
		scan->refuses = notice_find_refusal(scan);
		scan->refuses_known = TRUE;
	}
	return scan->refuses;
}

bool bounce_notice_lists(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;

	array_foreach(&scan->lines, line) {
		if (bounce_notice_label_colon(line->folded) &&
		    bounce_kind_has(line->words,
				    BOUNCE_WORD_ANNOUNCING))
			return TRUE;
	}
	return FALSE;
}

bool bounce_notice_is_quoted(const struct bounce_notice *scan)
{
	return scan->quoted;
}

bool bounce_notice_links(struct bounce_notice *scan)
{
	static const char *const links[] = { "http://", "https://", NULL };

	return bounce_string_find(bounce_notice_folded(scan), links) != NULL;
}

bool bounce_notice_shows_envelope(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;
	bool from = FALSE, to = FALSE;

	array_foreach(&scan->lines, line) {
		if (bounce_string_begins(line->folded, "mail from:"))
			from = TRUE;
		else if (bounce_string_begins(line->folded, "rcpt to:"))
			to = TRUE;
	}
	return from && to;
}

bool bounce_notice_describes(const struct bounce_notice *scan, bool machine)
{
	const struct bounce_notice_line *line;
	bool subject = FALSE, to = FALSE;

	array_foreach(&scan->lines, line) {
		if (bounce_string_begins(line->folded, "from:") && !machine)
			return FALSE;
		if (bounce_string_begins(line->folded, "subject:"))
			subject = TRUE;
		else if (bounce_string_begins(line->folded, "to:") ||
			 bounce_string_begins(line->folded, "rcpt to:") ||
			 bounce_string_begins(line->folded, "recipient:"))
			to = TRUE;
	}
	return subject && to;
}
