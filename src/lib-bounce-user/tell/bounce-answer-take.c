/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-user.h"
#include "bounce-answer-id.h"
#include "bounce-answer-store.h"
#include "bounce-answer-take.h"
#include "bounce-key.h"
#include "bounce-message.h"
#include "bounce-notice-store.h"
#include "bounce-sent-copy.h"
#include "bounce-store.h"
#include "bounce-string.h"
#include "bounce-submitted.h"
#include "bounce-tell-box.h"
#include "bounce-tell-write.h"
#include "bounce-texts-cache.h"
#include "bounce-unmatched.h"
#include "bounce-user.h"
#include "bounce-verb.h"

/* Of those that nobody proves no more is told in a day: who has seen a notice
   must not be able to use up the person's own answers. */
#define MAX_UNPROVEN_DAY 10
/* Except what became of answers. */
#define ALL_KINDS ((1U << BOUNCE_TELL_KIND_COUNT) - 1)

struct take {
	struct bounce_user *bu;
	const struct bounce_answer_mail *mail;
	struct bounce_answer_plan *plan;
	struct bounce_message *message;
	ARRAY_TYPE(bounce_token_key) keys;
	const char *digest;
};

/*
 * Is it one?
 */

static bool take_is_notice(struct take *take)
{
	struct bounce_user *bu = take->bu;
	const char *error;

	t_array_init(&take->keys, 2);
	if (bounce_key_read(bu, FALSE, &take->keys, &error) < 0) {
		e_error(bu->event, "Answers to notices cannot be verified: %s",
			error);
		return FALSE;
	}
	return bounce_answer_id_verify(&take->keys, take->mail->notice_id,
				       bu->user->username, take->mail->now,
				       &take->plan->kind);
}

/* RFC 3834, and lists: nobody wrote it to us. */
static bool take_is_automatic(const struct bounce_message *message)
{
	static const char *const bulk[] = { "bulk", "list", "junk", NULL };
	const char *value = bounce_message_header(message, "Auto-Submitted");

	if (value != NULL && strcasecmp(value, "no") != 0)
		return TRUE;
	value = bounce_message_header(message, "Precedence");
	return bounce_message_has(message, "List-Id") ||
		(value != NULL && str_array_icase_find(bulk, value));
}

/* One of the user's addresses, or the one that the notice went to. */
static bool take_is_own(struct take *take)
{
	const char *from = bounce_message_author(take->message,
						 take->plan->pool);

	take->plan->from = from;
	return from != NULL &&
		(strcasecmp(from, take->mail->address) == 0 ||
		 bounce_submitted_is_own(take->bu, from));
}

static bool take_is_answer(struct take *take)
{
	const struct bounce_arrival *arrival = &take->mail->arrival;
	const char *id;

	if (!take->bu->set.answers || !take->bu->set.record ||
	    (arrival->mail_from != NULL && *arrival->mail_from == '\0') ||
	    !take_is_notice(take))
		return FALSE;
	i_stream_seek(arrival->input, 0);
	if (bounce_message_read_header(arrival->input, take->plan->pool,
				       &take->message) < 0)
		return FALSE;
	i_stream_seek(arrival->input, 0);
	id = bounce_message_header(take->message, "Message-ID");
	take->plan->message_id = id == NULL ? NULL :
		bounce_header_message_id(take->plan->pool, id);
	return take->plan->message_id != NULL &&
		!take_is_automatic(take->message) && take_is_own(take);
}

/*
 * Who sent it?
 */

/* A copy of the same mail that the user's client saved to Sent. */
static bool take_is_copied(struct take *take)
{
	const char *text, *error;
	int ret;

	ret = bounce_sent_copy_text(take->bu->user, take->plan->message_id,
				    take->mail->now,
				    BOUNCE_ANSWER_PROOF_SECS, take->plan->pool,
				    &text, &error);
	if (ret < 0) {
		e_error(take->bu->event, "Sent mail cannot be searched: %s",
			error);
	}
	return ret > 0 && strcmp(bounce_answer_digest(text), take->digest) == 0;
}

