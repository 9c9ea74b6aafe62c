#ifndef BOUNCE_RULESET_H
#define BOUNCE_RULESET_H

struct bounce_rules;
struct bounce_user;

/* The rules of this process, loaded at the first call (the first bounce). What
   is wrong with them is logged then. A user with other folders than the one
   before loads them anew: the result is valid until the next call. */
const struct bounce_rules *bounce_ruleset_get(struct bounce_user *bu);
/* Those loaded last, of whichever user; NULL = none yet. */
const struct bounce_rules *bounce_ruleset_peek(void);
void bounce_ruleset_deinit(void);

#endif
