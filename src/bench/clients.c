/* SPDX-License-Identifier: Apache-2.0 */
/* From client to answer: each client sends a batch of transfers, awaits every outcome, and sends
 * the next one. Clients reach the log as other processes do: on the embedded log through its
 * socket, and beside its holder; on Kafka through the broker.
 *
 * Some clients share a connection, as the members of one service do; what waits for it goes out
 * together.
 */
#include "bench/bench.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* A librdkafka producer brings threads of its own. */
enum { CONNECTIONS_EMBEDDED_MAX = 64, CONNECTIONS_KAFKA_MAX = 8 };
enum { RECORDS_PER_READ = 8192, LOOK_MS = 100, NO_CLIENT = -1, SLOTS = 1 << 16 };

struct client {
	struct id last; /* of its batch: outcomes come in order, so this one's comes last */
	int64_t sent_ns;
	bool is_waiting;
	int next_of_slot;
};

struct connection {
	struct thread *thread;
	struct crowd *crowd;
	struct sender sender;
	uint32_t shard;
	int first, count; /* its clients */
	_Atomic bool has_failed;
};

/* One for each shard: hands outcomes to those that wait. */
struct answers {
	struct thread *thread;
	struct crowd *crowd;
	struct log_reader *reader;
	struct log_record *records;
	struct fault fault;
	_Atomic bool has_failed;
};

struct crowd {
	struct bench *bench;
	struct log *log;
	struct connection *connections;
	int connection_count;
	struct answers *answers;
	_Atomic bool is_sending; /* a batch that was sent is still awaited after that */
	_Atomic bool is_reading;

	struct monitor *monitor; /* of all that follows */
	struct client *clients;
	int slots[SLOTS]; /* by the last id of a batch; a client, or NO_CLIENT */
	int waiting;
	int64_t batches;
	int64_t last_ns;
	struct histogram latency;
};

static int *slot_of(struct crowd *crowd, const struct id *id)
{
	uint64_t number;
	memcpy(&number, id->at + 8, sizeof number);
	number *= UINT64_C(0x9e3779b97f4a7c15);
	return &crowd->slots[(number >> 32) % SLOTS];
}

/* Inside the monitor. The client whose last outcome this is, if any. */
static void outcome_take(struct crowd *crowd, const struct id *id, int64_t at_ns)
{
	for (int *link = slot_of(crowd, id); *link != NO_CLIENT;
		link = &crowd->clients[*link].next_of_slot) {
		struct client *client = &crowd->clients[*link];
		if (!id_equal(&client->last, id))
			continue;
		*link = client->next_of_slot;
		client->is_waiting = false;
		crowd->waiting--;
		crowd->batches++;
		crowd->last_ns = at_ns;
		histogram_add(&crowd->latency, at_ns - client->sent_ns);
		return;
	}
}

static void answers_main(void *context)
{
	struct answers *answers = context;
	struct crowd *crowd = answers->crowd;
	while (atomic_load(&crowd->is_reading)) {
		size_t count;
		if (log_read(answers->reader, answers->records, RECORDS_PER_READ, LOOK_MS,
			    &count) != 0) {
			atomic_store(&answers->has_failed, true);
			return;
		}
		if (count == 0)
			continue;
		int64_t at_ns = now_ns();
		monitor_enter(crowd->monitor);
		for (size_t i = 0; i < count; i++) {
			struct id id;
			if (command_id_find(answers->records[i].value, &id))
				outcome_take(crowd, &id, at_ns);
		}
		monitor_wake(crowd->monitor);
		monitor_leave(crowd->monitor);
	}
}

/* Inside the monitor: a batch of each client that has its answers, as far as one send takes them.
 */
static size_t batches_make(struct connection *connection)
{
	struct crowd *crowd = connection->crowd;
	int batch = crowd->bench->options->batch;
	for (int i = connection->first; i < connection->first + connection->count; i++) {
		struct client *client = &crowd->clients[i];
		if (client->is_waiting || connection->sender.count + (size_t)batch > SEND_RECORDS)
			continue;
		client->sent_ns = now_ns();
		sender_add(&connection->sender, connection->shard, make_transfer, 0, batch);
		client->last = connection->sender.ids.last;
		client->is_waiting = true;
		int *slot = slot_of(crowd, &client->last);
		client->next_of_slot = *slot;
		*slot = i;
		crowd->waiting++;
	}
	return connection->sender.count;
}

