/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"
#include "bounce-string.h"

#include <ctype.h>

/* Bytes below which a line is no words of the cause. */
#define WORDS_MIN 12

/* What the notice says of each recipient: from the line that lists it as far
   as the next recipient's, and the server's answers that name it. */

/* The words of a line that say something of the cause, or NULL: not the mailer's
   courtesies, nor the mail's subject and senders. */
static const char *line_words(const struct bounce_notice_line *line)
{
	if (*line->text == '\0' || bounce_notice_is_manners(line) ||
	    bounce_notice_is_field(line->text))
		return NULL;
	return line->text;
}

/* Bytes of the words of text that hold no address. */
static unsigned int notice_count_letters(const char *text)
{
	unsigned int letters = 0, word = 0;
	bool address = FALSE;

	for (; *text != '\0'; text++) {
		if (*text == ' ') {
			letters += address ? 0 : word;
			word = 0;
			address = FALSE;
		} else {
			word++;
			address = address || *text == '@';
		}
	}
	return letters + (address ? 0 : word);
}

/* Where the words of the item that begins at region->first end: what is
   below them, not as far in as the address, was put there by somebody else. */
static unsigned int find_words_end(const struct bounce_notice *scan,
				   const struct bounce_notice_region *region)
{
	const struct bounce_notice_line *line;
	unsigned int i, letters = 0, indent;
	bool above_empty = FALSE;

	indent = region->first < region->end ?
		bounce_notice_line(scan, region->first)->indent : 0;
	for (i = region->first; i < region->end; i++) {
		line = bounce_notice_line(scan, i);
		if (*line->text == '\0') {
			above_empty = TRUE;
			continue;
		}
		if (above_empty && letters >= WORDS_MIN &&
		    (line->indent < indent || line->indent == 0) &&
		    !bounce_notice_cause_goes_on(line))
			break;
		above_empty = FALSE;
		if (line_words(line) != NULL)
			letters += notice_count_letters(line->text);
	}
	return i;
}

/* Lines that were put together, with single spaces; NULL if there are none. */
static const char *notice_explanation(string_t *words)
{
	if (str_len(words) == 0)
		return NULL;
	return str_len(words) <= BOUNCE_MAX_EXPLANATION ? str_c(words) :
		bounce_string_oneline(str_c(words), BOUNCE_MAX_EXPLANATION);
}

/* The mailer's own words within region. */
static const char *
notice_find_explanation(const struct bounce_notice *scan,
			const struct bounce_notice_region *region)
{
	string_t *words = t_str_new(256);
	const char *part;

	for (unsigned int i = region->first; i < region->end &&
	     str_len(words) < BOUNCE_MAX_EXPLANATION; i++) {
		part = line_words(bounce_notice_line(scan, i));
		if (part == NULL)
			continue;
		if (str_len(words) > 0)
			str_append_c(words, ' ');
		str_append(words, part);
	}
	return notice_explanation(words);
}

/* The first line of the mailer's own: it says that something failed, or has its
   courtesies; or, with lists, announces whom. What is above was put there by somebody
   else. */
static unsigned int
notice_find_opening(const struct bounce_notice *scan, unsigned int end, bool lists)
{
	const struct bounce_notice_line *line;
	unsigned int i, paragraph = 0;

	for (i = 0; i < end; i++) {
		line = bounce_notice_line(scan, i);
		/* a multipart's preamble is no opening */
		if (*line->text == '\0' || strstr(line->folded, "mime") != NULL)
			paragraph = i + 1;
		else if (bounce_kind_has(line->words, BOUNCE_WORD_FAILURE) ||
			 bounce_notice_is_manners(line) ||
			 (lists && bounce_notice_announces(scan, line)))
			return paragraph;
	}
	return bounce_notice_cause_find(scan, end);
}

/* The lines of region, less a banner above the whole notice. */
static void
notice_below_banner(const struct bounce_notice *scan,
		    const struct bounce_notice_region *region,
		    struct bounce_notice_region *own_r)
{
	*own_r = *region;
	if (region->first == 0)
		own_r->first = notice_find_opening(scan, region->end, TRUE);
}

/* A region of one recipient that holds no more than its address: the words
   stand for all of them, before or behind. Whom to write to is no word of it. */
