/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Who refuses our side, by what the user's dictionary holds of the last seven days. */

#include "lib.h"
#include "array.h"
#include "bounce-remedy.h"
#include "bounce-texts.h"
#include "bounce-reason.h"
#include "bounce-check-network.h"

#define WINDOW_SECS (7 * 24 * 3600)

/* One provider and reason. */
struct reports_group {
	const char *provider, *reason;
	const struct bounce_remedy *remedy;
	unsigned int addresses;
	time_t last;
	const char *diagnostic;
};

struct check_reports {
	struct bounce_check *check;
	ARRAY(struct reports_group) groups;
};

/* The provider where the remedies know one, else the address's domain. */
static const char *
reports_provider(const struct bounce_record *rec,
		 const struct bounce_remedy *remedy)
{
	const char *domain = strrchr(rec->address, '@');

	if (remedy != NULL && (remedy->match[0] != NULL ||
			       remedy->mx[0] != NULL))
		return remedy->provider;
	return domain == NULL ? rec->address : domain + 1;
}

static struct reports_group *
reports_group_get(struct check_reports *reports, const char *provider,
		  const char *reason)
{
	pool_t pool = reports->check->pool;
	struct reports_group *group;

	array_foreach_modifiable(&reports->groups, group) {
		if (strcmp(group->provider, provider) == 0 &&
		    strcmp(group->reason, reason) == 0)
			return group;
	}
	group = array_append_space(&reports->groups);
	group->provider = p_strdup(pool, provider);
	group->reason = p_strdup(pool, reason);
	return group;
}

static void reports_add(struct check_reports *reports,
			const struct bounce_record *rec)
{
	const struct bounce_remedy *remedy;
	struct reports_group *group;

	if (rec->side != BOUNCE_SIDE_SENDER || rec->reason == NULL ||
	    rec->last + WINDOW_SECS < reports->check->now)
		return;
	remedy = bounce_remedy_find(bounce_user_remedies(reports->check->bu),
				    rec->side, rec->diagnostic,
				    rec->remote_mta);
	group = reports_group_get(reports, reports_provider(rec, remedy),
				  rec->reason);
	group->remedy = remedy;
	group->addresses++;
	if (rec->last >= group->last) {
		group->last = rec->last;
		group->diagnostic = p_strdup(reports->check->pool,
					     rec->diagnostic);
	}
}

static int reports_group_cmp(const struct reports_group *a,
			     const struct reports_group *b)
{
	if (a->addresses != b->addresses)
		return a->addresses > b->addresses ? -1 : 1;
	return strcmp(a->provider, b->provider);
}

static void reports_say(struct check_reports *reports,
			const struct reports_group *group)
{
	struct bounce_check *check = reports->check;
	const struct bounce_reason *reason = bounce_reason_find(group->reason);
	const char *advice = group->remedy != NULL ?
		t_bounce_remedy_text(group->remedy, check->now) :
		reason == NULL ? NULL : bounce_texts_advice(NULL, reason);

	bounce_check_say(check, BOUNCE_CHECK_WARN, "reports",
			 t_strdup_printf("%s %s", group->provider,
					 group->reason), advice,
			 "%u addresses; the last said: %s", group->addresses,
			 group->diagnostic == NULL ? "nothing" :
			 group->diagnostic);
}

void bounce_check_reports(struct bounce_check *check)
{
	struct check_reports reports = { .check = check };
	const struct reports_group *group;
	const struct bounce_record *rec;
	struct bounce_store_iter *iter;
	struct bounce_store *store;
	const char *error;

	p_array_init(&reports.groups, check->pool, 8);
	if (bounce_user_store(check->bu, &store, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "reports", "",
				 NULL, "%s", error);
		return;
	}
	iter = bounce_store_iter_init(store, check->now);
	while (bounce_store_iter_next(iter, &rec)) T_BEGIN {
		reports_add(&reports, rec);
	} T_END;
	if (bounce_store_iter_deinit(&iter, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "reports", "",
				 NULL, "%s", error);
		return;
	}
	array_sort(&reports.groups, reports_group_cmp);
	array_foreach(&reports.groups, group) T_BEGIN {
		reports_say(&reports, group);
	} T_END;
	if (array_is_empty(&reports.groups)) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "reports", "", NULL,
				 "nobody refused our side in the last 7 days");
	}
}
