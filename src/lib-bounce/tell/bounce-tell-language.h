#ifndef BOUNCE_TELL_LANGUAGE_H
#define BOUNCE_TELL_LANGUAGE_H

/* The language of somebody's own mail, as its client says it: the first one of
   Content-Language, else of Accept-Language (RFC 3282), that has texts which are
   no draft. headers is a header block with LF line ends, or NULL. From pool, or
   NULL. */
const char *bounce_tell_language(pool_t pool, const char *headers,
				 const char *const *dirs);

#endif
