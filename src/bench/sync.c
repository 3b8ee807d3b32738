/* SPDX-License-Identifier: Apache-2.0 */
/* What the disk's own sync takes while something else is measured: no payment can be durable
 * sooner. */
#include "bench/bench.h"
#include "shard/thread.h"

#include <assert.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { PROBE_SIZE = 4096, PROBE_FILE_SIZE_MAX = 16 << 20, PROBE_PAUSE_NS = 20000000 };

static void probe_main(void *context)
{
	struct sync_probe *probe = context;
	static const char page[PROBE_SIZE] = { 1 };
	off_t at = 0;
	while (!atomic_load(&probe->is_stopping)) {
		int64_t begun = now_ns();
		if (pwrite(probe->file, page, sizeof page, at) != (ssize_t)sizeof page ||
			fdatasync(probe->file) != 0)
			break;
		histogram_add(&probe->histogram, now_ns() - begun);
		at = at + PROBE_SIZE < PROBE_FILE_SIZE_MAX ? at + PROBE_SIZE : 0;
		if (at == 0 && ftruncate(probe->file, 0) != 0)
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = PROBE_PAUSE_NS }, NULL);
	}
}

void sync_probe_start(struct sync_probe *probe, const char *folder)
{
	*probe = (struct sync_probe){ .file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) };
	if (probe->file < 0)
		return;
	probe->thread = thread_start("sync", 0, probe_main, probe);
	assert(probe->thread);
}

void sync_probe_stop(struct sync_probe *probe)
{
	atomic_store(&probe->is_stopping, true);
	thread_join(probe->thread);
	if (probe->file >= 0)
		(void)close(probe->file);
}
