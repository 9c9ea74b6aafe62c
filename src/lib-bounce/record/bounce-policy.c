/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The policies: what a failure does to a record. Each is a sentence of the
   manual's section POLICIES; the clock is a parameter. */

#include "lib.h"
#include "str.h"
#include "bounce-limits.h"
#include "bounce-reason.h"
#include "bounce-record-private.h"

#define DAY (24 * 3600)

/* A soft failure suppresses when it came on so many days, first to last so far
   apart: a provider's bad week-end is no reason. */
#define SOFT_MIN_DAYS 3
#define SOFT_MIN_SPAN (7 * DAY)
/* Accounts are switched on again and domains registered again. */
#define HARD_SHORT_KEEP (90 * DAY)
/* A soft suppression is a lease: each one that follows is longer. */
static const time_t leases[] = { 7 * DAY, 30 * DAY, 90 * DAY };
/* What a soft failure weighs whose reason is hard otherwise (4.2.1), in
   hundredths. */
#define SOFT_WEIGHT_MAX 100

void bounce_policy_init(struct bounce_policy *policy_r)
{
	i_zero(policy_r);
	policy_r->threshold = 3;
	policy_r->half_life = 14 * DAY;
	policy_r->forget = 30 * DAY;
	policy_r->keep_hard = 365 * DAY;
	policy_r->evidence = BOUNCE_EVIDENCE_VERIFIED;
}

enum bounce_evidence bounce_policy_least(const struct bounce_policy *policy)
{
	return I_MIN(policy->evidence, BOUNCE_EVIDENCE_PLAUSIBLE);
}

static bool policy_is_own(const struct bounce_record *rec)
{
	return rec->by == BOUNCE_BY_BOUNCE;
}

static double policy_incident_weight(const struct bounce_incident *incident)
{
	unsigned int weight = incident->reason->weight;

	if (incident->class != BOUNCE_CLASS_HARD && weight > SOFT_WEIGHT_MAX)
		weight = SOFT_WEIGHT_MAX;
	return weight / 100.0;
}

/* Soft scores halve for each whole half-life without a bounce that scored.
   Steps, so that three bounces on three days of a week weigh three. */
double bounce_policy_score(const struct bounce_policy *policy,
			   const struct bounce_record *rec, time_t now)
{
	time_t halvings;

	if (rec->class == BOUNCE_CLASS_HARD || policy->half_life == 0 ||
	    rec->scored == 0 || now <= rec->scored)
		return rec->score;
	halvings = (now - rec->scored) / policy->half_life;
	return halvings > 60 ? 0 : rec->score / ((uint64_t)1 << halvings);
}

const char *bounce_policy_score_text(double score)
{
	const char *text = t_strdup_printf("%.2f", score);
	size_t len = strlen(text);

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	return t_strndup(text, len);
}

/*
 * Counting
 */

static void
policy_remember_unscored(pool_t pool, struct bounce_record *rec, const char *id)
{
	if (id != NULL && !bounce_record_list_has(&rec->originals, id) &&
	    !bounce_record_list_has(&rec->unscored, id))
		bounce_record_list_add(&rec->unscored, pool, id);
}

static void
policy_take_addresses(pool_t pool, struct bounce_record *rec,
	       const struct bounce_incident *incident)
{
	if (incident->original_address != NULL)
		rec->original_address =
			p_strdup(pool, incident->original_address);
	if (incident->final_address != NULL)
		rec->final_address = p_strdup(pool, incident->final_address);
}

static void
policy_count_report(pool_t pool, struct bounce_record *rec,
	     const struct bounce_incident *incident)
{
	bounce_record_report_add(rec, pool, incident->report_id);
	rec->count++;
	if (rec->first == 0 || incident->when < rec->first)
		rec->first = incident->when;
	if (incident->when > rec->last)
		rec->last = incident->when;
	if (incident->evidence > rec->evidence)
		rec->evidence = incident->evidence;
	policy_take_addresses(pool, rec, incident);
	policy_remember_unscored(pool, rec, incident->original_message_id);
}

