/* SPDX-License-Identifier: Apache-2.0 */
/* A follower comes to the state that its shard's owner has, whoever that is, changes nothing but
 * its own store, and may become the owner from where it stands. */
#include "hooked_log.h"

#include <stdio.h>

enum { RARELY_MS = 3600000 };

static void pause_short(void)
{
	(void)usleep(2000);
}

static struct shard_status status_of(struct owner *owner)
{
	struct shard_status status;
	shard_status(owner->shard, &status);
	return status;
}

static bool has_all(struct owner *owner, int64_t sequence)
{
	struct shard_status status = status_of(owner);
	return status.is_following && status.verified_sequence >= sequence;
}

/* It has read what is readable now. */
static void wait_abreast(struct rig *rig, struct owner *owner)
{
	int64_t sequence = rig_chain(rig, owner->config.shard).sequence;
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (!has_all(owner, sequence)) {
		if (status_of(owner).is_ended)
			fail_msg("ended: %s", shard_fault(owner->shard)->text);
		if (host_ms() > deadline_ms)
			fail_msg("not at event %lld in %d ms", (long long)sequence, WAIT_MS);
		pause_short();
	}
}

/* Ticks may come by. */
static void wait_same_place(struct owner *follower, struct owner *owner)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	for (;;) {
		struct shard_status a = status_of(follower), b = status_of(owner);
		if (a.event_lag == 0 && a.verified_sequence == b.verified_sequence &&
			a.engine_time_ms == b.engine_time_ms)
			return;
		assert_true(host_ms() < deadline_ms);
		pause_short();
	}
}

static void wait_follows(struct owner *owner)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (!status_of(owner).follows) {
		if (host_ms() > deadline_ms)
			fail_msg("no follower in %d ms", WAIT_MS);
		pause_short();
	}
}

static struct owner *follower_of(struct rig *rig, const char *folder)
{
	struct owner *follower = owner_new(rig, 0, folder);
	owner_follow(follower);
	return follower;
}

static int64_t middle_of(struct rig *rig)
{
	return rig_end(rig, 0, LOG_EVENTS) / 2;
}

/* Whoever reads that record again from now on stops. */
static void record_spoil(struct rig *rig, int64_t offset)
{
	simulated_change(
		rig->url, 0, LOG_EVENTS, offset, (struct bytes){ (const uint8_t *)"no", 2 });
}

/* --- Following --- */

static void test_it_comes_to_the_owners_state(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("beside");
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_wait_live(owner);
	uint64_t fences = simulated_calls(rig->url, SIMULATED_FENCE);
	int64_t term = status_of(owner).term;

	struct owner *follower = follower_of(rig, "beside");
	for (int i = 0; i < 5; i++) {
		rig_send_traffic(rig, 0, 300);
		rig_wait_answered(rig, 0);
		wait_abreast(rig, follower);
		assert_int_equal(status_of(follower).term, term);
		assert_false(status_of(follower).is_live);
	}
	wait_same_place(follower, owner);
	assert_int_equal(simulated_calls(rig->url, SIMULATED_FENCE), fences);
	owner_stop(follower);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	(void)rig_audit(rig, 0, "beside");
	rig_close(rig);
}

/* Its checkpoints come while it follows, and while nothing comes. */
static void test_it_checkpoints_as_an_owner_does(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("checkpoints");
	struct owner *follower = follower_of(rig, "beside");
	int64_t deadline_ms = host_ms() + WAIT_MS;
	wait_abreast(rig, follower);
	while (status_of(follower).stored_sequence < status_of(follower).verified_sequence) {
		assert_true(host_ms() < deadline_ms);
		pause_short();
	}
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	rig_close(rig);
}

/* What it has stored is not read again. */
static void test_it_starts_from_its_store(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("again");
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");

	int64_t middle = middle_of(rig);
	rig_send_traffic(rig, 0, 200);
	rig_run(rig, 0, "state");
	record_spoil(rig, middle);
	follower = follower_of(rig, "beside");
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (status_of(follower).event_lag > 0 || !status_of(follower).is_following) {
		if (status_of(follower).is_ended)
			fail_msg("ended: %s", shard_fault(follower->shard)->text);
		assert_true(host_ms() < deadline_ms);
		pause_short();
	}
	owner_stop(follower);
	owner_ends_saying(follower_of(rig, "fresh"), FAULT_LOG, NULL);
	rig_close(rig);
}

