/* SPDX-License-Identifier: Apache-2.0 */
/* The relay between the shards of one ledger: every payment to another shard ends, whatever becomes
 * of what is sent, of its owners, and of the other shard. */
#include "hooked_log.h"

#include "shard/thread.h"

enum {
	PAYERS = 4, /* of each shard */
	FUNDS_MINOR = 1000000,
	PAID_MINOR = 3,
	WINDOW = 16384, /* what the relay has under way at once; tells when it changes */
};

/* --- Payments --- */

static struct command of(struct rig *rig, uint32_t shard, enum command_kind kind, unsigned member)
{
	struct workload *workload = &rig->workloads[shard];
	return workload_command(workload, kind, &workload->members[member], rig_now_ms(rig));
}

static struct money usd(int64_t minor)
{
	return (struct money){ amount_of(minor), CURRENCY_USD, .is_absent = false };
}

static struct account_id main_of(struct rig *rig, uint32_t shard, unsigned member)
{
	return workload_account(&rig->workloads[shard].members[member], "main");
}

static void members_open(struct rig *rig, uint32_t shard)
{
	for (unsigned member = 0; member < PAYERS; member++) {
		struct command command = of(rig, shard, COMMAND_party_open, member);
		command.party_open.kind = PARTY_KIND_person;
		rig_send_command(rig, shard, &command);
		command = of(rig, shard, COMMAND_account_open, member);
		command.account_open.account = main_of(rig, shard, member);
		command.account_open.currency = CURRENCY_USD;
		rig_send_command(rig, shard, &command);
		command = of(rig, shard, COMMAND_funds_receive, member);
		command.funds_receive = (struct command_funds_receive){
			.to_account = main_of(rig, shard, member),
			.amount = usd(FUNDS_MINOR),
			.rail = RAIL_wire,
			.rail_reference = command.party,
		};
		rig_send_command(rig, shard, &command);
	}
}

/* Payers in turn; the last members of a shard have no account. */
static void pay(struct rig *rig, uint32_t from, uint32_t to, unsigned payee, size_t count)
{
	enum { PER_SEND = 256 };
	static struct work works[PER_SEND];
	struct log_entry entries[PER_SEND];
	for (size_t done = 0; done < count;) {
		size_t n = 0;
		for (; n < PER_SEND && done < count; n++, done++) {
			unsigned payer = (unsigned)(done % PAYERS);
			struct command command = of(rig, from, COMMAND_transfer_create, payer);
			command.transfer_create = (struct command_transfer_create){
				.from_account = main_of(rig, from, payer),
				.to_account = main_of(rig, to, payee),
				.amount = usd(PAID_MINOR),
			};
			work_encode(&rig->workloads[from], &command, &works[n]);
			entries[n] =
				(struct log_entry){ .value = { works[n].value, works[n].size } };
		}
		assert_int_equal(log_send(rig->sender, from, LOG_COMMANDS, entries, n), 0);
	}
}

static void pay_somebody(struct rig *rig, uint32_t from, uint32_t to, size_t count)
{
	pay(rig, from, to, 1, count);
}

static void pay_nobody(struct rig *rig, uint32_t from, uint32_t to, size_t count)
{
	pay(rig, from, to, PAYERS, count);
}

/* --- What the events say --- */

struct tally {
	int64_t sent, settled, returned;     /* as the payers' shard */
	int64_t received, refused, repeated; /* as the payees' */
	int64_t confirmed;                   /* the last number */
};

