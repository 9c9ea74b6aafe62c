/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-kind.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

#include <ctype.h>

/* Lines with at most BOUNCE_MAX_LINE bytes each, no CR. */
static void
notice_split_lines(const char *text, ARRAY_TYPE(const_string) *lines)
{
	const char *end, *line;
	size_t len, total = 0;

	while (*text != '\0' && total < BOUNCE_MAX_SCAN &&
	       array_count(lines) < BOUNCE_MAX_SCAN_LINES) {
		end = strchr(text, '\n');
		if (end == NULL)
			end = text + strlen(text);
		len = bounce_string_cut(text, end - text, BOUNCE_MAX_LINE);
		line = t_strndup(text, len);
		array_push_back(lines, &line);
		total += len + 1;
		text = *end == '\0' ? end : end + 1;
	}
}

/* The first lines of text, which is theirs if it has no others; size_r: bytes */
static const char *
notice_join_lines(pool_t pool, const char *text,
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
	notice = p = p_malloc(pool, size + 1);
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

/* The returned mail, which may be indented. */
static const char *notice_join_block(const ARRAY_TYPE(const_string) *lines,
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
	line += strspn(line, " \t");
	if (notice_is_quoted(line) &&
	    (notice_is_item(line + 2) ||
	     (strchr(line + 2, ' ') == NULL &&
	      (!notice_is_quoted(last) || strchr(last + 2, ' ') == NULL))))
		line += 2;
	return line;
}

/* The lines of the notice, which has size bytes. */
static void
notice_add_lines(struct bounce_notice *scan,
		 const ARRAY_TYPE(const_string) *lines, unsigned int end,
		 size_t size)
{
	struct bounce_notice_line *line;
	char *text = p_malloc(scan->pool, size + 1);
	char *folded = p_malloc(scan->pool, size + 1);
	const char *raw, *clean, *last = "";
	size_t len;

	p_array_init(&scan->lines, scan->pool, I_MAX(end, 1));
	for (unsigned int i = 0; i < end; i++, last = raw) {
		raw = array_idx_elem(lines, i);
		clean = notice_clean_line(raw, last);
		line = array_append_space(&scan->lines);
		line->indent = strspn(raw, " \t");
		line->text = text;
		line->folded = folded;
		len = bounce_string_squeeze(text, clean, strlen(clean),
					    BOUNCE_MAX_LINE);
		(void)bounce_string_squeeze_fold(folded, text, len,
						 len + 16);
		text += len + 1;
		folded += len + 1;
	}
}

/* Find the words of all lines at one go: phrases go on in the next line. */
static void notice_find_words(struct bounce_notice *scan)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	struct bounce_notice_line *line;
	string_t *folded = t_str_new(1024);
	unsigned int *ends, i = 0, count = array_count(&scan->lines);

	ends = t_new(unsigned int, count + 1);
	array_foreach_modifiable(&scan->lines, line) {
		if (*line->text != '\0')
			str_append(folded, bounce_words_fold(line->text));
		ends[i++] = str_len(folded);
		if (*line->text != '\0')
			str_append_c(folded, ' ');
	}
	t_array_init(&hits, 128);
	bounce_words_find(BOUNCE_WORDS_NOTICE, str_c(folded), &hits);
	i = 0;
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

static void
notice_add_header(struct bounce_notice *scan,
		  const struct bounce_message *message, const char *name,
		  ARRAY_TYPE(const_string) *list)
{
	const struct bounce_header *header;

	array_foreach(&message->headers, header) {
		if (strcasecmp(header->name, name) == 0)
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
	struct bounce_notice *scan = p_new(pool, struct bounce_notice, 1);
	ARRAY_TYPE(const_string) lines;
	unsigned int end, block;
	size_t size;

	scan->pool = pool;
	p_array_init(&scan->mentions, pool, 16);
	p_array_init(&scan->self, pool, 4);
	p_array_init(&scan->failed, pool, 4);
	bounce_notice_returned(pool, message->returned, report);
	notice_add_header(scan, message, "To", &scan->self);
	notice_add_header(scan, message, "X-Failed-Recipients", &scan->failed);
	T_BEGIN {
		t_array_init(&lines, 128);
		notice_split_lines(message->text, &lines);
		end = bounce_notice_find_end(&lines, &block);
		if (notice_drop_wrapping(&lines, end, block))
			end = bounce_notice_find_end(&lines, &block);
		if (*message->returned == '\0') {
			bounce_notice_returned(pool,
				p_strdup(pool, notice_join_block(&lines, block)),
				report);
			scan->quoted = block < array_count(&lines) &&
				*(const char *)array_idx_elem(&lines, block) ==
				'>';
		}
		scan->notice = notice_join_lines(pool, message->text, &lines,
						 end, &size);
		notice_add_lines(scan, &lines, end, size);
		notice_find_words(scan);
	} T_END;
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
	size_t len;
	char *folded;

	if (scan->folded == NULL) {
		len = strlen(scan->notice);
		folded = p_malloc(scan->pool, I_MIN(len, BOUNCE_MAX_SCAN) + 1);
		(void)bounce_string_squeeze_fold(folded, scan->notice, len,
						 BOUNCE_MAX_SCAN);
		scan->folded = folded;
	}
	return scan->folded;
}

static void
notice_add_recipient(struct bounce_report *report, const char *address)
{
	struct bounce_recipient *rcpt;

	array_foreach_modifiable(&report->recipients, rcpt) {
		if (strcasecmp(rcpt->address, address) == 0)
			return;
	}
	if (array_count(&report->recipients) >= BOUNCE_MAX_FOREIGN_RECIPIENTS) {
		report->truncated = TRUE;
		return;
	}
	rcpt = array_append_space(&report->recipients);
	rcpt->address = address;
	rcpt->action = BOUNCE_ACTION_FAILED;
}

#define SCORE_MIN 3

/* What is around the address: "<bob@example.com>:" is "<>:", "Unknown user:
   bob@example.com" is "Unknown user: ". Data stack. */
static const char *notice_look_of(const struct bounce_notice *scan,
				  const struct bounce_notice_mention *mention)
{
	const char *text = bounce_notice_line(scan, mention->line)->text;
	const char *behind = text + mention->end;

	return t_strconcat(t_strndup(text, mention->begin),
			   t_strndup(behind, strspn(behind, ">])\"':")), NULL);
}

/* The look of the best one, "" if it has none. */
static const char *notice_best_look(const struct bounce_notice *scan,
				    enum bounce_notice_tier tier, int best)
{
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->tier == tier && mention->score == best)
			return notice_look_of(scan, mention);
	}
	return "";
}

