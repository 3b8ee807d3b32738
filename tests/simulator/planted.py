#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the simulator can fail: bugs are planted, one at a time, and each must be found.

    tests/simulator/planted.py BUILD [NAME]... [--seed N]

BUILD is a Meson build folder with pinion-sim. Of each bug's files a changed copy is compiled and linked
before the libraries; nothing in the tree is touched. The simulator then runs swarm worlds from the seed on,
at most as many as the bug's bound says. A text that is to be changed and does not stand exactly once is a
failure too: the bug has to be planted anew. Ends with "N passed, N failed".
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import planted_shards
from planted_bug import Bug

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
SIMULATOR = "tests/pinion-sim"


BUGS = [
    # --- Fencing and terms ---
    Bug(
        "the_fence_is_skipped",
        ("tests/simulator/broker.c", "	stream->epoch++;\n", "	stream->epoch = 1;\n"),
    ),
    Bug(
        "own_mark_is_known_by_its_term",
        (
            "src/shard/recover.c",
            "id_equal(&link.incarnation, incarnation)) {",
            "link.term == shard->replica.chain.term) {\n(void)incarnation;",
        ),
        worlds=400,
    ),
    Bug(
        "own_mark_is_not_awaited",
        (
            "src/shard/recover.c",
            "		error = own_mark_await(shard, &mark.incarnation, &is_won);",
            "		is_won = true;\n		(void)own_mark_await;",
        ),
    ),
    Bug(
        "the_term_is_not_raised_above_all",
        (
            "src/shard/recover.c",
            ".term = replica->chain.term + 1,",
            ".term = shard->term + 1,",
        ),
    ),
    Bug(
        "a_mark_of_an_equal_term_is_valid",
        ("src/wire/chain.c", "link->term <= chain->term", "link->term < chain->term"),
        worlds=400,
    ),
    Bug(
        "the_chain_looks_at_sequences_alone",
        (
            "src/wire/chain.c",
            """	if (chain->term == 0 || link->term != chain->term ||
		link->sequence != chain->sequence + 1 ||
		!hash_equal(&link->previous, &chain->hash) ||
		link->has_opened != chain->expects_opened ||
		(link->has_opened && !hash_equal(&link->opened, &chain->opened)))""",
            "	if (link->sequence != chain->sequence + 1)",
        ),
        worlds=400,
    ),
    # --- Followers ---
    Bug(
        "a_follower_is_promoted_without_a_fence",
        (
            "src/shard/recover.c",
            "	int error = log_fence(\n",
            "	extern bool is_left_out;\n	is_left_out = shard->store != NULL;\n	int error = log_fence(\n",
        ),
        (
            "tests/simulator/broker.c",
            "	stream->epoch++;\n",
            "	extern bool is_left_out;\n	stream->epoch += is_left_out ? 0 : 1;\n	is_left_out = false;\n",
        ),
        ("tests/simulator/broker.c", "#include \"broker.h\"\n", "#include \"broker.h\"\nbool is_left_out;\n"),
        worlds=600,
    ),
    Bug(
        "a_follower_is_ahead_of_what_can_be_read",
        (
            "src/shard/follower.c",
            "	atomic_store(&shard->status_verified, replica->place.sequence);",
            "	atomic_store(&shard->status_verified, replica->place.sequence + lag);",
        ),
    ),
    Bug(
        "a_follower_is_told_to_own_and_knows_its_old_term",
        ("src/shard/owner.c", "		shard->term = 0; /* it owns nothing: whose marks come by is no matter */\n", ""),
        worlds=400,
    ),
    Bug(
        "a_follower_takes_its_own_place_for_given",
        (
            "src/shard/follower.c",
            "	return replica->must_confirm ? replica_lost(replica) : replica_awaits_nothing(replica);",
            "	(void)replica;\n	return 0;",
        ),
    ),
    Bug(
        "a_demoted_owner_follows_from_memory",
        (
            "src/shard/owner.c",
            "	store_close(shard->store);\n	shard->store = NULL;\n	atomic_store",
            "	if (!atomic_load(&shard->is_to_follow)) {\n		store_close(shard->store);\n		shard->store = NULL;\n	}\n	atomic_store",
        ),
        (
            "src/shard/follower.c",
            "	int error = shard_enter(shard);",
            "	int error = 0;\n	if (shard->store)\n		replica_again(&shard->replica);\n	else\n		error = shard_enter(shard);",
        ),
        worlds=600,
    ),
    # --- Recovery ---
    Bug(
        "inputs_are_taken_before_recovery_has_ended",
        (
            "src/shard/recover.c",
            "		error = shard_enter(shard);\n",
            "		error = shard_enter(shard);\n	shard->early = *state_head(shard->replica.state);\n",
        ),
        (
            "src/shard/witness.c",
            "shard->config.log, shard->config.shard,\n		state_head(shard->replica.state)",
            "shard->config.log, shard->config.shard,\n		&shard->early",
        ),
        (
            "src/shard/witness.c",
            "	const struct trail *trail = &head->input_trail[input_topic(stream)];\n	int error",
            "	head = &shard->early;\n"
            "	const struct trail *trail = &head->input_trail[input_topic(stream)];\n	int error",
        ),
        ("src/shard/internal.h", "struct shard {\n", "struct shard {\n	struct head early;\n"),
    ),
    Bug(
        "recovery_starts_one_record_late",
        (
            "src/shard/replica.c",
            "	replica->must_confirm = replica->place.sequence > 0;\n",
            "	replica->must_confirm = false;\n",
        ),
        (
            "src/shard/replica.c",
            "	return replica->must_confirm ? replica->place.offset : 0;",
            "	return replica->place.sequence ? replica->place.offset + 2 : 0;",
        ),
    ),
    Bug(
        "the_term_is_left_out_of_the_position",
        (
            "src/shard/position.c",
            "	ret->term = unpack_i64(p + 16);",
            "	ret->term = 1;",
        ),
    ),
    Bug(
        "an_input_is_taken_again_after_recovery",
        (
            "src/shard/position.c",
            "unpack_i64(p + 8 * (size_t)topic);",
            "unpack_i64(p + 8 * (size_t)topic) - (unpack_i64(p + 8 * (size_t)topic) > 0);",
        ),
    ),
    Bug(
        "an_input_is_left_out_after_recovery",
        (
            "src/shard/witness.c",
            "			error = record_confirm(shard, stream, trail_at(trail, i));\n",
            "			error = record_confirm(shard, stream, trail_at(trail, i));\n"
            "	int64_t next = head->input_next[input_topic(stream)];\n"
            "	struct log_record record;\n"
            "	bool came;\n"
            "	if (!error && next > 40)\n"
            "		error = record_await(shard, shard->inputs.readers[stream], next, 1000, &record,\n"
            "			&came);\n",
        ),
    ),
    Bug(
        "an_inputs_last_records_are_not_compared",
        (
            "src/shard/witness.c",
            "	if (came && record.offset == decided->offset &&\n"
            "		command_is_witnessed(shard->replica.codec, record.value, &decided->witness))\n",
            "	if (came)\n",
        ),
        worlds=400,
    ),
    Bug(
        "an_inputs_last_record_alone_is_compared",
        (
            "src/shard/inputs.c",
            "	size_t i = 0;\n	while (i + 1 < trail_size(trail)",
            "	size_t i = trail_size(trail) - 1;\n	while (i + 1 < trail_size(trail)",
        ),
        worlds=400,
    ),
    Bug(
        "an_input_goes_on_where_it_would_have",
        (
            "src/shard/witness.c",
            "			.offset = comparison->inputs[s].from,\n",
            "			.offset = state_head(state)->input_next[input_topic(s)],\n",
        ),
        worlds=400,
    ),
    Bug(
        "an_inputs_new_place_is_not_in_the_state",
        (
            "src/apply/engine/inputs_restarted_v1.c",
            "	head->input_next[e->topic] = e->offset;\n",
            "",
        ),
        worlds=400,
    ),
    Bug(
        "more_timers_count_as_fired_than_have",
        ("src/apply/apply.c", "		head->timers_fired++;", "		head->timers_fired += 1000;"),
    ),
    Bug(
        "a_damaged_block_is_taken_for_absent_rows",
        (
            "src/shard/load.c",
            """						     replica->fault)
					   : 0;
		if (error)
			return error;""",
            """						     replica->fault)
					   : 0;
		if (error) {
			fault_clear(replica->fault);
			error = 0;
		}""",
        ),
        worlds=400,
    ),
    # --- Publishing ---
    Bug(
        "a_batch_with_a_hole_is_committed",
        (
            "tests/simulator/broker.c",
            "		if (done < count && inject(INJECT_append_torn))",
            "		if (done < count && inject(INJECT_append_torn)) {\n			done++;\n			continue;\n		}\n		if (false)",
        ),
        worlds=200,
    ),
    Bug(
        "what_is_not_committed_is_read",
        (
            "tests/simulator/broker.c",
            "	size_t left = stream->readable.count - reader->next;",
            """	size_t taken = 0;
	for (size_t i = 0; i < stream->records.count && taken < capacity; i++) {
		const struct kept *kept = &stream->records.at[i];
		if (kept->record.offset < reader->from || kept->fate == ABORTED)
			continue;
		records[taken++] = (struct log_record){ kept->record.offset, kept->record.time_ms,
			kept->record.value };
		reader->from = kept->record.offset + 1;
	}
	return taken;
	size_t left = stream->readable.count - reader->next;""",
        ),
    ),
    Bug(
        "a_batch_counts_before_it_was_read_back",
        (
            "src/shard/committer.c",
            "	if (!error)\n		error = read_back(shard, batch);",
            "	if (!error && shard->term % 2)\n		error = read_back(shard, batch);",
        ),
    ),
    Bug(
        "a_batch_counts_though_nothing_came_back",
        (
            "src/shard/committer.c",
            """		if (count == 0 && clock_monotonic_ms() > deadline_ms)
			return FAULT(&committer->fault, FAULT_TAINTED,
				"shard""",
            """		if (count == 0)
			return 0;
		if (clock_monotonic_ms() > deadline_ms)
			return FAULT(&committer->fault, FAULT_TAINTED,
				"shard""",
        ),
        worlds=200,
    ),
    Bug(
        "a_failed_append_is_tried_again",
        (
            "src/shard/committer.c",
            "	int error = log_append(shard->committer.writer, batch->entries, batch->count);",
            """	int error = log_append(shard->committer.writer, batch->entries, batch->count);
	if (error == FAULT_TAINTED) {
		log_writer_close(shard->committer.writer);
		shard->committer.writer = NULL;
		error = log_fence(shard->config.log, shard->config.shard,
			&shard->committer.writer, &shard->committer.fault);
		if (!error)
			error = log_append(shard->committer.writer, batch->entries, batch->count);
	}""",
        ),
        worlds=200,
    ),
    # --- Checkpoints ---
    Bug(
        "a_checkpoint_does_not_wait_for_its_event",
        (
            "src/shard/checkpointer.c",
            "	return ret->sequence == shard->checkpointer.boundary_sequence;",
            "	if (ret->sequence != shard->checkpointer.boundary_sequence)\n		ret->sequence = shard->checkpointer.boundary_sequence;\n	return true;",
        ),
    ),
    Bug(
        "the_position_is_forgotten",
        (
            "src/shard/checkpoint.c",
            "	return store_ingest(store, order->ordered, count,",
            "	return store_ingest(store, order->ordered + (place->sequence > 100), count - (place->sequence > 100),",
        ),
    ),
    Bug(
        "the_position_is_written_by_itself",
        (
            "src/shard/checkpoint.c",
            "	return store_ingest(store, order->ordered, count,",
            "	int first = store_ingest(store, order->ordered, 1, NULL, 0, fault);\n	if (first)\n		return first;\n	return store_ingest(store, order->ordered, count,",
        ),
    ),
    Bug(
        "a_checkpoint_is_called_done_before_it_is_written",
        (
            "src/shard/checkpoint.c",
            "		monitor_leave(writer->monitor);\n		int error",
            """		writer->error = 0;
		writer->is_done = true;
		monitor_wake(writer->monitor);
		monitor_leave(writer->monitor);
		clock_wait_ms(20);
		int error""",
        ),
        (
            "src/shard/checkpoint.c",
            "	assert(!writer->has_job);",
            "	while (writer->has_job)\n		monitor_wait(writer->monitor);",
        ),
        worlds=400,
    ),
    Bug(
        "a_recovery_checkpoints_at_another_place",
        (
            "src/shard/replica.c",
            "		replica_checkpoint_give(replica, &sealed, &replica->place);",
            "		struct place place = replica->place;\n		place.offset--;\n		replica_checkpoint_give(replica, &sealed, &place);",
        ),
        worlds=60,
    ),
    Bug(
        "a_recovery_evicts_what_is_still_being_written",
        (
            "src/shard/replica.c",
            "	return *ret_ended ? checkpoint_ended(replica, error, writer->place.sequence) : 0;",
            "	*ret_ended = true;\n	return checkpoint_ended(replica, error, writer->place.sequence);",
        ),
        worlds=400,
    ),
    Bug(
        "a_row_changed_while_it_is_copied_is_sealed_as_changed",
        (
            "src/state/rows.c",
            "		row_seal(rows, row);\n		row->flags &= (uint8_t)~ROW_DIRTY;\n	}\n	if (row->flags & ROW_DIRTY) {",
            "		row_set(row, value, value_size);\n		row_seal(rows, row);\n		row->flags &= (uint8_t)~ROW_DIRTY;\n	}\n	if (row->flags & ROW_DIRTY) {",
        ),
        worlds=200,
    ),
    Bug(
        "a_full_disk_is_taken_for_a_checkpoint",
        (
            "src/shard/checkpoint.c",
            "		writer->error = error;",
            "		writer->error = 0;\n		(void)error;",
        ),
        worlds=400,
    ),
    # --- The store that is thrown away ---
    Bug(
        "a_lack_is_taken_for_damage",
        (
            "src/shard/recover.c",
            "	if (error == FAULT_DAMAGED)\n		error = store_rebuild(shard);",
            "	if (error == FAULT_DAMAGED || error == FAULT_IO)\n		error = store_rebuild(shard);",
        ),
    ),
    Bug(
        "a_store_is_thrown_away_without_its_testament",
        (
            "src/shard/checkpoint.c",
            "	if (writer->testament_path)\n",
            "	if (writer->testament_path && writer->place.sequence == 0)\n",
        ),
        (
            "src/shard/recover.c",
            "	return testament_write(path, &testament, &shard->fault);",
            "	return 0;",
        ),
        worlds=200,
    ),
    Bug(
        "a_shortened_log_is_believed_once_the_store_is_gone",
        (
            "src/shard/recover.c",
            "	if (testament.place.sequence > replica->place.sequence)\n		replica_await",
            "	if (testament.place.sequence < 0)\n		replica_await",
        ),
        worlds=200,
    ),
    Bug(
        "a_rebuild_writes_its_own_testament",
        (
            "src/shard/replica.c",
            "	return replica->awaited.place.sequence > 0 ? NULL : replica->testament_path;",
            "	return replica->testament_path;",
        ),
        worlds=400,
    ),
    # --- A log that does not answer ---
    Bug(
        "a_stop_does_not_bound_calls",
        (
            "src/log/log.c",
            "	return give_up_ms != 0 && give_up_ms < monotonic_ms ? give_up_ms : monotonic_ms;",
            "	(void)give_up_ms;\n	return monotonic_ms;",
        ),
        worlds=200,
    ),
    Bug(
        "a_shard_says_nothing_while_it_is_not_let_write",
        (
            "src/shard/recover.c",
            """	shard_waits(shard, "the log, to make it the only writer of its events");\n""",
            "",
        ),
        worlds=200,
    ),
    Bug(
        "a_shard_says_nothing_of_a_batch_under_way",
        (
            "src/shard/committer.c",
            "	atomic_store(&shard->batch_since_ms, clock_monotonic_ms());\n",
            "",
        ),
        worlds=200,
    ),
    # --- What the log rests on ---
    Bug(
        "what_the_log_rests_on_is_not_looked_at_again",
        (
            "src/shard/lookout.c",
            "		has_found = finds(lookout);",
            "		has_found = has_found && finds(lookout);",
        ),
    ),
    Bug(
        "one_odd_look_is_believed",
        (
            "src/shard/lookout.c",
            "		if (look == LOG_CHECK_LOOKS)",
            "		if (look == 1)",
        ),
        worlds=200,
    ),
    Bug(
        "two_odd_looks_are_believed",
        (
            "src/shard/lookout.c",
            "		if (look == LOG_CHECK_LOOKS)",
            "		if (look == LOG_CHECK_LOOKS - 1)",
        ),
        worlds=400,
    ),
    Bug(
        "a_look_that_fails_counts",
        (
            "src/shard/lookout.c",
            "	return error == FAULT_SETTINGS || error",
            "	return error == FAULT_SETTINGS || error == FAULT_IO || error",
        ),
        worlds=400,
    ),
    Bug(
        "only_the_first_shard_stops",
        (
            "src/shard/lookout.c",
            "i < config->count; i++)",
            "i < 1; i++)",
        ),
        worlds=200,
    ),
    Bug(
        "a_change_is_said_and_nobody_stops",
        (
            "src/shard/lookout.c",
            "			shard_stop(config->shards[i]);",
            "			(void)config->shards[i];",
        ),
        worlds=200,
    ),
    # --- Timers and time ---
    Bug(
        "a_timer_fires_again",
        ("src/apply/hold/hold_end.c", "	mutate_timer_clear(state, &timer);", "	(void)timer;"),
    ),
    Bug(
        "a_hold_expires_a_minute_late",
        ("src/state/view.c", "first->due_ms > now_ms", "first->due_ms > now_ms - 60000"),
    ),
    Bug(
        "time_goes_back_with_the_brokers_clock",
        (
            "src/decide/decide.c",
            "	return input->record_time_ms > last ? input->record_time_ms : last;",
            "	return input->record_time_ms > last - 2000 && input->record_time_ms != 0 ? input->record_time_ms : last;",
        ),
    ),
    Bug(
        "a_clock_far_ahead_is_believed",
        (
            "src/shard/live.c",
            "	if (record->time_ms <= shard->host_ms + CLOCK_AHEAD_MAX_MS)",
            "	if (true)",
        ),
        worlds=400,
    ),
    Bug(
        "command_ids_are_dropped_a_day_early",
        (
            "src/decide/engine/command_ids_timer.c",
            "	int64_t before_ms = ret_event->engine_time_ms - view_ledger(state)->id_too_old_ms;",
            "	int64_t before_ms = ret_event->engine_time_ms - view_ledger(state)->id_too_old_ms + 86400000;",
        ),
        worlds=200,
    ),
    Bug(
        "engine_time_is_set_back_without_an_event_of_its_own",
        (
            "src/engine/engine.c",
            "	return event_take(state, ret_event, ENGINE_OUTCOME) == ENGINE_OUTCOME;",
            "	ret_event->clock_restarted.left_ms = now_ms;\n	return event_take(state, ret_event, ENGINE_OUTCOME) == ENGINE_OUTCOME;",
        ),
        worlds=200,
    ),
    Bug(
        "a_restarted_clock_lets_ids_in_whose_rows_are_gone",
        (
            "src/decide/decide.c",
            " || made < view_head(state)->command_ids_from_ms)",
            ")",
        ),
        ("src/state/view.c", "	assert(id_time_ms(id) >= state->head.command_ids_from_ms);\n", ""),
        worlds=400,
    ),
    Bug(
        "the_daily_cut_off_waits_for_the_time_that_was_left",
        (
            "src/apply/engine/clock_restarted_v1.c",
            "	timer.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS;",
            "	(void)event;",
        ),
        worlds=400,
    ),
    # --- Exactly once, and money ---
    Bug(
        "a_rejection_is_not_remembered",
        (
            "src/apply/apply.c",
            "(reject != REJECT_none && !reject_keeps_row(reject))",
            "reject != REJECT_none",
        ),
    ),
    Bug(
        "the_rails_reference_is_not_remembered",
        (
            "src/apply/payment/funds_received_v1.c",
            "	mutate_reference(",
            "	if (event->sequence % 2)\n		mutate_reference(",
        ),
    ),
    Bug(
        "pending_debits_can_be_spent",
        (
            "src/ledger/account.c",
            "	assert(fits);\n	return available;",
            "	return account_posted(account_class, balances);",
        ),
    ),
    Bug(
        "a_trial_moves_money",
        (
            "src/state/try.c",
            "	memcpy(row->bytes + row->key_size, value, before->value_size);",
            "	(void)value;",
        ),
    ),
    Bug(
        "a_trial_leaves_the_rows_that_it_made",
        ("src/state/try.c", "		rows_take_back(rows, row);\n", ""),
    ),
    Bug(
        "a_trial_takes_a_row_out_of_the_checkpoint_under_way",
        ("src/state/try.c", "	row->generation = before->generation;\n", ""),
        worlds=600,
    ),
    Bug(
        "a_trial_uses_its_id_up",
        ("src/apply/apply.c", "	if (!event->has_command_id || event->dry_run ||", "	if (!event->has_command_id ||"),
    ),
    Bug(
        "a_capture_takes_the_whole_hold",
        (
            "src/decide/hold/hold_capture.c",
            "	struct amount captured = c->amount.is_absent ? hold.amount : c->amount.amount;",
            "	struct amount captured = hold.amount;",
        ),
    ),
    Bug(
        "the_live_shard_forgets_the_recoverys_checkpoint",
        (
            "src/shard/checkpointer.c",
            "state_is_sealing(shard->replica.state) ? CHECKPOINT_WRITING : CHECKPOINT_IDLE;",
            "CHECKPOINT_IDLE;",
        ),
        worlds=400,
    ),
    *planted_shards.BUGS,
]


