/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

/* doveadm bounce import: records, and other people's lists, in. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "istream.h"
#include "str.h"
#include "bounce-reason.h"
#include "bounce-rules-cache.h"
#include "compat-doveadm.h"
#include "doveadm-bounce.h"
#include "bounce-import-service.h"
#include "bounce-import.h"
#include "bounce-record-member.h"
#include "bounce-string.h"
#include "doveadm-settings.h"

#include <ctype.h>

/* Longest line that is read: a record stays below 16 KiB. */
#define MAX_LINE (1024 * 1024)
/* Lines that one row of CSV may have. */
#define MAX_ROW_LINES 100
/* Longest JSON text of a mail service */
#define MAX_DOCUMENT (256 * 1024 * 1024)

struct import_cmd {
	struct doveadm_bounce_cmd cmd;
	/* --from, or NULL */
	const struct bounce_import_service *service;
};

/*
 * What becomes of one record
 */

static bool
import_is_persons(const struct bounce_record *rec)
{
	return rec->by != BOUNCE_BY_BOUNCE;
}

/* A person's word is before what bounces said, the later before the
   earlier; what is there wins where neither is the case. */
static bool
import_is_better(const struct bounce_record *new_rec,
		 const struct bounce_record *old)
{
	if (import_is_persons(new_rec) != import_is_persons(old))
		return import_is_persons(new_rec);
	if (new_rec->last != old->last)
		return new_rec->last > old->last;
	return new_rec->count > old->count;
}

static bool
import_take_whole(pool_t pool, struct bounce_record *rec, bool exists,
		  const struct bounce_import_item *item, time_t now)
{
	const struct bounce_record *new_rec = &item->rec;
	struct bounce_record old = *rec;

	if (bounce_record_lapsed(new_rec, now) ||
	    (exists && !import_is_better(new_rec, rec)))
		return FALSE;
	bounce_record_copy(pool, new_rec, rec);
	/* what the row does not hold */
	if (rec->unknown == NULL)
		rec->unknown = old.unknown;
	if (item->partial)
		bounce_record_member_take_others(rec, &old);
	else if (array_is_empty(&rec->recent))
		bounce_record_member_take(BOUNCE_MEMBER_COUNTED, rec, &old);
	return TRUE;
}

static void
import_take_words(pool_t pool, struct bounce_record *rec,
		  const struct bounce_import_item *item)
{
	if (item->reason != NULL) {
		rec->reason = item->reason->name;
		rec->side = item->reason->side;
		rec->class = item->class;
	}
	rec->status = p_strdup(pool, item->status);
	rec->reply = p_strdup(pool, item->reply);
	rec->diagnostic = p_strdup(pool, item->diagnostic);
}

/* On a service's list: suppressed, unless its own words blame somebody else.
   What a person said of the address stays. */
static bool
import_take_listed(pool_t pool, struct bounce_record *rec, bool exists,
		   const struct bounce_import_item *item,
		   const struct bounce_policy *policy, time_t now)
{
	if (exists && (item->harmless || rec->state != BOUNCE_STATE_WATCHED))
		return FALSE;
	if (item->harmless) {
		rec->by = BOUNCE_BY_IMPORT;
		rec->first = rec->last = now;
		rec->until = policy->forget == 0 ? 0 :
			now + (time_t)policy->forget;
	} else {
		bounce_record_suppress(rec, item->complaint ?
				       BOUNCE_BY_COMPLAINT : BOUNCE_BY_IMPORT,
				       item->reason, now);
	}
	import_take_words(pool, rec, item);
	return TRUE;
}

/*
 * The file
 */

/* The lines about one address, in their order. */
struct import_address {
	const char *address;
	ARRAY(struct bounce_import_item) items;
};
HASH_TABLE_DEFINE_TYPE(import_address, const char *, struct import_address *);

struct import_run {
	struct doveadm_bounce_cmd *cmd;
	struct bounce_user *bu;
	pool_t pool;
	struct bounce_import *import;
	HASH_TABLE_TYPE(import_address) table;
	ARRAY_TYPE(const_string) addresses;
	unsigned int line, read, wrong;
};

static void
import_add(struct import_run *run, const struct bounce_import_item *item)
{
	struct import_address *entry =
		hash_table_lookup(run->table, item->address);

	if (entry == NULL) {
		entry = p_new(run->pool, struct import_address, 1);
		entry->address = item->address;
		p_array_init(&entry->items, run->pool, 1);
		hash_table_insert(run->table, entry->address, entry);
		array_push_back(&run->addresses, &entry->address);
	}
	array_push_back(&entry->items, item);
	run->read++;
}

