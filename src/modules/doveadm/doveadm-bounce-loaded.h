#ifndef DOVEADM_BOUNCE_LOADED_H
#define DOVEADM_BOUNCE_LOADED_H

/* Warns, for a person at doveadm, if no process that delivers mail loads the mail
   plugin: then nothing is recorded, and the answer is empty for that reason. */
void doveadm_bounce_warn_unless_loaded(void);

#endif
