/* SPDX-License-Identifier: Apache-2.0 */
/* Runs table files: each twice, once with all rows in memory, once with none kept from one event to
 * the next. Whatever stays in memory on the deciding side is forgotten on the replaying one, and
 * the other way round. With --tries each command is tried first, as a dry run, and what that says
 * has to come true. */
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_SIZE = 32 << 20, LINE_SIZE_MAX = 1024 };

/* 2026-01-01, 00:00 UTC */
static const int64_t time_first_ms = 1767225600000;

static struct sheet table;

bool table_wrong(struct sheet *t, const char *format, ...)
{
	if (t->error[0])
		return false; /* the first one names the cause */
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(t->error, sizeof t->error, format, arguments);
	va_end(arguments);
	return false;
}

static bool ledger_read(struct words *words)
{
	if (table.is_open)
		return table_wrong(&table, "the ledger is open already");
	for (size_t i = 1; i + 1 < words->count; i += 2) {
		uint32_t number = (uint32_t)strtoul(words->at[i + 1], NULL, 10);
		if (strcmp(words->at[i], "shards") == 0)
			table.opened.shards = number;
		else if (strcmp(words->at[i], "shard") == 0)
			table.opened.shard = number;
		else
			return table_wrong(&table, "not understood: %s", words->at[i]);
	}
	return true;
}

static bool ledger_open(void)
{
	if (table.is_open)
		return true;
	table.is_open = true;
	if (!world_open(&table.world, MEMORY_SIZE, table.is_forgetful, &table.opened, table.now_ms))
		return table_wrong(&table, "%s", table.world.error);
	return true;
}

static bool repeat_run(struct words *words)
{
	if (words->count < 3)
		return table_wrong(&table, "repeat what?");
	unsigned long times = strtoul(words->at[1], NULL, 10);
	for (unsigned long i = 0; i < times; i++) {
		struct request request;
		words->next = 2;
		if (!request_read(&table, words, &request) || !request_run(&table, words, &request))
			return false;
	}
	return true;
}

static bool line_run(struct words *words)
{
	const char *verb = words->at[0];
	if (strcmp(verb, "ledger") == 0)
		return ledger_read(words);
	if (!ledger_open())
		return false;
	if (strcmp(verb, "at") == 0) {
		int64_t ms;
		if (words->count != 2 || !duration_read(words->at[1], &ms))
			return table_wrong(&table, "at when?");
		table.now_ms += ms;
		return true;
	}
	if (strcmp(verb, "restart_clock") == 0)
		return world_restart_clock(&table.world, table.now_ms) ||
		       table_wrong(&table, "%s", table.world.error);
	if (strcmp(verb, "balance") == 0 || strcmp(verb, "status") == 0 ||
		strcmp(verb, "rows") == 0 || strcmp(verb, "route") == 0)
		return look_run(&table, words);
	if (strcmp(verb, "repeat") == 0)
		return repeat_run(words);
	struct request request;
	return request_read(&table, words, &request) && request_run(&table, words, &request);
}

static bool words_split(char *line, struct words *ret)
{
	*ret = (struct words){ 0 };
	char *comment = strchr(line, '#');
	while (comment && comment > line && comment[-1] != ' ' && comment[-1] != '\t')
		comment = strchr(comment + 1, '#');
	if (comment)
		*comment = '\0';
	char *rest = NULL;
	for (char *word = strtok_r(line, " \t\n", &rest); word && ret->count < WORDS_MAX;
		word = strtok_r(NULL, " \t\n", &rest))
		ret->at[ret->count++] = word;
	return ret->count > 0;
}

static void table_begin(bool is_forgetful, bool tries)
{
	table = (struct sheet){
		.is_forgetful = is_forgetful,
		.tries = tries,
		.opened = { .ledger_id = { { 1 } },
			.shards = 1,
			.format = LEDGER_FORMAT,
			.id_too_old_ms = ID_TOO_OLD_MS,
			.id_too_new_ms = ID_TOO_NEW_MS },
		.now_ms = time_first_ms,
	};
}

static void file_run(FILE *file, const char *path, bool is_forgetful, bool tries, unsigned *passed,
	unsigned *failed)
{
	char line[LINE_SIZE_MAX];
	table_begin(is_forgetful, tries);
	for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
		struct words words;
		if (!words_split(line, &words))
			continue;
		table.error[0] = '\0';
		if (line_run(&words)) {
			++*passed;
			continue;
		}
		++*failed;
		printf("%s:%u: (%s) %s\n", path, number,
			is_forgetful ? "loading each row" : "in memory", table.error);
	}
	if (table.is_open)
		world_close(&table.world);
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	bool tries = argc > 1 && strcmp(argv[1], "--tries") == 0;
	for (int i = tries ? 2 : 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");
		if (!file) {
			printf("%s: %s\n", argv[i], strerror(errno));
			failed++;
			continue;
		}
		unsigned before = passed;
		file_run(file, argv[i], false, tries, &passed, &failed);
		rewind(file);
		file_run(file, argv[i], true, tries, &passed, &failed);
		(void)fclose(file);
		if (passed == before)
			failed++; /* a table without a step proves nothing */
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
