/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "dict.h"
#include "hex-binary.h"
#include "mail-user.h"
#include "sha1.h"
#include "bounce-address.h"
#include "bounce-sent-store.h"
#include "bounce-store-private.h"
#include "compat-dict.h"

/* How often a delivery begins anew when another Dovecot comes between. */
#define MAX_TRIES 10
/* No mailer tries for longer. */
#define MAX_BOUNCE_AGE (10 * 24 * 60 * 60)

int bounce_store_init(struct mail_user *user,
		      const struct bounce_store_settings *set,
		      struct bounce_store **store_r, const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce store", 512);
	struct bounce_store *store = p_new(pool, struct bounce_store, 1);

	store->pool = pool;
	store->user = user;
	store->set = *set;
	store->set.dict = p_strdup(pool, set->dict);
	store->iterates = -1;
	store->crossed_pool = pool_alloconly_create("bounce crossed", 1024);
	if (bounce_store_ready(store, error_r) < 0) {
		pool_unref(&store->crossed_pool);
		pool_unref(&pool);
		return -1;
	}
	*store_r = store;
	return 0;
}

void bounce_store_deinit(struct bounce_store **_store)
{
	struct bounce_store *store = *_store;

	if (store == NULL)
		return;
	*_store = NULL;
	if (store->dict != NULL) {
		dict_wait(store->dict);
		dict_deinit(&store->dict);
	}
	pool_unref(&store->crossed_pool);
	pool_unref(&store->pool);
}

int bounce_store_ready(struct bounce_store *store, const char **error_r)
{
	const char *error;

	if (store->reopen && store->dict != NULL)
		dict_deinit(&store->dict);
	store->reopen = FALSE;
	if (store->dict != NULL)
		return 0;
	if (compat_dict_init(store->user, store->set.dict, &store->dict,
			     &store->file, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary cannot be opened: %s",
					   error);
		store->dict = NULL;
		return -1;
	}
	return 0;
}

const char *bounce_store_key(struct bounce_store *store, const char *address)
{
	const char *key = bounce_record_key(address);
	size_t prefix = strlen(BOUNCE_DICT_ADDRESS_PREFIX);
	unsigned int max = compat_dict_max_key(store->dict);
	unsigned char digest[SHA1_RESULTLEN];

	if (strlen(key) - prefix <= max)
		return key;
	/* too long for a file name; the record says the address anyway */
	sha1_get_digest(address, strlen(address), digest);
	return t_strdup_printf("%.*s~%s", (int)(prefix + max / 2), key,
			       binary_to_hex(digest, sizeof(digest)));
}

int bounce_store_iterates(struct bounce_store *store, const char **error_r)
{
	const char *error;

	if (store->iterates < 0) {
		store->iterates = compat_dict_can_iterate(store->dict,
			store->user, BOUNCE_DICT_META_PREFIX"count", &error);
		if (store->iterates < 0)
			*error_r = t_strdup_printf("Dictionary failed: %s",
						   error);
	}
	return store->iterates;
}

int bounce_store_get(struct bounce_store *store, pool_t pool, const char *key,
		     const char **value_r, const char **error_r)
{
	int ret;

	if (store->edit != NULL &&
	    bounce_transaction_find_key(store->edit, key, value_r)) {
		*value_r = p_strdup(pool, *value_r);
		return *value_r == NULL ? 0 : 1;
	}
	ret = compat_dict_lookup(store->dict, store->user, pool, key, value_r,
				 error_r);
	store->down = ret < 0;
	return ret;
}

bool bounce_store_is_down(const struct bounce_store *store)
{
	return store->down;
}

int bounce_store_read(struct bounce_store *store, pool_t pool,
		      const char *address, struct bounce_record *rec_r,
		      const char **error_r)
{
	const char *value, *error;
	int ret;

	ret = bounce_store_get(store, pool_datastack_create(),
			       bounce_store_key(store, address), &value,
			       &error);
	if (ret < 0) {
		*error_r = t_strdup_printf("Dictionary lookup failed: %s",
					   error);
		return -1;
	}
	if (ret == 0)
		return 0;
	if (bounce_record_decode(pool, value, rec_r, &error) < 0) {
		*error_r = t_strdup_printf("Dictionary is damaged: %s", error);
		return BOUNCE_STORE_DAMAGED;
	}
	return 1;
}

static int
lookup_normal(struct bounce_store *store, pool_t pool, const char *address,
	      time_t now, struct bounce_record *rec_r, const char **error_r)
{
	int ret = bounce_store_read(store, pool, address, rec_r, error_r);

	if (ret < 0)
		return -1;
	return ret > 0 && bounce_record_lapsed(rec_r, now) ? 0 : ret;
}

int bounce_store_lookup(struct bounce_store *store, pool_t pool,
			const char *address, time_t now,
			struct bounce_record *rec_r, const char **error_r)
{
	const char *normal;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	return lookup_normal(store, pool, normal, now, rec_r, error_r);
}

