/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mailbox-list-iter.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-message.h"
#include "bounce-sent-copy.h"

#define DAY_SECS (24 * 60 * 60)
/* The date is asked of one in so many: it may cost a look at the file. */
#define ASK_EVERY 32

struct original_search {
	struct mail_user *user;
	/* one of them */
	const char *message_id;
	const struct bounce_sent_copy_like *like;
	time_t oldest;
	/* what to do with it; 0, or -1 if the storage failed */
	int (*found)(struct original_search *search, struct mail *mail);
	enum mailbox_flags flags;
	/* mails that may still be looked at, and until when */
	unsigned int left;
	unsigned int msecs;
	uint64_t deadline;
	bool late;
	/* mails that could not be read */
	unsigned int unreadable;

	pool_t pool;
	struct bounce_sent_header *out;
	const char *text;
	/* copy_found_mark(): \Flagged as well */
	bool flag;
};

/* Subjects as they are compared in broadcasts, folded or not. */
static bool
copy_has_subject(const struct bounce_sent_header *out, const char *subject)
{
	return out->subject != NULL &&
		strcmp(bounce_sent_id("", out->subject, NULL),
		       bounce_sent_id("", subject, NULL)) == 0;
}

static bool
copy_went_to(struct mail *mail, const struct bounce_sent_copy_like *like)
{
	pool_t pool = pool_alloconly_create("bounce copy", 1024);
	struct bounce_sent_header out;
	const char *address;
	bool ret = FALSE;

	if (bounce_sent_header_read(mail, pool, &out) == 0 &&
	    copy_has_subject(&out, like->subject)) {
		array_foreach_elem(&like->recipients, address) {
			if (bounce_sent_header_has(&out, address))
				ret = TRUE;
		}
	}
	pool_unref(&pool);
	return ret;
}

static bool
copy_is_like(struct mail *mail, const struct bounce_sent_copy_like *like)
{
	time_t date;
	int zone;

	return mail_get_date(mail, &date, &zone) == 0 &&
		date >= like->date - DAY_SECS &&
		date <= like->date + DAY_SECS && copy_went_to(mail, like) &&
		bounce_sent_header_is_copy(mail);
}

/* 1, 0, or -1 if it cannot be read. */
static int copy_is_original(struct original_search *search, struct mail *mail)
{
	const char *id;
	int ret = bounce_sent_header_find_id(mail, &id);

	if (ret < 0)
		return -1;
	if (search->like != NULL)
		return copy_is_like(mail, search->like) ? 1 : 0;
	return ret > 0 && strcmp(id, search->message_id) == 0 &&
		bounce_sent_header_is_copy(mail) ? 1 : 0;
}

static bool copy_is_too_old(struct original_search *search, struct mail *mail)
{
	time_t date;

	return mail_get_received_date(mail, &date) == 0 &&
		date < search->oldest;
}

/* Asked now and then: both cost something. */
static bool copy_is_over(struct original_search *search, struct mail *mail)
{
	search->late = i_microseconds() > search->deadline;
	return search->late || copy_is_too_old(search, mail);
}

/* 1 = that one is it */
static int
copy_search_mails(struct original_search *search, struct mail *mail)
{
	struct mailbox_status status;
	unsigned int i;
	int ret = 0;

	mailbox_get_open_status(mail->box, STATUS_MESSAGES, &status);
	for (i = 0; i < status.messages && ret == 0 && search->left > 0; i++) {
		mail_set_seq(mail, status.messages - i);
		search->left--;
		if (i % ASK_EVERY == ASK_EVERY - 1 &&
		    copy_is_over(search, mail))
			break;
		T_BEGIN {
			ret = copy_is_original(search, mail);
		} T_END;
		if (ret < 0 &&
		    ++search->unreadable < BOUNCE_SENT_MAX_UNREADABLE)
			ret = 0;
	}
	return ret;
}

/* Its number, 0 if it is not here, or -1. */
static int copy_search_number(struct original_search *search,
			      struct mailbox *box, uint32_t *seq_r)
{
	static const char *const headers[] = { "Message-ID", NULL };
	struct mailbox_header_lookup_ctx *wanted;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	int ret;

	wanted = mailbox_header_lookup_init(box, headers);
	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, 0, wanted);
	ret = copy_search_mails(search, mail);
	*seq_r = mail->seq;
	mail_free(&mail);
	mailbox_header_lookup_unref(&wanted);
	/* a commit without changes, too: what was read goes to the cache; but not that
	   there is no header where it cannot be read */
	if (search->unreadable > 0)
		mailbox_transaction_rollback(&trans);
	else if (mailbox_transaction_commit(&trans) < 0)
		ret = -1;
	return ret;
}

static int
copy_search_opened(struct original_search *search, struct mailbox *box)
{
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	uint32_t seq;
	int ret;

	ret = copy_search_number(search, box, &seq);
	if (ret <= 0)
		return ret;
	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, 0, NULL);
	mail_set_seq(mail, seq);
	ret = search->found(search, mail) < 0 ? -1 : 1;
	mail_free(&mail);
	if (mailbox_transaction_commit(&trans) < 0)
		ret = -1;
	/* mbox keeps a flag only then */
	if (ret > 0 && (search->flags & MAILBOX_FLAG_READONLY) == 0 &&
	    mailbox_sync(box, 0) < 0)
		ret = -1;
	return ret;
}

