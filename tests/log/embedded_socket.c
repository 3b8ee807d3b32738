/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded log's socket over a log of this test's own: what waits together is appended
 * together, every client has its own answer, and who waits for a stream is told when it has grown.
 */
#include "log/embedded/socket.h"

#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHARDS = 2, CLIENTS = 100, APPENDS_MAX = 256, TIMEOUT_MS = 60000 };

struct appended {
	uint32_t shard;
	enum log_stream stream;
	size_t count;
};

struct room {
	char folder[256];
	struct socket_server *server;
	struct fault fault;
	pthread_mutex_t gate; /* an append waits for it */
	_Atomic int begun;    /* appends, the one at the gate too */
	struct appended appends[APPENDS_MAX];
	size_t append_count;
	_Atomic int64_t ends[SHARDS][LOG_STREAMS];
	_Atomic bool fails;
};

static void must(int r, const struct fault *fault)
{
	if (r < 0)
		fail_msg("fault %d at %s:%d: %s", r, fault->file, fault->line, fault->text);
}

static int append(void *context, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault)
{
	struct room *room = context;
	(void)entries;
	(void)atomic_fetch_add(&room->begun, 1);
	(void)pthread_mutex_lock(&room->gate);
	assert(room->append_count < APPENDS_MAX);
	room->appends[room->append_count++] = (struct appended){ shard, stream, count };
	bool fails = atomic_load(&room->fails);
	if (!fails)
		atomic_fetch_add(&room->ends[shard][stream], (int64_t)count);
	(void)pthread_mutex_unlock(&room->gate);
	return fails ? FAULT(fault, FAULT_IO, "the disk is full") : 0;
}

static int64_t end(void *context, uint32_t shard, enum log_stream stream)
{
	struct room *room = context;
	return atomic_load(&room->ends[shard][stream]);
}

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof *room);
	assert_non_null(room);
	const char *parent = getenv("TMPDIR");
	(void)snprintf(room->folder, sizeof room->folder, "%s/socket-XXXXXX",
		parent != NULL && *parent != '\0' ? parent : "/tmp");
	assert_non_null(mkdtemp(room->folder));
	(void)pthread_mutex_init(&room->gate, NULL);
	must(socket_server_start(
		     &room->server, room->folder, SHARDS, append, end, room, &room->fault),
		&room->fault);
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;
	socket_server_stop(room->server);
	assert_int_equal(rmdir(room->folder), 0);
	(void)pthread_mutex_destroy(&room->gate);
	free(room);
	return 0;
}

struct client {
	struct room *room;
	uint32_t shard;
	enum log_stream stream;
	size_t count;
	int code;
	struct fault fault;
	pthread_t thread;
};

static void *client_run(void *context)
{
	struct client *client = context;
	struct socket_client *socket = NULL;
	struct log_entry entries[2] = {
		{ .value = { (const uint8_t *)"ab", 2 } },
		{ .value = { (const uint8_t *)"c", 1 } },
	};
	client->code =
		socket_client_open(&socket, client->room->folder, TIMEOUT_MS, &client->fault);
	if (client->code == 0)
		client->code = socket_client_append(socket, client->shard, client->stream, entries,
			client->count, &client->fault);
	socket_client_close(socket);
	return NULL;
}

static void client_start(struct client *client, struct room *room, uint32_t shard,
	enum log_stream stream, size_t count)
{
	*client = (struct client){ .room = room, .shard = shard, .stream = stream, .count = count };
	assert_int_equal(pthread_create(&client->thread, NULL, client_run, client), 0);
}