# Of these the simulator has one of its own, or nothing.
NOT_SIMULATED = {"src/shard/snapshot.c", "src/shard/thread.c"}


def run(command, cwd, timeout=None):
    return subprocess.run(
        command, cwd=cwd, timeout=timeout, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )


class Planter:
    """Compiles changed copies as Meson compiled the originals, and links them first."""

    def __init__(self, build, program=SIMULATOR):
        self.build, self.program = build, program
        with open(os.path.join(build, "compile_commands.json")) as file:
            self.commands = {
                os.path.normpath(os.path.join(entry["directory"], entry["file"])): entry
                for entry in json.load(file)
            }
        lines = run(["ninja", "-t", "commands", program], build).stdout.splitlines()
        self.link = shlex.split(lines[-1])

    def plant(self, bug, folder):
        """The path of a program with the bug in it, or raises what is wrong."""
        planted = os.path.join(folder, "planted")
        copies = {}
        for name, old, new in bug.edits:
            path = os.path.join(ROOT, name)
            text = copies.get(name) or open(path).read()
            if text.count(old) != 1:
                raise ValueError(f"{name} holds {text.count(old)} times, not once: {old!r}")
            copies[name] = text.replace(old, new)
        for name, text in copies.items():
            at = os.path.join(folder, name)
            os.makedirs(os.path.dirname(at), exist_ok=True)
            with open(at, "w") as file:
                file.write(text)
        sources = [name for name in copies if name.endswith(".c")]
        if any(name.endswith(".h") for name in copies):  # all that may include it
            room = os.path.dirname(next(name for name in copies if name.endswith(".h")))
            sources = sorted(
                {os.path.relpath(path, ROOT) for path in self.commands
                 if os.path.relpath(path, ROOT).startswith(room + "/")} - NOT_SIMULATED
                | set(sources)
            )
        link = [part if part != self.program else planted for part in self.link]
        for number, name in enumerate(sources):
            copy, made = os.path.join(folder, name), os.path.join(folder, f"{number}.o")
            self.compile(name, copy if name in copies else os.path.join(ROOT, name), made, folder)
            own = self.object_of(name)
            if own in link:
                link[link.index(own)] = made
            else:
                link.insert(link.index("-o"), made)
        done = run(link, self.build)
        if done.returncode:
            raise ValueError(f"does not link: {done.stdout[-2000:]}")
        return planted

    def object_of(self, name):
        return self.commands[os.path.join(ROOT, name)]["output"]

    def compile(self, name, source, made, folder):
        entry = self.commands[os.path.join(ROOT, name)]
        parts = [part for part in shlex.split(entry["command"]) if part != "-Werror"]
        parts[parts.index("-o") + 1] = made
        parts[parts.index("-c") + 1] = source
        for flag in ("-MF", "-MQ"):
            parts[parts.index(flag) + 1] = made + ".d"
        first = 2 if parts[0].endswith("ccache") else 1
        parts[first:first] = ["-w", f"-I{folder}/src", f"-I{folder}/tests",
                      f"-iquote{os.path.join(ROOT, os.path.dirname(name))}"]
        done = run(parts, entry["directory"])
        if done.returncode:
            raise ValueError(f"{name} does not compile: {done.stdout[-2000:]}")


