#ifndef BOUNCE_CHECK_H
#define BOUNCE_CHECK_H

/* "doveadm bounce check": is it us? lib95_doveadm_bounce_check_plugin.so. A part is
   a list of functions, each of which says its rows; what cannot be known is unknown,
   never ok and never a failure. */

#include "doveadm-bounce.h"

struct bounce_check_mails;
struct bounce_check_network;
struct bounce_remedies;
struct module;

enum bounce_check_result {
	BOUNCE_CHECK_OK,
	BOUNCE_CHECK_NOTE,
	BOUNCE_CHECK_WARN,
	BOUNCE_CHECK_FAIL,
	BOUNCE_CHECK_UNKNOWN,
	BOUNCE_CHECK_RESULT_COUNT
};

/* "ok", "note" ... */
const char *bounce_check_result_name(enum bounce_check_result result);

/* One row as it is printed; texts of pool. */
struct bounce_check_row {
	enum bounce_check_result result;
	const char *check, *subject, *found, *advice;
};

struct bounce_check {
	pool_t pool;
	/* NULL = the site as such is asked about */
	struct bounce_user *bu;
	time_t now;
	/* users are named: theirs come after the site's */
	bool for_users;
	/* postconf was asked in vain */
	bool no_postfix;
	/* of the site: collected while we may still read its configuration,
	   printed with the first user's */
	ARRAY(struct bounce_check_row) rows;
	/* of the site, NULL = not known; always there */
	const struct bounce_remedies *remedies;
	struct bounce_check_network *network;
	/* of the user, once they were read */
	const struct bounce_check_mails *mails;
	/* rows printed, of all users */
	unsigned int counts[BOUNCE_CHECK_RESULT_COUNT];
};

typedef void bounce_check_function_t(struct bounce_check *check);

struct bounce_check_part {
	/* as --only names it */
	const char *name;
	/* NULL-terminated: what is asked once, and what of each user */
	bounce_check_function_t *const *site, *const *user;
};
/* The last has no name. */
extern const struct bounce_check_part bounce_check_parts[];

/* Say a row. check and subject say what was looked at ("plugin", "lmtp"); found is
   a printf format, advice may be NULL. */
void bounce_check_say(struct bounce_check *check,
		      enum bounce_check_result result, const char *name,
		      const char *subject, const char *advice,
		      const char *found, ...) ATTR_FORMAT(6, 7);
/* Print the headers, and what was said. */
void bounce_check_headers(void);
void bounce_check_print(struct bounce_check *check);
/* What the whole comes to: 0, EX_DATAERR if anything failed, EX_TEMPFAIL if nothing
   could be said. */
int bounce_check_exit_code(const struct bounce_check *check);

/* setup: see doveadm-bounce-check(1) */
bounce_check_function_t bounce_check_loaded;
bounce_check_function_t bounce_check_metadata;
bounce_check_function_t bounce_check_sieve;
bounce_check_function_t bounce_check_setup_no_user;
bounce_check_function_t bounce_check_setup_settings;
bounce_check_function_t bounce_check_setup_addresses;
bounce_check_function_t bounce_check_setup_hosts;
bounce_check_function_t bounce_check_setup_filing;
bounce_check_function_t bounce_check_setup_sent;
bounce_check_function_t bounce_check_setup_token;
bounce_check_function_t bounce_check_setup_rules;
bounce_check_function_t bounce_check_setup_texts;
bounce_check_function_t bounce_check_setup_remedies;
bounce_check_function_t bounce_check_mails_evidence;
bounce_check_function_t bounce_check_dictionary;

/* dns, lists */
bounce_check_function_t bounce_check_dns;
bounce_check_function_t bounce_check_helo;
bounce_check_function_t bounce_check_lists;
/* reports, relay */
bounce_check_function_t bounce_check_reports;
bounce_check_function_t bounce_check_relay;
bounce_check_function_t bounce_check_trace;

void doveadm_bounce_check_plugin_init(struct module *module);
void doveadm_bounce_check_plugin_deinit(void);

#endif
