/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-search-build.h"
#include "mail-search-parser.h"
#include "mail-storage-private.h"
#include "mail-user.h"
#include "doveadm-mail-iter.h"
#include "doveadm-mailbox-list-iter.h"
#include "bounce-classify.h"
#include "bounce-sent-copy.h"
#include "bounce-rules-cache.h"
#include "bounce-tell.h"
#include "bounce-string.h"
#include "bounce-verify.h"
#include "doveadm-bounce-mails.h"

#include <stdio.h>
#include <unistd.h>

/* Mails between two lines of progress. */
#define PROGRESS_EVERY 100

struct mails_read {
	struct doveadm_bounce_cmd *cmd;
	struct bounce_user *bu;
	const struct bounce_rules *rules;
	struct bounce_sent_copy_index *index;
	doveadm_bounce_mail_t *callback;
	void *context;
	bool progress;
	bool failed, killed;
};

/*
 * The query
 */

/* A query of one word; any other word is a mailbox. */
static bool mails_is_search_key(const char *word)
{
	static const char *const keys[] = {
		"all", "answered", "deleted", "draft", "flagged", "new", "old",
		"recent", "seen", "unanswered", "undeleted", "undraft",
		"unflagged", "unseen", NULL
	};

	return str_array_icase_find(keys, word);
}

void doveadm_bounce_query_init(struct doveadm_bounce_cmd *cmd,
			       struct doveadm_bounce_query *query_r)
{
	struct mail_search_parser *parser;
	const char *const *words, *charset = "UTF-8", *error;

	i_zero(query_r);
	if (!doveadm_cmd_param_array(cmd->ctx.cctx, "query", &words) ||
	    words[0] == NULL)
		return;
	if (words[1] == NULL && !mails_is_search_key(words[0])) {
		query_r->mailbox = p_strdup(cmd->ctx.pool, words[0]);
		return;
	}
	parser = mail_search_parser_init_cmdline(words);
	if (mail_search_build(mail_search_register_get_human(), parser,
			      &charset, &query_r->args, &error) < 0) {
		query_r->args = NULL;
		doveadm_bounce_wrong(cmd, "The search query is wrong: %s",
				     error);
	}
	mail_search_parser_deinit(&parser);
	/* freed with it */
	cmd->ctx.search_args = query_r->args;
}

static struct mail_search_args *
mails_mailbox_search(enum mail_search_arg_type type, const char *name)
{
	struct mail_search_args *args = mail_search_build_init();
	struct mail_search_arg *arg = mail_search_build_add(args, type);

	arg->value.str = p_strdup(args->pool, name);
	return args;
}

/*
 * One mail
 */

static void mails_failed(struct mails_read *read, struct mail *mail)
{
	enum mail_error error;
	const char *text = mailbox_get_last_internal_error(mail->box, &error);

	/* another process was faster */
	if (error == MAIL_ERROR_EXPUNGED)
		return;
	doveadm_bounce_failed(read->cmd, read->bu, error,
			      "Mail %u of %s cannot be read: %s", mail->uid,
			      mailbox_get_vname(mail->box), text);
	read->failed = TRUE;
}

static void
mails_judge(struct mails_read *read, struct istream *input,
	    struct bounce_report *report, time_t when, pool_t pool,
	    struct bounce_judgement *judgement_r)
{
	struct bounce_arrival arrival = {
		.input = input, .stored = TRUE, .originals = read->index,
		.when = when, .look_only = read->cmd->no_change,
		.no_store = read->cmd->no_store
	};

	bounce_verify_report(read->bu, report, &arrival, pool, judgement_r);
}

static void mails_mail(struct mails_read *read, struct mail *mail)
{
	struct bounce_judgement judgement;
	struct bounce_report *report;
	struct istream *input;
	const char *error;
	time_t when;
	pool_t pool;
	int ret;

	/* what we wrote ourselves */
	if (str_array_icase_find(mail_get_keywords(mail),
				 BOUNCE_TELL_KEYWORD))
		return;
	/* before the stream: mbox moves that for it */
	if (mail_get_received_date(mail, &when) < 0)
		when = 0;
	if (mail_get_stream(mail, NULL, NULL, &input) < 0) {
		mails_failed(read, mail);
		return;
	}
	pool = pool_alloconly_create("bounce mail", 4096);
	ret = bounce_classify_read(input, NULL, pool, &report, &error);
	if (ret < 0) {
		doveadm_bounce_failed(read->cmd, read->bu, MAIL_ERROR_TEMP,
			"Mail %u of %s cannot be read: %s", mail->uid,
			mailbox_get_vname(mail->box), error);
		read->failed = TRUE;
	} else {
		bounce_classify_judge(read->rules, pool, report);
		i_zero(&judgement);
		if (ret > 0) {
			mails_judge(read, input, report, when, pool,
				    &judgement);
		}
		read->callback(mail, report, &judgement, read->context);
	}
	pool_unref(&pool);
}

/*
 * Mailboxes
 */

static void
mails_progress(struct mails_read *read, struct mailbox *box, unsigned int done)
{
	struct mailbox_status status;

	if (!read->progress)
		return;
	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	fprintf(stderr, "\r%s: %u of %u", mailbox_get_vname(box), done,
		status.messages);
	fflush(stderr);
}

static void
mails_box(struct mails_read *read, const struct mailbox_info *info,
	  struct mail_search_args *args)
{
	struct doveadm_mail_iter *iter = NULL;
	struct mailbox *box;
	struct mail *mail;
	unsigned int done = 0;