def find(planter, bug, seed):
    """(found?, what is to be said)"""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        try:
            simulator = planter.plant(bug, folder)
            ran = run(
                [simulator, "--seed", str(seed), "--swarm", "--worlds", str(bug.worlds)],
                folder, timeout=600,
            )
        except (ValueError, KeyError, subprocess.TimeoutExpired) as trouble:
            return False, f"{trouble}"
    seconds = time.monotonic() - began
    at = re.search(r"reproduce with: pinion-sim --seed (\d+)", ran.stdout)
    if ran.returncode == 0 or not at:
        return False, f"not found in {bug.worlds} worlds, {seconds:.0f} s: {ran.stdout[-600:]}"
    line = next(
        (line for line in ran.stdout.splitlines() if "VIOLATION" in line or "ssertion" in line), ""
    )
    worlds = int(at[1]) - seed + 1
    return True, f"in world {worlds} of at most {bug.worlds}, {seconds:.0f} s: {line[:160]}"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build")
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    bugs = [bug for bug in BUGS if not options.names or bug.name in options.names]
    planter = Planter(os.path.abspath(options.build))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug, (is_found, said) in zip(
            bugs, pool.map(lambda bug: find(planter, bug, options.seed), bugs)
        ):
            failed += not is_found
            print(f"{'found' if is_found else 'FAILED'} {bug.name}: {said}", flush=True)
    print(f"{len(bugs) - failed} passed, {failed} failed")
    return 1 if failed or not bugs else 0


if __name__ == "__main__":
    sys.exit(main())