static void await(_Atomic int *number, int wanted)
{
	for (int ms = 0; atomic_load(number) < wanted && ms < TIMEOUT_MS; ms++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_true(atomic_load(number) >= wanted);
}

/* All of them, told by what arrives at the socket, stand in its queue: while one append is under
 * way, nobody is answered. */
static void connections_await(const struct room *room, int wanted)
{
	char name[300], line[512];
	int found = 0;
	(void)snprintf(name, sizeof name, "%s/socket", room->folder);
	for (int ms = 0; found < wanted && ms < TIMEOUT_MS; ms += 10) {
		FILE *sockets = fopen("/proc/net/unix", "re");
		assert_non_null(sockets);
		found = -1; /* the listener's own line */
		while (fgets(line, sizeof line, sockets))
			found += strstr(line, name) != NULL;
		(void)fclose(sockets);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_true(found >= wanted);
}

/* One append stands at the gate, and holds up whatever comes after it. */
static void first_start(
	struct client *first, struct room *room, uint32_t shard, enum log_stream stream)
{
	(void)pthread_mutex_lock(&room->gate);
	client_start(first, room, shard, stream, 1);
	await(&room->begun, 1);
}

static void first_let_go(struct room *room)
{
	connections_await(room, 1 + CLIENTS);
	(void)pthread_mutex_unlock(&room->gate);
}

static void client_join(struct client *client, int wanted)
{
	assert_int_equal(pthread_join(client->thread, NULL), 0);
	if (wanted == 0)
		must(client->code, &client->fault);
	assert_int_equal(client->code, wanted);
}

/* One append holds the others up, which then go together: a few synced writes, not a hundred. */
static void clients_that_wait_share_an_append(void **state)
{
	struct room *room = *state;
	static struct client first, clients[CLIENTS];
	first_start(&first, room, 0, LOG_COMMANDS);
	for (size_t i = 0; i < CLIENTS; i++)
		client_start(&clients[i], room, 0, LOG_COMMANDS, 1 + i % 2);
	first_let_go(room);
	for (size_t i = 0; i < CLIENTS; i++)
		client_join(&clients[i], 0);
	client_join(&first, 0);
	assert_int_equal(end(room, 0, LOG_COMMANDS), 1 + CLIENTS / 2 * 3);
	/* Those that were accepted but had not sent yet come in another one or two. */
	assert_true(room->append_count < CLIENTS / 4);
}

static void streams_are_not_mixed(void **state)
{
	struct room *room = *state;
	static struct client first, clients[CLIENTS];
	first_start(&first, room, 1, LOG_RAILS);
	for (uint32_t i = 0; i < CLIENTS; i++)
		client_start(&clients[i], room, i % SHARDS, (enum log_stream)(i / 2 % LOG_INPUTS),
			1 + i % 2);
	first_let_go(room);
	int64_t sent[SHARDS][LOG_STREAMS] = { [1][LOG_RAILS] = 1 };
	for (size_t i = 0; i < CLIENTS; i++) {
		client_join(&clients[i], 0);
		sent[clients[i].shard][clients[i].stream] += (int64_t)clients[i].count;
	}
	client_join(&first, 0);
	for (uint32_t shard = 0; shard < SHARDS; shard++)
		for (enum log_stream stream = 0; stream < LOG_EVENTS; stream++)
			assert_int_equal(end(room, shard, stream), sent[shard][stream]);
}

static void a_failed_append_is_told_to_all_of_it(void **state)
{
	struct room *room = *state;
	static struct client first, clients[CLIENTS];
	atomic_store(&room->fails, true);
	first_start(&first, room, 0, LOG_COMMANDS);
	for (size_t i = 0; i < CLIENTS; i++)
		client_start(&clients[i], room, 0, LOG_COMMANDS, 1);
	first_let_go(room);
	for (size_t i = 0; i < CLIENTS; i++) {
		client_join(&clients[i], FAULT_IO);
		assert_string_equal(clients[i].fault.text, "the disk is full");
	}
	client_join(&first, FAULT_IO);
}

static struct socket_client *client_open(struct room *room)
{
	struct socket_client *client = NULL;
	must(socket_client_open(&client, room->folder, TIMEOUT_MS, &room->fault), &room->fault);
	return client;
}

static void who_waits_is_told_that_the_stream_has_grown(void **state)
{
	struct room *room = *state;
	struct socket_client *client = client_open(room);
	struct socket_wait wait = { .shard = 1, .stream = LOG_EVENTS, .offset = 4 };
	int64_t found;
	must(socket_client_wait(client, &wait, 10, &found, &room->fault), &room->fault);
	assert_int_equal(found, 0);
	/* Others grow, and this one, but not far enough. */
	atomic_store(&room->ends[0][LOG_EVENTS], 100);
	atomic_store(&room->ends[1][LOG_EVENTS], 4);
	socket_server_grown(room->server);
	must(socket_client_wait(client, &wait, 50, &found, &room->fault), &room->fault);
	assert_int_equal(found, 0);
	atomic_store(&room->ends[1][LOG_EVENTS], INT64_C(0x123456789a));
	socket_server_grown(room->server);
	must(socket_client_wait(client, &wait, TIMEOUT_MS, &found, &room->fault), &room->fault);
	assert_int_equal(found, INT64_C(0x123456789a));
	/* What is there already is told at once. */
	must(socket_client_wait(client, &wait, TIMEOUT_MS, &found, &room->fault), &room->fault);
	assert_int_equal(found, INT64_C(0x123456789a));
	socket_client_close(client);
}

static void a_connection_both_appends_and_waits(void **state)
{
	struct room *room = *state;
	struct socket_client *client = client_open(room);
	struct log_entry entry = { .value = { (const uint8_t *)"a", 1 } };
	struct socket_wait wait = { .shard = 0, .stream = LOG_CONTROL };
	for (int64_t i = 0; i < 3; i++, wait.offset++) {
		int64_t found;
		must(socket_client_append(client, 0, LOG_CONTROL, &entry, 1, &room->fault),
			&room->fault);
		must(socket_client_wait(client, &wait, TIMEOUT_MS, &found, &room->fault),
			&room->fault);
		assert_int_equal(found, i + 1);
	}
	socket_client_close(client);
}

static void bad_waits_and_words_while_waiting_end_the_connection(void **state)
{
	struct room *room = *state;
	static const struct {
		uint8_t bytes[64];
		size_t size;
	} rows[] = {
		{ { 13, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 17 },        /* short */
		{ { 14, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 18 },     /* kind */
		{ { 14, 0, 0, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 18 },     /* stream */
		{ { 14, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 18 },     /* shard */
		{ { 14, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128 }, 18 },   /* below 0 */
		{ { 14, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14 }, 19 }, /* words */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		(void)snprintf(
			address.sun_path, sizeof address.sun_path, "%.90s/socket", room->folder);
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uint8_t answer;
		assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
		assert_int_equal(send(fd, rows[i].bytes, rows[i].size, 0), (ssize_t)rows[i].size);
		assert_true(recv(fd, &answer, 1, 0) <= 0);
		(void)close(fd);
	}
}

static void a_stopped_server_ends_waits(void **state)
{
	struct room *room = *state;
	struct socket_client *client = client_open(room);
	struct socket_wait wait = { .shard = 0, .stream = LOG_EVENTS };
	int64_t found;
	must(socket_client_wait(client, &wait, 0, &found, &room->fault), &room->fault);
	socket_server_stop(room->server);
	room->server = NULL;
	assert_int_equal(
		socket_client_wait(client, &wait, TIMEOUT_MS, &found, &room->fault), FAULT_IO);
	assert_true(socket_client_is_lost(client));
	socket_client_close(client);
}

int main(void)
{
#define SOCKET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		SOCKET(clients_that_wait_share_an_append),
		SOCKET(streams_are_not_mixed),
		SOCKET(a_failed_append_is_told_to_all_of_it),
		SOCKET(who_waits_is_told_that_the_stream_has_grown),
		SOCKET(a_connection_both_appends_and_waits),
		SOCKET(bad_waits_and_words_while_waiting_end_the_connection),
		SOCKET(a_stopped_server_ends_waits),
	};
#undef SOCKET
	return cmocka_run_group_tests(tests, NULL, NULL);
}
