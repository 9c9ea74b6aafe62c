#ifndef BOUNCE_TEST_MAIL_H
#define BOUNCE_TEST_MAIL_H

/* Mails for the tests of the readers. */

#include "bounce-test.h"
#include "bounce-message.h"

struct istream;

/* A stream of text, whose copy ends where the text ends. */
struct istream *bounce_test_stream(const char *text);
/* The same of size bytes, given out in pieces of at most piece bytes. */
struct istream *bounce_test_stream_pieces(const void *data, size_t size,
					  size_t piece);
/* text with CR LF for each LF, on the data stack. */
const char *bounce_test_crlf(const char *text);

/* What was read of two mails has to be the same. */
void bounce_test_message_alike(const struct bounce_message *message,
			       const struct bounce_message *other);
/* The mail in text, read whole, in the usual way and by Dovecot's parser, which have
   to agree. Allocated from pool. */
struct bounce_message *bounce_test_message(pool_t pool, const char *text);

#endif
