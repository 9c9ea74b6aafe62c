/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-types.h"

const char *const bounce_kind_names[BOUNCE_KIND_COUNT + 1] = {
	"none", "failure", "delay", "success", "auto-reply", "disposition",
	"complaint"
};
const char *const bounce_action_names[BOUNCE_ACTION_COUNT + 1] = {
	"failed", "delayed", "delivered", "relayed", "expanded"
};
const char *const bounce_class_names[BOUNCE_CLASS_COUNT + 1] = {
	"undetermined", "hard", "soft"
};
const char *const bounce_side_names[BOUNCE_SIDE_COUNT + 1] = {
	"unknown", "recipient", "domain", "sender", "message", "transport"
};
const char *const bounce_evidence_names[BOUNCE_EVIDENCE_COUNT + 1] = {
	"unverified", "plausible", "verified"
};

int bounce_types_find(const char *const *names, const char *name,
		     unsigned int *idx_r)
{
	for (unsigned int i = 0; names[i] != NULL; i++) {
		if (strcasecmp(names[i], name) == 0) {
			*idx_r = i;
			return 0;
		}
	}
	return -1;
}

BOUNCE_NAMES(kind, BOUNCE_KIND_COUNT)
BOUNCE_NAMES(action, BOUNCE_ACTION_COUNT)
BOUNCE_NAMES(class, BOUNCE_CLASS_COUNT)
BOUNCE_NAMES(side, BOUNCE_SIDE_COUNT)
BOUNCE_NAMES(evidence, BOUNCE_EVIDENCE_COUNT)
