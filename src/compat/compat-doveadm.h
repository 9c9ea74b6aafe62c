#ifndef COMPAT_DOVEADM_H
#define COMPAT_DOVEADM_H

/* doveadm's commands, the same on 2.3 and 2.4. */

#include "compat-version.h"

struct doveadm_cmd_context;
struct doveadm_mail_cmd_context;

#if COMPAT_DOVECOT(2, 4, 0)
#  define COMPAT_DOVEADM_INIT_PARAMS struct doveadm_mail_cmd_context *ctx
#else
/* 2.3 hands the positional arguments over, too; both have them as parameters
   in ctx->cctx. */
#  define COMPAT_DOVEADM_INIT_PARAMS struct doveadm_mail_cmd_context *ctx, \
	const char *const args[] ATTR_UNUSED
#endif

/* Set the command's init, and let it have options (-c ...) of its own: they are
   read by doveadm_cmd_param_str() and its kind. */
typedef void compat_doveadm_init_t(COMPAT_DOVEADM_INIT_PARAMS);
void compat_doveadm_set_init(struct doveadm_mail_cmd_context *ctx,
			     compat_doveadm_init_t *init);

/* Does the command go through several users (-A, -F, a wildcard)? In
   doveadm-server only 2.3 is told of the client's -A. */
bool compat_doveadm_many_users(const struct doveadm_mail_cmd_context *ctx);

/* The site's settings, without a user, as they are there; from pool. Returns 0,
   or -1 with error_r. */
struct compat_settings;
int compat_doveadm_settings(struct doveadm_cmd_context *cctx, pool_t pool,
			    struct compat_settings *set_r,
			    const char **error_r);
/* The site's setting bounce_rules, without a user: folders, NULL-terminated, on
   the data stack. Returns 0, or -1 with error_r. */
int compat_doveadm_rules_dirs(struct doveadm_cmd_context *cctx,
			      const char *const **dirs_r,
			      const char **error_r);
/* The same of bounce_remedies. */
int compat_doveadm_remedies_dirs(struct doveadm_cmd_context *cctx,
				 const char *const **dirs_r,
				 const char **error_r);
/* The same of bounce_texts, as it is there. */
int compat_doveadm_texts(struct doveadm_cmd_context *cctx,
			 const char **value_r, const char **error_r);

#endif
