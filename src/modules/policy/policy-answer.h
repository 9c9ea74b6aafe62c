#ifndef POLICY_ANSWER_H
#define POLICY_ANSWER_H

/* What is answered to one request, and what is written once the client has that. */

struct bounce_access;
struct bounce_access_mail;

/* Postfix's action, on the data stack; mail is what was asked before. Whatever fails
   is logged, once a minute, and the answer is DUNNO. */
const char *policy_answer(const struct bounce_access *access,
			  struct bounce_access_mail *mail);

#endif
