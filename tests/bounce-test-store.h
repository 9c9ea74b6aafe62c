#ifndef BOUNCE_TEST_STORE_H
#define BOUNCE_TEST_STORE_H

/* A user with a dictionary in a file, and what the tests of it share. */

#include "bounce-test.h"
#include "dict-user.h"
#include "bounce-store.h"

#define DAY 86400

/* the test's now: main() sets it to the time */
extern time_t START;

extern const char *home;
extern struct mail_user *user;
extern struct bounce_store *store;

/* The fixture: alice, with the default dictionary in a home of her own. */
void store_setup(void);
void store_teardown(void);

/* Add one of an unknown mailbox: 1 if it was counted. An error fails the test. */
int add_at(const char *id, const char *address, time_t now);
int add(const char *id, const char *address);
/* Is there a record? */
bool lookup_at(const char *address, time_t now, struct bounce_record *rec_r);
bool lookup(const char *address, struct bounce_record *rec_r);
/* How many are there? */
unsigned int count_all(time_t now);

#endif
