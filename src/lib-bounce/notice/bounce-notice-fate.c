/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* What a notice says became of an address that it names: that the mail reached it, or is
   only late. Who is named without has failed. */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"

#include <ctype.h>

/* Bytes of a line that is a heading. */
#define HEADING_MAX 80
/* Bytes of a word that says what became of an address. */
#define STATE_MAX 16
/* "。" */
#define WIDE_STOP "\xe3\x80\x82"
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyz0123456789.-"
/* "Zustellstatus" */
#define STATE_LABEL_MAX 24

bool bounce_notice_says_delivered(const struct bounce_notice_line *line)
{
	return bounce_kind_has(line->words, BOUNCE_WORD_DELIVERED) &&
		!bounce_kind_has(line->words, BOUNCE_WORD_DENIAL) &&
		!bounce_kind_has(line->words, BOUNCE_WORD_FAILURE) &&
		strstr(line->folded, "could") == NULL;
}

/* Where the phrase of class LREACHED ends that text begins with; 0 if it begins with
   none. Folds the text. */
static size_t fate_reached_end(const char **text)
{
	*text = bounce_words_fold(*text);
	return bounce_words_begin(BOUNCE_WORDS_NOTICE, *text,
				  BOUNCE_WORD_LREACHED);
}

/* Does it say that something failed, or will be tried again? */
static bool fate_says_more(bounce_words_set_t words)
{
	return bounce_kind_has(words, BOUNCE_WORD_DENIAL) ||
		bounce_kind_has(words, BOUNCE_WORD_FAILURE) ||
		bounce_kind_has(words, BOUNCE_WORD_FAILING) ||
		bounce_kind_has(words, BOUNCE_WORD_DELAY);
}

bool bounce_notice_says_reached(const struct bounce_notice_line *line)
{
	return (bounce_kind_has(line->words, BOUNCE_WORD_DELIVERED) ||
		bounce_kind_has(line->words, BOUNCE_WORD_SUCCESS)) &&
		!fate_says_more(line->words) &&
		strstr(line->folded, "could") == NULL;
}

bool bounce_notice_heads_reached(const struct bounce_notice_line *line)
{
	const char *text = line->text + strspn(line->text, "-=*#_ \t");
	size_t len = strlen(text), end;

	while (len > 0 && strchr("-=*#_ \t", text[len - 1]) != NULL)
		len--;
	if (len == 0 || len > HEADING_MAX || line->reply != NULL ||
	    strchr(line->text, '@') != NULL)
		return FALSE;
	/* "successfully delivered to the following recipients:" */
	if ((bounce_notice_label_colon(line->folded) ||
	     (len > 3 && memcmp(text + len - 3, WIDE_STOP, 3) == 0)) &&
	    bounce_kind_has(line->words, BOUNCE_WORD_SUCCESS) &&
	    !bounce_kind_has(line->words, BOUNCE_WORD_DENIAL) &&
	    !bounce_kind_has(line->words, BOUNCE_WORD_FAILING) &&
	    strstr(line->folded, "could") == NULL)
		return TRUE;
	if (!bounce_kind_has(line->words, BOUNCE_WORD_LREACHED))
		return FALSE;
	text = t_strndup(text, bounce_notice_label_undress(t_strndup(text, len)));
	end = fate_reached_end(&text);
	return end > 0 && !fate_says_more(bounce_kind_words(text + end)) &&
		(text[end] == '\0' || line->underlined ||
			   line->text[0] == '-' ||
			   line->text[0] == '=' ||
			   bounce_notice_label_colon(line->folded));
}

/* "250 OK", "2.0.0", and not "2.5 MB" */
static bool fate_is_success(const char *text)
{
	if (text[0] != '2')
		return FALSE;
	if (text[1] == '5' && i_isdigit(text[2]))
		return !i_isalnum(text[3]);
	return text[1] == '.' && i_isdigit(text[2]) && text[3] == '.' &&
		i_isdigit(text[4]);
}

/* "[OK] ", "bounced ": one word. */
static bool fate_is_state(const char *before)
{
	const char *p = before;
	bool bracket = *p == '[';

	p += bracket ? 1 : 0;
	if (!i_isalpha(*p))
		return FALSE;
	while (i_isalpha(*p))
		p++;
	if (p - before > STATE_MAX || (bracket && *p++ != ']'))
		return FALSE;
	return *p == ' ' && p[strspn(p, " <|\"")] == '\0';
}

bool bounce_notice_label_reached(const char *before, bounce_words_set_t words)
{
	const char *text;
	size_t end;

	if (!bounce_kind_has(words, BOUNCE_WORD_LREACHED) ||
	    (!bounce_notice_label_colon(before) && !fate_is_state(before)))
		return FALSE;
	text = t_strndup(before, bounce_notice_label_undress(before));
	text += strspn(text, " [(");
	end = fate_reached_end(&text);
	return end > 0 && text[end] == '\0';
}

