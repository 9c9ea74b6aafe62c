/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "bounce-address.h"
#include "bounce-digest-store.h"
#include "bounce-liveness.h"
#include "bounce-sent-mark.h"
#include "bounce-sent-copy.h"
#include "bounce-store.h"
#include "bounce-user.h"
#include "bounce-verify.h"

/* Message-IDs of an answer that are looked for in Sent, the last first. */
#define MAX_REFERENCES 5

/* Best effort: for the digest, where there is one. */
static void
liveness_recovered(struct bounce_user *bu, struct bounce_store *store,
		   const char *address, time_t now)
{
	const char *error;

	if (bu->set.digest != BOUNCE_DIGEST_NO &&
	    bounce_digest_store_recovered(store, address, now, &error) < 0) {
		e_error(bu->event, "The digest will not name an address that "
			"works again: %s", error);
	}
}

static int
liveness_clear(struct bounce_user *bu, const char *address, time_t now,
	       pool_t pool, ARRAY_TYPE(bounce_record) *cleared,
	       const char **error_r)
{
	struct bounce_store *store;
	struct bounce_record before;
	const char *error;
	int ret;

	if (bounce_user_store(bu, &store, error_r) < 0)
		ret = -1;
	else
		ret = bounce_store_clear(store, address, pool, &before,
					 error_r);
	if (ret > 0) {
		e_debug(bu->event, "%s is alive: its record goes", address);
		liveness_recovered(bu, store, address, now);
		if (bounce_sent_mark_cleared(bu, &before, now, &error) < 0) {
			e_error(bu->event, "Sent mail keeps its mark "
				BOUNCE_SENT_COPY_KEYWORD": %s", error);
		}
		array_push_back(cleared, &before);
	}
	return ret;
}

/*
 * A mail
 */

static bool liveness_is_spam(struct mail *mail)
{
	const char *value;

	return mail_get_first_header(mail, "X-Spam-Flag", &value) > 0 &&
		strncasecmp(value, "yes", 3) == 0;
}

static bool
liveness_is_authentic(struct bounce_user *bu, struct mail *mail,
		      const char *session_id, const char *from)
{
	struct istream *input;
	bool ret;

	if (mail_get_hdr_stream(mail, NULL, &input) < 0)
		return FALSE;
	ret = bounce_verify_sender(bu, input, session_id, from);
	i_stream_seek(input, 0);
	return ret;
}

/* The last ones are the nearest. */
static void
liveness_add_references(struct mail *mail, const char *header,
			ARRAY_TYPE(const_string) *ids)
{
	const char *value, *const *words;
	unsigned int i;

	if (mail_get_first_header(mail, header, &value) <= 0)
		return;
	words = t_strsplit_spaces(value, " \t\r\n,");
	for (i = str_array_length(words); i > 0 &&
	     array_count(ids) < MAX_REFERENCES; i--) {
		if (words[i - 1][0] == '<')
			array_push_back(ids, &words[i - 1]);
	}
}

static bool
liveness_is_answer(struct bounce_user *bu, struct mail *mail, const char *from,
		   time_t now, pool_t pool)
{
	ARRAY_TYPE(const_string) ids;
	struct bounce_sent_header out;
	const char *id, *error;
	int ret;

	t_array_init(&ids, MAX_REFERENCES);
	liveness_add_references(mail, "In-Reply-To", &ids);
	liveness_add_references(mail, "References", &ids);
	array_foreach_elem(&ids, id) {
		ret = bounce_sent_copy_read(bu->user, id, now, 0, pool, &out,
					   &error);
		if (ret < 0) {
			e_error(bu->event, "Sent mail cannot be searched: %s",
				error);
		}
		/* nobody else was given its Message-ID */
		if (ret != 0)
			return ret > 0 &&
				array_count(&out.recipients) == 1 &&
				bounce_sent_header_has(&out, from);
	}
	return FALSE;
}

int bounce_liveness_mail(struct bounce_user *bu, const char *sender,
			 struct mail *mail, const char *session_id, time_t now,
			 pool_t pool, ARRAY_TYPE(bounce_record) *cleared,
			 const char **error_r)
{
	struct bounce_store *store;
	struct bounce_record rec;
	const char *from, *error;
	int ret;

	if (bounce_address_normalize(pool, sender, &from, &error) < 0)
		return 0;
	if (bounce_user_store(bu, &store, error_r) < 0)
		return -1;
	ret = bounce_store_lookup(store, pool, from, now, &rec, error_r);
	if (ret <= 0 || !bounce_record_clears(&rec))
		return ret < 0 ? -1 : 0;
	if (liveness_is_spam(mail) ||
	    (!liveness_is_authentic(bu, mail, session_id, from) &&
	     !liveness_is_answer(bu, mail, from, now, pool)))
		return 0;
	return liveness_clear(bu, from, now, pool, cleared, error_r);
}

/*
 * A report
 */

int bounce_liveness_report(struct bounce_user *bu,
			const struct bounce_report *report,
			enum bounce_evidence evidence, time_t now, pool_t pool,
			ARRAY_TYPE(bounce_record) *cleared,
			const char **error_r)
{
	const struct bounce_recipient *rcpt;
	int ret, count = 0;

	if (report->kind != BOUNCE_KIND_SUCCESS &&
	    report->kind != BOUNCE_KIND_DISPOSITION)
		return 0;
	/* whatever bounce_evidence says: only what is certain clears */
	if (evidence < BOUNCE_EVIDENCE_VERIFIED)
		return 0;
	array_foreach(&report->recipients, rcpt) {
		/* relayed and expanded say nothing of the mailbox */
		if (rcpt->action != BOUNCE_ACTION_DELIVERED ||
		    rcpt->address == NULL || rcpt->stranger ||
		    rcpt->doubtful)
			continue;
		ret = liveness_clear(bu, rcpt->address, now, pool, cleared,
				     error_r);
		if (ret < 0)
			return -1;
		count += ret;
	}
	return count;
}