static bool
policy_is_same_day(const struct bounce_record *rec,
	    const struct bounce_incident *incident)
{
	return rec->scored != 0 && rec->scored / DAY == incident->when / DAY;
}

/* Each day (UTC) once, with the greatest weight of its failures, and each
   original message once, but for the first that calls the address dead: nothing
   softer shields that. What came before a person released the address is
   settled. */
static bool
policy_may_score(const struct bounce_record *rec,
		 const struct bounce_incident *incident)
{
	if (incident->when < rec->released)
		return FALSE;
	if (policy_is_same_day(rec, incident)) {
		if (incident->class != rec->class &&
		    rec->class == BOUNCE_CLASS_HARD)
			return FALSE;
		return policy_incident_weight(incident) * 100 > rec->weight + 0.5;
	}
	if (incident->class == BOUNCE_CLASS_HARD &&
	    rec->class != BOUNCE_CLASS_HARD && rec->released == 0)
		return TRUE;
	return incident->original_message_id == NULL ||
		!bounce_record_list_has(&rec->originals,
				 incident->original_message_id);
}

/* Soft failures neither help in calling an address dead nor add to one that
   is. */
static double
policy_new_score(const struct bounce_policy *policy,
		 const struct bounce_record *rec,
		 const struct bounce_incident *incident)
{
	double weight = policy_incident_weight(incident);
	double score = bounce_policy_score(policy, rec, incident->when);

	if (incident->class == BOUNCE_CLASS_HARD &&
	    rec->class != BOUNCE_CLASS_HARD)
		return I_MAX(weight, I_MIN(score, policy->threshold / 2));
	if (policy_is_same_day(rec, incident))
		score -= rec->weight / 100.0;
	return I_MAX(score, 0) + weight;
}

static bool
policy_is_dead(const struct bounce_record *rec)
{
	return rec->class == BOUNCE_CLASS_HARD &&
		rec->state == BOUNCE_STATE_SUPPRESSED;
}

static void
policy_add_score(const struct bounce_policy *policy, pool_t pool,
		 struct bounce_record *rec,
		 const struct bounce_incident *incident)
{
	if (policy_incident_weight(incident) == 0 ||
	    !policy_may_score(rec, incident) ||
	    (policy_is_dead(rec) && incident->class != BOUNCE_CLASS_HARD))
		return;
	rec->score = policy_new_score(policy, rec, incident);
	if (!policy_is_same_day(rec, incident))
		rec->days++;
	rec->weight = policy_incident_weight(incident) * 100 + 0.5;
	if (incident->when > rec->scored)
		rec->scored = incident->when;
	if (rec->since == 0 || incident->when < rec->since)
		rec->since = incident->when;
	if (incident->original_message_id != NULL)
		bounce_record_list_add(&rec->originals, pool,
				incident->original_message_id);
}

/* Whose words the record shows: of those that blame the address the latest, of
   those that call it dead before all others. */
static bool
policy_decides(const struct bounce_record *rec,
	       const struct bounce_incident *incident)
{
	if (rec->reason == NULL || incident->complaint)
		return TRUE;
	if (!policy_is_own(rec) && rec->state == BOUNCE_STATE_SUPPRESSED)
		return FALSE;
	if (policy_is_dead(rec))
		return incident->class == BOUNCE_CLASS_HARD;
	return policy_incident_weight(incident) > 0 || rec->score == 0;
}

static void
policy_take_words(pool_t pool, struct bounce_record *rec,
		  const struct bounce_incident *incident)
{
	rec->class = incident->class;
	rec->side = incident->side;
	rec->reason = incident->reason->name;
	rec->status = p_strdup(pool, incident->status);
	rec->reply = p_strdup(pool, incident->reply);
	rec->diagnostic = p_strdup(pool, incident->diagnostic);
	rec->remote_mta = p_strdup(pool, incident->remote_mta);
	rec->original_message_id = p_strdup(pool, incident->original_message_id);
}