static bool take_is_proven(struct take *take)
{
	const char *proof = bounce_message_header(take->message,
						  BOUNCE_ANSWER_HEADER);

	return (proof != NULL &&
		bounce_answer_id_is_proven(&take->keys, proof,
					   take->bu->user->username,
					   take->plan->message_id, take->digest,
					   take->mail->now)) ||
		bounce_submitted_is_proven(take->bu, &take->mail->arrival,
					   take->plan->from,
					   BOUNCE_ANSWER_PROOF_SECS) ||
		take_is_copied(take);
}

/*
 * What is to be done?
 */

/* Returns 0, or -1 if the dictionary failed. */
static int take_look_up(struct take *take, struct bounce_store *store,
			const char **error_r)
{
	const struct bounce_answer_command *commands;
	struct bounce_record rec;
	unsigned int i, count;
	int ret;

	commands = array_get(&take->plan->answer.commands, &count);
	for (i = 0; i < count; i++) {
		if (commands[i].verb == BOUNCE_ANSWER_CORRECT &&
		    strcmp(commands[i].address, commands[i].corrected) == 0)
			take->plan->done[i] = BOUNCE_TELL_DONE_SAME;
		if (commands[i].verb != BOUNCE_ANSWER_RELEASE &&
		    commands[i].verb != BOUNCE_ANSWER_REMOVE)
			continue;
		ret = bounce_store_lookup(store, take->plan->pool,
					  commands[i].address, take->mail->now,
					  &rec, error_r);
		if (ret < 0)
			return -1;
		if (ret == 0)
			take->plan->done[i] = BOUNCE_TELL_DONE_UNKNOWN;
	}
	return 0;
}

static void take_plan_whole(struct bounce_answer_plan *plan)
{
	unsigned int count = array_count(&plan->answer.commands);

	plan->whole = count > 0 && plan->answer.more == 0 &&
		array_is_empty(&plan->answer.unknown) &&
		!plan->told.unproven && !plan->told.down;
	for (unsigned int i = 0; i < count && plan->whole; i++)
		plan->whole = plan->done[i] == BOUNCE_TELL_DONE_OK;
}

/* Returns 1, 0 if it is a mail like any other, or -1. */
static int take_plan_known(struct take *take, const char **error_r)
{
	struct bounce_answer_plan *plan = take->plan;
	struct bounce_answer_day day;
	struct bounce_store *store;

	if (bounce_user_store(take->bu, &store, error_r) < 0 ||
	    bounce_answer_store_get(store, plan->message_id,
				    !plan->told.unproven, take->mail->now,
				    &day, error_r) < 0 ||
	    take_look_up(take, store, error_r) < 0)
		return -1;
	if (day.done) {
		/* sent again by somebody else, it is just a mail */
		plan->again = plan->whole = TRUE;
		return plan->told.unproven ? 0 : 1;
	}
	if (plan->told.unproven)
		plan->silent = day.count >= MAX_UNPROVEN_DAY;
	return day.count >= BOUNCE_ANSWER_STORE_MAX_DAY ? 0 : 1;
}

static int take_plan_language(struct take *take)
{
	struct bounce_store *store;
	const char *error;

	if (bounce_user_store(take->bu, &store, &error) < 0 ||
	    bounce_notice_store_language(store, take->plan->pool,
					 &take->plan->language, &error) < 0) {
		e_error(take->bu->event, "Answer is not carried out: %s",
			error);
		take->plan->told.down = TRUE;
		return -1;
	}
	return 0;
}

