/* SPDX-License-Identifier: Apache-2.0 */
/* The store is always exactly at one checkpoint, and says so when it can't be: beside another
 * process, after kill -9, on a damaged or full disk.
 *
 * RocksDB's threads don't survive a fork: whatever needs another process starts this program anew.
 */
#include "store_checkpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* --- This program as another process: store PLAY PATH --- */

/* Ingests on from where the store is until it is killed. */
static int play_owner(const char *path)
{
	struct fault fault = { 0 };
	struct tally tally = { 0 };
	struct store *store;

	if (store_open(&store, path, STORE_OWN, CACHE_BYTES, &fault) < 0 ||
		store_scan(store, START, END, tally_row, &tally, &fault) < 0)
		return 1;
	for (uint64_t number = tally.number + 1;; number++) {
		if (checkpoint_ingest(store, number, &fault) < 0)
			return 2;
		(void)dprintf(STDOUT_FILENO, "%llu\n", (unsigned long long)number);
	}
}

/* Ingests while no file may grow beyond a few kilobytes, then asks for whatever checkpoint is
 * there. */
static int play_limited(const char *path)
{
	static uint8_t keys[2000][KEY_SIZE], value[1024];
	struct rlimit limit = { 64 << 10, RLIM_INFINITY };
	struct store_row rows[2000];
	struct fault fault = { 0 };
	struct store *store;
	uint32_t random = 1;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (store_open(&store, path, STORE_OWN, CACHE_BYTES, &fault) < 0 ||
		checkpoint_ingest(store, 1, &fault) < 0)
		return 1;
	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
	for (uint32_t i = 0; i < 2000; i++)
		rows[i] = (struct store_row){ key_make(keys[i], TABLE_ID, 2, i),
			{ value + i % 256, sizeof value - 256 } };
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 2;
	r = store_ingest(store, rows, 2000, NULL, 0, &fault);
	if (r != FAULT_IO || fault.code != FAULT_IO || strstr(fault.text, path) == NULL)
		return 3;
	store_close(store);
	return 0;
}

static bool file_write(const char *name, const char *line)
{
	int file = open(name, O_WRONLY | O_CLOEXEC);

	return file >= 0 && write(file, line, strlen(line)) > 0 && close(file) == 0;
}

/* Who may not mount may still do so in a user namespace of their own, where they are root. */
static bool namespace_enter(void)
{
	char users[32], groups[32];

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	(void)snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
	(void)snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       file_write("/proc/self/uid_map", users) &&
	       file_write("/proc/self/setgroups", "deny") &&
	       file_write("/proc/self/gid_map", groups);
}

/* Only this process sees the mount, and it goes with the process. */
static bool tmpfs_mount(const char *path)
{
	return mkdir(path, 0700) == 0 && namespace_enter() &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", path, "tmpfs", 0, "size=12m,mode=700") == 0;
}

/* Ingests into a small file system of its own, which something else fills, then opens what is
 * there. */
static int play_full(const char *path)
{
	static const uint8_t filling[1 << 16];
	struct fault fault = { 0 };
	struct store *store;
	uint64_t number = 0, found = 0;
	char name[300];
	int file, r = 0;

	if (!tmpfs_mount(path))
		return EXIT_NOT_PERMITTED;
	(void)snprintf(name, sizeof name, "%s/filler", path);
	file = creat(name, 0600);
	(void)snprintf(name, sizeof name, "%s/store", path);
	if (file < 0 || store_open(&store, name, STORE_OWN, CACHE_BYTES, &fault) < 0)
		return 1;
	while (r == 0 && number < 100000) {
		r = checkpoint_ingest(store, ++number, &fault);
		if (write(file, filling, sizeof filling) < 0 && errno != ENOSPC)
			return 1;
	}
	if (r != FAULT_IO || fault.code != FAULT_IO)
		return 2;
	store_close(store);
	fault_clear(&fault);
	if (store_open(&store, name, STORE_READ, CACHE_BYTES, &fault) < 0)
		return 3;
	if (checkpoint_find(store, &found, &fault) < 0 || found + 1 < number || found > number)
		return 4;
	store_close(store);
	/* An owner needs room to open, and finds none. */
	while (write(file, filling, sizeof filling) > 0)
		continue;
	r = store_open(&store, name, STORE_OWN, CACHE_BYTES, &fault);
	if (r == 0)
		store_close(store);
	return r == 0 || r == FAULT_IO ? 0 : 5;
}

