/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The dictionary: a round trip under the lock, with its time. */

#include "lib.h"
#include "dict-private.h"
#include "time-util.h"
#include "bounce-dict.h"
#include "bounce-lock.h"
#include "bounce-pending.h"
#include "bounce-check.h"

#define CHECK_KEY "priv/bounce/meta/check"
/* A delivery waits two seconds for all it asks: of this there should be room for
   ten. */
#define SLOW_USECS (BOUNCE_WAIT_MSECS * 1000 / 10)

/* Write value, or remove it where it is NULL. */
static int dictionary_write(struct bounce_dict *dict, const char *value,
			    const char **error_r)
{
	struct dict_transaction_context *trans = bounce_dict_begin(dict);

	if (value != NULL)
		dict_set(trans, CHECK_KEY, value);
	else
		dict_unset(trans, CHECK_KEY);
	return bounce_dict_commit(dict, &trans, error_r);
}

static int dictionary_round_trip(struct bounce_check *check,
				 struct bounce_dict *dict, const char **error_r)
{
	const char *wanted = t_strdup_printf("{\"check\":%ld}",
					     (long)check->now);
	const char *value = NULL;
	int ret;

	if (dictionary_write(dict, wanted, error_r) < 0)
		return -1;
	ret = bounce_dict_get(dict, pool_datastack_create(), CHECK_KEY, &value,
			      error_r);
	if (ret < 0)
		return -1;
	if (ret == 0 || strcmp(value, wanted) != 0) {
		*error_r = "what was written does not come back";
		return -1;
	}
	return dictionary_write(dict, NULL, error_r);
}

static void dictionary_say(struct bounce_check *check, struct bounce_dict *dict)
{
	uint64_t began = i_microseconds(), usecs;
	const char *error;

	if (dictionary_round_trip(check, dict, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dictionary",
				 dict->dict == NULL ? "" : dict->dict->name,
				 "Nothing is remembered until this is mended; the "
				 "mail is delivered all the same", "%s", error);
		return;
	}
	usecs = i_microseconds() - began;
	bounce_check_say(check, usecs > SLOW_USECS ? BOUNCE_CHECK_WARN :
			 BOUNCE_CHECK_OK, "dictionary", dict->dict->name,
			 usecs <= SLOW_USECS ? NULL :
			 "Deliveries wait two seconds at most, and then the report "
			 "stays pending",
			 "written, read and removed in %u.%03u s",
			 (unsigned int)(usecs / 1000000),
			 (unsigned int)(usecs / 1000 % 1000));
}

static void dictionary_check(struct bounce_check *check,
			     struct bounce_dict *dict)
{
	struct file_lock *lock = NULL;
	const char *error;

	if (bounce_lock_take(dict, &lock, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "lock", "", NULL,
				 "%s", error);
		return;
	}
	bounce_check_say(check, BOUNCE_CHECK_OK, "lock", "", NULL,
			 "taken and released");
	dictionary_say(check, dict);
	bounce_lock_release(&lock);
}

void bounce_check_dictionary(struct bounce_check *check)
{
	struct bounce_user *bu = check->bu;
	struct bounce_wait wait;
	struct bounce_dict *dict;
	const char *error;

	/* as a delivery would have to wait, and not a minute */
	bounce_wait_init(&wait, BOUNCE_WAIT_MSECS, FALSE);
	if (bounce_dict_init(bu->user, bu->set.dict, &wait, &dict,
			     &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_FAIL, "dictionary", "",
				 "See bounce_dict in bounce-settings(5)", "%s",
				 error);
	} else {
		dictionary_check(check, dict);
		bounce_dict_deinit(&dict);
	}
	bounce_wait_deinit(&wait);
}