bool bounce_notice_label_state(const char *before, const char *behind)
{
	behind += strspn(behind, " >:(-|\t");
	return fate_is_state(before) &&
		(*before == '[' || bounce_status_reply_begins(behind) ||
		 fate_is_success(behind) || bounce_notice_cause_said(behind));
}

/* " mx.example.com", the last word. */
static bool fate_is_host(const char *text)
{
	const char *p = text + strspn(text, " ");
	size_t len = strspn(p, HOST_CHARS);

	return memchr(p, '.', len) != NULL && p[len + strspn(p + len, " ()[]")] == '\0';
}

bool bounce_notice_behind_reached(const char *behind, bounce_words_set_t words)
{
	const char *text;
	bool bracket;
	size_t end;

	bracket = behind[strspn(behind, " \t>\"'")] == '(';
	behind += strspn(behind, " \t>\"')]:;,.|-(");
	if (!bounce_kind_has(words, BOUNCE_WORD_LREACHED) &&
	    !fate_is_success(behind))
		return FALSE;
	if (bounce_status_reply_find(behind, NULL) != NULL)
		return FALSE;
	if (fate_is_success(behind))
		return TRUE;
	text = behind;
	end = fate_reached_end(&text);
	if (end == 0 || fate_says_more(bounce_kind_words(text + end)))
		return FALSE;
	/* "(delivered to mailbox)", "delivered to mx.example.com", and not "(ok so
	   far)" */
	return text[end] == '\0' || !i_isalpha(text[end + 1]) ||
		fate_is_host(text + end) ||
		strchr(",;.|(:", text[end]) != NULL ||
		(bracket && memchr(text, ' ', end) != NULL);
}

static bool fate_says_delayed(const struct bounce_notice_line *line)
{
	return (bounce_notice_line_has(line, BOUNCE_WORD_DELAY) ||
		bounce_notice_line_has(line, BOUNCE_WORD_SDELAY) ||
		strstr(line->folded, "deferred") != NULL) &&
		!bounce_notice_line_has(line, BOUNCE_WORD_FINAL);
}

/* "Status: delivered" below an address: what is behind the colon, or NULL. words_r: the
   classes of the words of that line. */
static const char *
fate_state_below(struct bounce_notice *scan, unsigned int i,
		   bounce_words_set_t *words_r)
{
	const struct bounce_notice_line *line;
	size_t len;

	if (++i >= array_count(&scan->lines))
		return NULL;
	line = bounce_notice_line(scan, i);
	*words_r = line->words;
	len = strcspn(line->text, ": ");
	return len == 0 || len > STATE_LABEL_MAX || line->text[len] != ':' ||
		strchr(line->text, '@') != NULL || line->reply != NULL ?
		NULL : line->text + len + 1;
}

bool
bounce_notice_begins_with(const char *text, enum bounce_words_class class)
{
	return bounce_words_begin(BOUNCE_WORDS_NOTICE, bounce_words_fold(text),
				  class) > 0;
}

/* "| Waiting | 421 4.4.5", "will be retried"; words: of the line. */
static bool
fate_is_delayed_behind(const char *behind, bounce_words_set_t words)
{
	if (bounce_kind_has(words, BOUNCE_WORD_FINAL) ||
	    bounce_kind_has(words, BOUNCE_WORD_FAILING))
		return FALSE;
	return bounce_kind_has(words, BOUNCE_WORD_DELAY) ||
		(bounce_kind_has(words, BOUNCE_WORD_SDELAY) &&
		 bounce_notice_begins_with(behind +
			strspn(behind, " \t>\"')]:;,|-("), BOUNCE_WORD_SDELAY));
}

void bounce_notice_fate_read(struct bounce_notice *scan, const char *behind, bool fails,
			     struct bounce_notice_mention *mention)
{
	const struct bounce_notice_line *line =
		bounce_notice_line(scan, mention->line);
	bounce_words_set_t words = 0;
	const char *state = fate_state_below(scan, mention->line, &words);

	mention->reached = !fails &&
		(mention->reached ||
		 bounce_notice_behind_reached(behind, line->words) ||
		 bounce_notice_heads_reached(mention->above) ||
		 (state != NULL && bounce_notice_behind_reached(state, words)));
	mention->delayed = !mention->reached &&
		(fate_says_delayed(mention->above) ||
		 (state != NULL && fate_is_delayed_behind(state, words)) ||
		 fate_is_delayed_behind(behind, line->words));
}