static int play(const char *part, const char *path)
{
	if (strcmp(part, "owner") == 0)
		return play_owner(path);
	if (strcmp(part, "limited") == 0)
		return play_limited(path);
	return strcmp(part, "full") == 0 ? play_full(path) : 126;
}

/* --- Beside others --- */

static void assert_open_fails(struct place *place, enum store_mode mode, int code)
{
	struct store *store = NULL;

	fault_clear(&place->fault);
	assert_int_equal(store_open(&store, place->path, mode, CACHE_BYTES, &place->fault), code);
	assert_int_equal(place->fault.code, code);
	assert_non_null(strstr(place->fault.text, place->path));
	fault_clear(&place->fault);
}

static void a_reader_needs_a_store(void **state)
{
	struct place place = place_make();

	(void)state;
	assert_open_fails(&place, STORE_READ, FAULT_MISSING);
	assert_int_equal(mkdir(place.path, 0700), 0);
	assert_open_fails(&place, STORE_READ, FAULT_MISSING);
	place_remove(&place);
}

static void a_folder_has_one_owner(void **state)
{
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	struct child child;

	(void)state;
	assert_open_fails(&place, STORE_OWN, FAULT_BUSY);
	assert_int_equal(store_destroy(place.path, &place.fault), FAULT_BUSY);
	fault_clear(&place.fault);
	store_close(store);

	child = child_start("owner", place.path);
	assert_int_not_equal(report_read(&child), 0);
	assert_open_fails(&place, STORE_OWN, FAULT_BUSY);
	assert_int_equal(store_destroy(place.path, &place.fault), FAULT_BUSY);
	fault_clear(&place.fault);
	assert_int_equal(kill(child.pid, SIGKILL), 0);
	(void)child_wait(&child);
	store_close(opened(&place, STORE_OWN));
	place_remove(&place);
}

static void a_reader_stays_at_its_checkpoint(void **state)
{
	struct place place = place_make();
	struct store *owner = opened(&place, STORE_OWN), *reader;

	(void)state;
	done(checkpoint_ingest(owner, 1, &place.fault), &place);
	reader = opened(&place, STORE_READ);
	for (uint64_t number = 2; number <= 30; number++)
		done(checkpoint_ingest(owner, number, &place.fault), &place);
	assert_int_equal(checkpoint_of(reader, &place), 1);
	store_close(reader);
	reader = opened(&place, STORE_READ);
	assert_int_equal(checkpoint_of(reader, &place), 30);
	store_close(owner);
	assert_int_equal(checkpoint_of(reader, &place), 30);
	store_close(reader);
	place_remove(&place);
}

/* Each opening sees all of one checkpoint, at least the last one reported before. */
static void readers_never_see_a_torn_checkpoint(void **state)
{
	enum { OPENINGS = 150 };
	struct place place = place_make();
	struct child child = child_start("owner", place.path);
	uint64_t reported, first = 0, number = 0;

	(void)state;
	for (int i = 0; i < OPENINGS; i++) {
		struct store *store;
		reported = report_read(&child);
		assert_int_not_equal(reported, 0);
		store = opened(&place, STORE_READ);
		number = checkpoint_of(store, &place);
		store_close(store);
		assert_true(number >= reported);
		first = first == 0 ? number : first;
	}
	assert_true(number > first);
	assert_int_equal(kill(child.pid, SIGKILL), 0);
	(void)child_wait(&child);
	place_remove(&place);
}

/* --- Crashes and disks --- */

static void kill_leaves_the_last_checkpoint(void **state)
{
	enum { ROUNDS = 15 };
	struct place place = place_make();
	uint64_t last = 0;

	(void)state;
	srandom((unsigned)time(NULL));
	for (int round = 0; round < ROUNDS; round++) {
		struct child child = child_start("owner", place.path);
		struct timespec pause = { 0, random() % 8000000 };
		struct store *store;
		uint64_t reported, number;

		for (long reports = 1 + random() % 40; reports > 0; reports--)
			last = report_read(&child);
		assert_int_not_equal(last, 0);
		(void)nanosleep(&pause, NULL);
		assert_int_equal(kill(child.pid, SIGKILL), 0);
		while ((reported = report_read(&child)) != 0)
			last = reported;
		(void)child_wait(&child);

		store = opened(&place, STORE_OWN);
		number = checkpoint_of(store, &place);
		assert_true(number == last || number == last + 1);
		assert_int_equal(files_count(place.path, "ingest"), 1);
		store_close(store);
		last = number;
	}
	place_remove(&place);
}

