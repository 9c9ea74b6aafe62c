/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "crc32.h"
#include "ioloop.h"
#include "time-util.h"
#include "bounce-wait.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE_SECS 60
#define PAUSE_FACTOR 10
/* What is further ahead is a clock that jumped. */
#define PAUSE_MAX_SECS (10 * 60)
/* Dictionaries by the checksum of their names. */
#define PAUSE_SLOTS 512
/* Behind them: users by the checksum of their names. Two in one slot share it, and
   wait a minute longer. */
#define SEARCH_SLOTS 4096
#define SEARCH_OFFSET (PAUSE_SLOTS * sizeof(int64_t))
#define SAID_SLOTS 4096
#define SAID_OFFSET (SEARCH_OFFSET + SEARCH_SLOTS * sizeof(struct wait_searches))

struct wait_searches {
	uint32_t minute, count;
};

void bounce_wait_init(struct bounce_wait *wait, unsigned int msecs, bool each)
{
	i_zero(wait);
	wait->msecs = msecs;
	wait->each = each;
	wait->pause_fd = -1;
}

void bounce_wait_deinit(struct bounce_wait *wait)
{
	timeout_remove(&wait->to_renew);
	i_close_fd(&wait->pause_fd);
}

void bounce_wait_renew(struct bounce_wait *wait)
{
	timeout_remove(&wait->to_renew);
	wait->used_usecs = 0;
}

unsigned int bounce_wait_left(const struct bounce_wait *wait)
{
	uint64_t used_msecs = wait->used_usecs / 1000;

	if (wait->each)
		return wait->msecs;
	return used_msecs >= wait->msecs ? 0 : wait->msecs - used_msecs;
}

void bounce_wait_add(struct bounce_wait *wait, uint64_t usecs)
{
	wait->used_usecs += usecs;
	/* a loop that is run meanwhile leaves it alone */
	if (wait->renews && wait->to_renew == NULL) {
		wait->to_renew = timeout_add_short_to(io_loop_get_root(), 0,
						      bounce_wait_renew, wait);
	}
}

/*
 * The pause
 */

static int64_t wait_now(void)
{
	return i_microseconds() / 1000;
}

static uint32_t wait_slot(const char *name)
{
	return crc32_str(name) % PAUSE_SLOTS;
}

void bounce_wait_create_pause(struct bounce_wait *wait, const char *dir)
{
	const char *path = t_strconcat(dir, "/"BOUNCE_WAIT_PAUSE_FILE, NULL);

	if (geteuid() != 0 || wait->pause_fd != -1)
		return;
	/* the folder is root's */
	wait->pause_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			      0644);
	/* whatever the umask says */
	if (wait->pause_fd != -1 && fchmod(wait->pause_fd, 0644) < 0)
		i_close_fd(&wait->pause_fd);
}

static int wait_open_pause(const char *dir, int flags)
{
	const char *path = t_strconcat(dir, "/"BOUNCE_WAIT_PAUSE_FILE, NULL);
	struct stat st;
	int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0644);

	/* a switch for everybody it must not be */
	if (fd != -1 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
			 (st.st_uid != 0 && st.st_uid != geteuid()) ||
			 (st.st_mode & 022) != 0))
		i_close_fd(&fd);
	return fd;
}

void bounce_wait_open_pause(struct bounce_wait *wait, const char *dir,
			    const char *temp_dir)
{
	if (wait->pause_fd == -1)
		wait->pause_fd = wait_open_pause(dir, O_RDONLY);
	if (wait->pause_fd == -1)
		wait->pause_fd = wait_open_pause(temp_dir, O_RDWR | O_CREAT);
}

