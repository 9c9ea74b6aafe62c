#include "bounce-test.h"

#include <stdlib.h>
#include <string.h>

int bounce_test_run(Suite *suite)
{
	SRunner *runner;
	int failed;

	lib_init();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	lib_deinit();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

unsigned char *bounce_test_bytes(const char *text, size_t *size_r)
{
	unsigned char *copy;

	*size_r = strlen(text);
	/* i_malloc(0) is refused */
	copy = i_malloc(I_MAX(*size_r, 1));
	memcpy(copy, text, *size_r);
	return copy;
}