	if (doveadm_mail_iter_init(&read->cmd->ctx, info, args,
				   MAIL_FETCH_STREAM_HEADER |
				   MAIL_FETCH_STREAM_BODY |
				   MAIL_FETCH_RECEIVED_DATE, NULL,
				   DOVEADM_MAIL_ITER_FLAG_READONLY |
				   DOVEADM_MAIL_ITER_FLAG_STOP_WITH_CLIENT,
				   &iter) < 0) {
		read->failed = TRUE;
		return;
	}
	/* a mailbox that is not there: 2.3 has an iterator without mails */
	if (iter == NULL)
		return;
	box = doveadm_mail_iter_get_mailbox(iter);
	while (doveadm_mail_iter_next(iter, &mail)) {
		if (done++ % PROGRESS_EVERY == 0)
			mails_progress(read, box, done - 1);
		T_BEGIN {
			mails_mail(read, mail);
		} T_END;
	}
	if (done > 0) {
		mails_progress(read, box, done);
		if (read->progress)
			fputc('\n', stderr);
	}
	if (doveadm_mail_iter_deinit(&iter) < 0)
		read->failed = TRUE;
}

/* Does a query name mailboxes of this namespace? */
static bool
query_names(const struct mail_search_arg *arg, const struct mail_namespace *ns)
{
	for (; arg != NULL; arg = arg->next) {
		switch (arg->type) {
		case SEARCH_SUB:
		case SEARCH_OR:
			if (query_names(arg->value.subargs, ns))
				return TRUE;
			break;
		case SEARCH_MAILBOX:
		case SEARCH_MAILBOX_GUID:
			return TRUE;
		case SEARCH_MAILBOX_GLOB:
			if (strncmp(arg->value.str, ns->prefix,
				    ns->prefix_len) == 0)
				return TRUE;
			break;
		default:
			break;
		}
	}
	return FALSE;
}

/* What a virtual mailbox has is read where it really is, unless it is named. */
static bool
mails_is_elsewhere(const struct mailbox_info *info,
		   const struct mail_search_args *args)
{
	return strcmp(mail_namespace_get_default_storage(info->ns)->name,
		      "virtual") == 0 && !query_names(args->args, info->ns);
}

static void
mails_search(struct mails_read *read, struct mail_search_args *args)
{
	struct doveadm_mailbox_list_iter *iter;
	const struct mailbox_info *info;

	iter = doveadm_mailbox_list_iter_init(&read->cmd->ctx, read->bu->user,
		args, MAILBOX_LIST_ITER_NO_AUTO_BOXES |
		MAILBOX_LIST_ITER_RETURN_NO_FLAGS);
	while (!doveadm_is_killed() &&
	       (info = doveadm_mailbox_list_iter_next(iter)) != NULL) T_BEGIN {
		if (!mails_is_elsewhere(info, args))
			mails_box(read, info, args);
	} T_END;
	if (doveadm_mailbox_list_iter_deinit(&iter) < 0)
		read->failed = TRUE;
	if (doveadm_is_killed()) {
		read->killed = TRUE;
		doveadm_mail_failed_error(&read->cmd->ctx, MAIL_ERROR_TEMP);
	}
}

static void
mails_mailbox(struct mails_read *read, enum mail_search_arg_type type,
	      const char *name)
{
	struct mail_search_args *args;

	if (read->killed)
		return;
	args = mails_mailbox_search(type, name);
	mails_search(read, args);
	mail_search_args_unref(&args);
}

static void mails_default(struct mails_read *read)
{
	struct mail_user *user = read->bu->user;
	const char *name = read->bu->set.mailbox;
	char sep;

	mails_mailbox(read, SEARCH_MAILBOX, "INBOX");
	if (*name == '\0' || strcasecmp(name, "INBOX") == 0)
		return;
	name = bounce_user_vname(user, name);
	sep = mail_namespace_get_sep(mail_namespace_find(user->namespaces,
							 name));
	mails_mailbox(read, SEARCH_MAILBOX, name);
	mails_mailbox(read, SEARCH_MAILBOX_GLOB,
		      t_strdup_printf("%s%c*", name, sep));
}

/* The name that somebody typed: it should be there. */
static void mails_named(struct mails_read *read, const char *name)
{
	enum mailbox_existence existence;
	struct mailbox *box;

	if (strpbrk(name, "*%") != NULL) {
		mails_mailbox(read, SEARCH_MAILBOX_GLOB, name);
		return;
	}
	box = doveadm_mailbox_find(read->bu->user, name);
	if (mailbox_exists(box, FALSE, &existence) == 0 &&
	    existence == MAILBOX_EXISTENCE_NONE) {
		doveadm_bounce_failed(read->cmd, read->bu, MAIL_ERROR_NOTFOUND,
				      "There is no mailbox %s", name);
		read->failed = TRUE;
	}
	mailbox_free(&box);
	if (!read->failed)
		mails_mailbox(read, SEARCH_MAILBOX, name);
}

int doveadm_bounce_mails_read(struct doveadm_bounce_cmd *cmd,
			      struct bounce_user *bu,
			      const struct doveadm_bounce_query *query,
			      doveadm_bounce_mail_t *callback, void *context,
			      bool *killed_r)
{
	struct mails_read read = {
		.cmd = cmd, .bu = bu, .callback = callback, .context = context,
		.rules = bounce_rules_cache_get(bu),
		.progress = isatty(STDERR_FILENO) == 1 && !doveadm_server,
	};

	read.index = bounce_sent_copy_index_init(bu->user);
	if (query->args != NULL)
		mails_search(&read, query->args);
	else if (query->mailbox != NULL)
		mails_named(&read, query->mailbox);
	else
		mails_default(&read);
	bounce_sent_copy_index_deinit(&read.index);
	*killed_r = read.killed;
	return read.failed || read.killed ? -1 : 0;
}