static bool take_plan(struct take *take)
{
	struct bounce_answer_plan *plan = take->plan;
	const char *text, *error;
	int ret = 1;

	if (!take_is_answer(take) ||
	    bounce_message_first_text(take->mail->arrival.input, plan->pool,
				      &text) < 0)
		return FALSE;
	take->digest = bounce_answer_digest(text);
	plan->told.unproven = plan->waits = !take_is_proven(take);
	(void)take_plan_language(take);
	bounce_answer_parse(plan->pool, text,
		bounce_texts_cache_get_language(take->bu, plan->language),
		&plan->answer);
	plan->done = p_new(plan->pool, enum bounce_tell_done,
			   array_count(&plan->answer.commands) + 1);
	plan->told.answer = &plan->answer;
	plan->told.done = plan->done;
	if (!plan->told.down)
		ret = take_plan_known(take, &error);
	if (ret < 0) {
		e_error(take->bu->event, "Answer is not carried out: %s",
			error);
		plan->told.down = TRUE;
	}
	/* who may be anybody is told nothing of our troubles */
	if (plan->told.down && plan->told.unproven)
		plan->silent = TRUE;
	if (!plan->again)
		take_plan_whole(plan);
	return ret != 0;
}

bool bounce_answer_take_plan(struct bounce_user *bu,
			     const struct bounce_answer_mail *mail, pool_t pool,
			     struct bounce_answer_plan *plan_r)
{
	struct take take = { .bu = bu, .mail = mail, .plan = plan_r };
	bool ret;

	i_zero(plan_r);
	plan_r->pool = pool;
	T_BEGIN {
		ret = take_plan(&take);
	} T_END;
	return ret;
}

/*
 * Do it
 */

static unsigned int take_kinds(enum bounce_tell_kind kind)
{
	return kind == BOUNCE_TELL_ANSWER || kind == BOUNCE_TELL_LIMIT ?
		ALL_KINDS : 1U << kind;
}

static int
take_command(struct bounce_user *bu, const struct bounce_answer_command *command,
	     enum bounce_tell_kind kind, time_t now, const char **error_r)
{
	struct bounce_store *store;

	switch (command->verb) {
	case BOUNCE_ANSWER_CORRECT:
		return bounce_verb_correct(bu, command->address,
					   command->corrected, now, error_r);
	case BOUNCE_ANSWER_RELEASE:
		return bounce_verb_release(bu, command->address, now, error_r);
	case BOUNCE_ANSWER_REMOVE:
		return bounce_verb_remove(bu, command->address, now, error_r);
	case BOUNCE_ANSWER_NEVER:
		return bounce_verb_add(bu, command->address, NULL, now,
				       error_r);
	case BOUNCE_ANSWER_STOP:
	case BOUNCE_ANSWER_START:
		if (bounce_user_store(bu, &store, error_r) < 0 ||
		    bounce_notice_store_switch(store,
			command->verb == BOUNCE_ANSWER_STOP ?
			take_kinds(kind) : ALL_KINDS,
			command->verb == BOUNCE_ANSWER_STOP, now, error_r) < 0)
			return -1;
		return 1;
	case BOUNCE_ANSWER_HELP:
		return 1;
	case BOUNCE_ANSWER_VERB_COUNT:
		break;
	}
	i_unreached();
}

/* The first that fails is the last that is tried: all wait for the same
   dictionary. */
static void take_commands(struct bounce_user *bu, time_t now,
			  struct bounce_answer_plan *plan)
{
	const struct bounce_answer_command *commands;
	const char *error;
	unsigned int i, count;
	bool failed = FALSE;
	int ret;

	commands = array_get(&plan->answer.commands, &count);
	for (i = 0; i < count; i++) {
		if (plan->done[i] != BOUNCE_TELL_DONE_OK)
			continue;
		ret = failed ? -1 : take_command(bu, &commands[i], plan->kind,
						 now, &error);
		if (ret < 0 && !failed) {
			e_error(bu->event, "Answer is not carried out: %s",
				error);
			failed = TRUE;
		}
		if (ret <= 0) {
			plan->done[i] = ret < 0 ? BOUNCE_TELL_DONE_FAILED :
				BOUNCE_TELL_DONE_UNKNOWN;
		}
	}
	take_plan_whole(plan);
}