static bool notice_is_bare(const struct bounce_notice *scan,
			   const struct bounce_notice_region *region)
{
	const struct bounce_notice_line *line;
	unsigned int letters = 0;

	for (unsigned int i = region->first; i < region->end; i++) {
		line = bounce_notice_line(scan, i);
		if (i == region->first && strchr(line->text, '@') != NULL &&
		    ((strlen(line->text) < 80 &&
		      strchr(line->text, ' ') == NULL) ||
		     bounce_notice_is_row(line)))
			continue;
		if (line->reply == NULL &&
		    bounce_kind_has(line->words,
				    BOUNCE_WORD_CONTACTING))
			continue;
		letters += strlen(line->text);
	}
	return letters < 8;
}

/* Letters of line i beside the addresses in it. */
static unsigned int
notice_letters_beside(const struct bounce_notice *scan, unsigned int i)
{
	const struct bounce_notice_mention *mention;
	const char *text = bounce_notice_line(scan, i)->text;
	unsigned int letters = strlen(text);

	array_foreach(&scan->mentions, mention) {
		if (mention->line == i)
			letters -= mention->end - mention->begin;
	}
	return letters;
}

/* Has somebody an item without a word, and no answer that names them? */
static bool notice_has_nameless(const struct bounce_notice *scan,
				const struct bounce_report *report)
{
	const struct bounce_notice_region whole = { 0, array_count(&scan->lines) };
	const struct bounce_notice_region *region;
	const struct bounce_recipient *rcpt;
	ARRAY_TYPE(bounce_notice_region) regions;
	const char *at, *code;
	unsigned int line;

	t_array_init(&regions, 4);
	array_foreach(&report->recipients, rcpt) {
		array_clear(&regions);
		if (rcpt->address == NULL || rcpt->diagnostic != NULL ||
		    !bounce_notice_regions(scan, rcpt, &regions))
			continue;
		region = array_idx(&regions, 0);
		if (array_count(&regions) == 1 &&
		    region->end <= region->first + 2 &&
		    notice_letters_beside(scan, region->first) < 8 &&
		    !bounce_notice_answer_find(scan, rcpt, &whole, TRUE,
					       &line, &at, &code))
			return TRUE;
	}
	return FALSE;
}

/* Where rcpt's own answer is: in a line that names it, else among its
   lines. */
static bool notice_find_answer(const struct bounce_notice *scan,
			       const struct bounce_recipient *rcpt,
			       const ARRAY_TYPE(bounce_notice_region) *regions,
			       unsigned int *line_r, const char **at_r,
			       const char **code_r)
{
	const struct bounce_notice_region whole = {
		0, array_count(&scan->lines)
	};
	const struct bounce_notice_region *region;

	if (rcpt->address != NULL) {
		array_foreach(regions, region) {
			if (bounce_notice_answer_find(scan, rcpt,
						      region, TRUE, line_r,
						      at_r, code_r))
				return TRUE;
		}
		if (bounce_notice_answer_find(scan, rcpt, &whole, TRUE,
					      line_r, at_r, code_r))
			return TRUE;
	}
	array_foreach(regions, region) {
		if (bounce_notice_answer_find(scan, rcpt, region,
					      FALSE, line_r, at_r, code_r))
			return TRUE;
	}
	return FALSE;
}

static const struct bounce_notice_region *
notice_region_of(const ARRAY_TYPE(bounce_notice_region) *regions,
		 unsigned int line)
{
	const struct bounce_notice_region *region;

	array_foreach(regions, region) {
		if (line >= region->first && line < region->end)
			return region;
	}
	return NULL;
}

static const char *
find_words(const struct bounce_notice *scan,
	   const ARRAY_TYPE(bounce_notice_region) *regions)
{
	const struct bounce_notice_region *region;
	struct bounce_notice_region own;
	string_t *words = t_str_new(256);
	const char *part;

	array_foreach(regions, region) {
		own = *region;
		own.end = find_words_end(scan, region);
		part = notice_find_explanation(scan, &own);
		if (part == NULL || str_len(words) >= BOUNCE_MAX_EXPLANATION)
			continue;
		if (str_len(words) > 0)
			str_append_c(words, ' ');
		str_append(words, part);
	}
	return notice_explanation(words);
}

/* A report may hold no more than the first line of an answer ("550-Dear sender,"),
   where the notice quotes all of it. Data stack, or NULL. */
