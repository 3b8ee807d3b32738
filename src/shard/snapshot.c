/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/snapshot.h"

#include "shard/replica.h"
#include "shard/shard.h"
#include "shard/thread.h"
#include "store/aside.h"
#include "wire/text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TITLE "pinion snapshot 1\n"

enum {
	CACHE_BYTES = 16 << 20,
	/* An owner that goes on while its files are linked is met again and again only if it is
	 * much faster. */
	COPIES_MAX = 50,
	EVENT_MS = 10000,
	ABOUT_SIZE_MAX = 1024,
	HASH_TEXT_SIZE = 2 * HASH_SIZE + 1,
};

static char *path_new(const char *folder, const char *name)
{
	char *path;
	if (asprintf(&path, "%s%s", folder, name) < 0)
		abort();
	return path;
}

/* --- What a snapshot says of itself --- */

static void hash_to_text(const uint8_t hash[HASH_SIZE], char ret[HASH_TEXT_SIZE])
{
	(void)sodium_bin2hex(ret, HASH_TEXT_SIZE, hash, HASH_SIZE);
}

/* Without the sum. */
static size_t about_print(const struct snapshot *snapshot, char ret[ABOUT_SIZE_MAX])
{
	char ledger[ID_TEXT_SIZE], hash[HASH_TEXT_SIZE], rows[HASH_TEXT_SIZE],
		tables[HASH_TEXT_SIZE];
	const struct place *place = &snapshot->place;
	id_to_text(&snapshot->ledger_id, ledger);
	hash_to_text(place->hash.at, hash);
	hash_to_text(snapshot->rows.at, rows);
	hash_to_text(snapshot->tables.at, tables);
	int size = snprintf(ret, ABOUT_SIZE_MAX,
		TITLE "ledger %s\nshard %" PRIu32 "\nsequence %" PRId64 "\noffset %" PRId64
		      "\nterm %" PRId64 "\nhash %s\nstore-format %" PRId64
		      "\nledger-format %" PRId64 "\nrows %s\ntables %s\n",
		ledger, snapshot->shard, place->sequence, place->offset, place->term, hash,
		snapshot->store_format, snapshot->ledger_format, rows, tables);
	assert(size > 0 && size < ABOUT_SIZE_MAX);
	return (size_t)size;
}

static void sum_print(const char *about, size_t size, char ret[HASH_TEXT_SIZE])
{
	uint8_t sum[HASH_SIZE];
	(void)crypto_generichash(sum, sizeof sum, (const uint8_t *)about, size, NULL, 0);
	hash_to_text(sum, ret);
}

static int about_write(const char *folder, const struct snapshot *snapshot, struct fault *fault)
{
	char about[ABOUT_SIZE_MAX], sum[HASH_TEXT_SIZE];
	sum_print(about, about_print(snapshot, about), sum);
	char *path = path_new(folder, "/about");
	FILE *file = fopen(path, "wxe");
	bool is_written = file && fprintf(file, "%ssum %s\n", about, sum) > 0;
	if (file && fclose(file) != 0)
		is_written = false;
	int error =
		is_written ? 0 : FAULT(fault, FAULT_IO, "writing '%s': %s", path, strerror(errno));
	free(path);
	return error;
}

/* What stands behind the name in its line; *about then stands at the next one. */
static const char *line_take(char **about, const char *name)
{
	size_t size = strlen(name);
	char *line = *about, *end = strchr(line, '\n');
	if (!end || strncmp(line, name, size) != 0 || line[size] != ' ')
		return "";
	*end = '\0';
	*about = end + 1;
	return line + size + 1;
}

static int64_t number_take(char **about, const char *name)
{
	return strtoll(line_take(about, name), NULL, 10);
}

static bool hash_take(char **about, const char *name, struct hash *ret)
{
	const char *text = line_take(about, name);
	return strlen(text) == (size_t)2 * HASH_SIZE &&
	       sodium_hex2bin(ret->at, HASH_SIZE, text, strlen(text), NULL, NULL, NULL) == 0;
}

