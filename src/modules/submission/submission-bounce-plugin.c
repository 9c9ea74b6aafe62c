/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "submission-common.h"
#include "array.h"
#include "istream.h"
#include "istream-concat.h"
#include "mail-user.h"
#include "module-context.h"
#include "smtp-address.h"
#include "bounce-answer.h"
#include "bounce-answer-id.h"
#include "submission-recipient.h"
#include "bounce-key.h"
#include "bounce-message.h"
#include "bounce-sent-mail.h"
#include "bounce-sent-queue.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"
#include "submission-bounce-hold.h"
#include "submission-bounce-plugin.h"

/* Only submission has them; without this the others would not start. */
#pragma weak submission_client_created_hook_set
#pragma weak submission_module_register

#define SUBMISSION_BOUNCE_CLIENT(client) \
	MODULE_CONTEXT_REQUIRE(client, submission_bounce_client_module)

extern const char *submission_bounce_plugin_version;
const char *submission_bounce_plugin_version = DOVECOT_ABI_VERSION;

struct submission_bounce_client {
	union submission_module_context module_ctx;
	/* made at the first mail */
	struct bounce_user *bu;
	struct bounce_sent_queue *queue;
	struct submission_hold *hold;
	/* the error with the key was logged */
	bool warned;
};

/* A mail between DATA and the relay's answer. */
struct submission_bounce_mail {
	struct bounce_sent_queue *queue;
	struct bounce_sent_mail mail;
};

static MODULE_CONTEXT_DEFINE_INIT(submission_bounce_client_module,
				  &submission_module_register);

static submission_client_created_func_t *next_client_created;

static void
submission_count_mail(struct smtp_server_cmd_ctx *cmd,
		      struct submission_bounce_mail *sent)
{
	if (!smtp_server_command_replied_success(cmd->cmd))
		return;
	sent->mail.when = ioloop_time;
	bounce_sent_queue_add(sent->queue, &sent->mail);
}

/* The accepted ones are those that the transaction has, but for those that were
   left out. */
static void
submission_set_recipients(struct submission_bounce_client *sbc,
			  struct bounce_sent_header *out, pool_t pool,
			  struct smtp_server_transaction *trans)
{
	struct smtp_server_recipient *rcpt;
	const char **addresses;
	unsigned int count = 0;

	addresses = t_new(const char *, array_count(&trans->rcpt_to) + 1);
	array_foreach_elem(&trans->rcpt_to, rcpt) {
		if (!submission_hold_is_left_out(sbc->hold, rcpt))
			addresses[count++] = smtp_address_encode(rcpt->path);
	}
	bounce_sent_header_set_recipients(out, pool, addresses, count);
}

static bool
submission_read_keys(struct submission_bounce_client *sbc,
		     ARRAY_TYPE(bounce_token_key) *keys)
{
	const char *error = NULL;
	int ret = bounce_key_read(sbc->bu, TRUE, keys, &error);

	if (ret < 0 && !sbc->warned) {
		e_error(sbc->bu->event, "Sent mail bears no token: %s", error);
		sbc->warned = TRUE;
	}
	return ret > 0;
}

/* The answer to a notice: that it was this user who sent it. */
static const char *
t_submission_proof(struct submission_bounce_client *sbc,
		   const ARRAY_TYPE(bounce_token_key) *keys,
		   const struct bounce_sent_header *out, struct istream *input,
		   pool_t pool)
{
	const char *user = sbc->bu->user->username, *text;
	enum bounce_tell_kind kind;

	if (out->answers == NULL ||
	    !bounce_answer_id_verify(keys, out->answers, user, ioloop_time,
				     &kind) ||
	    bounce_message_first_text(input, pool, &text) < 0)
		return "";
	return t_strdup_printf(BOUNCE_ANSWER_HEADER": %s\r\n",
		bounce_answer_id_prove(array_front(keys), user, out->message_id,
				       bounce_answer_digest(text),
				       ioloop_time));
}

/* The header lines, or NULL. */
static const char *
t_submission_lines(struct submission_bounce_client *sbc,
		   struct bounce_sent_header *out, struct istream *input,
		   pool_t pool)
{
	ARRAY_TYPE(bounce_token_key) keys;
	const char *const *recipients;
	unsigned int count;

	t_array_init(&keys, 2);
	/* what bears no name cannot be known again */
	if (out->message_id == NULL || !submission_read_keys(sbc, &keys))
		return NULL;
	recipients = array_get(&out->recipients, &count);
	return t_strdup_printf(BOUNCE_TOKEN_HEADER": %s\r\n%s",
		bounce_token_make(array_front(&keys), sbc->bu->user->username,
				  out->message_id, bounce_sent_day(ioloop_time),
				  recipients, count),
		t_submission_proof(sbc, &keys, out, input, pool));
}

/* The stream that is sent on, with one reference; sent says if it bears a
   token. */
