/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "bounce-block.h"
#include "bounce-string.h"

/* LF and TAB, where they stay, are not asked for. */
static bool string_is_control(unichar_t chr)
{
	return chr < 0x20 || (chr >= 0x7f && chr < 0xa0) ||
		chr == 0x2028 || chr == 0x2029 || chr == 0xfeff;
}

/* Eight bytes at a time, each in its place. */
#define BYTES(byte) ((uint64_t)(byte) * 0x0101010101010101ULL)

static uint64_t string_load(const void *data)
{
	uint64_t bytes;

	memcpy(&bytes, data, sizeof(bytes));
	return bytes;
}

/* Are all of them printable ASCII? */
static bool string_load_is_plain(uint64_t bytes)
{
	/* below 0x80, neither below 0x20 nor DEL: no sum carries then */
	return (bytes & BYTES(0x80)) == 0 &&
		(((bytes + BYTES(0x60)) & ~(bytes + BYTES(0x01))) &
		 BYTES(0x80)) == BYTES(0x80);
}

/* Are the 32 bytes at data printable ASCII and LF? */
static bool string_blocks_are_plain(const unsigned char *data)
{
	const bounce_block_t *blocks = (const bounce_block_t *)data;

	return bounce_block_is_true((bounce_block_t)
		(((blocks[0] - ' ' <= '~' - ' ') | (blocks[0] == '\n')) &
		 ((blocks[1] - ' ' <= '~' - ' ') | (blocks[1] == '\n'))));
}

/* Bytes at data that need no look: printable ASCII, line ends and tabs if they
   are kept. */
static size_t
string_plain_len(const unsigned char *data, size_t size, bool keep_lines)
{
	size_t len = 0;

	for (;;) {
		while (keep_lines && size - len >= 32 &&
		       string_blocks_are_plain(data + len))
			len += 32;
		while (size - len >= 8 &&
		       string_load_is_plain(string_load(data + len)))
			len += 8;
		while (len < size && data[len] >= 0x20 && data[len] < 0x7f)
			len++;
		if (len == size || !keep_lines ||
		    (data[len] != '\n' && data[len] != '\t'))
			return len;
		len++;
	}
}

static size_t string_cr_len(const unsigned char *data, size_t size)
{
	size_t len = 0;

	while (len < size && data[len] == '\r')
		len++;
	return len;
}

/* What the character at data becomes, into dest: three bytes at most for each that
   it has. Returns how many it has. */
static size_t
string_clean_char(char **dest, const unsigned char *data, size_t size)
{
	const void *clean = data;
	unichar_t chr;
	int len = uni_utf8_get_char_n(data, size, &chr);
	size_t used;

	if (len <= 0) {
		len = 1;
		clean = UNICODE_REPLACEMENT_CHAR_UTF8;
		used = strlen(UNICODE_REPLACEMENT_CHAR_UTF8);
	} else if (string_is_control(chr)) {
		clean = " ";
		used = 1;
	} else {
		used = len;
	}
	memcpy(*dest, clean, used);
	*dest += used;
	return len;
}

/* size bytes into dest, which has room for three times as many. Returns its end. */
static char *string_clean_to(char *dest, const unsigned char *data, size_t size,
			     bool keep_lines)
{
	const unsigned char *end = data + size;
	size_t len;

	while (data < end) {
		len = string_plain_len(data, end - data, keep_lines);
		memcpy(dest, data, len);
		dest += len;
		data += len;
		if (data == end)
			break;
		len = string_cr_len(data, end - data);
		if (len == 0) {
			data += string_clean_char(&dest, data, end - data);
			continue;
		}
		data += len;
		/* CR CR LF, of a text that was converted twice */
		if (data < end && *data == '\n')
			continue;
		memset(dest, keep_lines ? '\n' : ' ', len);
		dest += len;
	}
	return dest;
}

void bounce_string_append(string_t *dest, const unsigned char *data, size_t size,
			bool keep_lines)
{
	size_t used = str_len(dest);
	char *begin;

	if (size == 0)
		return;
	begin = buffer_get_space_unsafe(dest, used, size * 3);
	buffer_set_used_size(dest, used +
		(string_clean_to(begin, data, size, keep_lines) - begin));
}

const char *
bounce_string_clean(const unsigned char *data, size_t size, bool keep_lines)
{
	char *dest = t_buffer_get(size * 3 + 1);
	char *end = string_clean_to(dest, data, size, keep_lines);

	*end++ = '\0';
	t_buffer_alloc(end - dest);
	return dest;
}

