/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "time-util.h"
#include "bounce-classify.h"
#include "bounce-forgotten.h"
#include "bounce-record.h"
#include "bounce-sent-mail.h"
#include "bounce-user.h"

#define KEYWORD "$BounceForgotten"
/* Mails of one mailbox that are looked at. */
#define MAX_MAILS 20000
/* A mailbox is mostly in the order of arrival: so many older ones in a row, and the
   rest is older, too. */
#define MAX_OLDER 100
/* A report is dated before it is saved. */
#define MARGIN_SECS 10
/* A delivery waits for it, or a client, and an answer has many commands: so long in
   all, within so long. The time is asked of one mail in so many. */
#define MAX_USECS (2 * 1000 * 1000)
#define WINDOW_SECS 60
#define ASK_EVERY 32

struct forgotten {
	struct bounce_user *bu;
	/* mark what it counted, */
	const struct bounce_record *before;
	/* or else unmark this one */
	const char *report_id;
	/* the mailbox has mails that are none of ours */
	bool inbox;
	int count;
	uint64_t deadline;
	bool late;
};

bool bounce_forgotten_has(struct mail *mail)
{
	return str_array_icase_find(mail_get_keywords(mail), KEYWORD);
}

static bool forgotten_counted(const struct bounce_record *rec, const char *id)
{
	const char *doubt;

	array_foreach_elem(&rec->doubts, doubt) {
		if (strcmp(doubt, id) == 0)
			return TRUE;
	}
	return bounce_record_report_has(rec, id);
}

static bool forgotten_names_one(struct mail *mail)
{
	pool_t pool = pool_alloconly_create("bounce forgotten", 4096);
	struct bounce_report *report;
	struct istream *input;
	const char *error;
	bool ret = FALSE;

	if (mail_get_stream(mail, NULL, NULL, &input) == 0) {
		i_stream_seek(input, 0);
		ret = bounce_classify_read(input, NULL, pool, &report,
					   &error) > 0 &&
			array_count(&report->recipients) == 1;
	}
	pool_unref(&pool);
	return ret;
}

/* The delivery gave it a keyword. */
static bool forgotten_is_ours(struct mail *mail)
{
	const char *const *keywords = mail_get_keywords(mail);

	while (*keywords != NULL && strncasecmp(*keywords, "$Bounce", 7) != 0)
		keywords++;
	return *keywords != NULL;
}

/* Flags cost nothing. */
static bool
forgotten_may_be(const struct forgotten *forgotten, struct mail *mail)
{
	return bounce_forgotten_has(mail) != (forgotten->before != NULL) &&
		(!forgotten->inbox || forgotten_is_ours(mail));
}

static bool
forgotten_is_wanted(const struct forgotten *forgotten, struct mail *mail)
{
	char *several = forgotten->bu->forgotten.several_id;
	const char *id;

	id = bounce_incident_id(pool_datastack_create(),
				bounce_sent_header_message_id(mail));
	if (id == NULL)
		return FALSE;
	if (forgotten->before == NULL)
		return strcmp(id, forgotten->report_id) == 0;
	/* a person may settle each of its recipients, and it is long */
	if (strcmp(id, several) == 0 ||
	    !forgotten_counted(forgotten->before, id))
		return FALSE;
	if (forgotten_names_one(mail))
		return TRUE;
	i_strocpy(several, id, sizeof(forgotten->bu->forgotten.several_id));
	return FALSE;
}

static bool
forgotten_is_older(const struct forgotten *forgotten, struct mail *mail)
{
	time_t when;

	return forgotten->before != NULL &&
		mail_get_received_date(mail, &when) == 0 &&
		when < forgotten->before->first - MARGIN_SECS;
}

static void forgotten_change(struct forgotten *forgotten, struct mail *mail)
{
	static const char *const names[] = { KEYWORD, NULL };
	struct mail_keywords *keywords =
		mailbox_keywords_create_valid(mail->box, names);

	mail_update_keywords(mail, forgotten->before != NULL ? MODIFY_ADD :
			     MODIFY_REMOVE, keywords);
	mailbox_keywords_unref(&keywords);
	forgotten->count++;
}

