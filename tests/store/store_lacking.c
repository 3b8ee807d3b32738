/* SPDX-License-Identifier: Apache-2.0 */
/* What a process lacks to use a store, descriptors or rights, is no damage of it. */
#include "store_checkpoints.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Opens, reads and ingests, each as far as it gets. */
static int store_use(const char *path, struct fault *fault)
{
	struct store *store;
	uint64_t number = 0;
	int r = store_open(&store, path, STORE_OWN, CACHE_BYTES, fault);

	if (r < 0)
		return r;
	r = checkpoint_find(store, &number, fault);
	if (r == 0)
		r = checkpoint_ingest(store, number + 1, fault);
	store_close(store);
	return r;
}

enum { LACK_MET = 10, LACK_NOT_MET = 11, LACK_IS_DAMAGE = 12 };

static int lack_judge(int r, const struct fault *fault)
{
	if (r == 0)
		return LACK_NOT_MET;
	if (r == FAULT_IO && fault->code == FAULT_IO)
		return LACK_MET;
	(void)fprintf(stderr, "a lack is called %d: %s\n", r, fault->text);
	return LACK_IS_DAMAGE;
}

/* The process may open that many files more. */
static int play_descriptors(const char *path, const char *more)
{
	struct fault fault = { 0 };
	struct rlimit limit;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int r;

	(void)close(next);
	limit.rlim_cur = limit.rlim_max = (rlim_t)next + strtoul(more, NULL, 10);
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return EXIT_NOT_PERMITTED;
	r = store_use(path, &fault);
	if (r < 0 && strstr(fault.text, "too few files") == NULL)
		(void)fprintf(stderr, "%s\n", fault.text);
	return lack_judge(r, &fault);
}

/* Another user, who has no right to what the test took it from. */
static int play_stranger(const char *path)
{
	struct fault fault = { 0 };

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return EXIT_NOT_PERMITTED;
	return lack_judge(store_use(path, &fault), &fault);
}

static uint64_t checkpoint_newest(struct place *place)
{
	struct store *store = opened(place, STORE_READ);
	uint64_t number = checkpoint_of(store, place);

	store_close(store);
	return number;
}

static int played(const char *part, const char *path)
{
	struct child child = child_start(part, path);
	int status = child_wait(&child);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* One descriptor more each time: every opening of a file by RocksDB or by us fails once. */
static void few_descriptors_are_no_damage(void **state)
{
	struct place place = place_make();
	int met = 0, exit_code = LACK_MET;

	(void)state;
	for (uint64_t number = 1; number <= 6; number++)
		checkpoints_ingest(&place, number, number);
	for (int more = 0; exit_code != LACK_NOT_MET; more++) {
		char part[32];
		assert_true(more < 200);
		(void)snprintf(part, sizeof part, "descriptors %d", more);
		exit_code = played(part, place.path);
		if (exit_code != LACK_NOT_MET)
			assert_int_equal(exit_code, LACK_MET);
		met += exit_code == LACK_MET;
	}
	assert_true(met > 5);
	place_remove(&place);
}

static void everything_to(const char *folder, uid_t user)
{
	char path[500];
	DIR *entries = opendir(folder);
	const struct dirent *entry;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (strcmp(entry->d_name, "..") != 0 && geteuid() == 0)
			assert_int_equal(chown(path, user, user), 0);
	}
	(void)closedir(entries);
}

/* Each file and folder in turn is not to be read, nor written, by who opens the store. */
static void missing_rights_are_no_damage(void **state)
{
	struct place place = place_make();
	struct dirent **entries;
	int met = 0, count;

	(void)state;
	for (uint64_t number = 1; number <= 6; number++)
		checkpoints_ingest(&place, number, number);
	everything_to(place.folder, 65534);
	everything_to(place.path, 65534);
	count = scandir(place.path, &entries, NULL, NULL);
	for (int i = 0; i < count; i++) {
		char path[500];
		struct stat status;
		int exit_code;
		(void)snprintf(path, sizeof path, "%s/%s", place.path, entries[i]->d_name);
		if (strcmp(entries[i]->d_name, "..") == 0 || stat(path, &status) != 0) {
			free(entries[i]);
			continue;
		}
		assert_int_equal(chmod(path, 0), 0);
		exit_code = played("stranger", place.path);
		assert_int_equal(chmod(path, status.st_mode & 07777), 0);
		if (exit_code != LACK_NOT_MET && exit_code != LACK_MET)
			fail_msg("without a right to %s: %d", entries[i]->d_name, exit_code);
		met += exit_code == LACK_MET;
		free(entries[i]);
	}
	free(entries);
	everything_to(place.path, geteuid());
	assert_true(met > 4);
	assert_int_equal(checkpoint_newest(&place) >= 6, true);
	place_remove(&place);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_descriptors_are_no_damage),
		cmocka_unit_test(missing_rights_are_no_damage),
	};

	if (argc == 3 && strncmp(argv[1], "descriptors ", 12) == 0)
		return play_descriptors(argv[2], argv[1] + 12);
	if (argc == 3)
		return play_stranger(argv[2]);
	return cmocka_run_group_tests_name("store_lacking", tests, NULL, NULL);
}
