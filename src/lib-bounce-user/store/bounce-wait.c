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
	wait->refused = FALSE;
}

void bounce_wait_start(struct bounce_wait *wait)
{
	/* a loop that is run meanwhile leaves it alone */
	if (wait->to_renew == NULL) {
		wait->to_renew = timeout_add_short_to(io_loop_get_root(), 0,
						      bounce_wait_renew, wait);
	}
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

struct wait_searches {
	uint32_t minute, count;
};

static bool
wait_count_search(struct wait_searches *searches, uint32_t minute)
{
	if (searches->minute != minute) {
		searches->minute = minute;
		searches->count = 0;
	}
	if (searches->count >= BOUNCE_WAIT_MAX_SEARCHES)
		return FALSE;
	searches->count++;
	return TRUE;
}

bool bounce_wait_take_search(struct bounce_wait *wait, const char *username,
			     time_t now)
{
	uint32_t slot = crc32_str(username) % SEARCH_SLOTS;
	uint32_t minute = now / 60;
	off_t offset = SEARCH_OFFSET + slot * sizeof(struct wait_searches);
	struct wait_searches searches = { 0, 0 };

	/* two at once may count as one: it need not be exact */
	if (wait->pause_fd != -1 &&
	    pread(wait->pause_fd, &searches, sizeof(searches), offset) >= 0) {
		if (!wait_count_search(&searches, minute))
			return FALSE;
		if (pwrite(wait->pause_fd, &searches, sizeof(searches),
			   offset) == sizeof(searches))
			return TRUE;
	}
	/* who only reads it has its own */
	searches.minute = wait->search_slot == slot ? wait->search_minute : 0;
	searches.count = wait->searches;
	if (!wait_count_search(&searches, minute))
		return FALSE;
	wait->search_slot = slot;
	wait->search_minute = searches.minute;
	wait->searches = searches.count;
	return TRUE;
}
