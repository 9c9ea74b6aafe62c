/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-reason.h"
#include "bounce-verdict.h"

/* IANA "SMTP Enhanced Status Codes", as of December 2024: subject and detail,
   the reason of 4.x and of 5.x. NULL = says nothing. The codes with detail 0
   and those marked are used by mailers for anything. */
static const struct status_row {
	const char *code;
	const char *temporary, *permanent;
	bool generic;
} status_rows[] = {
	{ "0.0", NULL, NULL, TRUE },
	{ "1.0", NULL, NULL, TRUE },
	{ "1.1", "undetermined", "mailbox-unknown", FALSE },
	{ "1.2", "dns-failure", "domain-unknown", FALSE },
	{ "1.3", "address-syntax", "address-syntax", FALSE },
	{ "1.4", "recipient-refused", "recipient-refused", FALSE },
	{ "1.5", NULL, NULL, TRUE },
	{ "1.6", "mailbox-moved", "mailbox-moved", FALSE },
	{ "1.7", "sender-rejected", "sender-rejected", FALSE },
	{ "1.8", "sender-rejected", "sender-rejected", FALSE },
	{ "1.9", "system-error", "system-error", FALSE },
	{ "1.10", "domain-no-mail", "domain-no-mail", FALSE },
	{ "2.0", "recipient-refused", "recipient-refused", TRUE },
	{ "2.1", "mailbox-disabled", "mailbox-disabled", FALSE },
	{ "2.2", "mailbox-full", "mailbox-full", FALSE },
	{ "2.3", "message-too-large", "message-too-large", FALSE },
	{ "2.4", "list-error", "list-error", FALSE },
	{ "3.0", "system-error", "system-error", TRUE },
	{ "3.1", "system-full", "system-full", FALSE },
	{ "3.2", "system-unavailable", "system-unavailable", FALSE },
	{ "3.3", "system-error", "system-error", FALSE },
	{ "3.4", "message-too-large", "message-too-large", FALSE },
	{ "3.5", "system-error", "system-error", FALSE },
	{ "4.0", "connection-failed", "connection-failed", TRUE },
	{ "4.1", "connection-failed", "connection-failed", TRUE },
	{ "4.2", "connection-failed", "connection-failed", FALSE },
	{ "4.3", "dns-failure", "dns-failure", FALSE },
	{ "4.4", "dns-failure", "domain-unknown", FALSE },
	{ "4.5", "system-unavailable", "system-unavailable", FALSE },
	{ "4.6", "routing-loop", "routing-loop", FALSE },
	{ "4.7", "expired", "expired", FALSE },
	{ "4.8", "connection-failed", "connection-failed", FALSE },
	{ "5.0", "protocol-error", "protocol-error", TRUE },
	{ "5.1", "protocol-error", "protocol-error", FALSE },
	{ "5.2", "protocol-error", "protocol-error", FALSE },
	{ "5.3", "too-many-recipients", "too-many-recipients", FALSE },
	{ "5.4", "protocol-error", "protocol-error", FALSE },
	{ "5.5", "protocol-error", "protocol-error", FALSE },
	{ "5.6", "submission-refused", "submission-refused", FALSE },
	{ "6.0", "format-error", "format-error", TRUE },
	{ "6.1", "format-error", "format-error", FALSE },
	{ "6.2", "format-error", "format-error", FALSE },
	{ "6.3", "format-error", "format-error", FALSE },
	{ "6.4", "format-error", "format-error", FALSE },
	{ "6.5", "format-error", "format-error", FALSE },
	{ "6.6", "format-error", "format-error", FALSE },
	{ "6.7", "utf8-unsupported", "utf8-unsupported", FALSE },
	{ "6.8", "utf8-unsupported", "utf8-unsupported", FALSE },
	{ "6.9", "utf8-unsupported", "utf8-unsupported", FALSE },
	{ "6.10", "utf8-unsupported", "utf8-unsupported", FALSE },
	{ "7.0", "policy-refused", "policy-refused", TRUE },
	{ "7.1", "policy-refused", "policy-refused", TRUE },
	{ "7.2", "list-restricted", "list-restricted", FALSE },
	{ "7.3", "tls-required", "tls-required", FALSE },
	{ "7.4", "tls-required", "tls-required", FALSE },
	{ "7.5", "tls-required", "tls-required", FALSE },
	{ "7.6", "tls-required", "tls-required", FALSE },
	{ "7.7", "tls-required", "tls-required", FALSE },
	{ "7.8", "submission-refused", "submission-refused", FALSE },
	{ "7.9", "submission-refused", "submission-refused", FALSE },
	{ "7.10", "submission-refused", "submission-refused", FALSE },
	{ "7.11", "submission-refused", "submission-refused", FALSE },
	{ "7.12", "submission-refused", "submission-refused", FALSE },
	{ "7.13", "submission-refused", "submission-refused", FALSE },
	{ "7.14", "submission-refused", "submission-refused", FALSE },
	{ "7.15", "policy-refused", "policy-refused", FALSE },
	{ "7.16", "message-too-large", "message-too-large", FALSE },
	{ "7.17", "owner-changed", "owner-changed", FALSE },
	{ "7.18", "owner-changed", "owner-changed", FALSE },
	{ "7.19", "policy-refused", "policy-refused", FALSE },
	{ "7.20", "auth-failure", "auth-failure", FALSE },
	{ "7.21", "auth-failure", "auth-failure", FALSE },
	{ "7.22", "auth-failure", "auth-failure", FALSE },
	{ "7.23", "auth-failure", "auth-failure", FALSE },
	{ "7.24", "auth-failure", "auth-failure", FALSE },
	{ "7.25", "reverse-dns", "reverse-dns", FALSE },
	{ "7.26", "auth-failure", "auth-failure", FALSE },
	{ "7.27", "sender-rejected", "sender-rejected", FALSE },
	{ "7.28", "rate-limited", "rate-limited", FALSE },
	{ "7.29", "auth-failure", "auth-failure", FALSE },
	{ "7.30", "tls-required", "tls-required", FALSE },
};

