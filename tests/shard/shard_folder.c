/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner does when its state folder, or its log, is not what it left: a folder is rebuilt or
 * refused, a log that lost or changed events stops it, and then nothing is changed. */
#include "shard_fixture.h"

#include "shard/position.h"

#include <stdio.h>
#include <sys/stat.h>

static struct hash digest_of(struct rig *rig, const char *folder)
{
	char path[PATH_SIZE];
	struct store *store;
	struct hash digest;
	rig_path(rig, folder, path);
	assert_int_equal(store_open(&store, path, STORE_READ, 1 << 20, &rig->fault), 0);
	assert_int_equal(store_digest(store, &digest, &rig->fault), 0);
	store_close(store);
	return digest;
}

/* It stops with this; the folder is not changed, and the log holds at most so many marks more. */
static void stops_after_marks(
	struct rig *rig, const char *folder, int error, const char *text, int64_t marks)
{
	bool has_folder = folder != NULL;
	struct hash before = { { 0 } }, after;
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	if (has_folder)
		before = digest_of(rig, folder);
	struct owner *owner = owner_new(rig, 0, has_folder ? folder : "fresh");
	owner_start(owner);
	owner_ends_saying(owner, error, text);
	assert_int_equal(rig_end(rig, 0, LOG_EVENTS), end + marks);
	if (!has_folder)
		return;
	after = digest_of(rig, folder);
	assert_memory_equal(before.at, after.at, HASH_SIZE);
}

static void stops(struct rig *rig, const char *folder, int error, const char *text)
{
	stops_after_marks(rig, folder, error, text, 0);
}

/* --- Folders --- */

static void test_an_older_copy_catches_up(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("older");
	char path[PATH_SIZE], copy[PATH_SIZE];
	rig_path(rig, "state", path);
	rig_path(rig, "copy", copy);
	folder_copy(path, copy);
	for (int i = 0; i < 3; i++)
		rig_goes_on(rig);
	folder_copy(copy, path);
	rig_goes_on(rig);
	rig_close(rig);
}

static void test_a_missing_folder_is_rebuilt(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("missing");
	char path[PATH_SIZE];
	rig_path(rig, "state", path);
	folder_remove(path);
	rig_goes_on(rig);
	folder_remove(path);
	assert_int_equal(mkdir(path, 0700), 0);
	rig_goes_on(rig);
	rig_close(rig);
}

static void test_a_folder_of_another_ledger_or_shard_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("mine"), *other = rig_open("others", 2);
	char path[PATH_SIZE], taken[PATH_SIZE];

	/* Another ledger. */
	struct rig *third = rig_open_past("third", 1, 1000);
	struct hash before = digest_of(rig, "state");
	rig_path(rig, "state", path);
	rig_path(third, "taken", taken);
	folder_copy(path, taken);
	stops(third, "taken", FAULT_SETTINGS, NULL);
	rig_close(third);

	/* The same ledger, its other shard. */
	rig_send_traffic(other, 0, 100);
	rig_send_traffic(other, 1, 100);
	rig_run(other, 1, "one");
	stops(other, "one", FAULT_SETTINGS, "of another ledger");
	(void)rig_audit(other, 1, "one");
	rig_close(other);

	struct hash after = digest_of(rig, "state");
	assert_memory_equal(before.at, after.at, HASH_SIZE);
	rig_close(rig);
}

/* A start that comes to nothing leaves nothing to the next one, which finds another store. */
static void test_a_start_forgets_the_one_before(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("again");
	struct replica replica;
	struct store *store;
	char path[PATH_SIZE];
	rig_path(rig, "state", path);
	assert_int_equal(replica_init(&replica, 0, STATE_MEMORY_MIN, &rig->fault), 0);
	assert_int_equal(store_open(&store, path, STORE_OWN, 1 << 20, &rig->fault), 0);
	assert_int_equal(replica_start(&replica, store, true), 0);
	assert_true(replica.must_confirm && replica_start_offset(&replica) > 0);
	assert_int_equal(replica_start(&replica, NULL, false), 0);
	assert_false(replica.must_confirm || replica_start_offset(&replica) > 0);
	store_close(store);
	replica_deinit(&replica);
	rig_close(rig);
}

