/* SPDX-License-Identifier: Apache-2.0 */
/* Before anything is measured: accounts are opened and funded through the processor, and the
 * transfers of the peak are put on the log while nobody owns it. */
#include "bench/bench.h"

/* One command for each account; each is verified when it returns. */
static int accounts_step(struct bench *bench, struct owners *owners, struct sender *sender,
	enum log_stream stream, command_maker *make)
{
	struct watch watch;
	watch_begin(&watch, owners, NULL, "");
	for (uint32_t shard = 0; shard < bench->keys.shards; shard++) {
		int64_t count = keys_count(&bench->keys, shard);
		for (int64_t i = 0; i < count; i += SEND_RECORDS) {
			int64_t n = count - i < SEND_RECORDS ? count - i : SEND_RECORDS;
			if (sender_send(sender, shard, stream, make, i, n) != 0)
				return fault_exit(&sender->fault);
		}
	}
	watch.moved_ns = now_ns();
	while (watch.verified < watch.verified_first + bench->keys.accounts)
		if (!watch_step(&watch))
			return EXIT_FAULT;
	bench->verified_before = watch.verified;
	return EXIT_DONE;
}

static int accounts_make(struct bench *bench, struct owners *owners, struct sender *sender)
{
	static const struct {
		enum log_stream stream;
		command_maker *make;
	} steps[] = {
		{ LOG_COMMANDS, make_party },
		{ LOG_COMMANDS, make_account },
		{ LOG_RAILS, make_funds },
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		int exit_code =
			accounts_step(bench, owners, sender, steps[i].stream, steps[i].make);
		if (exit_code != EXIT_DONE)
			return exit_code;
	}
	return EXIT_DONE;
}

static int ends_note(struct bench *bench)
{
	for (uint32_t shard = 0; shard < bench->keys.shards; shard++)
		if (log_end(bench->log, shard, LOG_COMMANDS, &bench->inputs_first[shard],
			    &bench->fault) != 0 ||
			log_end(bench->log, shard, LOG_EVENTS, &bench->events_first[shard],
				&bench->fault) != 0)
			return fault_exit(&bench->fault);
	return EXIT_DONE;
}

/* The transfers of the peak, put on the log while nobody owns it. */
static int transfers_send(struct bench *bench, struct sender *sender)
{
	int64_t total = bench->options->clients > 0 ? 0 : bench->options->transfers;
	int64_t shards = bench->keys.shards;
	int exit_code = ends_note(bench);
	for (uint32_t shard = 0; shard < bench->keys.shards && exit_code == EXIT_DONE; shard++) {
		int64_t count = (total + shards - 1 - shard) / shards;
		for (int64_t i = 0; i < count; i += SEND_RECORDS) {
			int64_t n = count - i < SEND_RECORDS ? count - i : SEND_RECORDS;
			if (sender_send(sender, shard, LOG_COMMANDS, make_transfer, i, n) != 0)
				return fault_exit(&sender->fault);
		}
	}
	bench->transfers_sent = total;
	return exit_code;
}

/* Nothing is made up before it is known that all of it may be. */
static int rights_try(struct sender *sender)
{
	int error = sender_flush(sender, 0, LOG_COMMANDS);
	return error ? error : sender_flush(sender, 0, LOG_RAILS);
}

int bench_setup(struct bench *bench)
{
	struct sender sender;
	struct owners owners;
	if (sender_open(&sender, &bench->keys, bench->log) != 0 || rights_try(&sender) != 0) {
		sender_close(&sender);
		return fault_exit(&sender.fault);
	}
	int64_t begun = now_ns();
	int exit_code = bench_owners_begin(bench, &owners);
	if (exit_code == EXIT_DONE) {
		exit_code = accounts_make(bench, &owners, &sender);
		int ended = bench_owners_end(&owners);
		exit_code = exit_code != EXIT_DONE ? exit_code : ended;
	}
	double accounts_s = (double)(now_ns() - begun) / 1e9;
	begun = now_ns();
	if (exit_code == EXIT_DONE)
		exit_code = transfers_send(bench, &sender);
	double transfers_s = (double)(now_ns() - begun) / 1e9;
	sender_close(&sender);
	if (exit_code == EXIT_DONE) {
		report_line(&bench->report, "set up",
			"accounts opened and funded in %.1f s, transfers put on the log in %.1f s",
			accounts_s, transfers_s);
		report_number(&bench->report, "setup_s", accounts_s, 1);
		report_number(&bench->report, "append_s", transfers_s, 1);
	}
	return exit_code;
}
