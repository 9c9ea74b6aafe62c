#ifndef POLICY_ANSWER_H
#define POLICY_ANSWER_H

/* What is answered to one request, and what is written afterwards. */

struct bounce_access;
struct bounce_access_mail;

/* Postfix's action, on the data stack; mail is what was asked before. Failures are
   logged, once a minute. */
const char *policy_answer(const struct bounce_access *access,
			  struct bounce_access_mail *mail);
/* The client has it. */
void policy_answered(const struct bounce_access *access,
		     struct bounce_access_mail *mail);

#endif