/* What was read is only right where it prints as the very same text. */
static bool about_parse(const char *about, struct snapshot *ret)
{
	char copy[ABOUT_SIZE_MAX], again[ABOUT_SIZE_MAX], sum[HASH_TEXT_SIZE];
	(void)snprintf(copy, sizeof copy, "%s", about);
	if (strncmp(copy, TITLE, strlen(TITLE)) != 0)
		return false;
	char *at = copy + strlen(TITLE);
	const char *ledger = line_take(&at, "ledger");
	*ret = (struct snapshot){ .shard = 0 };
	bool is_sound = id_from_text(&ret->ledger_id, ledger, strlen(ledger));
	ret->shard = (uint32_t)number_take(&at, "shard");
	ret->place.sequence = number_take(&at, "sequence");
	ret->place.offset = number_take(&at, "offset");
	ret->place.term = number_take(&at, "term");
	is_sound = hash_take(&at, "hash", &ret->place.hash) && is_sound;
	ret->store_format = number_take(&at, "store-format");
	ret->ledger_format = number_take(&at, "ledger-format");
	is_sound = hash_take(&at, "rows", &ret->rows) && is_sound;
	is_sound = hash_take(&at, "tables", &ret->tables) && is_sound;
	if (!is_sound)
		return false;
	size_t size = about_print(ret, again);
	sum_print(again, size, sum);
	return strncmp(about, again, size) == 0 && strncmp(about + size, "sum ", 4) == 0 &&
	       strncmp(about + size + 4, sum, strlen(sum)) == 0 &&
	       strcmp(about + size + 4 + strlen(sum), "\n") == 0;
}

static int torn(const char *folder, const char *why, struct fault *fault)
{
	return FAULT(fault, FAULT_DAMAGED,
		"the snapshot in '%s' is torn: %s. Nothing was changed. Copy it again, or give "
		"another one",
		folder, why);
}

static int about_read(
	const char *folder, uint32_t shard, char ret[ABOUT_SIZE_MAX], struct fault *fault)
{
	char *path = path_new(folder, "/about");
	FILE *file = fopen(path, "re");
	bool is_missing = !file && (errno == ENOENT || errno == ENOTDIR);
	size_t size = file ? fread(ret, 1, ABOUT_SIZE_MAX - 1, file) : 0;
	int error = 0;
	ret[size] = '\0';
	if (is_missing)
		error = FAULT(fault, FAULT_MISSING, "no snapshot of shard %" PRIu32 " in '%s'",
			shard, folder);
	else if (!file || ferror(file))
		error = FAULT(fault, FAULT_IO, "reading '%s': %s", path, strerror(errno));
	if (file)
		(void)fclose(file);
	free(path);
	return error;
}

int snapshot_read(const char *folder, uint32_t shard, struct snapshot *ret, struct fault *fault)
{
	char about[ABOUT_SIZE_MAX];
	int error = about_read(folder, shard, about, fault);
	if (!error && !about_parse(about, ret))
		error = torn(folder,
			"its file 'about' is not as it was written, or a newer pinion wrote it",
			fault);
	return error;
}

/* --- Taking one --- */

/* What the store says of itself. FAULT_MISSING: it holds no checkpoint. */
static int is_table(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);
	return size > 4 && strcmp(entry->d_name + size - 4, ".sst") == 0;
}

static int file_digest(const char *path, crypto_generichash_state *digest, struct fault *fault)
{
	static const size_t room_size = 1 << 16;
	FILE *file = fopen(path, "re");
	uint8_t *room = malloc(room_size);
	assert(room);
	size_t size;
	while (file && (size = fread(room, 1, room_size, file)) > 0)
		(void)crypto_generichash_update(digest, room, size);
	int error = file && !ferror(file)
			    ? 0
			    : FAULT(fault, FAULT_IO, "reading '%s': %s", path, strerror(errno));
	if (file)
		(void)fclose(file);
	free(room);
	return error;
}

