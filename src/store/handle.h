/* SPDX-License-Identifier: Apache-2.0 */
/* What a struct store is, for the files of this room only. */
#ifndef STORE_HANDLE_H
#define STORE_HANDLE_H

#include "store/store.h"

#include <limits.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>

/* Keys handed to RocksDB in one call. It pins one block per row found until the row is copied. */
enum { LOOKUP_KEYS_MAX = 512 };

/* Tells whether the owner wrote to the manifest between two looks. */
struct manifest_mark {
	char name[NAME_MAX];
	off_t size;
};

struct store {
	enum store_mode mode;
	char *path;        /* absolute: RocksDB knows its own locks by the folder's name */
	char *ingest_path; /* STORE_OWN: where the files of an ingest are built */
	rocksdb_options_t *options;
	rocksdb_readoptions_t *read;
	rocksdb_t *db;
	rocksdb_column_family_handle_t *rows; /* the default column family */

	struct manifest_mark opened_at; /* STORE_READ: before the manifest was read */

	_Atomic bool is_paced;

	/* Touched by store_ingest alone. */
	unsigned ingests_since_merge;

	/* Touched by store_get_many alone. */
	uint8_t *copies;
	size_t copies_size;
	uint32_t *order;
	size_t order_size;
	const char *keys[LOOKUP_KEYS_MAX];
	size_t key_sizes[LOOKUP_KEYS_MAX];
	rocksdb_pinnableslice_t *slices[LOOKUP_KEYS_MAX];
	char *errors[LOOKUP_KEYS_MAX];
};

/* Notes RocksDB's complaint and frees it. */
int store_fault(struct fault *fault, int line, const char *file, const char *path,
	const char *doing, char *error);
#define STORE_FAULT(fault, path, doing, error) \
	store_fault((fault), __LINE__, __FILE__, (path), (doing), (error))

/* The same for the system's errno: a lack, or what keeps the store from being used at all. */
int store_errno_fault(
	struct fault *fault, int line, const char *file, const char *path, const char *doing);
#define STORE_ERRNO_FAULT(fault, path, doing) \
	store_errno_fault((fault), __LINE__, __FILE__, (path), (doing))

/* The path of what stands in a store's folder under this name; to be freed. */
char *store_path_new(const char *path, const char *name);

/* A file or folder just made is durable once the folder above it is synced. */
int folder_sync_above(const char *path, struct fault *fault);

/* False: there is no manifest. */
bool manifest_look(const char *path, struct manifest_mark *ret);
bool manifest_mark_equal(const struct manifest_mark *a, const struct manifest_mark *b);

/* An opening of the store begins, and has come to an end; by the same thread. */
int opening_begin(const char *path, struct fault *fault);
void opening_end(const char *path);

/* Whether the folder holds a testament. Removes one that was only half written. */
bool testament_is_kept(const char *path);

/* Deletes the files of a folder. */
int folder_clear(const char *path, struct fault *fault);

/* Makes the folder that an ingest builds its files in; throws away what a crash left there. */
int ingest_prepare(struct store *store, struct fault *fault);
/* Deletes that folder of a store that is not open. */
int ingest_destroy(const char *path, struct fault *fault);

/* Joins small neighbouring files of the lower levels, see merge.c. */
void merge_small_files(struct store *store);

/* store_get_many's memory. */
void lookup_free(struct store *store);

#endif
