/* SPDX-License-Identifier: Apache-2.0 */
#include "store_checkpoints.h"

#include <fcntl.h>
#include <sys/wait.h>

int checkpoint_ingest(struct store *store, uint64_t number, struct fault *fault)
{
	static uint8_t keys[1 + ACCOUNTS + IDS][KEY_SIZE], edges[2][KEY_SIZE];
	struct store_row rows[1 + ACCOUNTS + IDS];
	struct bytes value = { (const uint8_t *)&number, sizeof number };
	struct store_range old = { START, START };
	size_t count = 0;

	rows[count] = (struct store_row){ key_make(keys[count], TABLE_POSITION, 0, 0), value };
	count++;
	for (uint32_t i = 0; i < ACCOUNTS; i++, count++)
		rows[count] =
			(struct store_row){ key_make(keys[count], TABLE_ACCOUNT, 7, i), value };
	for (uint32_t i = 0; i < IDS; i++, count++)
		rows[count] =
			(struct store_row){ key_make(keys[count], TABLE_ID, number, i), value };
	if (number > IDS_KEPT)
		old = (struct store_range){ key_make(edges[0], TABLE_ID, number - IDS_KEPT, 0),
			key_make(edges[1], TABLE_ID, number - IDS_KEPT + 1, 0) };
	return store_ingest(store, rows, count, &old, number > IDS_KEPT, fault);
}

bool tally_row(void *context, struct bytes key, struct bytes value)
{
	struct tally *tally = context;
	uint64_t number;

	if (key.size != KEY_SIZE || value.size != sizeof number) {
		tally->torn = true;
		return false;
	}
	memcpy(&number, value.at, sizeof number);
	if (key.at[0] == TABLE_POSITION)
		tally->number = number;
	else if (key.at[0] == TABLE_ACCOUNT)
		tally->accounts += number == tally->number;
	else
		tally->ids += number <= tally->number && number + IDS_KEPT > tally->number;
	tally->torn |= key.at[0] > TABLE_ID;
	return true;
}

int checkpoint_find(struct store *store, uint64_t *ret_number, struct fault *fault)
{
	static uint8_t at[ACCOUNTS + IDS][KEY_SIZE];
	struct bytes keys[ACCOUNTS + IDS], values[ACCOUNTS + IDS];
	struct tally tally = { 0 };
	size_t count = 0;
	uint64_t kept;
	int r = store_scan(store, START, END, tally_row, &tally, fault);

	if (r < 0)
		return r;
	kept = tally.number < IDS_KEPT ? tally.number : IDS_KEPT;
	assert_false(tally.torn);
	assert_int_equal(tally.accounts, tally.number > 0 ? ACCOUNTS : 0);
	assert_int_equal(tally.ids, kept * IDS);
	*ret_number = tally.number;
	if (tally.number == 0)
		return 0;
	for (uint32_t i = 0; i < ACCOUNTS; i++, count++)
		keys[count] = key_make(at[count], TABLE_ACCOUNT, 7, i);
	for (uint32_t i = 0; i < IDS; i++, count++)
		keys[count] = key_make(at[count], TABLE_ID, tally.number, i);
	r = store_get_many(store, keys, count, values, fault);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(values[i].size, sizeof tally.number);
		assert_memory_equal(values[i].at, &tally.number, sizeof tally.number);
	}
	return 0;
}

uint64_t checkpoint_of(struct store *store, struct place *place)
{
	uint64_t number = 0;

	done(checkpoint_find(store, &number, &place->fault), place);
	return number;
}

void checkpoints_ingest(struct place *place, uint64_t from, uint64_t to)
{
	struct store *store = opened(place, STORE_OWN);

	for (uint64_t number = from; number <= to; number++)
		done(checkpoint_ingest(store, number, &place->fault), place);
	store_close(store);
}

struct child child_start(const char *play, const char *path)
{
	struct child child;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)execl("/proc/self/exe", "store", play, path, (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	child.reports = fdopen(ends[0], "r");
	assert_non_null(child.reports);
	return child;
}

int child_wait(struct child *child)
{
	int status;

	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	(void)fclose(child->reports);
	return status;
}

uint64_t report_read(struct child *child)
{
	char line[32];

	if (fgets(line, sizeof line, child->reports) == NULL || strchr(line, '\n') == NULL)
		return 0;
	return strtoull(line, NULL, 10);
}
