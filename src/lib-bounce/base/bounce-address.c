/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "bounce-limits.h"
#include "bounce-punycode.h"
#include "bounce-string.h"
#include "bounce-unicode.h"
#include "bounce-address.h"

#include <ctype.h>
#include <stdlib.h>

static const char *t_address_take(void *data, size_t size)
{
	const char *ret = t_strndup(data, size);

	free(data);
	return ret;
}

/* Case-folded and NFC (Unicode default caseless matching, chapter 3.13), or
   NULL if it cannot be. */
static const char *t_address_fold(const char *input)
{
	const struct bounce_unicode *unicode;
	uint8_t *folded;
	size_t size;

	if (bounce_string_is_ascii(input))
		return t_str_lcase(input);
	unicode = bounce_unicode_get();
	folded = unicode == NULL ? NULL :
		unicode->fold(input, strlen(input), &size);
	return folded == NULL ? NULL : t_address_take(folded, size);
}

static bool address_has_control(const char *input)
{
	for (; *input != '\0'; input++) {
		unsigned char c = (unsigned char)*input;

		if (c < 0x20 || c == 0x7f)
			return TRUE;
		/* C1 controls in UTF-8, RFC 6532 allows them nowhere */
		if (c == 0xc2 && (unsigned char)input[1] < 0xa0)
			return TRUE;
	}
	return FALSE;
}

static bool address_is_atext(unsigned char c)
{
	return c >= 0x80 || i_isalnum(c) ||
		strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

/* RFC 5321 section 4.1.2 Dot-string (with RFC 6531's UTF-8) */
static bool address_is_dot_string(const char *local)
{
	bool dot = TRUE;

	for (; *local != '\0'; local++) {
		if (*local == '.' ? dot :
		    !address_is_atext((unsigned char)*local))
			return FALSE;
		dot = *local == '.';
	}
	return !dot;
}

static const char *t_address_quote(const char *local)
{
	string_t *str = t_str_new(strlen(local) + 8);

	str_append_c(str, '"');
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			str_append_c(str, '\\');
		str_append_c(str, *local);
	}
	str_append_c(str, '"');
	return str_c(str);
}

/* What a local part that is all quoted means; others are taken as they are. */
static const char *t_address_unquote(const char *local)
{
	size_t len = strlen(local);
	string_t *str;

	if (len < 2 || local[0] != '"' || local[len - 1] != '"')
		return local;
	str = t_str_new(len);
	for (const char *p = local + 1; p < local + len - 1; p++) {
		if (*p == '\\' && p + 1 < local + len - 1)
			p++;
		else if (*p == '"')
			return local;
		str_append_c(str, *p);
	}
	return str_c(str);
}

static const char *t_address_normal_local(const char *input)
{
	const char *local = t_address_fold(t_address_unquote(input));

	if (local == NULL || *local == '\0')
		return NULL;
	return address_is_dot_string(local) ? local : t_address_quote(local);
}

/* libidn2 folds the case by itself, and better: faß.de and fass.de
   are two domains (RFC 5891), though one in a local part's case folding. */
static const char *t_address_a_labels(const char *domain)
{
	const struct bounce_unicode *unicode = bounce_unicode_get();
	uint8_t *normal;
	const char *nfc;
	char *ascii;
	size_t size;

	normal = unicode == NULL ? NULL :
		unicode->normalize(domain, strlen(domain), &size);
	if (normal == NULL)
		return NULL;
	nfc = t_address_take(normal, size);
	ascii = unicode->to_ascii(nfc);
	return ascii == NULL ? bounce_punycode_domain(unicode, nfc) :
		t_address_take(ascii, strlen(ascii));
}

static bool address_is_domain(const char *domain)
{
	size_t len = strlen(domain);

	if (len == 0 || *domain == '.' || domain[len - 1] == '.' ||
	    strstr(domain, "..") != NULL || strchr(domain, ' ') != NULL)
		return FALSE;
	return *domain == '[' || strpbrk(domain, "\"(),:;<>@\\") == NULL;
}

/* Without the dot of the root, if there is one. */
static const char *t_address_without_root(const char *domain)
{
	size_t len = strlen(domain);

	return len > 1 && domain[len - 1] == '.' ?
		t_strndup(domain, len - 1) : domain;
}

