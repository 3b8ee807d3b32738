/* SPDX-License-Identifier: Apache-2.0 */
/* pinion init: the log, and each shard's first event. */
#include "main/help.h"
#include "main/main.h"
#include "main/owners.h"
#include "main/temporary.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

/* A half-made ledger goes on with the id that its shards have. */
static int ledger_id_find(struct log *log, struct id *ret)
{
	struct fault fault = { 0 };
	for (uint32_t shard = 0; shard < log_shards(log); shard++) {
		if (shard_ledger_id(log, shard, ret, &fault))
			return fault_exit(&fault);
		if (!id_is_absent(ret))
			return 0;
	}
	/* Inputs without events: the event topic of an earlier ledger was lost. A new one would
	 * decide them again. */
	for (uint32_t shard = 0; shard < log_shards(log); shard++)
		for (unsigned stream = 0; stream < LOG_INPUTS; stream++) {
			int64_t end;
			if (log_end(log, shard, (enum log_stream)stream, &end, &fault))
				return fault_exit(&fault);
			if (end == 0)
				continue;
			complain("the log has %s but no events: the events of an earlier ledger "
				 "were lost. "
				 "Restore them, or begin a new ledger elsewhere",
				log_stream_name((enum log_stream)stream));
			return EXIT_REFUSED;
		}
	randombytes_buf(ret->at, sizeof ret->at);
	return 0;
}

/* How many were without a first event, and have one now. An owner of one that has it is not
 * disturbed. */
static int shard_init(struct owners *owners, size_t i, const struct id *ledger_id, size_t *ret_made)
{
	struct id own;
	struct fault fault = { 0 };
	if (shard_ledger_id(owners->log, (uint32_t)i, &own, &fault))
		return fault_exit(&fault);
	bool is_found = !id_is_absent(&own);
	if (!is_found && shard_init_ledger(owners->shards[i], ledger_id, &own) != 0)
		return fault_exit(shard_fault(owners->shards[i]));
	if (!id_equal(&own, ledger_id)) {
		complain("shard %zu belongs to another ledger than the shards before it", i);
		return EXIT_REFUSED;
	}
	*ret_made += !is_found;
	return EXIT_DONE;
}

static void ready_print(const struct options *options, uint32_t shards, size_t made)
{
	char what[96] = "found as it was, nothing was changed";
	if (made == shards)
		(void)snprintf(what, sizeof what, "made now");
	else if (made > 0)
		(void)snprintf(what, sizeof what,
			"half made before, %zu of its shards were made now", made);
	(void)printf("ledger %s is ready: %" PRIu32 " shard%s, %s\n", options->ledger, shards,
		shards == 1 ? "" : "s", what);
}

static int shards_init(const struct options *options, struct log *log)
{
	struct owners owners;
	int exit_code = owners_new_one_by_one(&owners, options, log);
	if (exit_code != 0)
		return exit_code;
	struct id ledger_id;
	size_t made = 0;
	exit_code = ledger_id_find(owners.log, &ledger_id);
	for (size_t i = 0; i < owners.count && exit_code == 0; i++)
		exit_code = shard_init(&owners, i, &ledger_id, &made);
	if (exit_code == 0)
		ready_print(options, log_shards(owners.log), made);
	owners_free(&owners);
	return exit_code;
}

int main_init(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_init, OPTION_LEDGER | OPTION_SHARDS | OPTION_STATE, count,
		    arguments, &exit_code))
		return exit_code;
	bool is_embedded = options_is_embedded(&options);
	if (options.shards == 0 && !is_embedded) {
		complain("how many shards? Give --shards N: it can never change. 64 where you may "
			 "grow, as a process can own many; 1 where one will always do");
		return EXIT_USAGE;
	}

	if (options.replication > 0 && is_embedded) {
		complain("--replication is for topics on Kafka: an embedded log is a folder on one "
			 "disk. Leave it out");
		return EXIT_USAGE;
	}

	struct log_config config = options_log_config(&options, LOG_OWN);
	struct fault fault = { 0 };
	struct log *log;
	if (options.shards == 0 && log_open(&log, &config, &fault) == 0)
		return shards_init(&options, log); /* run again without N */
	fault_clear(&fault);
	if (log_create(&config, options.shards ? options.shards : 1, &fault) != 0) {
		exit_code = fault_exit(&fault);
		return fault.code == FAULT_SETTINGS ? EXIT_REFUSED : exit_code;
	}
	exit_code = ledger_open(&options, LOG_OWN, &log);
	if (exit_code != 0)
		return exit_code;

	char folder[PATH_SIZE_MAX];
	bool is_temporary = !options.state && !is_embedded;
	if (is_temporary) {
		if (!temporary_folder(folder))
			return EXIT_FAULT;
		options.state = folder;
	}
	exit_code = shards_init(&options, log);
	if (is_temporary)
		folder_remove(folder);
	return exit_code;
}