/* A detail that nobody registered: its subject still says something. */
static const char *const subject_reasons[10] = {
	[1] = "undetermined", [2] = "recipient-refused", [3] = "system-error",
	[4] = "connection-failed", [5] = "protocol-error",
	[6] = "format-error", [7] = "policy-refused"
};

/* RFC 5321 section 4.2 and its extensions. The first row that fits counts;
   command is the start of the command's name, NULL = any or unknown. */
static const struct reply_row {
	const char *reply, *command, *reason;
} reply_rows[] = {
	{ "421", NULL, "connection-failed" },
	{ "450", "MAIL", "sender-rejected" },
	{ "451", NULL, "system-error" },
	{ "452", "RCPT", "too-many-recipients" },
	{ "452", NULL, "system-full" },
	{ "453", NULL, "system-unavailable" },
	{ "454", NULL, "tls-required" },
	{ "500", NULL, "protocol-error" },
	{ "501", "RCPT", "address-syntax" },
	{ "501", "MAIL", "sender-rejected" },
	{ "501", NULL, "protocol-error" },
	{ "502", NULL, "protocol-error" },
	{ "503", NULL, "protocol-error" },
	{ "504", NULL, "protocol-error" },
	{ "521", NULL, "domain-no-mail" },
	{ "523", NULL, "message-too-large" },
	{ "530", NULL, "submission-refused" },
	{ "534", NULL, "submission-refused" },
	{ "535", NULL, "submission-refused" },
	{ "538", NULL, "submission-refused" },
	{ "550", "MAIL", "sender-rejected" },
	{ "550", "RCPT", "recipient-refused" },
	{ "550", "DATA", "policy-refused" },
	{ "550", "end", "policy-refused" },
	{ "551", "RCPT", "mailbox-moved" },
	{ "552", "RCPT", "mailbox-full" },
	{ "552", NULL, "message-too-large" },
	{ "553", "MAIL", "sender-rejected" },
	{ "553", "RCPT", "recipient-refused" },
	{ "554", "CONNECT", "reputation" },
	{ "554", "EHLO", "reputation" },
	{ "554", "HELO", "reputation" },
	{ "554", "MAIL", "sender-rejected" },
	{ "554", "DATA", "policy-refused" },
	{ "554", "end", "policy-refused" },
	{ "555", NULL, "protocol-error" },
	{ "556", NULL, "domain-no-mail" },
};

static const struct bounce_reason *verdict_reason_of(const char *name)
{
	return name == NULL ? NULL : bounce_reason_find(name);
}

const struct bounce_reason *
bounce_verdict_status(const char *status, bool *generic_r)
{
	const struct status_row *row;
	bool permanent = status[0] == '5';

	*generic_r = TRUE;
	if ((status[0] != '4' && !permanent) || status[1] != '.')
		return NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(status_rows); i++) {
		row = &status_rows[i];
		if (strcmp(row->code, status + 2) != 0)
			continue;
		*generic_r = row->generic;
		return verdict_reason_of(permanent ? row->permanent :
					 row->temporary);
	}
	if (status[2] < '0' || status[2] > '9' || status[3] != '.')
		return NULL;
	return verdict_reason_of(subject_reasons[status[2] - '0']);
}

const struct bounce_reason *
bounce_verdict_reply(const char *reply, const char *command)
{
	for (unsigned int i = 0; i < N_ELEMENTS(reply_rows); i++) {
		const struct reply_row *row = &reply_rows[i];

		if (strcmp(row->reply, reply) != 0)
			continue;
		if (row->command == NULL ||
		    (command != NULL &&
		     strncasecmp(command, row->command,
				 strlen(row->command)) == 0))
			return verdict_reason_of(row->reason);
	}
	return NULL;
}
