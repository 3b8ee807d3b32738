/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot beside an owner is a checkpoint that a shard starts from; one that the log does not
 * hold, or that is another's, is refused. */
#include "shard_fixture.h"

#include "shard/snapshot.h"

#include <stdio.h>
#include <sys/stat.h>

static void taken(struct rig *rig, const char *folder, struct snapshot *ret)
{
	char state[PATH_SIZE], path[PATH_SIZE];
	rig_path(rig, "state", state);
	rig_path(rig, folder, path);
	if (snapshot_take(state, path, ret, &rig->fault) != 0)
		fail_msg("%s", rig->fault.text);
}

/* Its state begins with the snapshot, whatever stood there. */
static int restored(struct rig *rig, const char *folder)
{
	char state[PATH_SIZE], path[PATH_SIZE];
	struct snapshot snapshot;
	rig_path(rig, "state", state);
	rig_path(rig, folder, path);
	folder_remove(state);
	int error = snapshot_read(path, 0, &snapshot, &rig->fault);
	if (!error)
		error = snapshot_compare(&snapshot, rig->log, 0, &rig->fault);
	return error ? error : snapshot_restore(&snapshot, path, state, &rig->fault);
}

static void refused(struct rig *rig, const char *folder, int error, const char *text)
{
	char state[PATH_SIZE];
	rig_path(rig, "state", state);
	assert_int_equal(restored(rig, folder), error);
	if (!strstr(rig->fault.text, text))
		fail_msg("it says: %s", rig->fault.text);
	fault_clear(&rig->fault);
}

static void test_a_shard_starts_from_a_snapshot_of_an_owner_at_work(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("work");
	struct snapshot first, second;
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.checkpoint_ms = 1;
	owner_start(owner);
	owner_wait_live(owner);
	taken(rig, "first", &first);
	rig_send_traffic(rig, 0, 300);
	rig_wait_answered(rig, 0);
	taken(rig, "second", &second);
	rig_send_traffic(rig, 0, 300);
	rig_wait_answered(rig, 0);
	assert_false(owner_said(owner, "recovers from"));
	owner_stop(owner);
	assert_true(first.place.sequence > 0 && second.place.sequence >= first.place.sequence);
	assert_true(id_equal(&first.ledger_id, &rig->ledger_id));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(restored(rig, i == 0 ? "first" : "second"), 0);
		rig_goes_on(rig);
	}
	rig_close(rig);
}

static void test_a_snapshot_that_the_log_does_not_hold_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("lost");
	struct snapshot snapshot;
	taken(rig, "kept", &snapshot);
	simulated_truncate(rig->url, 0, LOG_EVENTS, snapshot.place.offset + 1);
	assert_int_equal(restored(rig, "kept"), 0);
	simulated_truncate(rig->url, 0, LOG_EVENTS, snapshot.place.offset);
	refused(rig, "kept", FAULT_LOG, "the log does not hold event");
	/* Somebody else goes on from there: another event stands in its place. */
	rig_run(rig, 0, "unknowing");
	rig_send_traffic(rig, 0, 500);
	rig_run(rig, 0, "unknowing");
	assert_true(rig_end(rig, 0, LOG_EVENTS) > snapshot.place.offset);
	refused(rig, "kept", FAULT_LOG, "the log does not hold event");
	rig_close(rig);
}

static void test_a_snapshot_of_another_ledger_or_shard_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("mine"), *other = rig_open_past("others", 1, 1000);
	struct rig *wide = rig_open("wide", 2);
	char from[PATH_SIZE], to[PATH_SIZE];
	struct snapshot snapshot;
	taken(rig, "kept", &snapshot);
	rig_path(rig, "kept", from);
	rig_path(other, "kept", to);
	assert_int_equal(rename(from, to), 0);
	refused(other, "kept", FAULT_SETTINGS, "is of another ledger");
	refused(rig, "kept", FAULT_MISSING, "no snapshot of shard 0");

	rig_send_traffic(wide, 1, 100);
	rig_run(wide, 1, "state");
	taken(wide, "kept", &snapshot);
	assert_int_equal(snapshot.shard, 1);
	refused(wide, "kept", FAULT_SETTINGS, "is of shard 1, not of shard 0");
	rig_close(wide);
	rig_close(other);
	rig_close(rig);
}

/* However a copy of it came out. */
static void test_a_torn_snapshot_is_told(void **state)
{
	(void)state;
	struct rig *rig = rig_with_state("torn");
	char from[PATH_SIZE], to[PATH_SIZE], about[PATH_SIZE + 8];
	struct snapshot snapshot;
	struct stat status;
	taken(rig, "kept", &snapshot);
	rig_path(rig, "kept", from);
	rig_path(rig, "harmed", to);
	(void)snprintf(about, sizeof about, "%s/about", to);
	for (int harm = 0; harm < HARMS; harm++) {
		folder_copy(from, to);
		file_harm(about, (enum harm)harm);
		refused(rig, "harmed", FAULT_DAMAGED, "is torn");
	}
	/* Wherever it ends. */
	folder_copy(from, to);
	assert_int_equal(stat(about, &status), 0);
	for (off_t size = status.st_size - 1; size >= 0; size--) {
		assert_int_equal(truncate(about, size), 0);
		refused(rig, "harmed", FAULT_DAMAGED, "is torn");
	}
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shard_starts_from_a_snapshot_of_an_owner_at_work),
		cmocka_unit_test(test_a_snapshot_that_the_log_does_not_hold_is_refused),
		cmocka_unit_test(test_a_snapshot_of_another_ledger_or_shard_is_refused),
		cmocka_unit_test(test_a_torn_snapshot_is_told),
	};
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
