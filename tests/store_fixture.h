/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: a folder of their own each, gone at the end, and keys. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "store/store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLE_POSITION, TABLE_ACCOUNT, TABLE_ID };
enum { KEY_SIZE = 13, CACHE_BYTES = 8 << 20 };
static const struct bytes START = { (const uint8_t *)"", 0 };
static const struct bytes END = { NULL, 0 };

struct place {
	char folder[200];
	char path[220];
	struct fault fault;
};

static inline struct place place_make(void)
{
	struct place place = { .fault = { 0 } };
	const char *parent = getenv("TMPDIR");

	(void)snprintf(place.folder, sizeof place.folder, "%s/pinion-store-XXXXXX",
		parent == NULL ? "/tmp" : parent);
	assert_non_null(mkdtemp(place.folder));
	(void)snprintf(place.path, sizeof place.path, "%s/store", place.folder);
	return place;
}

static inline void place_remove(struct place *place)
{
	fault_clear(&place->fault);
	if (store_destroy(place->path, &place->fault) < 0)
		fail_msg("%s", place->fault.text);
	assert_int_equal(access(place->path, F_OK), -1);
	assert_int_equal(rmdir(place->folder), 0);
}

static inline struct store *opened(struct place *place, enum store_mode mode)
{
	struct store *store;

	if (store_open(&store, place->path, mode, CACHE_BYTES, &place->fault) < 0)
		fail_msg("%s", place->fault.text);
	return store;
}

static inline void done(int r, struct place *place)
{
	if (r < 0)
		fail_msg("%s", place->fault.text);
}

static inline struct bytes key_make(
	uint8_t at[KEY_SIZE], uint8_t table, uint64_t number, uint32_t index)
{
	at[0] = table;
	for (int i = 0; i < 8; i++)
		at[1 + i] = (uint8_t)(number >> (56 - 8 * i));
	for (int i = 0; i < 4; i++)
		at[9 + i] = (uint8_t)(index >> (24 - 8 * i));
	return (struct bytes){ at, KEY_SIZE };
}

static inline size_t files_count(const char *path, const char *ending)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		size_t size = strlen(entry->d_name);
		count += size >= strlen(ending) &&
			 strcmp(entry->d_name + size - strlen(ending), ending) == 0;
	}
	(void)closedir(folder);
	return count;
}

#endif
