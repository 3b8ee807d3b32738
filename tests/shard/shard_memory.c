/* SPDX-License-Identifier: Apache-2.0 */
/* State many times larger than memory: the least there may be, and many accounts, transfers and
 * holds at random. The auditor decides it all again with ample memory: the answers are the same. */
#include "shard_fixture.h"

#include <stdio.h>

enum {
	ACCOUNTS = 200000,
	PARTIES = 1000,
	PAYMENTS = 60000,
	COMMANDS_PER_SEND = 1000,
	PARTY_ACCOUNTS = ACCOUNTS / PARTIES,
};

struct sending {
	struct rig *rig;
	struct work *works; /* COMMANDS_PER_SEND of them */
	size_t count;
	struct id holds[4096];
	unsigned hold_parties[4096];
	size_t hold_count;
};

static void flush(struct sending *sending)
{
	static struct log_entry entries[COMMANDS_PER_SEND];
	if (sending->count == 0)
		return;
	for (size_t i = 0; i < sending->count; i++)
		entries[i] = (struct log_entry){
			.value = { sending->works[i].value, sending->works[i].size },
		};
	assert_int_equal(log_send(sending->rig->sender, 0, sending->works[0].stream, entries,
				 sending->count),
		0);
	sending->count = 0;
}

static void add(struct sending *sending, const struct command *command)
{
	work_encode(&sending->rig->workloads[0], command, &sending->works[sending->count]);
	if (++sending->count == COMMANDS_PER_SEND)
		flush(sending);
}

static struct text64 party(unsigned n)
{
	char name[16];
	struct text64 text = { 0 };
	(void)snprintf(name, sizeof name, "p%u", n);
	text64_set(&text, name, strlen(name));
	return text;
}

static struct account_id account(unsigned n)
{
	char name[16];
	struct text64 owner = party(n / PARTY_ACCOUNTS);
	(void)snprintf(name, sizeof name, "a%u", n % PARTY_ACCOUNTS);
	return workload_account(&owner, name);
}

static struct money dollars(int64_t minor)
{
	return (struct money){ amount_of(minor), CURRENCY_USD, .is_absent = false };
}

static struct command command_of(struct sending *sending, enum command_kind kind, unsigned n)
{
	struct text64 owner = party(n / PARTY_ACCOUNTS);
	return workload_command(&sending->rig->workloads[0], kind, &owner, host_ms());
}

static void open_all(struct sending *sending)
{
	for (unsigned n = 0; n < PARTIES; n++) {
		struct command command =
			command_of(sending, COMMAND_party_open, n * PARTY_ACCOUNTS);
		command.party_open.kind = PARTY_KIND_person;
		add(sending, &command);
	}
	for (unsigned n = 0; n < ACCOUNTS; n++) {
		struct command command = command_of(sending, COMMAND_account_open, n);
		command.account_open = (struct command_account_open){
			.account = account(n),
			.currency = CURRENCY_USD,
		};
		add(sending, &command);
	}
	flush(sending);
}

/* A fifth of them has money. */
static void fund(struct sending *sending)
{
	for (unsigned n = 0; n < ACCOUNTS; n += 5) {
		char reference[16];
		struct command command = command_of(sending, COMMAND_funds_receive, n);
		command.funds_receive = (struct command_funds_receive){
			.to_account = account(n),
			.amount = dollars(10000),
			.rail = RAIL_ach,
		};
		text64_set(&command.funds_receive.rail_reference, reference,
			(size_t)snprintf(reference, sizeof reference, "ach-%u", n));
		add(sending, &command);
	}
	flush(sending);
}

static void hold_end(struct sending *sending, struct random *random)
{
	size_t known = sending->hold_count < 4096 ? sending->hold_count : 4096;
	size_t i = random_below(random, known);
	bool captures = random_below(random, 2) == 0;
	struct command command = command_of(sending,
		captures ? COMMAND_hold_capture : COMMAND_hold_release, sending->hold_parties[i]);
	if (captures) {
		command.hold_capture.hold_id.id = sending->holds[i];
		command.hold_capture.amount.is_absent = true;
	} else {
		command.hold_release.hold_id.id = sending->holds[i];
	}
	add(sending, &command);
}

