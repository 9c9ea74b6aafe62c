#ifndef BOUNCE_FORMAT_PRIVATE_H
#define BOUNCE_FORMAT_PRIVATE_H

/* All that a format may need. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "bounce-dsn.h"
#include "bounce-format.h"
#include "bounce-kind.h"
#include "bounce-limits.h"
#include "bounce-message.h"
#include "bounce-notice.h"
#include "bounce-status.h"
#include "bounce-string.h"

struct bounce_format {
	/* as the report names it */
	const char *name;
	/* TRUE = it is one of mine and report is filled in; a format that
	   knows its mailers better may set report->format itself */
	bool (*read)(const struct bounce_message *message,
		     const struct bounce_kind_hints *hints,
		     struct bounce_report *report);
};

extern const struct bounce_format bounce_format_arf;
extern const struct bounce_format bounce_format_mdn;
extern const struct bounce_format bounce_format_dsn;
extern const struct bounce_format bounce_format_ses;
extern const struct bounce_format bounce_format_text;
extern const struct bounce_format bounce_format_wrapped;
extern const struct bounce_format bounce_format_nameless;
extern const struct bounce_format bounce_format_reply;

#endif
