#ifndef DOVEADM_BOUNCE_CONF_H
#define DOVEADM_BOUNCE_CONF_H

/* Settings of other protocols, and of Pigeonhole, as they are in force: asked of
   doveconf, as they are not doveadm's to read. */

/* What doveconf prints of a setting for that protocol (NULL = for none), with its
   name, on the data stack: "mail_plugins = a bounce" on 2.3, and on 2.4 a block of
   lines "bounce = yes". NULL if it cannot be known, "" if it is not set. */
const char *t_doveadm_bounce_conf(const char *protocol, const char *setting);
/* Is name in that list, for that protocol? A block of 2.4 adds to the one that
   is outside of the protocol, and so doveconf prints no more than the block.
   1/0, -1 if it cannot be known. */
int doveadm_bounce_conf_has(const char *protocol, const char *setting,
			    const char *name);
/* Does such a list or block name it? */
bool doveadm_bounce_conf_lists(const char *output, const char *name);

#endif
