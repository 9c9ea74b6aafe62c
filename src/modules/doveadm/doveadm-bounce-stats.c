/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce stats: how many records, by what. Of many users the sum. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "bounce-address.h"
#include "bounce-pending-work.h"
#include "doveadm-bounce.h"
#include "doveadm-bounce-site.h"

/* group, name, count */
#define STATS_COLUMNS 3
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
	/* that have a record */
	unsigned int users;
	unsigned int total;
	/* reports; users that have some */
	unsigned int backscatter, pending;
	unsigned int spans[N_ELEMENTS(stats_spans)];
	unsigned int states[BOUNCE_STATE_COUNT];
	unsigned int classes[BOUNCE_CLASS_COUNT];
	unsigned int sides[BOUNCE_SIDE_COUNT];
	struct stats_names reasons, domains;
};

enum stats_order {
	STATS_ORDER_COUNT = 0,
	STATS_ORDER_NAME
};
static const char *const stats_orders[] = { "count", "name", NULL };

struct stats_cmd {
	struct doveadm_bounce_cmd cmd;
	struct doveadm_bounce_site site;
	/* NULL = no user yet */
	pool_t pool;
	struct stats stats;
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
	return strcmp((*a)->name, (*b)->name);
}

static int
stats_count_cmp(struct stats_name *const *a, struct stats_name *const *b)
{
	if ((*a)->count != (*b)->count)
		return (*a)->count > (*b)->count ? -1 : 1;
	return stats_name_cmp(a, b);
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

/* What is zero for all users gets no line. */
static void
stats_print_some(const char *group, const char *name, unsigned int count)
{
	if (count > 0)
		stats_print_row(group, name, count);
}

static void
stats_print_names(const struct doveadm_bounce_site *site, const char *group,
		  struct stats_names *names)
{
	struct stats_name *entry;
	unsigned int rows = 0;

	if (site->sort == STATS_ORDER_NAME)
		array_sort(&names->names, stats_name_cmp);
	else
		array_sort(&names->names, stats_count_cmp);
	array_foreach_elem(&names->names, entry) {
		if (site->limit > 0 && ++rows > site->limit)
			break;
		stats_print_row(group, entry->name, entry->count);
	}
}

static void stats_print(struct stats_cmd *cmd)
{
	struct stats *stats = &cmd->stats;
	unsigned int i;

	stats_print_row("total", "records", stats->total);
	if (cmd->site.sum)
		stats_print_row("total", "users", stats->users);
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
	stats_print_some("backscatter", "reports", stats->backscatter);
	stats_print_some("pending", "some", stats->pending);
	stats_print_names(&cmd->site, "reason", &stats->reasons);
	stats_print_names(&cmd->site, "domain", &stats->domains);
}

static void stats_init(struct doveadm_bounce_cmd *_cmd)
{
	struct stats_cmd *cmd = container_of(_cmd, struct stats_cmd, cmd);

	doveadm_bounce_site_init(&cmd->site, _cmd, stats_orders);
	cmd->pool = pool_alloconly_create("bounce stats", 16 * 1024);
	stats_names_init(&cmd->stats.reasons, cmd->pool);
	stats_names_init(&cmd->stats.domains, cmd->pool);
	doveadm_bounce_header("group");
	doveadm_print_header("name", "name", DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_bounce_header_number("count");
}

static int
stats_read_backscatter(struct stats_cmd *cmd, struct bounce_store *store,
		       const char **error_r)
{
	unsigned int count;
	time_t last;

	if (bounce_store_backscatter(store, &count, &last, error_r) < 0)
		return -1;
	/* it is not known of when each was */
	if (cmd->site.since == 0)
		cmd->stats.backscatter += count;
	return 0;
}

static int
stats_read(struct stats_cmd *cmd, struct bounce_user *bu,
	   struct bounce_store *store, const char **error_r)
{
	struct bounce_store_iter *iter;
	const struct bounce_record *rec;
	unsigned int before = cmd->stats.total;
	int ret = bounce_store_is_empty(store, error_r);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	iter = bounce_store_iter_init(store, cmd->cmd.now);
	while (bounce_store_iter_next(iter, &rec)) T_BEGIN {
		if (rec->last >= cmd->site.since)
			stats_add(&cmd->stats, rec, cmd->cmd.now);
	} T_END;
	doveadm_bounce_say_damaged(&cmd->cmd, bu, iter);
	if (cmd->stats.total > before)
		cmd->stats.users++;
	if (bounce_store_iter_deinit(&iter, error_r) < 0)
		return -1;
	return stats_read_backscatter(cmd, store, error_r);
}

static int
stats_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	  struct bounce_store *store)
{
	struct stats_cmd *cmd = container_of(_cmd, struct stats_cmd, cmd);
	const char *error;

	if (stats_read(cmd, bu, store, &error) < 0) {
		return doveadm_bounce_failed(_cmd, bu, MAIL_ERROR_TEMP, "%s",
					     error);
	}
	if (bounce_pending_work_exists(bu))
		cmd->stats.pending++;
	if (!cmd->site.sum &&
	    (!cmd->site.one_of_many || cmd->stats.total > 0 ||
	     cmd->stats.backscatter > 0))
		stats_print(cmd);
	return 0;
}

static void stats_deinit(struct doveadm_bounce_cmd *_cmd)
{
	struct stats_cmd *cmd = container_of(_cmd, struct stats_cmd, cmd);

	if (cmd->pool == NULL)
		return;
	/* where doveadm-server did it, it has said so */
	if (cmd->site.sum && _cmd->ran) {
		doveadm_bounce_site_set_user(DOVEADM_BOUNCE_SITE_ALL,
					     STATS_COLUMNS);
		stats_print(cmd);
	}
	hash_table_destroy(&cmd->stats.reasons.table);
	hash_table_destroy(&cmd->stats.domains.table);
	pool_unref(&cmd->pool);
}

static struct doveadm_mail_cmd_context *stats_alloc(void)
{
	struct stats_cmd *cmd = doveadm_bounce_cmd_alloc(struct stats_cmd,
						DOVEADM_PRINT_TYPE_TABLE);

	cmd->cmd.init = stats_init;
	cmd->cmd.run = stats_run;
	cmd->cmd.deinit = stats_deinit;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_stats = {
	.name = "bounce stats",
	.mail_cmd = stats_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--since T] [--limit N] "
				      "[--sort count|name]"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_BOUNCE_PARAMS_SITE
DOVEADM_CMD_PARAMS_END
};