/* Reading all rows does not meet every byte: indexes and filters are read when they are needed. */
static int tables_digest(const char *folder, struct hash *ret, struct fault *fault)
{
	struct dirent **entries;
	crypto_generichash_state digest;
	(void)crypto_generichash_init(&digest, NULL, 0, sizeof ret->at);
	int count = scandir(folder, &entries, is_table, alphasort), error = 0;
	if (count < 0)
		return FAULT(
			fault, FAULT_IO, "reading the folder '%s': %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *path = path_new(folder, "/"), *file = path_new(path, entries[i]->d_name);
		const uint8_t *name = (const uint8_t *)entries[i]->d_name;
		(void)crypto_generichash_update(&digest, name, strlen(entries[i]->d_name) + 1);
		if (!error)
			error = file_digest(file, &digest, fault);
		free(file);
		free(path);
		free(entries[i]);
	}
	free((void *)entries);
	(void)crypto_generichash_final(&digest, ret->at, sizeof ret->at);
	return error;
}

static int store_describe(const char *path, struct snapshot *ret, struct fault *fault)
{
	static const uint8_t ledger_key[1] = { TABLE_ledger };
	struct bytes key = { ledger_key, 1 }, value;
	struct position position;
	struct ledger ledger;
	struct store *store;
	int error = store_open(&store, path, STORE_READ, CACHE_BYTES, fault);
	if (error)
		return error;
	error = position_read(store, &position, fault);
	if (!error)
		error = store_get_many(store, &key, 1, &value, fault);
	if (!error && (!value.at || !row_is_sound(key, value)))
		error = FAULT(fault, FAULT_DAMAGED, "the store has no ledger row");
	if (!error) {
		ledger_unpack(value.at, &ledger);
		*ret = (struct snapshot){
			.ledger_id = ledger.ledger_id,
			.shard = ledger.shard,
			.place = position.place,
			.store_format = STORE_FORMAT,
			.ledger_format = ledger.format,
		};
		error = store_digest(store, &ret->rows, fault);
		if (!error)
			error = tables_digest(path, &ret->tables, fault);
	}
	store_close(store);
	return error;
}

/* Quick, so that an owner's files are there for as long as it takes. */
static int store_link(const char *state_path, const char *path, struct fault *fault)
{
	int error = FAULT_BUSY;
	for (int i = 0; i < COPIES_MAX && error == FAULT_BUSY; i++) {
		struct store *store;
		struct position position;
		fault_clear(fault);
		error = store_open(&store, state_path, STORE_READ, CACHE_BYTES, fault);
		if (error)
			return error;
		error = position_read(store, &position, fault);
		if (!error)
			error = store_copy(store, path, fault);
		store_close(store);
	}
	return error;
}

static int copy(const char *from, const char *to, struct fault *fault)
{
	struct store *store;
	int error = store_open(&store, from, STORE_READ, CACHE_BYTES, fault);
	if (error)
		return error;
	error = store_copy(store, to, fault);
	store_close(store);
	return error;
}

/* To another disk it takes long, in which an owner deletes much: so links beside it come first, and
 * what is copied is theirs. */
static int store_take(const char *state_path, const char *to, struct fault *fault)
{
	struct aside linked;
	char *place = path_new(state_path, ".linked");
	int error = aside_begin(&linked, place, fault);
	if (!error)
		error = store_link(state_path, linked.folder, fault);
	if (!error)
		error = copy(linked.folder, to, fault);
	aside_end(&linked);
	free(place);
	return error;
}

int snapshot_take(
	const char *state_path, const char *folder, struct snapshot *ret, struct fault *fault)
{
	if (mkdir(folder, 0777) != 0)
		return FAULT(
			fault, FAULT_IO, "making the folder '%s': %s", folder, strerror(errno));
	char *path = path_new(folder, "/store");
	int error = store_take(state_path, path, fault);
	if (!error)
		error = store_describe(path, ret, fault);
	if (!error)
		error = about_write(folder, ret, fault);
	free(path);
	return error;
}

/* --- Starting from one --- */

static int formats_compare(const struct snapshot *snapshot, struct fault *fault)
{
	if (snapshot->store_format == STORE_FORMAT && snapshot->ledger_format == LEDGER_FORMAT)
		return 0;
	return FAULT(fault, FAULT_SETTINGS,
		"the snapshot of shard %" PRIu32 " is of store format %" PRId64
		" and ledger format %" PRId64 ", this pinion reads %d and %d: make one with this "
		"version, or start without, and the state is rebuilt from the log",
		snapshot->shard, snapshot->store_format, snapshot->ledger_format, STORE_FORMAT,
		LEDGER_FORMAT);
}