/* It is not to be carried out once more, whoever sends it: nor where it named what is
   not there. */
static bool take_is_done(const struct bounce_answer_plan *plan)
{
	unsigned int count = array_count(&plan->answer.commands);
	bool done = count > 0 && !plan->told.unproven;

	for (unsigned int i = 0; i < count; i++)
		done = done && plan->done[i] != BOUNCE_TELL_DONE_FAILED;
	return done;
}

void bounce_answer_take_do(struct bounce_user *bu,
			   const struct bounce_answer_mail *mail,
			   struct bounce_answer_plan *plan)
{
	struct bounce_store *store;
	const char *error;

	if (plan->again || plan->told.down)
		return;
	if (!plan->told.unproven) T_BEGIN {
		take_commands(bu, mail->now, plan);
	} T_END;
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_answer_store_add(store, plan->message_id,
				    !plan->told.unproven, take_is_done(plan),
				    mail->now, &error) < 0)
		e_error(bu->event, "Answer is not remembered: %s", error);
	e_info(bu->event, "Answer to a notice: %u commands, %s",
	       array_count(&plan->answer.commands),
	       plan->told.unproven ? "not proven who sent it" :
	       plan->whole ? "carried out" : "not all carried out");
}

/*
 * Tell
 */

static int
take_tell(struct bounce_user *bu, const struct bounce_answer_mail *mail,
	  const struct bounce_answer_plan *plan, const char *folder,
	  struct bounce_tell_box *box, const char **error_r)
{
	const struct bounce_tell_counts counts = { .language = plan->language };
	struct bounce_tell_place place;
	struct bounce_tell tell;

	bounce_tell_write_init(bu, BOUNCE_TELL_ANSWER, plan->from, &counts,
			       mail->now, &tell);
	tell.original_message_id = plan->message_id;
	tell.answer = &plan->told;
	tell.folder = folder;
	if (bounce_tell_write(box, &tell, plan->pool, &place, error_r) < 0)
		return -1;
	bounce_tell_box_expunge_earlier(box, plan->message_id, place.uid);
	return 0;
}

void bounce_answer_take_tell(struct bounce_user *bu,
			     const struct bounce_answer_mail *mail,
			     const struct bounce_answer_plan *plan,
			     const char *folder)
{
	struct bounce_tell_box *box = NULL;
	const char *error;

	if (plan->again || plan->silent)
		return;
	T_BEGIN {
		if (bounce_tell_box_open(bu, &box, &error) < 0 ||
		    take_tell(bu, mail, plan, folder, box, &error) < 0)
			e_error(bu->event, "Notice is not written: %s", error);
	} T_END;
	bounce_tell_box_close(&box);
}

/*
 * Later
 */

bool bounce_answer_take_later(struct bounce_user *bu,
			      const struct bounce_answer_mail *mail,
			      const struct bounce_answer_plan *plan,
			      const char *mailbox)
{
	const struct bounce_unmatched waiting = {
		.report_id = plan->message_id, .mailbox = mailbox
	};
	struct bounce_store *store;
	const char *error, *text;

	if (!plan->waits || plan->told.down || mailbox == NULL)
		return FALSE;
	if (bounce_user_store(bu, &store, &error) < 0 ||
	    bounce_unmatched_add(store, plan->message_id, &waiting, TRUE,
				 mail->now, &error) < 0) {
		e_error(bu->event, "Answer will not wait for its copy: %s",
			error);
		return FALSE;
	}
	/* it may have come while we looked */
	return bounce_sent_copy_text(bu->user, plan->message_id, mail->now,
				     BOUNCE_ANSWER_PROOF_SECS, plan->pool,
				     &text, &error) > 0;
}
