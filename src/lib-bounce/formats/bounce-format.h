#ifndef BOUNCE_FORMAT_H
#define BOUNCE_FORMAT_H

#include "bounce-types.h"

struct bounce_message;
struct bounce_kind_hints;

/* Try the formats in their order. The first that knows the mail fills in
   report: its kind, its name, the recipients without a verdict. Returns TRUE if
   one did; the report is untouched if none did. All is allocated from
   message->pool. */
bool bounce_format_read(const struct bounce_message *message,
			const struct bounce_kind_hints *hints,
			struct bounce_report *report);

#endif
