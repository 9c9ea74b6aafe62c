/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "dict-private.h"
#include "hex-binary.h"
#include "llist.h"
#include "mail-user.h"
#include "sha1.h"
#include "str.h"
#include "time-util.h"
#include "bounce-dict-line.h"
#include "bounce-dict-private.h"
#include "compat-dict.h"

#define LATE BOUNCE_DICT_LATE
/* A driver that waits by itself gets so much of it for each request. */
#define DRIVER_MSECS 1000

/*
 * Open
 */

int bounce_dict_init(struct mail_user *user, const char *uri,
		     struct bounce_wait *wait, struct bounce_dict **dict_r,
		     const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce dict", 512);
	struct bounce_dict *dict = p_new(pool, struct bounce_dict, 1);

	dict->pool = pool;
	dict->user = user;
	dict->uri = p_strdup(pool, uri);
	dict->wait = wait;
	dict->iterates = -1;
	if (bounce_dict_ready(dict, error_r) < 0) {
		/* left alone, but opened */
		bounce_dict_deinit(&dict);
		return -1;
	}
	*dict_r = dict;
	return 0;
}

static void dict_close(struct bounce_dict *dict)
{
	if (dict->dict != NULL)
		dict_deinit(&dict->dict);
	compat_dict_settings_free(&dict->settings);
}

void bounce_dict_deinit(struct bounce_dict **_dict)
{
	struct bounce_dict *dict = *_dict;

	*_dict = NULL;
	bounce_dict_forget(dict);
	dict_close(dict);
	pool_unref(&dict->pool);
}

const char *t_bounce_dict_temp_dir(struct mail_user *user)
{
	string_t *prefix = t_str_new(64);
	const char *slash;

	mail_user_set_get_temp_prefix(prefix, user->set);
	slash = strrchr(str_c(prefix), '/');
	return slash == NULL ? "/tmp" : t_strdup_until(str_c(prefix), slash);
}

static int dict_open(struct bounce_dict *dict, const char **error_r)
{
	unsigned int left = bounce_wait_left(dict->wait);
	const char *error;

	if (compat_dict_init(dict->user, dict->uri,
			     dict->wait->each ? 0 : I_MIN(left, DRIVER_MSECS),
			     &dict->dict, &dict->settings, &dict->file,
			     &error) < 0) {
		*error_r = t_strdup_printf("Dictionary cannot be opened: %s",
					   error);
		dict->dict = NULL;
		return -1;
	}
	if (dict->name == NULL) T_BEGIN {
		dict->name = p_strdup_printf(dict->pool, "%s %s",
			dict->dict->name, t_compat_dict_place(dict->user,
					dict->uri, dict->dict));
	} T_END;
	return 0;
}

int bounce_dict_ready(struct bounce_dict *dict, const char **error_r)
{
	if (dict->reopen && dict->iters == NULL && dict->on_answer == NULL) {
		bounce_dict_forget(dict);
		dict_close(dict);
		dict->reopen = dict->used = FALSE;
	}
	if (bounce_wait_left(dict->wait) == 0 || dict->wait->gave_up) {
		*error_r = dict->wait->each ? LATE", not asked again" :
			LATE", not asked again for this mail";
		dict->down = TRUE;
		return -1;
	}
	if (dict->dict == NULL && dict_open(dict, error_r) < 0)
		return -1;
	if (dict->wait->each || dict->file != NULL)
		return 0;
	if (dict->wait->pause_fd == -1) {
		bounce_wait_open_pause(dict->wait, dict->user->set->base_dir,
				       t_bounce_dict_temp_dir(dict->user));
	}
	if (bounce_wait_is_paused(dict->wait, dict->name)) {
		*error_r = LATE" a moment ago, not asked again";
		dict->down = TRUE;
		return -1;
	}
	return 0;
}

bool bounce_dict_is_broken(const struct bounce_dict *dict)
{
	return dict->reopen && dict->used && dict->file == NULL;
}

/*
 * Look up
 */

static void
dict_request_callback(const struct dict_lookup_result *result,
		      struct bounce_dict_request *req)
{
	req->done = TRUE;
	req->ret = result->ret;
	/* another frame of the data stack */
	if (result->ret > 0)
		req->value = i_strdup(result->value);
	else if (result->ret < 0)
		req->error = i_strdup(compat_dict_hide_keys(result->error));
	if (result->ret >= 0)
		req->dict->answered_at = i_microseconds();
	bounce_dict_wake(req->dict);
}

static void dict_request_send(struct bounce_dict_request *req)
{
	struct bounce_dict *dict = req->dict;

	dict_lookup_async(dict->dict, mail_user_get_dict_op_settings(dict->user),
			  req->key, dict_request_callback, req);
}

static void dict_request_free(struct bounce_dict_request *req)
{
	i_free(req->value);
	i_free(req->error);
}

