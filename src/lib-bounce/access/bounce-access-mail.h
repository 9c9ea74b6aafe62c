#ifndef BOUNCE_ACCESS_MAIL_H
#define BOUNCE_ACCESS_MAIL_H

/* What a policy service was asked about one mail, recipient by recipient, until DATA.
   Pure. */

#include "bounce-access.h"
#include "bounce-hold.h"

struct bounce_access_mail {
	pool_t pool;
	/* which mail, and whose; NULL = none */
	const char *instance, *login;
	/* RCPT commands that were passed, and how many of them are for addresses
	   that would be held */
	unsigned int passed, held;
	/* the passed ones' addresses in normal form, one for each command that
	   names one */
	ARRAY_TYPE(const_string) recipients;
	/* those among them that would be held, or go again */
	ARRAY_TYPE(bounce_hold) holds;
	/* more than BOUNCE_MAX_ACCESS_RECIPIENTS: not all of them are known */
	bool full;
};

void bounce_access_mail_init(struct bounce_access_mail *mail);
void bounce_access_mail_deinit(struct bounce_access_mail *mail);
/* The request is about this mail from here on: another instance or login ends the one
   before. Without an instance nothing can be remembered: returns FALSE. */
bool bounce_access_mail_begin(struct bounce_access_mail *mail,
			      const struct bounce_access *access);
/* A recipient passes RCPT. address: in normal form, NULL = it is none. hold: what is
   known of it, copied; NULL = nothing. */
void bounce_access_mail_add(struct bounce_access_mail *mail,
			    const char *address,
			    const struct bounce_hold *hold);
/* At DATA: is nobody left? Only where every recipient that the server accepted was
   asked about, and is held. */
bool bounce_access_mail_is_dead(const struct bounce_access_mail *mail,
				const struct bounce_access *data);
/* At DATA: are these all the recipients, and nobody else? Not where the server
   refused one after it had asked, or never asked. */
bool bounce_access_mail_is_exact(const struct bounce_access_mail *mail,
				 const struct bounce_access *data);

#endif
