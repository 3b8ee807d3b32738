/* SPDX-License-Identifier: Apache-2.0 */
/* What only the embedded log promises: it survives being killed, says who holds it and what is
 * broken, and its socket harms nobody. */
#include "log/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "self.h"

enum {
	ROUNDS = 12,
	BATCH_RECORDS_MAX = 300,
	RECORD_SIZE = 120,
	CLIENTS = 6,
	CLIENT_SENDS = 15,
};

struct ledger {
	char folder[256];
	char url[280];
	struct log *log;
	struct fault fault;
};

static void must(int r, const struct fault *fault)
{
	if (r < 0)
		fail_msg("fault %d at %s:%d: %s", r, fault->file, fault->line, fault->text);
}

static int try_open(struct ledger *ledger, enum log_mode mode)
{
	struct log_config config = { .url = ledger->url, .mode = mode };
	fault_clear(&ledger->fault);
	return log_open(&ledger->log, &config, &ledger->fault);
}

static void reopen(struct ledger *ledger, enum log_mode mode)
{
	log_close(ledger->log);
	ledger->log = NULL;
	must(try_open(ledger, mode), &ledger->fault);
}

static void folder_new(struct ledger *ledger)
{
	const char *parent = getenv("TMPDIR");
	(void)snprintf(ledger->folder, sizeof ledger->folder, "%s/embedded_log-XXXXXX",
		parent != NULL && *parent != '\0' ? parent : "/tmp");
	assert_non_null(mkdtemp(ledger->folder));
	(void)snprintf(ledger->url, sizeof ledger->url, "embedded:%s", ledger->folder);
}

static int file_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int setup(void **state)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	assert_non_null(ledger);
	folder_new(ledger);
	struct log_config config = { .url = ledger->url };
	must(log_create(&config, 2, &ledger->fault), &ledger->fault);
	*state = ledger;
	return 0;
}

static int teardown(void **state)
{
	struct ledger *ledger = *state;
	log_close(ledger->log);
	(void)nftw(ledger->folder, file_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(ledger);
	return 0;
}

static struct log_reader *reader_at(struct ledger *ledger, enum log_stream stream, int64_t offset)
{
	struct log_reader *reader = NULL;
	must(log_reader_open(ledger->log, 0, stream, offset, &reader, &ledger->fault),
		&ledger->fault);
	return reader;
}

static void append_text(struct ledger *ledger, const char *text)
{
	struct log_writer *writer;
	must(log_fence(ledger->log, 0, &writer, &ledger->fault), &ledger->fault);
	struct log_entry entry = { .value = { (const uint8_t *)text, strlen(text) } };
	must(log_append(writer, &entry, 1), &ledger->fault);
	log_writer_close(writer);
}

static void end_is(struct ledger *ledger, enum log_stream stream, int64_t expected)
{
	int64_t end;
	must(log_end(ledger->log, 0, stream, &end, &ledger->fault), &ledger->fault);
	assert_int_equal(end, expected);
}

static int file_flip(const char *path, off_t from_end)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t at = lseek(fd, -from_end, SEEK_END);
	uint8_t byte;
	int r = pread(fd, &byte, 1, at) == 1 ? 0 : -1;
	byte ^= 0x10;
	if (r == 0 && pwrite(fd, &byte, 1, at) != 1)
		r = -1;
	(void)close(fd);
	return r;
}

/* --- Killed at any moment --- */

/* What the killed process reports, and what every record it writes begins with. */
struct mark {
	uint32_t round;
	uint32_t batch;
	uint32_t index;
	uint32_t count;
};

static size_t batch_make(
	uint32_t round, uint32_t batch, uint8_t (*values)[RECORD_SIZE], struct log_entry *entries)
{
	uint32_t count = 1 + (batch * 7919 + round * 104729) % BATCH_RECORDS_MAX;
	for (uint32_t i = 0; i < count; i++) {
		struct mark mark = { round, batch, i, count };
		memcpy(values[i], &mark, sizeof mark);
		for (size_t j = sizeof mark; j < RECORD_SIZE; j++)
			values[i][j] = (uint8_t)(round * 31 + batch * 17 + i * 7 + j * j);
		entries[i] = (struct log_entry){ .value = { values[i], RECORD_SIZE } };
	}
	return count;
}

