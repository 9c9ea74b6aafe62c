/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "mail-user.h"
#include "str-sanitize.h"
#include "wildcard-match.h"
#include "bounce-address.h"
#include "bounce-notice-store.h"
#include "bounce-reason.h"
#include "bounce-string.h"
#include "bounce-texts.h"
#include "bounce-texts-cache.h"
#include "compat-doveadm.h"
#include "bounce-pending-take.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-loaded.h"

#include <stdlib.h>
#include <time.h>

/* Characters of a text that an error shows. */
#define MAX_SHOWN 80

/*
 * A command's life
 */

static struct doveadm_bounce_cmd *
doveadm_bounce_cmd_of(struct doveadm_mail_cmd_context *ctx)
{
	return container_of(ctx, struct doveadm_bounce_cmd, ctx);
}

/* "--lang": the texts of this command are in that language. */
static void doveadm_bounce_set_lang(struct doveadm_bounce_cmd *cmd)
{
	const char *value;

	if (!doveadm_cmd_param_str(cmd->ctx.cctx, "lang", &value))
		return;
	if (!bounce_texts_is_language(value)) {
		doveadm_bounce_wrong(cmd, "--lang %s is no language such as de "
				     "or pt-BR", doveadm_bounce_shown(value));
	} else {
		cmd->lang = value;
	}
}

static void doveadm_bounce_init(COMPAT_DOVEADM_INIT_PARAMS)
{
	struct doveadm_bounce_cmd *cmd = doveadm_bounce_cmd_of(ctx);

	cmd->now = ioloop_time;
	doveadm_bounce_set_lang(cmd);
	if (cmd->init != NULL)
		cmd->init(cmd);
}

static int
doveadm_bounce_run(struct doveadm_mail_cmd_context *ctx, struct mail_user *user)
{
	struct doveadm_bounce_cmd *cmd = doveadm_bounce_cmd_of(ctx);
	struct bounce_user *bu;
	struct bounce_store *store = NULL;
	const char *error;
	int ret;

	if (cmd->wrong)
		return -1;
	cmd->ran = TRUE;
	bu = bounce_user_init(user);
	if (cmd->lang != NULL)
		bu->set.language = cmd->lang;
	/* nobody's mail waits for it */
	bounce_wait_init(bu->wait, BOUNCE_WAIT_DOVEADM_MSECS, TRUE);
	if (!cmd->no_store && bounce_user_store(bu, &store, &error) < 0) {
		ret = doveadm_bounce_failed(cmd, bu, MAIL_ERROR_TEMP, "%s",
					    error);
	} else {
		if (!cmd->no_store && !cmd->no_change && !cmd->no_pending &&
		    bu->set.record &&
		    bounce_pending_take(bu, &error) < 0)
			e_warning(bu->event, "Reports stay pending: %s", error);
		ret = cmd->run(cmd, bu, store);
	}
	bounce_user_deinit(&bu);
	return ret;
}

