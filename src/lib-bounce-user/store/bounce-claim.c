/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The lock between Dovecots that share a dictionary but no home. A dict has no
   compare-and-swap, only keys that are read and written; Lamport's mutual
   exclusion for that (A Fast Mutual Exclusion Algorithm, ACM TOCS 5(1), 1987,
   algorithm 1) costs two reads and three writes where nobody else is about, and
   waits only where two meet.

   priv/bounce/meta/claim  x: who tried last
   priv/bounce/meta/lock   y: who has it; none = free

   It holds as long as a change takes less than MEET_MSECS; a slower one looks
   once more before it writes, and begins anew if another came between. A writer
   that died is taken over after STALE_MSECS. */

#include "lib.h"
#include "dict.h"
#include "hostpid.h"
#include "mail-user.h"
#include "randgen.h"
#include "sleep.h"
#include "time-util.h"
#include "bounce-store-private.h"
#include "compat-dict.h"

#define CLAIM_KEY BOUNCE_DICT_META_PREFIX"claim"
#define LOCK_KEY BOUNCE_DICT_META_PREFIX"lock"

#define POLL_MSECS 10
#define MEET_MSECS 1000
#define STALE_MSECS 10000
#define TIMEOUT_MSECS 20000

struct bounce_claim {
	struct bounce_store *store;
	const char *token;
	uint64_t started;
	/* whose lock we are waiting for, and since when */
	const char *holder;
	uint64_t holder_since;
	const char *error;
};

static int
claim_write(struct bounce_claim *claim, const char *key, const char *value)
{
	struct dict *dict = claim->store->dict;
	struct dict_transaction_context *trans;

	trans = dict_transaction_begin(dict,
		mail_user_get_dict_op_settings(claim->store->user));
	if (value != NULL)
		dict_set(trans, key, value);
	else
		dict_unset(trans, key);
	return compat_dict_commit(dict, &trans, &claim->error);
}

/* 1 = value_r, 0 = none, -1 = failed */
static int
claim_read(struct bounce_claim *claim, const char *key, const char **value_r)
{
	int ret = bounce_store_get(claim->store, pool_datastack_create(), key,
				   value_r, &claim->error);

	if (ret > 0 && **value_r == '\0')
		ret = 0;
	return ret;
}

static int claim_is_ours(struct bounce_claim *claim, const char *key)
{
	const char *value;
	int ret = claim_read(claim, key, &value);

	return ret <= 0 ? ret : (strcmp(value, claim->token) == 0 ? 1 : 0);
}

/* Somebody has the lock. Returns 0 to try again, -1 to give up. */
static int claim_wait(struct bounce_claim *claim, const char *holder)
{
	uint64_t now = i_microseconds() / 1000;

	if (now - claim->started > TIMEOUT_MSECS) {
		claim->error = t_strdup_printf(
			"Another Dovecot (%s) holds it for too long", holder);
		return -1;
	}
	if (claim->holder == NULL || strcmp(claim->holder, holder) != 0) {
		claim->holder = holder;
		claim->holder_since = now;
	} else if (now - claim->holder_since > STALE_MSECS) {
		/* by our own clock: theirs need not agree */
		return claim_write(claim, LOCK_KEY, NULL);
	}
	i_sleep_msecs(POLL_MSECS);
	return 0;
}

/* Returns 1 if we have it, 0 to try again, -1 on error. */
static int claim_try(struct bounce_claim *claim)
{
	const char *holder;
	int ret;

	if (claim_write(claim, CLAIM_KEY, claim->token) < 0 ||
	    (ret = claim_read(claim, LOCK_KEY, &holder)) < 0)
		return -1;
	if (ret > 0)
		return claim_wait(claim, holder);
	if (claim_write(claim, LOCK_KEY, claim->token) < 0)
		return -1;
	ret = claim_is_ours(claim, CLAIM_KEY);
	if (ret != 0)
		return ret;
	/* we met: the last one to write the lock has it, once the others have
	   had the time to see that or to finish */
	i_sleep_msecs(MEET_MSECS);
	return claim_is_ours(claim, LOCK_KEY);
}

int bounce_claim_take(struct bounce_store *store, const char **token_r,
		      const char **error_r)
{
	unsigned char nonce[4];
	struct bounce_claim claim;
	int ret;

	random_fill(nonce, sizeof(nonce));
	i_zero(&claim);
	claim.store = store;
	claim.started = i_microseconds() / 1000;
	claim.token = t_strdup_printf("%s:%s:%02x%02x%02x%02x", my_hostname,
				      my_pid, nonce[0], nonce[1], nonce[2],
				      nonce[3]);
	while ((ret = claim_try(&claim)) == 0) ;
	if (ret < 0) {
		*error_r = t_strdup_printf("Dictionary is not locked: %s",
					   claim.error);
		return -1;
	}
	*token_r = claim.token;
	return 0;
}

int bounce_claim_check(struct bounce_store *store, const char *token,
		       const char **error_r)
{
	struct bounce_claim claim;
	int ret;

	i_zero(&claim);
	claim.store = store;
	claim.token = token;
	ret = claim_is_ours(&claim, LOCK_KEY);
	if (ret < 0)
		*error_r = claim.error;
	return ret;
}

int bounce_claim_release(struct bounce_store *store, const char *token,
			 const char **error_r)
{
	struct bounce_claim claim;
	int ret = bounce_claim_check(store, token, error_r);

	if (ret <= 0)
		return ret;
	i_zero(&claim);
	claim.store = store;
	ret = claim_write(&claim, LOCK_KEY, NULL);
	if (ret < 0)
		*error_r = claim.error;
	return ret;
}
