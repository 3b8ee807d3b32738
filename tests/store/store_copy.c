/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a store beside its owner is at one checkpoint, or it is said that the owner went on;
 * and a folder that is built aside comes to its place whole, or not at all. */
#include "store_checkpoints.h"

#include "store/aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum { COPIES = 15 };

static void path_of(const struct place *place, const char *name, char ret[300])
{
	(void)snprintf(ret, 300, "%s/%s", place->folder, name);
}

static void copy_destroy(struct place *place, const char *path)
{
	done(store_destroy(path, &place->fault), place);
}

static uint64_t checkpoint_at(struct place *place, const char *path)
{
	struct store *copy;
	uint64_t number;

	done(store_open(&copy, path, STORE_READ, CACHE_BYTES, &place->fault), place);
	number = checkpoint_of(copy, place);
	store_close(copy);
	return number;
}

static void a_copy_stays_as_the_owner_goes_on(void **state)
{
	struct place place = place_make();
	struct store *owner = opened(&place, STORE_OWN), *reader;
	char path[300];

	(void)state;
	path_of(&place, "copy", path);
	done(checkpoint_ingest(owner, 1, &place.fault), &place);
	reader = opened(&place, STORE_READ);
	done(checkpoint_ingest(owner, 2, &place.fault), &place);
	done(store_copy(reader, path, &place.fault), &place);
	store_close(reader);
	for (uint64_t number = 3; number <= 40; number++)
		done(checkpoint_ingest(owner, number, &place.fault), &place);
	assert_int_equal(checkpoint_at(&place, path), 1);
	store_close(owner);
	/* It is a store like any other, and its own. */
	done(store_open(&owner, path, STORE_OWN, CACHE_BYTES, &place.fault), &place);
	done(checkpoint_ingest(owner, 2, &place.fault), &place);
	store_close(owner);
	assert_int_equal(checkpoint_at(&place, path), 2);
	reader = opened(&place, STORE_READ);
	assert_int_equal(checkpoint_of(reader, &place), 40);
	store_close(reader);
	copy_destroy(&place, path);
	place_remove(&place);
}

/* Joining files is what deletes them. */
static void files_that_are_gone_are_said(void **state)
{
	struct place place = place_make();
	struct store *owner = opened(&place, STORE_OWN), *reader;
	char path[300];

	(void)state;
	path_of(&place, "copy", path);
	for (uint64_t number = 1; number <= 5; number++)
		done(checkpoint_ingest(owner, number, &place.fault), &place);
	reader = opened(&place, STORE_READ);
	for (uint64_t number = 6; number <= 100; number++)
		done(checkpoint_ingest(owner, number, &place.fault), &place);
	assert_int_equal(store_copy(reader, path, &place.fault), FAULT_BUSY);
	fault_clear(&place.fault);
	store_close(reader);
	store_close(owner);
	/* Nothing was left: what stands there now is the store alone. */
	(void)snprintf(path, sizeof path, "%s", place.folder);
	assert_int_equal(files_count(path, "copy") + files_count(path, ".tmp"), 0);
	place_remove(&place);
}

struct work {
	struct store *owner;
	struct fault fault;
	_Atomic bool is_stopping;
	_Atomic uint64_t number;
	int r;
};

static void *ingest_on(void *context)
{
	struct work *work = context;

	while (work->r == 0 && !atomic_load(&work->is_stopping)) {
		work->r = checkpoint_ingest(
			work->owner, atomic_load(&work->number) + 1, &work->fault);
		atomic_fetch_add(&work->number, work->r == 0);
	}
	return NULL;
}

static int copy_try(struct place *place, const char *path)
{
	struct store *reader = opened(place, STORE_READ);
	int r = store_copy(reader, path, &place->fault);

	store_close(reader);
	if (r != 0 && r != FAULT_BUSY)
		fail_msg("%s", place->fault.text);
	fault_clear(&place->fault);
	return r;
}

