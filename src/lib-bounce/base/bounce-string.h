#ifndef BOUNCE_STRING_H
#define BOUNCE_STRING_H

/* Text as the rest of the library needs it: valid UTF-8 without controls. */

#include "lib.h"
#include "str.h"

/* Append data as UTF-8: what is not valid becomes U+FFFD, each control
   character (C0, DEL, C1, U+2028, U+2029) a space, but LF and TAB where
   keep_lines; CR LF, CR CR LF and a lone CR become LF. */
void bounce_string_append(string_t *dest, const unsigned char *data, size_t size,
			bool keep_lines);
/* The same of data alone, on the data stack. */
const char *
bounce_string_clean(const unsigned char *data, size_t size, bool keep_lines);

/* The spaces and tabs that text begins with. */
static inline size_t bounce_string_blanks(const char *text)
{
	const char *p = text;

	while (*p == ' ' || *p == '\t')
		p++;
	return p - text;
}

/* How much of text's len bytes (UTF-8) fits into max without half a
   character. */
size_t bounce_string_cut(const char *text, size_t len, size_t max);

bool bounce_string_is_ascii(const char *text);
/* The same of bytes, of which none is NUL. */
bool bounce_string_bytes_are_ascii(const unsigned char *data, size_t size);
/* Are all printable ASCII, LF or TAB? */
bool bounce_string_bytes_are_plain(const unsigned char *data, size_t size);

/* text on one line: runs of white space as one space, none at the ends, at
   most max bytes, cut at a character. On the data stack; NULL if nothing is
   left. */
const char *bounce_string_oneline(const char *text, size_t max);

/* The same of len bytes of text, none NUL, into dest, which has room for
   I_MIN(len, max) + 1 and may be text. What follows them is no part of a wide space.
   Returns how many bytes dest has then. */
size_t bounce_string_squeeze(char *dest, const char *text, size_t len,
			     size_t max);
/* That as bounce_string_fold() makes it. */
size_t bounce_string_squeeze_fold(char *dest, const char *text, size_t len,
				  size_t max);

/* The words of text between spaces and commas, NULL-terminated; from pool. */
const char **bounce_string_words(pool_t pool, const char *text);

/* text as a terminal may have it, whoever wrote it: bounce_string_clean() without
   its lines. On the data stack. */
const char *bounce_string_printable(const char *text);

/* The words of a HTML text (UTF-8) in their lines, cleaned as
   bounce_string_append() does; on the data stack. */
const char *bounce_string_html(const char *html);
/* The same without what is quoted (blockquote), which becomes one line ">". */
const char *bounce_string_html_unquoted(const char *html);

/* text with ASCII letters in lower case, white space of every kind (also
   U+00A0, U+3000) as one space; on the data stack. */
const char *bounce_string_fold(const char *text, size_t max);

/* ASCII letters to lower case, in place; returns text. What is on one line is
   folded by this alone. */
char *bounce_string_lower(char *text);
/* The same of len bytes, whatever they are. */
void bounce_string_bytes_lower(char *text, size_t len);

/* Which pairs of bytes a text has: most words are not in it, and their first and
   last pairs say so without a search. Valid as long as text. */
#define BOUNCE_STRING_PAIR_BITS 4096
struct bounce_string_pairs {
	const char *text;
	uint64_t bits[BOUNCE_STRING_PAIR_BITS / 64];
};
void bounce_string_pairs(const char *text, struct bounce_string_pairs *pairs_r);

static inline unsigned int bounce_string_pair(const char *p)
{
	return ((unsigned char)p[0] * 61U + (unsigned char)p[1]) %
		BOUNCE_STRING_PAIR_BITS;
}

static inline bool
bounce_string_has_pair(const struct bounce_string_pairs *pairs, const char *p)
{
	unsigned int bit = bounce_string_pair(p);

	return (pairs->bits[bit / 64] & (uint64_t)1 << (bit % 64)) != 0;
}

/* FALSE if word is not in the text. */
static inline bool
bounce_string_may_have(const struct bounce_string_pairs *pairs, const char *word)
{
	return word[0] == '\0' || word[1] == '\0' ||
		(bounce_string_has_pair(pairs, word) &&
		 bounce_string_has_pair(pairs, word + strlen(word) - 2));
}

/* Does folded text hold one of the words (NULL-terminated)? Returns where the
   first listed one is, or NULL. The second for a text that is asked for
   several lists. */
const char *bounce_string_find(const char *folded, const char *const *words);
const char *bounce_string_pairs_find(const struct bounce_string_pairs *pairs,
				   const char *const *words);

/* Does text begin with prefix? Dovecot's own differ between releases. */
static inline bool bounce_string_begins(const char *text, const char *prefix)
{
	/* most differ at once */
	return *prefix == '\0' ||
		(*text == *prefix &&
		 strncmp(text, prefix, strlen(prefix)) == 0);
}
/* The same without ASCII case. */
static inline bool bounce_string_ibegins(const char *text, const char *prefix)
{
	return *prefix == '\0' ||
		(((*text ^ *prefix) & ~0x20) == 0 &&
		 strncasecmp(text, prefix, strlen(prefix)) == 0);
}

#endif