static struct tally tally(struct rig *rig, uint32_t shard)
{
	struct tally tally = { 0 };
	struct records records = rig_records(rig, shard, LOG_EVENTS);
	for (size_t i = 0; i < records.count; i++) {
		struct event event;
		struct link link;
		assert_int_equal(
			event_decode(rig->codec, records.at[i].value, &event, &link), DECODE_OK);
		if (link.is_mark)
			continue;
		tally.sent += event.kind == EVENT_transfer_sent;
		tally.returned += event.kind == EVENT_remittance_returned;
		tally.received += event.kind == EVENT_payment_received;
		tally.refused += event.kind == EVENT_remittance_refused;
		tally.repeated += event.kind == EVENT_remittance_repeated;
		if (event.kind == EVENT_remittance_settled)
			tally.settled += event.effect_count;
		if (event.kind == EVENT_remittance_confirmed)
			tally.confirmed = event.remittance_confirmed.number;
	}
	records_free(&records);
	return tally;
}

/* Until every payment of one shard to another one has ended, and that one knows. */
static void wait_ended(struct rig *rig, uint32_t from, uint32_t to, int64_t count)
{
	int64_t deadline_ms = clock_monotonic_ms() + (int64_t)4 * WAIT_MS;
	struct tally home, away;
	for (;;) {
		home = tally(rig, from);
		away = tally(rig, to);
		if (home.settled + home.returned == count && away.confirmed == count)
			break;
		if (clock_monotonic_ms() > deadline_ms)
			fail_msg("of %lld payments %lld were sent, %lld settled and %lld returned; "
				 "%lld were received and %lld refused, up to %lld confirmed",
				(long long)count, (long long)home.sent, (long long)home.settled,
				(long long)home.returned, (long long)away.received,
				(long long)away.refused, (long long)away.confirmed);
		clock_wait_ms(20);
	}
	assert_int_equal(home.sent, count);
	assert_int_equal(home.settled, away.received);
	assert_int_equal(home.returned, away.refused);
}

static void wait_received(struct rig *rig, uint32_t shard, int64_t count)
{
	int64_t deadline_ms = clock_monotonic_ms() + (int64_t)4 * WAIT_MS;
	while (tally(rig, shard).received < count && clock_monotonic_ms() < deadline_ms)
		clock_wait_ms(50);
	assert_int_equal(tally(rig, shard).received, count);
}

/* What is over leaves no row. */
static bool row_seen(void *context, struct bytes key, struct bytes value)
{
	(void)key;
	(void)value;
	++*(int64_t *)context;
	return true;
}

static void rows_are_gone(struct rig *rig, const char *folder)
{
	static const uint8_t tables[] = { TABLE_outbox, TABLE_refusal };
	char path[PATH_SIZE];
	struct store *store;
	rig_path(rig, folder, path);
	assert_int_equal(store_open(&store, path, STORE_READ, 1 << 20, &rig->fault), 0);
	for (size_t i = 0; i < sizeof tables; i++) {
		uint8_t from = tables[i], to = (uint8_t)(tables[i] + 1);
		int64_t rows = 0;
		assert_int_equal(store_scan(store, (struct bytes){ &from, 1 },
					 (struct bytes){ &to, 1 }, row_seen, &rows, &rig->fault),
			0);
		assert_int_equal(rows, 0);
	}
	store_close(store);
}

static const char *folder_of(uint32_t shard)
{
	static const char *const folders[RIG_SHARDS_MAX] = { "state-0", "state-1", "state-2",
		"state-3" };
	return folders[shard];
}

static struct owner *owner_of(struct rig *rig, uint32_t shard)
{
	struct owner *owner = owner_new(rig, shard, folder_of(shard));
	owner_start(owner);
	return owner;
}

static void all_end(struct rig *rig, struct owner *const *owners)
{
	for (uint32_t shard = 0; shard < rig->shards; shard++)
		owner_stop(owners[shard]);
	for (uint32_t shard = 0; shard < rig->shards; shard++) {
		(void)rig_audit(rig, shard, folder_of(shard));
		rows_are_gone(rig, folder_of(shard));
	}
	rig_close(rig);
}

static struct rig *rig_of_members(const char *name, uint32_t shards)
{
	struct rig *rig = rig_open(name, shards);
	for (uint32_t shard = 0; shard < shards; shard++)
		members_open(rig, shard);
	return rig;
}