struct pouring {
	struct log *log;
	enum log_stream stream;
	uint32_t round;
	int report;
};

/* Writes until killed; tells the number of each batch once it is acknowledged. Runs in the child:
 * no asserts. */
static void *pour(void *context)
{
	const struct pouring *pouring = context;
	static _Thread_local uint8_t values[BATCH_RECORDS_MAX][RECORD_SIZE];
	static _Thread_local struct log_entry entries[BATCH_RECORDS_MAX];
	struct fault fault = { 0 };
	struct log_writer *writer = NULL;
	struct log_sender *sender = NULL;
	if (pouring->stream == LOG_EVENTS)
		(void)log_fence(pouring->log, 0, &writer, &fault);
	else
		(void)log_sender_open(pouring->log, &sender, &fault);
	for (uint32_t batch = 1; fault.code == 0; batch++) {
		size_t count = batch_make(pouring->round, batch, values, entries);
		int r = writer != NULL ? log_append(writer, entries, count)
				       : log_send(sender, 0, pouring->stream, entries, count);
		uint32_t told[2] = { pouring->stream, batch };
		if (r == 0 && write(pouring->report, told, sizeof told) != sizeof told)
			break;
	}
	(void)fprintf(stderr, "child: %s\n", fault.text);
	_exit(1);
}

/* --- This program as another process: embedded_log URL [ROUND] --- */

struct other {
	pid_t pid;
	int reports;
};

static struct other other_start(const struct ledger *ledger, const char *round)
{
	struct other other;
	other.pid = self_start("embedded_log", ledger->url, round, &other.reports);
	return other;
}

static void other_kill(const struct other *other)
{
	int status;
	assert_int_equal(kill(other->pid, SIGKILL), 0);
	assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
	assert_true(WIFSIGNALED(status));
}

/* Holds the ledger until killed, and with a round pours into it. */
static int other_main(const char *url, const char *round)
{
	struct ledger ledger = { 0 };
	pthread_t thread;
	(void)snprintf(ledger.url, sizeof ledger.url, "%s", url);
	if (try_open(&ledger, LOG_OWN) < 0) {
		(void)fprintf(stderr, "child: %s\n", ledger.fault.text);
		return 1;
	}
	if (!round) {
		if (write(STDOUT_FILENO, "r", 1) == 1)
			for (;;)
				(void)pause();
		return 1;
	}
	uint32_t number = (uint32_t)strtoul(round, NULL, 10);
	struct pouring commands = { ledger.log, LOG_COMMANDS, number, STDOUT_FILENO };
	struct pouring events = { ledger.log, LOG_EVENTS, number, STDOUT_FILENO };
	if (pthread_create(&thread, NULL, pour, &commands) != 0)
		return 1;
	(void)pour(&events);
	return 1;
}

static void record_check(const struct log_record *record, struct mark *ret_mark)
{
	assert_int_equal(record->value.size, RECORD_SIZE);
	memcpy(ret_mark, record->value.at, sizeof *ret_mark);
	for (size_t j = sizeof *ret_mark; j < RECORD_SIZE; j++)
		assert_int_equal(
			record->value.at[j], (uint8_t)(ret_mark->round * 31 + ret_mark->batch * 17 +
						       ret_mark->index * 7 + j * j));
}

/* Reads a stream from its beginning: whole batches, in order, of each round at least those
 * acknowledged and at most one more. Returns the end. */
