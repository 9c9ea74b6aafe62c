/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* The table of what each character of some blocks becomes. */

#include "words-compile.h"

#include <unictype.h>

typedef char *words_fold_t(const char *text, size_t len);

/* Could c follow a letter and become one with it? */
static bool words_fold_is_second(ucs4_t c)
{
	static bool *seconds;
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];

	if (seconds == NULL) {
		seconds = words_alloc(NULL, 0x110000);
		memset(seconds, 0, 0x110000);
		for (ucs4_t u = 0; u < 0x110000; u++) {
			if (uc_canonical_decomposition(u, parts) == 2)
				seconds[parts[1]] = true;
		}
	}
	return seconds[c] || uc_combining_class(c) != 0;
}

/* What fold makes of c, or "" if that depends on what stands beside it; from
   malloc(). */
static char *words_fold_char(ucs4_t c, words_fold_t *fold)
{
	char text[8] = "";
	int len = u8_uctomb((uint8_t *)text, c, sizeof(text));
	size_t size = 0;
	uint8_t *apart;
	char *folded;
	ucs4_t first = 0;

	apart = len <= 0 ? NULL :
		u8_casefold((uint8_t *)text, len, NULL, UNINORM_NFKD, NULL,
			    &size);
	folded = apart == NULL ? NULL : fold(text, len);
	if (folded == NULL) {
		fputs("words-compile: cannot fold\n", stderr);
		exit(2);
	}
	if (size > 0)
		(void)u8_mbtouc(&first, apart, size);
	if (words_fold_is_second(first) ||
	    strlen(folded) > sizeof(((struct words_core_fold *)0)->bytes))
		*folded = '\0';
	free(apart);
	return folded;
}

static void words_write_fold(const char *name, words_fold_t *fold)
{
	printf("static const struct words_core_fold %s[%u] = {\n", name,
	       WORDS_FOLDS);
	for (unsigned int i = 0; i < WORDS_BLOCKS; i++) {
		for (ucs4_t c = words_core_blocks[i].first;
		     c <= words_core_blocks[i].last; c++) {
			char *folded = words_fold_char(c, fold);

			/* byte by byte: no text, which would end in a NUL */
			printf("\t{ %zu, { ", strlen(folded));
			for (const char *p = folded; *p != '\0'; p++) {
				printf("%s'\\%o'", p == folded ? "" : ", ",
				       (unsigned char)*p);
			}
			puts(*folded == '\0' ? "0 } }," : " } },");
			free(folded);
		}
	}
	puts("};");
}

void words_write_folds(void)
{
	words_write_fold("words_folds", words_core_casefold);
	words_write_fold("words_compatible_folds", words_core_compatible);
}