static const char *t_address_normal_domain(const char *input)
{
	const char *domain = t_address_without_root(t_str_lcase(input));

	if (!address_is_domain(domain))
		return NULL;
	/* ASCII goes through as it is: underscores and what else libidn2 would
	   not register are in real addresses */
	if (bounce_string_is_ascii(domain))
		return domain;
	/* a full-width dot or @ is one only now */
	domain = t_address_a_labels(domain);
	if (domain != NULL)
		domain = t_address_without_root(domain);
	return domain == NULL || !address_is_domain(domain) ? NULL : domain;
}

const char *bounce_address_domain(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');

	return at == NULL || at[1] == '\0' ? NULL : t_str_lcase(at + 1);
}

static const char *t_address_trim(const char *input)
{
	size_t len;

	input = t_str_trim(input, " ");
	len = strlen(input);
	return len >= 2 && input[0] == '<' && input[len - 1] == '>' ?
		t_strndup(input + 1, len - 2) : input;
}

static int
address_normalize_parts(const char *input, const char **address_r, const char **error_r)
{
	const char *at = strrchr(input, '@'), *local, *domain;

	if (at == NULL) {
		if (strcasecmp(input, "postmaster") == 0) {
			*address_r = "postmaster";
			return 0;
		}
		*error_r = "Address has no domain";
		return -1;
	}
	local = t_address_normal_local(t_strdup_until(input, at));
	domain = t_address_normal_domain(at + 1);
	if (local == NULL || domain == NULL) {
		*error_r = local == NULL ? "Address has no local part" :
			"Address has no valid domain";
		return -1;
	}
	*address_r = t_strconcat(local, "@", domain, NULL);
	return 0;
}

static int
address_normalize(const char *input, const char **address_r, const char **error_r)
{
	/* case folding and A-labels change the length: look at both */
	if (strlen(input) > BOUNCE_MAX_ADDRESS * 2)
		*error_r = "Address is too long";
	else if (address_has_control(input))
		*error_r = "Address has a control character";
	else if (!uni_utf8_str_is_valid(input))
		*error_r = "Address is not valid UTF-8";
	else if (!bounce_string_is_ascii(input) && bounce_unicode_get() == NULL)
		*error_r = "Address is not ASCII, and cannot be folded";
	else if (*(input = t_address_trim(input)) == '\0')
		*error_r = "Address is empty";
	else if (address_normalize_parts(input, address_r, error_r) < 0)
		return -1;
	else if (strlen(*address_r) > BOUNCE_MAX_ADDRESS)
		*error_r = "Address is too long";
	else
		return 0;
	return -1;
}

/* Folding may bring forth what can be folded or mapped again: on until nothing
   changes. */
static int
address_normalize_whole(const char *input, const char **address_r, const char **error_r)
{
	for (unsigned int i = 0; i < BOUNCE_MAX_ADDRESS_ROUNDS; i++) {
		if (address_normalize(input, address_r, error_r) < 0)
			return -1;
		if (strcmp(input, *address_r) == 0)
			return 0;
		input = *address_r;
	}
	*error_r = "Address has no normal form";
	return -1;
}

bool bounce_address_is_plain(const char *input)
{
	const char *p, *at = NULL;
	bool begins = TRUE;

	for (p = input; *p != '\0'; p++) {
		if (*p == '.' || *p == '@') {
			if (begins || (*p == '@' && at != NULL))
				return FALSE;
			if (*p == '@')
				at = p;
			begins = TRUE;
		} else if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			   *p == '-' || *p == '_' || *p == '+') {
			begins = FALSE;
		} else {
			return FALSE;
		}
	}
	return at != NULL && !begins && p - input <= BOUNCE_MAX_ADDRESS;
}

int bounce_address_normalize(pool_t pool, const char *input,
			     const char **address_r, const char **error_r)
{
	const char *address = NULL, *error = NULL;
	string_t *result;
	int ret;

	if (bounce_address_is_plain(input)) {
		*address_r = p_strdup(pool, input);
		*error_r = NULL;
		return 0;
	}
	result = str_new(default_pool, 64);
	T_BEGIN {
		ret = address_normalize_whole(input, &address, &error);
		if (ret == 0)
			str_append(result, address);
	} T_END;
	/* errors are literals */
	*address_r = ret < 0 ? NULL : p_strdup(pool, str_c(result));
	*error_r = error;
	str_free(&result);
	return ret;
}
