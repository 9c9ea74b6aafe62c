/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "bounce-dns.h"

/* DER (X.690): what an RSA key is wrapped in. */
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_SEQUENCE 0x30
#define ED25519_BYTES 32

struct der {
	const unsigned char *data;
	size_t size;
};

/* Enter the element at the start of der, which must be of that tag: content_r is
   within it, and der behind it. */
static bool
dkim_der_next(struct der *der, unsigned char tag, struct der *content_r)
{
	size_t len, head = 2;

	if (der->size < 2 || der->data[0] != tag)
		return FALSE;
	len = der->data[1];
	if (len == 0x81 && der->size >= 3) {
		len = der->data[2];
		head = 3;
	} else if (len == 0x82 && der->size >= 4) {
		len = der->data[2] << 8 | der->data[3];
		head = 4;
	} else if (len >= 0x80) {
		return FALSE;
	}
	if (len > der->size - head)
		return FALSE;
	content_r->data = der->data + head;
	content_r->size = len;
	der->data += head + len;
	der->size -= head + len;
	return TRUE;
}

/* Bits of the modulus of a SubjectPublicKeyInfo (RFC 5280 section 4.1) or a bare
   RSAPublicKey (RFC 8017 A.1.1). 0 if it is neither. */
static unsigned int dkim_rsa_bits(struct der der)
{
	struct der outer, inner, number;
	unsigned int bits;

	if (!dkim_der_next(&der, DER_SEQUENCE, &outer))
		return 0;
	inner = outer;
	if (dkim_der_next(&inner, DER_SEQUENCE, &number)) {
		/* the algorithm; then the key in a bit string, whose first byte
		   says how many bits are unused */
		if (!dkim_der_next(&inner, DER_BIT_STRING, &number) ||
		    number.size < 1)
			return 0;
		number.data++;
		number.size--;
		if (!dkim_der_next(&number, DER_SEQUENCE, &outer))
			return 0;
	}
	if (!dkim_der_next(&outer, DER_INTEGER, &number))
		return 0;
	while (number.size > 0 && number.data[0] == 0) {
		number.data++;
		number.size--;
	}
	if (number.size == 0)
		return 0;
	bits = number.size * 8;
	for (unsigned int bit = 0x80; (number.data[0] & bit) == 0; bit >>= 1)
		bits--;
	return bits;
}

static const char *t_dkim_without_space(const char *value)
{
	string_t *str = t_str_new(strlen(value));

	for (; *value != '\0'; value++) {
		if (*value != ' ' && *value != '\t')
			str_append_c(str, *value);
	}
	return str_c(str);
}

int bounce_dkim_key_parse(const char *record, struct bounce_dkim_key *key_r,
			  const char **error_r)
{
	const char *version = t_bounce_dns_tag(record, "v");
	const char *type = t_bounce_dns_tag(record, "k");
	const char *key = t_bounce_dns_tag(record, "p");
	const char *flags = t_bounce_dns_tag(record, "t");
	const buffer_t *bytes;

	i_zero(key_r);
	key_r->type = type == NULL ? "rsa" : type;
	if (version != NULL && strcmp(version, "DKIM1") != 0) {
		*error_r = "its v= is not DKIM1";
		return -1;
	}
	if (key == NULL) {
		*error_r = "it has no p=";
		return -1;
	}
	key_r->testing = flags != NULL &&
		str_array_icase_find(t_strsplit_spaces(flags, ": "), "y");
	key_r->revoked = *key == '\0';
	if (key_r->revoked)
		return 0;
	key = t_dkim_without_space(key);
	bytes = t_base64_decode_str(key);
	/* it stops where it is none */
	if (bytes->used == 0 || bytes->used + 2 < strlen(key) / 4 * 3) {
		*error_r = "its p= is not base64";
		return -1;
	}
	if (strcasecmp(key_r->type, "ed25519") == 0) {
		key_r->bits = bytes->used == ED25519_BYTES ? 256 : 0;
	} else if (strcasecmp(key_r->type, "rsa") == 0) {
		struct der der = { bytes->data, bytes->used };

		key_r->bits = dkim_rsa_bits(der);
	}
	if (key_r->bits == 0) {
		*error_r = t_strdup_printf("its p= is no key of type %s",
					   key_r->type);
		return -1;
	}
	return 0;
}
