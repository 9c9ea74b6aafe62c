/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "strnum.h"
#include "bounce-access.h"
#include "bounce-limits.h"

enum access_name {
	ACCESS_REQUEST,
	ACCESS_STATE,
	ACCESS_LOGIN,
	ACCESS_RECIPIENT,
	ACCESS_RECIPIENT_COUNT,
	ACCESS_INSTANCE,
	ACCESS_QUEUE_ID,
	ACCESS_COUNT
};

static const char *const access_names[ACCESS_COUNT] = {
	"request", "protocol_state", "sasl_username", "recipient",
	"recipient_count", "instance", "queue_id"
};

void bounce_access_init(struct bounce_access *access, pool_t pool)
{
	i_zero(access);
	access->pool = pool;
}

void bounce_access_reset(struct bounce_access *access)
{
	pool_t pool = access->pool;

	p_clear(pool);
	bounce_access_init(access, pool);
}

static int access_find(const char *line, size_t len)
{
	for (int i = 0; i < ACCESS_COUNT; i++) {
		if (strncmp(access_names[i], line, len) == 0 &&
		    access_names[i][len] == '\0')
			return i;
	}
	return -1;
}

static enum bounce_access_state access_state(const char *value)
{
	if (strcmp(value, "RCPT") == 0)
		return BOUNCE_ACCESS_RCPT;
	return strcmp(value, "DATA") == 0 ? BOUNCE_ACCESS_DATA :
		BOUNCE_ACCESS_OTHER;
}

static void
access_set(struct bounce_access *access, enum access_name name,
	   const char *value)
{
	const char *text = p_strdup_empty(access->pool, value);

	switch (name) {
	case ACCESS_REQUEST:
		access->policy = strcmp(value, "smtpd_access_policy") == 0;
		break;
	case ACCESS_STATE:
		access->state = access_state(value);
		break;
	case ACCESS_LOGIN:
		access->login = text;
		break;
	case ACCESS_RECIPIENT:
		access->recipient = text;
		break;
	case ACCESS_RECIPIENT_COUNT:
		if (str_to_uint(value, &access->recipient_count) < 0)
			access->recipient_count = 0;
		break;
	case ACCESS_INSTANCE:
		access->instance = text;
		break;
	case ACCESS_QUEUE_ID:
		access->queue_id = text;
		break;
	case ACCESS_COUNT:
		i_unreached();
	}
}

int bounce_access_read(struct bounce_access *access, const char *line,
		       const char **error_r)
{
	size_t len = strcspn(line, "=");
	int name;

	if (*line == '\0')
		return 1;
	if (++access->lines > BOUNCE_MAX_ACCESS_LINES) {
		*error_r = t_strdup_printf("A request has more than %u lines",
					   BOUNCE_MAX_ACCESS_LINES);
		return -1;
	}
	if (len + strlen(line + len) > BOUNCE_MAX_ACCESS_LINE) {
		*error_r = t_strdup_printf("A line has more than %u bytes",
					   BOUNCE_MAX_ACCESS_LINE);
		return -1;
	}
	if (line[len] == '\0')
		return 0;
	name = access_find(line, len);
	if (name >= 0 && (access->known & (1U << name)) == 0) {
		access->known |= 1U << name;
		access_set(access, name, line + len + 1);
	}
	return 0;
}
