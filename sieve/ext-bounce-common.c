/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The Sieve instance's and the message's contexts: who classified the mail. */

#include "ext-bounce-common.h"
#include "istream.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "master-service.h"
#include "smtp-address.h"
#include "bounce-classify.h"
#include "bounce-handover.h"
#include "bounce-rules.h"
#include "bounce-user.h"
#include "bounce-verify.h"
#include "sieve-execute.h"
#include "sieve-message.h"

/* Sieve instance */

int ext_bounce_context_init(const struct sieve_extension *ext,
			    struct ext_bounce_context **context_r)
{
	struct ext_bounce_context *ectx = i_new(struct ext_bounce_context, 1);

	if (sieve_bounce_variables(ext->svinst, &ectx->var_ext) < 0) {
		i_free(ectx);
		return -1;
	}
	*context_r = ectx;
	return 0;
}

void ext_bounce_context_deinit(struct ext_bounce_context **_ectx)
{
	struct ext_bounce_context *ectx = *_ectx;

	*_ectx = NULL;
	if (ectx == NULL)
		return;
	if (ectx->bu != NULL)
		bounce_user_deinit(&ectx->bu);
	if (ectx->rules != NULL)
		bounce_rules_free(&ectx->rules);
	i_free(ectx);
}

struct bounce_user *ext_bounce_user(const struct ext_bounce_env *env)
{
	struct ext_bounce_context *ectx = env->ext->context;

	if (ectx->bu == NULL && env->eenv->scriptenv->user != NULL)
		ectx->bu = bounce_user_init(env->eenv->scriptenv->user);
	return ectx->bu;
}

/* Read once for each Sieve instance: outside a delivery that is once for each
   run of a tool, and once for each IMAP session. */
static void
ext_bounce_rules_load(struct ext_bounce_context *ectx, struct bounce_user *bu)
{
	ARRAY_TYPE(const_string) errors;

	t_array_init(&errors, 4);
	ectx->rules = bounce_rules_load(bu->set.rules_dirs, &errors);
	if (!array_is_empty(&errors)) {
		e_error(bu->event, "Rules: %u of their files or lines passed "
			"over (see doveadm bounce rules check), the first: %s",
			array_count(&errors), array_idx_elem(&errors, 0));
	}
}

static const struct bounce_rules *
ext_bounce_rules(const struct ext_bounce_env *env)
{
	struct ext_bounce_context *ectx = env->ext->context;
	struct bounce_user *bu = ext_bounce_user(env);

	if (ectx->rules == NULL && bu != NULL)
		ext_bounce_rules_load(ectx, bu);
	return ectx->rules;
}

/* Message */

struct bounce_handover *ext_bounce_delivery(const struct ext_bounce_env *env)
{
	struct event *event = env->eenv->svinst->event;
	struct bounce_handover *delivery = NULL;

	while (event != NULL && delivery == NULL) {
		delivery = event_get_ptr(event, BOUNCE_HANDOVER_EVENT_KEY);
		event = event_get_parent(event);
	}
	if (delivery != NULL && delivery->layout != BOUNCE_HANDOVER_LAYOUT)
		return NULL;
	return delivery;
}

void ext_bounce_delivery_ignore(const struct ext_bounce_env *env)
{
	struct bounce_handover *delivery = ext_bounce_delivery(env);

	if (delivery != NULL)
		delivery->ignore = TRUE;
}

/* Without -f and -r, the tools make up an envelope from the headers. */
static bool ext_bounce_has_envelope(const struct ext_bounce_env *env)
{
	return (env->eenv->flags & SIEVE_EXECUTE_FLAG_NO_ENVELOPE) == 0 &&
		strncmp(master_service_get_name(master_service), "sieve",
			5) != 0;
}

/* The sender of the envelope as bounce_classify_read() wants it. */
static const char *ext_bounce_mail_from(const struct ext_bounce_env *env)
{
	const struct smtp_address *from = env->eenv->msgdata->envelope.mail_from;

	if (!ext_bounce_has_envelope(env) || from == NULL)
		return NULL;
	return smtp_address_isnull(from) ? "" : smtp_address_encode(from);
}