static int
find_original(struct bounce_store *store, pool_t pool, const char *address,
	      time_t now, struct bounce_record *rec_r, const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;
	int ret = 0;

	while (ret == 0 && bounce_store_iter_next(iter, &rec)) {
		if (rec->original_address != NULL &&
		    strcmp(rec->original_address, address) == 0) {
			bounce_record_copy(pool, rec, rec_r);
			ret = 1;
		}
	}
	if (bounce_store_iter_deinit(&iter, error_r) < 0)
		ret = -1;
	return ret;
}

int bounce_store_find(struct bounce_store *store, pool_t pool,
		      const char *address, time_t now,
		      struct bounce_record *rec_r, const char **error_r)
{
	const char *normal;
	int ret;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	ret = lookup_normal(store, pool, normal, now, rec_r, error_r);
	return ret != 0 ? ret :
		find_original(store, pool, normal, now, rec_r, error_r);
}

/*
 * Changes
 */

/* The record as it stands under the lock, or an empty one. As
   bounce_store_read(). */
static int
read_for_change(struct bounce_transaction *edit, const char *address,
		struct bounce_record *rec_r, const char **error_r)
{
	pool_t pool = bounce_transaction_pool(edit);
	int ret = bounce_store_read(bounce_transaction_store(edit), pool, address,
				    rec_r, error_r);

	if (ret == 0 || ret == BOUNCE_STORE_DAMAGED)
		bounce_record_init(rec_r, pool, address);
	return ret;
}

static int
count_incidents(struct bounce_transaction *edit, const struct bounce_policy *policy,
		const ARRAY_TYPE(bounce_incident) *incidents,
		ARRAY_TYPE(bounce_incident) *counted, const char **error_r)
{
	const struct bounce_incident *incident;
	struct bounce_record rec;
	int ret;

	array_foreach(incidents, incident) {
		ret = read_for_change(edit, incident->address, &rec, error_r);
		if (ret < 0)
			return -1;
		if (bounce_policy_count(policy, bounce_transaction_pool(edit), &rec,
					incident)) {
			bounce_transaction_put(edit, &rec, ret > 0);
			array_push_back(counted, incident);
		}
	}
	return (int)array_count(counted);
}

static int
try_incidents(struct bounce_store *store, const struct bounce_report *report,
	      const ARRAY_TYPE(bounce_incident) *incidents, time_t now,
	      const char **error_r)
{
	ARRAY_TYPE(bounce_incident) counted;
	struct bounce_transaction *edit;
	int ret, changed;

	store->crossed = NULL;
	if (bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	p_array_init(&counted, bounce_transaction_pool(edit), 4);
	changed = count_incidents(edit, &store->set.policy, incidents, &counted,
				  error_r);
	if (changed > 0 &&
	    bounce_sent_store_fail(edit, report, &counted, now, error_r) < 0)
		changed = -1;
	if (changed <= 0) {
		bounce_transaction_cancel(&edit);
		return changed;
	}
	ret = bounce_transaction_commit(&edit, error_r);
	return ret < 0 ? ret : changed;
}

static int
add_incidents(struct bounce_store *store, const struct bounce_report *report,
	      const ARRAY_TYPE(bounce_incident) *incidents, time_t now,
	      const char **error_r)
{
	int ret = BOUNCE_TRANSACTION_AGAIN;

	for (unsigned int i = 0; i < MAX_TRIES && ret == BOUNCE_TRANSACTION_AGAIN; i++)
		ret = try_incidents(store, report, incidents, now, error_r);
	return ret < 0 ? -1 : ret;
}

int bounce_store_least_evidence(struct bounce_store *store,
				const struct bounce_report *report, time_t now,
				enum bounce_evidence *least_r,
				const char **error_r)
{
	time_t since;
	int ret = 0;

	*least_r = store->set.policy.evidence;
	if (store->set.evidence_auto &&
	    (ret = bounce_sent_store_since(store, &since, error_r)) > 0 &&
	    /* the date is the sender's word: after a while none is too old */
	    (since < now - MAX_BOUNCE_AGE ||
	     bounce_sent_store_date(report, now) >= since))
		*least_r = BOUNCE_EVIDENCE_VERIFIED;
	return ret < 0 ? -1 : 0;
}

/* Only those that the evidence is good enough for. */
static void
drop_weak(ARRAY_TYPE(bounce_incident) *incidents, enum bounce_evidence least)
{
	unsigned int i = array_count(incidents);

	while (i-- > 0) {
		const struct bounce_incident *incident =
			array_idx(incidents, i);

		if (incident->evidence < least)
			array_delete(incidents, i, 1);
	}
}

int bounce_store_add(struct bounce_store *store,
		     const struct bounce_report *report,
		     enum bounce_evidence evidence, time_t now,
		     const char **error_r)
{
	ARRAY_TYPE(bounce_incident) incidents;
	enum bounce_evidence least;
	pool_t pool;
	int ret;

	store->crossed = NULL;
	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return 0;
	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_store_least_evidence(store, report, now, &least,
					error_r) < 0)
		return -1;
	if (evidence < least)
		return bounce_backscatter_add(store, now, error_r);

	pool = pool_alloconly_create("bounce incidents", 4096);
	p_array_init(&incidents, pool, 4);
	bounce_incidents_read(pool, report, evidence, now, &incidents);
	drop_weak(&incidents, least);
	ret = array_is_empty(&incidents) ? 0 :
		add_incidents(store, report, &incidents, now, error_r);
	pool_unref(&pool);
	return ret;
}

