/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/courier.h"

#include "shard/internal.h"

#include <assert.h>
#include <stdlib.h>

struct courier {
	struct shard *shard;
	struct thread *thread; /* NULL: nothing was given yet */
	struct monitor *monitor;
	struct cargo *cargo; /* the thread's, while it is on its way */
	bool is_on_its_way, is_stopping;
	struct fault fault; /* the sender's sink */
};

/* --- Cargo --- */

bool cargo_has_room(const struct cargo *cargo)
{
	return cargo->count < CARGO_RECORDS_MAX &&
	       cargo->used + COMMAND_SIZE_MAX <= CARGO_BYTES_MAX;
}

static struct parcel *parcel_of(struct cargo *cargo, uint32_t to)
{
	size_t count = cargo->parcel_count;
	if (count > 0 && cargo->parcels[count - 1].shard == to)
		return &cargo->parcels[count - 1];
	cargo->parcels[count] = (struct parcel){ .shard = to, .first = cargo->count };
	cargo->parcel_count++;
	return &cargo->parcels[count];
}

void cargo_add(struct cargo *cargo, struct codec *codec, uint32_t to, const struct command *command)
{
	assert(cargo_has_room(cargo));
	uint8_t *value = cargo->bytes + cargo->used;
	size_t size = command_encode(codec, command, value, CARGO_BYTES_MAX - cargo->used);
	uint8_t *key = value + size;
	memcpy(key, command->party.at, command->party.size);
	parcel_of(cargo, to)->count++;
	cargo->entries[cargo->count++] = (struct log_entry){
		.key = { key, command->party.size },
		.value = { value, size },
	};
	cargo->used += size + command->party.size;
}

void cargo_empty(struct cargo *cargo)
{
	cargo->count = cargo->used = cargo->parcel_count = 0;
}

/* --- The thread --- */

/* Then the next life sends it: nobody waits for one topic after the other to take nothing. */
static bool is_to_stop(struct courier *courier)
{
	monitor_enter(courier->monitor);
	bool is_stopping = courier->is_stopping;
	monitor_leave(courier->monitor);
	return is_stopping;
}

static bool parcel_send(
	struct courier *courier, struct log_sender **sender, const struct parcel *parcel)
{
	const struct log_entry *entries = courier->cargo->entries + parcel->first;
	if (is_to_stop(courier))
		return false;
	fault_clear(&courier->fault);
	int error =
		*sender ? 0 : log_sender_open(courier->shard->config.log, sender, &courier->fault);
	if (!error)
		error = log_send(*sender, parcel->shard, LOG_INTERNAL, entries, parcel->count);
	return error == 0;
}

/* The text of the last trouble stays, whatever is sent after it. */
static void cargo_send(struct courier *courier, struct log_sender **sender)
{
	struct cargo *cargo = courier->cargo;
	struct fault trouble = { 0 };
	for (size_t i = 0; i < cargo->parcel_count; i++) {
		cargo->parcels[i].has_failed = !parcel_send(courier, sender, &cargo->parcels[i]);
		if (cargo->parcels[i].has_failed)
			trouble = courier->fault;
	}
	courier->fault = trouble;
}

static void courier_main(void *context)
{
	struct courier *courier = context;
	struct log_sender *sender = NULL;
	monitor_enter(courier->monitor);
	for (;;) {
		while (!courier->is_on_its_way && !courier->is_stopping)
			monitor_wait(courier->monitor);
		if (courier->is_stopping)
			break;
		monitor_leave(courier->monitor);
		cargo_send(courier, &sender);
		monitor_enter(courier->monitor);
		courier->is_on_its_way = false;
		bell_ring(courier->shard->bell);
	}
	monitor_leave(courier->monitor);
	log_sender_close(sender);
}

/* --- What the relay calls --- */

struct courier *courier_new(struct shard *shard)
{
	struct courier *courier = calloc(1, sizeof *courier);
	assert(courier);
	courier->shard = shard;
	courier->monitor = monitor_new();
	return courier;
}

static void cargo_free(struct cargo *cargo)
{
	if (cargo)
		free(cargo->parcels);
	free(cargo);
}

void courier_free(struct courier *courier)
{
	assert(!courier->thread);
	monitor_free(courier->monitor);
	cargo_free(courier->cargo);
	free(courier);
}

struct cargo *courier_cargo(struct courier *courier)
{
	monitor_enter(courier->monitor);
	bool is_on_its_way = courier->is_on_its_way;
	monitor_leave(courier->monitor);
	if (is_on_its_way)
		return NULL;
	if (courier->cargo)
		return courier->cargo;
	courier->cargo = malloc(sizeof *courier->cargo);
	assert(courier->cargo);
	courier->cargo->parcels =
		calloc(log_shards(courier->shard->config.log), sizeof(struct parcel));
	assert(courier->cargo->parcels);
	cargo_empty(courier->cargo);
	return courier->cargo;
}

const char *courier_trouble(const struct courier *courier)
{
	return courier->fault.text;
}

int courier_give(struct courier *courier)
{
	struct shard *shard = courier->shard;
	if (!courier->thread)
		courier->thread = thread_start("relay", shard->config.shard, courier_main, courier);
	if (!courier->thread)
		return FAULT(&shard->fault, FAULT_IO, "no thread for the relay");
	monitor_enter(courier->monitor);
	courier->is_on_its_way = true;
	monitor_wake(courier->monitor);
	monitor_leave(courier->monitor);
	return 0;
}

void courier_stop(struct courier *courier)
{
	if (courier->thread)
		thread_stop(&courier->thread, courier->monitor, &courier->is_stopping);
	courier->is_on_its_way = courier->is_stopping = false;
	if (courier->cargo)
		cargo_empty(courier->cargo);
}
