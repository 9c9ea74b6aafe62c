/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-kind.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-notice-private.h"
#include "bounce-string.h"

/* Fields that every returned mail has and that no notice lists. */
static const char *const trace_fields[] = {
	"Received", "Return-Path", "DKIM-Signature", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding", "Message-ID",
	"Delivered-To", "X-Mailer", "User-Agent", "ARC-Seal",
	"Authentication-Results", "X-Received", "Received-SPF",
	"X-Google-Smtp-Source", "X-Originating-IP", "References",
	"DomainKey-Signature", "X-Envelope-From", "Reply-To", "X-Priority",
	NULL
};
static const char *const other_fields[] = {
	"From", "To", "Cc", "Subject", "Date", "Sender", "In-Reply-To",
	"List-Id", "List-Unsubscribe", "Precedence", "Importance",
	"Errors-To", "Organization", "Thread-Index", "Thread-Topic", NULL
};

const char *bounce_notice_unindent(const char *line, size_t indent)
{
	return line + I_MIN(strspn(line, " \t>"), indent);
}

/* Bytes before the colon that the line's first word ends with, 0 if it ends with
   none. */
static size_t returned_name_len(const char *line)
{
	size_t len = 0;

	while (line[len] != '\0' && line[len] != ':' && line[len] != ' ' &&
	       line[len] != '\t')
		len++;
	return line[len] == ':' ? len : 0;
}

/* len: of its name. */
static bool
returned_is_field(const char *line, size_t len, const char *const *names)
{
	char first = *line | 0x20;

	for (; *names != NULL; names++) {
		if (first == (**names | 0x20) &&
		    strncasecmp(line, *names, len) == 0 &&
		    (*names)[len] == '\0')
			return TRUE;
	}
	return FALSE;
}

/* Is it a field of a mail's header; one that only a returned one has? */
static bool returned_is_header(const char *line, bool *trace_r)
{
	size_t len = returned_name_len(line);

	*trace_r = FALSE;
	/* of SMTP's "MAIL FROM:<a@example.com>", wrapped */
	if (len == 0 || bounce_string_begins(line, "FROM:<") ||
	    bounce_string_begins(line, "TO:<"))
		return FALSE;
	*trace_r = returned_is_field(line, len, trace_fields);
	return *trace_r || ((line[0] | 0x20) == 'x' && line[1] == '-') ||
		returned_is_field(line, len, other_fields);
}

bool bounce_notice_is_field(const char *line)
{
	bool trace;

	return returned_is_header(line, &trace);
}

/* Does a header block begin at this line, of which indent is no part? At least
   two fields, one of which no notice would hold; a part's header, where a
   boundary was lost, is none. */
static bool
returned_is_block(const ARRAY_TYPE(const_string) *lines, unsigned int first,
		  size_t indent)
{
	unsigned int i, count = array_count(lines), fields = 0, traces = 0;
	unsigned int mime = 0;
	const char *line;
	bool trace;

	for (i = first; i < count && i < first + 40; i++) {
		line = bounce_notice_unindent(array_idx_elem(lines, i), indent);
		if (*line == ' ' || *line == '\t') {
			if (i == first)
				return FALSE;
			continue;
		}
		if (*line == '\0')
			break;
		if (returned_is_header(line, &trace)) {
			fields++;
			if (trace)
				traces++;
			if (bounce_string_ibegins(line, "Content-"))
				mime++;
		} else if (i == first && bounce_string_begins(line, "From ")) {
			/* mbox */
		} else if (strcspn(line, " :") != strcspn(line, ":") ||
			   strchr(line, ':') == NULL) {
			break;
		}
		if (fields >= 2 && traces >= 1 && fields > mime)
			return TRUE;
	}
	return FALSE;
}

/* Is the line marked as a heading, "--- so ---", or short with a colon? */
static bool returned_is_heading(const char *line)
{
	size_t len = strlen(line);
	const char *p = line;

	while (*p == ' ' || *p == '\t' || *p == '|')
		p++;
	if (len > 100)
		return FALSE;
	if (bounce_string_begins(p, "--") || bounce_string_begins(p, "==") ||
	    bounce_string_begins(p, "**") || bounce_string_begins(p, "__") ||
	    bounce_string_begins(p, "##") || bounce_string_begins(p, "~~"))
		return TRUE;
	return len > 0 && len < 60 && line[len - 1] == ':';
}

/* "follow" or "copy of". No strcasestr(): this runs for each line, and most are
   short; the letters that are looked for are rare. */
static bool returned_announces(const char *line)
{
	for (const char *p = line + strcspn(line, "wWyY"); *p != '\0';
	     p += 1 + strcspn(p + 1, "wWyY")) {
		if ((*p | 0x20) == 'w') {
			if (p - line >= 5 &&
			    bounce_string_ibegins(p - 5, "follow"))
				return TRUE;
		} else if (p - line >= 3 &&
			   bounce_string_ibegins(p - 3, "copy of")) {
			return TRUE;
		}
	}
	return FALSE;
}

