/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "bounce-message-private.h"
#include "bounce-string.h"

/* What the parts of one role say. In most mails there is one, which needs no copy. */

void bounce_part_text_append(struct bounce_part_text *text,
			     const unsigned char *data, size_t size, bool stays)
{
	if (stays && bounce_part_text_size(text) == 0) {
		text->data = data;
		text->size = size;
		return;
	}
	if (text->joined == NULL) {
		text->joined = str_new(default_pool,
				       I_MAX(text->size + size, 1024));
		str_append_data(text->joined, text->data, text->size);
		text->data = NULL;
		text->size = 0;
	}
	str_append_data(text->joined, data, size);
}

size_t bounce_part_text_size(const struct bounce_part_text *text)
{
	return text->joined != NULL ? str_len(text->joined) : text->size;
}

const char *bounce_part_text_clean(const struct bounce_part_text *text)
{
	if (text->joined != NULL)
		return bounce_string_clean(str_data(text->joined),
					   str_len(text->joined), TRUE);
	return text->size == 0 ? "" :
		bounce_string_clean(text->data, text->size, TRUE);
}

void bounce_part_text_free(struct bounce_part_text *text)
{
	if (text->joined != NULL)
		str_free(&text->joined);
}