static const char *
notice_find_longer(const struct bounce_notice *scan,
		   const struct bounce_recipient *rcpt)
{
	const struct bounce_notice_line *line;
	const char *answer, *longest = rcpt->diagnostic;
	size_t len = strlen(rcpt->diagnostic);

	for (unsigned int i = 0; i < array_count(&scan->lines); i++) {
		line = bounce_notice_line(scan, i);
		if (line->reply == NULL ||
		    strncmp(line->reply_at, rcpt->diagnostic,
			    I_MIN(len, 12)) != 0)
			continue;
		answer = bounce_notice_answer_read(scan, rcpt, i, line->reply_at,
						   line->reply);
		if (strncmp(answer, rcpt->diagnostic, len) == 0 &&
		    strlen(answer) > strlen(longest))
			longest = answer;
	}
	return longest == rcpt->diagnostic ? NULL : longest;
}

/* Does an answer go on in another line: "550-Dear sender,"? */
static bool notice_is_cut(const char *answer)
{
	size_t len = strlen(answer);

	return bounce_status_reply_begins(answer) && answer[3] == '-' &&
		len > 3;
}

static void
notice_fill(struct bounce_notice *scan, const struct bounce_report *report,
	    bool differ, bool nameless, struct bounce_recipient *rcpt)
{
	const struct bounce_notice_region whole = { 0, array_count(&scan->lines) };
	const struct bounce_notice_region *scope;
	ARRAY_TYPE(bounce_notice_region) regions;
	unsigned int line = 0;
	const char *at, *code, *answer = NULL;
	const struct bounce_notice_region *first, *group = NULL;
	struct bounce_notice_region own, list;
	bool listed, bare, item = FALSE, found, alone = array_count(&report->recipients) == 1;

	t_array_init(&regions, 4);
	if (rcpt->address != NULL)
		item = bounce_notice_regions(scan, rcpt, &regions);
	listed = array_count(&regions) > 0;
	first = listed ? array_idx(&regions, 0) : &whole;
	bare = listed && array_count(&regions) == 1 &&
		notice_is_bare(scan, first);
	if (bare)
		group = bounce_notice_group(scan, first->first);
	if (!listed || bare) {
		list = whole;
		if (group != NULL)
			list = *group;
		else if (bare)
			list.end = bounce_notice_list_end(scan, rcpt);
		array_clear(&regions);
		array_push_back(&regions, &list);
		first = &list;
		item = FALSE;
	}
	/* answers of several together below a list of them, and nobody says whose
	   they are */
	if (differ && listed && rcpt->diagnostic == NULL &&
	    (bare || nameless) && bounce_notice_answers_differ(scan, first) &&
	    !bounce_notice_answer_find(scan, rcpt, &whole, TRUE, &line, &at,
				       &code))
		return;
	found = notice_find_answer(scan, rcpt, &regions, &line, &at, &code) ||
		(alone && bounce_notice_answer_find(scan, rcpt, &whole,
						    FALSE, &line, &at, &code));
	if (rcpt->diagnostic == NULL && found) {
		answer = bounce_notice_answer_read(scan, rcpt, line, at,
						   code);
		rcpt->diagnostic = p_strdup(scan->pool, answer);
	} else {
		if (rcpt->diagnostic != NULL &&
		    notice_is_cut(rcpt->diagnostic) &&
		    (answer = notice_find_longer(scan, rcpt)) != NULL)
			rcpt->diagnostic = p_strdup(scan->pool, answer);
		answer = rcpt->diagnostic;
	}
	/* an answer that is nowhere in the notice is below no command */
	if (!found)
		line = array_count(&scan->lines);
	if (answer != NULL) {
		/* another recipient's host and command are not this one's */
		scope = notice_region_of(&regions, line);
		if (scope == NULL)
			scope = &whole;
		if (rcpt->command == NULL)
			rcpt->command = bounce_notice_command_find(scan, scope,
								 line, answer);
		if (rcpt->remote_mta == NULL && found)
			rcpt->remote_mta = p_strdup(scan->pool,
				bounce_notice_host_find(scan, scope, line));
	}
	if (rcpt->explanation == NULL && (listed || alone) && item) {
		rcpt->explanation = p_strdup(scan->pool,
					     find_words(scan, &regions));
	} else if (rcpt->explanation == NULL && (listed || alone)) {
		notice_below_banner(scan, first, &own);
		own.end = bounce_notice_cause_end(scan, &own);
		rcpt->explanation = p_strdup(scan->pool,
			notice_find_explanation(scan, &own));
	}
	if (alone && first->first > 0 &&
	    (rcpt->explanation == NULL ||
	     strlen(rcpt->explanation) < 200 ||
	     (!bounce_string_is_ascii(rcpt->explanation) &&
	      uni_utf8_strlen(rcpt->explanation) < 200))) {
		/* what is before the address may be the reason */
		own.first = notice_find_opening(scan, first->first + 1,
						FALSE);
		own.end = item ? find_words_end(scan, first) :
			bounce_notice_cause_end(scan, first);
		rcpt->explanation = p_strdup(scan->pool,
			notice_find_explanation(scan, &own));
	}
}