static int64_t stream_check(struct ledger *ledger, enum log_stream stream,
	const uint32_t acknowledged[ROUNDS], uint32_t rounds)
{
	struct log_reader *reader = reader_at(ledger, stream, 0);
	struct mark at = { 0 };
	int64_t offset = 0;
	for (;;) {
		struct log_record records[64];
		size_t got;
		must(log_read(reader, records, 64, 0, &got), &ledger->fault);
		if (got == 0)
			break;
		for (size_t i = 0; i < got; i++) {
			struct mark mark;
			record_check(&records[i], &mark);
			assert_int_equal(records[i].offset, offset++);
			if (mark.index == 0) {
				assert_int_equal(at.index + 1, at.count == 0 ? 1 : at.count);
				while (at.round < mark.round) {
					assert_true(at.batch >= acknowledged[at.round]);
					assert_true(at.batch <= acknowledged[at.round] + 1);
					at.round++;
					at.batch = 0;
				}
				assert_int_equal(mark.round, at.round);
				assert_int_equal(mark.batch, at.batch + 1);
			} else {
				assert_int_equal(mark.batch, at.batch);
				assert_int_equal(mark.index, at.index + 1);
			}
			at = mark;
		}
	}
	log_reader_close(reader);
	for (; at.round < rounds; at.round++, at.batch = 0) {
		assert_true(at.batch >= acknowledged[at.round]);
		assert_true(at.batch <= acknowledged[at.round] + 1);
	}
	return offset;
}

/* Follows the events beside the living process until its time is over. Returns how many it has
 * seen. */
static int64_t follow(struct ledger *ledger, int64_t from, long after_ms)
{
	struct ledger beside = *ledger;
	beside.log = NULL;
	must(try_open(&beside, LOG_USE), &beside.fault);
	struct log_reader *reader = reader_at(&beside, LOG_EVENTS, from);
	struct timespec now, stop;
	(void)clock_gettime(CLOCK_MONOTONIC, &stop);
	stop.tv_nsec += after_ms * 1000000;
	stop.tv_sec += stop.tv_nsec / 1000000000;
	stop.tv_nsec %= 1000000000;
	do {
		struct log_record records[64];
		size_t got;
		must(log_read(reader, records, 64, 10, &got), &beside.fault);
		for (size_t i = 0; i < got; i++) {
			struct mark mark;
			record_check(&records[i], &mark);
			assert_int_equal(records[i].offset, from++);
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < stop.tv_sec ||
		 (now.tv_sec == stop.tv_sec && now.tv_nsec < stop.tv_nsec));
	log_reader_close(reader);
	log_close(beside.log);
	return from;
}

static void what_was_acknowledged_survives_being_killed(void **state)
{
	struct ledger *ledger = *state;
	uint32_t acknowledged[LOG_STREAMS][ROUNDS] = { 0 };
	int64_t events_end = 0;
	uint32_t total = 0;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		char text[16];
		(void)snprintf(text, sizeof text, "%u", round);
		struct other other = other_start(ledger, text);

		/* The first report shows that it is under way; then it lives for a random while. */
		uint32_t told[2];
		assert_int_equal(read(other.reports, told, sizeof told), sizeof told);
		acknowledged[told[0]][round] = told[1];
		int64_t seen = follow(ledger, events_end, 20 + random() % 150);
		other_kill(&other);
		while (read(other.reports, told, sizeof told) == sizeof told)
			acknowledged[told[0]][round] = told[1];
		(void)close(other.reports);

		reopen(ledger, LOG_OWN);
		events_end = stream_check(ledger, LOG_EVENTS, acknowledged[LOG_EVENTS], round + 1);
		(void)stream_check(ledger, LOG_COMMANDS, acknowledged[LOG_COMMANDS], round + 1);
		assert_true(events_end >= seen);
		log_close(ledger->log);
		ledger->log = NULL;
		total += acknowledged[LOG_EVENTS][round];
	}
	assert_true(total > ROUNDS);
	print_message(
		"%u batches of events acknowledged, %lld records\n", total, (long long)events_end);
}

/* --- Damage and full disks --- */

static void wal_path(const struct ledger *ledger, char *path, size_t size)
{
	char command[320];
	(void)snprintf(command, sizeof command, "ls %s/log/*.log", ledger->folder);
	FILE *listing = popen(command, "r");
	assert_non_null(listing);
	assert_non_null(fgets(path, (int)size, listing));
	path[strcspn(path, "\n")] = '\0';
	(void)pclose(listing);
}