static struct istream *
submission_add_token(struct submission_bounce_client *sbc,
		     struct bounce_sent_header *out,
		     struct submission_bounce_mail *sent, struct istream *input,
		     pool_t pool, uoff_t *size)
{
	struct istream *inputs[3];
	const char *line = t_submission_lines(sbc, out, input, pool);

	sent->mail.verifiable = line != NULL;
	if (line == NULL) {
		i_stream_ref(input);
		return input;
	}
	line = p_strdup(pool, line);
	inputs[0] = i_stream_create_from_data(line, strlen(line));
	inputs[1] = input;
	inputs[2] = NULL;
	input = i_stream_create_concat(inputs);
	i_stream_unref(&inputs[0]);
	*size += strlen(line);
	return input;
}

static void submission_init_user(struct submission_bounce_client *sbc,
				 struct client *client)
{
	if (sbc->bu != NULL)
		return;
	sbc->bu = bounce_user_init(client->user);
	sbc->queue = bounce_sent_queue_init(sbc->bu, NULL);
	sbc->hold = submission_hold_init(sbc->bu, sbc->queue);
}

static void
submission_bounce_trans_free(struct client *client,
			     struct smtp_server_transaction *trans)
{
	struct submission_bounce_client *sbc = SUBMISSION_BOUNCE_CLIENT(client);

	submission_hold_reset(sbc->hold);
	sbc->module_ctx.super.trans_free(client, trans);
}

static int
submission_bounce_cmd_rcpt(struct client *client,
			   struct smtp_server_cmd_ctx *cmd,
			   struct submission_recipient *srcpt)
{
	struct submission_bounce_client *sbc = SUBMISSION_BOUNCE_CLIENT(client);
	int ret;

	submission_init_user(sbc, client);
	ret = submission_hold_rcpt(sbc->hold, srcpt->rcpt);
	return ret != 0 ? ret :
		sbc->module_ctx.super.cmd_rcpt(client, cmd, srcpt);
}

static int
submission_bounce_cmd_data(struct client *client,
			   struct smtp_server_cmd_ctx *cmd,
			   struct smtp_server_transaction *trans,
			   struct istream *data_input, uoff_t data_size)
{
	struct submission_bounce_client *sbc = SUBMISSION_BOUNCE_CLIENT(client);
	struct submission_bounce_mail *sent;
	struct bounce_sent_header out;
	struct istream *input;
	int ret;

	submission_init_user(sbc, client);
	if (!sbc->bu->set.record) {
		return sbc->module_ctx.super.cmd_data(client, cmd, trans,
						      data_input, data_size);
	}
	/* a stream that fails is the relay's to tell */
	(void)bounce_sent_header_read_stream(data_input, cmd->pool, &out);
	if (submission_hold_data(sbc->hold, cmd, trans, &out) == 0)
		return 0;
	sent = p_new(cmd->pool, struct submission_bounce_mail, 1);
	T_BEGIN {
		submission_set_recipients(sbc, &out, cmd->pool, trans);
		input = submission_add_token(sbc, &out, sent, data_input,
					     cmd->pool,
					     &data_size);
	} T_END;
	sent->queue = sbc->queue;
	sent->mail.message_id = out.message_id;
	sent->mail.subject = out.subject;
	sent->mail.recipients = array_count(&out.recipients);
	smtp_server_command_add_hook(cmd->cmd,
				     SMTP_SERVER_COMMAND_HOOK_COMPLETED,
				     submission_count_mail, sent);
	ret = sbc->module_ctx.super.cmd_data(client, cmd, trans, input,
					     data_size);
	i_stream_unref(&input);
	return ret;
}

static void submission_bounce_destroy(struct client *client)
{
	struct submission_bounce_client *sbc = SUBMISSION_BOUNCE_CLIENT(client);

	submission_hold_deinit(&sbc->hold);
	bounce_sent_queue_deinit(&sbc->queue);
	bounce_user_deinit(&sbc->bu);
	sbc->module_ctx.super.destroy(client);
}

static void submission_bounce_client_created(struct client **_client)
{
	struct client *client = *_client;
	struct submission_bounce_client *sbc;

	sbc = p_new(client->pool, struct submission_bounce_client, 1);
	sbc->module_ctx.super = client->v;
	client->v.trans_free = submission_bounce_trans_free;
	client->v.cmd_rcpt = submission_bounce_cmd_rcpt;
	client->v.cmd_data = submission_bounce_cmd_data;
	client->v.destroy = submission_bounce_destroy;
	MODULE_CONTEXT_SET(client, submission_bounce_client_module, sbc);
	if (next_client_created != NULL)
		next_client_created(_client);
}

void submission_bounce_plugin_init(struct module *module ATTR_UNUSED)
{
	if (submission_client_created_hook_set != NULL)
		next_client_created = submission_client_created_hook_set(
			submission_bounce_client_created);
}

void submission_bounce_plugin_deinit(void)
{
	if (submission_client_created_hook_set != NULL)
		(void)submission_client_created_hook_set(next_client_created);
	bounce_texts_cache_deinit();
}
