#ifndef BOUNCE_SENT_MAIL_H
#define BOUNCE_SENT_MAIL_H

/* A mail of this user's, read from its top headers. */

#include "bounce-sent.h"

struct bounce_store;
struct mail;
struct istream;

/* Recipients of one mail that are read. */
#define BOUNCE_SENT_HEADER_MAX_RECIPIENTS 10000

struct bounce_sent_header {
	const char *message_id;		/* with < >, or NULL */
	const char *subject;		/* UTF-8, or NULL */
	/* read from a stream only: the notice of ours that it answers, by the
	   form of its Message-ID (bounce-answer-id.h), or NULL */
	const char *answers;
	/* the different addresses of To, Cc and Bcc, normal form, sorted */
	ARRAY_TYPE(const_string) recipients;
};

/* All from pool. A mail that cannot be read is an empty one: returns 0, or -1
   if the storage failed. */
int bounce_sent_header_read(struct mail *mail, pool_t pool,
			 struct bounce_sent_header *out_r);
/* The same from a stream, which is left at its start. */
int bounce_sent_header_read_stream(struct istream *input, pool_t pool,
				struct bounce_sent_header *out_r);
/* The Message-ID alone (with < >), on the data stack, or NULL. */
const char *bounce_sent_header_message_id(struct mail *mail);
/* Who goes through all of Sent: returns 1 and the Message-ID (on the data stack), 0 if
   it has none, or -1 if the mail cannot be read. A damaged one or two are passed over.
   Who cannot read so many (their key is not there: mail_crypt) cannot read the others,
   and each try is an error in the log. The transaction in which one was met is to be
   rolled back: the cache would say that it has no such header. */
#define BOUNCE_SENT_MAX_UNREADABLE 3
#define BOUNCE_SENT_UNREADABLE "Mails cannot be read"
int bounce_sent_header_find_id(struct mail *mail, const char **id_r);
/* Did a client save it? What was delivered (a rule may file it here, and its
   sender may write any header) bears a trace; what cannot be read is none. */
bool bounce_sent_header_is_copy(struct mail *mail);
/* The recipients as the caller knows them (an envelope's) instead of the
   headers'. Any form; what is no address is passed over. */
void bounce_sent_header_set_recipients(struct bounce_sent_header *out, pool_t pool,
				    const char *const *addresses,
				    unsigned int count);
/* Was it sent to that address (normal form)? */
bool bounce_sent_header_has(struct bounce_sent_header *out,
			 const char *address);

#endif