/* Returns 1 if the record is to be written, 0 if it is left, -1 on error. */
static int
change_record(struct bounce_transaction *edit, const char *address, time_t now,
	      bounce_store_change_t *callback, void *context,
	      const char **error_r)
{
	pool_t pool = bounce_transaction_pool(edit);
	struct bounce_record rec;
	const char *normal;
	bool exists, alive;
	int ret;

	if (bounce_address_normalize(pool, address, &normal, error_r) < 0)
		return -1;
	ret = read_for_change(edit, normal, &rec, error_r);
	if (ret == -1)
		return -1;
	/* a damaged one gives way to what a person says */
	exists = ret != 0;
	alive = ret > 0 && !bounce_record_lapsed(&rec, now);
	if (!alive)
		bounce_record_init(&rec, pool, normal);
	if (!callback(pool, &rec, alive, context))
		return 0;
	bounce_transaction_put(edit, &rec, exists);
	return 1;
}

/* Returns the number of changed records, -1, or BOUNCE_TRANSACTION_AGAIN. */
static int
try_changes(struct bounce_store *store, const char *const *addresses,
	    time_t now, bounce_store_change_t *callback, void *context,
	    const char **error_r)
{
	struct bounce_transaction *edit;
	const char *error;
	int ret = 0, changed = 0;

	if (bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	for (; *addresses != NULL && ret >= 0; addresses++) {
		T_BEGIN {
			ret = change_record(edit, *addresses, now, callback,
					    context, &error);
			if (ret < 0)
				error = p_strdup(bounce_transaction_pool(edit), error);
		} T_END;
		if (ret > 0)
			changed++;
		else if (ret < 0)
			*error_r = t_strdup(error);
	}
	if (ret < 0 || changed == 0) {
		bounce_transaction_cancel(&edit);
		return ret < 0 ? -1 : 0;
	}
	ret = bounce_transaction_commit(&edit, error_r);
	return ret < 0 ? ret : changed;
}

int bounce_store_change_many(struct bounce_store *store,
			     const char *const *addresses, time_t now,
			     bounce_store_change_t *callback, void *context,
			     const char **error_r)
{
	int ret = BOUNCE_TRANSACTION_AGAIN;

	if (bounce_store_ready(store, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < MAX_TRIES && ret == BOUNCE_TRANSACTION_AGAIN; i++)
		ret = try_changes(store, addresses, now, callback, context,
				  error_r);
	return ret < 0 ? -1 : ret;
}

int bounce_store_change(struct bounce_store *store, const char *address,
			time_t now, bounce_store_change_t *callback,
			void *context, const char **error_r)
{
	const char *const addresses[] = { address, NULL };

	return bounce_store_change_many(store, addresses, now, callback,
					context, error_r);
}

static int
set_record(struct bounce_transaction *edit, const struct bounce_record *rec,
	   const char **error_r)
{
	struct bounce_record old, new_rec = *rec;
	const char *normal;
	int ret;

	if (bounce_address_normalize(bounce_transaction_pool(edit), rec->address,
				     &normal, error_r) < 0)
		return -1;
	ret = read_for_change(edit, normal, &old, error_r);
	if (ret == -1)
		return -1;
	new_rec.address = normal;
	bounce_transaction_put(edit, &new_rec, ret != 0);
	return 0;
}

int bounce_store_set_many(struct bounce_store *store,
			  const struct bounce_record *recs, unsigned int count,
			  const char **error_r)
{
	struct bounce_transaction *edit;
	int ret = 0;

	if (bounce_store_ready(store, error_r) < 0 ||
	    bounce_transaction_begin(store, &edit, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < count && ret == 0; i++) {
		const char *error = NULL;

		T_BEGIN {
			ret = set_record(edit, &recs[i], &error);
			if (ret < 0)
				error = p_strdup(bounce_transaction_pool(edit), error);
		} T_END;
		if (ret < 0)
			*error_r = t_strdup(error);
	}
	if (ret < 0)
		bounce_transaction_cancel(&edit);
	else
		ret = bounce_transaction_commit(&edit, error_r) < 0 ? -1 : 0;
	return ret;
}

int bounce_store_set(struct bounce_store *store,
		     const struct bounce_record *rec, const char **error_r)
{
	return bounce_store_set_many(store, rec, 1, error_r);
}
