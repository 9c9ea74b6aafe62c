/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-rules-private.h"
#include "bounce-string.h"
#include "bounce-words.h"

#include <ctype.h>

/* The code at the start of an SMTP reply, to know its repetitions. */
struct reply_prefix {
	const char *reply;		/* three digits in the text, or NULL */
	const char *status;		/* "5.1.1" in the text, or NULL */
	size_t status_len;
};

/* Length of a typographic quote at p and its plain form, or 0. */
static unsigned int fold_quote_parse(const char *p, char *plain_r)
{
	if ((unsigned char)p[0] == 0xe2 && (unsigned char)p[1] == 0x80) {
		unsigned char c = (unsigned char)p[2];

		if (c >= 0x98 && c <= 0x9b) {
			*plain_r = '\'';
			return 3;
		}
		if (c >= 0x9c && c <= 0x9f) {
			*plain_r = '"';
			return 3;
		}
	}
	if ((unsigned char)p[0] == 0xc2 &&
	    ((unsigned char)p[1] == 0xab || (unsigned char)p[1] == 0xbb)) {
		*plain_r = '"';
		return 2;
	}
	return 0;
}

static bool fold_is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool fold_is_address_edge(char c)
{
	return fold_is_blank(c) || strchr("<>()[]{}\"',;:|@", c) != NULL;
}

/* p is at "@" and dest ends with what stood before it: make one "@" of the
   whole address. Returns where to go on. */
static const char *fold_address_mask(string_t *dest, const char *p)
{
	const char *out = str_c(dest);
	size_t begin = str_len(dest);
	const char *end = p + 1;
	char plain;

	while (begin > 0 && !fold_is_address_edge(out[begin - 1]))
		begin--;
	while (!fold_is_address_edge(*end) && *end != '\0' &&
	       fold_quote_parse(end, &plain) == 0)
		end++;
	while (end > p + 1 && (end[-1] == '.' || end[-1] == '!' ||
			       end[-1] == '?' || end[-1] == '\''))
		end--;
	if (begin == str_len(dest) || end == p + 1) {
		str_append_c(dest, '@');
		return p + 1;
	}
	str_truncate(dest, begin);
	str_append_c(dest, '@');
	return end;
}

/* Length of "550" plus its separator at p, or 0. */
static size_t fold_reply_parse(const char *p)
{
	if (p[0] < '2' || p[0] > '5' || !i_isdigit(p[1]) || !i_isdigit(p[2]))
		return 0;
	return p[3] == ' ' || p[3] == '-' ? 4 : 0;
}

/* Length of "5.1.1" at p, which must end at a blank or "-", or 0. */
static size_t fold_status_parse(const char *p)
{
	size_t i, dots = 0;

	if (p[0] != '2' && p[0] != '4' && p[0] != '5')
		return 0;
	for (i = 1; i_isdigit(p[i]) || p[i] == '.'; i++) {
		if (p[i] == '.') {
			dots++;
			if (!i_isdigit(p[i + 1]))
				return 0;
		}
		if (i > 8)
			return 0;
	}
	return dots == 2 && (fold_is_blank(p[i]) || p[i] == '-') ? i : 0;
}

/* p is at the start of a word. Length of a repeated code there, or 0. */
static size_t fold_repetition_length(struct reply_prefix *first, const char *p)
{
	size_t reply_len = fold_reply_parse(p), status_len;

	status_len = fold_status_parse(p + reply_len);
	if (reply_len == 0 && status_len == 0)
		return 0;
	if (reply_len > 0) {
		if (first->reply == NULL) {
			first->reply = p;
			reply_len = 0;
		} else if (strncmp(first->reply, p, 3) != 0)
			return 0;
	}
	if (status_len > 0) {
		if (first->status == NULL) {
			first->status = p + fold_reply_parse(p);
			first->status_len = status_len;
			return reply_len;
		}
		if (p == first->status)
			return 0;
		if (first->status_len != status_len ||
		    strncmp(first->status, p + fold_reply_parse(p),
			    status_len) != 0)
			return reply_len;
		return fold_reply_parse(p) == reply_len ?
			reply_len + status_len : 0;
	}
	return reply_len;
}

static bool fold_ends_with(const string_t *text, const char *end)
{
	size_t len = strlen(end);

	return str_len(text) >= len &&
		memcmp(str_data(text) + str_len(text) - len, end, len) == 0;
}

/* p is at the start of a word. Length of a server's name there, as mailers put
   it before an answer, or 0: "host antispam.example.org[192.0.2.1] said: 550 no
   such user" is about no spam. */
static size_t fold_host_length(const string_t *dest, const char *p)
{
	size_t len;

	if (fold_ends_with(dest, " host ")) {
		len = strcspn(p, " []()<>\t\r\n");
		if (memchr(p, '.', len) == NULL)
			return 0;
		return p[len] == '[' ||
			(fold_is_blank(p[len]) && p[len] != '\0' &&
					 p[len + 1] == '[') ? len : 0;
	}
	return fold_ends_with(dest, " while talking to ") ?
		strcspn(p, " :\t\r\n") : 0;
}

/* Bytes at p that stay as they are wherever they are but at the start of a
   word: no blank, no address, no lead of a typographic quote. */
static size_t fold_plain_len(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;

	while (*c > ' ' && *c != '@' && *c != 0x7f && *c != 0xc2 && *c != 0xe2)
		c++;
	return c - (const unsigned char *)p;
}

static void
fold_append(string_t *dest, const char *p, struct reply_prefix *first)
{
	char plain;
	size_t len;

	while (*p != '\0') {
		bool at_word = str_len(dest) == 0 || fold_ends_with(dest, " ");

		if (fold_is_blank(*p)) {
			if (!at_word)
				str_append_c(dest, ' ');
			p++;
		} else if (first != NULL && at_word && i_isdigit(*p) &&
			   (len = fold_repetition_length(first, p)) > 0) {
			p += len;
		} else if (first != NULL && at_word &&
			   (len = fold_host_length(dest, p)) > 0) {
			p += len;
		} else if (first != NULL && *p == '@') {
			p = fold_address_mask(dest, p);
		} else if ((len = fold_quote_parse(p, &plain)) > 0) {
			str_append_c(dest, plain);
			p += len;
		} else {
			len = I_MAX(fold_plain_len(p), 1);
			str_append_data(dest, p, len);
			p += len;
		}
	}
}

const char *bounce_rules_fold(const char *text)
{
	size_t len = bounce_string_cut(text,
				       strnlen(text, BOUNCE_MAX_MATCH + 1),
				       BOUNCE_MAX_MATCH);
	string_t *dest = t_str_new(len + 3);
	struct reply_prefix first;

	i_zero(&first);
	str_append_c(dest, ' ');
	fold_append(dest, bounce_words_compatible(text, len), &first);
	if (str_c(dest)[str_len(dest) - 1] != ' ')
		str_append_c(dest, ' ');
	return str_c(dest);
}

const char *bounce_rules_fold_piece(const char *text)
{
	string_t *dest = t_str_new(64);

	/* A space that is first is meant (quotes around the piece). */
	if (*text == ' ')
		str_append_c(dest, ' ');
	fold_append(dest, bounce_words_compatible(text, strlen(text)), NULL);
	return str_c(dest);
}