static void
import_wrong(struct import_run *run, unsigned int line, const char *error)
{
	const char *name = i_stream_get_name(run->cmd->ctx.cmd_input);

	doveadm_bounce_failed(run->cmd, run->bu, MAIL_ERROR_NOTPOSSIBLE,
			      "%s:%u: %s", *name == '\0' ? "input" : name,
			      line, error);
	run->wrong++;
}

static void import_line(struct import_run *run, unsigned int number,
			const char *line)
{
	struct bounce_import_item item;
	const char *error;
	int ret;

	ret = bounce_import_line(run->import, line, &item, &error);
	if (ret > 0)
		import_add(run, &item);
	else if (ret < 0)
		import_wrong(run, number, error);
}

/* A row of CSV goes on where a quote is open. */
static const char *
import_more_lines(struct import_run *run, struct istream *input,
		  const char *line)
{
	string_t *str = t_str_new(256);
	const char *more;

	str_append(str, line);
	for (unsigned int i = 1; i < MAX_ROW_LINES &&
	     bounce_import_goes_on(run->import, str_c(str)) &&
	     (more = i_stream_read_next_line(input)) != NULL; i++) {
		run->line++;
		str_append_c(str, '\n');
		str_append(str, more);
	}
	return str_c(str);
}

static void
import_read_entries(struct import_run *run, struct bounce_import_list *list)
{
	const char *const *names, *const *cells, *error;
	struct bounce_import_item item;
	bool more = TRUE;
	int ret;

	while (more) T_BEGIN {
		more = bounce_import_list_next(list, &names, &cells);
		run->line++;
		ret = !more ? 0 : bounce_import_entry(run->import, names, cells,
						      &item, &error);
		if (ret > 0)
			import_add(run, &item);
		else if (ret < 0)
			import_wrong(run, run->line, error);
	} T_END;
}

/* A service's JSON, whole; its entries are numbered as lines are. */
static void import_read_list(struct import_run *run,
			     const struct bounce_import_service *service)
{
	struct istream *input = run->cmd->ctx.cmd_input;
	struct bounce_import_list *list;
	buffer_t *buf = buffer_create_dynamic(default_pool, 64 * 1024);
	const unsigned char *data;
	const char *error;
	size_t size;

	while (i_stream_read_more(input, &data, &size) > 0 &&
	       buf->used <= MAX_DOCUMENT) {
		buffer_append(buf, data, size);
		i_stream_skip(input, size);
	}
	if (buf->used > MAX_DOCUMENT) {
		import_wrong(run, 1, "More than 256 MiB of JSON");
	} else if (input->stream_errno != 0) {
		import_wrong(run, 1, i_stream_get_error(input));
	} else if (bounce_import_service_list(service, buf->data, buf->used,
					      &list, &error) < 0) {
		import_wrong(run, 1, error);
	} else {
		import_read_entries(run, list);
		bounce_import_list_free(&list);
	}
	buffer_free(&buf);
}

/* Does it begin as JSON? Leaves the stream at its beginning. */
static bool import_is_document(struct istream *input)
{
	const unsigned char *data;
	size_t size, i = 0;

	i_stream_seek(input, 0);
	if (i_stream_read_more(input, &data, &size) <= 0)
		return FALSE;
	while (i < size && (i_isspace(data[i]) || data[i] >= 0x80))
		i++;
	return i < size && (data[i] == '{' || data[i] == '[');
}

static void import_read(struct import_run *run)
{
	struct istream *input = run->cmd->ctx.cmd_input;
	const char *line;

	i_stream_set_max_buffer_size(input, MAX_LINE);
	i_stream_set_return_partial_line(input, TRUE);
	i_stream_seek(input, 0);
	while ((line = i_stream_read_next_line(input)) != NULL) T_BEGIN {
		unsigned int number = ++run->line;

		if (bounce_import_goes_on(run->import, line))
			line = import_more_lines(run, input, line);
		import_line(run, number, line);
	} T_END;
	if (input->stream_errno != 0)
		import_wrong(run, run->line + 1, i_stream_get_error(input));
}

static bool
import_change(pool_t pool, struct bounce_record *rec, bool exists,
	      void *context)
{
	struct import_run *run = context;
	struct import_address *entry =
		hash_table_lookup(run->table, rec->address);
	const struct bounce_import_item *item;
	time_t now = run->cmd->now;
	bool changed = FALSE;

	array_foreach(&entry->items, item) {
		if (item->whole ?
		    import_take_whole(pool, rec, exists, item, now) :
		    import_take_listed(pool, rec, exists, item,
				       &run->bu->set.policy, now))
			changed = exists = TRUE;
	}
	return changed;
}