static int forgotten_opened(struct forgotten *forgotten, struct mailbox *box)
{
	struct mailbox_transaction_context *trans =
		mailbox_transaction_begin(box, 0, "bounce");
	struct mail *mail = mail_alloc(trans, MAIL_FETCH_RECEIVED_DATE, NULL);
	unsigned int older = 0, left = MAX_MAILS;
	struct mailbox_status status;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	for (uint32_t seq = status.messages; seq > 0 && left > 0 &&
	     older < MAX_OLDER && !forgotten->late; seq--, left--) T_BEGIN {
		mail_set_seq(mail, seq);
		if (!forgotten_may_be(forgotten, mail))
			;
		else if (forgotten_is_older(forgotten, mail))
			older++;
		else {
			older = 0;
			if (forgotten_is_wanted(forgotten, mail))
				forgotten_change(forgotten, mail);
		}
		if (left % ASK_EVERY == 0)
			forgotten->late = i_microseconds() > forgotten->deadline;
	} T_END;
	mail_free(&mail);
	return mailbox_transaction_commit(&trans);
}

static int
forgotten_box(struct forgotten *forgotten, const char *name,
	      const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(forgotten->bu->user->namespaces, name);
	struct mailbox *box = mailbox_alloc(ns->list, name, 0);
	int ret = 0;

	if (mailbox_open(box) < 0 || mailbox_sync(box, 0) < 0) {
		/* no report was ever filed there */
		if (mailbox_get_last_mail_error(box) != MAIL_ERROR_NOTFOUND)
			ret = -1;
	} else if (forgotten_opened(forgotten, box) < 0 ||
		   /* mbox keeps it only then */
		   mailbox_sync(box, 0) < 0)
		ret = -1;
	if (ret < 0) {
		*error_r = t_strdup_printf("Mailbox %s: %s", name,
			mailbox_get_last_internal_error(box, NULL));
	}
	mailbox_free(&box);
	return ret;
}

static int forgotten_boxes(struct forgotten *forgotten, const char **error_r)
{
	struct bounce_user *bu = forgotten->bu;
	const char *name = bu->set.mailbox;
	int ret;

	forgotten->inbox = TRUE;
	ret = forgotten_box(forgotten, "INBOX", error_r);
	forgotten->inbox = FALSE;
	if (ret == 0 && *name != '\0' && strcasecmp(name, "INBOX") != 0)
		ret = forgotten_box(forgotten, bounce_user_vname(bu->user, name),
				    error_r);
	return ret;
}

static int forgotten_run(struct forgotten *forgotten, const char **error_r)
{
	struct bounce_user *bu = forgotten->bu;
	uint64_t started = i_microseconds();
	time_t now = started / 1000000;
	int ret;

	if (now < bu->forgotten.since ||
	    now - bu->forgotten.since >= WINDOW_SECS) {
		bu->forgotten.since = now;
		bu->forgotten.usecs = 0;
	}
	/* who met the limit said so */
	if (bu->forgotten.usecs > MAX_USECS)
		return 0;
	forgotten->deadline = started + MAX_USECS - bu->forgotten.usecs;
	ret = forgotten_boxes(forgotten, error_r);
	bu->forgotten.usecs += i_microseconds() - started;
	if (ret == 0 && bu->forgotten.usecs > MAX_USECS) {
		*error_r = t_strdup_printf("It took %u seconds, so that no more "
					   "is looked for",
					   MAX_USECS / 1000000);
		ret = -1;
	}
	return ret < 0 ? -1 : forgotten->count;
}

int bounce_forgotten_mark(struct bounce_user *bu,
			  const struct bounce_record *before,
			  const char **error_r)
{
	struct forgotten forgotten = { .bu = bu, .before = before };

	/* nothing but a person's word */
	if (before->count == 0 && before->unproven == 0)
		return 0;
	return forgotten_run(&forgotten, error_r);
}

int bounce_forgotten_unmark(struct bounce_user *bu,
			    const struct bounce_report *report,
			    const char **error_r)
{
	struct forgotten forgotten = { .bu = bu };

	forgotten.report_id = bounce_incident_id(pool_datastack_create(),
						 report->message_id);
	return forgotten.report_id == NULL ? 0 :
		forgotten_run(&forgotten, error_r);
}
