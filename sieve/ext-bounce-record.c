/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The user's dictionary, read and written from a script. */

#include "ext-bounce-common.h"
#include "array.h"
#include "ioloop.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-address.h"
#include "bounce-final.h"
#include "bounce-forgotten.h"
#include "bounce-handover.h"
#include "bounce-sent-mark.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "sieve-message.h"

/* Addresses that the scripts of one message may look up: each costs a lookup,
   and a script of the largest size could name some fifty thousand. */
#define EXT_BOUNCE_MAX_LOOKUPS 1000

/* One line for each message. */
static void
ext_bounce_dict_failed(struct ext_bounce_message *msg, struct bounce_user *bu,
		       const char *error)
{
	if (!msg->dict_complained)
		e_error(bu->event, "Sieve: %s", error);
	msg->dict_complained = TRUE;
}

/* Nobody asks it again for this message. */
static void
ext_bounce_dict_down(const struct ext_bounce_env *env,
		     struct ext_bounce_message *msg, const char *error)
{
	struct bounce_handover *delivery = ext_bounce_delivery(env);

	ext_bounce_dict_failed(msg, ext_bounce_user(env), error);
	msg->dict_down = TRUE;
	if (delivery != NULL)
		delivery->dict_down = TRUE;
}

static void
ext_bounce_store_failed(const struct ext_bounce_env *env,
			struct ext_bounce_message *msg,
			const struct bounce_store *store, const char *error)
{
	if (bounce_store_is_down(store))
		ext_bounce_dict_down(env, msg, error);
	else
		ext_bounce_dict_failed(msg, ext_bounce_user(env), error);
}

/* NULL: there is none for this message. */
static struct bounce_store *
ext_bounce_store(const struct ext_bounce_env *env,
		 struct ext_bounce_message *msg)
{
	struct bounce_handover *delivery = ext_bounce_delivery(env);
	struct bounce_user *bu = ext_bounce_user(env);
	struct bounce_store *store;
	const char *error;

	if (bu == NULL || msg->dict_down)
		return NULL;
	if (delivery != NULL && delivery->dict_down) {
		ext_bounce_dict_down(env, msg, "Dictionary did not answer a "
				     "moment ago, not asked again");
		return NULL;
	}
	if (delivery != NULL)
		bu->wait = delivery->wait;
	if (bounce_user_store(bu, &store, &error) < 0) {
		ext_bounce_dict_down(env, msg, error);
		return NULL;
	}
	return store;
}

static struct ext_bounce_lookup *
ext_bounce_lookup_cached(const struct ext_bounce_message *msg,
			 const char *address)
{
	struct ext_bounce_lookup *lookup;

	array_foreach_elem(&msg->lookups, lookup) {
		if (strcmp(lookup->address, address) == 0)
			return lookup;
	}
	return NULL;
}

static struct ext_bounce_lookup *
ext_bounce_lookup(const struct ext_bounce_env *env,
		  struct ext_bounce_message *msg, const char *address)
{
	pool_t pool = sieve_message_context_pool(env->msgctx);
	struct bounce_store *store = ext_bounce_store(env, msg);
	struct ext_bounce_lookup *lookup;
	const char *error, *normal;
	int ret;

	if (store == NULL || array_count(&msg->lookups) >= EXT_BOUNCE_MAX_LOOKUPS)
		return NULL;
	/* nothing the dictionary could fail at: a script may hand us anything */
	if (bounce_address_normalize(pool_datastack_create(), address, &normal,
				     &error) < 0)
		return NULL;
	lookup = p_new(pool, struct ext_bounce_lookup, 1);
	lookup->address = p_strdup(pool, address);
	ret = bounce_final_lookup(store, pool, address, ioloop_time,
				  &lookup->rec, &error);
	/* a record that is damaged is none */
	if (ret < 0)
		ext_bounce_store_failed(env, msg, store, error);
	lookup->found = ret > 0;
	array_push_back(&msg->lookups, &lookup);
	return lookup;
}

double ext_bounce_record_score(const struct ext_bounce_env *env,
			       const struct bounce_record *rec)
{
	return bounce_policy_score(&ext_bounce_user(env)->set.policy, rec,
				   ioloop_time);
}

const struct bounce_record *
ext_bounce_record_get(const struct ext_bounce_env *env, const char *address)
{
	struct ext_bounce_message *msg = ext_bounce_message_get(env);
	struct ext_bounce_lookup *lookup;

	lookup = ext_bounce_lookup_cached(msg, address);
	if (lookup == NULL)
		lookup = ext_bounce_lookup(env, msg, address);
	return lookup == NULL || !lookup->found ? NULL : &lookup->rec;
}

