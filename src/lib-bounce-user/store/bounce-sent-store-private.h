#ifndef BOUNCE_SENT_STORE_PRIVATE_H
#define BOUNCE_SENT_STORE_PRIVATE_H

/* Days and broadcasts in the dictionary. */

#include "bounce-sent-store.h"
#include "bounce-store-private.h"

#define DAY_SECS (24 * 60 * 60)

/* The day or broadcast of that id, from the transaction's pool. Returns 1, 0 if there is
   none (sent_r is an empty one), or -1. What is damaged is none: it is counters,
   not worth an error for ever. */
int bounce_sent_store_get(struct bounce_transaction *trans, const char *id,
		      struct bounce_sent *sent_r, const char **error_r);
void bounce_sent_store_put(struct bounce_transaction *trans,
		       const struct bounce_sent *sent);
/* The days from since on, before end, will be read. */
void bounce_sent_store_ask_days(struct bounce_dict *dict, time_t since,
				time_t end);

/* bounce-sent-store-span.c: day is written for the first time, or its first verifiable
   mail is counted. */
int bounce_sent_store_begin_day(struct bounce_transaction *trans, const char *day,
			    bool verifiable, time_t now, const char **error_r);

/* bounce-sent-store-fail.c: when the returned mail was sent, as it says; when, where it
   says nothing that can be. */
time_t bounce_sent_store_date(const struct bounce_report *report, time_t when);

#endif
