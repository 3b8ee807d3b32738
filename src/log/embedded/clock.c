/* SPDX-License-Identifier: Apache-2.0 */
#include "log/embedded/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum { LEAP_MAX_MS = 5 * 60000, KEEP_EVERY_MS = 60000 };
static const int64_t reboot_leap_max_ms = INT64_C(7) * 86400000;

int64_t clock_leap_ms(
	const struct clock_look *before, const struct clock_look *now, bool is_synchronised)
{
	int64_t wall_ms = now->wall_ms - before->wall_ms;
	int64_t uptime_ms = now->uptime_ms - before->uptime_ms;
	if (now->boot[0] != '\0' && strcmp(now->boot, before->boot) == 0 && uptime_ms >= 0)
		return wall_ms - uptime_ms > LEAP_MAX_MS ? wall_ms - uptime_ms : 0;
	return !is_synchronised && wall_ms > reboot_leap_max_ms ? wall_ms : 0;
}

/* What the kernel was told by whoever keeps its clock in step. */
static bool kernel_is_synchronised(void)
{
	struct timex timex = { 0 };
	return adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC);
}

static int64_t clock_ms(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000;
}

/* The uptime is asked of the kernel itself: what fakes a process's time in the C library fakes both
 * clocks alike, and then they would agree. */
static void look_times(struct clock_look *look)
{
	struct timespec wall, uptime = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &uptime);
	look->wall_ms = clock_ms(&wall);
	look->uptime_ms = clock_ms(&uptime);
}

static struct clock_look look_first(void)
{
	struct clock_look look = { 0 };
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file && fread(look.boot, 1, BOOT_ID_SIZE, file) != BOOT_ID_SIZE)
		look.boot[0] = '\0';
	if (file)
		(void)fclose(file);
	look_times(&look);
	return look;
}

static bool path_make(const struct embedded_clock *clock, const char *name, char path[4096])
{
	int size = snprintf(path, 4096, "%s/%s", clock->folder, name);
	return size > 0 && size < 4096;
}

/* False: there is none, or it can't be read as one: then nothing is known. */
static bool look_load(const struct embedded_clock *clock, struct clock_look *ret)
{
	char path[4096], line[128];
	FILE *file = path_make(clock, "clock", path) ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	bool is_read = fgets(line, sizeof line, file) != NULL;
	(void)fclose(file);
	if (!is_read || strlen(line) < BOOT_ID_SIZE + 2 || line[BOOT_ID_SIZE] != ' ')
		return false;
	memcpy(ret->boot, line, BOOT_ID_SIZE);
	ret->boot[BOOT_ID_SIZE] = '\0';
	char *end;
	ret->uptime_ms = strtoll(line + BOOT_ID_SIZE, &end, 10);
	ret->wall_ms = strtoll(end, &end, 10);
	return ret->wall_ms > 0;
}

/* A hint for the next process, as whole as a rename makes it. Where it can't be written nothing is
 * lost but the comparison. */
static void look_keep(struct embedded_clock *clock)
{
	char path[4096], next[4096];
	clock->kept_ms = clock->last.uptime_ms;
	if (clock->last.boot[0] == '\0' || !path_make(clock, "clock", path) ||
		!path_make(clock, "clock.next", next))
		return;
	FILE *file = fopen(next, "we");
	if (!file)
		return;
	(void)fprintf(file, "%s %lld %lld\n", clock->last.boot, (long long)clock->last.uptime_ms,
		(long long)clock->last.wall_ms);
	if (fclose(file) == 0)
		(void)rename(next, path);
}

static int leap_refuse(const struct embedded_clock *clock, const struct clock_look *before,
	const struct clock_look *now, struct fault *fault)
{
	bool is_same_boot = strcmp(before->boot, now->boot) == 0;
	return FAULT(fault, FAULT_CLOCK,
		"this host's clock is not believed: it went on by %lld s %s. Nothing was written. "
		"If "
		"it is wrong, mend it and start again. If it is right now (it was put right, or "
		"the "
		"machine was at rest), remove the file %s/clock and start again",
		(long long)((now->wall_ms - before->wall_ms) / 1000),
		is_same_boot ? "while the machine's uptime says that far less time passed"
			     : "over a restart of the machine, and nothing keeps it in step",
		clock->folder);
}

int embedded_clock_open(struct embedded_clock *clock, const char *folder, struct fault *fault)
{
	clock->folder = folder;
	clock->last = look_first();
	struct clock_look before;
	if (look_load(clock, &before) &&
		clock_leap_ms(&before, &clock->last, kernel_is_synchronised()) > 0)
		return leap_refuse(clock, &before, &clock->last, fault);
	look_keep(clock);
	clock->is_open = true;
	return 0;
}

void embedded_clock_close(struct embedded_clock *clock)
{
	struct fault fault = { 0 };
	int64_t now_ms;
	if (clock->is_open && embedded_clock_read(clock, &now_ms, &fault) == 0)
		look_keep(clock);
}

int embedded_clock_read(struct embedded_clock *clock, int64_t *ret_ms, struct fault *fault)
{
	(void)pthread_mutex_lock(&clock->lock);
	struct clock_look now = clock->last;
	look_times(&now);
	int r = clock_leap_ms(&clock->last, &now, true) > 0
			? leap_refuse(clock, &clock->last, &now, fault)
			: 0;
	if (r == 0) {
		clock->last = now;
		if (now.uptime_ms - clock->kept_ms >= KEEP_EVERY_MS)
			look_keep(clock);
	}
	(void)pthread_mutex_unlock(&clock->lock);
	*ret_ms = now.wall_ms;
	return r;
}
