/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The user's own reports, the newest of bounce_mailbox: what do they prove? */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-classify.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-copy.h"
#include "bounce-verify.h"
#include "bounce-check.h"

#define MAX_MAILS 500

struct check_mails {
	struct bounce_user *bu;
	struct bounce_sent_copy_index *index;
	unsigned int reports;
	unsigned int evidence[BOUNCE_EVIDENCE_COUNT];
	unsigned int reporters[BOUNCE_REPORTER_COUNT];
};

static void mails_read_one(struct check_mails *mails, struct istream *input)
{
	pool_t pool = pool_alloconly_create("bounce check mail", 4096);
	struct bounce_arrival arrival = {
		.input = input, .stored = TRUE, .originals = mails->index
	};
	struct bounce_judgement judgement;
	struct bounce_report *report;
	const char *error;

	if (bounce_classify_read(input, NULL, pool, &report, &error) > 0 &&
	    report->kind == BOUNCE_KIND_FAILURE) {
		bounce_classify_judge(bounce_rules_cache_get(mails->bu), pool,
				      report);
		bounce_verify_report(mails->bu, report, &arrival, pool,
				     &judgement);
		mails->reports++;
		mails->evidence[judgement.evidence]++;
		mails->reporters[judgement.reporter]++;
	}
	pool_unref(&pool);
}

static void mails_read_opened(struct check_mails *mails, struct mailbox *box)
{
	struct mailbox_transaction_context *trans;
	struct mailbox_status status;
	struct istream *input;
	struct mail *mail;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	trans = mailbox_transaction_begin(box, 0, "bounce");
	mail = mail_alloc(trans, MAIL_FETCH_STREAM_HEADER |
			  MAIL_FETCH_STREAM_BODY, NULL);
	for (unsigned int i = 0; i < status.messages && i < MAX_MAILS; i++) T_BEGIN {
		mail_set_seq(mail, status.messages - i);
		if (mail_get_stream(mail, NULL, NULL, &input) == 0)
			mails_read_one(mails, input);
	} T_END;
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
}

/* Returns 1, 0 if there is no such mailbox, -1 with error_r. */
static int mails_read(struct check_mails *mails, const char *name,
		      const char **error_r)
{
	struct mail_namespace *ns =
		mail_namespace_find(mails->bu->user->namespaces, name);
	struct mailbox *box = mailbox_alloc(ns->list, name,
					    MAILBOX_FLAG_READONLY);
	enum mail_error error;
	int ret = 1;

	if (mailbox_open(box) < 0 || mailbox_sync(box, 0) < 0) {
		*error_r = mailbox_get_last_internal_error(box, &error);
		ret = error == MAIL_ERROR_NOTFOUND ? 0 : -1;
	} else {
		mails->index = bounce_sent_copy_index_init(mails->bu->user);
		mails_read_opened(mails, box);
		bounce_sent_copy_index_deinit(&mails->index);
	}
	mailbox_free(&box);
	return ret;
}

static void
mails_say(struct bounce_check *check, const struct check_mails *mails,
	  const char *name)
{
	unsigned int verified = mails->evidence[BOUNCE_EVIDENCE_VERIFIED];
	unsigned int strangers = mails->reporters[BOUNCE_REPORTER_STRANGER];
	const char *advice = NULL;

	if (verified == 0 && strangers == mails->reports) {
		advice = "None was made by a host that is known as ours: name "
			"those of the MTA in bounce_sites, a relay's in "
			"bounce_relays";
	} else if (verified == 0) {
		advice = "No copy was found in Sent and no token in the mails "
			"that came back: see EVIDENCE in dovecot-bounce(7)";
	}
	bounce_check_say(check, advice == NULL ? BOUNCE_CHECK_OK :
			 BOUNCE_CHECK_WARN, "evidence", name, advice,
			 "of the last %u reports %u are verified, %u plausible, "
			 "%u unverified; made by us %u, our relay %u, the "
			 "address's side %u, its hoster %u, strangers %u",
			 mails->reports, verified,
			 mails->evidence[BOUNCE_EVIDENCE_PLAUSIBLE],
			 mails->evidence[BOUNCE_EVIDENCE_UNVERIFIED],
			 mails->reporters[BOUNCE_REPORTER_OWN],
			 mails->reporters[BOUNCE_REPORTER_RELAY],
			 mails->reporters[BOUNCE_REPORTER_SIDE],
			 mails->reporters[BOUNCE_REPORTER_HOSTER], strangers);
}

void bounce_check_mails_evidence(struct bounce_check *check)
{
	struct check_mails mails = { .bu = check->bu };
	const char *name = check->bu->set.mailbox, *error;
	int ret;

	name = bounce_user_vname(check->bu->user,
				 *name == '\0' ? "INBOX" : name);
	ret = mails_read(&mails, name, &error);
	if (ret < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "evidence", name,
				 NULL, "the mailbox cannot be read: %s", error);
	} else if (mails.reports == 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "evidence", name,
				 NULL, "no report has come yet");
	} else {
		mails_say(check, &mails, name);
	}
}
