#ifndef BOUNCE_TEST_H
#define BOUNCE_TEST_H

/* What every unit test shares. Dovecot's lib.h comes first, then libcheck. */

#include "lib.h"
#include <check.h>

/* Run one suite: lib_init(), the tests (forked unless CK_FORK=no),
   lib_deinit(). Returns main()'s exit status. */
int bounce_test_run(Suite *suite);

/* A copy of text without its NUL, of exactly its length, so that valgrind and
   ASan see a read beyond it. Free with i_free(). */
unsigned char *bounce_test_bytes(const char *text, size_t *size_r);

#endif
