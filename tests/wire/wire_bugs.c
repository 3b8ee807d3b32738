/* SPDX-License-Identifier: Apache-2.0 */
/* Events that no rule makes: to encode one is a bug, and what the process ends with says of what.
 */
#include "nouns.h"

#include "wire/wire.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What the process says that encodes this event and ends by an assert. */
static void encode_says(
	struct codec *codec, const struct event *event, const struct link *link, char ret[512])
{
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uint8_t record[EVENT_SIZE_MAX];
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)event_encode(codec, event, link, record);
		_exit(0);
	}
	(void)close(ends[1]);
	size_t size = 0;
	ssize_t more;
	while (size < 511 && (more = read(ends[0], ret + size, 511 - size)) > 0)
		size += (size_t)more;
	ret[size] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* A bug, and the assert says of which field. */
static void test_an_event_that_can_not_be_says_its_field(void **state)
{
	(void)state;
	struct codec *codec = codec_new();
	struct random random = { 4 };
	struct event good = event_random(&random, EVENT_transfer_posted, true);
	struct link link = link_random(&random, &good, true);
	for (unsigned i = 0; i < EFFECT_LAST; i++)
		good.effects[i] = effect_random(
			&random, (enum effect_kind)(EFFECT_posting + i), good.balance_count);
	struct event events[] = { good, good, good, good, good, good, good, good, good };
	events[0].engine_time_ms = -1;
	events[1].topic = TOPIC_none;
	events[2].timer.due_ms = 1;
	events[3].balances[1].account = events[3].balances[0].account;
	events[4].effects[0].posting.layer = LAYER_none;
	events[5].effects[0].posting.credit_place = BALANCES_PER_EVENT_MAX + 1;
	events[6].effects[1].remittance.purpose = PURPOSE_none;
	events[7].effects[1].remittance.from_place = 0;
	events[8].effects[2].settlement.number = 0;
	static const char *const fields[] = { "engine_time_ms", "input.topic", "timer",
		"balances.account", "effects.posting.layer", "effects.posting, its accounts",
		"effects.remittance.purpose", "effects.remittance, its account",
		"effects.settlement.number" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		char said[512];
		encode_says(codec, &events[i], &link, said);
		if (!strstr(said, fields[i]))
			fail_msg("\"%s\" does not say %s", said, fields[i]);
	}
	codec_free(codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_that_can_not_be_says_its_field),
	};
	return cmocka_run_group_tests_name("wire_bugs", tests, NULL, NULL);
}