/* --- The tests --- */

static void test_payments_arrive_or_come_back(void **state)
{
	(void)state;
	struct rig *rig = rig_of_members("arrive", 3);
	struct owner *owners[3];
	for (uint32_t shard = 0; shard < 3; shard++)
		owners[shard] = owner_of(rig, shard);
	pay_somebody(rig, 0, 1, 3000);
	pay_nobody(rig, 0, 1, 300); /* more than one confirmation looks through */
	pay_somebody(rig, 0, 1, 100);
	pay_somebody(rig, 2, 0, 1000);
	wait_ended(rig, 0, 1, 3400);
	wait_ended(rig, 2, 0, 1000);
	assert_int_equal(tally(rig, 0).returned, 300);
	all_end(rig, owners);
}

/* What is for it stands in rows, and no more than a window on its input. */
static void test_a_shard_that_is_away_is_caught_up_with(void **state)
{
	(void)state;
	enum { COUNT = WINDOW + 4000 };
	struct rig *rig = rig_of_members("away", 3);
	struct owner *owners[3] = { owner_of(rig, 0), NULL, owner_of(rig, 2) };
	pay_somebody(rig, 0, 1, COUNT);
	rig_wait_answered(rig, 0);
	pay_somebody(rig, 0, 2, 500); /* who pay others do not wait for it */
	wait_received(rig, 2, 500);
	assert_in_range(rig_end(rig, 1, LOG_INTERNAL), WINDOW, WINDOW + 100);
	/* The operator is told who does not answer, and since when. */
	struct shard_status status;
	int64_t told_by_ms = clock_monotonic_ms() + WAIT_MS;
	do
		shard_status(owners[0]->shard, &status);
	while (status.under_way_ms == 0 && clock_monotonic_ms() < told_by_ms);
	assert_int_equal(status.under_way, COUNT);
	assert_int_equal(status.under_way_to, 1);
	assert_in_range(status.under_way_ms, 1, host_ms() + 60000);
	owners[1] = owner_of(rig, 1);
	wait_received(rig, 1, COUNT);
	int64_t deadline_ms = clock_monotonic_ms() + (int64_t)4 * WAIT_MS;
	while (tally(rig, 0).settled < COUNT + 500 && clock_monotonic_ms() < deadline_ms)
		clock_wait_ms(50);
	assert_int_equal(tally(rig, 0).settled, COUNT + 500);
	for (uint32_t shard = 0; shard < 3; shard++)
		owner_stop(owners[shard]);
	for (uint32_t shard = 0; shard < 3; shard++)
		(void)rig_audit(rig, shard, folder_of(shard));
	rows_are_gone(rig, folder_of(0));
	rig_close(rig);
}

/* Nothing of it may be believed to have been taken, nor to be lost. */
static void test_what_is_sent_may_fail_or_be_torn_or_doubled(void **state)
{
	(void)state;
	static const struct simulated_plan plans[] = {
		{ SIMULATED_SEND, SIMULATED_FAIL, 1, 2, 0, 0 },
		{ SIMULATED_SEND, SIMULATED_TEAR, 4, 2, 3, 0 },
		{ SIMULATED_SEND, SIMULATED_TEAR, 7, 1, SIZE_MAX, 0 },
		{ SIMULATED_SEND, SIMULATED_DUPLICATE, 9, 3, 0, 0 },
		{ SIMULATED_SEND, SIMULATED_DELAY, 13, 3, 0, 20 },
		{ SIMULATED_SEND, SIMULATED_FAIL, 17, 2, 0, 0 },
	};
	struct rig *rig = rig_of_members("failing", 2);
	pay_somebody(rig, 0, 1, 2000);
	pay_nobody(rig, 0, 1, 200);
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
		simulated_plan(rig->url, plans[i]);
	struct owner *owners[2] = { owner_of(rig, 0), owner_of(rig, 1) };
	wait_ended(rig, 0, 1, 2200);
	all_end(rig, owners);
}