/* Does the line say: from here on it is your own mail? */
static bool returned_is_marker(const char *line)
{
	bounce_words_set_t words;

	if (!returned_is_heading(line) && !returned_announces(line))
		return FALSE;
	words = bounce_kind_words(line);
	/* the mailer may speak of the mail before it returns it */
	return bounce_kind_has(words, BOUNCE_WORD_RETURNED) &&
		!bounce_kind_has(words, BOUNCE_WORD_SPOKEN);
}

unsigned int bounce_notice_find_end(const ARRAY_TYPE(const_string) *lines,
				  unsigned int *block_r)
{
	unsigned int i, count = array_count(lines), end = count;
	unsigned int seen = 0;
	size_t indent;
	const char *line;
	bool block;

	*block_r = count;
	for (i = 0; i < count && *block_r == count; i++) {
		line = array_idx_elem(lines, i);
		/* fml indents what it returns; an indented header that nothing
		   announces describes the mail */
		indent = end == count && *line != '>' ? 0 :
			strspn(line, " \t>");
		block = (bounce_notice_is_field(line + indent) ||
			 bounce_string_begins(line + indent, "From ")) &&
			returned_is_block(lines, i, indent);
		if (block) {
			*block_r = i;
			end = I_MIN(end, i);
		} else if (end == count && seen > 0 && *line != '\0' &&
			   strchr(line, '@') == NULL &&
			   returned_is_marker(line)) {
			end = i;
		}
		if (*line != '\0')
			seen++;
	}
	return end;
}

static void
returned_add_addresses(pool_t pool, const ARRAY_TYPE(bounce_header) *headers,
		       struct bounce_report *report)
{
	static const char *const names[] = { "To", "Cc" };
	const struct bounce_header *header;
	ARRAY_TYPE(const_string) list;
	const char *const *address, *other;
	bool found;

	t_array_init(&list, 8);
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		array_foreach(headers, header) {
			if (strcasecmp(header->name, names[i]) == 0)
				bounce_header_addresses(pool, header->value,
							&list);
		}
	}
	array_foreach(&list, address) {
		found = FALSE;
		for (unsigned int i = 0;
		     i < array_count(&report->original_to); i++) {
			other = array_idx_elem(&report->original_to, i);
			if (strcasecmp(other, *address) == 0)
				found = TRUE;
		}
		if (!found && array_count(&report->original_to) <
		    BOUNCE_MAX_RECIPIENTS)
			array_push_back(&report->original_to, address);
	}
}

static const char *returned_nonempty(const char *value)
{
	return value == NULL || *value == '\0' ? NULL : value;
}

/* Some write it without < > */
static const char *returned_message_id(pool_t pool, const char *value)
{
	const char *id = value == NULL ? NULL :
		bounce_header_message_id(pool, value);

	return id == NULL ? returned_nonempty(value) : id;
}

void bounce_notice_returned(pool_t pool, const char *block,
			  struct bounce_report *report)
{
	static const char *const names[] = {
		"Message-ID", "Subject", "From", "Return-Path", "To", "Cc", NULL
	};
	ARRAY_TYPE(bounce_header) headers;

	if (*block == '\0')
		return;
	bounce_header_split(pool, block, names, &headers);
	report->original_headers = block;
	report->original_message_id =
		returned_message_id(pool,
				    bounce_header_find(&headers, "Message-ID"));
	report->original_subject =
		returned_nonempty(bounce_header_find(&headers, "Subject"));
	report->original_from = bounce_header_address(pool,
		bounce_header_find(&headers, "From"));
	if (report->original_from == NULL) {
		report->original_from = bounce_header_address(pool,
			bounce_header_find(&headers, "Return-Path"));
	}
	returned_add_addresses(pool, &headers, report);
}

/* "Message-ID:  <id@example.com>" of a list, of a quoted header; also behind
   "Original-" and without the hyphen. */
static const char *returned_named_id(const char *folded, const char *text)
{
	static const char *const labels[] = { "message-id", "message id", NULL };
	const char *p, *begin, *end;

	for (unsigned int i = 0; labels[i] != NULL; i++) {
		p = strstr(folded, labels[i]);
		if (p == NULL)
			continue;
		p += strlen(labels[i]);
		begin = p + strspn(p, " :=\t");
		end = begin + strcspn(begin, "> ");
		if (*begin == '<' && *end == '>' &&
		    memchr(begin, '@', end - begin) != NULL)
			return t_strdup_until(text + (begin - folded),
					      text + (end - folded) + 1);
	}
	return NULL;
}

void bounce_notice_find_id(const struct bounce_notice *scan,
			   struct bounce_report *report)
{
	const struct bounce_notice_line *line;
	const char *id;

	array_foreach(&scan->lines, line) {
		id = returned_named_id(line->folded, line->text);
		if (id != NULL) {
			report->original_message_id = p_strdup(scan->pool, id);
			return;
		}
	}
}