/*
 * State
 */

static bool
policy_reaches_threshold(const struct bounce_policy *policy,
			 const struct bounce_record *rec)
{
	/* scores are sums of hundredths */
	if (rec->score + 0.001 < policy->threshold)
		return FALSE;
	return rec->class == BOUNCE_CLASS_HARD ||
		(rec->days >= SOFT_MIN_DAYS &&
		 rec->scored - rec->since >= SOFT_MIN_SPAN);
}

static time_t policy_after(time_t from, time_t seconds)
{
	return seconds == 0 ? 0 : from + seconds;
}

static time_t
policy_suppressed_until(const struct bounce_policy *policy,
			const struct bounce_record *rec)
{
	time_t keep = policy->keep_hard;

	if (rec->class != BOUNCE_CLASS_HARD) {
		unsigned int lease = I_MAX(rec->lease, 1);

		return rec->last + leases[I_MIN(lease, N_ELEMENTS(leases)) - 1];
	}
	if (keep > HARD_SHORT_KEEP && rec->reason != NULL &&
	    (strcmp(rec->reason, "mailbox-disabled") == 0 ||
	     strcmp(rec->reason, "domain-unknown") == 0))
		keep = HARD_SHORT_KEEP;
	return policy_after(rec->last, keep);
}

static void
policy_complain(struct bounce_record *rec)
{
	if (rec->state == BOUNCE_STATE_SUPPRESSED && !policy_is_own(rec))
		return;
	rec->state = BOUNCE_STATE_SUPPRESSED;
	rec->by = BOUNCE_BY_COMPLAINT;
	rec->until = 0;
}

static void
policy_update_state(const struct bounce_policy *policy,
		    struct bounce_record *rec)
{
	if (rec->state == BOUNCE_STATE_CORRECTED ||
	    (rec->state == BOUNCE_STATE_SUPPRESSED && !policy_is_own(rec)))
		return;
	if (policy_reaches_threshold(policy, rec)) {
		if (rec->state != BOUNCE_STATE_SUPPRESSED &&
		    rec->class != BOUNCE_CLASS_HARD)
			rec->lease++;
		rec->state = BOUNCE_STATE_SUPPRESSED;
		rec->by = BOUNCE_BY_BOUNCE;
	}
	if (rec->state == BOUNCE_STATE_SUPPRESSED)
		rec->until = policy_suppressed_until(policy, rec);
	else if (rec->state == BOUNCE_STATE_WATCHED)
		rec->until = policy_after(rec->last, policy->forget);
}

/* A record that has lapsed starts anew. After a soft lease the failures before
   it are not forgotten at once: the next suppression is longer. */
static void
policy_restart_lapsed(const struct bounce_policy *policy, pool_t pool,
		      struct bounce_record *rec, time_t now)
{
	struct bounce_record old = *rec;

	if (!bounce_record_lapsed(rec, now))
		return;
	if (old.state == BOUNCE_STATE_SUPPRESSED &&
	    old.class != BOUNCE_CLASS_HARD && policy->forget > 0 &&
	    now < old.until + (time_t)policy->forget) {
		rec->state = BOUNCE_STATE_WATCHED;
		return;
	}
	bounce_record_init(rec, pool, old.address);
	rec->unknown = old.unknown;
	bounce_record_member_take(BOUNCE_MEMBER_COUNTED, rec, &old);
}

/* What is only plausible is shown as such, and adds to nothing. Its words are
   where nothing was proven yet. */