static void doveadm_bounce_deinit(struct doveadm_mail_cmd_context *ctx)
{
	struct doveadm_bounce_cmd *cmd = doveadm_bounce_cmd_of(ctx);

	if (cmd->deinit != NULL)
		cmd->deinit(cmd);
	/* not where doveadm-server did it, elsewhere */
	if (cmd->ran && !cmd->no_store &&
	    ctx->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		doveadm_bounce_warn_unless_loaded();
}

struct doveadm_bounce_cmd *
doveadm_bounce_cmd_alloc_size(size_t size, const char *print_type)
{
	struct doveadm_mail_cmd_context *ctx =
		doveadm_mail_cmd_alloc_size(size);

	compat_doveadm_set_init(ctx, doveadm_bounce_init);
	ctx->v.run = doveadm_bounce_run;
	ctx->v.deinit = doveadm_bounce_deinit;
	if (print_type != NULL)
		doveadm_print_init(print_type);
	return doveadm_bounce_cmd_of(ctx);
}

void doveadm_bounce_wrong(struct doveadm_bounce_cmd *cmd, const char *fmt, ...)
{
	const char *error;
	va_list args;

	va_start(args, fmt);
	error = t_strdup_vprintf(fmt, args);
	va_end(args);
	if (cmd->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		i_fatal_status(EX_USAGE, "%s", error);
	/* the server goes on serving others */
	i_error("%s", error);
	doveadm_mail_failed_error(&cmd->ctx, MAIL_ERROR_PARAMS);
	cmd->wrong = TRUE;
}

int doveadm_bounce_failed(struct doveadm_bounce_cmd *cmd,
			  struct bounce_user *bu, enum mail_error error,
			  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	/* a damaged value may be in it */
	e_error(bu->event, "%s",
		bounce_string_printable(t_strdup_vprintf(fmt, args)));
	va_end(args);
	doveadm_mail_failed_error(&cmd->ctx, error);
	return -1;
}

bool doveadm_bounce_names_user(const struct doveadm_cmd_context *cctx)
{
	struct istream *input;
	const char *str;
	bool b;

	return cctx->conn_type == DOVEADM_CONNECTION_TYPE_TCP ||
		doveadm_cmd_param_str(cctx, "user", &str) ||
		doveadm_cmd_param_bool(cctx, "all-users", &b) ||
		doveadm_cmd_param_istream(cctx, "user-file", &input);
}

const char *doveadm_bounce_shown(const char *text)
{
	return doveadm_server ? "what was given" :
		str_sanitize_utf8(bounce_string_printable(text), MAX_SHOWN);
}

/*
 * Parameters
 */

/* What is quoted at input's start, if anything is. */
static const char *doveadm_bounce_skip_quoted(const char *input)
{
	if (*input != '"')
		return input;
	for (input++; *input != '\0' && *input != '"'; input++) {
		if (*input == '\\' && input[1] != '\0')
			input++;
	}
	return input;
}

/* "bob@example.net, eve@example.net" is the address of a local part that nobody has;
   who means it quotes it (RFC 5321 section 4.1.2). */
static bool doveadm_bounce_is_several(const char *input)
{
	const char *at = strchr(doveadm_bounce_skip_quoted(input), '@');
	const char *next = at == NULL ? NULL : strpbrk(at, ",; \t");

	return next != NULL && strchr(next, '@') != NULL;
}

const char *
doveadm_bounce_param_address(struct doveadm_bounce_cmd *cmd, const char *name)
{
	const char *input, *address, *error;

	if (!doveadm_cmd_param_str(cmd->ctx.cctx, name, &input)) {
		/* usage, and the end of doveadm */
		if (cmd->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
			doveadm_mail_help_name(cmd->ctx.cmd->name);
		doveadm_bounce_wrong(cmd, "Parameter %s is missing", name);
		return NULL;
	}
	if (bounce_address_normalize(cmd->ctx.pool, input, &address,
				     &error) < 0) {
		doveadm_bounce_wrong(cmd, "%s is no address: %s",
				     doveadm_bounce_shown(input), error);
		return NULL;
	}
	if (doveadm_bounce_is_several(input)) {
		doveadm_bounce_wrong(cmd, "%s is no address: it names more "
				     "than one", doveadm_bounce_shown(input));
		return NULL;
	}
	return address;
}

/* Addresses are in the dictionary in normal form; of a mask only what holds
   no wildcard can be brought into it. */
const char *doveadm_bounce_mask(pool_t pool, const char *mask)
{
	const char *at = strrchr(mask, '@'), *address, *error;

	if (strpbrk(mask, "*?") == NULL) {
		if (bounce_address_normalize(pool, mask, &address,
					     &error) == 0)
			return address;
	} else if (at != NULL && strpbrk(at, "*?") == NULL &&
		   bounce_address_normalize(pool, t_strconcat("x", at, NULL),
					    &address, &error) == 0) {
		return p_strconcat(pool, t_strdup_until(mask, at),
				   strrchr(address, '@'), NULL);
	}
	return p_strdup(pool, mask);
}

bool doveadm_bounce_mask_match(const char *mask,
			       const struct bounce_record *rec)
{
	return wildcard_match_icase(rec->address, mask);
}

const struct bounce_texts *doveadm_bounce_texts(struct bounce_user *bu)
{
	const char *language = NULL, *error;
	struct bounce_store *store;

	/* without the dictionary they are English */
	if (bu->set.language == NULL &&
	    bounce_user_store(bu, &store, &error) == 0) {
		(void)bounce_notice_store_language(store,
			pool_datastack_create(), &language, &error);
	}
	return bounce_texts_cache_get_language(bu, language);
}

/*
 * Records
 */

static int
doveadm_bounce_record_cmp(const struct bounce_record *a,
			  const struct bounce_record *b)
{
	return strcmp(a->address, b->address);
}

void doveadm_bounce_say_damaged(struct doveadm_bounce_cmd *cmd,
				struct bounce_user *bu,
				const struct bounce_store_iter *iter)
{
	const char *address, *text;
	unsigned int count = bounce_store_iter_get_damaged(iter, &address);

	if (count == 0)
		return;
	text = count == 1 ? "1 record cannot be read: " : t_strdup_printf(
		"%u records cannot be read, the first: ", count);
	text = t_strconcat(text, doveadm_bounce_shown(address), NULL);
	/* the HTTP API has no rows beside an exit status */
	if (cmd->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_HTTP)
		e_error(bu->event, "%s", bounce_string_printable(text));
	else
		doveadm_bounce_failed(cmd, bu, MAIL_ERROR_TEMP, "%s", text);
}

int doveadm_bounce_records(struct doveadm_bounce_cmd *cmd,
			   struct bounce_user *bu, struct bounce_store *store,
			   pool_t pool, doveadm_bounce_filter_t *filter,
			   void *context,
			   ARRAY_TYPE(bounce_record) *recs,
			   const char **error_r)
{
	struct bounce_store_iter *iter;
	const struct bounce_record *rec;
	int ret = bounce_store_is_empty(store, error_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	iter = bounce_store_iter_init(store, cmd->now);
	while (bounce_store_iter_next(iter, &rec)) {
		if (filter == NULL || filter(rec, context)) {
			bounce_record_copy(pool, rec,
					   array_append_space(recs));
		}
	}
	doveadm_bounce_say_damaged(cmd, bu, iter);
	array_sort(recs, doveadm_bounce_record_cmp);
	return bounce_store_iter_deinit(&iter, error_r);
}

/*
 * Printing
 */

void doveadm_bounce_print(const char *value)
{
	T_BEGIN {
		doveadm_print(value == NULL ? "" :
			      bounce_string_printable(value));
	} T_END;
}

/* Nothing else is known of the address. */
static bool why_is_person(const struct bounce_record *rec)
{
	return rec->by == BOUNCE_BY_USER &&
		(rec->reason == NULL || strcmp(rec->reason, "undetermined") == 0) &&
		(rec->state == BOUNCE_STATE_SUPPRESSED || rec->count == 0);
}

void doveadm_bounce_print_why(const struct bounce_texts *texts,
			      const struct bounce_record *rec)
{
	const struct bounce_reason *reason = rec->reason == NULL ? NULL :
		bounce_reason_find(rec->reason);

	if (why_is_person(rec)) {
		doveadm_bounce_print(rec->state != BOUNCE_STATE_SUPPRESSED ?
				     NULL : bounce_texts_get(texts, "held.user"));
		doveadm_bounce_print(NULL);
		return;
	}
	doveadm_bounce_print(reason == NULL ? NULL :
			     bounce_texts_meaning(texts, reason));
	doveadm_bounce_print(reason == NULL ? NULL :
			     bounce_texts_advice(texts, reason));
}

static void doveadm_bounce_print_score(double score)
{
	T_BEGIN {
		doveadm_print(bounce_policy_score_text(score));
	} T_END;
}

void doveadm_bounce_print_time(time_t when, const char *zero)
{
	char buf[64];
	struct tm tm;
	long zone;

	/* as unixdate2str(), which asks the file system each time: a long list
	   would spend most of its time there */
	if (when == 0 || localtime_r(&when, &tm) == NULL) {
		doveadm_print(zero);
		return;
	}
	zone = labs(tm.tm_gmtoff) / 60;
	if (i_snprintf(buf, sizeof(buf),
		       "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld",
		       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		       tm.tm_hour, tm.tm_min, tm.tm_sec,
		       tm.tm_gmtoff < 0 ? '-' : '+', zone / 60, zone % 60) < 0)
		i_unreached();
	doveadm_print(buf);
}

void doveadm_bounce_header(const char *name)
{
	doveadm_print_header(name, name, 0);
}

void doveadm_bounce_header_number(const char *name)
{
	doveadm_print_header(name, name,
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
}

void doveadm_bounce_member_header(const struct bounce_record_member *member)
{
	if (member->type == BOUNCE_MEMBER_COUNT ||
	    member->type == BOUNCE_MEMBER_SCORE) {
		doveadm_bounce_header_number(member->name);
	} else {
		/* the address, which is the first */
		doveadm_print_header(member->name, member->name,
				     member != bounce_record_members ? 0 :
				     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	}
}

void doveadm_bounce_member_print(const struct bounce_policy *policy,
				 const struct bounce_record_member *member,
				 const struct bounce_record *rec, time_t now)
{
	const void *field = CONST_PTR_OFFSET(rec, member->offset);

	switch (member->type) {
	case BOUNCE_MEMBER_TIME:
		doveadm_bounce_print_time(*(const time_t *)field, "");
		break;
	case BOUNCE_MEMBER_UNTIL:
		doveadm_bounce_print_time(*(const time_t *)field, "never");
		break;
	case BOUNCE_MEMBER_COUNT:
		doveadm_print_num(*(const unsigned int *)field);
		break;
	case BOUNCE_MEMBER_SCORE:
		doveadm_bounce_print_score(bounce_policy_score(policy, rec,
							       now));
		break;
	default:
		doveadm_bounce_print(bounce_record_member_text(member, rec));
		break;
	}
}
