/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "bounce-texts.h"
#include "bounce-texts-cache.h"
#include "bounce-user.h"

static struct bounce_texts *texts_cached;
static char *texts_cached_name;

static void
texts_cache_load(struct bounce_user *bu, const char *language,
		 const char *name)
{
	ARRAY_TYPE(const_string) errors;

	bounce_texts_cache_deinit();
	t_array_init(&errors, 8);
	texts_cached = bounce_texts_load(bu->set.texts_dirs, language, &errors);
	texts_cached_name = i_strdup(name);
	if (array_count(&errors) > 0) {
		e_error(bu->event, "Texts: %u lines passed over (see doveadm "
			"bounce texts check), the first: %s",
			array_count(&errors), array_idx_elem(&errors, 0));
	}
}

const struct bounce_texts *
bounce_texts_cache_get_language(struct bounce_user *bu, const char *language)
{
	if (bu->set.language != NULL)
		language = bu->set.language;
	else if (language == NULL)
		language = "en";

	T_BEGIN {
		const char *name = t_strdup_printf("%s %s", language,
			t_strarray_join(bu->set.texts_dirs, " "));

		if (null_strcmp(name, texts_cached_name) != 0)
			texts_cache_load(bu, language, name);
	} T_END;
	return texts_cached;
}

void bounce_texts_cache_deinit(void)
{
	bounce_texts_free(&texts_cached);
	i_free(texts_cached_name);
}