static bool
notice_is_chosen(const struct bounce_notice *scan,
		 const struct bounce_notice_mention *mention,
		 enum bounce_notice_tier tier, int best, const char *look)
{
	if (mention->tier != tier || mention->score < SCORE_MIN)
		return FALSE;
	/* only what is as likely as the best, or looks like it */
	if ((tier == BOUNCE_NOTICE_SENTENCE && mention->score < best - 1) ||
	    (tier == BOUNCE_NOTICE_LISTED && mention->score < best - 4))
		return *look != '\0' &&
			strcmp(notice_look_of(scan, mention), look) == 0;
	return TRUE;
}

static void
notice_add_chosen(const struct bounce_notice *scan,
		  enum bounce_notice_tier tier, int best, bool delayed,
		  struct bounce_report *report)
{
	const char *look = notice_best_look(scan, tier, best);
	const struct bounce_notice_mention *mention;

	array_foreach(&scan->mentions, mention) {
		if (mention->delayed == delayed &&
		    notice_is_chosen(scan, mention, tier, best, look))
			notice_add_recipient(report, mention->address);
	}
}

enum bounce_notice_tier
bounce_notice_recipients(struct bounce_notice *scan, struct bounce_report *report)
{
	const struct bounce_notice_mention *mention;
	const char *const *address;
	enum bounce_notice_tier tier = BOUNCE_NOTICE_NONE;
	int best = 0;

	/* the header names them all; the notice may have lost some */
	array_foreach(&scan->failed, address)
		notice_add_recipient(report, *address);
	if (array_count(&report->recipients) > 0)
		return BOUNCE_NOTICE_FIELD;
	array_foreach(&scan->mentions, mention) {
		if (mention->score < SCORE_MIN || mention->tier < tier)
			continue;
		if (mention->tier > tier)
			best = 0;
		tier = mention->tier;
		best = I_MAX(best, mention->score);
	}
	if (tier == BOUNCE_NOTICE_NONE)
		return tier;
	T_BEGIN {
		/* who is only delayed has not failed */
		notice_add_chosen(scan, tier, best, FALSE, report);
		if (array_count(&report->recipients) == 0)
			notice_add_chosen(scan, tier, best, TRUE, report);
	} T_END;
	return tier;
}

/* Is address one of another's list, "ring-request@example.com" beside
   "ring@example.com"? */