static void connection_main(void *context)
{
	struct connection *connection = context;
	struct crowd *crowd = connection->crowd;
	while (atomic_load(&crowd->is_sending)) {
		monitor_enter(crowd->monitor);
		size_t count = batches_make(connection);
		if (count == 0)
			monitor_wait_ms(crowd->monitor, LOOK_MS);
		monitor_leave(crowd->monitor);
		if (count > 0 &&
			sender_flush(&connection->sender, connection->shard, LOG_COMMANDS) != 0) {
			atomic_store(&connection->has_failed, true);
			return;
		}
	}
}

static int crowd_open(struct crowd *crowd, struct fault *fault)
{
	const struct options *options = crowd->bench->options;
	struct log_config config = options_log_config(options, LOG_USE);
	int error = log_open(&crowd->log, &config, fault);
	for (uint32_t shard = 0; shard < crowd->bench->keys.shards && !error; shard++) {
		struct answers *answers = &crowd->answers[shard];
		int64_t end;
		error = log_end(crowd->log, shard, LOG_EVENTS, &end, fault);
		if (!error)
			error = log_reader_open(crowd->log, shard, LOG_EVENTS, end,
				&answers->reader, &answers->fault);
		if (error && fault->code == 0)
			*fault = answers->fault;
	}
	for (int i = 0; i < crowd->connection_count && !error; i++) {
		struct connection *connection = &crowd->connections[i];
		error = sender_open(&connection->sender, &crowd->bench->keys, crowd->log);
		if (error)
			*fault = connection->sender.fault;
	}
	return error;
}

static void crowd_new(struct crowd *crowd, struct bench *bench)
{
	const struct options *options = bench->options;
	int most = options_is_embedded(options) ? CONNECTIONS_EMBEDDED_MAX : CONNECTIONS_KAFKA_MAX;
	int connections = options->clients < most ? options->clients : most;
	uint32_t shards = bench->keys.shards;
	crowd->bench = bench;
	crowd->monitor = monitor_new();
	crowd->connection_count = connections;
	crowd->connections = calloc((size_t)connections, sizeof *crowd->connections);
	crowd->answers = calloc(shards, sizeof *crowd->answers);
	crowd->clients = calloc((size_t)options->clients, sizeof *crowd->clients);
	assert(crowd->connections && crowd->answers && crowd->clients);
	for (int i = 0; i < SLOTS; i++)
		crowd->slots[i] = NO_CLIENT;
	for (int i = 0; i < connections; i++) {
		struct connection *connection = &crowd->connections[i];
		connection->crowd = crowd;
		connection->shard = (uint32_t)i % shards;
		connection->first = i * options->clients / connections;
		connection->count = (i + 1) * options->clients / connections - connection->first;
	}
	for (uint32_t i = 0; i < shards; i++) {
		crowd->answers[i].crowd = crowd;
		crowd->answers[i].records =
			calloc(RECORDS_PER_READ, sizeof *crowd->answers[i].records);
		assert(crowd->answers[i].records);
	}
}

static void crowd_free(struct crowd *crowd)
{
	for (int i = 0; i < crowd->connection_count; i++)
		sender_close(&crowd->connections[i].sender);
	for (uint32_t i = 0; i < crowd->bench->keys.shards; i++) {
		log_reader_close(crowd->answers[i].reader);
		free(crowd->answers[i].records);
	}
	log_close(crowd->log);
	monitor_free(crowd->monitor);
	free(crowd->connections);
	free(crowd->answers);
	free(crowd->clients);
}