/* Codes that a mailer puts before the one that it was given. */
static bool notice_is_vague(const char *status)
{
	return strcmp(status + 1, ".4.7") == 0 ||
		strcmp(status + 1, ".1.0") == 0 ||
		strcmp(status + 1, ".0.0") == 0 ||
		strcmp(status + 1, ".3.0") == 0;
}

/* "554 4.4.7 Message expired <421 4.4.2 Connection timed out>": the inner
   answer is the remote host's. */
static const char *notice_find_status(const char *text)
{
	const char *status = bounce_status_find(text), *inner;

	if (status == NULL || !notice_is_vague(status))
		return status;
	inner = bounce_status_find(strstr(text, status) + strlen(status));
	return inner == NULL ? status : inner;
}

/* The first that goes with the reply code, if there is one: "554 No such user"
   beside "451 4.4.1 read error". */
static const char *notice_find_matching(const char *text, const char *reply)
{
	const char *status;

	while ((status = bounce_status_find(text)) != NULL && reply != NULL &&
	       status[0] != reply[0])
		text = strstr(text, status) + strlen(status);
	return status;
}

static void
notice_fill_codes(struct bounce_notice *scan, struct bounce_recipient *rcpt)
{
	const char *status = NULL, *reply = NULL;

	if (rcpt->diagnostic != NULL) {
		status = notice_find_status(rcpt->diagnostic);
		reply = bounce_status_reply_find(rcpt->diagnostic, NULL);
	}
	/* "250 2.0.0 Ok" of what was delivered */
	if (reply == NULL && rcpt->diagnostic != NULL &&
	    rcpt->action >= BOUNCE_ACTION_DELIVERED &&
	    rcpt->diagnostic[0] == '2' && i_isdigit(rcpt->diagnostic[1]) &&
	    i_isdigit(rcpt->diagnostic[2]) && rcpt->diagnostic[3] == ' ')
		reply = t_strndup(rcpt->diagnostic, 3);
	if (status == NULL && rcpt->explanation != NULL) {
		status = notice_find_matching(rcpt->explanation, reply);
		/* "5.0.0" says less than what the mailer says elsewhere */
		if (status != NULL && rcpt->status_field != NULL &&
		    (strcmp(rcpt->status_field + 1, ".0.0") != 0 ||
		     rcpt->status_field[0] != status[0]))
			status = NULL;
	}
	if (status == NULL)
		status = rcpt->status_field;
	if (rcpt->status == NULL)
		rcpt->status = p_strdup(scan->pool, status);
	if (rcpt->reply == NULL)
		rcpt->reply = p_strdup(scan->pool, reply);
}

static void
notice_mark_recipients(struct bounce_notice *scan,
		       const struct bounce_report *report)
{
	struct bounce_notice_mention *mention;
	const struct bounce_recipient *rcpt;

	array_foreach_modifiable(&scan->mentions, mention) {
		array_foreach(&report->recipients, rcpt) {
			if (bounce_notice_names_rcpt(mention, rcpt)) {
				mention->recipient = TRUE;
				break;
			}
		}
	}
}

void bounce_notice_words(struct bounce_notice *scan, struct bounce_report *report)
{
	const struct bounce_notice_region whole = { 0, array_count(&scan->lines) };
	struct bounce_recipient *rcpt;
	bool differ, nameless;

	bounce_notice_aliases(scan, report);
	notice_mark_recipients(scan, report);
	T_BEGIN {
		differ = array_count(&report->recipients) > 1 &&
			bounce_notice_answers_differ(scan, &whole);
		nameless = differ && notice_has_nameless(scan, report);
	} T_END;
	array_foreach_modifiable(&report->recipients, rcpt) T_BEGIN {
		notice_fill(scan, report, differ, nameless, rcpt);
		notice_fill_codes(scan, rcpt);
	} T_END;
}