static void pay(struct sending *sending, struct random *random)
{
	unsigned from = 5 * (unsigned)random_below(random, ACCOUNTS / 5);
	unsigned to = (unsigned)random_below(random, ACCOUNTS);
	uint64_t dice = random_below(random, 10);
	if (dice == 0 && sending->hold_count > 0) {
		hold_end(sending, random);
		return;
	}
	struct command command =
		command_of(sending, dice < 3 ? COMMAND_hold_create : COMMAND_transfer_create, from);
	if (dice >= 3) {
		command.transfer_create = (struct command_transfer_create){
			.from_account = account(from),
			.to_account = account(to),
			.amount = dollars(1 + (int64_t)random_below(random, 3000)),
		};
	} else {
		command.hold_create = (struct command_hold_create){
			.from_account = account(from),
			.to_account = account(to),
			.amount = dollars(1 + (int64_t)random_below(random, 3000)),
			.expires_in_s = 1 + (int64_t)random_below(random, 200),
		};
		text64_set(&command.hold_create.reason, "trip", 4);
		sending->holds[sending->hold_count % 4096] = command.id.id;
		sending->hold_parties[sending->hold_count++ % 4096] = from;
	}
	add(sending, &command);
}

/* The rows in memory at any time: no more than it can hold, however many there are. */
static size_t run_small(struct rig *rig, const char *folder)
{
	struct owner *owner = owner_new(rig, 0, folder);
	owner->config.memory_bytes = STATE_MEMORY_MIN;
	owner->config.store_cache_bytes = 4 << 20;
	owner->config.checkpoint_ms = 1000;
	owner_start(owner);
	owner_wait_live(owner); /* a stop meanwhile ends the recovery where it is */
	rig_wait_answered(rig, 0);
	struct shard_status status;
	shard_status(owner->shard, &status);
	assert_int_equal(status.restarts, 0);
	owner_stop(owner);
	return status.rows;
}

/* A tick leaves its id's row, and takes the timers of holds that are due: those aside. */
static int64_t rows_lasting(const struct audit *audit)
{
	return (int64_t)audit->rows - audit->commands + audit->kinds[EVENT_hold_expired];
}

static void test_a_state_larger_than_memory(void **state)
{
	(void)state;
	struct rig *rig = rig_open("memory", 1);
	struct sending *sending = calloc(1, sizeof *sending);
	assert_non_null(sending);
	sending->rig = rig;
	sending->works = calloc(COMMANDS_PER_SEND, sizeof *sending->works);
	assert_non_null(sending->works);
	open_all(sending);
	size_t rows = run_small(rig, "state");
	fund(sending);
	rows += run_small(rig, "state");
	struct random random = { 5 };
	for (int i = 0; i < PAYMENTS / 2; i++)
		pay(sending, &random);
	flush(sending);
	rows += run_small(rig, "state");
	simulated_time_set(rig->url, host_ms() + 120000); /* many holds are due */
	for (int i = 0; i < PAYMENTS / 2; i++)
		pay(sending, &random);
	flush(sending);
	rows += run_small(rig, "state");

	struct audit audit = rig_audit(rig, 0, "state");
	print_message("%zu rows in all, %zu in memory at a time\n", audit.rows, rows / 4);
	assert_true(audit.rows > (size_t)ACCOUNTS * 2);
	assert_true(rows / 4 < audit.rows / 10);
	assert_true(audit.kinds[EVENT_hold_expired] > 1000);
	assert_true(audit.kinds[EVENT_transfer_posted] > PAYMENTS / 10);

	/* All of it again from the log, with checkpoints on the way. On a busy machine it is live
	 * for long enough to send a tick. */
	(void)run_small(rig, "rebuilt");
	struct audit rebuilt = rig_audit(rig, 0, "rebuilt");
	assert_int_equal(rows_lasting(&rebuilt), rows_lasting(&audit));
	free(sending->works);
	free(sending);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_state_larger_than_memory),
	};
	return cmocka_run_group_tests_name("shard_memory", tests, NULL, NULL);
}