static int import_write(struct import_run *run, struct bounce_store *store)
{
	const char *error;
	int ret;

	array_append_zero(&run->addresses);
	ret = bounce_store_change_many(store, array_front(&run->addresses),
				       run->cmd->now, import_change, run,
				       &error);
	if (ret < 0)
		return doveadm_bounce_failed(run->cmd, run->bu,
					     MAIL_ERROR_TEMP, "%s", error);
	doveadm_print_num(run->read);
	doveadm_print_num(ret);
	doveadm_print_num(run->wrong);
	return run->wrong > 0 ? -1 : 0;
}

static int
import_run(struct doveadm_bounce_cmd *_cmd, struct bounce_user *bu,
	   struct bounce_store *store)
{
	struct import_cmd *cmd = container_of(_cmd, struct import_cmd, cmd);
	struct import_run run;
	int ret;

	i_zero(&run);
	run.cmd = _cmd;
	run.bu = bu;
	run.pool = pool_alloconly_create("bounce import", 64 * 1024);
	run.import = bounce_import_init(run.pool, bounce_rules_cache_get(bu),
					doveadm_server);
	hash_table_create(&run.table, run.pool, 0, str_hash, strcmp);
	p_array_init(&run.addresses, run.pool, 64);
	bounce_import_set_service(run.import, cmd->service);
	if (cmd->service != NULL && import_is_document(_cmd->ctx.cmd_input))
		import_read_list(&run, cmd->service);
	else
		import_read(&run);
	ret = import_write(&run, store);
	hash_table_destroy(&run.table);
	pool_unref(&run.pool);
	return ret;
}

static void import_init_service(struct import_cmd *cmd)
{
	const char *name;

	if (!doveadm_cmd_param_str(cmd->cmd.ctx.cctx, "from", &name))
		return;
	cmd->service = bounce_import_service_find(name);
	if (cmd->service == NULL)
		doveadm_bounce_wrong(&cmd->cmd, "%s is none of %s", name,
				     t_bounce_import_service_names());
}

/* Of a folder Dovecot's own words do not say which. */
static void
import_unreadable(struct doveadm_bounce_cmd *cmd, struct istream *input)
{
	const char *name = i_stream_get_name(input);
	const char *error = i_stream_get_error(input);

	if (strstr(error, name) == NULL)
		error = t_strdup_printf("%s: %s", name, error);
	doveadm_bounce_wrong(cmd, "%s", bounce_string_printable(error));
}

static void import_init(struct doveadm_bounce_cmd *cmd)
{
	struct istream *input;

	import_init_service(container_of(cmd, struct import_cmd, cmd));

	doveadm_bounce_header_number("read");
	doveadm_bounce_header_number("written");
	doveadm_bounce_header_number("wrong");
	/* The first server gets it all; then 2.3 hangs, and 2.4 gives the others
	   nothing. */
	if (!doveadm_server && cmd->ctx.set->doveadm_worker_count > 0 &&
	    compat_doveadm_many_users(&cmd->ctx)) {
		doveadm_bounce_wrong(cmd, "Through doveadm-server an import "
				     "is for one user at a time");
		return;
	}
	/* without one Dovecot would read on in the request */
	if (cmd->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_HTTP &&
	    !doveadm_cmd_param_istream(cmd->ctx.cctx, "file", &input)) {
		doveadm_bounce_wrong(cmd, "Parameter file is missing");
		return;
	}
	doveadm_mail_get_input(&cmd->ctx);
	/* opened now: the user whose dictionary it is need not be allowed to */
	input = cmd->ctx.cmd_input;
	(void)i_stream_read(input);
	if (input->stream_errno != 0) {
		import_unreadable(cmd, input);
		return;
	}
	i_stream_seek(input, 0);
}

static struct doveadm_mail_cmd_context *import_alloc(void)
{
	struct import_cmd *cmd = doveadm_bounce_cmd_alloc(struct import_cmd,
						DOVEADM_PRINT_TYPE_FLOW);

	cmd->cmd.no_pending = TRUE;
	cmd->cmd.init = import_init;
	cmd->cmd.run = import_run;
	return &cmd->cmd.ctx;
}

struct doveadm_cmd_ver2 doveadm_bounce_cmd_import = {
	.name = "bounce import",
	.mail_cmd = import_alloc,
	.usage = DOVEADM_BOUNCE_USAGE("[--from <service>] <file>"),
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('f', "from", CMD_PARAM_STR, 0)
/* "file" is Dovecot's name for a command's input: it goes to doveadm-server */
DOVEADM_CMD_PARAM('\0', "file", CMD_PARAM_ISTREAM, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
