/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-notice-private.h"
#include "bounce-status.h"

#include <ctype.h>

/* Chinese and Japanese notices */
#define WIDE_COLON "\xef\xbc\x9a"

/* Bytes of a line that is a heading. */
#define HEADING_MAX 70
/* Bytes of a word that says what became of an address. */
#define STATE_MAX 16

/* The words around an address, by which it is told whether it failed. */

/* Bytes of text without what dresses an address at its end, and the wide
   colon. */
static size_t label_undress(const char *text)
{
	size_t len = strlen(text);

	for (;;) {
		if (len > 0 && strchr(" <[(])\"'=*:;,.", text[len - 1]) != NULL)
			len--;
		else if (len > 2 && memcmp(text + len - 3, WIDE_COLON, 3) == 0)
			len -= 3;
		else
			return len;
	}
}

static void label_read(const char *before, struct bounce_notice_label *label)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	const char *folded;
	size_t len = label_undress(before);

	if (len == 0)
		return;
	folded = bounce_words_fold(t_strndup(before, len));
	len = strlen(folded);
	t_array_init(&hits, 8);
	bounce_words_find(BOUNCE_WORDS_NOTICE, folded, &hits);
	array_foreach(&hits, hit) {
		if (hit->end != len)
			continue;
		if (hit->class == BOUNCE_WORD_LFAILED) {
			label->failed = TRUE;
			if (memchr(folded + hit->begin, ' ',
				   hit->end - hit->begin) != NULL)
				label->phrase = TRUE;
		} else if (hit->class == BOUNCE_WORD_LOTHER) {
			label->other = TRUE;
		} else if (hit->class == BOUNCE_WORD_LALIAS) {
			label->alias = TRUE;
		}
	}
}

void bounce_notice_label_read(const char *before, bounce_words_set_t words,
			      struct bounce_notice_label *label_r)
{
	i_zero(label_r);
	if (bounce_kind_has(words, BOUNCE_WORD_LFAILED) ||
	    bounce_kind_has(words, BOUNCE_WORD_LOTHER) ||
	    bounce_kind_has(words, BOUNCE_WORD_LALIAS)) T_BEGIN {
		label_read(before, label_r);
	} T_END;
}

bool bounce_notice_label_colon(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" <\"'(", text[len - 1]) != NULL)
		len--;
	return len > 0 && (text[len - 1] == ':' ||
			   (len > 2 && memcmp(text + len - 3, WIDE_COLON,
					      3) == 0));
}

bool bounce_notice_label_field(const char *text, bounce_words_set_t words)
{
	return bounce_notice_label_colon(text) &&
		strchr(text, '@') == NULL &&
		!bounce_kind_has(words, BOUNCE_WORD_FSENDER) &&
		!bounce_kind_has(words, BOUNCE_WORD_CONTACTING);
}

bool bounce_notice_says_delivered(const struct bounce_notice_line *line)
{
	return bounce_kind_has(line->words, BOUNCE_WORD_DELIVERED) &&
		!bounce_kind_has(line->words, BOUNCE_WORD_DENIAL) &&
		!bounce_kind_has(line->words, BOUNCE_WORD_FAILURE) &&
		strstr(line->folded, "could") == NULL;
}

/* Where the phrase of class LREACHED ends that text begins with; 0 if it begins with
   none. Folds the text. */
static size_t label_reached_end(const char **text)
{
	ARRAY_TYPE(bounce_words_hit) hits;
	const struct bounce_words_hit *hit;
	size_t end = 0;

	*text = bounce_words_fold(*text);
	t_array_init(&hits, 8);
	bounce_words_find(BOUNCE_WORDS_NOTICE, *text, &hits);
	array_foreach(&hits, hit) {
		if (hit->class == BOUNCE_WORD_LREACHED && hit->begin == 0)
			end = I_MAX(end, hit->end);
	}
	return end;
}

/* Does it say that something failed, or will be tried again? */
static bool label_says_more(bounce_words_set_t words)
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
		!label_says_more(line->words) &&
		strstr(line->folded, "could") == NULL;
}

bool bounce_notice_heads_reached(const struct bounce_notice_line *line)
{
	const char *text = line->text + strspn(line->text, "-=*#_ \t");
	size_t len = strlen(text), end;

	while (len > 0 && strchr("-=*#_ \t", text[len - 1]) != NULL)
		len--;
	if (len == 0 || len > HEADING_MAX || line->reply != NULL ||
	    strchr(line->text, '@') != NULL ||
	    !bounce_kind_has(line->words, BOUNCE_WORD_LREACHED) ||
	    label_says_more(line->words))
		return FALSE;
	text = t_strndup(text, label_undress(t_strndup(text, len)));
	end = label_reached_end(&text);
	return end > 0 && (text[end] == '\0' || line->underlined ||
			   line->text[0] == '-' ||
			   line->text[0] == '=' ||
			   bounce_notice_label_colon(line->folded));
}

/* "250 OK", "2.0.0", and not "2.5 MB" */
static bool label_is_success(const char *text)
{
	if (text[0] != '2')
		return FALSE;
	if (text[1] == '5' && i_isdigit(text[2]))
		return !i_isalnum(text[3]);
	return text[1] == '.' && i_isdigit(text[2]) && text[3] == '.' &&
		i_isdigit(text[4]);
}

/* "[OK] ", "bounced ": one word. */
static bool label_is_state(const char *before)
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
	    (!bounce_notice_label_colon(before) && !label_is_state(before)))
		return FALSE;
	text = t_strndup(before, label_undress(before));
	text += strspn(text, " [(");
	end = label_reached_end(&text);
	return end > 0 && text[end] == '\0';
}

bool bounce_notice_label_state(const char *before, const char *behind)
{
	behind += strspn(behind, " >:(-|\t");
	return label_is_state(before) &&
		(*before == '[' || bounce_status_reply_begins(behind) ||
		 label_is_success(behind));
}

bool bounce_notice_behind_reached(const char *behind, bounce_words_set_t words)
{
	const char *text;
	bool bracket;
	size_t end;

	bracket = behind[strspn(behind, " \t>\"'")] == '(';
	behind += strspn(behind, " \t>\"')]:;,.|-(");
	if (!bounce_kind_has(words, BOUNCE_WORD_LREACHED) &&
	    !label_is_success(behind))
		return FALSE;
	if (bounce_status_reply_find(behind, NULL) != NULL)
		return FALSE;
	if (label_is_success(behind))
		return TRUE;
	text = behind;
	end = label_reached_end(&text);
	return end > 0 && !label_says_more(bounce_kind_words(text + end)) &&
		(bracket || text[end] == '\0' ||
			   !i_isalpha(text[end + 1]) ||
			   strchr(",;.|(:", text[end]) != NULL);
}

bool bounce_notice_label_alike(const char *text, unsigned int len,
			       const char *other, unsigned int other_len)
{
	const char *end = text + len, *other_end = other + other_len;

	for (;;) {
		while (text < end && i_isdigit(*text))
			text++;
		while (other < other_end && i_isdigit(*other))
			other++;
		if (text == end || other == other_end)
			return text == end && other == other_end;
		if (*text++ != *other++)
			return FALSE;
	}
}
