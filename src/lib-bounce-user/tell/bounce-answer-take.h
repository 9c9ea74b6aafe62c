#ifndef BOUNCE_ANSWER_TAKE_H
#define BOUNCE_ANSWER_TAKE_H

/* An answer to one of our notices: is it one, who sent it, and what is done.
   First it is planned, which changes nothing; then the mail is saved; then it is
   carried out, and the person is told. */

#include "bounce-answer.h"
#include "bounce-tell.h"
#include "bounce-verify.h"

struct bounce_user;

struct bounce_answer_mail {
	struct bounce_arrival arrival;
	/* of the notice that it answers */
	const char *notice_id;
	/* the person's own address that it came to; without a domain it is
	   ours */
	const char *address;
	time_t now;
};

struct bounce_answer_plan {
	pool_t pool;
	const char *message_id;
	/* the user's own address that it is from */
	const char *from;
	/* of the notice that is answered */
	enum bounce_tell_kind kind;
	struct bounce_answer answer;
	struct bounce_tell_answer told;
	enum bounce_tell_done *done;
	/* the user's own, or NULL */
	const char *language;
	/* it will be carried out, all of it: it may be filed */
	bool whole;
	/* it was carried out before: it is filed, and nothing is said */
	bool again;
	/* nobody can prove yet who sent it: the copy in Sent may */
	bool waits;
	/* so many came today that no more is said */
	bool silent;
};

/* Returns FALSE if it is a mail like any other. plan_r is from pool. */
bool bounce_answer_take_plan(struct bounce_user *bu,
			     const struct bounce_answer_mail *mail, pool_t pool,
			     struct bounce_answer_plan *plan_r);
/* The mail was saved: do what it says. Failures are logged and noted. */
void bounce_answer_take_do(struct bounce_user *bu,
			   const struct bounce_answer_mail *mail,
			   struct bounce_answer_plan *plan);
/* Tell the person, in place of what was told of the same answer and is not read
   yet. folder: where it was filed, NULL = it stayed. Failures are logged. */
void bounce_answer_take_tell(struct bounce_user *bu,
			     const struct bounce_answer_mail *mail,
			     const struct bounce_answer_plan *plan,
			     const char *folder);
/* It waits for its copy in Sent, and lies in that mailbox. Returns TRUE if the
   copy has come meanwhile. */
bool bounce_answer_take_later(struct bounce_user *bu,
			      const struct bounce_answer_mail *mail,
			      const struct bounce_answer_plan *plan,
			      const char *mailbox);

#endif
