/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mailbox-list-iter.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-sent-copy.h"
#include "bounce-check-tried.h"

/* Of each mailbox, the newest. */
#define MAX_COPIES 1000

struct tried_read {
	struct bounce_check_tried_all *all;
	time_t since;
};

static void tried_add(struct bounce_check_tried *tried, const char *domain)
{
	const char *name;

	array_foreach_elem(&tried->domains, name) {
		if (strcmp(name, domain) == 0) {
			tried->recipients++;
			return;
		}
	}
}

static void tried_read_mail(struct bounce_check_tried_all *all,
			    struct mail *mail)
{
	pool_t pool = pool_alloconly_create("bounce check copy", 1024);
	struct bounce_sent_header header;
	const char *address, *at;

	if (bounce_sent_header_read(mail, pool, &header) == 0) {
		all->copies++;
		array_foreach_elem(&header.recipients, address) {
			at = strrchr(address, '@');
			for (unsigned int i = 0; at != NULL && i < all->count;
			     i++)
				tried_add(all->tried[i], at + 1);
		}
	}
	pool_unref(&pool);
}

static void tried_read_opened(struct tried_read *read, struct mailbox *box)
{
	struct mailbox_transaction_context *trans;
	struct mailbox_status status;
	struct mail *mail;
	time_t received = 0;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, MAIL_FETCH_STREAM_HEADER, NULL);
	for (unsigned int i = 0; i < status.messages && i < MAX_COPIES; i++) T_BEGIN {
		mail_set_seq(mail, status.messages - i);
		if (mail_get_received_date(mail, &received) == 0 &&
		    received >= read->since)
			tried_read_mail(read->all, mail);
	} T_END;
	if (status.messages > MAX_COPIES && received >= read->since)
		read->all->more = TRUE;
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
}

static int tried_read_box(const struct mailbox_info *info, void *context,
			  const char **error_r)
{
	struct mailbox *box = mailbox_alloc(info->ns->list, info->vname,
					    MAILBOX_FLAG_READONLY);
	int ret = 0;

	if (mailbox_open(box) == 0 && mailbox_sync(box, 0) == 0) {
		tried_read_opened(context, box);
	} else if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND) {
		*error_r = t_strdup(mailbox_get_last_internal_error(box, NULL));
		ret = -1;
	}
	mailbox_free(&box);
	return ret;
}

int bounce_check_tried_read(struct bounce_check *check, time_t since,
			    struct bounce_check_tried_all *all,
			    const char **error_r)
{
	struct tried_read read = { .all = all, .since = since };

	return bounce_sent_copy_each_box(check->bu->user, tried_read_box, &read,
					 error_r);
}
