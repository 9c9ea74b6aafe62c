/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-types.h"

static const char *const kind_names[BOUNCE_KIND_COUNT] = {
	"none", "failure", "delay", "success", "auto-reply", "disposition",
	"complaint"
};
static const char *const action_names[BOUNCE_ACTION_COUNT] = {
	"failed", "delayed", "delivered", "relayed", "expanded"
};
static const char *const class_names[BOUNCE_CLASS_COUNT] = {
	"undetermined", "hard", "soft"
};
static const char *const side_names[BOUNCE_SIDE_COUNT] = {
	"unknown", "recipient", "domain", "sender", "message", "transport"
};
static const char *const evidence_names[BOUNCE_EVIDENCE_COUNT] = {
	"unverified", "plausible", "verified"
};

static int
name_find(const char *const *names, unsigned int count, const char *name,
	  unsigned int *idx_r)
{
	for (unsigned int i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0) {
			*idx_r = i;
			return 0;
		}
	}
	return -1;
}

#define BOUNCE_NAMES(noun, NOUN) \
const char *bounce_##noun##_name(enum bounce_##noun noun) \
{ \
	i_assert((unsigned int)noun < NOUN); \
	return noun##_names[noun]; \
} \
int bounce_##noun##_parse(const char *name, enum bounce_##noun *noun##_r) \
{ \
	unsigned int idx; \
	if (name_find(noun##_names, NOUN, name, &idx) < 0) \
		return -1; \
	*noun##_r = (enum bounce_##noun)idx; \
	return 0; \
}

BOUNCE_NAMES(kind, BOUNCE_KIND_COUNT)
BOUNCE_NAMES(action, BOUNCE_ACTION_COUNT)
BOUNCE_NAMES(class, BOUNCE_CLASS_COUNT)
BOUNCE_NAMES(side, BOUNCE_SIDE_COUNT)
BOUNCE_NAMES(evidence, BOUNCE_EVIDENCE_COUNT)