/* What a kill between building files and their ingest leaves. */
static void leftovers_of_an_ingest_are_cleared(void **state)
{
	struct place place = place_make();
	char folder[300], name[310];

	(void)state;
	checkpoints_ingest(&place, 1, 2);
	(void)snprintf(folder, sizeof folder, "%s/ingest", place.path);
	(void)snprintf(name, sizeof name, "%s/0.sst", folder);
	assert_int_equal(close(creat(name, 0600)), 0);
	checkpoints_ingest(&place, 3, 3);
	assert_int_equal(files_count(folder, ".sst"), 0);
	place_remove(&place);
}

/* The last look at a store. */
static void ends_at(struct place *place, struct store *store, uint64_t number)
{
	assert_int_equal(checkpoint_of(store, place), number);
	store_close(store);
	place_remove(place);
}

static void an_unwritable_ingest_folder_is_a_fault(void **state)
{
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	char name[300];

	(void)state;
	done(checkpoint_ingest(store, 1, &place.fault), &place);
	/* A file in its place stops root, too. */
	(void)snprintf(name, sizeof name, "%s/ingest", place.path);
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(close(creat(name, 0600)), 0);
	assert_int_equal(checkpoint_ingest(store, 2, &place.fault), FAULT_IO);
	assert_non_null(strstr(place.fault.text, place.path));
	fault_clear(&place.fault);
	assert_int_equal(checkpoint_of(store, &place), 1);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkdir(name, 0700), 0);
	done(checkpoint_ingest(store, 2, &place.fault), &place);
	ends_at(&place, store, 2);
}

static void a_write_that_fails_is_a_fault(void **state)
{
	struct place place = place_make();
	struct child child = child_start("limited", place.path);

	(void)state;
	assert_int_equal(child_wait(&child), 0);
	ends_at(&place, opened(&place, STORE_OWN), 1);
}

