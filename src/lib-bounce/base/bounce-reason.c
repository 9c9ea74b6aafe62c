/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-reason.h"

#define HARD BOUNCE_CLASS_HARD
#define SOFT BOUNCE_CLASS_SOFT
#define NONE BOUNCE_CLASS_UNDETERMINED
#define SIDE(name) BOUNCE_SIDE_##name

static const struct bounce_reason reasons[] = {
	{ "mailbox-unknown", HARD, SIDE(RECIPIENT), 300 },
	{ "mailbox-disabled", HARD, SIDE(RECIPIENT), 300 },
	{ "mailbox-moved", HARD, SIDE(RECIPIENT), 300 },
	{ "owner-changed", HARD, SIDE(RECIPIENT), 300 },
	{ "address-syntax", HARD, SIDE(RECIPIENT), 300 },
	{ "mailbox-full", SOFT, SIDE(RECIPIENT), 100 },
	{ "recipient-refused", SOFT, SIDE(RECIPIENT), 50 },
	{ "list-restricted", SOFT, SIDE(RECIPIENT), 0 },
	{ "list-error", SOFT, SIDE(RECIPIENT), 50 },
	{ "domain-unknown", HARD, SIDE(DOMAIN), 150 },
	{ "domain-no-mail", HARD, SIDE(DOMAIN), 300 },
	{ "dns-failure", SOFT, SIDE(DOMAIN), 50 },
	{ "routing-loop", SOFT, SIDE(DOMAIN), 50 },
	{ "relay-denied", NONE, SIDE(DOMAIN), 100 },
	{ "connection-failed", SOFT, SIDE(TRANSPORT), 50 },
	{ "expired", SOFT, SIDE(TRANSPORT), 100 },
	{ "greylisted", SOFT, SIDE(TRANSPORT), 0 },
	{ "system-full", SOFT, SIDE(DOMAIN), 50 },
	{ "system-unavailable", SOFT, SIDE(DOMAIN), 50 },
	{ "system-error", SOFT, SIDE(DOMAIN), 50 },
	{ "delivery-program-error", SOFT, SIDE(RECIPIENT), 50 },
	{ "auth-failure", SOFT, SIDE(SENDER), 0 },
	{ "reverse-dns", SOFT, SIDE(SENDER), 0 },
	{ "reputation", SOFT, SIDE(SENDER), 0 },
	{ "rate-limited", SOFT, SIDE(SENDER), 0 },
	{ "sender-rejected", SOFT, SIDE(SENDER), 0 },
	{ "submission-refused", SOFT, SIDE(SENDER), 0 },
	{ "message-too-large", SOFT, SIDE(MESSAGE), 0 },
	{ "too-many-recipients", SOFT, SIDE(MESSAGE), 0 },
	{ "spam-content", SOFT, SIDE(MESSAGE), 0 },
	{ "virus", SOFT, SIDE(MESSAGE), 0 },
	{ "attachment-refused", SOFT, SIDE(MESSAGE), 0 },
	{ "format-error", SOFT, SIDE(MESSAGE), 0 },
	{ "utf8-unsupported", SOFT, SIDE(DOMAIN), 50 },
	{ "tls-required", SOFT, SIDE(TRANSPORT), 0 },
	{ "protocol-error", SOFT, SIDE(TRANSPORT), 0 },
	{ "policy-refused", NONE, SIDE(UNKNOWN), 0 },
	{ "suppressed", NONE, SIDE(SENDER), 0 },
	{ "undetermined", NONE, SIDE(UNKNOWN), 50 },
};

const struct bounce_reason *bounce_reason_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(reasons); i++) {
		if (strcmp(reasons[i].name, name) == 0)
			return &reasons[i];
	}
	return NULL;
}

const struct bounce_reason *bounce_reason_table(unsigned int *count_r)
{
	*count_r = N_ELEMENTS(reasons);
	return reasons;
}
