#ifndef BOUNCE_HANDOVER_H
#define BOUNCE_HANDOVER_H

#include "bounce-types.h"

struct bounce_wait;

/* What the mail plugin says of the mail that is being delivered, and what the
   Sieve extension may answer. The plugin hangs it on
   mail_deliver_context.event with event_set_ptr(), from before the next
   delivery hook is called until that returned; who looks for it walks up from
   an event below (event_get_ptr() does not look at parents). */
#define BOUNCE_HANDOVER_EVENT_KEY "bounce_handover"

struct bounce_judgement;

struct bounce_handover {
	/* BOUNCE_HANDOVER_LAYOUT of the module that made it */
	uint64_t layout;
	/* never NULL; kind none for ordinary mail */
	const struct bounce_report *report;
	enum bounce_evidence evidence;
	/* not verified, and not the word of our own MTA */
	bool strange;
	/* the plugin's own */
	const struct bounce_judgement *judgement;
	/* a script that went well said bounce_ignore: not recorded; unless one
	   said bounce_learn, too */
	bool ignore, learn;
	/* it is filed away only as the person will be told of it: so they are,
	   whatever fails afterwards */
	bool will_tell;
	/* The dictionary does not answer. Set by the plugin for ordinary mail if
	   it was so a moment ago, and by the extension when it finds out, which
	   it logs: nobody waits for it again in this delivery. */
	bool dict_down;
	/* how long dictionaries may be waited for, and what of it is left */
	struct bounce_wait *wait;
};

/* The two modules are files of their own: a running lmtp keeps the mail plugin
   of before an upgrade and may map the Sieve module of after it. Of another
   layout it must not read; it then classifies by itself. Raise the
   version with every change of a type in bounce-types.h, too. */
#define BOUNCE_HANDOVER_VERSION 7
#define BOUNCE_HANDOVER_LAYOUT \
	((uint64_t)BOUNCE_HANDOVER_VERSION << 48 | \
	 (uint64_t)sizeof(struct bounce_handover) << 32 | \
	 (uint64_t)sizeof(struct bounce_report) << 16 | \
	 sizeof(struct bounce_recipient))

#endif