static bool notice_is_list_service(const struct bounce_notice *scan,
				   const char *address)
{
	const struct bounce_notice_mention *mention;
	const char *at = strrchr(address, '@'), *list_at;

	array_foreach(&scan->mentions, mention) {
		list_at = strrchr(mention->address, '@');
		if (at == NULL || list_at == NULL ||
		    strcasecmp(at, list_at) != 0 ||
		    at - address <= list_at - mention->address)
			continue;
		if (strncasecmp(address, mention->address,
				list_at - mention->address) == 0 &&
		    address[list_at - mention->address] == '-')
			return TRUE;
	}
	return FALSE;
}

const char *bounce_notice_only(const struct bounce_notice *scan)
{
	const struct bounce_notice_mention *mention;
	const char *only = NULL;

	array_foreach(&scan->mentions, mention) {
		if (mention->foreign ||
		    notice_is_list_service(scan, mention->address))
			continue;
		if (only == NULL)
			only = mention->address;
		else if (strcasecmp(only, mention->address) != 0)
			return NULL;
	}
	return only;
}

const char *bounce_notice_only_in(const struct bounce_notice *scan,
				const char *subject)
{
	unsigned int pos = 0, begin, end;
	const char *address;

	if (subject == NULL ||
	    !bounce_notice_address_next(subject, &pos, &begin, &end))
		return NULL;
	address = p_strdup_until(scan->pool, subject + begin, subject + end);
	if (bounce_notice_is_listed(&scan->self, address) ||
	    bounce_notice_address_next(subject, &pos, &begin, &end))
		return NULL;
	return address;
}

bounce_words_set_t bounce_notice_said(const struct bounce_notice *scan)
{
	return scan->words;
}

static bool notice_find_refusal(const struct bounce_notice *scan)
{
	const struct bounce_notice_line *line;
	bool found = FALSE;

	array_foreach(&scan->lines, line) {
		T_BEGIN {
			found = bounce_notice_is_refusal(line->text);
		} T_END;
		if (found)
			break;
	}
	return found;
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

static bool notice_is_name_char(char chr)
{
	return i_isalnum(chr) || chr == '.' || chr == '-' || chr == '_';
}

/* The name that is alone in a line, or NULL. Exim lists what is no name: "pipe to
   |/usr/bin/vacation". */
static const char *notice_bare_name(const char *text)
{
	const char *end = text;

	if (!i_isalnum(*text) || bounce_string_begins(text, "pipe to ") ||
	    bounce_string_begins(text, "save to "))
		return NULL;
	while (notice_is_name_char(*end))
		end++;
	if (end - text < 2 || end - text > 64 || end[-1] == '.' ||
	    *end != '\0')
		return NULL;
	return t_strdup_until(text, end);
}

/* The returned mail's own address of that name, else one at domain, which is a
   guess. */
static void notice_add_name(struct bounce_notice *scan, const char *name,
			    const char *domain, struct bounce_report *report)
{
	struct bounce_recipient *rcpt;
	const char *const *address;
	const char *made;
	size_t len = strlen(name);

	array_foreach(&report->original_to, address) {
		if (strncasecmp(*address, name, len) == 0 &&
		    (*address)[len] == '@') {
			notice_add_recipient(report, *address);
			return;
		}
	}
	made = p_strconcat(scan->pool, name, "@", domain, NULL);
	notice_add_recipient(report, made);
	array_foreach_modifiable(&report->recipients, rcpt) {
		if (rcpt->address == made)
			rcpt->guessed = TRUE;
	}
}

static const char *notice_sender_domain(pool_t pool,
					const struct bounce_message *message)
{
	const char *from = bounce_header_address(pool,
		bounce_message_header(message, "From"));

	from = from == NULL ? NULL : strrchr(from, '@');
	return from == NULL ? NULL : from + 1;
}

enum bounce_notice_tier
bounce_notice_names(struct bounce_notice *scan,
		  const struct bounce_message *message,
		  struct bounce_report *report)
{
	static const char *const announcing[] = {
		"following recipient", "following address",
		"to the following", NULL
	};
	const char *name, *domain = notice_sender_domain(scan->pool, message);
	const struct bounce_notice_line *line;
	bool list = FALSE;

	if (domain == NULL)
		return BOUNCE_NOTICE_NONE;
	array_foreach(&scan->lines, line) {
		if (!list) {
			list = bounce_string_find(line->folded,
						  announcing) != NULL;
			continue;
		}
		if (*line->text == '\0')
			continue;
		name = notice_bare_name(line->text);
		if (name == NULL)
			break;
		notice_add_name(scan, name, t_str_lcase(domain), report);
	}
	return array_count(&report->recipients) > 0 ?
		BOUNCE_NOTICE_LISTED : BOUNCE_NOTICE_NONE;
}
