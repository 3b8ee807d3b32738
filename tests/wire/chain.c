/* SPDX-License-Identifier: Apache-2.0 */
/* The chain rule as a table: a stream of records, and what each is by the rule. */
#include "wire/wire.h"

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Hashes are the records' numbers in the table here: the rule only compares them. */
static struct hash hash(unsigned number)
{
	return (struct hash){ { (uint8_t)number } };
}

struct record {
	const char *what;
	bool is_mark;
	int64_t term;
	int64_t sequence;
	unsigned previous; /* the number of the record whose hash it carries; 0: all zero */
	unsigned opened;   /* 0: absent */
	enum chain_verdict verdict;
};

enum { EVENT = false, MARK = true };

/* Numbered from 1. */
static const struct record records[] = {
	{ "1 an event before any mark", EVENT, 1, 1, 0, 0, CHAIN_VOID },
	{ "2 an event without a term before any mark", EVENT, 0, 1, 0, 0, CHAIN_VOID },
	{ "3 a mark without a term", MARK, 0, 0, 0, 0, CHAIN_VOID },
	{ "4 the first mark", MARK, 1, 0, 0, 0, CHAIN_MARK },
	{ "5 the same term again", MARK, 1, 0, 0, 0, CHAIN_VOID },
	{ "6 a first event without its mark's hash", EVENT, 1, 1, 0, 0, CHAIN_VOID },
	{ "7 a first event with another mark's hash", EVENT, 1, 1, 0, 5, CHAIN_VOID },
	{ "8 a first event that is not sequence 1", EVENT, 1, 2, 0, 4, CHAIN_VOID },
	{ "9 a first event that chains to something", EVENT, 1, 1, 4, 4, CHAIN_VOID },
	{ "10 the first event", EVENT, 1, 1, 0, 4, CHAIN_EVENT },
	{ "11 the first event again", EVENT, 1, 1, 0, 4, CHAIN_VOID },
	{ "12 a gap", EVENT, 1, 3, 10, 0, CHAIN_VOID },
	{ "13 another hash", EVENT, 1, 2, 9, 0, CHAIN_VOID },
	{ "14 a mark's hash where none belongs", EVENT, 1, 2, 10, 4, CHAIN_VOID },
	{ "15 a higher term without a mark", EVENT, 2, 2, 10, 0, CHAIN_VOID },
	{ "16 the second event", EVENT, 1, 2, 10, 0, CHAIN_EVENT },
	{ "17 a mark that leaves terms out", MARK, 5, 0, 0, 0, CHAIN_MARK },
	{ "18 the older owner goes on", EVENT, 1, 3, 16, 0, CHAIN_VOID },
	{ "19 a lower mark", MARK, 4, 0, 0, 0, CHAIN_VOID },
	{ "20 a mark before any event of the last", MARK, 6, 0, 0, 0, CHAIN_MARK },
	{ "21 the overtaken owner's first event", EVENT, 5, 3, 16, 17, CHAIN_VOID },
	{ "22 the right term, the overtaken mark", EVENT, 6, 3, 16, 17, CHAIN_VOID },
	{ "23 it chains to a void record", EVENT, 6, 3, 18, 20, CHAIN_VOID },
	{ "24 the first event of the new term", EVENT, 6, 3, 16, 20, CHAIN_EVENT },
	{ "25 the next one", EVENT, 6, 4, 24, 0, CHAIN_EVENT },
	{ "26 a step back", EVENT, 6, 3, 24, 0, CHAIN_VOID },
	{ "27 the highest term there is", MARK, INT64_MAX, 0, 0, 0, CHAIN_MARK },
	{ "28 and its first event", EVENT, INT64_MAX, 5, 25, 27, CHAIN_EVENT },
};

static struct link link_of(const struct record *record)
{
	return (struct link){
		.is_mark = record->is_mark,
		.term = record->term,
		.sequence = record->sequence,
		.previous = hash(record->previous),
		.has_opened = record->opened != 0,
		.opened = hash(record->opened),
	};
}

static void test_table(void **state)
{
	(void)state;
	struct chain chain = { 0 };
	for (unsigned i = 0; i < sizeof records / sizeof records[0]; i++) {
		struct chain before = chain;
		struct link link = link_of(&records[i]);
		struct hash own = hash(i + 1);
		print_message("%s\n", records[i].what);
		assert_int_equal(chain_fold(&chain, &link, &own), records[i].verdict);
		if (records[i].verdict == CHAIN_VOID)
			assert_memory_equal(&chain, &before, sizeof chain);
	}
	assert_int_equal(chain.sequence, 5);
	assert_int_equal(chain.term, INT64_MAX);
}

/* An owner's own records, written and read as they go over the log. */
static void test_owner(void **state)
{
	(void)state;
	struct codec *codec = codec_new();
	struct chain chain = { 0 };
	for (int64_t term = 1; term <= 3; term++) {
		uint8_t at[EVENT_SIZE_MAX];
		struct link mark = { .is_mark = true, .shard = 3, .term = term }, read;
		mark.incarnation.at[0] = (uint8_t)term;
		struct bytes record = { at, mark_encode(codec, &mark, at) };
		struct hash own = hash_of(record);
		assert_int_equal(link_decode(record, &read), DECODE_OK);
		assert_int_equal(chain_fold(&chain, &read, &own), CHAIN_MARK);
		for (int i = 0; i < 3; i++) {
			struct link next = chain_next(&chain, 3);
			struct event event = { .kind = EVENT_ticked,
				.sequence = next.sequence,
				.topic = TOPIC_internal };
			record.size = event_encode(codec, &event, &next, at);
			own = hash_of(record);
			assert_int_equal(link_decode(record, &read), DECODE_OK);
			assert_int_equal(read.has_opened, i == 0);
			assert_int_equal(chain_fold(&chain, &read, &own), CHAIN_EVENT);
			assert_int_equal(chain_fold(&chain, &read, &own), CHAIN_VOID);
		}
	}
	assert_int_equal(chain.sequence, 9);
	codec_free(codec);
}

/* BLAKE2b-256 without a key, of nothing: any library of any language gives this. */
static void test_hash(void **state)
{
	(void)state;
	static const uint8_t expected[HASH_SIZE] = { 0x0e, 0x57, 0x51, 0xc0, 0x26, 0xe5, 0x43, 0xb2,
		0xe8, 0xab, 0x2e, 0xb0, 0x60, 0x99, 0xda, 0xa1, 0xd1, 0xe5, 0xdf, 0x47, 0x77, 0x8f,
		0x77, 0x87, 0xfa, 0xab, 0x45, 0xcd, 0xf1, 0x2f, 0xe3, 0xa8 };
	struct hash nothing = hash_of((struct bytes){ 0 });
	assert_memory_equal(nothing.at, expected, sizeof expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
