/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "bounce-access-mail.h"
#include "bounce-hold-ask.h"
#include "bounce-hold-note.h"
#include "bounce-hold-tell.h"
#include "bounce-sent-queue.h"
#include "bounce-user.h"
#include "policy-count.h"
#include "policy-user.h"

/* What is left to do once the client has its answer. */
struct policy_count {
	struct policy_user *pu;
	/* of pu, which has let go of it where the session ends */
	struct bounce_sent_queue *queue;
	pool_t pool;
	ARRAY_TYPE(bounce_hold) holds;
	/* to be asked for; NULL = holds are to be noted */
	const char *address;
	/* or told of, as the mail passed with so many others */
	bool tried;
	unsigned int others;
};

static struct bounce_sent_queue *count_queue(struct policy_user *pu)
{
	if (pu->queue == NULL)
		pu->queue = bounce_sent_queue_init(pu->bu, NULL);
	return pu->queue;
}

static void count_ask(struct policy_count *job)
{
	struct policy_user *pu = job->pu;
	struct bounce_hold hold;
	const char *error;

	if (bounce_hold_ask(pu->bu, job->pool, &job->address, 1, NULL,
			    ioloop_time, &hold, &error) < 0)
		e_debug(pu->bu->event, "Recipient is not looked up: %s", error);
	else
		bounce_hold_send_known(pu->user->event, &hold, 1);
}

static void count_note(struct policy_count *job)
{
	struct policy_user *pu = job->pu;
	struct bounce_sent_mail sent = { .when = ioloop_time };
	const struct bounce_hold *holds;
	const char *error;
	unsigned int count;

	holds = array_get(&job->holds, &count);
	if (bounce_hold_note(pu->bu, holds, count, NULL, ioloop_time, &sent.held,
			     &error) < 0)
		e_error(pu->bu->event, "Held recipients are not noted: %s",
			error);
	else if (sent.held > 0)
		bounce_sent_queue_add(job->queue, &sent);
}

static void count_tell(struct policy_count *job)
{
	struct bounce_hold_about about = {
		.sent = job->others, .tried = TRUE, .now = ioloop_time
	};
	const struct bounce_hold *holds;
	const char *error;
	unsigned int count;

	holds = array_get(&job->holds, &count);
	if (policy_user_open_mailboxes(job->pu, &error) < 0 ||
	    bounce_hold_tell_now(job->pu->bu, &about, holds, count,
				 &error) < 0) {
		e_error(job->pu->bu->event, "Recipients that were tried are not "
			"told: %s", error);
	}
}

static void count_run(void *context)
{
	struct policy_count *job = context;
	pool_t pool = job->pool;

	if (job->address != NULL)
		count_ask(job);
	else if (job->tried)
		count_tell(job);
	else
		count_note(job);
	pool_unref(&pool);
}

static struct policy_count *count_init(struct policy_user *pu)
{
	pool_t pool = pool_alloconly_create("bounce policy count", 1024);
	struct policy_count *job = p_new(pool, struct policy_count, 1);

	job->pool = pool;
	job->pu = pu;
	job->queue = count_queue(pu);
	p_array_init(&job->holds, pool, 4);
	return job;
}

void policy_count_known(struct policy_user *pu, const char *address)
{
	struct policy_count *job = count_init(pu);

	job->address = p_strdup(job->pool, address);
	bounce_sent_queue_run(job->queue, count_run, job);
}

/* Each address once. */
static void count_hold(struct policy_count *job, const struct bounce_hold *hold)
{
	const struct bounce_hold *other;

	array_foreach(&job->holds, other) {
		if (strcmp(other->address, hold->address) == 0)
			return;
	}
	bounce_hold_copy(job->pool, hold, array_append_space(&job->holds));
}

void policy_count_held(struct policy_user *pu, const struct bounce_hold *holds,
		       unsigned int count)
{
	struct policy_count *job = NULL;

	for (unsigned int i = 0; i < count; i++) {
		if (holds[i].decision != BOUNCE_HOLD_HOLD &&
		    holds[i].decision != BOUNCE_HOLD_AGAIN)
			continue;
		if (job == NULL)
			job = count_init(pu);
		count_hold(job, &holds[i]);
	}
	if (job != NULL)
		bounce_sent_queue_run(job->queue, count_run, job);
}

/* Each once. */
static const char *const *
t_count_addresses(const struct bounce_access_mail *mail, unsigned int *count_r)
{
	ARRAY_TYPE(const_string) addresses;
	const char *address, *last = NULL;
	ARRAY_TYPE(const_string) sorted;

	t_array_init(&sorted, array_count(&mail->recipients) + 1);
	array_append_array(&sorted, &mail->recipients);
	array_sort(&sorted, i_strcmp_p);
	t_array_init(&addresses, array_count(&sorted) + 1);
	array_foreach_elem(&sorted, address) {
		if (null_strcmp(address, last) != 0)
			array_push_back(&addresses, &address);
		last = address;
	}
	*count_r = array_count(&addresses);
	array_append_zero(&addresses);
	return array_front(&addresses);
}

/* Those who go once more have gone; who is held passes with the others, and is not. */
static void
count_again(struct policy_user *pu, const struct bounce_access_mail *mail)
{
	const struct bounce_hold *hold;

	array_foreach(&mail->holds, hold) {
		if (hold->decision == BOUNCE_HOLD_AGAIN)
			policy_count_held(pu, hold, 1);
	}
}

static void
count_tried(struct policy_user *pu, const struct bounce_access_mail *mail,
	    unsigned int recipients)
{
	struct policy_count *job;
	const struct bounce_hold *hold;

	if (mail->held == 0)
		return;
	job = count_init(pu);
	job->tried = TRUE;
	array_foreach(&mail->holds, hold) {
		if (hold->decision == BOUNCE_HOLD_HOLD)
			count_hold(job, hold);
	}
	job->others = recipients - I_MIN(array_count(&job->holds), recipients);
	bounce_sent_queue_run(job->queue, count_run, job);
}

void policy_count_mail(struct policy_user *pu, const struct bounce_access *data,
		       const struct bounce_access_mail *mail)
{
	struct bounce_sent_mail sent = { .verifiable = TRUE, .when = ioloop_time };
	unsigned int count;

	if (!pu->bu->set.record)
		return;
	count_again(pu, mail);
	sent.addresses = t_count_addresses(mail, &count);
	sent.open = !bounce_access_mail_is_exact(mail, data);
	/* of those that were refused it is not known who they are */
	sent.recipients = sent.open ? data->recipient_count : count;
	/* where a filter takes the mail first, there is no queue id yet */
	sent.queue_id = data->queue_id != NULL ? data->queue_id :
		data->instance;
	if (sent.queue_id != NULL)
		bounce_sent_queue_add(count_queue(pu), &sent);
	count_tried(pu, mail, sent.recipients);
}
