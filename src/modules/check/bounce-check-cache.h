#ifndef BOUNCE_CHECK_CACHE_H
#define BOUNCE_CHECK_CACHE_H

/* What block lists answered, for a day: one question a list and address a day is
   what they bear. A file of root's in Dovecot's state_dir; an answer that did not
   come is not kept. */

#include "bounce-dns.h"

#define BOUNCE_CHECK_CACHE_SECS (24 * 3600)
#define BOUNCE_CHECK_CACHE_FILE "dovecot-bounce-check.cache"

struct bounce_check_cache;

/* path: NULL = not known, nothing is kept. Never fails. */
struct bounce_check_cache *
bounce_check_cache_init(const char *path, time_t now);
/* Written if there is anything new. Returns 0, or -1 with error_r. */
int bounce_check_cache_deinit(struct bounce_check_cache **cache,
			      const char **error_r);
/* key: one line without tabs. Returns TRUE and answer_r, which lives as long as the
   cache. */
bool bounce_check_cache_get(struct bounce_check_cache *cache, const char *key,
			    struct bounce_dns_answer *answer_r);
void bounce_check_cache_put(struct bounce_check_cache *cache, const char *key,
			    const struct bounce_dns_answer *answer);

#endif