/* More than memory may hold at once, and more than is read without a thread. */
static void test_it_catches_up_with_much(void **state)
{
	(void)state;
	struct rig *rig = rig_open("much", 1);
	rig_send_traffic(rig, 0, 12000);
	rig_run(rig, 0, "state");
	struct owner *follower = owner_new(rig, 0, "beside");
	follower->config.memory_bytes = STATE_MEMORY_MIN;
	follower->config.checkpoint_ms = RARELY_MS;
	owner_follow(follower);
	wait_abreast(rig, follower);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	rig_close(rig);
}

/* The log can't be read for a while: it starts again from its store, as an owner does. */
static void test_it_lives_through_faults_of_reading(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("reads");
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	simulated_plan(rig->url,
		(struct simulated_plan){
			.call = SIMULATED_READ, .fault = SIMULATED_FAIL, .nth = 1, .times = 1 });
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (owner_restarts(follower) == 0) {
		assert_true(host_ms() < deadline_ms);
		pause_short();
	}
	rig_send_traffic(rig, 0, 200);
	rig_run(rig, 0, "state");
	wait_abreast(rig, follower);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	rig_close(rig);
}

/* --- Void records, and other owners --- */

static void void_records_put(struct rig *rig)
{
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	struct codec *codec = codec_new();
	/* Copies that come late, of events and of marks, and the mark of an owner of before. */
	for (size_t i = 0; i < events.count; i += 1 + events.count / 7)
		simulated_put(rig->url, 0, LOG_EVENTS, events.at[i].value);
	mark_put(rig, codec, 1);
	/* An event of before that says another thing. */
	struct link link = { .is_mark = true };
	struct event event = { 0 };
	uint8_t value[EVENT_SIZE_MAX];
	for (size_t i = 2; link.is_mark; i++)
		event = rig_event(rig, &events.at[i], &link);
	event.engine_time_ms++;
	size_t size = event_encode(codec, &event, &link, value);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
	codec_free(codec);
	records_free(&events);
}

static void test_void_records_and_owners_come_by(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("owners");
	struct owner *follower = follower_of(rig, "beside");
	char folder[16];
	for (int i = 0; i < 4; i++) {
		wait_abreast(rig, follower);
		void_records_put(rig);
		rig_send_traffic(rig, 0, 150);
		(void)snprintf(folder, sizeof folder, "owner-%d", i % 2);
		rig_run(rig, 0, folder);
	}
	wait_abreast(rig, follower);
	assert_int_equal(owner_restarts(follower), 0);
	owner_stop(follower);
	struct audit audit = rig_audit(rig, 0, "beside");
	assert_true(audit.void_records > 0);
	rig_close(rig);
}

/* --- A log that is not what it was --- */

static struct rig *rig_followed(const char *name)
{
	struct rig *rig = rig_with_state(name);
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	return rig;
}

static void test_it_stops_where_its_own_event_is_gone(void **state)
{
	(void)state;
	struct rig *rig = rig_followed("gone");
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	struct log_record last = events.at[events.count - 1];
	int64_t end = rig_end(rig, 0, LOG_EVENTS);

	/* Another one stands there. */
	uint8_t other[EVENT_SIZE_MAX];
	memcpy(other, last.value.at, last.value.size);
	other[last.value.size - 1] ^= 1;
	simulated_change(
		rig->url, 0, LOG_EVENTS, last.offset, (struct bytes){ other, last.value.size });
	owner_ends_saying(follower_of(rig, "beside"), FAULT_LOG, "the log does not hold event");
	simulated_change(rig->url, 0, LOG_EVENTS, last.offset, last.value);

	/* The log ends before it, and nothing comes. */
	simulated_truncate(rig->url, 0, LOG_EVENTS, last.offset);
	struct owner *follower = owner_new(rig, 0, "beside");
	follower->config.read_back_ms = 300;
	owner_follow(follower);
	owner_ends_saying(follower, FAULT_LOG, "the log does not hold event");
	/* Somebody who knows nothing of it writes another one. */
	follower = follower_of(rig, "beside");
	rig_run(rig, 0, "unknowing");
	owner_ends_saying(follower, FAULT_LOG, "the log does not hold event");
	assert_true(rig_end(rig, 0, LOG_EVENTS) >= end);
	records_free(&events);
	rig_close(rig);
}

