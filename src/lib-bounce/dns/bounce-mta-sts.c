/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bounce-mta-sts.h"

/* RFC 8461 section 3.2: a year */
#define MAX_MAX_AGE 31557600

static const char *const mta_sts_modes[] = {
	"none", "testing", "enforce", NULL
};

struct mta_sts_file {
	/* the first of each counts; NULL = there was none */
	const char *version, *mode, *max_age;
	ARRAY_TYPE(const_string) mx;
};

const char *bounce_mta_sts_mode_name(enum bounce_mta_sts_mode mode)
{
	return mta_sts_modes[mode];
}

static void mta_sts_line(struct mta_sts_file *file, const char *line)
{
	const char *colon = strchr(line, ':'), *key, *value;

	if (colon == NULL)
		return;
	key = t_str_trim(t_strdup_until(line, colon), " \t");
	value = t_str_trim(colon + 1, " \t\r");
	if (strcmp(key, "version") == 0 && file->version == NULL)
		file->version = value;
	else if (strcmp(key, "mode") == 0 && file->mode == NULL)
		file->mode = value;
	else if (strcmp(key, "max_age") == 0 && file->max_age == NULL)
		file->max_age = value;
	else if (strcmp(key, "mx") == 0)
		array_push_back(&file->mx, &value);
}

static bool mta_sts_is_mode(const char *text, enum bounce_mta_sts_mode *mode_r)
{
	for (unsigned int i = 0; mta_sts_modes[i] != NULL; i++) {
		if (strcmp(mta_sts_modes[i], text) == 0) {
			*mode_r = (enum bounce_mta_sts_mode)i;
			return TRUE;
		}
	}
	return FALSE;
}

int bounce_mta_sts_parse(const char *text, struct bounce_mta_sts *policy_r,
			 const char **error_r)
{
	const char *const *line = t_strsplit(text, "\n");
	struct mta_sts_file file;

	i_zero(&file);
	t_array_init(&file.mx, 8);
	for (; *line != NULL; line++)
		mta_sts_line(&file, *line);
	if (file.version == NULL || strcmp(file.version, "STSv1") != 0)
		*error_r = "its version: is not STSv1";
	else if (file.mode == NULL || !mta_sts_is_mode(file.mode,
						      &policy_r->mode))
		*error_r = "its mode: is none of none, testing, enforce";
	else if (file.max_age == NULL ||
		 str_to_uint(file.max_age, &policy_r->max_age) < 0 ||
		 policy_r->max_age > MAX_MAX_AGE)
		*error_r = "its max_age: is no number of seconds up to a year";
	else if (array_is_empty(&file.mx) &&
		 policy_r->mode != BOUNCE_MTA_STS_NONE)
		*error_r = "it has no mx:";
	else
		*error_r = NULL;
	array_append_zero(&file.mx);
	policy_r->mx = array_front(&file.mx);
	return *error_r == NULL ? 0 : -1;
}

bool bounce_mta_sts_allows(const struct bounce_mta_sts *policy,
			   const char *host)
{
	const char *const *mx = policy->mx, *dot = strchr(host, '.');

	for (; *mx != NULL; mx++) {
		/* one label (section 4.1) */
		if (strncmp(*mx, "*.", 2) == 0 ? dot != NULL &&
		    strcasecmp(*mx + 1, dot) == 0 : strcasecmp(*mx, host) == 0)
			return TRUE;
	}
	return FALSE;
}
