/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* Who refuses our side, by what the user's dictionary holds of the last seven days. */

#include "lib.h"
#include "array.h"
#include "bounce-remedy.h"
#include "bounce-texts.h"
#include "bounce-reason.h"
#include "bounce-sent-store.h"
#include "bounce-check-named.h"
#include "bounce-check-tried.h"

#define DAY_SECS (24 * 3600)
#define WINDOW_DAYS 7
#define WINDOW_SECS (WINDOW_DAYS * DAY_SECS)

/* One provider and reason. */
struct reports_group {
	const char *provider, *reason;
	const struct bounce_remedy *remedy;
	unsigned int addresses;
	time_t last;
	const char *diagnostic;
	/* the addresses of ours that were named */
	ARRAY_TYPE(const_string) ips;
	/* at the refused addresses' domains */
	struct bounce_check_tried tried;
	/* refusals of these domains that blame nobody's address, in the last
	   seven days and in the seven before */
	unsigned int now, before;
};

struct check_reports {
	struct bounce_check *check;
	ARRAY(struct reports_group) groups;
	/* what was sent: from Sent, and the days' counters */
	struct bounce_check_tried_all tried;
	const char *tried_error;
	ARRAY_TYPE(bounce_sent) days;
	/* mail was counted in the week before */
	bool days_before;
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
	p_array_init(&group->ips, pool, 4);
	p_array_init(&group->tried.domains, pool, 4);
	return group;
}

static void reports_group_add(struct check_reports *reports,
			      struct reports_group *group,
			      const struct bounce_record *rec)
{
	pool_t pool = reports->check->pool;
	const char *domain = strrchr(rec->address, '@');

	group->addresses++;
	if (rec->diagnostic != NULL)
		bounce_check_named_find(rec->diagnostic, pool, &group->ips);
	if (rec->last >= group->last) {
		group->last = rec->last;
		group->diagnostic = p_strdup(pool, rec->diagnostic);
	}
	if (domain == NULL)
		return;
	domain = p_strdup(pool, domain + 1);
	if (array_lsearch(&group->tried.domains, &domain, i_strcmp_p) == NULL)
		array_push_back(&group->tried.domains, &domain);
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
	reports_group_add(reports, group, rec);
}

/*
 * What was sent
 */

static int reports_read_days(struct check_reports *reports,
			     struct bounce_store *store, const char **error_r)
{
	struct bounce_check *check = reports->check;
	ARRAY_TYPE(bounce_sent) broadcasts;
	time_t since;
	int ret;

	ret = bounce_sent_store_since(store, &since, error_r);
	if (ret < 0)
		return -1;
	reports->days_before = ret > 0 && since <= check->now - 2 * WINDOW_SECS;
	p_array_init(&reports->days, check->pool, 16);
	p_array_init(&broadcasts, check->pool, 4);
	/* a broadcast's failures are counted with the day, too */
	return bounce_sent_store_read(store, check->pool, check->now -
				      2 * WINDOW_SECS, check->now,
				      &reports->days, &broadcasts, error_r);
}

/* Days ago: 0 = today. */
static int reports_day_age(const struct check_reports *reports,
			   const struct bounce_sent *day)
{
	time_t today = reports->check->now - reports->check->now % DAY_SECS;

	return (int)((today - bounce_sent_day_time(day->id)) / DAY_SECS);
}

static void reports_group_count(struct check_reports *reports,
				struct reports_group *group)
{
	const struct bounce_cause *cause;
	const struct bounce_sent *day;

	array_foreach(&reports->days, day) {
		int age = reports_day_age(reports, day);

		if (age >= WINDOW_DAYS && age < 2 * WINDOW_DAYS)
			reports->days_before = TRUE;
		array_foreach(&day->causes, cause) {
			const char *domain = cause->text;

			if (cause->kind != BOUNCE_CAUSE_DOMAIN ||
			    array_lsearch(&group->tried.domains, &domain,
					  i_strcmp_p) == NULL)
				continue;
			if (age < WINDOW_DAYS)
				group->now += cause->count;
			else if (age < 2 * WINDOW_DAYS)
				group->before += cause->count;
		}
	}
}

static void reports_read_sent(struct check_reports *reports)
{
	struct bounce_check *check = reports->check;
	struct bounce_check_tried_all *all = &reports->tried;
	struct bounce_check_tried **list;
	struct reports_group *group;

	list = p_new(check->pool, struct bounce_check_tried *,
		     array_count(&reports->groups) + 1);
	array_foreach_modifiable(&reports->groups, group) {
		reports_group_count(reports, group);
		list[all->count++] = &group->tried;
	}
	all->tried = list;
	if (all->count > 0)
		(void)bounce_check_tried_read(check, check->now - WINDOW_SECS,
					      all, &reports->tried_error);
}

static int reports_group_cmp(const struct reports_group *a,
			     const struct reports_group *b)
{
	if (a->addresses != b->addresses)
		return a->addresses > b->addresses ? -1 : 1;
	return strcmp(a->provider, b->provider);
}

/* Of how many recipients, as far as is known. */
static const char *t_reports_tried(const struct check_reports *reports,
				   const struct reports_group *group)
{
	if (reports->tried_error != NULL || reports->tried.copies == 0)
		return "tried: unknown, as no copy is in Sent";
	return t_strdup_printf("tried in 7 days: %s%u (copies in Sent)",
			       reports->tried.more ? "at least " : "",
			       group->tried.recipients);
}

static const char *t_reports_trend(const struct check_reports *reports,
				   const struct reports_group *group)
{
	if (!reports->days_before)
		return "trend: unknown, as nothing is known of the week before";
	return t_strdup_printf("trend: %s, %u refusals in 7 days, %u in the 7 "
			       "before", group->now > group->before ? "more" :
			       group->now < group->before ? "fewer" : "as before",
			       group->now, group->before);
}

static const char *t_reports_ips(const struct reports_group *group)
{
	ARRAY_TYPE(const_string) ips;

	if (array_is_empty(&group->ips))
		return "";
	t_array_init(&ips, array_count(&group->ips) + 1);
	array_append_array(&ips, &group->ips);
	array_append_zero(&ips);
	return t_strdup_printf("; named: %s",
			       t_strarray_join(array_front(&ips), " "));
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
			 "%u address%s refused; %s; %s%s; the last said: %s",
			 group->addresses, group->addresses == 1 ? "" : "es",
			 t_reports_tried(reports, group),
			 t_reports_trend(reports, group), t_reports_ips(group),
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
	bounce_user_log_damaged(check->bu, "Check", iter);
	if (bounce_store_iter_deinit(&iter, &error) < 0 ||
	    reports_read_days(&reports, store, &error) < 0) {
		bounce_check_say(check, BOUNCE_CHECK_UNKNOWN, "reports", "",
				 NULL, "%s", error);
		return;
	}
	reports_read_sent(&reports);
	array_sort(&reports.groups, reports_group_cmp);
	array_foreach(&reports.groups, group) T_BEGIN {
		reports_say(&reports, group);
	} T_END;
	if (array_is_empty(&reports.groups)) {
		bounce_check_say(check, BOUNCE_CHECK_OK, "reports", "", NULL,
				 "nobody refused our side in the last 7 days");
	}
}
