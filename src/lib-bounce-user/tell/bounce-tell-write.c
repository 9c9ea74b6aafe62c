/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "randgen.h"
#include "str.h"
#include "bounce-answer-id.h"
#include "bounce-key.h"
#include "bounce-sent.h"
#include "bounce-tell-box.h"
#include "bounce-tell-write.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "compat-user.h"

#define NONCE_BYTES 9

/* The key is made where there is none yet: a site that never sent through our
   submission has answers, too. Without one the notice bears a name like any
   other mail, and offers none. */
static void
write_message_id(struct bounce_user *bu, time_t now, struct bounce_tell *tell)
{
	unsigned char nonce[NONCE_BYTES];
	ARRAY_TYPE(bounce_token_key) keys;
	const char *error;

	t_array_init(&keys, 2);
	if (bu->set.answers && bounce_key_read(bu, TRUE, &keys, &error) < 0) {
		bounce_user_failed(bu, t_strconcat(
			"Notice cannot be answered (bounce_token_key): ",
			error, NULL));
		array_clear(&keys);
	}
	tell->answers = !array_is_empty(&keys);
	random_fill(nonce, sizeof(nonce));
	tell->message_id = bounce_answer_id_make(
		tell->answers ? array_front(&keys) : NULL, bu->user->username,
		bounce_sent_day(now), tell->kind, nonce, sizeof(nonce),
		tell->host);
}

static const char *
t_write_address(struct bounce_user *bu, const char *address,
		const struct bounce_tell_counts *counts, const char *host)
{
	const char *const *own = bu->set.addresses;

	if (strchr(address, '@') != NULL)
		return address;
	/* "@example.net" is all of a domain */
	for (; own != NULL && *own != NULL; own++) {
		if (**own != '@' && strchr(*own, '@') != NULL)
			return *own;
	}
	return counts->address != NULL ? counts->address :
		t_strconcat(address, "@", host, NULL);
}

void bounce_tell_write_init(struct bounce_user *bu, enum bounce_tell_kind kind,
			    const char *address,
			    const struct bounce_tell_counts *counts,
			    time_t now, struct bounce_tell *tell_r)
{
	const char *delimiters;

	i_zero(tell_r);
	tell_r->kind = kind;
	tell_r->texts = bounce_texts_cache_get_language(bu, counts->language);
	compat_user_names(bu->user, pool_datastack_create(), &tell_r->host,
			  &delimiters);
	tell_r->address = t_write_address(bu, address, counts, tell_r->host);
	write_message_id(bu, now, tell_r);
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