static void crowd_start(struct crowd *crowd)
{
	atomic_store(&crowd->is_sending, true);
	atomic_store(&crowd->is_reading, true);
	for (uint32_t i = 0; i < crowd->bench->keys.shards; i++) {
		struct answers *answers = &crowd->answers[i];
		answers->thread = thread_start("answer", i, answers_main, answers);
		assert(answers->thread);
	}
	for (int i = 0; i < crowd->connection_count; i++) {
		struct connection *connection = &crowd->connections[i];
		connection->thread = thread_start("send", (uint32_t)i, connection_main, connection);
		assert(connection->thread);
	}
}

/* False: somebody could not send or read; said. */
static bool crowd_is_well(const struct crowd *crowd)
{
	for (int i = 0; i < crowd->connection_count; i++)
		if (atomic_load(&crowd->connections[i].has_failed)) {
			(void)fault_exit(&crowd->connections[i].sender.fault);
			return false;
		}
	for (uint32_t i = 0; i < crowd->bench->keys.shards; i++)
		if (atomic_load(&crowd->answers[i].has_failed)) {
			(void)fault_exit(&crowd->answers[i].fault);
			return false;
		}
	return true;
}

static int waiting(struct crowd *crowd)
{
	monitor_enter(crowd->monitor);
	int count = crowd->waiting;
	monitor_leave(crowd->monitor);
	return count;
}

/* Sends for the seconds asked for, and goes on until all is answered. */
static bool crowd_run(struct crowd *crowd, struct owners *owners)
{
	struct watch watch;
	watch_begin(&watch, owners, crowd->bench->progress, "clients");
	int64_t until_ns = now_ns() + (int64_t)crowd->bench->options->seconds * 1000000000;
	bool is_well = true;
	while (is_well && now_ns() < until_ns)
		is_well = crowd_is_well(crowd) && watch_step(&watch);
	atomic_store(&crowd->is_sending, false);
	for (int i = 0; i < crowd->connection_count; i++)
		thread_join(crowd->connections[i].thread);
	while (is_well && waiting(crowd) > 0)
		is_well = crowd_is_well(crowd) && watch_step(&watch);
	atomic_store(&crowd->is_reading, false);
	for (uint32_t i = 0; i < crowd->bench->keys.shards; i++)
		thread_join(crowd->answers[i].thread);
	watch_end(&watch);
	return is_well;
}

static void crowd_report(struct crowd *crowd, int64_t begun_ns)
{
	const struct options *options = crowd->bench->options;
	const struct histogram *latency = &crowd->latency;
	struct report *report = &crowd->bench->report;
	int64_t transfers = crowd->batches * options->batch;
	double rate = per_second(transfers, crowd->last_ns - begun_ns);
	report_line(report, "clients",
		"%d, each with one batch of %d under way, over %d connections: %.0f transfers/s",
		options->clients, options->batch, crowd->connection_count, rate);
	report_line(report, "", "from client to answer p50 %.2f, p99 %.2f, max %.2f ms a batch",
		histogram_ms(latency, 0.5), histogram_ms(latency, 0.99), histogram_ms(latency, 1));
	report_number(report, "clients", options->clients, 0);
	report_number(report, "batch", options->batch, 0);
	report_number(report, "connections", crowd->connection_count, 0);
	report_number(report, "answered_per_s", rate, 0);
	report_number(report, "client_p50_ms", histogram_ms(latency, 0.5), 3);
	report_number(report, "client_p99_ms", histogram_ms(latency, 0.99), 3);
	report_number(report, "client_max_ms", histogram_ms(latency, 1), 3);
	crowd->bench->transfers_sent += transfers;
}

int bench_clients(struct bench *bench, struct owners *owners)
{
	struct crowd *crowd = calloc(1, sizeof *crowd);
	assert(crowd);
	crowd_new(crowd, bench);
	int exit_code = EXIT_DONE;
	if (crowd_open(crowd, &bench->fault) != 0) {
		exit_code = fault_exit(&bench->fault);
	} else {
		int64_t begun_ns = now_ns();
		crowd_start(crowd);
		exit_code = crowd_run(crowd, owners) ? EXIT_DONE : EXIT_FAULT;
		if (exit_code == EXIT_DONE)
			crowd_report(crowd, begun_ns);
	}
	crowd_free(crowd);
	free(crowd);
	return exit_code;
}
