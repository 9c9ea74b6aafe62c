/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-limits.h"
#include "bounce-sent-private.h"

#define MAX_ID 40

static const char *const bounce_rate_level_names[BOUNCE_RATE_COUNT + 1] = {
	"none", "notice", "warning", "critical", "our-side"
};
static const char *const bounce_cause_kind_names[BOUNCE_CAUSE_COUNT + 1] = {
	"sender", "words", "domain", "host"
};

BOUNCE_NAMES(rate_level, BOUNCE_RATE_COUNT)
BOUNCE_NAMES(cause_kind, BOUNCE_CAUSE_COUNT)

#define ROW(type, name, max) { #name, BOUNCE_SENT_##type, \
	offsetof(struct bounce_sent, name), max, NULL }
#define COUNTS(name) { #name, BOUNCE_SENT_COUNTS, \
	offsetof(struct bounce_sent, name), 0, bounce_##name##_names }

const struct bounce_sent_member bounce_sent_members[] = {
	ROW(TEXT, id, MAX_ID),
	ROW(TEXT, subject, BOUNCE_MAX_SUBJECT),
	ROW(COUNT, messages, 0),
	ROW(COUNT, saved, 0),
	ROW(COUNT, sent, 0),
	ROW(COUNT, failed, 0),
	COUNTS(class),
	COUNTS(side),
	ROW(COUNT, complaints, 0),
	ROW(COUNT, suppressed, 0),
	ROW(COUNT, held, 0),
	ROW(FLAG, verifiable, 0),
	ROW(FLAG, open, 0),
	ROW(HASHES, bounced, BOUNCE_MAX_SENT_BOUNCED),
	ROW(LEVEL, level, 0),
	ROW(CAUSES, causes, BOUNCE_MAX_CAUSES * BOUNCE_CAUSE_COUNT),
	ROW(MAILS, mails, BOUNCE_MAX_SENT_MAILS),
	ROW(IDS, broadcasts, BOUNCE_MAX_BROADCASTS),
	ROW(RECENT, recent, BOUNCE_MAX_SENT_RECENT),
	ROW(HASHES, failures, BOUNCE_MAX_SENT_FAILED),
	ROW(HASHES, seen, BOUNCE_MAX_SENT_FAILED),
	{ .name = NULL }
};

bool bounce_sent_id_is_valid(const char *id)
{
	return id != NULL && bounce_sent_day_time(id) != (time_t)-1;
}