/* Nor is that kept from the operator: who does not get it, since when, and why. */
static void test_a_topic_that_takes_nothing_holds_up_no_other(void **state)
{
	(void)state;
	enum { COUNT = 300, ROUNDS = 5 };
	struct rig *rig = rig_of_members("deaf", 3);
	struct hooked hooked = hooked_of(rig);
	struct owner *owners[3] = { NULL, owner_of(rig, 1), owner_of(rig, 2) };
	owners[0] = owner_new(rig, 0, folder_of(0));
	owners[0]->config.log = &hooked.log;
	atomic_store(&hooked.deaf, 1 + 1);
	owner_start(owners[0]);
	pay_somebody(rig, 0, 1, COUNT);
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	while (atomic_load(&hooked.deaf_sends) < 2 && clock_monotonic_ms() < deadline_ms)
		clock_wait_ms(5);
	assert_in_range(atomic_load(&hooked.deaf_sends), 2, 2); /* the second one hangs */
	for (int round = 1; round <= ROUNDS; round++) {
		pay_somebody(rig, 0, 2, COUNT);
		wait_received(rig, 2, (int64_t)round * COUNT);
	}
	assert_int_equal(tally(rig, 1).received, 0);
	assert_true(owner_said(owners[0],
		"what is for shard 1 can't be sent, and is tried again: nobody takes it"));
	struct shard_status status;
	shard_status(owners[0]->shard, &status);
	assert_int_equal(status.under_way_to, 1);
	assert_in_range(status.under_way_ms, 1, host_ms() + 60000);
	atomic_store(&hooked.deaf, 0);
	wait_received(rig, 1, COUNT);
	deadline_ms = clock_monotonic_ms() + WAIT_MS;
	while (tally(rig, 0).settled < (int64_t)(ROUNDS + 1) * COUNT &&
		clock_monotonic_ms() < deadline_ms)
		clock_wait_ms(50);
	assert_int_equal(tally(rig, 0).settled, (ROUNDS + 1) * COUNT);
	assert_true(owner_said(owners[0], "what is for shard 1 can be sent again"));
	for (uint32_t shard = 0; shard < 3; shard++)
		owner_stop(owners[shard]);
	for (uint32_t shard = 0; shard < 3; shard++)
		(void)rig_audit(rig, shard, folder_of(shard));
	rows_are_gone(rig, folder_of(0));
	rig_close(rig);
}

/* On both sides, again and again, and by another owner than the one before. */
static void test_owners_change_while_it_is_under_way(void **state)
{
	(void)state;
	enum { ROUNDS = 6, EACH = 400 };
	struct rig *rig = rig_of_members("owners", 2);
	struct owner *owners[2] = { owner_of(rig, 0), owner_of(rig, 1) };
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t shard = (uint32_t)round % 2;
		pay_somebody(rig, 0, 1, EACH - 50);
		pay_nobody(rig, 0, 1, 50);
		if (round < 2) {
			owner_wait_live(owners[shard]);
			struct owner *next = owner_new(rig, shard, "other");
			owner_start(next);
			owner_wait_live(next);
			owner_ends(owners[shard], FAULT_USURPED);
			owner_stop(next);
			char path[PATH_SIZE];
			rig_path(rig, "other", path);
			folder_remove(path);
		} else {
			owner_stop(owners[shard]);
		}
		owners[shard] = owner_of(rig, shard);
	}
	wait_ended(rig, 0, 1, (int64_t)ROUNDS * EACH);
	all_end(rig, owners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payments_arrive_or_come_back),
		cmocka_unit_test(test_a_shard_that_is_away_is_caught_up_with),
		cmocka_unit_test(test_what_is_sent_may_fail_or_be_torn_or_doubled),
		cmocka_unit_test(test_a_topic_that_takes_nothing_holds_up_no_other),
		cmocka_unit_test(test_owners_change_while_it_is_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
