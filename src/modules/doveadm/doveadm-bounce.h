#ifndef DOVEADM_BOUNCE_H
#define DOVEADM_BOUNCE_H

/* "doveadm bounce ...": lib95_doveadm_bounce_plugin.so. A command is one struct
   doveadm_cmd_ver2 in the file of its noun and one line in doveadm-bounce.c. It
   needs no mail plugin: it has settings and dictionary of its own. */

#include "doveadm.h"
#include "doveadm-mail.h"
#include "doveadm-print.h"
#include "bounce-record-member.h"
#include "bounce-user.h"
#include "bounce-store.h"

struct module;

#define DOVEADM_BOUNCE_USAGE(args) DOVEADM_CMD_MAIL_USAGE_PREFIX args

/* The head of each command's own struct. */
struct doveadm_bounce_cmd {
	struct doveadm_mail_cmd_context ctx;
	/* Reads the parameters and prints the headers. NULL = nothing to do */
	void (*init)(struct doveadm_bounce_cmd *cmd);
	/* Called for each user. store is NULL where no_store is set. Returns 0,
	   or -1 after doveadm_bounce_failed(). */
	int (*run)(struct doveadm_bounce_cmd *cmd, struct bounce_user *bu,
		   struct bounce_store *store);
	/* NULL = nothing to do */
	void (*deinit)(struct doveadm_bounce_cmd *cmd);
	bool no_store;
	/* only shows: pending reports stay so */
	bool no_change;
	/* writes no notices, so what is pending is left to who does */
	bool no_pending;
	time_t now;
	/* of --lang, or NULL */
	const char *lang;
	/* a parameter is wrong: it was said, and no user is touched */
	bool wrong;
	/* for a user, in this process */
	bool ran;
};

/* Allocate a command's struct, whose first member is struct doveadm_bounce_cmd
   cmd. print_type: the output's default format, NULL = prints nothing. */
struct doveadm_bounce_cmd *
doveadm_bounce_cmd_alloc_size(size_t size, const char *print_type);
#define doveadm_bounce_cmd_alloc(type, print_type) \
	(type *)doveadm_bounce_cmd_alloc_size(sizeof(type) + \
		COMPILE_ERROR_IF_TRUE(offsetof(type, cmd) != 0), print_type)

/* A parameter is wrong: exit status 64. Returns only within doveadm-server. */
void doveadm_bounce_wrong(struct doveadm_bounce_cmd *cmd, const char *fmt, ...)
	ATTR_FORMAT(2, 3);
/* Log the error and set the exit status that belongs to it; always returns
   -1. */
int doveadm_bounce_failed(struct doveadm_bounce_cmd *cmd,
			  struct bounce_user *bu, enum mail_error error,
			  const char *fmt, ...) ATTR_FORMAT(4, 5);

/* Does the command name users (-u, -A, -F)? What comes over TCP always does. */
bool doveadm_bounce_names_user(const struct doveadm_cmd_context *cctx);

/* text (an address, a line) for an error, on the data stack: sanitised and cut.
   In doveadm-server, whose errors are in the log, where no address may be,
   "what was given". */
const char *doveadm_bounce_shown(const char *text);

/* The positional parameter, in normal form (allocated from the command's pool).
   NULL after doveadm_bounce_wrong(); one that is missing prints the usage. */
const char *
doveadm_bounce_param_address(struct doveadm_bounce_cmd *cmd, const char *name);

/* "*@example.com" as the dictionary has it: addresses are there in normal form;
   of a mask only what holds no wildcard can be brought into it. */
const char *doveadm_bounce_mask(pool_t pool, const char *mask);
bool doveadm_bounce_mask_match(const char *mask,
			       const struct bounce_record *rec);

/* A command that prints texts has it; the rest happens by itself. */
#define DOVEADM_BOUNCE_PARAM_LANG \
	DOVEADM_CMD_PARAM('l', "lang", CMD_PARAM_STR, 0)

/* The texts in the user's language: that of their own mail, where it is known and
   bounce_language is auto. Valid until the next call. */
const struct bounce_texts *doveadm_bounce_texts(struct bounce_user *bu);

/* What iter passed over is said, and sets the exit status: the rest is printed all
   the same. */
void doveadm_bounce_say_damaged(struct doveadm_bounce_cmd *cmd,
				struct bounce_user *bu,
				const struct bounce_store_iter *iter);
/* The user's records that have not lapsed, sorted by address, in pool; the damaged
   ones are said. filter may be NULL. Returns 0, or -1 with error_r. */
typedef bool doveadm_bounce_filter_t(const struct bounce_record *rec,
				     void *context);
int doveadm_bounce_records(struct doveadm_bounce_cmd *cmd,
			   struct bounce_user *bu, struct bounce_store *store,
			   pool_t pool, doveadm_bounce_filter_t *filter,
			   void *context,
			   ARRAY_TYPE(bounce_record) *recs,
			   const char **error_r);

/* Print one field; NULL is printed as "". Every text that is not our own goes
   through here: no terminal gets what it would obey. */
void doveadm_bounce_print(const char *value);
/* Two fields: why mail to the address fails, and what to do about it. Where it is only
   that a person said so, that is why. */
void doveadm_bounce_print_why(const struct bounce_texts *texts,
			      const struct bounce_record *rec);
/* A header whose key is its title; number: right-justified, and a number in
   JSON. */
void doveadm_bounce_header(const char *name);
void doveadm_bounce_header_number(const char *name);

/* "2026-11-24T03:09:56+01:00", zero where the time is 0. */
void doveadm_bounce_print_time(time_t when, const char *zero);

/* The same for a member of a record: the score is that of now. */
void doveadm_bounce_member_header(const struct bounce_record_member *member);
void doveadm_bounce_member_print(const struct bounce_policy *policy,
				 const struct bounce_record_member *member,
				 const struct bounce_record *rec, time_t now);

/* The row of "bounce list": its headers, and one record. */
void doveadm_bounce_list_headers(void);
void doveadm_bounce_list_print(const struct bounce_policy *policy,
			       const struct bounce_record *rec, time_t now);

extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_add;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_ask;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_correct;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_digest;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_erase;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_expire;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_explain;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_export;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_get;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_import;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_list;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_notice;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_rate;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_release;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_remedies_check;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_remove;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_rules_check;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_scan;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_show;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_stats;
extern struct doveadm_cmd_ver2 doveadm_bounce_cmd_texts_check;

void doveadm_bounce_plugin_init(struct module *module);
void doveadm_bounce_plugin_deinit(void);

#endif
