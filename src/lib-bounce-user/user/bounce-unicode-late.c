/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* For Dovecot's modules: loaded at need. */

#include "lib.h"
#include "bounce-unicode.h"

#include <dlfcn.h>

static const struct bounce_unicode *unicode_loaded;
static bool unicode_tried;

/* It stays in memory: it is loaded once in a process, by whichever of our modules
   comes first. */
static const struct bounce_unicode *unicode_load(const char **error_r)
{
	const struct bounce_unicode *unicode;
	void *handle = dlopen(BOUNCE_UNICODE_MODULE,
			      RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	unicode = handle == NULL ? NULL :
		dlsym(handle, "bounce_unicode_table");
	if (unicode == NULL) {
		*error_r = dlerror();
		return NULL;
	}
	if (unicode->layout != BOUNCE_UNICODE_LAYOUT) {
		*error_r = BOUNCE_UNICODE_MODULE " is of another version";
		return NULL;
	}
	return unicode;
}

const struct bounce_unicode *bounce_unicode_get(void)
{
	const char *error = NULL;

	if (unicode_tried)
		return unicode_loaded;
	unicode_tried = TRUE;
	unicode_loaded = unicode_load(&error);
	if (unicode_loaded == NULL) {
		i_error("bounce: %s; addresses beyond ASCII are not recorded, "
			"and unknown hosts not believed", error);
	}
	return unicode_loaded;
}
