/* SPDX-License-Identifier: Apache-2.0 */
/* Each file of the state folder is damaged, one at a time: what is damaged is rebuilt from the log.
 * It opens a store a hundred times, so it runs beside the other tests. */
#include "shard_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* Each file of the folder by itself; false: there is no such one. */
static bool nth_harm(const char *folder, int nth, enum harm harm, char ret_name[256])
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, alphasort), seen = 0;
	bool is_done = false;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char path[2 * PATH_SIZE];
		struct stat status;
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		assert_int_equal(stat(path, &status), 0);
		if (S_ISREG(status.st_mode) && strcmp(names[i]->d_name, "LOCK") != 0 &&
			strncmp(names[i]->d_name, "LOG", 3) != 0 && seen++ == nth) {
			(void)snprintf(ret_name, 256, "%s", names[i]->d_name);
			file_harm(path, harm);
			is_done = true;
		}
		free(names[i]);
	}
	free(names);
	return is_done;
}

static void wait_for_checkpoint(struct owner *owner)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	struct shard_status status;
	do {
		assert_true(host_ms() < deadline_ms);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		shard_status(owner->shard, &status);
	} while (!status.is_live || status.stored_sequence != status.verified_sequence);
}

/* Damage may be met by its last checkpoint only: then it ends with that fault, and the next one
 * meets it while it lives. */
static void run_over_garbage(struct rig *rig)
{
	int error = FAULT_DAMAGED;
	for (int runs = 0; (error == FAULT_DAMAGED || error == FAULT_IO) && runs < 6; runs++) {
		struct owner *owner = owner_new(rig, 0, "state");
		owner->config.checkpoint_ms = 5;
		owner_start(owner);
		for (int i = 0; i < 2; i++) {
			rig_send_traffic(rig, 0, 20);
			rig_send_openings(rig, 1); /* so that there is something to store */
			rig_wait_answered(rig, 0);
			wait_for_checkpoint(owner);
		}
		shard_stop(owner->shard);
		error = shard_join(owner->shard);
		owner_ends(owner, error);
	}
	assert_int_equal(error, 0);
}

static void test_garbage_in_the_folder_is_rebuilt(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("garbage");
	char path[PATH_SIZE], copy[PATH_SIZE], name[256];
	rig_path(rig, "state", path);
	rig_path(rig, "copy", copy);
	rig_goes_on(rig);
	folder_copy(path, copy);
	for (int harm = 0; harm < HARMS; harm++) {
		for (int nth = 0;; nth++) {
			folder_copy(copy, path);
			if (!nth_harm(path, nth, (enum harm)harm, name))
				break;
			run_over_garbage(rig);
		}
		rig_goes_on(rig);
	}
	rig_goes_on(rig);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_garbage_in_the_folder_is_rebuilt),
	};
	return cmocka_run_group_tests_name("shard_garbage", tests, NULL, NULL);
}
