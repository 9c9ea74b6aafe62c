#ifndef BOUNCE_SUBMITTED_H
#define BOUNCE_SUBMITTED_H

/* Who sent a mail that came to this user and names them as its writer? By its own
   trace, of which only what our hosts wrote counts. */

struct bounce_arrival;
struct bounce_user;

/* Is from (any form) an address of this user's? */
bool bounce_submitted_is_own(struct bounce_user *bu, const char *from);
/* Our MTA says that this user's login handed it in (or anybody's, where
   bounce_sender_checked promises that nobody sends in another's name), or what it
   says it called the mail is what bounce-policy was asked about for this user
   within the last max_secs; or it came from outside and an Authentication-Results
   of ours says that it is from this address. */
bool bounce_submitted_is_proven(struct bounce_user *bu,
				const struct bounce_arrival *arrival,
				const char *from, unsigned int max_secs);

#endif
