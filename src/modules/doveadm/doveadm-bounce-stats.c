/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce stats: how many records, by what. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "bounce-address.h"
#include "bounce-pending-work.h"
#include "doveadm-bounce.h"

#define DAY (24 * 3600)

static const struct {
	const char *name;
	time_t seconds;
} stats_spans[] = {
	{ "1 day", DAY }, { "7 days", 7 * DAY }, { "30 days", 30 * DAY }
};

struct stats_name {
	const char *name;
	unsigned int count;
};
HASH_TABLE_DEFINE_TYPE(stats_name, const char *, struct stats_name *);

/* Names that are not known beforehand. */
struct stats_names {
	pool_t pool;
	HASH_TABLE_TYPE(stats_name) table;
	ARRAY(struct stats_name *) names;
};

struct stats {
	unsigned int total;
	unsigned int spans[N_ELEMENTS(stats_spans)];
	unsigned int states[BOUNCE_STATE_COUNT];
	unsigned int classes[BOUNCE_CLASS_COUNT];
	unsigned int sides[BOUNCE_SIDE_COUNT];
	struct stats_names reasons, domains;
};

static void stats_names_init(struct stats_names *names, pool_t pool)
{
	names->pool = pool;
	hash_table_create(&names->table, pool, 0, str_hash, strcmp);
	p_array_init(&names->names, pool, 32);
}

static void stats_names_add(struct stats_names *names, const char *name)
{
	struct stats_name *entry = hash_table_lookup(names->table, name);

	if (entry == NULL) {
		entry = p_new(names->pool, struct stats_name, 1);
		entry->name = p_strdup(names->pool, name);
		hash_table_insert(names->table, entry->name, entry);
		array_push_back(&names->names, &entry);
	}
	entry->count++;
}

static int
stats_name_cmp(struct stats_name *const *a, struct stats_name *const *b)
{
	if ((*a)->count != (*b)->count)
		return (*a)->count > (*b)->count ? -1 : 1;
	return strcmp((*a)->name, (*b)->name);
}

static void
stats_add(struct stats *stats, const struct bounce_record *rec, time_t now)
{
	const char *domain = bounce_address_domain(rec->address);

	stats->total++;
	stats->states[rec->state]++;
	stats->classes[rec->class]++;
	stats->sides[rec->side]++;
	stats_names_add(&stats->reasons,
			rec->reason == NULL ? "" : rec->reason);
	stats_names_add(&stats->domains, domain == NULL ? "" : domain);
	for (unsigned int i = 0; i < N_ELEMENTS(stats_spans); i++) {
		if (rec->last > now - stats_spans[i].seconds)
			stats->spans[i]++;
	}
}

static void
stats_print_row(const char *group, const char *name, unsigned int count)
{
	doveadm_print(group);
	doveadm_bounce_print(name);
	doveadm_print_num(count);
}

/* What nobody has is not worth a line. */
static void
stats_print_some(const char *group, const char *name, unsigned int count)
{
	if (count > 0)
		stats_print_row(group, name, count);
}

/* The most frequent first. */
static void stats_print_names(const char *group, struct stats_names *names)
{
	struct stats_name *entry;

	array_sort(&names->names, stats_name_cmp);
	array_foreach_elem(&names->names, entry)
		stats_print_row(group, entry->name, entry->count);
}

static void
stats_print(struct stats *stats, unsigned int backscatter, bool pending)
{
	unsigned int i;

	stats_print_row("total", "records", stats->total);
	for (i = 0; i < N_ELEMENTS(stats_spans); i++)
		stats_print_row("last", stats_spans[i].name, stats->spans[i]);
	for (i = 0; i < BOUNCE_STATE_COUNT; i++)
		stats_print_some("state", bounce_state_name(i),
				 stats->states[i]);
	for (i = 0; i < BOUNCE_CLASS_COUNT; i++)
		stats_print_some("class", bounce_class_name(i),
				 stats->classes[i]);
	for (i = 0; i < BOUNCE_SIDE_COUNT; i++)
		stats_print_some("side", bounce_side_name(i), stats->sides[i]);
	stats_print_some("backscatter", "reports", backscatter);
	stats_print_some("pending", "some", pending ? 1 : 0);
	stats_print_names("reason", &stats->reasons);
	stats_print_names("domain", &stats->domains);
}

static void stats_init(struct doveadm_bounce_cmd *cmd ATTR_UNUSED)
{
	doveadm_bounce_header("group");
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_bounce_header_number("count");
}

static int
stats_read(struct bounce_store *store, time_t now, struct stats *stats,
	   unsigned int *backscatter_r, const char **error_r)
{
	struct bounce_store_iter *iter = bounce_store_iter_init(store, now);
	const struct bounce_record *rec;
	time_t last;

	while (bounce_store_iter_next(iter, &rec)) T_BEGIN {
		stats_add(stats, rec, now);
	} T_END;
	if (bounce_store_iter_deinit(&iter, error_r) < 0)
		return -1;
	return bounce_store_backscatter(store, backscatter_r, &last, error_r);
}

static int
stats_run(struct doveadm_bounce_cmd *cmd, struct bounce_user *bu,
	  struct bounce_store *store)
{
	pool_t pool = pool_alloconly_create("bounce stats", 16 * 1024);
	struct stats stats;
	unsigned int backscatter;
	const char *error;
	int ret;

	i_zero(&stats);
	stats_names_init(&stats.reasons, pool);
	stats_names_init(&stats.domains, pool);
	ret = stats_read(store, cmd->now, &stats, &backscatter, &error);
	if (ret < 0)
		doveadm_bounce_failed(cmd, bu, MAIL_ERROR_TEMP, "%s", error);
	else
		stats_print(&stats, backscatter,
			    bounce_pending_work_exists(bu));
	hash_table_destroy(&stats.reasons.table);
	hash_table_destroy(&stats.domains.table);
	pool_unref(&pool);
	return ret;
}

static struct doveadm_mail_cmd_context *stats_alloc(void)
{
	struct doveadm_bounce_cmd *cmd =
		doveadm_bounce_cmd_alloc_size(sizeof(*cmd),
					      DOVEADM_PRINT_TYPE_TABLE);

	cmd->init = stats_init;
	cmd->run = stats_run;
	return &cmd->ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_stats = {
	.name = "bounce stats",
	.mail_cmd = stats_alloc,
	.usage = DOVEADM_BOUNCE_USAGE(""),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAMS_END
};
