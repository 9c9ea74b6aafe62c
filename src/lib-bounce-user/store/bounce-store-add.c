/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Reports come in. */

#include "lib.h"
#include "array.h"
#include "bounce-address.h"
#include "bounce-commit-later.h"
#include "bounce-sent-store-private.h"
#include "bounce-store-private.h"
#include "bounce-tombstone.h"

struct store_add {
	const struct bounce_report *report;
	ARRAY_TYPE(bounce_incident) *incidents;
	time_t now;
	/* of added */
	pool_t pool;
	struct bounce_store_added *added;
};

/* Returns how many counted, or -1. */
static int
store_count(struct bounce_transaction *trans,
	    const ARRAY_TYPE(bounce_incident) *incidents,
	    ARRAY_TYPE(bounce_incident) *counted, const char **error_r)
{
	const struct bounce_policy *policy = &trans->store->set.policy;
	const struct bounce_incident *incident;
	struct bounce_record rec;
	int ret;

	array_foreach(incidents, incident) {
		ret = bounce_transaction_read(trans, incident->address, &rec,
					      error_r);
		/* a damaged one is begun anew: the others are not to wait */
		if (ret == -1)
			return -1;
		if (bounce_policy_count(policy, trans->pool, &rec, incident)) {
			bounce_transaction_put(trans, &rec, ret != 0);
			array_push_back(counted, incident);
		} else if (ret > 0) {
			bounce_transaction_keep(trans, incident->address);
		}
	}
	return (int)array_count(counted);
}

/* Only those that the evidence is good enough for. */
static void
store_drop_weak(ARRAY_TYPE(bounce_incident) *incidents,
		enum bounce_evidence least)
{
	unsigned int i = array_count(incidents);

	while (i-- > 0) {
		const struct bounce_incident *incident =
			array_idx(incidents, i);

		if (incident->evidence < least)
			array_delete(incidents, i, 1);
	}
}

static void
store_added_set(struct store_add *add,
		const ARRAY_TYPE(bounce_incident) *counted)
{
	const struct bounce_incident *incident;

	p_array_init(&add->added->counted, add->pool, array_count(counted));
	array_foreach(counted, incident)
		array_push_back(&add->added->counted, &incident->address);
}

/* What will be read: all of it is on its way at once. */
static void
store_ask(struct bounce_transaction *trans, const struct store_add *add)
{
	const struct bounce_incident *incident;
	bool counts = FALSE;

	/* first what is read first: of several look-ups at once whose server went,
	   Dovecot's SQL drivers fail one, and let the others wait */
	array_foreach(add->incidents, incident) T_BEGIN {
		bounce_dict_ask(trans->dict,
				t_bounce_dict_key(trans->dict,
						  incident->address));
		if (incident->evidence >= BOUNCE_EVIDENCE_VERIFIED)
			counts = TRUE;
	} T_END;
	if (counts) T_BEGIN {
		time_t sent = bounce_sent_store_date(add->report, add->now);

		bounce_dict_ask(trans->dict,
				bounce_sent_key(bounce_sent_day(sent)));
	} T_END;
}

static int
store_add(struct bounce_transaction *trans, void *context,
	  const char **error_r)
{
	struct store_add *add = context;
	struct bounce_sent_store_fails *fails;
	struct bounce_sent_store_failed failed;
	ARRAY_TYPE(bounce_incident) counted;
	int changed;

	i_zero(add->added);
	p_array_init(&counted, trans->pool, 4);
	store_ask(trans, add);
	changed = store_count(trans, add->incidents, &counted, error_r);
	if (changed < 0)
		return -1;
	store_drop_weak(&counted, trans->store->set.policy.evidence);
	store_added_set(add, &counted);
	/* the rate needs what is certain */
	store_drop_weak(&counted, BOUNCE_EVIDENCE_VERIFIED);
	if (array_is_empty(&counted))
		return changed;
	bounce_sent_store_failed_init(add->report, &counted, add->now, &failed);
	fails = bounce_sent_store_fails_begin(trans, add->now);
	if (bounce_sent_store_fails_add(fails, &failed, add->pool,
					&add->added->crossed, error_r) < 0)
		return -1;
	(void)bounce_sent_store_fails_end(fails);
	return changed;
}

int bounce_store_add(struct bounce_store *store,
		     const struct bounce_report *report,
		     enum bounce_evidence evidence, time_t now, pool_t pool,
		     struct bounce_store_added *added_r,
		     const char **error_r)
{
	ARRAY_TYPE(bounce_incident) incidents;
	struct bounce_store_added added;
	struct store_add add = {
		.report = report, .incidents = &incidents, .now = now,
		.pool = pool, .added = added_r == NULL ? &added : added_r
	};
	enum bounce_evidence least =
		bounce_policy_least(&store->set.policy);
	int ret;

	i_zero(add.added);
	if (report->kind != BOUNCE_KIND_FAILURE &&
	    report->kind != BOUNCE_KIND_COMPLAINT)
		return 0;
	if (bounce_dict_ready(store->dict, error_r) < 0)
		return -1;
	if (evidence < least)
		return bounce_backscatter_add(store, now, error_r);

	p_array_init(&incidents, pool, 4);
	bounce_incidents_read(pool, report, evidence, now, &incidents);
	store_drop_weak(&incidents, least);
	if (array_is_empty(&incidents))
		return 0;
	ret = bounce_commit_transact(store, store_add, &add, error_r);
	if (ret < 0)
		i_zero(add.added);
	return ret;
}