static int ledger_compare(
	const struct snapshot *snapshot, struct log *log, uint32_t shard, struct fault *fault)
{
	struct id ledger_id;
	int error = shard_ledger_id(log, shard, &ledger_id, fault);
	if (error)
		return error;
	if (snapshot->shard != shard)
		return FAULT(fault, FAULT_SETTINGS,
			"the snapshot is of shard %" PRIu32 ", not of shard %" PRIu32
			": nothing was changed. Give the right one",
			snapshot->shard, shard);
	if (id_equal(&ledger_id, &snapshot->ledger_id))
		return 0;
	return FAULT(fault, FAULT_SETTINGS,
		"the snapshot of shard %" PRIu32
		" is of another ledger, or this log was made anew: nothing was changed. Give the "
		"right one",
		shard);
}

static int event_is_lost(const struct snapshot *snapshot, struct fault *fault)
{
	return FAULT(fault, FAULT_LOG,
		"shard %" PRIu32 ": the log does not hold event %" PRId64 " (offset %" PRId64
		") that the snapshot stands at: the log lost or changed verified events, or "
		"another one follows from the same beginning. Nothing was changed. Restore the "
		"log, or give the right snapshot",
		snapshot->shard, snapshot->place.sequence, snapshot->place.offset);
}

static int event_compare(const struct snapshot *snapshot, struct log *log, struct fault *fault)
{
	const struct place *place = &snapshot->place;
	struct log_reader *reader;
	struct log_record record;
	size_t count = 0;
	int64_t end, deadline_ms = clock_monotonic_ms() + EVENT_MS;
	int error = log_end(log, snapshot->shard, LOG_EVENTS, &end, fault);
	if (!error && place->offset >= end)
		return event_is_lost(snapshot, fault);
	if (!error)
		error = log_reader_open(
			log, snapshot->shard, LOG_EVENTS, place->offset, &reader, fault);
	if (error)
		return error;
	while (!error && count == 0) {
		error = log_read(reader, &record, 1, 1000, &count);
		if (!error && count == 0 && clock_monotonic_ms() > deadline_ms)
			error = FAULT(fault, FAULT_IO,
				"shard %" PRIu32 ": the log did not deliver event %" PRId64
				" in %d s",
				snapshot->shard, place->sequence, EVENT_MS / 1000);
	}
	if (!error) {
		struct hash hash = hash_of(record.value);
		if (record.offset != place->offset || !hash_equal(&hash, &place->hash))
			error = event_is_lost(snapshot, fault);
	}
	log_reader_close(reader);
	return error;
}

int snapshot_compare(
	const struct snapshot *snapshot, struct log *log, uint32_t shard, struct fault *fault)
{
	int error = ledger_compare(snapshot, log, shard, fault);
	if (!error)
		error = formats_compare(snapshot, fault);
	return error ? error : event_compare(snapshot, log, fault);
}

static bool snapshot_equal(const struct snapshot *a, const struct snapshot *b)
{
	char x[ABOUT_SIZE_MAX], y[ABOUT_SIZE_MAX];
	size_t size = about_print(a, x);
	return size == about_print(b, y) && memcmp(x, y, size) == 0;
}

int snapshot_restore(
	const struct snapshot *snapshot, const char *folder, const char *path, struct fault *fault)
{
	struct snapshot found = { .shard = 0 };
	struct fault own = { 0 };
	char *from = path_new(folder, "/store");
	int error = copy(from, path, &own);
	if (!error)
		error = store_describe(path, &found, &own);
	free(from);
	if (error == FAULT_MISSING || error == FAULT_DAMAGED)
		return torn(folder, own.text, fault);
	if (error)
		return FAULT(fault, error, "%s", own.text);
	return snapshot_equal(snapshot, &found)
		       ? 0
		       : torn(folder,
				 "its rows or tables are not those that its file 'about' tells of",
				 fault);
}