static int
ext_bounce_classify(const struct ext_bounce_env *env, pool_t pool,
		    struct bounce_report **report_r, const char **error_r)
{
	const struct bounce_envelope envelope = {
		.mail_from = ext_bounce_mail_from(env),
	};
	/* as it came: "editheader" does not change what it reports */
	struct mail *mail = env->eenv->msgdata->mail;
	struct istream *input;
	int ret;

	if (mail_get_stream(mail, NULL, NULL, &input) < 0) {
		*error_r = mailbox_get_last_internal_error(mail->box, NULL);
		return -1;
	}
	i_stream_seek(input, 0);
	ret = bounce_classify_read(input, &envelope, pool, report_r, error_r);
	if (ret > 0)
		bounce_classify_judge(ext_bounce_rules(env), pool, *report_r);
	return ret;
}

struct ext_bounce_message *
ext_bounce_message_get(const struct ext_bounce_env *env)
{
	struct ext_bounce_message *msg = (struct ext_bounce_message *)
		sieve_message_context_extension_get(env->msgctx, env->ext);
	pool_t pool;

	if (msg == NULL) {
		pool = sieve_message_context_pool(env->msgctx);
		msg = p_new(pool, struct ext_bounce_message, 1);
		p_array_init(&msg->lookups, pool, 2);
		/* the next command of the client */
		if (ext_bounce_user(env) != NULL)
			bounce_wait_renew(&ext_bounce_user(env)->own_wait);
		sieve_message_context_extension_set(env->msgctx, env->ext, msg);
	}
	return msg;
}

static struct bounce_report *
ext_bounce_report_make(const struct ext_bounce_env *env)
{
	pool_t pool = sieve_message_context_pool(env->msgctx);
	struct bounce_report *report = NULL;
	const char *error = NULL;

	if (ext_bounce_classify(env, pool, &report, &error) < 0)
		e_error(env->eenv->event, "bounce: "
			"Cannot read the mail to classify it: %s", error);
	if (report == NULL) {
		report = p_new(pool, struct bounce_report, 1);
		p_array_init(&report->original_to, pool, 1);
		p_array_init(&report->recipients, pool, 1);
	}
	return report;
}

const struct bounce_report *ext_bounce_report(const struct ext_bounce_env *env)
{
	struct ext_bounce_message *msg = ext_bounce_message_get(env);
	struct bounce_handover *delivery;

	if (msg->report != NULL)
		return msg->report;
	delivery = ext_bounce_delivery(env);
	if (delivery == NULL) {
		msg->report = msg->own = ext_bounce_report_make(env);
	} else {
		msg->report = delivery->report;
		msg->evidence = delivery->evidence;
		msg->evidence_known = TRUE;
	}
	return msg->report;
}

/* Where the mail plugin did not do it: of no session that we know. */
static void
ext_bounce_verify(const struct ext_bounce_env *env, struct bounce_user *bu,
		  struct ext_bounce_message *msg)
{
	struct bounce_arrival arrival = {
		.mail_from = ext_bounce_mail_from(env), .stored = TRUE
	};
	struct bounce_judgement judgement;

	if (mail_get_stream(env->eenv->msgdata->mail, NULL, NULL,
			    &arrival.input) < 0)
		return;
	bounce_verify_report(bu, msg->own, &arrival,
			     sieve_message_context_pool(env->msgctx),
			     &judgement);
	msg->evidence = judgement.evidence;
}

enum bounce_evidence ext_bounce_evidence(const struct ext_bounce_env *env)
{
	struct ext_bounce_message *msg = ext_bounce_message_get(env);
	struct bounce_user *bu;

	(void)ext_bounce_report(env);
	if (msg->evidence_known)
		return msg->evidence;
	bu = ext_bounce_user(env);
	if (bu != NULL) {
		ext_bounce_verify(env, bu, msg);
	}
	msg->evidence_known = TRUE;
	return msg->evidence;
}

const struct bounce_recipient *
ext_bounce_report_first(const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->action == BOUNCE_ACTION_FAILED)
			return rcpt;
	}
	return array_is_empty(&report->recipients) ? NULL :
		array_front(&report->recipients);
}

bool ext_bounce_recipient_is_judged(const struct bounce_recipient *rcpt)
{
	return rcpt->verdict.reason != NULL &&
		(rcpt->action == BOUNCE_ACTION_FAILED ||
		 rcpt->action == BOUNCE_ACTION_DELAYED);
}