static bool
policy_count_unproven(const struct bounce_policy *policy, pool_t pool,
	       struct bounce_record *rec,
	       const struct bounce_incident *incident)
{
	if (bounce_record_list_has(&rec->doubts, incident->report_id))
		return FALSE;
	policy_restart_lapsed(policy, pool, rec, incident->when);
	bounce_record_list_add(&rec->doubts, pool, incident->report_id);
	rec->unproven++;
	if (rec->count > 0 || !policy_is_own(rec) ||
	    rec->state != BOUNCE_STATE_WATCHED)
		return TRUE;
	policy_take_words(pool, rec, incident);
	policy_take_addresses(pool, rec, incident);
	rec->evidence = incident->evidence;
	if (rec->first == 0 || incident->when < rec->first)
		rec->first = incident->when;
	if (incident->when > rec->last)
		rec->last = incident->when;
	rec->until = policy_after(rec->last, policy->forget);
	return TRUE;
}

bool bounce_policy_count(const struct bounce_policy *policy, pool_t pool,
			 struct bounce_record *rec,
			 const struct bounce_incident *incident)
{
	bool shown;

	if (bounce_record_report_has(rec, incident->report_id))
		return FALSE;
	if (incident->evidence < policy->evidence)
		return policy_count_unproven(policy, pool, rec, incident);
	policy_restart_lapsed(policy, pool, rec, incident->when);
	if (rec->unproven > 0) {
		if (rec->count == 0 && policy_is_own(rec))
			rec->reason = NULL;
		/* one that was proven proves those before it; they count, but
		   without a score of their own */
		rec->count += bounce_record_report_settle(rec, pool,
			incident->report_id);
	}
	shown = policy_decides(rec, incident);
	/* before the words: a score decays by the class that it has */
	policy_add_score(policy, pool, rec, incident);
	if (shown)
		policy_take_words(pool, rec, incident);
	policy_count_report(pool, rec, incident);
	if (incident->complaint)
		policy_complain(rec);
	else
		policy_update_state(policy, rec);
	return TRUE;
}

/* Members that others added are no difference. */
static bool
policy_is_same(const struct bounce_record *a, const struct bounce_record *b)
{
	struct bounce_record bare = *a;
	bool ret;

	bare.unknown = NULL;
	T_BEGIN {
		ret = strcmp(bounce_record_encode(&bare),
			     bounce_record_encode(b)) == 0;
	} T_END;
	return ret;
}

/* Does the record know of a report that is not among these? */
static bool
policy_list_knows_more(const ARRAY_TYPE(const_string) *list,
		const struct bounce_incident *const *incidents,
		unsigned int count)
{
	const char *id;
	unsigned int i;

	array_foreach_elem(list, id) {
		for (i = 0; i < count; i++) {
			if (strcmp(incidents[i]->report_id, id) == 0)
				break;
		}
		if (i == count)
			return TRUE;
	}
	return FALSE;
}

static bool
policy_knows_more(const struct bounce_record *rec,
	   const struct bounce_incident *const *incidents, unsigned int count)
{
	return policy_list_knows_more(&rec->recent, incidents, count) ||
		policy_list_knows_more(&rec->doubts, incidents, count);
}

bool bounce_policy_merge(const struct bounce_policy *policy, pool_t pool,
			 struct bounce_record *rec,
			 const struct bounce_record *_rebuilt,
			 const struct bounce_incident *const *incidents,
			 unsigned int count)
{
	const char *unknown = rec->unknown;
	struct bounce_record rebuilt = *_rebuilt;
	bool changed = FALSE;

	bounce_record_member_take(BOUNCE_MEMBER_KEPT, &rebuilt, rec);

	if (policy_is_own(rec) &&
	    /* what was proven stays so, though the proof may be gone: the copy in
	       Sent, a token's key, an envelope */
	    rebuilt.count >= rec->count &&
	    rebuilt.count + rebuilt.unproven >= rec->count + rec->unproven &&
	    !policy_knows_more(rec, incidents, count)) {
		changed = !policy_is_same(rec, &rebuilt);
		if (changed) {
			bounce_record_copy(pool, &rebuilt, rec);
			rec->unknown = unknown;
		}
		return changed;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (bounce_policy_count(policy, pool, rec, incidents[i]))
			changed = TRUE;
	}
	return changed;
}