static struct bounce_dict_request *
dict_find_asked(struct bounce_dict *dict, const char *key)
{
	struct bounce_dict_request *req;

	if (dict->ask_pool == NULL)
		return NULL;
	array_foreach_elem(&dict->asked, req) {
		if (strcmp(req->key, key) == 0)
			return req;
	}
	return NULL;
}

void bounce_dict_ask(struct bounce_dict *dict, const char *key)
{
	struct bounce_dict_request *req;

	/* only where it can be waited for */
	if (dict->dict == NULL || !compat_dict_is_async(dict->dict) ||
	    dict_find_asked(dict, key) != NULL)
		return;
	if (dict->ask_pool == NULL) {
		dict->ask_pool = pool_alloconly_create("bounce ask", 1024);
		p_array_init(&dict->asked, dict->ask_pool, 16);
	}
	req = p_new(dict->ask_pool, struct bounce_dict_request, 1);
	req->dict = dict;
	req->key = p_strdup(dict->ask_pool, key);
	array_push_back(&dict->asked, &req);
	dict_request_send(req);
}

void bounce_dict_forget(struct bounce_dict *dict)
{
	struct bounce_dict_request *req;
	struct bounce_dict_iter *list;
	bool pending = FALSE;

	for (list = dict->lists; list != NULL; list = list->list_next) {
		if (list->ctx != NULL)
			pending = TRUE;
	}
	if (pending || !bounce_dict_has_answered(dict))
		bounce_dict_abandon(dict);
	while ((list = dict->lists) != NULL) {
		dict->lists = list->list_next;
		DLLIST_REMOVE(&dict->iters, list);
		pool_unref(&list->pool);
		i_free(list->error);
		i_free(list);
	}
	if (dict->ask_pool == NULL)
		return;
	array_foreach_elem(&dict->asked, req)
		dict_request_free(req);
	pool_unref(&dict->ask_pool);
}

int bounce_dict_get(struct bounce_dict *dict, pool_t pool, const char *key,
		    const char **value_r, const char **error_r)
{
	struct bounce_dict_request own = { .dict = dict, .key = key };
	struct bounce_dict_request *req = dict_find_asked(dict, key);
	uint64_t started = i_microseconds();
	int ret;

	dict->down = TRUE;
	if (req == NULL && dict->nowait) {
		bounce_dict_ask(dict, key);
		req = dict_find_asked(dict, key);
	}
	if (req != NULL && !req->done && dict->nowait) {
		dict->later = TRUE;
		*error_r = "Dictionary has not answered yet";
		return -1;
	}
	if (req == NULL) {
		if (dict->dict == NULL) {
			*error_r = LATE;
			return -1;
		}
		req = &own;
		dict_request_send(req);
	}
	if ((req == &own || !req->done) &&
	    bounce_dict_finish(dict, started, &req->done, &req->ret) < 0) {
		*error_r = LATE;
		dict_request_free(&own);
		return -1;
	}
	ret = req->ret;
	dict->down = ret < 0;
	bounce_dict_answered(dict, ret >= 0);
	if (ret >= 0)
		bounce_dict_file_loaded(dict);
	if (ret > 0)
		*value_r = p_strdup(pool, req->value);
	else if (ret < 0)
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   req->error);
	dict_request_free(&own);
	return ret;
}

const char *t_bounce_dict_key(struct bounce_dict *dict, const char *address)
{
	const char *key = t_bounce_dict_line_key(address);
	size_t prefix = strlen(BOUNCE_DICT_ADDRESS_PREFIX);
	unsigned int max = dict->dict == NULL ? UINT_MAX :
		compat_dict_max_key(dict->dict);
	unsigned char digest[SHA1_RESULTLEN];

	if (strlen(key) - prefix <= max)
		return key;
	/* too long for a file name; the record says the address anyway */
	sha1_get_digest(address, strlen(address), digest);
	return t_strdup_printf("%.*s~%s", (int)(prefix + max / 2), key,
			       binary_to_hex(digest, sizeof(digest)));
}

int bounce_dict_decode(pool_t pool, const char *address, const char *value,
		       struct bounce_record *rec_r, const char **error_r)
{
	const char *error;

	if (bounce_record_decode(pool, value, rec_r, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary is damaged: %s", error);
		return BOUNCE_DICT_DAMAGED;
	}
	/* the key says whose it is, whatever another program wrote into it */
	rec_r->address = p_strdup(pool, address);
	return 0;
}

int bounce_dict_read(struct bounce_dict *dict, pool_t pool,
		     const char *address, struct bounce_record *rec_r,
		     const char **error_r)
{
	const char *value;
	int ret;

	ret = bounce_dict_get(dict, pool_datastack_create(),
			      t_bounce_dict_key(dict, address), &value,
			      error_r);
	if (ret <= 0)
		return ret;
	return bounce_dict_decode(pool, address, value, rec_r, error_r) < 0 ?
		BOUNCE_DICT_DAMAGED : 1;
}
