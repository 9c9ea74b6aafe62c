#ifndef BOUNCE_FORGOTTEN_H
#define BOUNCE_FORGOTTEN_H

/* A report of which a person said that it is settled bears the keyword
   $BounceForgotten: a scan passes it over, also where the dictionary that knew of it
   was lost. Only a report of one recipient: of others nobody spoke. */

#include "bounce-types.h"

struct bounce_record;
struct bounce_user;
struct mail;

/* The record, which is as it was before, was removed or released: mark what it had
   counted, in INBOX (what we marked there when it came) and in bounce_mailbox, for
   two seconds of each minute at most. Returns how many are new, or -1. */
int bounce_forgotten_mark(struct bounce_user *bu,
			  const struct bounce_record *before,
			  const char **error_r);
/* It counts again, as a person said so. Returns how many were marked, or -1. */
int bounce_forgotten_unmark(struct bounce_user *bu,
			    const struct bounce_report *report,
			    const char **error_r);
bool bounce_forgotten_has(struct mail *mail);

#endif