/* Its store is to be rebuilt, and the log no longer holds what that stood at. */
static void test_it_stops_where_the_event_of_a_damaged_store_is_gone(void **state)
{
	(void)state;
	struct rig *rig = rig_followed("testament");
	char path[PATH_SIZE], copy[PATH_SIZE], file[PATH_SIZE + 16];
	rig_path(rig, "beside", path);
	rig_path(rig, "copy", copy);
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	folder_copy(path, copy);
	simulated_truncate(rig->url, 0, LOG_EVENTS, events.at[events.count - 1].offset);
	for (int i = 0; i < 2; i++) {
		folder_copy(copy, path);
		(void)snprintf(file, sizeof file, "%s/CURRENT", path);
		file_harm(file, HARM_CUT);
		struct owner *follower = owner_new(rig, 0, "beside");
		follower->config.read_back_ms = 300;
		owner_follow(follower);
		owner_ends_saying(follower, FAULT_LOG, "testament of a store that was thrown away");
		if (i == 0) /* the next one reads past there: others stand where it stood */
			rig_run(rig, 0, "unknowing");
	}
	records_free(&events);
	rig_close(rig);
}

/* What it has read while it followed was lost, and an owner that never knew it goes on. */
static void test_it_stops_where_history_changes_before_it(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("rewritten");
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	simulated_truncate(rig->url, 0, LOG_EVENTS, end - 40);
	rig_send_traffic(rig, 0, 300);
	rig_run(rig, 0, "unknowing");
	owner_ends(follower, FAULT_LOG);
	rig_close(rig);
}

static void test_it_refuses_a_store_of_another_ledger_or_shard(void **state)
{
	(void)state;
	struct rig *rig = rig_followed("mine"), *other = rig_open_past("others", 1, 1000);
	char path[PATH_SIZE], taken[PATH_SIZE];
	rig_path(rig, "beside", path);
	rig_path(other, "taken", taken);
	folder_copy(path, taken);
	owner_ends_saying(follower_of(other, "taken"), FAULT_SETTINGS, "of another ledger");
	rig_close(other);

	struct rig *wide = rig_open("wide", 2);
	rig_send_traffic(wide, 1, 100);
	rig_run(wide, 1, "one");
	owner_ends_saying(follower_of(wide, "one"), FAULT_SETTINGS, "of another ledger");
	rig_close(wide);
	rig_close(rig);
}

static void test_one_store_has_one_follower(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("held");
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	owner_ends(follower_of(rig, "beside"), FAULT_BUSY);
	owner_stop(follower);
	rig_close(rig);
}

/* --- Changing roles --- */

/* From memory: its store is empty, and what was read can't be read again. */
static void test_it_is_promoted_where_it_stands(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("promoted");
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_wait_live(owner);
	struct owner *follower = owner_new(rig, 0, "beside");
	follower->config.checkpoint_ms = RARELY_MS;
	owner_follow(follower);
	wait_abreast(rig, follower);
	assert_int_equal(status_of(follower).stored_sequence, 0);
	int64_t middle = middle_of(rig);
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	record_spoil(rig, middle);

	shard_promote(follower->shard);
	owner_wait_live(follower);
	owner_ends(owner, FAULT_USURPED);
	assert_false(status_of(follower).follows);
	assert_int_equal(owner_restarts(follower), 0);
	simulated_change(rig->url, 0, LOG_EVENTS, middle, events.at[middle].value);
	rig_send_traffic(rig, 0, 300);
	rig_wait_answered(rig, 0);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	records_free(&events);
	rig_close(rig);
}

