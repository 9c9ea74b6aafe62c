/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The user's own reports, the newest of bounce_mailbox: what do they prove? */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "message-header-parser.h"
#include "net.h"
#include "bounce-classify.h"
#include "bounce-dns.h"
#include "bounce-received.h"
#include "bounce-rules-cache.h"
#include "bounce-sent-copy.h"
#include "bounce-verify.h"
#include "bounce-check-mails.h"
#include "bounce-check-named.h"

#define MAX_MAILS 500

/* More are not asked about. */
#define MAX_FOUND 20

struct check_mails {
	struct bounce_check *check;
	struct bounce_user *bu;
	struct bounce_sent_copy_index *index;
	struct bounce_check_mails *found;
};

/*
 * What they say
 */

static void
mails_add_signer(struct check_mails *mails, const char *domain,
		 const char *selector)
{
	struct bounce_check_signer *signer;

	array_foreach_modifiable(&mails->found->signers, signer) {
		if (strcasecmp(signer->domain, domain) == 0 &&
		    strcmp(signer->selector, selector) == 0)
			return;
	}
	if (array_count(&mails->found->signers) >= MAX_FOUND)
		return;
	signer = array_append_space(&mails->found->signers);
	signer->domain = p_strdup(mails->check->pool, domain);
	signer->selector = p_strdup(mails->check->pool, selector);
}

static void mails_add_hello(struct check_mails *mails,
			    const struct bounce_received *received)
{
	pool_t pool = mails->check->pool;
	struct bounce_check_hello *hello;

	if (received->helo == NULL || received->address == NULL ||
	    received->authenticated || bounce_received_is_private(received))
		return;
	array_foreach_modifiable(&mails->found->hellos, hello) {
		if (strcasecmp(hello->helo, received->helo) == 0)
			return;
	}
	if (array_count(&mails->found->hellos) >= MAX_FOUND)
		return;
	hello = array_append_space(&mails->found->hellos);
	hello->helo = p_strdup(pool, received->helo);
	hello->ip = p_strdup(pool, received->address);
}

static void mails_find_hello(struct check_mails *mails, const char *value)
{
	pool_t pool = pool_alloconly_create("bounce check hello", 512);
	struct bounce_received received;

	bounce_received_parse(pool, value, &received);
	mails_add_hello(mails, &received);
	pool_unref(&pool);
}

static void mails_find_headers(struct check_mails *mails, const char *headers)
{
	struct istream *input =
		i_stream_create_from_data(headers, strlen(headers));
	struct message_header_parser_ctx *parser =
		message_parse_header_init(input, NULL, 0);
	struct message_header_line *hdr;

	while (message_parse_header_next(parser, &hdr) > 0 && !hdr->eoh) {
		const char *value, *domain, *selector;

		bool received = strcasecmp(hdr->name, "Received") == 0;

		if (!received && strcasecmp(hdr->name, "DKIM-Signature") != 0)
			continue;
		if (hdr->continues) {
			hdr->use_full_value = TRUE;
			continue;
		}
		value = t_strndup(hdr->full_value, hdr->full_value_len);
		if (received) {
			mails_find_hello(mails, value);
			continue;
		}
		domain = t_bounce_dns_tag(value, "d");
		selector = t_bounce_dns_tag(value, "s");
		if (domain != NULL && selector != NULL)
			mails_add_signer(mails, domain, selector);
	}
	message_parse_header_deinit(&parser);
	i_stream_unref(&input);
}

static void mails_find(struct check_mails *mails,
		       const struct bounce_report *report)
{
	const struct bounce_recipient *rcpt;

	array_foreach(&report->recipients, rcpt) {
		if (rcpt->diagnostic != NULL &&
		    rcpt->verdict.side == BOUNCE_SIDE_SENDER)
			bounce_check_named_find(rcpt->diagnostic,
				mails->check->pool, &mails->found->ips);
	}
	if (report->original_headers != NULL)
		mails_find_headers(mails, report->original_headers);
}

/*
 * Reading
 */

static void mails_read_one(struct check_mails *mails, struct istream *input)
{
	pool_t pool = pool_alloconly_create("bounce check mail", 4096);
	struct bounce_arrival arrival = {
		.input = input, .stored = TRUE, .originals = mails->index,
		.look_only = TRUE
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
		mails->found->reports++;
		mails->found->evidence[judgement.evidence]++;
		mails->found->reporters[judgement.reporter]++;
		/* a stranger would have us ask about anything */
		if (judgement.evidence > BOUNCE_EVIDENCE_UNVERIFIED)
			mails_find(mails, report);
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

const struct bounce_check_mails *bounce_check_mails(struct bounce_check *check)
{
	const char *name = check->bu->set.mailbox, *error;
	struct check_mails mails = { .check = check, .bu = check->bu };

	if (check->mails != NULL)
		return check->mails;
	mails.found = p_new(check->pool, struct bounce_check_mails, 1);
	p_array_init(&mails.found->ips, check->pool, 8);
	p_array_init(&mails.found->signers, check->pool, 8);
	p_array_init(&mails.found->hellos, check->pool, 8);
	name = bounce_user_vname(check->bu->user,
				 *name == '\0' ? "INBOX" : name);
	mails.found->mailbox = p_strdup(check->pool, name);
	if (mails_read(&mails, name, &error) < 0)
		mails.found->error = p_strdup(check->pool, error);
	check->mails = mails.found;
	return check->mails;
}

static void
mails_say(struct bounce_check *check, const struct bounce_check_mails *mails)
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
			"that came back: see bounce-trust(7)";
	}
	bounce_check_say(check, advice == NULL ? BOUNCE_CHECK_OK :
			 BOUNCE_CHECK_WARN, "evidence", mails->mailbox, advice,
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
	const struct bounce_check_mails *mails = bounce_check_mails(check);

	if (mails->error != NULL) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "evidence",
				 mails->mailbox, NULL,
				 "the mailbox cannot be read: %s",
				 mails->error);
	} else if (mails->reports == 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "evidence",
				 mails->mailbox, NULL,
				 "no report has come yet");
	} else {
		mails_say(check, mails);
	}
}
