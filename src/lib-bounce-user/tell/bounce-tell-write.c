/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "mail-user.h"
#include "randgen.h"
#include "str.h"
#include "bounce-sent.h"
#include "bounce-tell-box.h"
#include "bounce-tell-write.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "compat-user.h"

#define NONCE_BYTES 9

static const char *t_write_message_id(const char *host, time_t now)
{
	unsigned char nonce[NONCE_BYTES];

	random_fill(nonce, sizeof(nonce));
	return t_strdup_printf("<n.%s.%s@%s>", bounce_sent_day(now),
			       binary_to_hex(nonce, sizeof(nonce)), host);
}

void bounce_tell_write_init(struct bounce_user *bu, const char *address,
			    const char *language, time_t now,
			    struct bounce_tell *tell_r)
{
	const char *delimiters;

	i_zero(tell_r);
	tell_r->texts = bounce_texts_cache_get_language(bu, language);
	compat_user_names(bu->user, pool_datastack_create(), &tell_r->host,
			  &delimiters);
	tell_r->address = strchr(address, '@') != NULL ? address :
		t_strconcat(address, "@", tell_r->host, NULL);
	tell_r->message_id = t_write_message_id(tell_r->host, now);
	tell_r->date = now;
	t_array_init(&tell_r->recipients, 16);
}

int bounce_tell_write(struct bounce_tell_box *box,
		      const struct bounce_tell *tell, pool_t pool,
		      struct bounce_tell_place *place_r, const char **error_r)
{
	string_t *mail = str_new(default_pool, 16 * 1024);
	int ret;

	bounce_tell_mail(tell, mail);
	ret = bounce_tell_box_save(box, mail, pool, place_r, error_r);
	str_free(&mail);
	return ret;
}
