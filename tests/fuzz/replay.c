/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over its corpus: each file as it is, cut off at every byte (of a long one, at
 * CUTS places), and with CHANGES single bytes changed, one at a time.
 * Usage: replay NAME FOLDER CUTS CHANGES [SEED]
 *
 * The target runs in a child, which notes in shared memory what it is about to run: so whatever
 * ends it (an assert, a sanitizer, a hang), the input is known, and kept in a file.
 */
#include "fuzz.h"
#include "nouns.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	INPUT_SIZE_MAX = 1 << 20,
	FILE_SECONDS_MAX = 60,
	SHOWN_SIZE_MAX = 128,
};

static size_t cuts, changes;
static uint64_t seed = 1;

struct shared {
	char what[320];
	uint64_t inputs;
	size_t size;
	uint8_t at[INPUT_SIZE_MAX];
};

/* FNV-1a: what a file's mutations are does not depend on the files beside it. */
static uint64_t seed_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return hash == 0 ? 1 : hash;
}

/* Runs shared->at, whose `what` says what it is. */
static void run(struct shared *shared)
{
	uint8_t *copy = malloc(shared->size == 0 ? 1 : shared->size);
	assert(copy);
	memcpy(copy, shared->at, shared->size);
	shared->inputs++;
	(void)LLVMFuzzerTestOneInput(copy, shared->size);
	free(copy);
}

static void run_cuts(struct shared *shared, const char *name, size_t size)
{
	size_t step = (size + cuts - 1) / cuts;
	for (size_t cut = 0; cut < size; cut += step) {
		(void)snprintf(
			shared->what, sizeof shared->what, "%s, its first %zu bytes", name, cut);
		shared->size = cut;
		run(shared);
	}
	shared->size = size;
}

static void run_changes(struct shared *shared, const char *name)
{
	struct random random = { seed_of(name) };
	for (size_t i = 0; i < changes && shared->size != 0; i++) {
		size_t place = random_below(&random, shared->size);
		uint8_t was = shared->at[place];
		uint64_t dice = random_next(&random);
		shared->at[place] =
			(uint8_t)(dice & 1 ? was ^ 1u << (dice >> 8) % 8 : dice >> 16 & 0xff);
		(void)snprintf(shared->what, sizeof shared->what, "%s, byte %zu set to %u", name,
			place, shared->at[place]);
		run(shared);
		shared->at[place] = was;
	}
}

static void run_file(struct shared *shared, const char *folder, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	assert(file);
	size_t size = fread(shared->at, 1, sizeof shared->at, file);
	assert(feof(file));
	(void)fclose(file);

	(void)alarm(FILE_SECONDS_MAX);
	(void)snprintf(shared->what, sizeof shared->what, "%s", name);
	shared->size = size;
	run(shared);
	run_cuts(shared, name, size);
	run_changes(shared, name);
}

/* Says what ended the child, and keeps its input. */
static void failure_tell(const struct shared *shared, const char *target, int status)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/fuzz-%s-%d", folder ? folder : "/tmp", target,
		(int)getpid());
	printf("FAILED %s: %s (status %x)\n", target, shared->what, (unsigned)status);
	FILE *file = fopen(path, "we");
	if (file) {
		(void)fwrite(shared->at, 1, shared->size, file);
		(void)fclose(file);
		printf("the input is in %s (%zu bytes)\n", path, shared->size);
	}
	for (size_t i = 0; i < shared->size && i < SHOWN_SIZE_MAX; i++)
		printf("%02x", shared->at[i]);
	puts(shared->size > SHOWN_SIZE_MAX ? "..." : "");
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int count, char **arguments)
{
	assert(count == 5 || count == 6);
	const char *target = arguments[1], *folder = arguments[2];
	cuts = strtoul(arguments[3], NULL, 10);
	changes = strtoul(arguments[4], NULL, 10);
	if (count == 6)
		seed = strtoull(arguments[5], NULL, 10);
	assert(cuts > 0);
	struct dirent **names;
	int files = scandir(folder, &names, is_visible, alphasort);
	if (files <= 0) {
		printf("no corpus in %s\n", folder);
		return 1;
	}
	struct shared *shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert(shared != MAP_FAILED);

	(void)fflush(stdout);
	pid_t child = fork();
	assert(child >= 0);
	if (child == 0) {
		for (int i = 0; i < files; i++)
			run_file(shared, folder, names[i]->d_name);
		exit(0);
	}
	int status;
	pid_t ended = waitpid(child, &status, 0);
	assert(ended == child);
	for (int i = 0; i < files; i++)
		free(names[i]);
	free(names);
	if (status != 0) {
		failure_tell(shared, target, status);
		return 1;
	}
	printf("%s: %d files, %" PRIu64 " inputs, seed %" PRIu64 "\n", target, files,
		shared->inputs, seed);
	return 0;
}