struct store_add_many {
	struct store_add *adds;
	unsigned int count;
};

/* These reports are of a while ago: what a person removed since is settled. */
static int
store_drop_removed(struct bounce_transaction *trans,
		   const struct store_add_many *many, const char **error_r)
{
	struct bounce_tombstone *removed;

	if (bounce_tombstone_read(trans->dict, &removed, error_r) < 0)
		return -1;
	for (unsigned int n = 0; n < many->count; n++) {
		ARRAY_TYPE(bounce_incident) *incidents = many->adds[n].incidents;
		unsigned int i = array_count(incidents);

		while (i-- > 0) {
			const struct bounce_incident *incident =
				array_idx(incidents, i);

			if (incident->when <=
			    bounce_tombstone_when(removed, incident->address))
				array_delete(incidents, i, 1);
		}
	}
	bounce_tombstone_free(&removed);
	return 0;
}

static int
store_add_many(struct bounce_transaction *trans, void *context,
	       const char **error_r)
{
	const struct store_add_many *many = context;
	int ret, changed = 0;

	for (unsigned int i = 0; i < many->count; i++)
		store_ask(trans, &many->adds[i]);
	if (store_drop_removed(trans, many, error_r) < 0)
		return -1;
	for (unsigned int i = 0; i < many->count; i++) {
		ret = store_add(trans, &many->adds[i], error_r);
		if (ret < 0)
			return -1;
		changed += ret;
	}
	return changed;
}

static void
store_add_many_init(struct store_add_many *many, struct bounce_store *store,
		    const struct bounce_store_report *reports,
		    unsigned int count, pool_t pool)
{
	enum bounce_evidence least = bounce_policy_least(&store->set.policy);
	ARRAY_TYPE(bounce_incident) *incidents;

	many->count = count;
	many->adds = p_new(pool, struct store_add, count);
	incidents = p_new(pool, ARRAY_TYPE(bounce_incident), count);
	for (unsigned int i = 0; i < count; i++) {
		struct store_add *add = &many->adds[i];

		p_array_init(&incidents[i], pool, 4);
		bounce_incidents_read(pool, reports[i].report,
				      reports[i].evidence, reports[i].when,
				      &incidents[i]);
		store_drop_weak(&incidents[i], least);
		add->report = reports[i].report;
		add->incidents = &incidents[i];
		add->now = reports[i].when;
		add->pool = pool;
		add->added = reports[i].added_r != NULL ? reports[i].added_r :
			p_new(pool, struct bounce_store_added, 1);
	}
}

int bounce_store_add_many(struct bounce_store *store,
			  const struct bounce_store_report *reports,
			  unsigned int count, pool_t pool,
			  const char **error_r)
{
	struct store_add_many many;

	store_add_many_init(&many, store, reports, count, pool);
	return bounce_commit_transact(store, store_add_many, &many, error_r);
}

/*
 * Nobody waits
 */

struct store_add_later {
	struct bounce_store *store;
	pool_t pool;
	bounce_store_read_t *read;
	void *context;
	struct store_add_many many;
};

static int store_add_later_read(void *context, const char **error_r)
{
	struct store_add_later *later = context;
	const struct bounce_store_report *reports;
	unsigned int count;
	int ret = later->read(later->context, &reports, &count, error_r);

	if (ret > 0) {
		store_add_many_init(&later->many, later->store, reports, count,
				    later->pool);
	}
	return ret;
}

static int
store_add_later(struct bounce_transaction *trans, void *context,
		const char **error_r)
{
	struct store_add_later *later = context;

	return store_add_many(trans, &later->many, error_r);
}

void bounce_store_add_later(struct bounce_store *store, pool_t pool,
			    bounce_store_read_t *read,
			    bounce_store_added_t *done, void *context,
			    struct bounce_commit_later **later_r)
{
	struct store_add_later *later = p_new(pool, struct store_add_later, 1);

	later->store = store;
	later->pool = pool;
	later->read = read;
	later->context = context;
	bounce_commit_later(store, store_add_later_read, store_add_later, later,
			    done, context, later_r);
}

void bounce_store_add_cancel(struct bounce_commit_later *later)
{
	bounce_commit_later_cancel(later);
}

/*
 * Whose record it changed
 */

static const char *
store_added_find(const struct bounce_store_added *added, const char *input)
{
	const char *address, *counted, *error;

	if (input == NULL ||
	    bounce_address_normalize(pool_datastack_create(), input, &address,
				     &error) < 0)
		return NULL;
	array_foreach_elem(&added->counted, counted) {
		if (strcmp(counted, address) == 0)
			return counted;
	}
	return NULL;
}

const char *
bounce_store_added_address(const struct bounce_store_added *added,
			   const struct bounce_recipient *rcpt)
{
	const char *address;

	if (!array_is_created(&added->counted))
		return NULL;
	address = store_added_find(added, rcpt->address);
	return address != NULL ? address :
		store_added_find(added, rcpt->original_address);
}
