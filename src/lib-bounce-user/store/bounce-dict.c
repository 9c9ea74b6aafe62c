/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "dict.h"
#include "hex-binary.h"
#include "mail-user.h"
#include "sha1.h"
#include "bounce-dict.h"
#include "compat-dict.h"

#include <fcntl.h>
#include <unistd.h>

int bounce_dict_init(struct mail_user *user, const char *uri,
		     struct bounce_dict **dict_r, const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce dict", 512);
	struct bounce_dict *dict = p_new(pool, struct bounce_dict, 1);

	dict->pool = pool;
	dict->user = user;
	dict->uri = p_strdup(pool, uri);
	dict->iterates = -1;
	if (bounce_dict_ready(dict, error_r) < 0) {
		pool_unref(&pool);
		return -1;
	}
	*dict_r = dict;
	return 0;
}

void bounce_dict_deinit(struct bounce_dict **_dict)
{
	struct bounce_dict *dict = *_dict;

	*_dict = NULL;
	if (dict->dict != NULL) {
		dict_wait(dict->dict);
		dict_deinit(&dict->dict);
	}
	pool_unref(&dict->pool);
}

int bounce_dict_ready(struct bounce_dict *dict, const char **error_r)
{
	const char *error;

	if (dict->reopen && dict->iterating == 0) {
		if (dict->dict != NULL)
			dict_deinit(&dict->dict);
		dict->reopen = dict->used = FALSE;
	}
	if (dict->dict != NULL)
		return 0;
	if (compat_dict_init(dict->user, dict->uri, &dict->dict, &dict->file,
			     &error) < 0) {
		*error_r = t_strdup_printf("Dictionary cannot be opened: %s",
					   error);
		dict->dict = NULL;
		return -1;
	}
	return 0;
}

bool bounce_dict_is_broken(const struct bounce_dict *dict)
{
	return dict->reopen && dict->used && dict->file == NULL;
}

static void dict_answered(struct bounce_dict *dict, bool ok)
{
	if (ok)
		dict->used = TRUE;
	else
		dict->reopen = TRUE;
}

int bounce_dict_iterates(struct bounce_dict *dict, const char **error_r)
{
	const char *error;

	if (dict->iterates < 0) {
		dict->iterates = compat_dict_can_iterate(dict->dict,
			dict->user, BOUNCE_DICT_META_PREFIX"count", &error);
		if (dict->iterates < 0)
			*error_r = t_strdup_printf("Dictionary failed: %s",
						   error);
	}
	return dict->iterates;
}

const char *t_bounce_dict_key(struct bounce_dict *dict, const char *address)
{
	const char *key = t_strconcat(BOUNCE_DICT_ADDRESS_PREFIX,
				      dict_escape_string(address), NULL);
	size_t prefix = strlen(BOUNCE_DICT_ADDRESS_PREFIX);
	unsigned int max = compat_dict_max_key(dict->dict);
	unsigned char digest[SHA1_RESULTLEN];

	if (strlen(key) - prefix <= max)
		return key;
	/* too long for a file name; the record says the address anyway */
	sha1_get_digest(address, strlen(address), digest);
	return t_strdup_printf("%.*s~%s", (int)(prefix + max / 2), key,
			       binary_to_hex(digest, sizeof(digest)));
}

int bounce_dict_get(struct bounce_dict *dict, pool_t pool, const char *key,
		    const char **value_r, const char **error_r)
{
	const char *error;
	int ret;

	ret = compat_dict_lookup(dict->dict, dict->user, pool, key, value_r,
				 &error);
	dict->down = ret < 0;
	dict_answered(dict, ret >= 0);
	if (ret < 0)
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
	return ret;
}

int bounce_dict_read(struct bounce_dict *dict, pool_t pool,
		     const char *address, struct bounce_record *rec_r,
		     const char **error_r)
{
	const char *value, *error;
	int ret;

	ret = bounce_dict_get(dict, pool_datastack_create(),
			      t_bounce_dict_key(dict, address), &value,
			      error_r);
	if (ret <= 0)
		return ret;
	if (bounce_record_decode(pool, value, rec_r, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary is damaged: %s", error);
		return BOUNCE_DICT_DAMAGED;
	}
	/* the key says whose it is, whatever another program wrote into it */
	rec_r->address = p_strdup(pool, address);
	return 1;
}

/* The file driver gives a new file the folder's permissions; ours is only for
   its owner. The folder is there: the lock stands in it. */
static void dict_create_file(struct bounce_dict *dict)
{
	int fd = open(dict->file, O_CREAT | O_EXCL | O_WRONLY, 0600);

	/* what is wrong the driver will say */
	i_close_fd(&fd);
}

struct dict_transaction_context *bounce_dict_begin(struct bounce_dict *dict)
{
	if (dict->file != NULL)
		dict_create_file(dict);
	return dict_transaction_begin(dict->dict,
		mail_user_get_dict_op_settings(dict->user));
}

int bounce_dict_commit(struct bounce_dict *dict,
		       struct dict_transaction_context **trans,
		       const char **error_r)
{
	const char *error;
	int ret = compat_dict_commit(dict->dict, trans, &error);

	dict_answered(dict, ret >= 0);
	if (ret < 0)
		*error_r = t_strdup_printf("Dictionary was not written: %s",
					   error);
	return ret;
}