void bounce_wait_pause(struct bounce_wait *wait, const char *name,
		       uint64_t usecs)
{
	int64_t secs = I_MIN(PAUSE_MAX_SECS,
			     I_MAX(PAUSE_SECS, usecs / 1000000 * PAUSE_FACTOR));

	int64_t until = wait_now() + secs * 1000;
	uint32_t slot = wait_slot(name);

	if (wait->pause_fd != -1 &&
	    pwrite(wait->pause_fd, &until, sizeof(until),
		   slot * sizeof(until)) == sizeof(until))
		return;
	/* who only reads it has its own */
	wait->pause_slot = slot;
	wait->pause_until = until;
}

static bool wait_is_ahead(int64_t until)
{
	int64_t now = wait_now();

	return until > now && until - now <= PAUSE_MAX_SECS * 1000;
}

bool bounce_wait_is_paused(struct bounce_wait *wait, const char *name)
{
	uint32_t slot = wait_slot(name);
	int64_t until;

	if (wait->pause_slot == slot && wait_is_ahead(wait->pause_until))
		return TRUE;
	return wait->pause_fd != -1 &&
		pread(wait->pause_fd, &until, sizeof(until),
		      slot * sizeof(until)) == sizeof(until) &&
		wait_is_ahead(until);
}

/*
 * Searches
 */

static uint32_t wait_search_slot(const char *username)
{
	return crc32_str(username) % SEARCH_SLOTS;
}

static off_t wait_search_offset(uint32_t slot)
{
	return SEARCH_OFFSET + slot * sizeof(struct wait_searches);
}

/* Of this minute. */
static void
wait_read_searches(const struct bounce_wait *wait, uint32_t slot, time_t now,
		   struct wait_searches *searches_r)
{
	i_zero(searches_r);
	if (wait->pause_fd != -1 &&
	    pread(wait->pause_fd, searches_r, sizeof(*searches_r),
		  wait_search_offset(slot)) < 0)
		i_zero(searches_r);
	/* who only reads it has its own */
	if (wait->search_slot == slot &&
	    wait->search_minute == (uint32_t)(now / 60)) {
		searches_r->minute = wait->search_minute;
		searches_r->count = I_MAX(searches_r->count, wait->searches);
	}
	if (searches_r->minute != (uint32_t)(now / 60)) {
		searches_r->minute = now / 60;
		searches_r->count = 0;
	}
}

bool bounce_wait_may_search(struct bounce_wait *wait, const char *username,
			    time_t now)
{
	struct wait_searches searches;

	wait_read_searches(wait, wait_search_slot(username), now, &searches);
	return searches.count < BOUNCE_WAIT_MAX_SEARCHES;
}

bool bounce_wait_take_search(struct bounce_wait *wait, const char *username,
			     time_t now)
{
	uint32_t slot = wait_search_slot(username);
	struct wait_searches searches;

	wait_read_searches(wait, slot, now, &searches);
	if (searches.count >= BOUNCE_WAIT_MAX_SEARCHES)
		return FALSE;
	searches.count++;
	/* two at once may count as one: it need not be exact */
	if (wait->pause_fd != -1 &&
	    pwrite(wait->pause_fd, &searches, sizeof(searches),
		   wait_search_offset(slot)) == sizeof(searches))
		return TRUE;
	wait->search_slot = slot;
	wait->search_minute = searches.minute;
	wait->searches = searches.count;
	return TRUE;
}

bool bounce_wait_say_today(struct bounce_wait *wait, const char *username,
			   time_t now)
{
	uint32_t slot = crc32_str(username) % SAID_SLOTS;
	uint32_t said = 0, day = now / (24 * 60 * 60);
	off_t offset = SAID_OFFSET + slot * sizeof(said);

	if (wait->said_slot == slot && wait->said_day == day)
		return FALSE;
	if (wait->pause_fd != -1 &&
	    pread(wait->pause_fd, &said, sizeof(said), offset) >= 0) {
		if (said == day)
			return FALSE;
		if (pwrite(wait->pause_fd, &day, sizeof(day),
			   offset) == sizeof(day))
			return TRUE;
	}
	wait->said_slot = slot;
	wait->said_day = day;
	return TRUE;
}
