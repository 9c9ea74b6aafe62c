/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Where is the plugin loaded? A protocol section with mail_plugins of its own may
   have forgotten it, and then tables stay empty without a word. */

#include "lib.h"
#include "doveadm-bounce-conf.h"
#include "bounce-check.h"

static const struct check_loaded {
	const char *protocol, *plugin;
	/* it delivers mail */
	bool delivers;
	/* what is missed without it */
	const char *missed;
} check_loaded[] = {
	{ "lmtp", "bounce", TRUE,
	  "reports that come by LMTP are neither filed nor recorded" },
	{ "lda", "bounce", TRUE,
	  "reports that dovecot-lda delivers are neither filed nor recorded" },
	{ "imap", "bounce", FALSE,
	  "what clients save to Sent is not counted, and no program can read the "
	  "dictionary by IMAP" },
	{ "submission", "submission_bounce", FALSE,
	  "what is submitted is not counted and bears no token, so that its bounces "
	  "prove themselves by the copy in Sent alone" },
};

static bool check_loaded_is_served(const struct check_loaded *where)
{
	const char *protocols = t_doveadm_bounce_conf(NULL, "protocols");

	/* dovecot-lda is a program */
	return strcmp(where->protocol, "lda") == 0 || protocols == NULL ||
		doveadm_bounce_conf_lists(protocols, where->protocol);
}

static const char *t_check_loaded_advice(const struct check_loaded *where)
{
	return t_strdup_printf("Add %s to mail_plugins of protocol %s: a "
			       "section with mail_plugins of its own begins anew",
			       where->plugin, where->protocol);
}

static void
check_loaded_say(struct bounce_check *check, const struct check_loaded *where,
		 int loaded, bool anywhere)
{
	enum bounce_check_result result;

	if (loaded < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "plugin",
				 where->protocol, NULL,
				 "doveconf does not say mail_plugins");
	} else if (loaded > 0) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "plugin",
				 where->protocol, NULL, "%s is loaded",
				 where->plugin);
	} else {
		result = !where->delivers ? BOUNCE_CHECK_NOTE :
			anywhere ? BOUNCE_CHECK_WARN : BOUNCE_CHECK_FAIL;
		if (strcmp(where->protocol, "imap") == 0)
			result = BOUNCE_CHECK_WARN;
		bounce_check_say(check, result, "plugin", where->protocol,
				 t_check_loaded_advice(where),
				 "%s is not loaded: %s", where->plugin,
				 where->missed);
	}
}

void bounce_check_loaded(struct bounce_check *check)
{
	int loaded[N_ELEMENTS(check_loaded)];
	bool served[N_ELEMENTS(check_loaded)], anywhere = FALSE;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(check_loaded); i++) {
		const struct check_loaded *where = &check_loaded[i];

		loaded[i] = doveadm_bounce_conf_has(where->protocol,
						    "mail_plugins",
						    where->plugin);
		served[i] = check_loaded_is_served(where);
		if (where->delivers && served[i] && loaded[i] != 0)
			anywhere = TRUE;
	}
	for (i = 0; i < N_ELEMENTS(check_loaded); i++) {
		if (served[i])
			check_loaded_say(check, &check_loaded[i], loaded[i],
					 anywhere);
	}
}

void bounce_check_metadata(struct bounce_check *check)
{
	const char *value = t_doveadm_bounce_conf("imap", "imap_metadata");

	if (value == NULL || *value == '\0') {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "metadata",
				 "imap", NULL,
				 "doveconf does not say imap_metadata");
	} else if (doveadm_bounce_conf_lists(value, "yes")) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "metadata", "imap",
				 NULL, "imap_metadata is on");
	} else {
		bounce_check_say(check, BOUNCE_CHECK_NOTE, "metadata", "imap",
			"imap_metadata = yes, if mail programs are to read it",
			"imap_metadata is off: users' programs do not see their "
			"dictionary");
	}
}
