#ifndef BOUNCE_TEXTS_CACHE_H
#define BOUNCE_TEXTS_CACHE_H

struct bounce_texts;
struct bounce_user;

/* The texts for a user whose own mail is in that language (NULL = not known);
   bounce_language wins, unless it is auto. Loaded at the first call and for
   another language or other folders anew: valid until the next call. What is
   wrong with them is logged then. */
const struct bounce_texts *
bounce_texts_cache_get_language(struct bounce_user *bu, const char *language);
void bounce_texts_cache_deinit(void);

#endif