static void copies_beside_an_owner_at_work_are_whole(void **state)
{
	struct place place = place_make();
	struct work work = { .owner = opened(&place, STORE_OWN) };
	pthread_t thread;
	char path[300];
	uint64_t last = 0;

	(void)state;
	path_of(&place, "copy", path);
	done(checkpoint_ingest(work.owner, 1, &place.fault), &place);
	atomic_store(&work.number, 1);
	assert_int_equal(pthread_create(&thread, NULL, ingest_on, &work), 0);
	for (int i = 0; i < COPIES; i++) {
		uint64_t before = atomic_load(&work.number), number;
		while (copy_try(&place, path) != 0)
			continue;
		number = checkpoint_at(&place, path);
		assert_true(number >= before && number >= last);
		last = number;
		copy_destroy(&place, path);
	}
	atomic_store(&work.is_stopping, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(work.r, 0);
	assert_true(last > 1);
	store_close(work.owner);
	place_remove(&place);
}

static void file_make(const char *folder, const char *name)
{
	char path[400];
	int file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0 && write(file, "x", 1) == 1);
	(void)close(file);
}

static void a_folder_comes_whole_or_not_at_all(void **state)
{
	struct place place = place_make();
	struct aside first, second;
	char path[300], around[320];

	(void)state;
	path_of(&place, "built", path);
	(void)snprintf(around, sizeof around, "%s.unfinished", path);

	/* One at a time; what is not placed is gone. */
	done(aside_begin(&first, path, &place.fault), &place);
	assert_int_equal(mkdir(first.folder, 0700), 0);
	file_make(first.folder, "file");
	assert_int_equal(aside_begin(&second, path, &place.fault), FAULT_BUSY);
	fault_clear(&place.fault);
	aside_end(&second);
	assert_int_equal(access(first.folder, F_OK), 0);
	assert_int_equal(access(path, F_OK), -1);
	aside_end(&first);
	assert_int_equal(access(around, F_OK), -1);

	/* What a killed one left is thrown away; an empty folder may stand there. */
	assert_int_equal(mkdir(around, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/built.unfinished/whole", place.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	file_make(path, "old");
	path_of(&place, "built", path);
	assert_int_equal(mkdir(path, 0700), 0);
	done(aside_begin(&first, path, &place.fault), &place);
	assert_int_equal(mkdir(first.folder, 0700), 0);
	file_make(first.folder, "file");
	done(aside_place(&first, &place.fault), &place);
	aside_end(&first);
	assert_int_equal(access(around, F_OK), -1);
	assert_int_equal(files_count(path, "file"), 1);
	assert_int_equal(files_count(path, "old"), 0);

	/* Never over another one. */
	assert_int_equal(aside_begin(&first, path, &place.fault), FAULT_SETTINGS);
	fault_clear(&place.fault);
	aside_end(&first);
	path_of(&place, "late", path);
	done(aside_begin(&first, path, &place.fault), &place);
	assert_int_equal(mkdir(first.folder, 0700), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	file_make(path, "mine");
	assert_int_equal(aside_place(&first, &place.fault), FAULT_SETTINGS);
	fault_clear(&place.fault);
	aside_end(&first);
	assert_int_equal(files_count(path, "mine"), 1);

	(void)snprintf(around, sizeof around, "%s/mine", path);
	assert_int_equal(unlink(around) + rmdir(path), 0);
	path_of(&place, "built/file", path);
	assert_int_equal(unlink(path), 0);
	path_of(&place, "built", path);
	assert_int_equal(rmdir(path), 0);
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_stays_as_the_owner_goes_on),
		cmocka_unit_test(files_that_are_gone_are_said),
		cmocka_unit_test(copies_beside_an_owner_at_work_are_whole),
		cmocka_unit_test(a_folder_comes_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("store_copy", tests, NULL, NULL);
}
