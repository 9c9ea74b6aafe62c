/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "bounce-punycode.h"
#include "bounce-string.h"
#include "bounce-unicode.h"

#include <stdlib.h>

/* RFC 1035 section 2.3.4 */
#define PUNYCODE_MAX_LABEL 63

/* RFC 3492 section 5 */
#define PUNYCODE_BASE 36
#define PUNYCODE_TMIN 1
#define PUNYCODE_TMAX 26
#define PUNYCODE_SKEW 38
#define PUNYCODE_DAMP 700
#define PUNYCODE_BIAS 72
#define PUNYCODE_FIRST 0x80

/* RFC 3492 section 6.1 */
static unsigned int
punycode_adapt(unsigned int delta, unsigned int points, bool first)
{
	unsigned int k = 0;

	delta = first ? delta / PUNYCODE_DAMP : delta / 2;
	delta += delta / points;
	while (delta > (PUNYCODE_BASE - PUNYCODE_TMIN) * PUNYCODE_TMAX / 2) {
		delta /= PUNYCODE_BASE - PUNYCODE_TMIN;
		k += PUNYCODE_BASE;
	}
	return k + (PUNYCODE_BASE - PUNYCODE_TMIN + 1) * delta /
		(delta + PUNYCODE_SKEW);
}

static void
punycode_append_delta(string_t *dest, unsigned int delta, unsigned int bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned int q = delta, t;

	for (unsigned int k = PUNYCODE_BASE;; k += PUNYCODE_BASE) {
		t = k <= bias ? PUNYCODE_TMIN :
			k >= bias + PUNYCODE_TMAX ? PUNYCODE_TMAX : k - bias;
		if (q < t)
			break;
		str_append_c(dest, digits[t + (q - t) % (PUNYCODE_BASE - t)]);
		q = (q - t) / (PUNYCODE_BASE - t);
	}
	str_append_c(dest, digits[q]);
}

/* RFC 3492 section 6.3. Nothing overflows: points has PUNYCODE_MAX_LABEL at
   most, each below 0x110000. */
static void punycode_encode(string_t *dest, const ARRAY_TYPE(unichars) *points)
{
	unsigned int n = PUNYCODE_FIRST, delta = 0, bias = PUNYCODE_BIAS;
	unsigned int count = array_count(points), basic = 0, handled;
	unichar_t point;

	array_foreach_elem(points, point) {
		if (point < PUNYCODE_FIRST) {
			str_append_c(dest, point);
			basic++;
		}
	}
	if (basic > 0)
		str_append_c(dest, '-');
	for (handled = basic; handled < count; delta++, n++) {
		unsigned int next = UINT_MAX;

		array_foreach_elem(points, point) {
			if (point >= n && point < next)
				next = point;
		}
		delta += (next - n) * (handled + 1);
		n = next;
		array_foreach_elem(points, point) {
			if (point < n)
				delta++;
			if (point != n)
				continue;
			punycode_append_delta(dest, delta, bias);
			bias = punycode_adapt(delta, handled + 1,
					      handled == basic);
			delta = 0;
			handled++;
		}
	}
}

/* label has a character beyond ASCII. FALSE if the result is longer than a label
   may be. */
static bool punycode_append(string_t *dest, const char *label)
{
	ARRAY_TYPE(unichars) points;
	size_t start = str_len(dest);

	t_array_init(&points, 32);
	if (uni_utf8_to_ucs4(label, &points) < 0 ||
	    array_count(&points) > PUNYCODE_MAX_LABEL)
		return FALSE;
	str_append(dest, "xn--");
	punycode_encode(dest, &points);
	if (str_len(dest) - start <= PUNYCODE_MAX_LABEL)
		return TRUE;
	str_truncate(dest, start);
	return FALSE;
}

/* What Unicode's UTS 46 drops: variation selectors, soft hyphen, zero width
   space, word joiner and byte order mark. */
static bool punycode_drops(unichar_t chr)
{
	return (chr >= 0xfe00 && chr <= 0xfe0f) || chr == 0xad ||
		chr == 0x200b || chr == 0x2060 || chr == 0xfeff;
}

static const char *
punycode_fold(const struct bounce_unicode *unicode, const char *label)
{
	string_t *str = t_str_new(strlen(label));
	uint8_t *folded;
	unichar_t chr;
	size_t size;
	int len;

	for (; (len = uni_utf8_get_char(label, &chr)) > 0 && chr != '\0';
	     label += len) {
		if (!punycode_drops(chr))
			str_append_data(str, label, len);
	}
	folded = unicode->fold(str_c(str), str_len(str), &size);
	if (folded == NULL)
		return NULL;
	str_truncate(str, 0);
	str_append_data(str, folded, size);
	free(folded);
	return str_c(str);
}

/* FALSE if it cannot be folded. */
static bool
punycode_label(const struct bounce_unicode *unicode, string_t *dest,
	       const char *label)
{
	const char *folded;
	char *ascii;

	if (bounce_string_is_ascii(label)) {
		str_append(dest, label);
		return TRUE;
	}
	ascii = unicode->to_ascii(label);
	if (ascii != NULL) {
		str_append(dest, ascii);
		free(ascii);
		return TRUE;
	}
	folded = punycode_fold(unicode, label);
	if (folded == NULL)
		return FALSE;
	if (bounce_string_is_ascii(folded) || !punycode_append(dest, folded))
		str_append(dest, folded);
	return TRUE;
}

const char *bounce_punycode_domain(const struct bounce_unicode *unicode,
				   const char *domain)
{
	const char *const *labels = t_strsplit(domain, ".");
	string_t *str = t_str_new(64);

	for (unsigned int i = 0; labels[i] != NULL; i++) {
		if (i > 0)
			str_append_c(str, '.');
		if (!punycode_label(unicode, str, labels[i]))
			return NULL;
	}
	return str_c(str);
}
