/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "hash.h"
#include "istream.h"
#include "ostream.h"
#include "bounce-check-cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_LINE 4096
#define MAX_ENTRIES 10000

struct cache_entry {
	time_t expires;
	struct bounce_dns_answer answer;
};

struct bounce_check_cache {
	pool_t pool;
	const char *path;
	time_t now;
	HASH_TABLE(char *, struct cache_entry *) entries;
	bool changed;
};

/* "expires TAB key TAB found|none TAB value value": the answers of block lists are
   addresses. */
static void cache_line_read(struct bounce_check_cache *cache, const char *line)
{
	const char *const *fields = t_strsplit(line, "\t");
	struct cache_entry *entry;
	time_t expires;

	if (str_array_length(fields) != 4 ||
	    str_to_time(fields[0], &expires) < 0 || expires <= cache->now ||
	    expires > cache->now + BOUNCE_CHECK_CACHE_SECS ||
	    hash_table_count(cache->entries) >= MAX_ENTRIES)
		return;
	entry = p_new(cache->pool, struct cache_entry, 1);
	entry->expires = expires;
	entry->answer.status = strcmp(fields[2], "found") == 0 ?
		BOUNCE_DNS_FOUND : BOUNCE_DNS_NONE;
	entry->answer.values = (const char *const *)
		p_strsplit_spaces(cache->pool, fields[3], " ");
	hash_table_update(cache->entries, p_strdup(cache->pool, fields[1]),
			  entry);
}

static void cache_read(struct bounce_check_cache *cache)
{
	struct istream *input = i_stream_create_file(cache->path, MAX_LINE);
	const char *line;

	while ((line = i_stream_read_next_line(input)) != NULL) T_BEGIN {
		cache_line_read(cache, line);
	} T_END;
	i_stream_unref(&input);
}

struct bounce_check_cache *
bounce_check_cache_init(const char *path, time_t now)
{
	pool_t pool = pool_alloconly_create("bounce check cache", 4096);
	struct bounce_check_cache *cache =
		p_new(pool, struct bounce_check_cache, 1);

	cache->pool = pool;
	cache->path = p_strdup(pool, path);
	cache->now = now;
	hash_table_create(&cache->entries, pool, 0, str_hash, strcmp);
	if (path != NULL)
		cache_read(cache);
	return cache;
}

static int cache_write(struct bounce_check_cache *cache, const char **error_r)
{
	const char *temp = t_strconcat(cache->path, ".tmp", NULL);
	char *key;
	struct hash_iterate_context *iter;
	struct cache_entry *entry;
	struct ostream *output;
	int fd, ret = 0;

	/* keys of lists are in it */
	fd = open(temp, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW, 0600);
	if (fd == -1) {
		*error_r = t_strdup_printf("open(%s) failed: %m", temp);
		return -1;
	}
	output = o_stream_create_fd_file_autoclose(&fd, 0);
	iter = hash_table_iterate_init(cache->entries);
	while (hash_table_iterate(iter, cache->entries, &key, &entry)) T_BEGIN {
		o_stream_nsend_str(output, t_strdup_printf("%ld\t%s\t%s\t%s\n",
			(long)entry->expires, key, entry->answer.status ==
			BOUNCE_DNS_FOUND ? "found" : "none",
			t_strarray_join(entry->answer.values, " ")));
	} T_END;
	hash_table_iterate_deinit(&iter);
	if (o_stream_finish(output) < 0 || rename(temp, cache->path) < 0) {
		*error_r = t_strdup_printf("%s cannot be written: %m", temp);
		ret = -1;
	}
	o_stream_destroy(&output);
	return ret;
}

int bounce_check_cache_deinit(struct bounce_check_cache **_cache,
			      const char **error_r)
{
	struct bounce_check_cache *cache = *_cache;
	int ret = 0;

	if (cache == NULL)
		return 0;
	*_cache = NULL;
	if (cache->changed && cache->path != NULL)
		ret = cache_write(cache, error_r);
	hash_table_destroy(&cache->entries);
	pool_unref(&cache->pool);
	return ret;
}

bool bounce_check_cache_get(struct bounce_check_cache *cache, const char *key,
			    struct bounce_dns_answer *answer_r)
{
	struct cache_entry *entry = hash_table_lookup(cache->entries, key);

	if (entry == NULL)
		return FALSE;
	*answer_r = entry->answer;
	return TRUE;
}

void bounce_check_cache_put(struct bounce_check_cache *cache, const char *key,
			    const struct bounce_dns_answer *answer)
{
	struct cache_entry *entry;

	if (answer->status != BOUNCE_DNS_FOUND &&
	    answer->status != BOUNCE_DNS_NONE)
		return;
	entry = p_new(cache->pool, struct cache_entry, 1);
	entry->expires = cache->now + BOUNCE_CHECK_CACHE_SECS;
	entry->answer.status = answer->status;
	entry->answer.values = p_strarray_dup(cache->pool, answer->values);
	hash_table_update(cache->entries, p_strdup(cache->pool, key), entry);
	cache->changed = TRUE;
}
