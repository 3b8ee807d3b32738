/* SPDX-License-Identifier: Apache-2.0 */
/* The URLs by which a log is named. */
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void urls_that_name_no_ledger_are_explained(void **state)
{
	(void)state;
	static const char *const urls[] = { "", "/path", "embedded",
		"embedded:", "kafka:", "kafka://", "kafka:///x", "kafka://h/x", "kafka://h:/x",
		"kafka://h:0/x", "kafka://h:65536/x", "kafka://h:99999/x", "kafka://h:9092x/x",
		"kafka://h:-1/x", "kafka://h:1,/x", "kafka://,h:1/x", "kafka://h:1,g/x",
		"kafka://h:1", "kafka://h:1/", "kafka://h:1/a/b", "kafka://h:1/a b",
		"kafka://[::1]/x", "kafka://[::1:1/x", "kafka://[]:1/x", "kafka://::1:1/x",
		"file:/x", "http://x/y", " kafka://h:1/x", "KAFKA://h:1/x" };
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct log *log;
		struct fault fault = { 0 };
		struct log_config config = { .url = urls[i] };
		assert_int_equal(log_open(&log, &config, &fault), FAULT_SETTINGS);
		assert_non_null(strstr(fault.text, "embedded:DIR"));
		assert_non_null(strstr(fault.text, "kafka://HOST:PORT[,HOST:PORT]/PREFIX"));
		fault_clear(&fault);
		assert_int_equal(log_create(&config, 1, &fault), FAULT_SETTINGS);
	}
}

static void urls_of_each_form_are_taken(void **state)
{
	(void)state;
	static const char *const urls[] = { "embedded:x", "embedded:/x/y z", "kafka://h:1/x",
		"kafka://h:65535/x", "kafka://10.0.0.1:9092,b-2.example_:9093/bank.eu_1-a",
		"kafka://[::1]:9092/x", "kafka://[fe80::1%2]:9092,h:1/x" };
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		const struct log_ops *ops = NULL;
		struct fault fault = { 0 };
		assert_int_equal(log_ops_find(urls[i], &ops, &fault), 0);
		assert_ptr_equal(ops, urls[i][0] == 'e' ? &log_embedded : &log_kafka);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_that_name_no_ledger_are_explained),
		cmocka_unit_test(urls_of_each_form_are_taken),
	};
	return cmocka_run_group_tests_name("log_urls", tests, NULL, NULL);
}