/* A row that the store's checksums have nothing against, and that nobody wrote. */
static void row_damage(struct rig *rig, struct bytes key, struct bytes value)
{
	char path[PATH_SIZE];
	struct store *store;
	struct store_row row = { key, value };
	rig_path(rig, "state", path);
	assert_int_equal(store_open(&store, path, STORE_OWN, 1 << 20, &rig->fault), 0);
	assert_int_equal(store_ingest(store, &row, 1, NULL, 0, &rig->fault), 0);
	store_close(store);
}

/* A payment, and the end of a hold, that look at what was damaged. */
static void look_send(struct rig *rig)
{
	struct workload *workload = &rig->workloads[0];
	struct text64 *party = &workload->members[0];
	struct command command =
		workload_command(workload, COMMAND_transfer_create, party, host_ms());
	command.transfer_create = (struct command_transfer_create){
		.from_account = workload_account(party, "main"),
		.to_account = workload_account(&workload->members[1], "main"),
		.amount = { amount_of(1), CURRENCY_USD, .is_absent = false },
	};
	rig_send_command(rig, 0, &command);
	command = workload_command(
		workload, COMMAND_hold_release, &workload->hold_parties[0], host_ms());
	command.hold_release.hold_id.id = workload->holds[0];
	rig_send_command(rig, 0, &command);
}