static void a_full_disk_is_a_fault(void **state)
{
	struct place place = place_make();
	struct child child = child_start("full", place.path);
	int status = child_wait(&child);

	(void)state;
	(void)rmdir(place.path);
	assert_int_equal(rmdir(place.folder), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_PERMITTED) {
		print_message("SKIPPED: full disk: this system does not let us mount a tmpfs\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* Overwrites `size` bytes of a file of the store and puts them back. */
struct damage {
	int file;
	off_t at;
	size_t size;
	uint8_t before[16];
};

static void damage_do(struct damage *damage)
{
	uint8_t after[16];

	assert_int_equal(pread(damage->file, damage->before, damage->size, damage->at),
		(ssize_t)damage->size);
	for (size_t i = 0; i < damage->size; i++)
		after[i] = (uint8_t)~damage->before[i];
	assert_int_equal(
		pwrite(damage->file, after, damage->size, damage->at), (ssize_t)damage->size);
}

static void damage_undo(const struct damage *damage)
{
	assert_int_equal(pwrite(damage->file, damage->before, damage->size, damage->at),
		(ssize_t)damage->size);
}

/* True: a fault, at opening or reading. False: checkpoint `number`, whole. Anything else fails the
 * test. */
static bool store_complains(struct place *place, enum store_mode mode, uint64_t number)
{
	struct store *store;
	uint64_t found = 0;
	int r;

	fault_clear(&place->fault);
	r = store_open(&store, place->path, mode, CACHE_BYTES, &place->fault);
	if (r == 0) {
		r = checkpoint_find(store, &found, &place->fault);
		store_close(store);
	}
	if (r == 0)
		assert_int_equal(found, number);
	else if (r != FAULT_DAMAGED)
		fail_msg("damage is not known as such: %s", place->fault.text);
	fault_clear(&place->fault);
	return r < 0;
}

/* A reader changes nothing in the folder, so each damage can be taken back. */
static size_t file_damage_all(struct place *place, const char *name, uint64_t number)
{
	char path[500];
	struct stat status;
	size_t complaints = 0;
	struct damage damage = { .size = 16 };

	(void)snprintf(path, sizeof path, "%s/%s", place->path, name);
	damage.file = open(path, O_RDWR | O_CLOEXEC);
	assert_true(damage.file >= 0);
	assert_int_equal(fstat(damage.file, &status), 0);
	/* The rows, not the notes about them at the end: RocksDB parses those before it checks
	 * them. */
	for (damage.at = 0; damage.at < status.st_size / 2; damage.at += 97) {
		damage_do(&damage);
		complaints += store_complains(place, STORE_READ, number);
		damage_undo(&damage);
	}
	assert_int_equal(store_complains(place, STORE_READ, number), false);
	(void)close(damage.file);
	return complaints;
}

static void damaged_files_are_a_fault_never_wrong_rows(void **state)
{
	struct place place = place_make();
	DIR *folder;
	const struct dirent *entry;
	size_t tables = 0, manifests = 0;

	(void)state;
	/* Opening and closing makes RocksDB settle its files. */
	for (uint64_t number = 1; number <= 6; number++)
		checkpoints_ingest(&place, number, number);
	folder = opendir(place.path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (strstr(entry->d_name, ".sst") != NULL)
			tables += file_damage_all(&place, entry->d_name, 6) > 0;
		else if (strncmp(entry->d_name, "MANIFEST", 8) == 0)
			manifests += file_damage_all(&place, entry->d_name, 6) > 0;
	}
	(void)closedir(folder);
	assert_true(tables >= 3);
	assert_int_equal(manifests, 1);
	place_remove(&place);
}

/* The owner, too, and what it complains of can be destroyed and made anew. */
static void a_damaged_store_is_destroyed_and_made_anew(void **state)
{
	static const char *const names[] = { "CURRENT", "MANIFEST", ".sst" };
	struct place place = place_make();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct dirent **entries;
		int count, hits = 0;

		checkpoints_ingest(&place, 1, 4);
		count = scandir(place.path, &entries, NULL, NULL);
		while (count-- > 0) {
			struct damage damage = { .at = 0, .size = 8 };
			char path[500];
			if (strstr(entries[count]->d_name, names[i]) != NULL) {
				(void)snprintf(path, sizeof path, "%s/%s", place.path,
					entries[count]->d_name);
				damage.file = open(path, O_RDWR | O_CLOEXEC);
				assert_true(damage.file >= 0);
				damage_do(&damage);
				(void)close(damage.file);
				hits++;
			}
			free(entries[count]);
		}
		free(entries);
		assert_true(hits > 0);
		assert_true(store_complains(&place, STORE_READ, 4));
		assert_true(store_complains(&place, STORE_OWN, 4));
		done(store_destroy(place.path, &place.fault), &place);
		assert_int_equal(access(place.path, F_OK), -1);
	}
	done(store_destroy(place.path, &place.fault), &place);
	assert_int_equal(rmdir(place.folder), 0);
}

/* A file that the manifest names is damage; one that only an ingest needs is not. */
static void a_missing_table_is_damage(void **state)
{
	struct place place = place_make();
	struct dirent **entries;
	bool is_removed = false;
	int count;

	(void)state;
	for (uint64_t number = 1; number <= 6; number++)
		checkpoints_ingest(&place, number, number);
	count = scandir(place.path, &entries, NULL, NULL);
	for (int i = 0; i < count; i++) {
		char path[500];
		(void)snprintf(path, sizeof path, "%s/%s", place.path, entries[i]->d_name);
		if (!is_removed && strstr(path, ".sst") != NULL)
			is_removed = unlink(path) == 0;
		free(entries[i]);
	}
	free(entries);
	assert_true(is_removed);
	assert_true(store_complains(&place, STORE_OWN, 6));
	assert_true(store_complains(&place, STORE_READ, 6));
	place_remove(&place);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_needs_a_store),
		cmocka_unit_test(a_folder_has_one_owner),
		cmocka_unit_test(a_reader_stays_at_its_checkpoint),
		cmocka_unit_test(readers_never_see_a_torn_checkpoint),
		cmocka_unit_test(kill_leaves_the_last_checkpoint),
		cmocka_unit_test(leftovers_of_an_ingest_are_cleared),
		cmocka_unit_test(an_unwritable_ingest_folder_is_a_fault),
		cmocka_unit_test(a_write_that_fails_is_a_fault),
		cmocka_unit_test(a_full_disk_is_a_fault),
		cmocka_unit_test(damaged_files_are_a_fault_never_wrong_rows),
		cmocka_unit_test(a_damaged_store_is_destroyed_and_made_anew),
		cmocka_unit_test(a_missing_table_is_damage),
	};

	if (argc == 3)
		return play(argv[1], argv[2]);
	return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
