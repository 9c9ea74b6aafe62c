#ifndef SUBMISSION_BOUNCE_PLUGIN_H
#define SUBMISSION_BOUNCE_PLUGIN_H

/* The submission plugin: lib95_submission_bounce_plugin.so. What the relay
   accepted is counted, and bears a token by which a bounce proves itself;
   suppressed recipients are left out (submission-bounce-hold.h). In
   other processes than submission it does nothing. */

struct module;

void submission_bounce_plugin_init(struct module *module);
void submission_bounce_plugin_deinit(void);

#endif