static void test_a_damaged_row_is_rebuilt(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("row");
	static uint8_t bytes[POSITION_SIZE] = { STORE_FORMAT };
	memset(bytes + 2, 0xff, sizeof bytes - 2);
	struct account_id main_id = workload_account(&rig->workloads[0].members[0], "main");
	uint8_t account[1 + ACCOUNT_ID_SIZE_MAX] = { TABLE_account }, hold[17] = { TABLE_hold };
	memcpy(account + 1, main_id.at, main_id.size);
	memcpy(hold + 1, rig->workloads[0].holds[0].at, 16);
	struct bytes account_key = { account, 1u + main_id.size };
	static const uint8_t position[1] = { TABLE_position }, ledger[1] = { TABLE_ledger },
			     last_id[3] = { TABLE_command_row, 0xff, 0xff },
			     last_id_long[150] = { TABLE_command_row, 0xff, 0xff },
			     timer[3] = { TABLE_timer, 0, 1 };
	/* As the version before wrote it, and as a later one may: an upgrade, and back. */
	static const uint8_t older[266] = { STORE_FORMAT - 1 },
			     newer[POSITION_SIZE] = { STORE_FORMAT + 1 };
	const struct store_row rows[] = {
		{ { position, 1 }, { older, sizeof older } },
		{ { position, 1 }, { newer, sizeof newer } },
		{ { position, 1 }, { bytes, POSITION_SIZE } },
		{ { position, 1 }, { bytes, 7 } },
		{ { ledger, 1 }, { bytes, 3 } },
		{ { last_id, sizeof last_id }, { bytes, 35 } },
		{ { last_id_long, sizeof last_id_long }, { bytes, 35 } },
		{ { timer, sizeof timer }, { bytes, 1 } },
		{ account_key, { bytes, 3 } },
		{ account_key, { bytes, 52 } },
		{ account_key, { bytes, sizeof bytes } },
		{ { hold, sizeof hold }, { bytes, 40 } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		row_damage(rig, rows[i].key, rows[i].value);
		struct owner *owner = owner_new(rig, 0, "state");
		look_send(rig);
		owner_start(owner);
		rig_wait_answered(rig, 0);
		if (!owner_said(owner, "rebuilt from the log"))
			fail_msg("damaged row %zu was not noticed", i);
		owner_stop(owner);
	}
	rig_goes_on(rig);
	rig_close(rig);
}

/* Rows that are made from src/state/rows end the build when their layout changes and its number
 * does not. This one is packed by hand. */
static void test_the_position_row_is_pinned(void **state)
{
	(void)state;
	static struct position position;
	uint8_t packed[POSITION_SIZE], byte = 0;
	uint8_t *at = (uint8_t *)&position.head.input_trail;
	for (size_t i = 0; i < sizeof position.head.input_trail; i++)
		at[i] = ++byte;
	position.place = (struct place){ 0x0102, 0x0304, 0x0506, { { 7, 8, 9 } } };
	position.head.engine_time_ms = 0x0708;
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		position.head.input_next[topic] = 0x0900 + topic;
	position.head.timers_fired = 0x0a;
	position.head.timers_topic = TOPIC_rails;
	position.head.command_ids_from_ms = 0x0b0c;
	position.head.command_ids_gone_ms = 0x0d0e;
	position.head.command_id_max_ms = 0x0f10;
	position.head.command_ids_due_ms = 0x1112;
	struct hash hash = hash_of((struct bytes){ packed, position_pack(&position, packed) });
	static const uint8_t pinned[8] = { 0x29, 0x5a, 0x80, 0x45, 0xc3, 0x99, 0xd2, 0x40 };
	if (memcmp(hash.at, pinned, sizeof pinned) != 0)
		fail_msg("the position row of format %d has other bytes: count it in "
			 "POSITION_CHANGES, so that stores of before are rebuilt, and pin it: %02x "
			 "%02x %02x %02x "
			 "%02x %02x %02x %02x",
			STORE_FORMAT, hash.at[0], hash.at[1], hash.at[2], hash.at[3], hash.at[4],
			hash.at[5], hash.at[6], hash.at[7]);
}

/* --- Logs --- */

static void test_a_log_cut_below_the_checkpoint_stops(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("cut");
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	/* Just the checkpoint's own event is gone. An apparent end may be stale, so it takes a mark
	 * that was read back to know; the next start finds that mark in the event's place. */
	simulated_truncate(rig->url, 0, LOG_EVENTS, end - 1);
	stops_after_marks(rig, "state", FAULT_LOG, "the log lost or changed verified events", 1);
	stops(rig, "state", FAULT_LOG, "the log lost or changed verified events");
	simulated_truncate(rig->url, 0, LOG_EVENTS, end - 300);
	stops(rig, "state", FAULT_LOG, NULL);

	/* Somebody without a state goes on after the cut: the one with the state still knows. */
	rig_run(rig, 0, "unknowing");
	rig_send_traffic(rig, 0, 500);
	rig_run(rig, 0, "unknowing");
	(void)rig_audit(rig, 0, "unknowing");
	stops(rig, "state", FAULT_LOG, "the log lost or changed verified events");
	simulated_truncate(rig->url, 0, LOG_EVENTS, 0);
	stops(rig, "state", FAULT_LOG, NULL);
	rig_close(rig);
}

/* A store that has to be thrown away takes its place along: what the log lost is known all the
 * same, at every start, also once somebody else went on with it. */
static void testament_refuses(struct rig *rig, int starts)
{
	for (int i = 0; i < starts; i++) {
		struct owner *owner = owner_new(rig, 0, "state");
		owner_start(owner);
		owner_ends_saying(owner, FAULT_LOG, "the testament of a store");
	}
}

static void test_a_store_thrown_away_still_knows_the_log(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("testament");
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	char path[PATH_SIZE], name[2 * PATH_SIZE];
	rig_path(rig, "state", path);
	(void)snprintf(name, sizeof name, "%s/CURRENT", path);
	simulated_truncate(rig->url, 0, LOG_EVENTS, end - 300);
	file_harm(name, HARM_CUT);
	testament_refuses(rig, 2);
	/* The rebuilt one, too, and where nothing is left of it. */
	file_harm(name, HARM_EMPTY);
	testament_refuses(rig, 2);
	rig_run(rig, 0, "unknowing");
	rig_send_traffic(rig, 0, 500);
	rig_run(rig, 0, "unknowing");
	testament_refuses(rig, 1);
	/* The testament itself is damaged: nothing tells whether the log is whole. */
	file_harm(name, HARM_CUT);
	(void)snprintf(name, sizeof name, "%s/testament", path);
	file_harm(name, HARM_ALL_OVER);
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_ends_saying(owner, FAULT_SETTINGS, "its testament is damaged");
	rig_close(rig);
}

/* A store of an older version has no testament; its position tells. */
static void test_a_store_of_an_older_format_still_knows_the_log(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("format");
	static const uint8_t key[1] = { TABLE_position };
	const struct bytes keys[1] = { { key, 1 } };
	char path[PATH_SIZE], name[2 * PATH_SIZE];
	uint8_t older[POSITION_SIZE];
	struct bytes position;
	struct store *store;
	rig_path(rig, "state", path);
	assert_int_equal(store_open(&store, path, STORE_OWN, 1 << 20, &rig->fault), 0);
	assert_int_equal(store_get_many(store, keys, 1, &position, &rig->fault), 0);
	assert_int_equal(position.size, sizeof older);
	memcpy(older, position.at, sizeof older);
	older[0] = STORE_FORMAT - 1;
	struct store_row row = { keys[0], { older, sizeof older - 8 } };
	assert_int_equal(store_ingest(store, &row, 1, NULL, 0, &rig->fault), 0);
	store_close(store);
	(void)snprintf(name, sizeof name, "%s/testament", path);
	assert_int_equal(unlink(name), 0);
	simulated_truncate(rig->url, 0, LOG_EVENTS, rig_end(rig, 0, LOG_EVENTS) - 300);
	testament_refuses(rig, 2);
	rig_close(rig);
}

static void test_a_changed_record_is_found(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("changed");
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	static const size_t from_end[] = { 300, 1 };
	for (size_t i = 0; i < 2; i++) {
		const struct log_record *record = &events.at[events.count - from_end[i]];
		uint8_t value[EVENT_SIZE_MAX];
		struct link link;
		struct event event = rig_event(rig, record, &link);
		event.engine_time_ms++;
		struct bytes changed = { value, event_encode(rig->codec, &event, &link, value) };
		simulated_change(rig->url, 0, LOG_EVENTS, record->offset, changed);
		if (i == 0) { /* in the middle: whoever reads it all */
			stops(rig, NULL, FAULT_LOG, "does not extend the chain");
			char path[PATH_SIZE];
			rig_path(rig, "fresh", path);
			folder_remove(path);
		} else { /* where the checkpoint stands: whoever starts */
			stops(rig, "state", FAULT_LOG, "changed verified events");
		}
		simulated_change(rig->url, 0, LOG_EVENTS, record->offset, record->value);
	}
	records_free(&events);
	rig_goes_on(rig);
	rig_close(rig);
}

/* What comes next in the chain, with an outcome of number 99. */
static void future_put(struct rig *rig)
{
	struct chain chain = rig_chain(rig, 0);
	struct link link = chain_next(&chain, 0);
	struct event event = {
		.kind = EVENT_ticked,
		.sequence = link.sequence,
		.engine_time_ms = host_ms(),
		.topic = TOPIC_internal,
	};
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = event_encode(rig->codec, &event, &link, value);
	/* It ends with ticked: field 18, empty. Here is field 99. */
	assert_memory_equal(value + size - 3, "\x92\x01\x00", 3);
	static const uint8_t field_99[] = { 0x9a, 0x06, 0x00 };
	memcpy(value + size - 3, field_99, sizeof field_99);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
}

static void noise_put(struct rig *rig)
{
	struct bytes noise = { (const uint8_t *)"\xff\xff", 2 };
	simulated_put(rig->url, 0, LOG_EVENTS, noise);
}

/* Whether it stands there when an owner starts, or comes while one is live. */
static void stops_at(struct rig *rig, void (*put)(struct rig *rig), const char *text)
{
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	put(rig);
	stops(rig, "state", FAULT_LOG, text);
	stops(rig, NULL, FAULT_LOG, text);
	simulated_truncate(rig->url, 0, LOG_EVENTS, end);

	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_wait_live(owner);
	put(rig);
	rig_send_traffic(rig, 0, 10);
	owner_ends_saying(owner, FAULT_LOG, text);
}

static void test_an_event_from_the_future_stops(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("future");
	stops_at(rig, future_put, "use a newer one");
	rig_close(rig);
}

static void test_garbage_on_the_event_stream_stops(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("noise");
	stops_at(rig, noise_put, "is no event");
	rig_close(rig);
}

static void test_a_mark_of_the_last_term_stops(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("last");
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	struct link link = { .is_mark = true, .term = INT64_MAX, .incarnation = { { 2 } } };
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = mark_encode(rig->codec, &link, value);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
	stops(rig, "state", FAULT_LOG, "no term above");
	simulated_truncate(rig->url, 0, LOG_EVENTS, end);
	rig_goes_on(rig);
	rig_close(rig);
}

static const struct id own_ledger = { { 7 } };

static void init_makes_its_own(struct rig *rig)
{
	struct owner *owner = owner_new(rig, 0, "state");
	struct id made, seen;
	assert_int_equal(shard_init_ledger(owner->shard, &own_ledger, &made), 0);
	assert_true(id_equal(&own_ledger, &made));
	owner_ends(owner, 0);
	assert_int_equal(shard_ledger_id(rig->log, 0, &seen, &rig->fault), 0);
	assert_true(id_equal(&own_ledger, &seen));
}

/* A ledger half made, then made by another call under another id; what the first one still had
 * under way stands before the event that counts. */
static void test_a_stray_first_event_is_not_the_ledgers(void **state)
{
	(void)state;
	struct rig *rig = rig_open_past("stray", 1, 1000);
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	assert_int_equal(events.count, 2);
	simulated_truncate(rig->url, 0, LOG_EVENTS, 1);
	struct link link = { .is_mark = true, .term = 2, .incarnation = { { 2 } } };
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = mark_encode(rig->codec, &link, value);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
	simulated_put(rig->url, 0, LOG_EVENTS, events.at[1].value);
	records_free(&events);

	init_makes_its_own(rig);
	rig_send_traffic(rig, 0, 100);
	rig_run(rig, 0, "state");
	rig_run(rig, 0, "state");
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* As a broker that has just begun: it fails, then the answer of the ledger's first event is lost.
 */
static void test_a_slow_broker_does_not_end_init(void **state)
{
	(void)state;
	struct rig *rig = rig_open_past("slow_init", 1, 1000);
	simulated_truncate(rig->url, 0, LOG_EVENTS, 0);
	simulated_plan(
		rig->url, (struct simulated_plan){ SIMULATED_FENCE, SIMULATED_FAIL, 1, 2, 0, 0 });
	simulated_plan(
		rig->url, (struct simulated_plan){ SIMULATED_APPEND, SIMULATED_TEAR, 2, 1, 9, 0 });
	init_makes_its_own(rig);

	/* Not for ever: a log that fails each time is given up. */
	struct owner *owner = owner_new(rig, 0, "other");
	struct id made;
	simulated_plan(
		rig->url, (struct simulated_plan){ SIMULATED_FENCE, SIMULATED_FAIL, 1, 999, 0, 0 });
	uint64_t calls = simulated_calls(rig->url, SIMULATED_FENCE);
	assert_int_equal(shard_init_ledger(owner->shard, &own_ledger, &made), FAULT_IO);
	assert_in_range(simulated_calls(rig->url, SIMULATED_FENCE) - calls, 2, 20);
	owner_ends(owner, 0);
	rig_close(rig);
}

static void test_a_ledger_of_another_format_stops(void **state)
{
	(void)state;
	struct rig *rig = rig_open_past("newer", 1, 1000);
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	struct event event;
	struct link link;
	assert_int_equal(event_decode(rig->codec, events.at[1].value, &event, &link), DECODE_OK);
	records_free(&events);
	for (uint32_t format = LEDGER_FORMAT - 1; format <= LEDGER_FORMAT + 1; format += 2) {
		uint8_t value[EVENT_SIZE_MAX];
		event.ledger_opened.format = format;
		size_t size = event_encode(rig->codec, &event, &link, value);
		simulated_truncate(rig->url, 0, LOG_EVENTS, 1);
		simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
		stops(rig, NULL, FAULT_SETTINGS,
			format < LEDGER_FORMAT ? "the older one that made it" : "a newer one");
	}
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_older_copy_catches_up),
		cmocka_unit_test(test_a_slow_broker_does_not_end_init),
		cmocka_unit_test(test_a_ledger_of_another_format_stops),
		cmocka_unit_test(test_a_missing_folder_is_rebuilt),
		cmocka_unit_test(test_a_folder_of_another_ledger_or_shard_is_refused),
		cmocka_unit_test(test_a_start_forgets_the_one_before),
		cmocka_unit_test(test_a_damaged_row_is_rebuilt),
		cmocka_unit_test(test_the_position_row_is_pinned),
		cmocka_unit_test(test_a_log_cut_below_the_checkpoint_stops),
		cmocka_unit_test(test_a_store_thrown_away_still_knows_the_log),
		cmocka_unit_test(test_a_store_of_an_older_format_still_knows_the_log),
		cmocka_unit_test(test_a_changed_record_is_found),
		cmocka_unit_test(test_an_event_from_the_future_stops),
		cmocka_unit_test(test_garbage_on_the_event_stream_stops),
		cmocka_unit_test(test_a_mark_of_the_last_term_stops),
		cmocka_unit_test(test_a_stray_first_event_is_not_the_ledgers),
	};
	return cmocka_run_group_tests_name("shard_folder", tests, NULL, NULL);
}
