#ifndef POLICY_COUNT_H
#define POLICY_COUNT_H

/* What the dictionary learns of a mail. It is written once the client has its answer,
   which nobody waits for; failures are logged. */

struct bounce_access;
struct bounce_access_mail;
struct bounce_hold;
struct policy_user;

/* These are refused, or go once more: others are passed over. */
void policy_count_held(struct policy_user *pu, const struct bounce_hold *holds,
		       unsigned int count);
/* Nobody is refused (bounce_suppress = report): is it known? */
void policy_count_known(struct policy_user *pu, const char *address);
/* The mail passes DATA. */
void policy_count_mail(struct policy_user *pu, const struct bounce_access *data,
		       const struct bounce_access_mail *mail);

#endif