/* A mail that is moved later is recorded as of when it came, as scan does. */
static time_t ext_bounce_received(const struct ext_bounce_env *env)
{
	time_t when;

	if (mail_get_received_date(env->eenv->msgdata->mail, &when) < 0 ||
	    when <= 0)
		return ioloop_time;
	return I_MIN(when, ioloop_time);
}

/* As the mail plugin does in a delivery. */
static void ext_bounce_mark_failed(const struct ext_bounce_env *env)
{
	struct bounce_user *bu = ext_bounce_user(env);
	const char *error;

	if (ext_bounce_evidence(env) >= BOUNCE_EVIDENCE_VERIFIED &&
	    bounce_sent_mark_failed(bu, ext_bounce_report(env), ioloop_time,
			       &error) < 0)
		e_error(bu->event, "Sieve: Sent mail is not marked: %s", error);
}

static void ext_bounce_unmark_forgotten(const struct ext_bounce_env *env)
{
	struct bounce_user *bu = ext_bounce_user(env);
	const char *error;

	if (bounce_forgotten_unmark(bu, ext_bounce_report(env), &error) < 0)
		e_error(bu->event, "Sieve: Report keeps its mark: %s", error);
}

void ext_bounce_learn(const struct ext_bounce_env *env)
{
	struct ext_bounce_message *msg = ext_bounce_message_get(env);
	struct bounce_handover *delivery = ext_bounce_delivery(env);
	struct bounce_store *store;
	const char *error;
	int ret;

	if (delivery != NULL) {
		delivery->learn = TRUE;
		return;
	}
	store = ext_bounce_store(env, msg);
	/* bounce_record = no is the user's word too */
	if (store == NULL || !ext_bounce_user(env)->set.record)
		return;
	ret = bounce_store_add(store, ext_bounce_report(env),
			       ext_bounce_evidence(env),
			       ext_bounce_received(env),
			       sieve_message_context_pool(env->msgctx),
			       NULL,
			       &error);
	if (ret < 0)
		ext_bounce_store_failed(env, msg, store, error);
	else if (ret > 0) {
		ext_bounce_mark_failed(env);
		ext_bounce_unmark_forgotten(env);
	}
}

/* Does the record go with this report? What a person, a complaint or an import
   said is not the report's to take back, nor is what other reports said. */
static bool
ext_bounce_record_is_from(const struct bounce_record *rec,
			  const struct bounce_incident *incident)
{
	const char *id;

	if (!bounce_record_clears(rec))
		return FALSE;
	array_foreach_elem(&rec->recent, id) {
		if (strcmp(id, incident->report_id) == 0)
			return TRUE;
	}
	return FALSE;
}

static int
ext_bounce_forget_one(struct bounce_user *bu, struct bounce_store *store,
		      pool_t pool, const struct bounce_incident *incident,
		      const char **error_r)
{
	struct bounce_record rec;
	const char *error;
	int ret;

	ret = bounce_store_lookup(store, pool, incident->address, ioloop_time,
				  &rec, error_r);
	if (ret <= 0 || !ext_bounce_record_is_from(&rec, incident))
		return ret;
	ret = bounce_store_remove(store, incident->address, error_r);
	if (ret > 0 && bounce_sent_mark_cleared(bu, &rec, ioloop_time, &error) < 0)
		e_error(bu->event, "Sieve: Sent mail keeps its mark: %s",
			error);
	if (ret > 0 && bounce_forgotten_mark(bu, &rec, &error) < 0)
		e_error(bu->event, "Sieve: Report is not marked: %s", error);
	return ret;
}

void ext_bounce_forget(const struct ext_bounce_env *env)
{
	struct ext_bounce_message *msg = ext_bounce_message_get(env);
	struct bounce_handover *delivery = ext_bounce_delivery(env);
	struct bounce_user *bu = ext_bounce_user(env);
	struct bounce_store *store;
	const struct bounce_incident *incident;
	ARRAY_TYPE(bounce_incident) incidents;
	const char *error;
	pool_t pool;

	if (delivery != NULL)
		delivery->learn = FALSE;
	store = ext_bounce_store(env, msg);
	if (store == NULL || !bu->set.record)
		return;
	pool = pool_alloconly_create("bounce forget", 4096);
	p_array_init(&incidents, pool, 4);
	bounce_incidents_read(pool, ext_bounce_report(env),
			      ext_bounce_evidence(env),
			      ext_bounce_received(env), &incidents);
	array_foreach(&incidents, incident) {
		if (ext_bounce_forget_one(bu, store, pool, incident,
					  &error) < 0) {
			ext_bounce_store_failed(env, msg, store, error);
			break;
		}
	}
	pool_unref(&pool);
}
