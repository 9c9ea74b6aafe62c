#ifndef BOUNCE_ACCESS_MAIL_H
#define BOUNCE_ACCESS_MAIL_H

/* What a policy service was asked about one mail, recipient by recipient, until DATA.
   Pure. */

#include "bounce-access.h"

struct bounce_access_mail {
	pool_t pool;
	/* which mail, and whose; NULL = none */
	const char *instance, *login;
	/* RCPT commands that were passed, and how many of them are for addresses
	   that are held */
	unsigned int passed, held;
	/* the passed ones' addresses in normal form, one for each command that
	   names one; and the held ones among them */
	ARRAY_TYPE(const_string) recipients, held_addresses;
	/* more than BOUNCE_MAX_ACCESS_RECIPIENTS: not all of them are known */
	bool full;
};

void bounce_access_mail_init(struct bounce_access_mail *mail);
void bounce_access_mail_deinit(struct bounce_access_mail *mail);
/* The request is about this mail from here on: another instance or login ends the one
   before. Without an instance nothing can be remembered: returns FALSE. */
bool bounce_access_mail_begin(struct bounce_access_mail *mail,
			      const struct bounce_access *access);
/* A recipient passes RCPT. address: in normal form, NULL = it is none. held: it would
   be held if the mail had no others. */
void bounce_access_mail_add(struct bounce_access_mail *mail,
			    const char *address, bool held);
/* At DATA: is nobody left? Only where every recipient that the server accepted was
   asked about, and is held. */
bool bounce_access_mail_is_dead(const struct bounce_access_mail *mail,
				const struct bounce_access *data);
/* At DATA: are these all the recipients, and nobody else? Not where the server
   refused one after it had asked, or never asked. */
bool bounce_access_mail_is_exact(const struct bounce_access_mail *mail,
				 const struct bounce_access *data);

#endif