/* A closed log of two records, the second of which stands at the end of the file; its size. */
static off_t wal_of_two(
	struct ledger *ledger, const char *first, const char *second, char path[512])
{
	reopen(ledger, LOG_OWN);
	append_text(ledger, first);
	append_text(ledger, second);
	log_close(ledger->log);
	ledger->log = NULL;

	wal_path(ledger, path, 512);
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void a_changed_byte_is_found(void **state)
{
	struct ledger *ledger = *state;
	char path[512];
	off_t size = wal_of_two(ledger, "first, to be damaged", "second", path);
	assert_int_equal(file_flip(path, size - size / 4), 0);
	assert_int_equal(try_open(ledger, LOG_OWN), FAULT_LOG);
	assert_non_null(strstr(ledger->fault.text, ledger->folder));
	ledger->log = NULL;
}

static void a_torn_tail_is_cut_off(void **state)
{
	struct ledger *ledger = *state;
	char path[512];
	off_t size = wal_of_two(ledger, "kept", "torn", path);
	assert_int_equal(truncate(path, size - 3), 0);
	reopen(ledger, LOG_OWN);
	end_is(ledger, LOG_EVENTS, 1);
	append_text(ledger, "next");
	end_is(ledger, LOG_EVENTS, 2);
}

/* --- Old write-ahead files --- */

enum { BIG_SIZE = LOG_RECORD_SIZE_MAX, BIG_RECORDS_MAX = 1000 };

/* Bytes that don't get smaller when compressed; others for each record. */
static void big_fill(uint8_t *bytes, uint32_t number)
{
	uint32_t x = number + 1;
	for (size_t i = 0; i < BIG_SIZE; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bytes[i] = (uint8_t)(x >> 24);
	}
}

static bool has_shortened(const char *archive, char *path, size_t size)
{
	DIR *folder = opendir(archive);
	const struct dirent *file;
	bool is_found = false;
	while (folder && !is_found && (file = readdir(folder)) != NULL) {
		struct stat status;
		(void)snprintf(path, size, "%s/%s", archive, file->d_name);
		is_found = file->d_name[0] != '.' && stat(path, &status) == 0 &&
			   status.st_size > 4 << 20 && status.st_size < 24 << 20;
	}
	if (folder)
		(void)closedir(folder);
	return is_found;
}

static void big_append(
	struct log_writer *writer, uint8_t *bytes, uint32_t number, const struct fault *fault)
{
	struct log_entry entry = { .value = { bytes, BIG_SIZE } };
	big_fill(bytes, number);
	must(log_append(writer, &entry, 1), fault);
}

static void all_stand(struct ledger *ledger, uint8_t *bytes, uint32_t count)
{
	struct log_reader *reader = reader_at(ledger, LOG_EVENTS, 0);
	for (uint32_t i = 0; i < count; i++) {
		struct log_record record;
		size_t got;
		must(log_read(reader, &record, 1, 0, &got), &ledger->fault);
		assert_int_equal(got, 1);
		big_fill(bytes, i);
		assert_true(bytes_equal(record.value, (struct bytes){ bytes, BIG_SIZE }));
	}
	log_reader_close(reader);
	end_is(ledger, LOG_EVENTS, count);
}

/* What stands in table files needs no write-ahead file: those shrink until they are gone, whether
 * or not a crash brings one that has shrunk back to where RocksDB looks. */
static void old_write_ahead_files_shrink_and_go(void **state)
{
	struct ledger *ledger = *state;
	reopen(ledger, LOG_OWN);
	char first[512], archive[300], shortened[600], back[700];
	wal_path(ledger, first, sizeof first);
	(void)snprintf(archive, sizeof archive, "%s/log/archive", ledger->folder);
	uint8_t *bytes = malloc(BIG_SIZE);
	assert_non_null(bytes);
	struct log_writer *writer;
	must(log_fence(ledger->log, 0, &writer, &ledger->fault), &ledger->fault);

	uint32_t count = 0;
	while (!has_shortened(archive, shortened, sizeof shortened)) {
		assert_true(count < BIG_RECORDS_MAX);
		big_append(writer, bytes, count++, &ledger->fault);
	}
	assert_int_equal(access(first, F_OK), -1);
	log_writer_close(writer);
	log_close(ledger->log);
	ledger->log = NULL;

	(void)snprintf(back, sizeof back, "%s/log%s", ledger->folder, strrchr(shortened, '/'));
	assert_int_equal(rename(shortened, back), 0);
	reopen(ledger, LOG_OWN);
	all_stand(ledger, bytes, count);

	must(log_fence(ledger->log, 0, &writer, &ledger->fault), &ledger->fault);
	while (access(shortened, F_OK) == 0 || access(back, F_OK) == 0) {
		assert_true(count < 2 * BIG_RECORDS_MAX);
		big_append(writer, bytes, count++, &ledger->fault);
	}
	log_writer_close(writer);
	all_stand(ledger, bytes, count);
	free(bytes);
}

static void files_may_grow(bool may)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = may ? limit.rlim_max : 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_a_fault_and_passes(void **state)
{
	struct ledger *ledger = *state;
	struct fault writer_fault = { 0 };
	struct log_writer *writer;
	struct log_sender *sender;
	struct log_entry entry = { .value = { (const uint8_t *)"x", 1 } };
	(void)signal(SIGXFSZ, SIG_IGN);
	reopen(ledger, LOG_OWN);
	append_text(ledger, "before");
	must(log_sender_open(ledger->log, &sender, &ledger->fault), &ledger->fault);
	must(log_fence(ledger->log, 0, &writer, &writer_fault), &writer_fault);
	struct log_reader *reader = reader_at(ledger, LOG_EVENTS, 0);

	files_may_grow(false);
	assert_int_equal(log_append(writer, &entry, 1), FAULT_IO);
	assert_non_null(strstr(writer_fault.text, ledger->folder));
	assert_true(log_append(writer, &entry, 1) < 0);
	struct log_writer *none = NULL;
	assert_int_equal(log_fence(ledger->log, 0, &none, &ledger->fault), FAULT_IO);
	fault_clear(&ledger->fault);
	assert_int_equal(log_send(sender, 0, LOG_COMMANDS, &entry, 1), FAULT_IO);
	fault_clear(&ledger->fault);
	files_may_grow(true);
	log_writer_close(writer);

	must(log_send(sender, 0, LOG_COMMANDS, &entry, 1), &ledger->fault);
	append_text(ledger, "after");
	for (size_t i = 0; i < 2; i++) {
		struct log_record record;
		size_t got;
		must(log_read(reader, &record, 1, 1000, &got), &ledger->fault);
		assert_int_equal(got, 1);
		assert_int_equal(record.value.at[0], i == 0 ? 'b' : 'a');
	}
	log_reader_close(reader);
	log_sender_close(sender);
	end_is(ledger, LOG_COMMANDS, 1);
	end_is(ledger, LOG_EVENTS, 2);
}

/* --- Who holds it --- */

static struct other holder_start(const struct ledger *ledger)
{
	struct other holder = other_start(ledger, NULL);
	char byte;
	assert_int_equal(read(holder.reports, &byte, 1), 1);
	(void)close(holder.reports);
	return holder;
}

static void only_one_process_holds_it(void **state)
{
	struct ledger *ledger = *state;
	struct other holder = holder_start(ledger);
	assert_int_equal(try_open(ledger, LOG_OWN), FAULT_BUSY);
	assert_non_null(strstr(ledger->fault.text, "another process holds"));
	assert_non_null(strstr(ledger->fault.text, ledger->folder));
	struct log_config config = { .url = ledger->url };
	fault_clear(&ledger->fault);
	assert_int_equal(log_create(&config, 2, &ledger->fault), FAULT_BUSY);
	other_kill(&holder);
	ledger->log = NULL;
	reopen(ledger, LOG_OWN);
}

static void a_sender_outlives_a_killed_holder(void **state)
{
	struct ledger *ledger = *state;
	struct log_sender *sender = NULL;
	struct log_entry entry = { .value = { (const uint8_t *)"x", 1 } };
	reopen(ledger, LOG_USE);
	assert_int_equal(log_sender_open(ledger->log, &sender, &ledger->fault), FAULT_MISSING);
	assert_non_null(strstr(ledger->fault.text, "pinion run"));
	fault_clear(&ledger->fault);

	struct other holder = holder_start(ledger);
	must(log_sender_open(ledger->log, &sender, &ledger->fault), &ledger->fault);
	must(log_send(sender, 1, LOG_RAILS, &entry, 1), &ledger->fault);
	other_kill(&holder);
	assert_int_equal(log_send(sender, 1, LOG_RAILS, &entry, 1), FAULT_IO);
	fault_clear(&ledger->fault);
	assert_int_equal(log_send(sender, 1, LOG_RAILS, &entry, 1), FAULT_MISSING);
	fault_clear(&ledger->fault);

	holder = holder_start(ledger); /* over the dead one's socket file */
	must(log_send(sender, 1, LOG_RAILS, &entry, 1), &ledger->fault);
	log_sender_close(sender);
	other_kill(&holder);
	int64_t end;
	must(log_end(ledger->log, 1, LOG_RAILS, &end, &ledger->fault), &ledger->fault);
	assert_int_equal(end, 2);
}

static void sending_splits_and_refuses_what_is_too_large(void **state)
{
	struct ledger *ledger = *state;
	enum { COUNT = LOG_BATCH_RECORDS_MAX + 100 };
	struct log_entry *entries = calloc(COUNT, sizeof *entries);
	uint8_t *large = calloc(1, LOG_RECORD_SIZE_MAX + 1);
	assert_non_null(entries);
	assert_non_null(large);
	for (size_t i = 0; i < COUNT; i++)
		entries[i].value = (struct bytes){ large, 10 };
	reopen(ledger, LOG_OWN);
	struct ledger beside = *ledger;
	must(try_open(&beside, LOG_USE), &beside.fault);

	struct ledger *both[2] = { ledger, &beside };
	for (int i = 0; i < 2; i++) {
		struct log_sender *sender;
		struct log_entry too_large = { .value = { large, LOG_RECORD_SIZE_MAX + 1 } };
		must(log_sender_open(both[i]->log, &sender, &both[i]->fault), &both[i]->fault);
		must(log_send(sender, 0, LOG_CONTROL, entries, COUNT), &both[i]->fault);
		end_is(ledger, LOG_CONTROL, (i + 1) * (int64_t)COUNT);
		assert_int_equal(log_send(sender, 0, LOG_CONTROL, &too_large, 1), FAULT_SETTINGS);
		log_sender_close(sender);
	}
	log_close(beside.log);
	free(large);
	free(entries);
}

struct client {
	struct ledger beside;
	int code;
};

static void *client_run(void *context)
{
	struct client *client = context;
	struct log_sender *sender = NULL;
	struct log_entry entries[2] = { { .value = { (const uint8_t *)"ab", 2 } } };
	client->code = log_sender_open(client->beside.log, &sender, &client->beside.fault);
	for (int i = 0; i < CLIENT_SENDS && client->code == 0; i++)
		client->code = log_send(sender, 0, LOG_COMMANDS, entries, 2);
	log_sender_close(sender);
	return NULL;
}

static int socket_connect(const struct ledger *ledger)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", ledger->folder);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void bad_frames_close_their_connection_and_harm_nobody(void **state)
{
	struct ledger *ledger = *state;
	static const struct {
		uint8_t bytes[24];
		size_t size;
	} rows[] = {
		{ { 0xff, 0xff, 0xff, 0xff }, 4 },                                /* huge */
		{ { 9, 0, 0, 0 }, 4 },                                            /* no header */
		{ { 12, 0, 0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'a' }, 16 },    /* format */
		{ { 12, 0, 0, 0, 1, 4, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'a' }, 16 },    /* events */
		{ { 12, 0, 0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 'a' }, 16 },    /* shard */
		{ { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a' }, 16 },    /* none */
		{ { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 1, 'a' }, 16 }, /* too few */
		{ { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 'a' }, 16 },    /* too many */
		{ { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 1, 'a' }, 16 }, /* count */
	};
	reopen(ledger, LOG_OWN);
	int idle = socket_connect(ledger);
	int half = socket_connect(ledger);
	assert_int_equal(send(half, rows[2].bytes, 7, 0), 7);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = socket_connect(ledger);
		uint8_t answer;
		assert_int_equal(send(fd, rows[i].bytes, rows[i].size, 0), (ssize_t)rows[i].size);
		ssize_t got = recv(fd, &answer, 1, 0);
		assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
		(void)close(fd);
	}
	end_is(ledger, LOG_COMMANDS, 0);

	struct client clients[CLIENTS] = { 0 };
	pthread_t threads[CLIENTS];
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i].beside = *ledger;
		must(try_open(&clients[i].beside, LOG_USE), &clients[i].beside.fault);
		assert_int_equal(pthread_create(&threads[i], NULL, client_run, &clients[i]), 0);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		must(clients[i].code, &clients[i].beside.fault);
		log_close(clients[i].beside.log);
	}
	end_is(ledger, LOG_COMMANDS, (int64_t)CLIENTS * CLIENT_SENDS * 2);
	(void)close(half);
	(void)close(idle);
}

