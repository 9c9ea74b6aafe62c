/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-forgotten.h"
#include "bounce-sent-mark.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "bounce-verb.h"

struct verb {
	struct bounce_user *bu;
	const char *address;
	time_t now;
	/* NULL = remove */
	bounce_store_change_t *change;
	/* of add (NULL = as it is), of correct */
	const struct bounce_reason *reason;
	const char *corrected;
	/* the address's failures are done with; as if they had never been */
	bool clears, forgets;
};

/* The user's own copies of the mails that failed to this address: nobody need
   care for them any more. */
static void verb_unmark(const struct verb *verb,
			const struct bounce_record *before)
{
	const char *error;

	if (bounce_sent_mark_cleared(verb->bu, before, verb->now, &error) < 0) {
		e_error(verb->bu->event, "Sent mail keeps its mark $Bounced: %s",
			error);
	}
}

/* Their reports count no more, whoever reads them. */
static void verb_forget(const struct verb *verb,
			const struct bounce_record *before)
{
	const char *error;

	if (bounce_forgotten_mark(verb->bu, before, &error) < 0) {
		e_error(verb->bu->event, "Reports are not marked as forgotten: "
			"%s", error);
	}
}

static int
verb_run_pool(struct verb *verb, pool_t pool, const char **error_r)
{
	struct bounce_store *store;
	struct bounce_record before;
	const char *error;
	int ret, found;

	if (bounce_user_store(verb->bu, &store, error_r) < 0)
		return -1;
	/* what is damaged is changed all the same */
	found = bounce_store_lookup(store, pool, verb->address, verb->now,
				    &before, &error);
	ret = verb->change == NULL ?
		bounce_store_remove(store, verb->address, error_r) :
		bounce_store_change(store, verb->address, verb->now,
				    verb->change, verb, error_r);
	if (ret > 0 && found > 0 && verb->clears)
		verb_unmark(verb, &before);
	if (ret > 0 && found > 0 && verb->forgets)
		verb_forget(verb, &before);
	return ret;
}

static int verb_run(struct verb *verb, const char **error_r)
{
	pool_t pool = pool_alloconly_create("bounce verb", 2048);
	int ret = verb_run_pool(verb, pool, error_r);

	pool_unref(&pool);
	return ret;
}

static bool verb_add_change(pool_t pool ATTR_UNUSED, struct bounce_record *rec,
			    bool exists ATTR_UNUSED, void *context)
{
	const struct verb *verb = context;

	bounce_record_suppress(rec, BOUNCE_BY_USER, verb->reason, verb->now);
	return TRUE;
}

int bounce_verb_add(struct bounce_user *bu, const char *address,
		    const struct bounce_reason *reason, time_t now,
		    const char **error_r)
{
	struct verb verb = {
		.bu = bu, .address = address, .now = now, .reason = reason,
		.change = verb_add_change
	};

	return verb_run(&verb, error_r);
}

static bool
verb_release_change(pool_t pool, struct bounce_record *rec,
		    bool exists, void *context)
{
	const struct verb *verb = context;

	if (exists)
		bounce_record_release(rec, pool, BOUNCE_BY_USER, verb->now);
	return exists;
}

int bounce_verb_release(struct bounce_user *bu, const char *address,
			time_t now, const char **error_r)
{
	struct verb verb = {
		.bu = bu, .address = address, .now = now, .clears = TRUE,
		.forgets = TRUE, .change = verb_release_change
	};

	return verb_run(&verb, error_r);
}

static bool
verb_correct_change(pool_t pool, struct bounce_record *rec,
		    bool exists ATTR_UNUSED, void *context)
{
	const struct verb *verb = context;

	bounce_record_correct(rec, pool, verb->corrected, BOUNCE_BY_USER,
			      verb->now);
	return TRUE;
}

int bounce_verb_correct(struct bounce_user *bu, const char *address,
			const char *corrected, time_t now,
			const char **error_r)
{
	struct verb verb = {
		.bu = bu, .address = address, .now = now, .clears = TRUE,
		.corrected = corrected, .change = verb_correct_change
	};

	return verb_run(&verb, error_r);
}

int bounce_verb_remove(struct bounce_user *bu, const char *address,
		       time_t now, const char **error_r)
{
	struct verb verb = {
		.bu = bu, .address = address, .now = now, .clears = TRUE,
		.forgets = TRUE
	};

	return verb_run(&verb, error_r);
}