/* The owner went on until it was fenced: what it wrote last is read before anything is decided. */
static void test_it_is_promoted_before_it_has_read_all(void **state)
{
	(void)state;
	struct rig *rig = rig_open("early", 1);
	rig_send_traffic(rig, 0, 6000);
	rig_run(rig, 0, "state");
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.follows_when_overtaken = true;
	owner_start(owner);
	owner_wait_live(owner);
	rig_send_traffic(rig, 0, 2000);
	struct owner *follower = follower_of(rig, "beside");
	shard_promote(follower->shard);
	rig_wait_answered(rig, 0);
	owner_wait_live(follower);
	owner_stop(owner);
	owner_stop(follower);
	(void)rig_audit(rig, 0, "beside");
	rig_close(rig);
}

static void test_a_log_that_lost_its_event_is_no_promotions(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("shortened");
	struct owner *follower = follower_of(rig, "beside");
	wait_abreast(rig, follower);
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	simulated_truncate(rig->url, 0, LOG_EVENTS, end - 10);
	shard_promote(follower->shard);
	owner_ends(follower, FAULT_LOG);
	rig_close(rig);
}

static void test_an_owner_is_demoted_and_promoted_again(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("demoted");
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	for (int i = 0; i < 3; i++) {
		rig_send_traffic(rig, 0, 200);
		owner_wait_live(owner);
		shard_demote(owner->shard);
		wait_follows(owner);
		int64_t term = rig_chain(rig, 0).term;
		rig_send_traffic(rig, 0, 200);
		rig_run(rig, 0, "other");
		wait_abreast(rig, owner);
		assert_int_equal(status_of(owner).term, term + 1);
		shard_promote(owner->shard);
	}
	rig_wait_answered(rig, 0);
	owner_wait_live(owner);
	assert_int_equal(owner_restarts(owner), 0);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* Two that stand in for each other, under load: whoever is overtaken follows. */
static void overtake(struct rig *rig)
{
	struct owner *owners[2] = { owner_new(rig, 0, "zero"), owner_new(rig, 0, "one") };
	for (int i = 0; i < 2; i++)
		owners[i]->config.follows_when_overtaken = true;
	owner_start(owners[0]);
	owner_wait_live(owners[0]);
	owner_follow(owners[1]);
	for (int i = 1; i <= 8; i++) {
		rig_send_traffic(rig, 0, 400);
		if (i % 3 != 0)
			wait_abreast(rig, owners[i % 2]);
		shard_promote(owners[i % 2]->shard);
		owner_wait_live(owners[i % 2]);
		rig_send_traffic(
			rig, 0, 100); /* who is idle hears of it soon, who writes at once */
		wait_follows(owners[(i + 1) % 2]);
		assert_int_equal(status_of(owners[(i + 1) % 2]).overtaken, (i + 1) / 2);
	}
	rig_wait_answered(rig, 0);
	wait_abreast(rig, owners[1]);
	owner_stop(owners[1]);
	(void)rig_audit(rig, 0, "one");
	owner_stop(owners[0]);
	(void)rig_audit(rig, 0, "zero");
}

static void test_two_stand_in_for_each_other(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("two");
	overtake(rig);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_to_the_owners_state),
		cmocka_unit_test(test_it_checkpoints_as_an_owner_does),
		cmocka_unit_test(test_it_starts_from_its_store),
		cmocka_unit_test(test_it_catches_up_with_much),
		cmocka_unit_test(test_it_lives_through_faults_of_reading),
		cmocka_unit_test(test_void_records_and_owners_come_by),
		cmocka_unit_test(test_it_stops_where_its_own_event_is_gone),
		cmocka_unit_test(test_it_stops_where_the_event_of_a_damaged_store_is_gone),
		cmocka_unit_test(test_it_stops_where_history_changes_before_it),
		cmocka_unit_test(test_it_refuses_a_store_of_another_ledger_or_shard),
		cmocka_unit_test(test_one_store_has_one_follower),
		cmocka_unit_test(test_it_is_promoted_where_it_stands),
		cmocka_unit_test(test_it_is_promoted_before_it_has_read_all),
		cmocka_unit_test(test_a_log_that_lost_its_event_is_no_promotions),
		cmocka_unit_test(test_an_owner_is_demoted_and_promoted_again),
		cmocka_unit_test(test_two_stand_in_for_each_other),
	};
	return cmocka_run_group_tests_name("follower", tests, NULL, NULL);
}