/* --- Names --- */

static void a_missing_ledger_names_the_way_to_make_one(void **state)
{
	struct ledger *ledger = *state;
	struct ledger empty = { 0 };
	folder_new(&empty);
	assert_int_equal(try_open(&empty, LOG_OWN), FAULT_MISSING);
	assert_non_null(strstr(empty.fault.text, "pinion init"));
	assert_int_equal(rmdir(empty.folder), 0); /* it left nothing there */
	assert_int_equal(try_open(&empty, LOG_USE), FAULT_MISSING);

	struct log_config config = { .url = ledger->url };
	assert_int_equal(log_create(&config, 3, &ledger->fault), FAULT_SETTINGS);
	assert_non_null(strstr(ledger->fault.text, "was created with 2 shards, and that can't"));
}

static void a_path_too_long_for_a_socket_is_explained(void **state)
{
	struct ledger *ledger = *state;
	struct ledger deep = *ledger;
	size_t size = strlen(deep.folder);
	deep.folder[size++] = '/';
	while (size < 110)
		deep.folder[size++] = 'd';
	deep.folder[size] = '\0';
	(void)snprintf(deep.url, sizeof deep.url, "embedded:%s", deep.folder);
	struct log_config config = { .url = deep.url };
	must(log_create(&config, 1, &deep.fault), &deep.fault);
	assert_int_equal(try_open(&deep, LOG_OWN), FAULT_SETTINGS);
	assert_non_null(strstr(deep.fault.text, "too long"));
}

int main(int argc, char **argv)
{
#define EMBEDDED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		EMBEDDED(what_was_acknowledged_survives_being_killed),
		EMBEDDED(a_changed_byte_is_found),
		EMBEDDED(a_torn_tail_is_cut_off),
		EMBEDDED(old_write_ahead_files_shrink_and_go),
		EMBEDDED(a_full_disk_is_a_fault_and_passes),
		EMBEDDED(only_one_process_holds_it),
		EMBEDDED(a_sender_outlives_a_killed_holder),
		EMBEDDED(sending_splits_and_refuses_what_is_too_large),
		EMBEDDED(bad_frames_close_their_connection_and_harm_nobody),
		EMBEDDED(a_missing_ledger_names_the_way_to_make_one),
		EMBEDDED(a_path_too_long_for_a_socket_is_explained),
	};
#undef EMBEDDED

	if (argc > 1)
		return other_main(argv[1], argc > 2 ? argv[2] : NULL);
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	srandom((unsigned)now.tv_nsec);
	return cmocka_run_group_tests_name("embedded_log", tests, NULL, NULL);
}
