/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "charset-utf8.h"
#include "bounce-charset.h"

/* More than a site's mailers use together. */
#define CHARSETS_KEPT 8

static struct charset {
	char name[BOUNCE_CHARSET_SIZE];
	struct charset_translation *translation;
} charsets[CHARSETS_KEPT];
/* the one that was taken longest ago */
static unsigned int charsets_next;

static struct charset *charset_find(const char *name)
{
	for (unsigned int i = 0; i < CHARSETS_KEPT; i++) {
		if (charsets[i].translation != NULL &&
		    strcasecmp(charsets[i].name, name) == 0)
			return &charsets[i];
	}
	return NULL;
}

static struct charset *charset_get(const char *name)
{
	struct charset *charset = charset_find(name);

	if (charset != NULL)
		return charset;
	charset = &charsets[charsets_next];
	charsets_next = (charsets_next + 1) % CHARSETS_KEPT;
	if (charset->translation != NULL)
		charset_to_utf8_end(&charset->translation);
	(void)i_strocpy(charset->name, name, sizeof(charset->name));
	if (charset_to_utf8_begin(name, NULL, &charset->translation) < 0)
		charset->translation = charset_utf8_to_utf8_begin(NULL);
	return charset;
}

bool bounce_charset_translate(const char *name, const unsigned char **data,
			      size_t *size)
{
	struct charset *charset = charset_get(name);
	buffer_t *dest = t_buffer_create(*size + *size / 8 + 64);
	size_t done = *size;

	charset_to_utf8_reset(charset->translation);
	(void)charset_to_utf8(charset->translation, *data, &done, dest);
	if (done != *size)
		return FALSE;
	*data = dest->data;
	*size = dest->used;
	return TRUE;
}

void bounce_charset_keep(const char *name)
{
	if (strlen(name) < BOUNCE_CHARSET_SIZE && !charset_is_utf8(name))
		(void)charset_get(name);
}

void bounce_charset_deinit(void)
{
	for (unsigned int i = 0; i < CHARSETS_KEPT; i++) {
		if (charsets[i].translation != NULL)
			charset_to_utf8_end(&charsets[i].translation);
	}
}
