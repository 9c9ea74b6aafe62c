#ifndef BOUNCE_RULES_CACHE_H
#define BOUNCE_RULES_CACHE_H

struct bounce_rules;
struct bounce_user;

/* The rules of this process, loaded at the first call (the first bounce). What
   is wrong with them is logged then. A user with other folders than the one
   before loads them anew: the result is valid until the next call. */
const struct bounce_rules *bounce_rules_cache_get(struct bounce_user *bu);
void bounce_rules_cache_deinit(void);

#endif