size_t bounce_string_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && (text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Bytes of the white space at text, 0 if there is none. */
static size_t string_space_len(const char *text)
{
	if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		return 1;
	if (bounce_string_begins(text, "\xc2\xa0"))
		return 2;
	if (bounce_string_begins(text, "\xe3\x80\x80") ||
	    bounce_string_begins(text, "\xe2\x80\x8b"))
		return 3;
	return 0;
}

/* Neither the end nor white space nor the lead of a wide one. */
static bool string_is_word_byte(unsigned char c)
{
	return c > ' ' && c != 0xc2 && c != 0xe2 && c != 0xe3;
}

static char string_byte_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

void bounce_string_bytes_lower(char *text, size_t len)
{
	char *p = text, *end = text + len;

	for (; end - p >= (ssize_t)sizeof(bounce_block_t);
	     p += sizeof(bounce_block_t)) {
		bounce_block_t *block = (bounce_block_t *)p;
		bounce_block_t upper = (bounce_block_t)
			(*block - 'A' <= 'Z' - 'A');

		*block |= upper & ('a' - 'A');
	}
	for (; p < end; p++)
		*p = string_byte_lower(*p);
}

char *bounce_string_lower(char *text)
{
	bounce_string_bytes_lower(text, strlen(text));
	return text;
}

/* How far a text was squeezed. */
struct string_squeeze {
	char *dest;
	size_t used, max;
	const char *text, *end;
	/* white space was read behind what is in dest */
	bool space;
	bool lower;
};

/* Eight bytes at text and the one behind them: are the eight printable ASCII, and
   no two of the nine beside each other spaces? */
static bool string_is_squeezed(const char *text)
{
	uint64_t bytes = string_load(text), next = string_load(text + 1);
	uint64_t odd = bytes | ~(bytes + BYTES(0x60)) | (bytes + BYTES(0x01)) |
		~(((bytes ^ BYTES(' ')) | (next ^ BYTES(' '))) + BYTES(0x7f));

	return (odd & BYTES(0x80)) == 0;
}

/* The same of sixteen bytes and the one behind them. */
static bool string_block_is_squeezed(const char *text)
{
	const bounce_block_t *block = (const bounce_block_t *)text;
	const bounce_block_t *next = (const bounce_block_t *)(text + 1);

	return bounce_block_is_true((bounce_block_t)
		((*block - ' ' <= '~' - ' ') &
		 ~(((*block ^ ' ') | (*next ^ ' ')) == 0)));
}

/* So many of len bytes are ASCII in words with one space between them; in most
   texts all. 0 if they are few. */
static size_t string_squeezed_len(const char *text, size_t len)
{
	size_t run = 0;

	while (len - run >= 17 && string_block_is_squeezed(text + run))
		run += 16;
	while (len - run >= 9) {
		if (!string_is_squeezed(text + run))
			return run;
		run += 8;
	}
	/* the rest, with some that were looked at */
	return run > 0 && string_is_squeezed(text + len - 9) &&
		text[len - 1] >= ' ' && text[len - 1] < 0x7f ? len : run;
}

static void string_squeeze_plain(struct string_squeeze *squeeze)
{
	size_t len = squeeze->end - squeeze->text;

	if (squeeze->max - squeeze->used <= len) {
		if (squeeze->max == squeeze->used)
			return;
		/* a space may stand before it */
		len = squeeze->max - squeeze->used - 1;
	}
	if (*squeeze->text == ' ' && (squeeze->space || squeeze->used == 0))
		return;
	len = string_squeezed_len(squeeze->text, len);
	if (len == 0)
		return;
	if (squeeze->space && squeeze->used > 0)
		squeeze->dest[squeeze->used++] = ' ';
	memmove(squeeze->dest + squeeze->used, squeeze->text, len);
	if (squeeze->lower)
		bounce_string_bytes_lower(squeeze->dest + squeeze->used, len);
	squeeze->used += len;
	squeeze->text += len;
	squeeze->space = squeeze->dest[squeeze->used - 1] == ' ';
	if (squeeze->space)
		squeeze->used--;
}

/* Is all of it so, with no space at its ends? As most is. */
static bool string_is_all_squeezed(const char *text, size_t len)
{
	size_t run = 0;

	if (len < 9 || text[0] == ' ' || (unsigned char)text[len - 1] <= ' ' ||
	    (unsigned char)text[len - 1] >= 0x7f)
		return FALSE;
	for (; len - run >= 17; run += 16) {
		if (!string_block_is_squeezed(text + run))
			return FALSE;
	}
	/* the rest, with some that were looked at */
	return (len - run < 9 || string_is_squeezed(text + run)) &&
		string_is_squeezed(text + len - 9);
}

static void string_squeeze_word(struct string_squeeze *squeeze)
{
	const char *text = squeeze->text;
	size_t used = squeeze->used;

	if (squeeze->space && used > 0)
		squeeze->dest[used++] = ' ';
	squeeze->space = FALSE;
	/* the lead of a wide space may lead in to something else */
	if (used < squeeze->max) do {
		squeeze->dest[used++] = squeeze->lower ?
			string_byte_lower(*text) : *text;
		text++;
	} while (used < squeeze->max && text < squeeze->end &&
		 string_is_word_byte((unsigned char)*text));
	squeeze->text = text;
	squeeze->used = used;
}

/* len bytes of text into dest, which may be text; no wide space goes on behind
   them. Returns how many it has then. This runs for each line of each report. */
static size_t string_squeeze_to(char *dest, const char *text, size_t len,
				size_t max, bool lower)
{
	struct string_squeeze squeeze = {
		.dest = dest, .max = max, .text = text, .end = text + len,
		.lower = lower
	};

	if (len <= max && string_is_all_squeezed(text, len)) {
		memmove(dest, text, len);
		if (lower)
			bounce_string_bytes_lower(dest, len);
		dest[len] = '\0';
		return len;
	}
	for (;;) {
		string_squeeze_plain(&squeeze);
		if (squeeze.text == squeeze.end || squeeze.used == max)
			break;
		len = string_space_len(squeeze.text);
		if (len > 0) {
			squeeze.space = TRUE;
			squeeze.text += len;
		} else {
			string_squeeze_word(&squeeze);
		}
	}
	/* not within a character, and no space at the end */
	while (squeeze.used > 0 && squeeze.text < squeeze.end &&
	       (*squeeze.text & 0xc0) == 0x80) {
		squeeze.text--;
		squeeze.used--;
	}
	while (squeeze.used > 0 && dest[squeeze.used - 1] == ' ')
		squeeze.used--;
	dest[squeeze.used] = '\0';
	return squeeze.used;
}

static const char *string_squeeze(const char *text, size_t max, bool lower)
{
	size_t len = strlen(text);
	char *dest = t_malloc_no0(I_MIN(len, max) + 1);

	(void)string_squeeze_to(dest, text, len, max, lower);
	return dest;
}

bool bounce_string_is_ascii(const char *text)
{
	return bounce_string_bytes_are_ascii((const unsigned char *)text,
					     strlen(text));
}

bool bounce_string_bytes_are_ascii(const unsigned char *data, size_t size)
{
	size_t i = 0;
	uint64_t bytes;

	for (; size - i >= 32; i += 32) {
		const bounce_block_t *blocks =
			(const bounce_block_t *)(data + i);

		if (!bounce_block_is_true((bounce_block_t)
					  ((blocks[0] - 1 < 0x7f) &
					   (blocks[1] - 1 < 0x7f))))
			return FALSE;
	}
	for (; size - i >= 8; i += 8) {
		bytes = string_load(data + i);
		if (((bytes | (bytes - BYTES(1))) & BYTES(0x80)) != 0)
			return FALSE;
	}
	for (; i < size; i++) {
		if (data[i] == '\0' || data[i] >= 0x80)
			return FALSE;
	}
	return TRUE;
}

bool bounce_string_bytes_are_plain(const unsigned char *data, size_t size)
{
	return string_plain_len(data, size, TRUE) == size;
}

const char *bounce_string_oneline(const char *text, size_t max)
{
	text = text == NULL ? "" : string_squeeze(text, max, FALSE);
	return *text == '\0' ? NULL : text;
}

size_t bounce_string_squeeze(char *dest, const char *text, size_t len,
			     size_t max)
{
	return string_squeeze_to(dest, text, len, max, FALSE);
}

size_t bounce_string_squeeze_fold(char *dest, const char *text, size_t len,
				  size_t max)
{
	return string_squeeze_to(dest, text, len, max, TRUE);
}

const char *bounce_string_printable(const char *text)
{
	return bounce_string_clean((const unsigned char *)text, strlen(text),
				   FALSE);
}

const char *bounce_string_fold(const char *text, size_t max)
{
	return text == NULL ? "" : string_squeeze(text, max, TRUE);
}

void bounce_string_pairs(const char *text, struct bounce_string_pairs *pairs_r)
{
	unsigned int bit;

	i_zero(pairs_r);
	pairs_r->text = text;
	if (*text == '\0')
		return;
	for (; text[1] != '\0'; text++) {
		bit = bounce_string_pair(text);
		pairs_r->bits[bit / 64] |= (uint64_t)1 << (bit % 64);
	}
}

const char *bounce_string_pairs_find(const struct bounce_string_pairs *pairs,
				   const char *const *words)
{
	const char *p;

	for (; *words != NULL; words++) {
		if (bounce_string_may_have(pairs, *words) &&
		    (p = strstr(pairs->text, *words)) != NULL)
			return p;
	}
	return NULL;
}

const char *bounce_string_find(const char *folded, const char *const *words)
{
	struct bounce_string_pairs pairs;

	bounce_string_pairs(folded, &pairs);
	return bounce_string_pairs_find(&pairs, words);
}