static int
copy_search_box(const struct mailbox_info *info, void *context,
		const char **error_r)
{
	struct original_search *search = context;
	struct mailbox *box = mailbox_alloc(info->ns->list, info->vname,
					    search->flags);
	int ret;

	if (mailbox_open(box) < 0 || mailbox_sync(box, 0) < 0) {
		/* not used yet */
		ret = mailbox_get_last_mail_error(box) == MAIL_ERROR_NOTFOUND ?
			0 : -1;
	} else {
		ret = copy_search_opened(search, box);
	}
	if (ret < 0) {
		*error_r = t_strdup_printf("Mailbox %s: %s", info->vname,
			search->unreadable >= BOUNCE_SENT_MAX_UNREADABLE ?
			BOUNCE_SENT_UNREADABLE :
			mailbox_get_last_internal_error(box, NULL));
	} else if (ret == 0 && search->late) {
		*error_r = t_strdup_printf("Mailbox %s: not searched to its "
			"end within %u ms", info->vname, search->msecs);
		ret = -1;
	}
	mailbox_free(&box);
	return ret;
}

bool bounce_sent_copy_is_box(const struct mailbox_info *info)
{
	return info->special_use != NULL &&
		str_array_icase_find(t_strsplit_spaces(info->special_use, " "),
				     "\\Sent");
}

int bounce_sent_copy_each_box(struct mail_user *user,
			     bounce_sent_copy_box_t *callback, void *context,
			     const char **error_r)
{
	static const char *const patterns[] = { "*", NULL };
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	int ret = 0;

	iter = mailbox_list_iter_init_namespaces(user->namespaces,
		patterns, MAIL_NAMESPACE_TYPE_PRIVATE,
		MAILBOX_LIST_ITER_SKIP_ALIASES |
		MAILBOX_LIST_ITER_NO_AUTO_BOXES |
		MAILBOX_LIST_ITER_SELECT_SPECIALUSE |
		MAILBOX_LIST_ITER_RETURN_SPECIALUSE);
	while (ret == 0 && (info = mailbox_list_iter_next(iter)) != NULL) {
		if (bounce_sent_copy_is_box(info) &&
		    (info->flags & (MAILBOX_NOSELECT |
				    MAILBOX_NONEXISTENT)) == 0)
			ret = callback(info, context, error_r);
	}
	if (mailbox_list_iter_deinit(&iter) < 0 && ret == 0) {
		*error_r = "Mailboxes cannot be listed";
		ret = -1;
	}
	return ret;
}

static int copy_search_all(struct original_search *search, const char **error_r)
{
	search->left = BOUNCE_SENT_COPY_MAX_MAILS;
	if (search->msecs == 0)
		search->msecs = BOUNCE_SENT_COPY_MAX_SECS * 1000;
	search->deadline = i_microseconds() + search->msecs * 1000ULL;
	return bounce_sent_copy_each_box(search->user, copy_search_box, search,
					error_r);
}

static int copy_found_read(struct original_search *search, struct mail *mail)
{
	return bounce_sent_header_read(mail, search->pool, search->out);
}

int bounce_sent_copy_read(struct mail_user *user, const char *message_id,
			 time_t now, unsigned int msecs, pool_t pool,
			 struct bounce_sent_header *out_r, const char **error_r)
{
	struct original_search search = {
		.user = user,
		.msecs = msecs,
		.message_id = message_id,
		.oldest = now - BOUNCE_SENT_COPY_MAX_DAYS * DAY_SECS,
		.found = copy_found_read,
		.flags = MAILBOX_FLAG_READONLY,
		.pool = pool,
		.out = out_r
	};

	return copy_search_all(&search, error_r);
}

static int copy_found_text(struct original_search *search, struct mail *mail)
{
	struct istream *input;

	/* asked for each, not now and then */
	if (copy_is_too_old(search, mail))
		return 0;
	if (mail_get_stream(mail, NULL, NULL, &input) < 0)
		return -1;
	return bounce_message_first_text(input, search->pool, &search->text);
}

int bounce_sent_copy_text(struct mail_user *user, const char *message_id,
			 time_t now, time_t max_secs, pool_t pool,
			 const char **text_r, const char **error_r)
{
	struct original_search search = {
		.user = user,
		.message_id = message_id,
		.oldest = now - max_secs,
		.found = copy_found_text,
		.flags = MAILBOX_FLAG_READONLY,
		.pool = pool,
	};
	int ret = copy_search_all(&search, error_r);

	*text_r = search.text;
	return ret > 0 && search.text == NULL ? 0 : ret;
}

int bounce_sent_copy_match(struct mail_user *user,
			   const struct bounce_sent_copy_like *like,
			   unsigned int msecs, pool_t pool,
			   struct bounce_sent_header *out_r,
			   const char **error_r)
{
	struct original_search search = {
		.user = user,
		.like = like,
		.msecs = msecs,
		/* its copy is saved when it is sent, or soon after */
		.oldest = like->date - DAY_SECS,
		.found = copy_found_read,
		.flags = MAILBOX_FLAG_READONLY,
		.pool = pool,
		.out = out_r
	};

	return copy_search_all(&search, error_r);
}

static int
copy_found_mark(struct original_search *search, struct mail *mail)
{
	static const char *const names[] = { BOUNCE_SENT_COPY_KEYWORD, NULL };
	struct mail_keywords *keywords =
		mailbox_keywords_create_valid(mail->box, names);

	mail_update_keywords(mail, MODIFY_ADD, keywords);
	mailbox_keywords_unref(&keywords);
	if (search->flag)
		mail_update_flags(mail, MODIFY_ADD, MAIL_FLAGGED);
	return 0;
}

int bounce_sent_copy_mark(struct mail_user *user, const char *message_id,
			 time_t now, bool flag, const char **error_r)
{
	struct original_search search = {
		.user = user,
		.flag = flag,
		.message_id = message_id,
		.oldest = now - BOUNCE_SENT_COPY_MAX_DAYS * DAY_SECS,
		.found = copy_found_mark
	};

	return copy_search_all(&search, error_r);
}
